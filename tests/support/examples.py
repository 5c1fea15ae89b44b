# SPDX-License-Identifier: Apache-2.0
"""How many examples a property test takes, where it needs another number than most."""

from hypothesis import settings

_USUAL = 100


def examples(number: int) -> int:
    """Return `number`, or less in the same proportion under a profile that takes fewer examples than usual."""
    return max(1, round(number * min(1.0, settings.default.max_examples / _USUAL)))
