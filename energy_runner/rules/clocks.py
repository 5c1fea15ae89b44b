# SPDX-License-Identifier: Apache-2.0
"""Rules on clocks: the monitor's against the host's, the IO manager's and the DUT's."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from energy_runner.analysis.performance import dut_rate
from energy_runner.analysis.placing.alignment import BY_HOST, BY_LAPS, BY_MONITOR
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.analysis.placing.line import Line, lower_line
from energy_runner.analysis.placing.stretches import worst_stretch
from energy_runner.rules.base import WITHIN, Case, Judgement, not_known, number, percent
from energy_runner.rules.rule_sets import Row
from energy_runner.session.result import SampleClock
from energy_runner.wording import rounded

_STEP_S = 1e-6
_LAP_WRAP_US = 2**32


def sample_clock(case: Case, row: Row) -> Judgement:
    """Judge whether samples come at the stated rate, by the host's clock; unnoticed loss shows here.

    The host's times are those at which samples arrived, or else the DUT's lines about its windows' edges.
    """
    clock = case.result.sample_clock
    if clock is not None and _placed_by_time(case):
        return _of_laps(case, clock, row)
    if clock is not None:
        return _corrected(_ratio(clock.ratio, clock.u, row), clock)
    line = _edges_by_host(case)
    if line is None:
        return _unknown(row, "the session does not tell when samples arrived, nor when windows began and ended")
    judged = _ratio(line.slope, math.hypot(line.slope_u, HOST_CLOCK_LIMIT / math.sqrt(3)), row)
    by_lines = "by the lines in which the DUT told of its windows"
    return replace(judged, note=f"{judged.note}; {by_lines}" if judged.note else by_lines)


def _corrected(judged: Judgement, clock: SampleClock) -> Judgement:
    """Add that the clock is beyond its specification, where the figures were corrected for it."""
    if not clock.corrected:
        return judged
    allowed = "states no limit" if clock.specified is None else f"allows 1 ± {clock.specified:g}"
    note = f"the specification {allowed}: durations and energies are corrected"
    return replace(judged, note="; ".join(filter(None, (judged.note, note))))


def _placed_by_time(case: Case) -> bool:
    """Return whether the windows were placed by times: then samples lost before one shift it among the others."""
    alignment = case.result.alignment
    return alignment is not None and alignment.method in (BY_LAPS, BY_HOST)


def _of_laps(case: Case, clock: SampleClock, row: Row) -> Judgement:
    """Judge the sample period where laps placed the windows: as a whole, and between any two parts of the run.

    The uncertainty budget counts the monitor's clock within its specification: that is the limit, if there is one.
    """
    allowed = clock.specified
    tight = row if allowed is None else row.model_copy(update={"limit": min(row.number, allowed)})
    note = "" if tight is row else "the clock's specification, because laps placed the windows"
    whole = _ratio(clock.ratio, clock.u, tight)
    worst = worst_stretch(case.facts, float(tight.number))
    judged = _ratio(worst.ratio, worst.u, tight) if worst is not None else whole
    if worst is None or judged.passed or not whole.passed:
        return replace(whole, note="; ".join(filter(None, (whole.note, note))))
    lost = f"samples were lost unnoticed from {worst.start_s:.1f} s to {worst.stop_s:.1f} s of the trace"
    return replace(judged, note="; ".join(filter(None, (lost, note))))


def _edges_by_host(case: Case) -> Line | None:
    """Return the host's times of the windows' edges over the monitor's own, where it captured them."""
    alignment = case.result.alignment
    if alignment is None or alignment.method != BY_MONITOR:
        return None
    pairs: list[tuple[float, float]] = []
    for window, inference in zip(case.result.windows, case.facts.windows(), strict=True):
        times_ns = (inference.start_line_ns, inference.done_line_ns)
        for place_s, t_ns in zip((window.start_s, window.stop_s), times_ns, strict=True):
            if place_s is not None and t_ns is not None:
                pairs.append((place_s, t_ns * 1e-9))
    return _line(pairs)


def _line(pairs: Sequence[tuple[float, float]]) -> Line | None:
    """Return the line through pairs of times on two clocks; None for too few, or if the first does not rise."""
    x, y = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    if np.any(np.diff(x) <= 0):
        return None
    line = lower_line(x, y, _STEP_S)
    return line if line is not None and math.isfinite(line.slope_u) else None


def _ratio(ratio: float, u: float, row: Row) -> Judgement:
    """Judge a ratio of two clocks, of standard uncertainty `u`."""
    off = abs(ratio - 1)
    remarkable = row.remark_above is not None and off > row.remark_above + WITHIN * u
    note = f"off by more than {percent(row.remark_above or 0.0)}" if remarkable else ""
    measured = " ± ".join(rounded(ratio, WITHIN * u))
    return number(ratio, measured, f"1 ± {row.number}", note, u=u, low=1 - row.number, high=1 + row.number)


def _unknown(row: Row, why: str) -> Judgement:
    """Return the judgement of a ratio near 1 that is not known."""
    return not_known(f"1 ± {row.number}", why, low=1 - row.number, high=1 + row.number)


def lap_clock(case: Case, row: Row) -> Judgement | None:
    """Judge the windows' durations by the monitor against those by the IO manager's laps.

    Return None where the laps placed the windows: they cannot check themselves.
    """
    if case.result.alignment is not None and case.result.alignment.method in (BY_LAPS, BY_HOST):
        return None
    checked = case.result.edges_cross_check
    if checked is None:
        return _unknown(row, "there are no edges by both the monitor and the IO manager")
    return _median_ratio(checked.ratio, checked.windows, row)


def dut_clock(case: Case, row: Row) -> Judgement | None:
    """Judge the DUT's own clock: against the monitor's windows, or in performance mode against the host's clock.

    Return None where the DUT printed no laps beside its edges, as is usual in energy mode.
    """
    if case.mode == "energy":
        return _against_monitor(case, row)
    line = dut_rate(case.facts)
    if line is None:
        return _unknown(row, "the DUT's laps have too few host times, or its clock began anew")
    return _ratio(line.slope, line.slope_u, row)


def _against_monitor(case: Case, row: Row) -> Judgement | None:
    ratios: list[float] = []
    for window, inference in zip(case.result.windows, case.facts.windows(), strict=True):
        laps = inference.dut_laps_us
        if window.duration_s and len(laps) == 2:
            ratios.append((laps[1] - laps[0]) % _LAP_WRAP_US * 1e-6 / window.duration_s)
    if not ratios:
        return None
    return _median_ratio(statistics.median(ratios), len(ratios), row)


def _median_ratio(ratio: float, windows: int, row: Row) -> Judgement:
    """Judge a ratio of durations, the median of so many windows, whose uncertainty is not known."""
    note = f"the median of {windows} windows"
    return number(ratio, f"{ratio:.5f}", f"1 ± {row.number}", note, low=1 - row.number, high=1 + row.number)
