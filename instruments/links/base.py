"""What a driver needs of a way to a box: a stream of bytes, or messages for SCPI instruments."""

from typing import Protocol

from instruments.clock import Deadline


class Link(Protocol):
    """A stream of bytes in both directions.

    `name` is how messages call it (`monitor on /dev/ttyACM0`). Failures come as `Unavailable` or `TimedOut`.
    """

    name: str

    def open(self, deadline: Deadline) -> None:
        """Open the port; raise `Unavailable` if that cannot be done."""

    def close(self) -> None:
        """Release the port; safe to call twice."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`, or raise."""

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting for the first byte until the deadline; then return b''."""


class ScpiLink(Protocol):
    """A way to an instrument that speaks in messages: VISA, or a stream with line ends."""

    name: str

    def open(self, deadline: Deadline) -> None:
        """Open the session; raise `Unavailable` if that cannot be done."""

    def close(self) -> None:
        """Release the session; safe to call twice."""

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line; the line end is added here."""

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line without its end; raise `TimedOut` at the deadline."""

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes of any value; raise `TimedOut` at the deadline."""

    def drain(self, deadline: Deadline) -> bytes:
        """Throw away (and return) answers that nobody waits for any more."""
