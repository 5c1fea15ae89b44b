# SPDX-License-Identifier: Apache-2.0
"""Judge the phases of a power test case: outside its tolerance only beyond the uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from energy_runner.analysis.power_test.cases import Measurements
from energy_runner.analysis.power_test.phases import Divided, Phase
from energy_runner.wording import rounded

Verdict = Literal["outside", "within", "cannot be told", "not judged"]
# By the documentation `expected_rms_values` are milliampere. The script that comes with Zephyr multiplies the
# amperes that it has read by 10^4 before it compares, so the published cases state tenths of them.
UNITS = {"mA": 1e-3, "0.1mA": 1e-4}
_TENFOLD = 10.0


@dataclass(frozen=True)
class JudgedPhase:
    """A phase against what the case expects, A; `low` and `high` are the ends of its tolerance."""

    phase: Phase
    expected_a: float | None
    low_a: float
    high_a: float
    verdict: Verdict

    def __str__(self) -> str:
        value, expanded = rounded(self.phase.rms_a.value * 1e3, self.phase.rms_a.U * 1e3)
        text = f"phase {self.phase.number}: {value} ± {expanded} mA RMS"
        if self.expected_a is None:
            return f"{text}, nothing expected: {self.verdict}"
        allowed = f"{self.low_a * 1e3:.6g} to {self.high_a * 1e3:.6g} mA"
        return f"{text}, expected {self.expected_a * 1e3:.6g} mA ({allowed}): {self.verdict}"


def judge(divided: Divided, asked: Measurements, unit: str = "mA") -> list[JudgedPhase]:
    """Return the verdict of each phase; one for which nothing is expected is not judged."""
    found = []
    share = asked.tolerance_percentage / 100.0
    for phase, expected in zip(divided.phases, _filled(asked, len(divided.phases)), strict=True):
        if expected is None:
            found.append(JudgedPhase(phase, None, 0.0, 0.0, "not judged"))
            continue
        expected_a = expected * UNITS[unit]
        low, high = expected_a * (1 - share), expected_a * (1 + share)
        value, expanded = phase.rms_a.value, phase.rms_a.U
        verdict: Verdict = "cannot be told"
        if value - expanded > high or value + expanded < low:
            verdict = "outside"
        elif value - expanded >= low and value + expanded <= high:
            verdict = "within"
        found.append(JudgedPhase(phase, expected_a, low, high, verdict))
    return found


def remarks(judged: Sequence[JudgedPhase], divided: Divided, asked: Measurements, unit: str) -> list[str]:
    """Return what a reader of the verdicts has to know."""
    found = []
    expected, phases = len(asked.expected_rms_values), len(divided.phases)
    if expected != phases:
        found.append(
            f"{asked.num_of_transitions} transitions make {phases} phases, and expected_rms_values has {expected}"
        )
    if divided.found > asked.num_of_transitions:
        wanted = asked.num_of_transitions
        found.append(f"the current has {divided.found} peaks; those after the first {wanted} divide nothing")
    outside = [one for one in judged if one.verdict == "outside" and one.expected_a]
    tenths = [one for one in outside if _fits(one, _TENFOLD)]
    if unit == "mA" and outside and len(tenths) == len(outside):
        found.append(
            "what is outside is within its tolerance as tenths of a milliampere, which the script that comes with "
            "Zephyr compares. Try: the unit 0.1mA"
        )
    if divided.incomplete:
        found.append(f"the uncertainty is incomplete: {'; '.join(divided.incomplete)}")
    return found


def _fits(one: JudgedPhase, factor: float) -> bool:
    value = one.phase.rms_a.value * factor
    return one.low_a <= value <= one.high_a


def _filled(asked: Measurements, count: int) -> list[float | None]:
    expected: list[float | None] = list(asked.expected_rms_values[:count])
    return expected + [None] * (count - len(expected))
