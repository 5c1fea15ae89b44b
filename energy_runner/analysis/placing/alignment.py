# SPDX-License-Identifier: Apache-2.0
"""Place the windows among the monitor's samples: where they lie, by which method, and with what uncertainty."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from energy_runner.analysis.facts import Facts, FloatArray
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT, Clock
from energy_runner.analysis.placing.edges import TOLERANCE_S, Edge, Matched, Matching, dated, lap_edges, match_laps
from energy_runner.analysis.placing.line import Line, lower_line
from energy_runner.session.result import CrossCheck, Finding

BY_MONITOR = "edges captured by the monitor"
BY_LAPS = (
    "log started by the first edge; later edges from the IO manager's microsecond laps, "
    "rate corrected against the host clock"
)
BY_HOST = (
    "edges from microsecond laps of an edge source, rate corrected against the host clock; laps and samples tied "
    "together by the host clock"
)
NONE = "none"
# Samples and laps reach the host over different links, each with a latency that is never negative. The least of
# many is near the link's own, some milliseconds for USB and Ethernet; how the two differ cannot be measured.
LATENCY_LIMIT_S = 0.02

LAP_STEP_S = 4e-6
DRIFT = 1e-4  # in minutes: some kelvin, at 30 ppm each for a ceramic resonator
_LARGEST_CORRECTION = 0.02  # a ceramic resonator stays within 0.005


@dataclass(frozen=True)
class Placed:
    """A window in samples; `half_width` is the limit of either edge's error, in samples.

    `shared` is the part of it that all edges have in common: the error of the one that started the log. `starts`
    and `stops` are limits of what all starts, or all stops, may have in common without the others.
    """

    start: float
    stop: float
    half_width: float
    shared: float = 0.0
    starts: float = 0.0
    stops: float = 0.0


@dataclass(frozen=True)
class Alignment:
    """The windows in order (None where an edge is in doubt), and how the edges were placed.

    `rate_u` is the relative standard uncertainty of times on the IO manager's clock after `rate_correction`:
    a window that begins t seconds into the log is shifted by t · `rate_u`, its duration d is off by
    d · `rate_u`, and all windows are off together, because it is one clock.
    """

    method: str
    windows: list[Placed | None]
    rate_correction: float | None = None
    rate_u: float | None = None
    findings: list[Finding] = field(default_factory=list)


def align(facts: Facts, matching: Matching, clock: Clock | None = None) -> Alignment:
    """Place the windows of `matching` in the monitor's timebase, whose samples last what `clock` says."""
    clock = clock or Clock()
    if facts.monitor is None or len(facts.started) != 1:
        doubt = f"{len(facts.started)} acquisitions began, one is needed"
        return _refused(matching, Finding(id="no-timebase", detail=doubt))
    if matching.by_monitor:
        return Alignment(BY_MONITOR, [_as_captured(matched) for matched in matching.windows()])
    place = _by_laps if facts.monitor.starts_on_edge else _by_host
    placed = place(facts, matching, facts.monitor.period_s * clock.factor)
    return _until_skipped(facts, placed)


def _until_skipped(facts: Facts, alignment: Alignment) -> Alignment:
    """Withhold windows among samples of which an unknown number is missing: times do not place them any more.

    The number is known where the loss fills the gap that it is reported for; else it is the least one possible.
    Windows before the gap stay.
    """
    unsure = [lost for lost in facts.lost if lost.missing != lost.before - lost.after]
    if not unsure:
        return alignment
    first = min(unsure, key=lambda lost: lost.after)
    windows = [one if one is not None and one.stop <= first.after else None for one in alignment.windows]
    gone = sum(before is not None for before in alignment.windows) - sum(one is not None for one in windows)
    if not gone:
        return alignment
    detail = (
        f"{first.missing} or more samples were skipped between {first.after} and {first.before}, so laps "
        f"cannot place the {gone} windows from there on"
    )
    findings = [*alignment.findings, Finding(id="samples-skipped", detail=detail)]
    return replace(alignment, windows=windows, findings=findings)


def lap_rate(facts: Facts) -> Line | None:
    """Return host seconds over lap seconds; None for fewer laps than a line needs.

    The uncertainty includes that of the host's own clock, and a drift of the IO manager's during the run. Laps out
    of a record that was read later are dated by their own clock: its zero is known, and its rate is measured by
    the DUT's lines about the laps.
    """
    lap_s, host_s = lap_witnesses(facts)
    if len(lap_s) and np.any(np.diff(lap_s) < 0):
        return None
    line = lower_line(lap_s, host_s, LAP_STEP_S)
    if line is None:
        return None
    drift_u = _drift(lap_s, host_s) / math.sqrt(3)
    rate_u = math.sqrt(line.slope_u**2 + drift_u**2 + HOST_CLOCK_LIMIT**2 / 3)
    zeroed = zeroed_at(facts)
    if zeroed is None:
        return Line(line.x0, line.y0, line.slope, rate_u)
    zero_s, first = zeroed[1] * 1e-9, lap_edges(facts.laps)[0]
    return Line(first.place * 1e-6, zero_s + (first.host_ns * 1e-9 - zero_s) * line.slope, line.slope, rate_u)


def lap_witnesses(facts: Facts) -> tuple[FloatArray, FloatArray]:
    """Return laps in seconds of their clock, and the host times (s) of messages about them: late, never early.

    The message is that of the lap itself; for a record that was read later, the DUT's line about the end of an
    inference. If the record was begun anew within the run, no laps are returned.
    """
    if not recorded_laps(facts):
        laps = lap_edges(facts.laps)
        pairs = [(lap.place * 1e-6, lap.host_ns * 1e-9) for lap in laps]
    elif zeroed_at(facts) is None:
        pairs = []
    else:
        pairs = [
            (matched.edges[1].place * 1e-6, matched.command.inference.done_line_ns * 1e-9)
            for matched in match_laps(facts).commands
            if len(matched.edges) == 2
            and matched.command.inference is not None
            and matched.command.inference.done_line_ns is not None
        ]
    lap_s, host_s = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return lap_s, host_s


def recorded_laps(facts: Facts) -> bool:
    """Return whether laps were read out of a record, so that no message dates them."""
    return any(lap.zeroed is not None for lap in facts.laps)


def zeroed_at(facts: Facts) -> tuple[int, int] | None:
    """Return between which host times (ns) the clock of recorded laps was zeroed; None if not exactly once."""
    zeroes = {lap.zeroed for lap in facts.laps}
    return zeroes.pop() if len(zeroes) == 1 else None


def _tie_s(facts: Facts) -> float:
    """Return the limit (s) of the difference between the host times of laps and of samples."""
    zeroed = zeroed_at(facts)
    return max(LATENCY_LIMIT_S, (zeroed[1] - zeroed[0]) * 1e-9) if zeroed is not None else LATENCY_LIMIT_S


def _drift(lap_s: FloatArray, host_s: FloatArray) -> float:
    """Return by how much the rate may have been off its mean at the ends of the run; 0 for too few laps.

    A ceramic resonator that warms up drifts; a line through all laps does not show it. What the halves could not
    have told apart counts as well, within what a resonator drifts.
    """
    middle = (lap_s[0] + lap_s[-1]) / 2
    halves = [lower_line(lap_s[half], host_s[half], LAP_STEP_S) for half in (lap_s <= middle, lap_s >= middle)]
    if halves[0] is None or halves[1] is None:
        return 0.0
    unsure = math.hypot(halves[0].slope_u, halves[1].slope_u)
    seen = max(0.0, abs(halves[1].slope - halves[0].slope) - 2 * unsure)
    return math.hypot(seen, min(unsure, DRIFT))


def _as_captured(matched: Matched) -> Placed | None:
    if len(matched.edges) != 2:
        return None
    start, stop = matched.edges
    return Placed(start.place, stop.place, max(start.half_width, stop.half_width))


def _by_laps(facts: Facts, matching: Matching, period_s: float) -> Alignment:
    rate = lap_rate(facts)
    if rate is None:
        detail = f"{len(facts.laps)} laps are too few to measure the rate of the IO manager's clock"
        return _refused(matching, Finding(id="rate-unknown", detail=detail))
    if abs(rate.slope - 1) > _LARGEST_CORRECTION:
        detail = f"the IO manager's clock runs at {1 / rate.slope:.4f} of the host's"
        return _refused(matching, Finding(id="rate-implausible", detail=detail))
    zero = next((m for m in matching.commands if m.command.recorded and m.command.count), None)
    if zero is None or not zero.edges:
        detail = "the edge that started the log is in doubt"
        return _refused(matching, Finding(id="log-start-unknown", detail=detail))
    origin = zero.edges[0]
    doubt = _start_doubt(facts, origin, period_s)
    if doubt:
        return _refused(matching, Finding(id="log-start-unknown", detail=doubt))

    def placed(matched: Matched) -> Placed | None:
        if len(matched.edges) != 2:
            return None
        scale = 1e-6 * rate.slope / period_s
        start, stop = ((edge.place - origin.place) * scale for edge in matched.edges)
        # The first lap has an error of its own, which every later position inherits.
        half_width = (origin.half_width + max(edge.half_width for edge in matched.edges)) * scale
        return Placed(start, stop, half_width, origin.half_width * scale)

    windows = [placed(matched) for matched in matching.windows()]
    return Alignment(BY_LAPS, windows, rate.slope, rate.slope_u)


def _by_host(facts: Facts, matching: Matching, period_s: float) -> Alignment:
    """Place laps among samples that no edge started: the host dates both by their least delayed messages."""
    rate = lap_rate(facts)
    if rate is None:
        detail = f"{len(facts.laps)} laps are too few to measure the rate of their clock"
        return _refused(matching, Finding(id="rate-unknown", detail=detail))
    if abs(rate.slope - 1) > _LARGEST_CORRECTION:
        detail = f"the clock of the laps runs at {1 / rate.slope:.4f} of the host's"
        return _refused(matching, Finding(id="rate-implausible", detail=detail))
    ends, times = facts.arrival_line()
    samples = lower_line(ends * period_s, times * 1e-9, period_s)
    if samples is None:
        detail = f"{len(ends)} arrivals of samples are too few to tell when they were taken"
        return _refused(matching, Finding(id="log-start-unknown", detail=detail))
    began_s = samples.at(0.0)

    def placed(matched: Matched) -> Placed | None:
        if len(matched.edges) != 2:
            return None
        start, stop = ((rate.at(edge.place * 1e-6) - began_s) / period_s for edge in matched.edges)
        own = max(edge.half_width for edge in matched.edges) * 1e-6 * rate.slope / period_s
        shared = _tie_s(facts) / period_s
        return Placed(start, stop, own + shared, shared)

    windows = [placed(matched) for matched in matching.windows()]
    return Alignment(BY_HOST, windows, rate.slope, rate.slope_u)


def _start_doubt(facts: Facts, origin: Edge, period_s: float) -> str:
    """Return why the log's first sample cannot belong to the lap `origin`; empty if it can."""
    ends, times = facts.arrival_line()
    begun_ns = dated(0.0, ends, times, period_s * 1e9)
    if not abs(begun_ns - origin.host_ns) <= TOLERANCE_S * 1e9:  # so that NaN is a doubt too
        return f"the first lap came {(origin.host_ns - begun_ns) / 1e9:.3f} s after the log began"
    return ""


def _refused(matching: Matching, finding: Finding) -> Alignment:
    return Alignment(NONE, [None] * len(matching.windows()), findings=[finding])


def cross_check(facts: Facts, alignment: Alignment, clock: Clock | None = None) -> CrossCheck | None:
    """Compare the windows' durations by laps with those by the monitor's own edges, where there are both."""
    if alignment.method != BY_MONITOR or facts.monitor is None or not facts.laps:
        return None
    rate = lap_rate(facts)
    if rate is None:
        return None
    period_s = facts.monitor.period_s * (clock or Clock()).factor
    ratios: list[float] = []
    for placed, lapped in zip(alignment.windows, match_laps(facts).windows(), strict=True):
        if placed is not None and len(lapped.edges) == 2 and placed.stop > placed.start:
            lap_s = (lapped.edges[1].place - lapped.edges[0].place) * 1e-6 * rate.slope
            ratios.append(lap_s / ((placed.stop - placed.start) * period_s))
    if not ratios:
        return None
    middle = float(np.median(ratios))
    return CrossCheck(windows=len(ratios), ratio=middle, spread=max(ratios) - min(ratios))
