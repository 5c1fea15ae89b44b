# SPDX-License-Identifier: Apache-2.0
"""Inferences per second, by the laps of the DUT's own clock."""

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import lap_rate
from energy_runner.analysis.placing.edges import match_laps
from energy_runner.session.events import InferenceDone
from energy_runner.session.result import Finding

_WRAP_US = 2**32  # `m-lap-us` is a 32-bit counter; it wraps every 71.6 minutes
_HOST_SLACK_S = 0.5
_HOST_SLACK_RELATIVE = 0.05  # an RC oscillator at its worst


def window_durations(facts: Facts) -> tuple[list[float | None], list[Finding]]:
    """Return the duration of each window in seconds, None where it is in doubt, and why.

    The DUT's two laps count, each below 2^32. A DUT that prints none (energy firmware behind an IO manager) is
    timed by the IO manager's laps, its rate corrected against the host. Either must agree with the host's times.
    """
    by_io = _by_io_manager(facts)
    durations: list[float | None] = []
    findings: list[Finding] = []
    for number, inference in enumerate(facts.windows()):
        laps = inference.dut_laps_us
        counted = len(laps) == 2 and all(0 <= lap < _WRAP_US for lap in laps)
        duration_s = _elapsed_s(laps) if counted else None
        if not laps:
            duration_s = by_io.get(id(inference))
        doubt = "" if duration_s is not None else f"{len(laps)} laps, of which two make a duration"
        if duration_s is not None and not _agrees(duration_s, inference):
            doubt, duration_s = f"{duration_s:.6f} s by its laps, which the host did not see", None
        if doubt:
            findings.append(Finding(id="duration-in-doubt", detail=doubt, window=number))
        durations.append(duration_s)
    return durations, findings


def _elapsed_s(laps_us: list[int]) -> float:
    start, stop = laps_us
    # Each lap is turned into seconds before subtracting, as published results are.
    return (stop + (_WRAP_US if stop < start else 0)) / 1e6 - start / 1e6


def _by_io_manager(facts: Facts) -> dict[int, float]:
    rate = lap_rate(facts)
    if rate is None:
        return {}
    return {
        id(matched.command.inference): (matched.edges[1].place - matched.edges[0].place) * 1e-6 * rate.slope
        for matched in match_laps(facts).windows()
        if len(matched.edges) == 2
    }


def _agrees(duration_s: float, inference: InferenceDone) -> bool:
    if duration_s <= 0:
        return False
    if inference.start_line_ns is None or inference.done_line_ns is None:
        # All that is known is that the window lies inside the command.
        return duration_s <= (inference.t_ns - inference.sent_ns) * 1e-9 * (1 + _HOST_SLACK_RELATIVE)
    host_s = (inference.done_line_ns - inference.start_line_ns) * 1e-9
    return abs(duration_s - host_s) <= _HOST_SLACK_S + _HOST_SLACK_RELATIVE * host_s
