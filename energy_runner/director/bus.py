# SPDX-License-Identifier: Apache-2.0
"""One bus for the events of a run: the journal is its first subscriber, and the only one that may stop the run.

All other subscribers are isolated. One that raises, stalls or does not read is detached, with a remark in the
journal, and the run continues without it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from energy_runner.director.event_queue import CAPACITY, EventQueue
from energy_runner.director.live import LinkText, LiveEvent, Progress, SampleBlock
from energy_runner.director.subscriber import Called, Failure, Listener, Subscriber
from energy_runner.session.events import AnyEvent, Exchange, JournalSealed, SamplesArrived, StreamChunk
from energy_runner.session.journal import Journal

# Bookkeeping of the journal, which subscribers do not receive.
UNSEEN = (Exchange, JournalSealed, SamplesArrived, StreamChunk)


class Bus:
    """Deliver the events of one run to its journal and to all subscribers.

    Call `fact` and `show` from the run's own thread only; `events` may be called from any.
    """

    def __init__(self, listeners: Iterable[Listener] = ()) -> None:
        self._called: tuple[Called, ...] = tuple(Called(listener) for listener in listeners)
        self._queues: tuple[EventQueue, ...] = ()
        self._lock = threading.RLock()
        self._write: Callable[[AnyEvent], None] = _no_journal_yet
        self._remark: Callable[[str], None] = lambda text: None
        self._journal: Path | None = None
        self._over = False

    def attach(self, write: Callable[[AnyEvent], None], remark: Callable[[str], None], journal: Path) -> None:
        """Make the journal the first subscriber: `write` puts a fact into the file `journal`, or raises."""
        with self._lock:
            self._write, self._remark, self._journal = write, remark, journal

    @property
    def watched(self) -> bool:
        """Return whether there are subscribers besides the journal."""
        return bool(self._called or self._queues)

    def events(self, capacity: int = CAPACITY) -> EventQueue:
        """Return the run's events from its beginning on, for a reader in any thread."""
        with self._lock:  # no fact may fall between the journal so far and the queue
            queue = EventQueue(capacity, self._past(), self._left)
            if self._over:
                queue.end()
            else:
                self._queues = (*self._queues, queue)
        return queue

    def fact(self, event: AnyEvent) -> None:
        """Record a fact and deliver it to all subscribers.

        Raises what the journal raises, and a `KeyboardInterrupt` or `SystemExit` that a subscriber raises; any
        other exception of a subscriber only detaches it.
        """
        with self._lock:
            self._write(event)
            failed = _offer(self._queues, event)
        self._detach(failed + _offer(self._called, event))

    def show(self, event: Progress | SampleBlock | LinkText) -> None:
        """Deliver something that is not recorded to all subscribers; raises as `fact` does."""
        self._detach(_offer(self._queues, event) + _offer(self._called, event))

    def close(self) -> None:
        """Inform all subscribers that no more events follow."""
        with self._lock:
            self._over = True
            subscribers: tuple[Subscriber, ...] = (*self._called, *self._queues)
            self._called = self._queues = ()
        for subscriber in subscribers:
            subscriber.end()

    # --- inside -------------------------------------------------------------------------------------------

    def _past(self) -> Iterator[AnyEvent]:
        """Yield the events that the journal holds so far, without its bookkeeping."""
        if self._journal is None:
            return iter(())
        journal = Journal(self._journal, exchanges=False, until=self._journal.stat().st_size)
        return (event for event in journal if not isinstance(event, UNSEEN))

    def _left(self, queue: EventQueue) -> None:
        with self._lock:
            self._queues = tuple(other for other in self._queues if other is not queue)

    def _detach(self, failures: list[Failure]) -> None:
        if not failures:
            return
        gone = [failure.subscriber for failure in failures]
        with self._lock:
            self._called = tuple(other for other in self._called if other not in gone)
            self._queues = tuple(other for other in self._queues if other not in gone)
        for failure in failures:
            failure.subscriber.end(failure.why)
            self._remark(f"{failure.subscriber.name} sees no more of this run: {failure.why}")
        for failure in failures:
            if failure.error is not None and not isinstance(failure.error, Exception):
                raise failure.error


def _offer(subscribers: Iterable[Subscriber], event: LiveEvent) -> list[Failure]:
    return [failure for subscriber in subscribers if (failure := subscriber.offer(event)) is not None]


def _no_journal_yet(event: AnyEvent) -> None:
    raise AssertionError(f"a {event.kind} came before there was a journal")
