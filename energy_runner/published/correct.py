# SPDX-License-Identifier: Apache-2.0
"""Recover the figure of a session whose edges can be identified by more than their order.

The EEMBC runner pairs edges as they come: after a lost one it measures the downloads between the inferences. The
MLCommons runner takes the last two, whatever they are. But the log says when each command was executing, and
inferences of one network take the same time. Where these leave no doubt which edge is which, the windows can still
be measured. A window that lost one of its two edges gets it from the other one and the duration of the complete
windows, with a half width to match. Every change is reported; nothing is corrected silently.
"""

import statistics
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import Literal

from energy_runner.published.model import InferCommand, MonitorEdge, PublishedSession, Recording

TOLERANCE_S = 0.25  # between an edge and its line in the log
_COARSE_S = 0.5  # where the log dates lines to the second only
_AGREES = 0.01  # durations of complete windows, each divided by its inferences
_LEAST_COMPLETE = 2
_SLACK_SAMPLES = 3.0
_LEAST_HALF_WIDTH = 2.0
_SYNC_S = 1.0
_MOST_COMMANDS = 1000  # an energy session has five; the search below grows with commands times edges
_MOST_SURPLUS = 1000  # edges beyond two for each command; so many are noise, of which none can be told
_HOPELESS = {"trace-length", "trace-short", "iterations-differ"}  # here times or counts are in doubt, not edges


@dataclass(frozen=True)
class Change:
    """One change: to the windows with these `numbers`, from 1, or to that many edges."""

    kind: Literal["start-placed", "stop-placed", "windows-lost", "sync-lost", "edges-left-out", "told-by-log"]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Correction:
    """A session in which every edge belongs to a command, and the changes that were made."""

    session: PublishedSession
    changes: tuple[Change, ...]


@dataclass
class _Window:
    """A command with the edges that may be its start and its stop."""

    number: int
    command: InferCommand
    starts: list[MonitorEdge]
    stops: list[MonitorEdge]
    pair: tuple[MonitorEdge, MonitorEdge] | None = None
    change: Change | None = None


@dataclass
class _Sorting:
    rate_hz: float
    windows: list[_Window] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def free(self, edges: list[MonitorEdge]) -> list[MonitorEdge]:
        return [edge for edge in edges if id(edge) not in self.used]

    def take(self, window: _Window, start: MonitorEdge, stop: MonitorEdge) -> None:
        window.pair = (start, stop)
        self.used |= {id(start), id(stop)}


def correct(session: PublishedSession) -> Correction | None:
    """Return `session` with its edges assigned, or None where that would be guesswork or would change nothing."""
    recording = session.recording
    if recording is None or session.mode != "energy" or len(session.commands) > _MOST_COMMANDS:
        return None
    if any(note.id in _HOPELESS for note in session.notes):
        return None
    edges = sorted([*recording.edges, *recording.late_edges], key=lambda edge: edge.position)
    if len(edges) > 2 * len(session.commands) + _MOST_SURPLUS:
        return None
    sorting = _Sorting(recording.rate_hz)
    for number, command in enumerate(session.commands):
        if command.inferences > 0:
            sorting.windows.append(_candidates(session, recording, number, command, edges))
    period = _duration_of_one(sorting)
    if period is None:
        return None
    for window in sorting.windows:
        _choose(sorting, window, period)
    complete = [window for window in sorting.windows if window.pair is not None]
    if len(complete) < _LEAST_COMPLETE:
        return None
    scatter = max(abs(_length(w.pair) - period * w.command.inferences) for w in complete if w.pair is not None)
    for window in sorting.windows:
        if window.pair is None:
            _estimate(sorting, window, period, max(_LEAST_HALF_WIDTH, scatter + 1.0))
    return _rebuilt(session, recording, sorting, edges)


def _candidates(
    session: PublishedSession, recording: Recording, number: int, command: InferCommand, edges: list[MonitorEdge]
) -> _Window:
    """Return the edges near the lines of a command; where it has none, those during its execution."""

    def near(line_ms: int | None) -> list[MonitorEdge]:
        if line_ms is not None:
            low, high = line_ms / 1000 - TOLERANCE_S, line_ms / 1000 + TOLERANCE_S
        else:
            low, high = command.sent_ms / 1000 - _COARSE_S, command.finished_ms / 1000 + _COARSE_S
        at = recording.started_ms / 1000
        return [edge for edge in edges if low <= at + edge.position / recording.rate_hz <= high]

    return _Window(number, command, near(command.start_ms), near(command.done_ms))


def _length(pair: tuple[MonitorEdge, MonitorEdge] | None) -> float:
    return pair[1].position - pair[0].position if pair else 0.0


def _duration_of_one(sorting: _Sorting) -> float | None:
    """Return the duration of one inference in samples, by the windows whose edges are unambiguous."""
    found = []
    for window in sorting.windows:
        if window.starts == window.stops and len(window.starts) == 2:
            pair = (window.starts[0], window.starts[1])
        elif len(window.starts) == len(window.stops) == 1:
            pair = (window.starts[0], window.stops[0])
        else:
            continue
        if _length(pair) > 0:
            found.append(_length(pair) / window.command.inferences)
    if found:
        return statistics.median(found)
    by_lines = [
        (c.done_ms - c.start_ms) / 1000 * sorting.rate_hz / c.inferences
        for c in (window.command for window in sorting.windows)
        if c.start_ms is not None and c.done_ms is not None and c.done_ms > c.start_ms
    ]
    return statistics.median(by_lines) if by_lines else None


def _choose(sorting: _Sorting, window: _Window, period: float) -> None:
    """Take the pair of candidates whose distance fits best, if it fits."""
    wanted = period * window.command.inferences
    stops = sorting.free(window.stops)
    places = [stop.position for stop in stops]
    pairs = []
    for start in sorting.free(window.starts):
        after = bisect_left(places, start.position + wanted)  # only the stops on either side may fit best
        pairs += [
            (abs(stop.position - start.position - wanted), start, stop)
            for stop in stops[max(0, after - 1) : after + 1]
            if stop.position > start.position
        ]
    if not pairs:
        return
    off, start, stop = min(pairs, key=lambda pair: pair[0])
    if off <= max(_AGREES * wanted, _SLACK_SAMPLES):
        sorting.take(window, start, stop)


def _estimate(sorting: _Sorting, window: _Window, period: float, half_width: float) -> None:
    """Place a lost edge by the window's other one, if there is exactly that one.

    Where a command has no lines, its starts and its stops are the same edges, and a lone one is never placed by.
    """
    starts, stops = sorting.free(window.starts), sorting.free(window.stops)
    wanted = period * window.command.inferences
    if len(starts) == 1 and not stops:
        placed = MonitorEdge(starts[0].position + wanted, half_width)
        sorting.take(window, starts[0], placed)
        window.change = Change("stop-placed", (window.number + 1,))
    elif len(stops) == 1 and not starts and stops[0].position >= wanted:
        placed = MonitorEdge(stops[0].position - wanted, half_width)
        sorting.take(window, placed, stops[0])
        window.change = Change("start-placed", (window.number + 1,))


def _rebuilt(
    session: PublishedSession, recording: Recording, sorting: _Sorting, edges: list[MonitorEdge]
) -> Correction | None:
    kept = [window for window in sorting.windows if window.pair is not None]
    chosen = [edge for window in kept for edge in window.pair or ()]
    changes = [window.change for window in kept if window.change is not None]
    lost = tuple(window.number + 1 for window in sorting.windows if window.pair is None)
    if lost:
        changes.append(Change("windows-lost", lost))
    first_s = session.commands[0].sent_ms / 1000
    at = recording.started_ms / 1000

    def time_s(edge: MonitorEdge) -> float:
        return at + edge.position / recording.rate_hz

    early = [edge for edge in sorting.free(edges) if time_s(edge) < first_s]
    boot = early[: session.boot_edges]
    sync, sync_ms = [], session.sync_ms
    if sync_ms is not None:
        low, high = sync_ms / 1000 - TOLERANCE_S, sync_ms / 1000 + TOLERANCE_S + _SYNC_S
        sync = [edge for edge in early if edge not in boot and low <= time_s(edge) <= high][:1]
        if not sync:
            changes.append(Change("sync-lost"))
            sync_ms = None
    surplus = len(edges) - sum(any(edge is other for other in [*chosen, *boot, *sync]) for edge in edges)
    if surplus:
        changes.append(Change("edges-left-out", (surplus,)))
    told_apart = sorted([*boot, *sync, *chosen], key=lambda edge: edge.position)
    published = {figure.window for figure in session.figures if figure.window is not None}
    whole = len(kept) == len(session.commands) >= len(published) and len(boot) == session.boot_edges
    if not changes and whole and told_apart == recording.edges:
        return None  # every edge was recorded where the log says
    rebuilt = replace(
        session,
        commands=[window.command for window in kept],
        recording=replace(recording, edges=told_apart, late_edges=[]),
        sync_ms=sync_ms,
        boot_edges=len(boot),
        figures=[],
        notes=[],
    )
    return Correction(rebuilt, tuple(changes or [Change("told-by-log")]))
