# SPDX-License-Identifier: Apache-2.0
"""Let made-up stimuli pass for the benchmark's own, for tests of something else."""

import pytest

from energy_runner.analysis import official
from energy_runner.benchmarks.official import Pins


class _Any(frozenset[str]):
    def __contains__(self, _: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True


def any_stimuli_are_official(patch: pytest.MonkeyPatch) -> None:
    """Let every stimulus of every benchmark be official."""
    patch.setattr(official, "pins_of", lambda _: Pins(_Any(), _Any(), demonstration=False))
