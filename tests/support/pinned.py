# SPDX-License-Identifier: Apache-2.0
"""Let made-up stimuli pass for the benchmark's own, for tests of something else."""

import pytest

from energy_runner.analysis import official
from energy_runner.benchmarks.official import Pins, Status

FORGED = 99  # a class that makes a stimulus unofficial all the same


class _Lenient(Pins):
    def status(self, file: str, label: int, sha256: str) -> Status:
        return "unofficial" if label == FORGED else "official"


def any_stimuli_are_official(patch: pytest.MonkeyPatch) -> None:
    """Let every stimulus of every benchmark be official, except those of the class `FORGED`."""
    patch.setattr(official, "pins_of", lambda _: _Lenient(frozenset(), frozenset(), demonstration=False))
