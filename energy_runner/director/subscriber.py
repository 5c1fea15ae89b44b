# SPDX-License-Identifier: Apache-2.0
"""Subscribers to the events of a run, and the isolation of functions that are called with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from energy_runner.director.live import LiveEvent
from instruments.clock import RealClock, to_ns

Listener = Callable[[LiveEvent], object]
# A listener is called between two polls of the instruments; their buffers do not hold much more than this.
STALL_S = 1.0
_STALL_NS = to_ns(STALL_S)


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
    """A function that is called with each event in the run's own thread, and has `STALL_S` seconds for each."""

    def __init__(self, listener: Listener) -> None:
        self.name = str(getattr(listener, "__qualname__", type(listener).__name__))
        self._listener = listener
        self._clock = RealClock()  # a virtual clock stands still while the function runs

    def offer(self, event: LiveEvent) -> Failure | None:
        """Call the function with an event."""
        before_ns = self._clock.now_ns()
        try:
            self._listener(event)
        except BaseException as error:
            return Failure(self, f"it raised {type(error).__name__}: {' '.join(str(error).split())[:200]}", error)
        taken_ns = self._clock.now_ns() - before_ns
        return Failure(self, f"it took {taken_ns / 1e9:.1f} s for one event") if taken_ns > _STALL_NS else None

    def end(self, why: str = "") -> None:
        """Do nothing: a function need not know."""
