# SPDX-License-Identifier: Apache-2.0
"""Split a byte stream into lines, regardless of how it was divided in transit."""

from instruments.errors import ProtocolViolation, shown

MAX_LINE_BYTES = 16384
_SHOWN = 40


class LineSplitter:
    """Takes bytes and returns complete lines without their ends (LF, CRLF and CRCRLF each count as one end).

    A line of more than `MAX_LINE_BYTES` raises `ProtocolViolation`: no device of a bench sends one, and a broken
    cable must not make the buffer grow without limit. Lines completed before it are returned first, so that the
    events do not depend on how the stream was divided. What followed the long line in the same read is dropped
    with it. `most_bytes` is another limit, for a device whose lines hold thousands of samples.
    """

    def __init__(self, most_bytes: int = MAX_LINE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._partial = bytearray()
        self._too_long = False
        self._began = b""  # of the long line

    def feed(self, data: bytes) -> list[str]:
        """Return the lines completed by `data`, decoded as Latin-1 so that every byte value is kept."""
        if self._too_long:  # the last call returned the lines before the long one; now report it
            self._partial = bytearray(data)
            raise self._violation(self._began)
        pieces = (bytes(self._partial) + data).split(b"\n")
        good = next((i for i, piece in enumerate(pieces) if len(piece) > self._most_bytes), None)
        self._too_long = good is not None
        self._began = pieces[good][:_SHOWN] if good is not None else b""
        self._partial = bytearray() if self._too_long else bytearray(pieces[-1])
        if good == 0:
            raise self._violation(self._began)
        return [line.rstrip(b"\r").decode("latin-1") for line in pieces[: -1 if good is None else good]]

    @property
    def partial(self) -> str:
        """Return the line that is still incomplete."""
        return self._partial.decode("latin-1")

    def clear(self) -> None:
        """Drop an incomplete line."""
        self._partial.clear()
        self._too_long = False

    def _violation(self, began: bytes) -> ProtocolViolation:
        self._too_long = False
        return ProtocolViolation(
            "read a line",
            f"more than {self._most_bytes} bytes without a line end, beginning with {shown(began)}",
            "check which device is at the port, the speed (baud), and that its lines end with a line feed",
        )
