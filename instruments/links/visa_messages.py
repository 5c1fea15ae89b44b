# SPDX-License-Identifier: Apache-2.0
"""A VISA INSTR resource: messages with an end mark.

Lines are read with the termination character enabled, blocks with it disabled; a device clear discards late
answers.
"""

from typing import Any

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, TimedOut
from instruments.links.stream_scpi import MAX_DRAINED_BYTES, MAX_LINE_BYTES, decode_line, encode_line
from instruments.links.visa_calls import milliseconds, read_some, visa_errors

_CHUNK_BYTES = 1 << 20
_OTHER = "check that the driver is the one for this instrument"


class VisaMessages:
    """A `ScpiLink` over an opened INSTR resource: USBTMC, VXI-11, HiSLIP, GPIB."""

    def __init__(self, name: str, resource: Any) -> None:
        self.name = name
        self._resource = resource

    def open(self, deadline: Deadline) -> None:
        """Set the character that ends a line."""
        from pyvisa.constants import ResourceAttribute

        self._resource.set_visa_attribute(ResourceAttribute.termchar, ord("\n"))

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command as one message."""
        with visa_errors(f"write to {self.name}"):
            self._resource.timeout = milliseconds(deadline)
            self._resource.write_raw(encode_line(command))

    def read_line(self, deadline: Deadline) -> str:
        """Return the rest of the answer up to its line end or end mark, without the line end."""
        asked = f"read a line from {self.name}"
        with visa_errors(asked):
            self._end_at_line_feed(True)
            line = read_some(self._resource, MAX_LINE_BYTES + 1, deadline)
        if not line:  # pyvisa-sim's way to say "no answer"; an empty answer has a line end or an end mark
            raise TimedOut(asked, "no answer", "check that the instrument is on and understood the question")
        if len(line) > MAX_LINE_BYTES:
            raise ProtocolViolation(asked, f"more than {MAX_LINE_BYTES} bytes without a line end", _OTHER)
        return decode_line(line.removesuffix(b"\n"), self.name)

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes, from as many pieces as the instrument sends."""
        asked = f"read {count} bytes from {self.name}"
        data = bytearray()
        with visa_errors(asked):
            self._end_at_line_feed(False)
            while len(data) < count:
                piece = read_some(self._resource, min(count - len(data), _CHUNK_BYTES), deadline)
                if not piece:
                    raise ProtocolViolation(asked, f"a message of {len(data)} bytes", _OTHER)
                data += piece
                if len(data) < count and deadline.expired():  # however steadily a block trickles in
                    raise TimedOut(asked, f"only {len(data)} bytes in time", "a shorter measurement")
        return bytes(data)

    def drain(self, deadline: Deadline) -> bytes:
        """Clear the device's buffers in both directions; if the link has no device clear, read and return them."""
        from pyvisa.constants import StatusCode
        from pyvisa.errors import VisaIOError

        with visa_errors(f"clear {self.name}"):
            self._resource.timeout = milliseconds(deadline)
            try:
                self._resource.clear()
            except VisaIOError as error:
                # The USBTMC of pyvisa-py 0.8.1 has no device clear.
                if error.error_code != StatusCode.error_nonsupported_operation:
                    raise
                return self._read_away(deadline)
        return b""

    def _read_away(self, deadline: Deadline) -> bytes:
        self._end_at_line_feed(False)
        drained = bytearray()
        while not deadline.expired():
            try:
                with visa_errors(f"drain {self.name}"):
                    drained += read_some(self._resource, MAX_DRAINED_BYTES, deadline)
            except TimedOut:
                break
        return bytes(drained[:MAX_DRAINED_BYTES])

    def _end_at_line_feed(self, enabled: bool) -> None:
        from pyvisa.constants import ResourceAttribute

        self._resource.set_visa_attribute(ResourceAttribute.termchar_enabled, enabled)
