# SPDX-License-Identifier: Apache-2.0
"""Subscribers to the events of a run, and the isolation of functions that are called with them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from energy_runner.director.live import LiveEvent
from instruments.errors import named, one_line

Listener = Callable[[LiveEvent], object]
# A listener is called between two polls of the instruments; their buffers do not hold much more than this.
STALL_S = 1.0
_LONGEST = 200  # characters of a stranger's message that a remark repeats


@dataclass(frozen=True)
class Failure:
    """Why a subscriber must be detached, and what it raised, if anything."""

    subscriber: "Subscriber"
    why: str
    error: BaseException | None = None


class Subscriber(Protocol):
    """Something that events are offered to."""

    name: str

    def offer(self, event: LiveEvent) -> Failure | None:
        """Take an event; return why this subscriber must be detached, if it must."""

    def end(self, why: str = "") -> None:
        """Take note that no more events follow, and why if the run continues without this subscriber."""


class Called:
    """A function that is called with each event, and has `STALL_S` seconds for each.

    It is called in a thread of its own while the run waits for it. So one that never returns, or that waits for
    the run's own end, can be left behind, and the supply goes off all the same.
    """

    def __init__(self, listener: Callable[[Any], object]) -> None:
        self.name = one_line(getattr(listener, "__qualname__", type(listener).__name__))
        self._listener = listener
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._returned: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stalled = False

    def offer(self, event: Any) -> Failure | None:
        """Call the function with an event."""
        if self._thread is None:
            # A process may end while a listener that was left behind still runs.
            thread = threading.Thread(target=self._body, name=f"energy-runner {self.name}", daemon=True)
            try:
                thread.start()
            except RuntimeError as refusal:  # Python starts no threads once the main program has ended
                return Failure(self, f"it cannot be called: {one_line(refusal)}")
            self._thread = thread
        self._events.put(event)
        try:
            error = self._returned.get(timeout=STALL_S)
        except Empty:
            self._stalled = True
            return Failure(self, f"it took more than {STALL_S:g} s for one event")
        if error is not None:
            return Failure(self, f"it raised {named(error)[:_LONGEST]}", error)
        return None

    def end(self, why: str = "") -> None:
        """Let the function's thread end; the function itself need not know."""
        self._events.put(None)
        if self._thread is not None and not self._stalled:
            self._thread.join(STALL_S)

    def _body(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._listener(event)
            except BaseException as error:
                self._returned.put(error)
            else:
                self._returned.put(None)
