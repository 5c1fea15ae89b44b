# SPDX-License-Identifier: Apache-2.0
"""A link to an instrument that loses a command which follows another one too closely."""

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.links.base import ScpiLink


class PacedLink:
    """A `ScpiLink` that waits until `pause_s` seconds have passed since the last line before it sends one."""

    def __init__(self, link: ScpiLink, clock: Clock, pause_s: float) -> None:
        self.name = link.name
        self.inner = link
        self._clock = clock
        self._pause_s = pause_s
        self._sent_ns: int | None = None

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        self.inner.open(deadline)

    def close(self) -> None:
        """Release the link."""
        self.inner.close()

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line, as soon as the instrument can take it."""
        if self._sent_ns is not None:
            passed_s = (self._clock.now_ns() - self._sent_ns) / NS_PER_S
            wait_s = min(self._pause_s - passed_s, deadline.remaining_s())
            if wait_s > 0:
                self._clock.sleep(wait_s)
        self.inner.write_line(command, deadline)
        self._sent_ns = self._clock.now_ns()

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line without its end; raise `TimedOut` at the deadline."""
        return self.inner.read_line(deadline)

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes of any value; raise `TimedOut` at the deadline."""
        return self.inner.read_exactly(count, deadline)

    def drain(self, deadline: Deadline) -> bytes:
        """Discard late answers; return the first of them."""
        return self.inner.drain(deadline)
