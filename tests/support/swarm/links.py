# SPDX-License-Identifier: Apache-2.0
"""Links that go and come back, and calls on them that raise what no instrument raises."""

from collections.abc import Callable
from typing import Literal

from instruments.clock import Deadline
from instruments.errors import TimedOut, Unavailable
from instruments.links.base import Link

How = Literal["gone", "mute"]


class Away:
    """A link that is away from `start_ns` to `stop_ns` of its deadline's clock.

    "gone" is a cable that was pulled: every call fails, and what was open then stays dead until it is opened
    again. "mute" is one on which nothing arrives: writing is swallowed, reading brings nothing. From `ended_ns()`
    on, when the run is over, it stays as it is: what is asked then is how the run left it.
    """

    def __init__(
        self, inner: Link, start_ns: int, stop_ns: int, how: How, ended_ns: Callable[[], int | None] = lambda: None
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._span = (start_ns, stop_ns)
        self._how = how
        self._ended_ns = ended_ns
        self._dead = False

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        if self._away(deadline) and self._how == "gone":
            raise Unavailable(f"open {self.name}", "no such port (injected)")
        self._dead = False
        self._inner.open(deadline)

    def close(self) -> None:
        """Release the link."""
        self._inner.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send, unless the link is away."""
        if not self._away(deadline):
            self._alive("write to")
            self._inner.write(data, deadline)
        elif self._how == "gone":
            self._die()
            self._alive("write to")

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Read, unless the link is away."""
        if self._away(deadline) and self._how == "mute":
            self._inner.read(deadline.at_most(0.0), max_bytes)
            deadline.clock.sleep(deadline.remaining_s())
            return b""
        if self._away(deadline):
            self._die()
        self._alive("read from")
        return self._inner.read(deadline, max_bytes)

    def _away(self, deadline: Deadline) -> bool:
        start_ns, stop_ns = self._span
        ended_ns = self._ended_ns()
        return start_ns <= (deadline.clock.now_ns() if ended_ns is None else ended_ns) < stop_ns

    def _die(self) -> None:
        if not self._dead:
            self._dead = True
            self._inner.close()

    def _alive(self, action: str) -> None:
        if self._dead:
            raise Unavailable(f"{action} {self.name}", "the device is gone (injected)", "check the cable")


class Switched:
    """A link that is sound until `live` says otherwise."""

    def __init__(self, sound: Link, faulty: Link, live: Callable[[], bool]) -> None:
        self.name = sound.name
        self._links = (sound, faulty)
        self._live = live

    @property
    def _now(self) -> Link:
        return self._links[self._live()]

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        self._now.open(deadline)

    def close(self) -> None:
        """Release the link."""
        self._now.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send."""
        self._now.write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Read."""
        return self._now.read(deadline, max_bytes)


class RaisingCall:
    """A link of which call number `at` (from 0) raises; `made` is called with what it raised."""

    def __init__(
        self, inner: Link, at: int, error: Callable[[], BaseException], made: Callable[[BaseException], None]
    ):
        self.name = inner.name
        self._inner = inner
        self._left = at
        self._error = error
        self._made = made

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        self._count()
        self._inner.open(deadline)

    def close(self) -> None:
        """Release the link; the port is closed also where the call raises."""
        self._inner.close()
        self._count()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send."""
        self._count()
        self._inner.write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Read."""
        self._count()
        return self._inner.read(deadline, max_bytes)

    def _count(self) -> None:
        self._left -= 1
        if self._left == -1:
            raised = self._error()
            self._made(raised)
            raise raised


class Slow:
    """A link of which every call takes `extra_s` more between `start_ns` and `stop_ns`: a busy host."""

    def __init__(self, inner: Link, start_ns: int, stop_ns: int, extra_s: float) -> None:
        self.name = inner.name
        self._inner = inner
        self._span = (start_ns, stop_ns)
        self._extra_s = extra_s

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        self._wait(deadline)
        self._inner.open(deadline)

    def close(self) -> None:
        """Release the link."""
        self._inner.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send, late."""
        self._wait(deadline)
        if deadline.expired():
            raise TimedOut(f"write to {self.name}", "the host was busy (injected)")
        self._inner.write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Read, late."""
        self._wait(deadline)
        return self._inner.read(deadline, max_bytes)

    def _wait(self, deadline: Deadline) -> None:
        start_ns, stop_ns = self._span
        if start_ns <= deadline.clock.now_ns() < stop_ns:
            deadline.clock.sleep(self._extra_s)
