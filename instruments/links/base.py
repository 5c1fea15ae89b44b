"""What a driver needs of a link to its instrument: a stream of bytes, or messages in SCPI."""

from typing import Protocol

from instruments.clock import Deadline


class Link(Protocol):
    """A stream of bytes in both directions.

    `name` is how messages call it (`monitor on /dev/ttyACM0`). Failures come as `Unavailable` or `TimedOut`.
    """

    name: str

    def open(self, deadline: Deadline) -> None:
        """Open the link; raise `Unavailable` if it cannot be opened."""

    def close(self) -> None:
        """Release the link; safe to call twice."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`, or raise."""

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting for the first byte until the deadline; then return b''."""


class ScpiLink(Protocol):
    """A link to an instrument that speaks in messages: VISA, or a stream with line ends.

    `name` is how messages call it. Failures come as `Unavailable` or `TimedOut`.
    """

    name: str

    def open(self, deadline: Deadline) -> None:
        """Open the session; raise `Unavailable` if it cannot be opened."""

    def close(self) -> None:
        """Release the session; safe to call twice."""

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line; the line end is added here."""

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line without its end; raise `TimedOut` at the deadline."""

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes of any value; raise `TimedOut` at the deadline."""

    def drain(self, deadline: Deadline) -> bytes:
        """Discard, and return, answers that came too late to be used."""
