# SPDX-License-Identifier: Apache-2.0
"""Sessions whose facts are all known before anything is written: those of other runners.

They are written to be kept, or held with their samples in memory while an analysis lasts: writing and reading a
trace takes longer than the whole rest of an audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.session.events import AnyEvent
from energy_runner.session.folder import JOURNAL, TRACE, Session, create_session, write_record, write_sealed
from energy_runner.session.journal import LATEST_NS, Journal, JournalWriter
from energy_runner.session.record import Record, environment
from energy_runner.session.trace import Float32Array, TraceReader, TraceWriter

_MOST_HELD = 5000  # events; an energy session has a hundred, the longest accuracy session 48608


@dataclass(frozen=True)
class Samples:
    """Energy in joule for each `period_s` seconds, missing ones NaN; `edges` are positions in samples."""

    energy_j: Float32Array
    period_s: float
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a session is made of; without `samples` it has no trace."""

    record: Record
    events: Sequence[AnyEvent]
    samples: Samples | None = None


def write_session(facts: Facts, out: Path) -> Session:
    """Write a session into `out`, completely or not at all, and open it.

    Raises `ConfigurationError` if `out` is neither empty nor absent.
    """
    existed = out.exists()
    folder = create_session(out.parent, out.name, out)
    try:
        write_record(folder, facts.record)
        _write_journal(folder, facts.events)
        if facts.samples is not None:
            _write_trace(folder, facts.samples)
        write_sealed(folder, facts.record.model_copy(update={"environment": environment()}))
    except BaseException:
        for item in folder.iterdir():
            item.unlink()
        if not existed:
            folder.rmdir()
        raise
    return Session.open(folder)


def hold_session(facts: Facts, folder: Path) -> Session:
    """Return a session whose trace is held in memory, and its journal too unless it is long.

    A long journal is in the new `folder`. So is one with times that no journal may have: reading it says so.
    Without such a journal (see `fits_memory`) there is no folder.
    """
    if fits_memory(facts):
        return _HeldSession(folder, facts.record, facts.samples, tuple(facts.events))
    folder.mkdir()
    _write_journal(folder, facts.events)
    return _HeldSession(folder, facts.record, facts.samples)


def fits_memory(facts: Facts) -> bool:
    """Return whether the journal of these facts is held in memory."""
    return len(facts.events) <= _MOST_HELD and all(0 <= event.t_ns <= LATEST_NS for event in facts.events)


@dataclass(frozen=True)
class _HeldSession(Session):
    samples: Samples | None = None
    events: tuple[AnyEvent, ...] | None = None

    def journal(self, *, exchanges: bool = True) -> Journal:
        if self.events is None:
            return super().journal(exchanges=exchanges)
        return _HeldJournal(self.path / JOURNAL, self.events)

    def has_trace(self) -> bool:
        return self.samples is not None

    def trace(self, rail: str | None = None) -> TraceReader:
        if self.samples is None:
            raise SessionError("the session holds no samples")
        return _HeldTrace(self.samples)


class _HeldJournal(Journal):
    """The events of a held session, read as from a file."""

    def __init__(self, path: Path, events: tuple[AnyEvent, ...]) -> None:
        super().__init__(path)
        self._kept = events

    @property
    def torn(self) -> bool:
        return False


class _HeldTrace(TraceReader):
    """The samples of a held session, read as from a trace file."""

    def __init__(self, samples: Samples) -> None:
        self._energy_j = samples.energy_j
        self.period_s = samples.period_s
        self.signals = [("energy", "J")]
        self.length = len(samples.energy_j)

    def read(self, signal: str, start: int, stop: int, *, check: bool = True) -> Float32Array:
        if signal != "energy" or not 0 <= start <= stop <= self.length:
            raise SessionError(f"samples {start}..{stop} of {signal} do not exist")
        return self._energy_j[start:stop]

    def close(self) -> None:
        """Release nothing."""


def _write_journal(folder: Path, events: Sequence[AnyEvent]) -> None:
    journal = JournalWriter(folder / JOURNAL)
    try:
        for event in events:
            journal.write(event)
    finally:
        journal.close()


def _write_trace(folder: Path, samples: Samples) -> None:
    with TraceWriter(folder / TRACE, [("energy", "J")], samples.period_s) as trace:
        trace.append(0, [samples.energy_j])
        for number, position in enumerate(samples.edges):
            if position < len(samples.energy_j):
                trace.edge(position, f"edge {number}")
