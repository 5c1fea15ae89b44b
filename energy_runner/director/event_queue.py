# SPDX-License-Identifier: Apache-2.0
"""The events of a run for one reader in a thread of its own: a bounded queue that never blocks the run."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Self

from energy_runner.director.live import LiveEvent, Transient
from energy_runner.director.subscriber import Failure
from energy_runner.errors import Detached
from energy_runner.session.events import AnyEvent

CAPACITY = 4096
# An unlimited wait cannot be interrupted on every system, so it is cut into turns.
_TURN_S = 0.2


class EventQueue:
    """An iterator over the events of a run; it ends when the run has ended.

    Progress, sample blocks and text of links are dropped while the queue is at least half full; `dropped` counts
    them. Facts are never dropped: when they fill an unread queue, it is detached, and the iterator raises
    `Detached` once everything before has been read. Facts from before the subscription are read from the journal.
    """

    def __init__(
        self,
        capacity: int = CAPACITY,
        past: Iterator[AnyEvent] | None = None,
        leave: Callable[["EventQueue"], None] | None = None,
    ) -> None:
        self.name = "an event queue"
        self.dropped = 0
        self._capacity = capacity
        self._past = past
        self._leave = leave
        self._events: deque[LiveEvent] = deque()
        self._changed = threading.Condition()
        self._over = False
        self._why = ""

    def offer(self, event: LiveEvent) -> Failure | None:
        """Put an event in, without waiting; return why this subscriber must be detached, if it must."""
        with self._changed:
            if isinstance(event, Transient):
                if len(self._events) >= self._capacity // 2:
                    self.dropped += 1
                    return None
            elif len(self._events) >= self._capacity:
                return Failure(self, f"{self._capacity} events wait and are not read")
            self._events.append(event)
            self._changed.notify_all()
        return None

    def end(self, why: str = "") -> None:
        """End the iterator once all its events have been read; with an error if `why` is given."""
        with self._changed:
            self._over = True
            self._why = self._why or why
            self._changed.notify_all()

    def close(self) -> None:
        """Leave the run; safe to call twice, and after its end."""
        if self._leave is not None:
            self._leave(self)
        self.end()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LiveEvent:
        if self._past is not None:
            for event in self._past:
                return event
            self._past = None
        with self._changed:
            while not self._events:
                if self._over and self._why:
                    raise Detached(f"these events end before their run: {self._why}. Try: read them faster")
                if self._over:
                    raise StopIteration
                self._changed.wait(_TURN_S)
            return self._events.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
