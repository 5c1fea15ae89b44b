# SPDX-License-Identifier: Apache-2.0
"""Margins in time that grow with what clocks may drift apart while a run goes on, and those that need not.

A margin for a latency is fixed: a message is no later after six hours. But two places on different clocks drift
apart by their limits times the time since they were last tied together, and after six hours at 150 millionths that
is 3 s. A margin that stands against both is the larger of the two; runs of some minutes keep the fixed one.

| margin | stands against | grows |
|---|---|---|
| `RunPlan.tail_s`, after the last window | its place in the log by another clock | yes: `tail_s` |
| `edges.TOLERANCE_S`, edge and command | latency; in imports the clocks since the start | yes |
| `plausible.LARGEST_S`, lap and host | latency; a resonator whose rate changes | yes |
| `steps.LATEST_S`, edge and step in the trace | the DUT's habits; the rate of laps | yes |
| `window_length.USUAL`, `plausible.SAME` | the length of a window | yes: a share of it |
| `SampleCounter`, records and host | latency, and both clocks | yes: a share of the time |
| `performance.py`, laps and host | latency, and both clocks | yes: a share of the time |
| `plausible.LATE_S`, `EARLY_S`, `LATEST_S`, `EARLIEST_S` | a line through the run itself | no: no clock is left |
| `plausible.USUAL_S`, `alignment.LATENCY_LIMIT_S` | latency of messages | no |
| `alignment._start_doubt` | the log's first sample | no: nothing has drifted yet |
| `edges.SYNC_S`, `energy.EDGE_WAIT_S`, `SLACK_S` | from a command to its answer, on one clock | no |
| `energy.CONFIRM_SAMPLES` | the time stamp after the last window, on one clock | no |
| `messages.DELAY_S`, `ASKED_EVERY_S` | latency, among samples | no |
| LPM01A time stamps | samples and time by one clock | no |
| `host_line._MOST_SLACK_S` | lines against a line through the run itself | no |
| `correct.TOLERANCE_S`, `checks.PHASE_TOLERANCE_S` | sessions of other runners, which last minutes | no |
"""

from collections.abc import Iterable

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.analysis.uncertainty.inputs import Limits

UNKNOWN_CLOCK = 5e-4  # relative: of a monitor that states no limit of its clock; no crystal is worse
LEAST_TAIL_S = 0.1  # beside the drift: what the last edge's own surroundings take


def drift(clock_limits: Iterable[float]) -> float:
    """Return by how much the host's clock and a monitor's may drift apart, as a share of the time that passes.

    `clock_limits` are the relative limits that the monitor's specification states for its clock, if any.
    """
    return HOST_CLOCK_LIMIT + (sum(clock_limits) or UNKNOWN_CLOCK)


def drift_of(facts: Facts) -> float:
    """Return the same for the monitor of a session; 0 without one."""
    if facts.monitor is None:
        return 0.0
    limits = Limits.of(facts.monitor.accuracy)
    if limits.without_error:
        return HOST_CLOCK_LIMIT
    return drift(term.relative for term in limits.terms if term.name == "clock")


def tail_s(fixed_s: float, elapsed_s: float, relative: float) -> float:
    """Return how long to record after the last window, which may lie so much later by the clock that places it."""
    drifted_s = elapsed_s * relative
    return fixed_s if drifted_s + LEAST_TAIL_S <= fixed_s else drifted_s + LEAST_TAIL_S
