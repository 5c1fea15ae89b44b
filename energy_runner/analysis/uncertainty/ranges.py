# SPDX-License-Identifier: Apache-2.0
"""Ranges of a monitor: whether results may have been measured in several, whose errors are not the same."""

from collections.abc import Sequence

# Beyond this factor of mean power a monitor may measure in another range, whose gain is another one.
RANGE_FACTOR = 2.0
# By how the names of the budget's components begin.
RANGED = ("gain of the ", "offset of the ", "calibration of the ")


def one_range(powers_w: Sequence[float]) -> bool:
    """Return whether mean powers, in W, are near enough for one range of the monitor; none of them say nothing."""
    return not powers_w or max(powers_w) <= RANGE_FACTOR * min(powers_w)
