# SPDX-License-Identifier: Apache-2.0
"""A journal as far as it can be read: where a line is damaged, what comes before it counts.

A page shows what there is. It also bounds what a journal may fill the memory with: of kinds that can come a
million times, the first are enough to place windows, and the layers read them again into arrays.
"""

from collections.abc import Iterator
from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.journal import Journal

MOST_ALIKE = 20_000
_MANY = (ev.EdgeCaptured, ev.LapCaptured, ev.SamplesLost, ev.SamplesOverRange, ev.EdgesExpected)
_TRY = "Try: energy-runner check, which names what differs"


class AsFar(Journal):
    """The events of a journal up to the first that cannot be read; `problems` says what was amiss.

    Iterating leaves out the marks of layers, and of each kind in `_MANY` those beyond `MOST_ALIKE`; `crowded`
    names the kinds of which some were left out. `of` yields all.
    """

    def __init__(self, path: Path, *, exchanges: bool = True) -> None:
        super().__init__(path, exchanges=exchanges)
        self.problems: list[str] = []
        self.crowded: set[str] = set()

    def __iter__(self) -> Iterator[ev.AnyEvent]:
        counts: dict[str, int] = {}
        for event in self._readable(super().__iter__()):
            if isinstance(event, ev.PhasesMarked):
                continue
            if isinstance(event, _MANY):
                counts[event.kind] = counts.get(event.kind, 0) + 1
                if counts[event.kind] > MOST_ALIKE:
                    self.crowded.add(event.kind)
                    continue
            yield event

    def of[E: ev.Event](self, *kinds: type[E]) -> Iterator[E]:
        """Yield the events of the given kinds as far as they can be read."""
        return self._readable(super().of(*kinds))

    @property
    def torn(self) -> bool:
        """Return whether the last line was cut off; False for a file that cannot be read."""
        try:
            return super().torn
        except SessionError:
            return False

    def _readable[T: ev.Event](self, events: Iterator[T]) -> Iterator[T]:
        try:
            yield from events
        except SessionError as error:
            problem = f"{error}; what comes before it is shown. {_TRY}"
            if problem not in self.problems:
                self.problems.append(problem)
