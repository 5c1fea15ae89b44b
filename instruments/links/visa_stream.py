# SPDX-License-Identifier: Apache-2.0
"""A VISA SOCKET resource as a stream of bytes.

It is read with the termination character disabled, because pyvisa-py otherwise ends a low-level read at every
0x0A, which is a legal byte in a block (issues 102 and 492 of pyvisa-py).

This module works around what the source of pyvisa-py 0.8.1 does (`tcpip.py`, `TCPIPSocketSession`): a read that
times out discards what had arrived; a closed connection looks like a time-out, with a busy loop until then; a
trickle of bytes prolongs a read beyond its time-out; a refused connection opens without an error; a write waits
for ever; what was read is copied four times, at a third of the speed of the socket. So what arrives is taken
from the socket that pyvisa-py has opened, and pyvisa-py itself never reads. Other VISA libraries do not expose
a socket; they return what has arrived because the END indicator is not suppressed.
"""

from typing import TYPE_CHECKING, Any

from instruments.clock import Deadline
from instruments.errors import TimedOut, Unavailable
from instruments.links.tcp import connection_error, wait_readable, wait_writable
from instruments.links.visa_calls import CHECK, CHECK_NETWORK, milliseconds, read_some, visa_errors

if TYPE_CHECKING:
    import socket


class VisaStream:
    """A `Link` over an opened SOCKET resource."""

    def __init__(self, name: str, resource: Any) -> None:
        self.name = name
        self._resource = resource
        self._socket: socket.socket | None = None

    def open(self, deadline: Deadline) -> None:
        """Set up the session for arbitrary bytes; raise `Unavailable` if there is no connection."""
        from pyvisa.constants import ResourceAttribute

        self._resource.set_visa_attribute(ResourceAttribute.termchar_enabled, False)
        self._resource.set_visa_attribute(ResourceAttribute.suppress_end_enabled, False)
        self._socket = _socket_below(self._resource)
        trouble = connection_error(self._socket) if self._socket is not None else ""
        if trouble:
            raise Unavailable(
                f"open {self.name} ({self._resource.resource_name})", f"no connection ({trouble})", CHECK_NETWORK
            )

    def close(self) -> None:
        """Do nothing: the session belongs to the `VisaLink`."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`, or raise."""
        with visa_errors(f"write to {self.name}"):
            if self._socket is not None and not wait_writable(self._socket, deadline):
                raise TimedOut(f"write to {self.name}", "the instrument accepts no more bytes", CHECK)
            self._resource.timeout = milliseconds(deadline)
            self._resource.write_raw(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting until the deadline for the first byte; return b'' if none arrives."""
        with visa_errors(f"read from {self.name}"):
            if self._socket is None:
                try:
                    return read_some(self._resource, max_bytes, deadline)
                except TimedOut:
                    return b""
            if not wait_readable(self._socket, deadline):
                return b""
            data = self._socket.recv(max_bytes)
            if not data:
                raise Unavailable(f"read from {self.name}", "the connection was closed", "start again")
            return data


def _socket_below(resource: Any) -> "socket.socket | None":
    """Return the socket that pyvisa-py uses for a SOCKET resource; None for other VISA libraries."""
    sessions = getattr(resource.visalib, "sessions", {})
    below: socket.socket | None = getattr(sessions.get(resource.session), "interface", None)
    return below
