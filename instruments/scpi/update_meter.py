# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI that shows only its latest readings, and says when they are new.

A reading that is not fetched before the next one is gone, and nothing tells how many are. But each fresh reading
is seen within one update of its completion; one that seems later than that has followed others that were missed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.roles import Lost, Note, OverRange, Samples, StreamItem
from instruments.scpi.records import ABSURD_ABOVE
from instruments.scpi.sample_counter import COUNTER_SLACK_S, SampleCounter
from instruments.scpi.session import ScpiSession

_WATCH_EVERY_S = 1.0
_LOOK_S = 0.02


@dataclass(frozen=True)
class UpdateDialect:
    """One meter's queries.

    `fresh` is a query, cleared by reading it, and the bit of its answer that means that an update was completed.
    `state` is a query and bits of its answer, each with what it means in words: the readings are over range.
    `decode` turns the answer to `values` into one number a signal: NaN for one that is missing, infinite for one
    that is over range.
    """

    begin: tuple[str, ...]
    fresh: tuple[str, int]
    state: tuple[str, dict[int, str]]
    values: str
    decode: Callable[[str], Sequence[float]]


class UpdateMeter:
    """The readings from `start` to `stop`; sample 0 is the first update that began after `start`."""

    def __init__(self, session: ScpiSession, clock: Clock, dialect: UpdateDialect) -> None:
        self.running = False
        self._session = session
        self._clock = clock
        self._dialect = dialect
        self._items: list[StreamItem] = []

    def start(self, period_s: float, deadline: Deadline) -> None:
        """Begin; the update in progress, which began before, is left out."""
        self._items, self._skip, self._noted = [], True, 0
        self._period_s, self._watched_ns = period_s, self._clock.now_ns()
        self._counter = SampleCounter(period_s, self._watched_ns, math.inf, max(0.0, period_s - COUNTER_SLACK_S))
        for command in self._dialect.begin:
            self._session.send(command, deadline)
        self._session.check("begin to read", deadline)
        self._fresh(deadline)
        self.running = True

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return the update that was completed since the last call; after an error, what was read is kept."""
        if self.running:
            self._look(deadline)
            if self._clock.now_ns() - self._watched_ns >= _WATCH_EVERY_S * NS_PER_S:
                self._watch(deadline)
        items, self._items = self._items, []
        return items

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Wait for the update in progress, and return it."""
        if self.running:
            soon = deadline.at_most(1.5 * self._period_s)
            while not self._look(deadline) and not soon.expired():
                self._clock.sleep(min(_LOOK_S, soon.remaining_s()))
            self._watch(deadline)
            self.running = False
        return self.poll(deadline)

    def _fresh(self, deadline: Deadline) -> bool:
        query, bit = self._dialect.fresh
        return bool(self._session.ask_whole(query, deadline) & bit)

    def _look(self, deadline: Deadline) -> bool:
        """Read the latest update if it is new; return whether it is."""
        asked_ns = self._clock.now_ns()
        if not self._fresh(deadline):
            return False
        query, meanings = self._dialect.state
        state = self._session.ask_whole(query, deadline)
        values = self._session.ask_word(self._dialect.values, deadline, self._dialect.decode)
        if self._skip:
            self._skip = False
            return True
        lost = self._counter.account(asked_ns, self._clock.now_ns(), 1)
        if lost is not None:
            self._items.append(lost)
        self._add(self._counter.next_index - 1, values, [text for bit, text in meanings.items() if state & bit])
        return True

    def _add(self, index: int, values: Sequence[float], over: list[str]) -> None:
        if any(math.isnan(value) for value in values):
            self._items.append(Lost(index, index + 1, 1, "the meter had no data (NAN)"))
            return
        found = [value if abs(value) <= ABSURD_ABOVE else math.nan for value in values]
        over += ["a reading is beyond the range"] if any(math.isnan(value) for value in found) else []
        self._items.append(Samples(index, tuple(np.array([value], dtype=np.float32) for value in found)))
        if over:
            self._items.append(OverRange(index, 1, "; ".join(over)))

    def _watch(self, deadline: Deadline) -> None:
        """Note errors since the last time."""
        self._watched_ns = self._clock.now_ns()
        after, self._noted = self._noted, self._counter.next_index
        for error in self._session.errors(deadline):
            text = f"error while it is read: {error}"
            before = self._counter.next_index + 1
            self._items.append(Note(text, suspicious=True, about="error", after=after, before=before))
