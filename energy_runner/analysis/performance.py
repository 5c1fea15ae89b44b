# SPDX-License-Identifier: Apache-2.0
"""Inferences per second, by the laps of the DUT's own clock."""

import math

import numpy as np

from energy_runner.analysis.derived import TimedBy
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import LAP_STEP_S, lap_rate
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.analysis.placing.edges import lap_edges, match_laps
from energy_runner.analysis.placing.line import Line, lower_line
from energy_runner.session.events import InferenceDone, LapCaptured
from energy_runner.session.result import Finding

_WRAP_US = 2**32  # `m-lap-us` is a 32-bit counter; it wraps every 71.6 minutes
_DUT_STEP_S = 1e-6  # of its laps
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


def timed_by(facts: Facts) -> tuple[TimedBy, float]:
    """Return what is known of the clock that timed the windows, and the limit of a lap's own error in s.

    The DUT's clock is not corrected by the host's, so what it was seen to be off by counts in full.
    """
    if not any(inference.dut_laps_us for inference in facts.windows()):
        rate = lap_rate(facts)
        return TimedBy(relative_u=rate.slope_u if rate is not None else 0.0), LAP_STEP_S / 2
    line = dut_rate(facts)
    if line is None:
        return TimedBy(doubts=("clock of the DUT, which no other clock was compared with",)), _DUT_STEP_S / 2
    u = math.sqrt(line.slope_u**2 + HOST_CLOCK_LIMIT**2 / 3 + (line.slope - 1) ** 2)
    return TimedBy(relative_u=u), _DUT_STEP_S / 2


def dut_rate(facts: Facts) -> Line | None:
    """Return the host's seconds over those of the DUT's laps; None for too few, or if its clock began anew."""
    timed = [inference for inference in facts.inferences if _has_laps_and_times(inference)]
    laps = lap_edges([lap for inference in timed for lap in _laps(inference)])
    dut_s, host_s = (
        np.array(times) for times in ([e.place * 1e-6 for e in laps], [e.host_ns * 1e-9 for e in laps])
    )
    if np.any(np.diff(dut_s) <= 0):
        return None
    line = lower_line(dut_s, host_s, _DUT_STEP_S)
    return line if line is not None and math.isfinite(line.slope_u) else None


def _has_laps_and_times(inference: InferenceDone) -> bool:
    laps = inference.dut_laps_us
    counted = len(laps) == 2 and all(0 <= lap < _WRAP_US for lap in laps)
    return counted and inference.start_line_ns is not None and inference.done_line_ns is not None


def _laps(inference: InferenceDone) -> list[LapCaptured]:
    times = (inference.start_line_ns, inference.done_line_ns)
    return [
        LapCaptured(t_ns=t_ns, lap_us=lap)
        for t_ns, lap in zip(times, inference.dut_laps_us, strict=True)
        if t_ns is not None
    ]


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
