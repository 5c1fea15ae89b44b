# SPDX-License-Identifier: Apache-2.0
"""Tap a link: a listener receives every byte sent and received, unchanged."""

from collections.abc import Callable
from typing import Literal

from instruments.clock import Deadline
from instruments.errors import TimedOut
from instruments.links.base import Link, ScpiLink

Direction = Literal["tx", "rx"]
# Called with the direction and the bytes.
ByteListener = Callable[[Direction, bytes], None]


class TappedLink:
    """A `Link` that passes its traffic to `listener`."""

    def __init__(self, inner: Link, listener: ByteListener) -> None:
        self.name = inner.name
        self.inner = inner
        self._listener = listener

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        self.inner.open(deadline)

    def close(self) -> None:
        """Release the link."""
        self.inner.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`; after `TimedOut` the listener still receives it, since part of it may be sent."""
        try:
            self.inner.write(data, deadline)
        except TimedOut:
            self._listener("tx", data)
            raise
        self._listener("tx", data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived."""
        data = self.inner.read(deadline, max_bytes)
        if data:
            self._listener("rx", data)
        return data

    def write_in_secret(self, data: bytes, shown: bytes, deadline: Deadline) -> None:
        """Send all of `data`, and let the listener receive `shown` in its place."""
        self._listener("tx", shown)
        self.inner.write(data, deadline)


def write_in_secret(link: Link, data: bytes, shown: bytes, deadline: Deadline) -> None:
    """Send a secret, such as a password, on `link`; the journal and other listeners receive `shown` instead."""
    if isinstance(link, TappedLink):
        link.write_in_secret(data, shown, deadline)
    else:
        link.write(data, deadline)


class TappedScpiLink:
    """A `ScpiLink` that passes its traffic to `listener`."""

    def __init__(self, inner: ScpiLink, listener: ByteListener) -> None:
        self.name = inner.name
        self.inner = inner
        self._listener = listener

    def open(self, deadline: Deadline) -> None:
        """Open the session."""
        self.inner.open(deadline)

    def close(self) -> None:
        """Release the session."""
        self.inner.close()

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line; after `TimedOut` the listener still receives it, as part of it may be sent."""
        try:
            self.inner.write_line(command, deadline)
        except TimedOut:
            self._listener("tx", f"{command}\n".encode("latin-1"))
            raise
        self._listener("tx", f"{command}\n".encode("latin-1"))

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line."""
        line = self.inner.read_line(deadline)
        self._listener("rx", f"{line}\n".encode("latin-1"))
        return line

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes."""
        data = self.inner.read_exactly(count, deadline)
        self._listener("rx", data)
        return data

    def drain(self, deadline: Deadline) -> bytes:
        """Discard late answers and return them."""
        data = self.inner.drain(deadline)
        if data:
            self._listener("rx", data)
        return data
