# SPDX-License-Identifier: Apache-2.0
"""What all layers of a session are made of: facts, result, windows and the place of host times; read once.

Nothing here raises for a session that is damaged, unfinished or of another version: what cannot be had is left
out, and `problems` says why and what to try.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property

from energy_runner.analysis.energy.recorded import recorded_clock
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.levels.traffic import traffic_of
from energy_runner.analysis.placing.alignment import Alignment, align
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.placing.edges import Matching, match_edges
from energy_runner.errors import RunnerError, SessionError
from energy_runner.session.events import InferenceDone, RunStarted
from energy_runner.session.folder import JOURNAL, RESULT, Session
from energy_runner.session.result import Result, WindowResult
from energy_runner.viewer.layers.as_far import MOST_ALIKE, AsFar
from energy_runner.viewer.layers.host_times import HostTimes, host_times
from energy_runner.viewer.plain_text import own

# Whatever a hostile file makes the analysis raise is a problem to be named, not an end of the page.
DAMAGE = (RunnerError, OSError, ValueError, ArithmeticError, LookupError, TypeError, RecursionError)
MOST_WINDOWS = 100_000
_LOSSES = frozenset({"samples-lost", "samples-over-range"})


@dataclass(frozen=True)
class Window:
    """A window in the time of the trace; `edge_s` is the limit of the error of either edge, None if not known.

    Of one of several rails, `rail`, the figures in `result` are its own, and `together` has those of all rails.
    """

    index: int
    start_s: float | None
    stop_s: float | None
    inferences: int
    file: str
    edge_s: float | None = None
    result: WindowResult | None = None
    rail: str | None = None
    together: WindowResult | None = None


class Seen:
    """A session as its layers see it; of several rails, `rail` or the first."""

    def __init__(self, session: Session, rail: str | None = None) -> None:
        self.session = session
        self.rail = rail
        self.problems: list[str] = []
        self.journal = AsFar(session.path / JOURNAL)

    @contextmanager
    def careful(
        self, what: str, advice: str = "Try: energy-runner check, which names what differs"
    ) -> Iterator[None]:
        """Note a problem where the body cannot read something, and go on."""
        try:
            yield
        except DAMAGE as error:
            why = str(error) or type(error).__name__
            self.note(f"{what}: {why}{'' if 'Try: ' in why else f'. {advice}'}")

    def read(self) -> None:
        """Read all that layers rest on, so that it can be used without a lock from now on."""
        _ = self.result, self.facts, self.clock, self.alignment, self.begun, self.times, self.windows

    def read_so_far(self) -> None:
        """Take over what was found amiss in the journal."""
        for problem in list(self.journal.problems):
            self.note(problem)

    def note(self, problem: str) -> None:
        """Add a problem, once, without the path of the session in it."""
        text = own(problem.replace(f"{self.session.path}/", ""))
        if text not in self.problems:
            self.problems.append(text)

    @cached_property
    def result(self) -> Result | None:
        """Return the result as it was written; None without one that can be read."""
        if not (self.session.path / RESULT).is_file():
            again = "" if self.session.record.outcome == "running" else ". Try: energy-runner analyze"
            self.note(f"{RESULT}: there is none yet, so that no energies are shown{again}")
            return None
        with self.careful("the result", "Try: energy-runner analyze, which derives it again"):
            return self.session.result()
        return None

    @cached_property
    def facts(self) -> Facts:
        """Return the facts, as far as the journal can be read; none where a number in it cannot be."""
        found = Facts()
        with self.careful("the journal"):
            found = gather(self.journal, self.rail)
        self.read_so_far()
        for kind in sorted(self.journal.crowded):
            less = "" if kind in _LOSSES else "; edges are not matched with commands"
            self.note(f"{JOURNAL}: more than {MOST_ALIKE} events of the kind {kind}{less}; the layers show all")
        if found.torn and self.session.record.outcome != "running":
            self.note(f"{JOURNAL}: its last line was cut off, as where a run was killed")
        elif found.torn:
            self.note(f"{JOURNAL}: its last line is not complete: the run goes on, or was killed")
        if found.unknown:
            count = sum(found.unknown.values())
            self.note(f"{JOURNAL}: {count} events of kinds unknown to this version. Try: a newer energy-runner")
        return found

    @cached_property
    def clock(self) -> Clock:
        """Return what a sample lasts as a multiple of its stated period, as the analysis takes it."""
        with self.careful("the sample clock"):
            return recorded_clock(self.facts)[1]
        return Clock()

    @property
    def sampled(self) -> bool:
        """Return whether samples were taken, so that there is a time of the trace."""
        return self.facts.monitor is not None and bool(self.facts.started)

    @property
    def period_s(self) -> float | None:
        """Return the stated sample period, s; None where nothing was sampled."""
        return self.facts.monitor.period_s if self.facts.monitor is not None and self.facts.started else None

    @property
    def step_s(self) -> float | None:
        """Return what a sample lasts, s: positions times this are seconds of the trace."""
        return self.period_s * self.clock.factor if self.period_s is not None else None

    @cached_property
    def matching(self) -> Matching | None:
        """Return which edge belongs to which command; None where that cannot be told, or for countless edges."""
        facts = self.facts
        if not self.sampled or self.journal.crowded & {"edge-captured", "lap-captured", "edges-expected"}:
            return None
        with self.careful("the edges"):
            return match_edges(facts)
        return None

    @cached_property
    def alignment(self) -> Alignment | None:
        """Return where the windows lie by the edges alone; None where that cannot be told."""
        if self.matching is None:
            return None
        with self.careful("the place of the windows"):
            return align(self.facts, self.matching, self.clock)
        return None

    @cached_property
    def begun(self) -> RunStarted | None:
        """Return the event with which the run began."""
        return next(iter(self.journal.of(RunStarted)), None)

    @cached_property
    def times(self) -> HostTimes:
        """Return how host times are placed in the trace."""
        facts = self.facts
        resolution_s = 0.0
        if self.session.record.origin is not None:
            with suppress(*DAMAGE):
                resolution_s = traffic_of(self.session).resolution_s
        with self.careful("host times"):
            # An imported journal has no such event, and begins with whatever its log tells first.
            first = self.begun if self.begun is not None else next(iter(self.journal), None)
            begun_ns = first.t_ns if first is not None else None
            return host_times(facts, self.alignment, begun_ns, self.clock.factor, resolution_s)
        return HostTimes(why_not="the times of the journal cannot be placed")

    @cached_property
    def windows(self) -> list[Window]:
        """Return the windows: as the result has them, else by the edges, else by the DUT's lines."""
        done = self._inferences()
        known = self.result.windows[:MOST_WINDOWS] if self.result is not None else []
        count = max(len(known), len(done))
        found = [
            self._window(k, known[k] if k < len(known) else None, done[k] if k < len(done) else None)
            for k in range(count)
        ]
        return self._of_rail(found)

    def _of_rail(self, found: list[Window]) -> list[Window]:
        """Return windows with the figures of the rail whose trace is shown: those of the sum are of no trace."""
        rails = self.result.rails if self.result is not None and len(self.facts.rails) > 1 else []
        own = next((one for one in rails if one.name == self.facts.rail), None)
        if own is None:
            return found
        by_index = {one.index: one for one in own.windows}
        return [
            replace(one, result=by_index.get(one.index), rail=own.name, together=one.result)
            if one.result is not None
            else one
            for one in found
        ]

    def _inferences(self) -> list[InferenceDone]:
        found: list[InferenceDone] = []
        with self.careful("the windows"):
            for inference in self.facts.inferences:
                if inference.purpose == "window":
                    found.append(inference)
                if len(found) == MOST_WINDOWS:
                    self.note(f"more than {MOST_WINDOWS} windows: the others are not shown")
                    break
        return found

    def _window(self, index: int, known: WindowResult | None, done: InferenceDone | None) -> Window:
        step_s, placed = self.step_s, None
        if self.alignment is not None and index < len(self.alignment.windows):
            placed = self.alignment.windows[index]
        edge_s = placed.half_width * step_s if placed is not None and step_s is not None else None
        start_s = stop_s = None
        if known is not None and known.start_s is not None and known.stop_s is not None:
            # The result counts stated periods; the time of the trace has the clock that the run found.
            start_s, stop_s = known.start_s * self.clock.factor, known.stop_s * self.clock.factor
        elif placed is not None and step_s is not None and (known is None or known.energy_j is None):
            start_s, stop_s = placed.start * step_s, placed.stop * step_s
        elif done is not None and step_s is None:
            start_s, stop_s = self.times.place(done.start_line_ns), self.times.place(done.done_line_ns)
            edge_s = self.times.u_s
        inferences = known.inferences if known is not None else done.inferences if done is not None else 0
        return Window(index, start_s, stop_s, inferences, self._file(known, done), edge_s, known)

    def _file(self, known: WindowResult | None, done: InferenceDone | None) -> str:
        if known is not None:
            return known.file
        stimuli = self.session.record.stimuli
        return stimuli[done.stimulus].file if done is not None and 0 <= done.stimulus < len(stimuli) else ""


def trace_or_none(session: Session) -> bool:
    """Return whether the session has a trace, without raising."""
    try:
        return session.has_trace()
    except (OSError, SessionError):
        return False
