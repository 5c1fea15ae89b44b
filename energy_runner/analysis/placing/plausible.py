# SPDX-License-Identifier: Apache-2.0
"""Whether the edges that count lie where everything else in the session says that they lie.

An edge has a place of its own: a sample position of the monitor, or the IO manager's microseconds. Three other
witnesses saw it too. The DUT sends a line about it, which reaches the host a little later and never earlier. The
IO manager's laps say how long a window is, where the monitor's edges place it. And a straight line through all
laps says where each of them should be by the host's clock. What contradicts a witness beyond doubt is withheld;
what a witness leaves open beyond its usual latency widens the edge.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from energy_runner.analysis.facts import Facts, FloatArray
from energy_runner.analysis.placing.alignment import (
    BY_HOST,
    BY_LAPS,
    BY_MONITOR,
    DRIFT,
    LATENCY_LIMIT_S,
    Alignment,
    Placed,
    lap_rate,
    recorded_laps,
)
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.placing.edges import Edge, Matched, Matching, lap_edges, match_laps
from energy_runner.analysis.placing.line import lower_line
from energy_runner.session.result import Finding

# Against the DUT's lines and the host's dates of samples, whose latencies may differ by LATENCY_LIMIT_S.
LATEST_S, EARLIEST_S = 0.1, -0.3  # of an edge against its line, which at 9600 baud may itself take 0.1 s
LATE_S, EARLY_S = 0.005, 0.04  # the usual: the line about the last edge follows others, 17 ms at 115200 baud
# Against other laps by the host's clock: messages are late, never early.
USUAL_S = 0.004  # what a message of a lap may be later or earlier than most
LARGEST_S = 0.08
# Against the duration by laps.
SAME_S, SAME = 5e-3, 1e-3
_FEWEST = 5


def checked(facts: Facts, matching: Matching, alignment: Alignment, clock: Clock) -> Alignment:
    """Return the alignment, with windows withheld or their edges widened where other witnesses contradict them."""
    if alignment.method == BY_MONITOR:
        alignment = _by_durations(facts, alignment, clock)
    # With others, polls may let a message wait for long; recorded laps have no message at all.
    elif alignment.method == BY_LAPS and not recorded_laps(facts):
        alignment = _by_host(facts, matching, alignment, clock)
    dated = _dated_by(facts, alignment)
    return _by_lines(facts, matching, alignment, dated, clock) if dated is not None else alignment


def witnessed(facts: Facts, matching: Matching, alignment: Alignment) -> bool:
    """Return whether every placed window has lines of the DUT about it, or laps beside the monitor's edges."""
    by_messages = alignment.method == BY_LAPS and not recorded_laps(facts)
    if by_messages or (alignment.method == BY_MONITOR and lap_rate(facts) is not None):
        return True
    placed = zip(matching.windows(), alignment.windows, strict=True)
    return all(any(True for _ in _told(matched)) for matched, window in placed if window is not None)


def withheld(alignment: Alignment, numbers: Sequence[int], finding: Finding) -> Alignment:
    """Return the alignment without some of its windows."""
    windows = [None if k in numbers else placed for k, placed in enumerate(alignment.windows)]
    return replace(alignment, windows=windows, findings=[*alignment.findings, finding])


def named(numbers: Sequence[int]) -> str:
    """Return windows by their numbers as people count them, for a finding."""
    return ("window " if len(numbers) == 1 else "windows ") + ", ".join(str(k + 1) for k in numbers)


# --- edges of the monitor -------------------------------------------------------------------------------


def _by_durations(facts: Facts, alignment: Alignment, clock: Clock) -> Alignment:
    """Withhold windows that last another time by the IO manager's laps."""
    rate = lap_rate(facts) if facts.laps else None
    if rate is None or facts.monitor is None:
        return alignment
    period_s = facts.monitor.period_s * clock.factor
    off = {}
    for number, (placed, lapped) in enumerate(zip(alignment.windows, match_laps(facts).windows(), strict=True)):
        if placed is None or len(lapped.edges) != 2:
            continue
        lasts_s = (placed.stop - placed.start) * period_s
        by_laps_s = (lapped.edges[1].place - lapped.edges[0].place) * 1e-6 * rate.slope
        slack_s = SAME_S + (placed.half_width + 1) * 2 * period_s
        if abs(by_laps_s - lasts_s) > slack_s + (SAME + 3 * rate.slope_u) * lasts_s:
            off[number] = by_laps_s - lasts_s
    if not off:
        return alignment
    worst = max(off.values(), key=abs)
    detail = f"{named(list(off))}: {worst:+.3f} s longer by the IO manager's laps than by the monitor's edges"
    return withheld(alignment, list(off), Finding(id="edges-disagree", detail=detail))


def _dated_by(facts: Facts, alignment: Alignment) -> Callable[[Edge], float] | None:
    """Return what dates an edge by the host's clock, in seconds, from the least delayed messages of its source."""
    if facts.monitor is None or alignment.method not in (BY_MONITOR, BY_LAPS, BY_HOST):
        return None
    if alignment.method == BY_MONITOR:
        period_s = facts.monitor.period_s
        ends, times = facts.arrival_line()
        line, scale = lower_line(ends * period_s, times * 1e-9, period_s), period_s
    else:
        line, scale = lap_rate(facts), 1e-6
    return None if line is None else lambda edge: line.at(edge.place * scale)


def _by_lines(
    facts: Facts, matching: Matching, alignment: Alignment, dated_s: Callable[[Edge], float], clock: Clock
) -> Alignment:
    """Withhold windows whose edges are later than the DUT's lines about them, or far earlier."""
    assert facts.monitor is not None  # noqa: S101
    late: dict[int, tuple[float, ...]] = {}
    ends: tuple[list[float], list[float]] = ([], [])  # of starts and of stops
    for number, matched in enumerate(matching.windows()):
        if alignment.windows[number] is None:
            continue
        told = [(end, dated_s(edge) - told_ns * 1e-9) for end, edge, told_ns in _told(matched)]
        for end, seen in told:
            ends[end].append(seen)
        if told:
            late[number] = tuple(seen for _, seen in told)
    gone = [k for k, seen_s in late.items() if max(seen_s) > LATEST_S or min(seen_s) < EARLIEST_S]
    if gone:
        worst = max((value for k in gone for value in late[k]), key=abs)
        where = "after" if worst > 0 else "before"
        detail = f"{named(gone)}: an edge is {abs(worst):.3f} s {where} the DUT's line that reports it"
        return withheld(alignment, gone, Finding(id="edges-disagree", detail=detail))
    latest_s = max((max(seen_s) for seen_s in late.values()), default=0.0)
    earliest_s = min((min(seen_s) for seen_s in late.values()), default=0.0)
    # Where the host's clock ties laps and samples together, the edges are as wide as the tie already.
    tie_s = LATENCY_LIMIT_S if alignment.method == BY_HOST else 0.0
    beyond_s = max(latest_s - LATE_S, -earliest_s - EARLY_S) - tie_s
    if beyond_s <= 0:
        return alignment
    # The line comes a while after its edge itself, by which an edge that it contradicts is later still.
    step_s = facts.monitor.period_s * clock.factor
    shared = (beyond_s + EARLY_S if latest_s > LATE_S + tie_s else beyond_s) / step_s
    starts, stops = _alone(ends)
    windows = [
        placed and _widened(placed, shared, starts / step_s, stops / step_s) for placed in alignment.windows
    ]
    detail = (
        f"edges come {earliest_s:+.3f} to {latest_s:+.3f} s after the DUT's lines about them; what is beyond the "
        "usual counts as uncertainty"
    )
    findings = [*alignment.findings, Finding(id="edges-late", detail=detail)]
    return replace(alignment, windows=windows, findings=findings)


def _alone(ends: tuple[Sequence[float], Sequence[float]]) -> tuple[float, float]:
    """Return by how many seconds starts alone, and stops alone, may be late or early.

    `ends` has for both how much later than the line about it each is.
    """
    if not all(ends):
        return 0.0, 0.0
    start_s, stop_s = (float(np.median(end)) for end in ends)
    apart_s = abs(start_s - stop_s)
    late = max(start_s, stop_s) > LATE_S
    limit_s = apart_s + EARLY_S if late and apart_s > LATE_S else max(0.0, apart_s - EARLY_S)
    return (limit_s, 0.0) if (start_s > stop_s) == late else (0.0, limit_s)


def _told(matched: Matched) -> Iterator[tuple[int, Edge, int]]:
    """Yield start (0) and stop (1) of a window with the host time of the line about each, if there is one."""
    done = matched.command.inference
    if done is None or len(matched.edges) != 2:
        return
    for end, told_ns in enumerate((done.start_line_ns, done.done_line_ns)):
        if told_ns is not None:
            yield end, matched.edges[end], told_ns


def _widened(placed: Placed, shared: float, starts: float, stops: float) -> Placed:
    wider, both = placed.half_width + shared, placed.shared + shared
    return replace(placed, half_width=wider, shared=both, starts=starts, stops=stops)


# --- laps -----------------------------------------------------------------------------------------------


def _by_host(facts: Facts, matching: Matching, alignment: Alignment, clock: Clock) -> Alignment:
    """Withhold windows whose laps contradict the host's clock, and widen those whose message was late or early.

    The lap that starts the log is asked first: an error of it moves all windows.
    """
    assert facts.monitor is not None  # noqa: S101
    period_s = facts.monitor.period_s * clock.factor
    laps = lap_edges(facts.laps)
    off_s = _off_the_line(laps)
    if off_s is None:
        return alignment
    bent_s = DRIFT * (laps[-1].place - laps[0].place) * 1e-6
    by_place = dict(zip((lap.place for lap in laps), off_s.tolist(), strict=True))
    origin = _origin(matching)
    shared = 0.0
    if origin is not None:
        start_s = by_place.get(origin.place, 0.0)
        if _impossible(start_s, bent_s):
            numbers = [k for k, placed in enumerate(alignment.windows) if placed is not None]
            return withheld(alignment, numbers, _displaced("the log's first lap", start_s))
        shared = _excess(start_s) / period_s
    windows = list(alignment.windows)
    gone: dict[int, float] = {}
    for number, (placed, matched) in enumerate(zip(windows, matching.windows(), strict=True)):
        if placed is None:
            continue
        seen_s = [by_place.get(edge.place, 0.0) for edge in matched.edges]
        if any(_impossible(one, bent_s) for one in seen_s):
            gone[number] = max(seen_s, key=abs)
            continue
        own = max(_excess(one) for one in seen_s) / period_s
        windows[number] = replace(
            placed, half_width=placed.half_width + own + shared, shared=placed.shared + shared
        )
    alignment = replace(alignment, windows=windows)
    if not gone:
        return alignment
    what = f"{named(list(gone))}: a lap"
    return withheld(alignment, list(gone), _displaced(what, max(gone.values(), key=abs)))


def _origin(matching: Matching) -> Edge | None:
    """Return the edge that started the log."""
    zero = next((one for one in matching.commands if one.command.recorded and one.command.count), None)
    return zero.edges[0] if zero is not None and zero.edges else None


def _impossible(off_s: float, bent_s: float) -> bool:
    """Return whether latency cannot explain it, nor a resonator whose rate drifts by `bent_s` in the whole run."""
    return off_s > max(LARGEST_S, bent_s) or off_s < -max(LATENCY_LIMIT_S, bent_s)


def _excess(off_s: float) -> float:
    """Return by how much a message is farther from the others than messages usually are."""
    return max(0.0, abs(off_s) - USUAL_S)


def _displaced(what: str, off_s: float) -> Finding:
    where = "earlier" if off_s > 0 else "later"
    detail = f"{what} is {abs(off_s):.3f} s {where} than the others say by the host's clock"
    return Finding(id="lap-displaced", detail=detail)


def _off_the_line(laps: Sequence[Edge]) -> FloatArray | None:
    """Return for each lap by how many seconds its message came later than a line through most of them says.

    A lap that is wrong itself moves the line below all messages, so a line is used that a third of them cannot
    move (P. K. Sen, J. Am. Stat. Assoc. 63, 1968). None for fewer than five.
    """
    if len(laps) < _FEWEST:
        return None
    from scipy.stats import theilslopes  # here, because it takes half a second to import

    places = np.array([lap.place for lap in laps])
    host_s = np.array([lap.host_ns for lap in laps]) * 1e-9
    off_s: FloatArray = host_s - theilslopes(host_s, places).slope * places
    return off_s - np.median(off_s)
