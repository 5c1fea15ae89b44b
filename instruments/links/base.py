# SPDX-License-Identifier: Apache-2.0
"""The interface between a driver and its link: a stream of bytes, or SCPI messages."""

from collections.abc import Callable
from typing import Protocol

from instruments.clock import Deadline


class Link(Protocol):
    """A stream of bytes in both directions.

    `name` is what messages call it (`monitor on /dev/ttyACM0`). Failures raise `Unavailable` or `TimedOut`.
    """

    name: str

    def open(self, deadline: Deadline) -> None:
        """Open the link; raise `Unavailable` if it cannot be opened."""

    def close(self) -> None:
        """Release the link; safe to call twice."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`, or raise."""

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting until the deadline for the first byte; return b'' if none arrives."""


def fell_back(link: object) -> str:
    """Return which speed the serial port below `link` has instead of the one it was to have; "" if it has that."""
    below: object = link
    while below is not None:
        text = getattr(below, "fell_back", "")
        if text:
            return str(text)
        below = getattr(below, "inner", None)  # the attribute of every link that wraps another
    return ""


def pulse_dtr(link: object, pause: Callable[[], None]) -> bool:
    """Release DTR of the open serial port below `link`, assert it, and leave it as its options say.

    `pause` is called after each change. Returns False if there is no such port, or it has no such output.
    """
    below: object = link
    while below is not None:
        pulse = getattr(below, "pulse_dtr", None)
        if pulse is not None:
            return bool(pulse(pause))
        below = getattr(below, "inner", None)
    return False


class ScpiLink(Protocol):
    """A link to an instrument that exchanges messages: VISA, or a stream with line ends.

    `name` is what messages call it. Failures raise `Unavailable` or `TimedOut`.
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
        """Discard late answers and return them."""
