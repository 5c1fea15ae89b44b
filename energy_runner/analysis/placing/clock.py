# SPDX-License-Identifier: Apache-2.0
"""The monitor's sample clock: what the run itself finds of it, and what is done about it.

The host dates samples by their arrival, which gives the period that they really have. While that agrees with the
monitor's specification the stated period stands, because a data sheet is usually tighter than a few seconds of
arrival times. Where the two disagree beyond doubt, the period measured replaces the one stated: a clock that is
known to be off is corrected, and the uncertainty of the correction takes the place of the specification's limit.
"""

import math
from dataclasses import dataclass

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.line import lower_line
from energy_runner.session.result import Finding, SampleClock

HOST_CLOCK_LIMIT = 100e-6  # a PC's crystal, not disciplined by a time server
# Not a rule's limit: those are in the rule sets only. This one is physical: the timebases of power monitors are
# specified far more tightly. Beyond it samples were lost unnoticed or misread, and no figure is derived from them.
SAMPLE_CLOCK_LIMIT = 0.005
_BEYOND_DOUBT = 2.0  # standard uncertainties


@dataclass(frozen=True)
class Clock:
    """What a sample's period is taken for: `factor` times the stated one.

    `u` is the relative standard uncertainty of the factor where it was measured; None where the stated period
    stands.
    """

    factor: float = 1.0
    u: float | None = None


def sample_clock(facts: Facts, specified: float | None = None) -> SampleClock | None:
    """Return the sample period by the host's clock over the one that the monitor states.

    Samples lost unnoticed, or a stride that was misunderstood, stretch it; nothing else does so by much.
    `specified` is the relative limit of the monitor's clock by its specification; None if it states none. Return
    None where too few arrivals were recorded.
    """
    if facts.monitor is None or len(facts.started) != 1:
        return None
    ends, times = facts.arrival_line()
    line = lower_line(ends * facts.monitor.period_s, times * 1e-9, facts.monitor.period_s)
    if line is None:
        return None
    u = math.sqrt(line.slope_u**2 + HOST_CLOCK_LIMIT**2 / 3)
    beyond = abs(line.slope - 1) > (specified or 0.0) + _BEYOND_DOUBT * u
    corrected = beyond and not is_wrong(line.slope, u)
    return SampleClock(ratio=line.slope, u=u, specified=specified, corrected=corrected)


def clock_of(found: SampleClock | None) -> Clock:
    """Return the clock to compute with."""
    return Clock(found.ratio, found.u) if found is not None and found.corrected else Clock()


def is_wrong(ratio: float, u: float) -> bool:
    """Return whether the monitor's samples and the host's clock disagree beyond any clock's error."""
    return abs(ratio - 1) > SAMPLE_CLOCK_LIMIT + _BEYOND_DOUBT * u


def clock_findings(found: SampleClock | None) -> list[Finding]:
    """Return what is to be said of the clock."""
    if found is None:
        return []
    if is_wrong(found.ratio, found.u):
        detail = f"a sample takes {found.ratio:.4f} of its stated period by the host's clock"
        return [Finding(id="sample-clock", detail=detail)]
    if not found.steady:
        detail = (
            f"a sample takes {found.ratio:.5f} of its stated period by the host's clock, but not in all parts of "
            "the run: samples were lost or counted twice unnoticed"
        )
        return [Finding(id="sample-clock-unsteady", detail=detail)]
    if found.corrected:
        allowed = "states no limit" if found.specified is None else f"allows 1 ± {found.specified:g}"
        detail = (
            f"a sample takes {found.ratio:.5f} ± {_BEYOND_DOUBT * found.u:.5f} of its stated period by the host's "
            f"clock, the specification {allowed}; durations, and energies from power or current, are corrected"
        )
        return [Finding(id="sample-clock-corrected", detail=detail)]
    return []
