# SPDX-License-Identifier: Apache-2.0
"""Who may watch a run, and the fence around a function that does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from energy_runner.director.live import LiveEvent
from instruments.clock import RealClock, to_ns

Listener = Callable[[LiveEvent], object]
# A listener is called between two polls of the instruments; their buffers do not wait much longer than this.
STALL_S = 1.0
_STALL_NS = to_ns(STALL_S)


@dataclass(frozen=True)
class Failure:
    """Why a subscriber must be detached, and what it raised, if it did."""

    subscriber: "Subscriber"
    why: str
    error: BaseException | None = None


class Subscriber(Protocol):
    """Something that events are offered to."""

    name: str

    def offer(self, event: LiveEvent) -> Failure | None:
        """Take an event; return why this subscriber must be detached, if it must."""

    def end(self, why: str = "") -> None:
        """Hear that no more events come, and why if the run goes on without this subscriber."""


class Called:
    """A function that is called with each event, in the run's own thread; `STALL_S` is its time for one."""

    def __init__(self, listener: Listener) -> None:
        self.name = str(getattr(listener, "__qualname__", type(listener).__name__))
        self._listener = listener
        self._clock = RealClock()  # a virtual one stands still while the function takes its time

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
        """Do nothing: a function needs no end."""
