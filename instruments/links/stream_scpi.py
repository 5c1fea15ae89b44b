# SPDX-License-Identifier: Apache-2.0
"""SCPI messages over a stream of bytes: lines end with a line feed, blocks are counted."""

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, TimedOut, shown
from instruments.links.base import Link

MAX_LINE_BYTES = 16384
MAX_DRAINED_BYTES = 65536  # the most that `drain()` returns; more is read and discarded
_CHUNK_BYTES = 1 << 20
_SHOWN = 40
_OTHER = "check the speed (baud), and that the driver is the one for this instrument"


class StreamScpiLink:
    """A `ScpiLink` over a `Link`: TCP port 5025, a serial line, or a twin's cable."""

    def __init__(self, link: Link) -> None:
        self.name = link.name
        self.inner = link
        self._buffer = bytearray()

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        self._buffer.clear()
        self.inner.open(deadline)

    def close(self) -> None:
        """Release the link; drop what was not read."""
        self._buffer.clear()
        self.inner.close()

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line, ended by a line feed."""
        self.inner.write(encode_line(command), deadline)

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line without its end.

        Raises `TimedOut` at the deadline (what has arrived is left for `drain()`), and `ProtocolViolation` for
        more than 16 KiB without a line end or for bytes that are not ASCII.
        """
        asked = f"read a line from {self.name}"
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE_BYTES:
                began = shown(bytes(self._buffer[:_SHOWN]))
                raise ProtocolViolation(
                    asked, f"{searched} bytes without a line end, beginning with {began}", _OTHER
                )
            self._buffer += self._receive(asked, searched, 4096, deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return decode_line(line, self.name)

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes; raise `TimedOut` at the deadline and leave the rest for `drain()`."""
        asked = f"read {count} bytes from {self.name}"
        pieces = [bytes(self._buffer[:count])]
        del self._buffer[:count]
        missing = count - len(pieces[0])
        try:
            # Joined once at the end: a buffer that grows piece by piece would copy megabytes several times.
            while missing > 0:
                pieces.append(self._receive(asked, count - missing, missing, deadline))
                missing -= len(pieces[-1])
                if missing > 0 and deadline.expired():  # however steadily a block trickles in
                    raise TimedOut(asked, f"only {count - missing} bytes in time", "a shorter measurement")
        except BaseException:
            self._buffer[:0] = b"".join(pieces)
            raise
        return b"".join(pieces)

    def drain(self, deadline: Deadline) -> bytes:
        """Discard everything that arrives until the deadline; return the first 64 KiB of it.

        The deadline says how long to wait for late answers: a fraction of a second is enough.
        """
        drained = self._buffer
        self._buffer = bytearray()
        while not deadline.expired():
            data = self.inner.read(deadline, _CHUNK_BYTES)
            drained += data[: max(0, MAX_DRAINED_BYTES - len(drained))]
        return bytes(drained[:MAX_DRAINED_BYTES])

    def _receive(self, asked: str, have: int, wanted: int, deadline: Deadline) -> bytes:
        """Return what arrives next, at most `wanted` bytes; `have` bytes have arrived before."""
        data = self.inner.read(deadline, min(wanted, _CHUNK_BYTES))
        if not data and self._buffer.endswith(b"\r"):
            came = f"{shown(bytes(self._buffer[-_SHOWN:]))}, without a line feed"
            raise TimedOut(asked, came, "set the line end (terminator) of the instrument to LF or CR LF")
        if not data:
            came = f"no answer beyond {have} bytes" if have else "no answer"
            raise TimedOut(asked, came, "check that the instrument is on and understood the question")
        return data


def encode_line(command: str) -> bytes:
    """Return the bytes of one command line; raise `ValueError` for a line end inside: that would be two."""
    if "\n" in command or "\r" in command:
        raise ValueError(f"a command is one line: {command!r}")
    return command.encode("ascii") + b"\n"


def decode_line(line: bytes, name: str) -> str:
    """Return an answer line as text without a carriage return at its end."""
    try:
        return line.removesuffix(b"\r").decode("ascii")
    except UnicodeDecodeError as error:
        raise ProtocolViolation(
            f"read a line from {name}", f"{shown(line)}, which is not ASCII", "drain the link"
        ) from error
