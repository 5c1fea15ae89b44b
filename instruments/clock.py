# SPDX-License-Identifier: Apache-2.0
"""The only place that knows the time of day: a real clock and a virtual one behind one interface.

Deadlines are passed down instead of time-outs, so that a step made of ten waits still ends on time. The virtual
clock is a heap of scheduled events, on which the twins schedule theirs. Waiting ten virtual seconds takes only as
long as handling the events that fall in them.
"""

import heapq
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

NS_PER_S = 1_000_000_000
# Virtual time starts on a day that cannot be mistaken for that of a real measurement: 2000-01-01T00:00:00Z.
VIRTUAL_EPOCH_UTC_NS = 946_684_800 * NS_PER_S


def to_ns(duration_s: float) -> int:
    """Return a duration in whole nanoseconds, from seconds."""
    return round(duration_s * NS_PER_S)


class Clock(ABC):
    """All that code may know of time: host time, the time of day, sleeping and deadlines."""

    virtual: bool

    @abstractmethod
    def now_ns(self) -> int:
        """Return host time in nanoseconds since an arbitrary origin; it never goes backwards."""

    @abstractmethod
    def utc_ns(self) -> int:
        """Return the time of day in nanoseconds since 1970-01-01T00:00:00Z."""

    @abstractmethod
    def sleep(self, duration_s: float) -> None:
        """Let `duration_s` seconds pass."""

    def deadline(self, after_s: float) -> "Deadline":
        """Return the deadline `after_s` seconds from now."""
        return Deadline(self, self.now_ns() + to_ns(after_s))


@dataclass(frozen=True)
class Deadline:
    """A point in time at which a wait must end."""

    clock: Clock
    at_ns: int

    def remaining_s(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0, self.at_ns - self.clock.now_ns()) / NS_PER_S

    def expired(self) -> bool:
        """Return whether the deadline has passed."""
        return self.clock.now_ns() >= self.at_ns

    def at_most(self, after_s: float) -> "Deadline":
        """Return the earlier of this deadline and the one `after_s` seconds from now."""
        return Deadline(self.clock, min(self.at_ns, self.clock.now_ns() + to_ns(after_s)))


class RealClock(Clock):
    """The host's clock."""

    virtual = False

    def now_ns(self) -> int:
        """Return the host's monotonic time in nanoseconds."""
        return time.monotonic_ns()

    def utc_ns(self) -> int:
        """Return the host's time of day in nanoseconds since 1970."""
        return time.time_ns()

    def sleep(self, duration_s: float) -> None:
        """Block for `duration_s` seconds; return at once if that is negative, as after a deadline."""
        time.sleep(max(0.0, duration_s))


@dataclass(eq=False, slots=True)
class Scheduled:
    """An event on the virtual clock, which `cancel()` revokes."""

    at_ns: int
    order: int
    action: Callable[[], None]
    cancelled: bool = False

    def __lt__(self, other: "Scheduled") -> bool:
        """Return whether this event happens before the other one."""
        return self.order < other.order if self.at_ns == other.at_ns else self.at_ns < other.at_ns

    def cancel(self) -> None:
        """Revoke the event, so that its action is never called."""
        self.cancelled = True


class VirtualClock(Clock):
    """A clock that advances only while code waits; events happen in order of time, then of scheduling."""

    virtual = True

    def __init__(self) -> None:
        self._now_ns = 0
        self._order = 0
        self._heap: list[Scheduled] = []

    def now_ns(self) -> int:
        """Return virtual nanoseconds since the start of the world."""
        return self._now_ns

    def utc_ns(self) -> int:
        """Return the virtual time of day; the world starts at 2000-01-01T00:00:00Z."""
        return VIRTUAL_EPOCH_UTC_NS + self._now_ns

    def sleep(self, duration_s: float) -> None:
        """Advance virtual time by `duration_s` seconds; all events in that time happen."""
        self.advance_to(self._now_ns + to_ns(duration_s))

    def call_at(self, at_ns: int, action: Callable[[], None]) -> Scheduled:
        """Schedule `action` at `at_ns`; if that is in the past, it happens as soon as time advances."""
        event = Scheduled(max(at_ns, self._now_ns), self._order, action)
        self._order += 1
        heapq.heappush(self._heap, event)
        return event

    def call_after(self, delay_ns: int, action: Callable[[], None]) -> Scheduled:
        """Schedule `action` in `delay_ns` nanoseconds."""
        return self.call_at(self._now_ns + delay_ns, action)

    def next_event_ns(self) -> int | None:
        """Return when the next event is due (virtual ns), or None if nothing is scheduled."""
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].at_ns if self._heap else None

    def advance_to(self, at_ns: int) -> None:
        """Advance time to `at_ns`; every event up to and including that moment happens."""
        self.run_until(lambda: False, Deadline(self, at_ns))

    def run_until(self, condition: Callable[[], bool], deadline: Deadline) -> bool:
        """Advance event by event until `condition()` holds or the deadline is reached; return whether it holds."""
        while not condition():
            due_ns = self.next_event_ns()
            if due_ns is None or due_ns > deadline.at_ns:
                self._now_ns = max(self._now_ns, deadline.at_ns)
                return condition()
            event = heapq.heappop(self._heap)
            self._now_ns = max(self._now_ns, event.at_ns)
            event.action()
        return True


def local_offset_s() -> int:
    """Return how far this computer's local time is ahead of UTC now, in seconds."""
    return time.localtime().tm_gmtoff


def utc_text(utc_ns: int) -> str:
    """Return nanoseconds since 1970 as ISO 8601 text with milliseconds, e.g. `2026-11-23T09:30:00.250Z`."""
    seconds, ns = divmod(utc_ns, NS_PER_S)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{ns // 1_000_000:03d}Z"
