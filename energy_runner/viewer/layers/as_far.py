# SPDX-License-Identifier: Apache-2.0
"""A journal as far as it can be read: what is damaged is left out and named, the rest counts.

A page shows what there is. It also bounds time and memory: many layers read the journal, so the places of the
rarer lines in it are kept; and of kinds that can come a million times, the first are enough to place windows.
"""

import os
from array import array
from collections.abc import Callable, Iterator
from heapq import merge
from pathlib import Path

from energy_runner.analysis.facts import impossible
from energy_runner.errors import SessionError
from energy_runner.session import disk
from energy_runner.session import events as ev
from energy_runner.session.journal import LONGEST_LINE, Journal, line_kind

MOST_ALIKE = 20_000
_MANY = (ev.EdgeCaptured, ev.LapCaptured, ev.SamplesLost, ev.SamplesOverRange, ev.EdgesExpected)
# No figure of a page rests on them: marks are read by their layer, the stream is not read.
_LEFT_OUT = (ev.PhasesMarked, ev.StreamChunk, ev.JournalSealed)
# Several a second: their places are not kept, and they are read once, by who iterates over all.
_BULK = frozenset({b"samples-arrived", b"stream-chunk", b"monitor-time"})
_TRY = "Try: energy-runner check, which names what differs"


class AsFar(Journal):
    """The events of a journal up to the first line that cannot be read; `problems` says what was amiss.

    What was written after the first look is not seen. Iterating leaves out the marks of layers, the index of the
    stream, events with a number that no run can produce, and of each kind in `_MANY` those beyond `MOST_ALIKE`, of
    which `crowded` tells. `of` yields all of its kinds.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, exchanges=False)  # of all events; `of` yields them where they are asked for
        self.problems: list[str] = []
        self.crowded: set[str] = set()
        self._ats: dict[bytes, array[int]] | None = None  # places of lines, by kind; b"" for a kind unseen
        self._numbers: dict[bytes, array[int]] = {}

    def __iter__(self) -> Iterator[ev.AnyEvent]:
        counts: dict[str, int] = {}
        for event in self._readable(super().__iter__()):
            if isinstance(event, _LEFT_OUT):
                continue
            if doubt := impossible(event):
                self._note(f"{self._path.name}: holds {doubt}, which was left out")
                continue
            if isinstance(event, _MANY):
                counts[event.kind] = counts.get(event.kind, 0) + 1
                if counts[event.kind] > MOST_ALIKE:
                    self.crowded.add(event.kind)
                    continue
            yield event

    def of[E: ev.Event](self, *kinds: type[E]) -> Iterator[E]:
        """Yield the events of the given kinds as far as they can be read."""
        if self._ats is None:
            self._index()
        names = {str(kind.model_fields["kind"].default).encode() for kind in kinds}
        if names & _BULK and ev.Exchange in kinds:
            return self._readable(Journal(self._path, until=self._until).of(*kinds))
        return self._readable(super().of(*kinds))

    @property
    def torn(self) -> bool:
        """Return whether the last line was cut off; False for a file that cannot be read."""
        try:
            return super().torn
        except SessionError:
            return False

    def _lines(self, wanted: Callable[[bytes], bool]) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of the wanted lines, by their kept places where no kind of `_BULK` is wanted."""
        if self._ats is None:
            self._index()
        ats = self._ats or {}
        if any(wanted(kind) for kind in _BULK):
            yield from super()._lines(wanted)
            return
        kinds = [kind for kind in ats if kind == b"" or wanted(kind)]
        try:
            with disk.open_file(self._path) as file:
                for at, number in merge(*(zip(ats[kind], self._numbers[kind], strict=True) for kind in kinds)):
                    file.seek(at)
                    yield number, file.readline()
        except OSError as error:
            raise self._unreadable(error) from None

    def _index(self) -> None:
        """Keep where the lines of each kind begin, but for those of kinds that come by the hundred thousand."""
        self._ats, self._numbers = {}, {}
        at = 0
        try:
            with disk.open_file(self._path) as file:
                self._until = os.fstat(file.fileno()).st_size
                for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
                    if not line.endswith(b"\n") or at + len(line) > self._until:
                        return  # cut off, still being written, or longer than any event: said by who reads all
                    kind = line_kind(line)
                    if kind not in _BULK:
                        self._ats.setdefault(kind, array("q")).append(at)
                        self._numbers.setdefault(kind, array("q")).append(number)
                    at += len(line)
        except OSError:
            return  # said by who reads

    def _readable[T: ev.Event](self, events: Iterator[T]) -> Iterator[T]:
        try:
            yield from events
        except SessionError as error:
            self._note_error(error)

    def _note_error(self, error: SessionError) -> None:
        self._note(f"{error}; what comes before it is shown. {_TRY}")

    def _note(self, problem: str) -> None:
        if problem not in self.problems and len(self.problems) < 20:
            self.problems.append(problem)
