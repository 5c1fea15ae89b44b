# SPDX-License-Identifier: Apache-2.0
"""Where a region lies among the samples, and which windows it meets.

Two markers that lie within a sample of two edges of windows mean these edges: the region then begins and ends
where the result has them, to all digits. Any other marker stays where it was set.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import align
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.folder import RESULT, Session
from energy_runner.session.result import Result, WindowUncertainty
from energy_runner.wording import short_time

WITHIN = 1.0  # samples: a marker so near an edge means it
# A marker is a time in decimal digits, whose product with the rate misses a whole sample by rounding only.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Window:
    """A timed window: its edges in samples, its inferences, and its figures as the result has them."""

    index: int
    start: float
    stop: float
    inferences: int
    energy_j: float | None = None
    uncertainty: WindowUncertainty | None = None


@dataclass(frozen=True)
class Place:
    """A region in samples. `on_edges` says that both of its ends are edges of windows.

    `notes` says where it does not lie as it was asked for.
    """

    start: float
    stop: float
    on_edges: bool = False
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """Return the first sample that the region touches."""
        return math.floor(self.start)

    @property
    def last(self) -> int:
        """Return the sample behind the last one that it touches."""
        return math.ceil(self.stop)

    def covers(self, window: Window) -> bool:
        """Return whether a window lies inside, to within a sample."""
        return self.start - WITHIN < window.start and window.stop < self.stop + WITHIN

    def overlap(self, window: Window) -> float:
        """Return which share of a window lies inside."""
        shared = min(self.stop, window.stop) - max(self.start, window.start)
        return min(1.0, max(0.0, shared) / (window.stop - window.start))


def find_place(start_s: float, stop_s: float, source: EnergySource, windows: Sequence[Window]) -> Place:
    """Return where the region from `start_s` to `stop_s` (s since sample 0) lies among the samples.

    What lies beyond the trace is left out, and a note says so. Raises `ConfigurationError` for markers that are no
    region of this trace.
    """
    asked = f"the region from {start_s:.9g} s to {stop_s:.9g} s"
    if not (math.isfinite(start_s) and math.isfinite(stop_s)):
        raise ConfigurationError(f"{asked} was asked for, which is no stretch of time. Try: two numbers")
    if not start_s < stop_s:
        raise ConfigurationError(f"{asked} has no length. Try: a stop after the start")
    if not source.length:
        raise ConfigurationError(f"{asked} was asked for, and the trace holds no sample yet. Try: later")
    whole_s = source.length * source.step_s
    start, stop = _position(start_s, source), _position(stop_s, source)
    if stop <= 0 or start >= source.length:
        raise ConfigurationError(f"{asked} lies outside the trace. Try: between 0 and {whole_s:.9g} s")
    notes = []
    if start < 0 or stop > source.length:
        ends = f"0 to {whole_s:.9g} s"
        notes.append(f"the region was asked for beyond the trace, which has {ends}: what lies beyond is left out")
    start, stop = max(0.0, start), min(float(source.length), stop)
    if not start < stop:
        raise ConfigurationError(f"{asked} has no length. Try: a stop after the start")
    on_edges = _on_edges(start, stop, source, windows)
    if on_edges is None:
        return Place(start, stop, notes=tuple(notes))
    begin, end = on_edges
    if (begin, end) != (start, stop):
        step = short_time(source.step_s)
        notes.append(f"both markers lie within a sample ({step}) of edges of windows, and were taken to be these")
    return Place(begin, end, on_edges=True, notes=tuple(notes))


def windows_of(session: Session, facts: Facts, clock: Clock, period_s: float) -> tuple[list[Window], list[str]]:
    """Return the windows as the result places them, and what is to be said of that.

    Without a result, windows are where the edges are, and have no figures.
    """
    by_edges = _by_edges(facts, clock)
    try:
        result = session.result()
    except SessionError:
        has = (session.path / RESULT).is_file()
        why = "its result cannot be read" if has else "the session has no result"
        return list(by_edges.values()), [f"{why}: windows lie where their edges are, and have no figures"]
    return _by_result(result, facts.rail, period_s, by_edges), []


def _by_result(result: Result, rail: str | None, period_s: float, by_edges: Mapping[int, Window]) -> list[Window]:
    own = next((one.windows for one in result.rails if one.name == rail), result.windows)
    found = []
    for one in own:
        if one.start_s is None or one.stop_s is None or not 0 <= one.start_s < one.stop_s or one.inferences < 1:
            continue
        start, stop = one.start_s / period_s, one.stop_s / period_s
        edges = by_edges.get(one.index)
        if edges is not None:
            start, stop = _exact(start, edges.start), _exact(stop, edges.stop)
        found.append(Window(one.index, start, stop, one.inferences, one.energy_j, one.uncertainty))
    return found


def _exact(by_result: float, by_edge: float) -> float:
    """Return a place in the result to its last bit, where it is that of an edge.

    It is written as a time. Which sample holds an edge between two of them hangs on that bit.
    """
    return by_edge if abs(by_edge - by_result) <= _ROUNDING else by_result


def _by_edges(facts: Facts, clock: Clock) -> dict[int, Window]:
    matching = match_edges(facts)
    placed_of = {
        id(matched.command.inference): placed
        for matched, placed in zip(matching.windows(), align(facts, matching, clock).windows, strict=True)
    }
    pairs = [(placed_of.get(id(done)), done) for done in facts.windows()]
    return {
        index: Window(index, placed.start, placed.stop, done.inferences)
        for index, (placed, done) in enumerate(pairs)
        if placed is not None and 0 <= placed.start < placed.stop
    }


def _on_edges(
    start: float, stop: float, source: EnergySource, windows: Sequence[Window]
) -> tuple[float, float] | None:
    """Return the edges of windows that two markers mean; None unless both mean one."""
    edges = [edge for window in windows for edge in (window.start, window.stop) if edge <= source.length]
    if not edges:
        return None
    begin, end = (min(edges, key=lambda edge: abs(edge - marker)) for marker in (start, stop))
    near = abs(begin - start) < WITHIN and abs(end - stop) < WITHIN
    return (begin, end) if near and begin < end else None


def _position(at_s: float, source: EnergySource) -> float:
    return _whole(at_s / source.step_s)


def _whole(position: float) -> float:
    """Return a position without the rounding of the time that it was computed from."""
    nearest = float(round(position)) if abs(position) < 2.0**53 else position
    return nearest if abs(position - nearest) <= _ROUNDING else position
