# SPDX-License-Identifier: Apache-2.0
"""Which captured edge belongs to which command.

The edges must match the commands one to one and in order, and each must fall where the host saw its command.
If any does not, the misfit is reported, only windows whose own edges are beyond doubt are kept, and `exact` is
False: then no score is given. An edge is never guessed, moved or dropped to make the numbers fit.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from energy_runner.analysis.facts import Command, Facts, FloatArray
from energy_runner.analysis.placing.margins import drift_of
from energy_runner.session.events import LapCaptured
from energy_runner.session.few import few_findings
from energy_runner.session.result import Finding

TOLERANCE_S = 0.5
SYNC_S = 1.0  # a `timestamp` command takes 0.1 s at 9600 baud
# micros() of a 16 MHz board counts by 4 us; its serial interrupts may add as much. An interface board says the
# middle of a tick of 10 us, and its interrupts may add 3 us.
LAP_HALF_WIDTH_US = 8.0
_LAP_WRAP_US = 2**32


@dataclass(frozen=True)
class Edge:
    """A falling edge at `place` ± `half_width`, which the host would date `host_ns`.

    `place` counts the monitor's samples where the monitor captured it, else the IO manager's microseconds. The
    date may be off by `loose_ns`: far from all samples whose arrival is known, clocks drift apart.
    """

    place: float
    half_width: float
    host_ns: float
    loose_ns: float = 0.0

    def within(self, low_ns: float, high_ns: float) -> bool:
        """Return whether the edge may be between two host times; one without a date (NaN) is not."""
        return low_ns - self.loose_ns <= self.host_ns <= high_ns + self.loose_ns


@dataclass(frozen=True)
class Matched:
    """A command with its edges; `edges` is empty if they are in doubt, and `doubt` says why."""

    command: Command
    edges: tuple[Edge, ...]
    doubt: str = ""


@dataclass(frozen=True)
class Matching:
    """All commands in order. `by_monitor` says what `Edge.place` counts."""

    by_monitor: bool
    exact: bool
    expected: int
    seen: int
    commands: list[Matched] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def windows(self) -> list[Matched]:
        """Return the commands that are windows, in order."""
        return [matched for matched in self.commands if matched.command.purpose == "window"]


def match_edges(facts: Facts) -> Matching:
    """Match the edges that the monitor captured, or the IO manager's laps if it cannot, with the commands."""
    by_monitor = facts.monitor is not None and facts.monitor.captures_edges
    return _match(facts, monitor_edges(facts) if by_monitor else lap_edges(facts.laps), by_monitor)


def match_laps(facts: Facts) -> Matching:
    """Match the IO manager's laps with the commands, whatever the monitor can do."""
    return _match(facts, lap_edges(facts.laps), by_monitor=False)


def _match(facts: Facts, edges: list[Edge], by_monitor: bool) -> Matching:
    expected = sum(command.count for command in facts.commands)
    matched = _in_order(facts, edges)
    if matched is not None:
        return Matching(by_monitor, True, expected, len(edges), matched)
    matched, findings = _by_time(facts, edges)
    return Matching(by_monitor, False, expected, len(edges), matched, findings)


def monitor_edges(facts: Facts) -> list[Edge]:
    """Return the edges in the monitor's timebase, dated by the arrival of the samples around them."""
    ends, times = facts.arrival_line()
    period_ns = (facts.monitor.period_s if facts.monitor else 0.0) * 1e9
    found: list[Edge] = []
    for event in facts.edges:
        # Lost samples before an edge leave open where in the gap it was.
        slack = sum(lost.missing for lost in facts.lost if lost.after <= event.position <= lost.before)
        host_ns = dated(event.position, ends, times, period_ns)
        far = _far(event.position, ends)
        loose_ns = far * period_ns * drift_of(facts) if far else 0.0
        found.append(Edge(event.position, event.half_width + slack, host_ns, loose_ns))
    return found


def dated(position: float, ends: FloatArray, times: FloatArray, period_ns: float) -> float:
    """Return the host time (ns) of a sample position, by when the samples around it arrived; NaN if none did."""
    if len(ends) == 0:
        return float("nan")
    clipped = min(max(position, float(ends[0])), float(ends[-1]))
    return float(np.interp(clipped, ends, times)) + (position - clipped) * period_ns


def _far(position: float, ends: FloatArray) -> float:
    """Return by how many samples a position lies beyond all those whose arrival is known."""
    return max(0.0, float(ends[0]) - position, position - float(ends[-1])) if len(ends) else 0.0


def lap_edges(laps: list[LapCaptured]) -> list[Edge]:
    """Return the IO manager's laps with the wrap of its 32-bit counter undone, dated by their arrival."""
    found: list[Edge] = []
    for lap in laps:
        place = float(lap.lap_us)
        if found:
            step = (lap.lap_us - found[-1].place) % _LAP_WRAP_US
            waited = (lap.t_ns - found[-1].host_ns) / 1e3
            # As many wraps as fit the time that passed on the host; -1 for a lap earlier than the one before it.
            place = found[-1].place + step + _LAP_WRAP_US * round((waited - step) / _LAP_WRAP_US)
        found.append(Edge(place, LAP_HALF_WIDTH_US, float(lap.t_ns)))
    return found


def _anchors(command: Command) -> list[tuple[float, float]]:
    """Return for each edge of `command` the earliest and the latest host time at which it can be."""
    done = command.inference
    slack = TOLERANCE_S * 1e9
    if done is None:
        last = float("inf") if command.next_ns is None else float(command.next_ns)
        if command.purpose == "sync":
            last = min(last, command.t_ns + SYNC_S * 1e9)
        return [(command.t_ns - slack, last + slack)] * command.count
    start, stop = done.start_line_ns, done.done_line_ns
    first = (done.sent_ns, done.t_ns) if start is None else (start, start)
    last_edge = (done.sent_ns if start is None else start, done.t_ns) if stop is None else (stop, stop)
    whole = (done.sent_ns, done.t_ns)
    spans = [first, *[whole] * (command.count - 2), last_edge] if command.count >= 2 else [whole] * command.count
    return [(low - slack, high + slack) for low, high in spans]


def _fits(edges: list[Edge], anchors: list[tuple[float, float]]) -> bool:
    return len(edges) == len(anchors) and all(
        edge.within(low, high) for edge, (low, high) in zip(edges, anchors, strict=True)
    )


def _in_order(facts: Facts, edges: list[Edge]) -> list[Matched] | None:
    """Assign the edges in order; None unless their number is right and every one is in its place."""
    if any(after.place < before.place for before, after in pairwise(edges)):
        return None
    left = list(edges)
    matched: list[Matched] = []
    for number, command in enumerate(facts.commands):
        mine, left = left[: command.count], left[command.count :]
        last = number == len(facts.commands) - 1
        if last and facts.outcome != "completed" and command.inference is None:
            # The run stopped inside this command: as many of its edges as had happened, none beyond.
            if not _fits(mine, _anchors(command)[: len(mine)]):
                return None
            matched.append(Matched(command, (), "the run stopped before the command ended"))
        elif _fits(mine, _anchors(command)):
            matched.append(Matched(command, tuple(mine)))
        else:
            return None
    return None if left else matched


def _by_time(facts: Facts, edges: list[Edge]) -> tuple[list[Matched], list[Finding]]:
    """Give each command the edges around its own host times, as far as there is no doubt about them."""
    spans = [_anchors(command) for command in facts.commands]
    owners = [[k for k, span in enumerate(spans) if _near(edge, span)] for edge in edges]
    matched: list[Matched] = []
    findings: list[Finding] = []
    window = -1
    for number, command in enumerate(facts.commands):
        window += command.purpose == "window"
        mine = [edge for edge, own in zip(edges, owners, strict=True) if number in own]
        shared = any(number in own and len(own) > 1 for own in owners)
        name, doubt = _doubt(command, mine, spans[number], shared)
        if doubt:
            place = window if command.purpose == "window" else None
            findings.append(Finding(id=name, detail=doubt, window=place))
        matched.append(Matched(command, () if doubt else tuple(mine), doubt))
    findings += few_findings(_stray(edge) for edge, own in zip(edges, owners, strict=True) if not own)
    expected = sum(command.count for command in facts.commands)
    if not findings or len(edges) != expected:
        name = {True: "edge-missing", False: "edge-surplus"}[len(edges) < expected]
        name = "edge-out-of-place" if len(edges) == expected else name
        findings.insert(0, Finding(id=name, detail=f"{len(edges)} edges seen, {expected} expected"))
    return matched, findings


def _near(edge: Edge, span: list[tuple[float, float]]) -> bool:
    return bool(span) and edge.within(span[0][0], span[-1][1])


def _doubt(command: Command, mine: list[Edge], span: list[tuple[float, float]], shared: bool) -> tuple[str, str]:
    what = f"{command.purpose}: {len(mine)} of {command.count} edges seen"
    if len(mine) < command.count:
        return "edge-missing", what
    if len(mine) > command.count:
        return "edge-surplus", what
    if not _fits(mine, span):
        return "edge-out-of-place", f"{command.purpose}: an edge is more than {TOLERANCE_S} s from its command"
    if shared:
        return "edge-out-of-place", f"{command.purpose}: an edge may belong to the command beside it"
    return "", ""


def _stray(edge: Edge) -> Finding:
    return Finding(id="edge-out-of-place", detail=f"an edge at {edge.place:.3f} belongs to no command")
