"""A VISA SOCKET resource as a stream of bytes.

It is read with the termination character off, because pyvisa-py ends a low-level read at every 0x0A, which is a
legal byte of a block (its issues 102 and 492).

Read in the source of pyvisa-py 0.8.1 (`tcpip.py`, `TCPIPSocketSession`), and handled here: a read that times
out throws away what had arrived; a closed connection looks like a time-out and spins until then; a trickle of
bytes keeps a read alive beyond its time-out; a refused connection opens without an error; a write waits for
ever. So we look at its socket first and then ask for no more than is there. Other VISA libraries show no
socket; they return what has arrived because the END indicator is not suppressed.
"""

from typing import TYPE_CHECKING, Any

from instruments.clock import Deadline
from instruments.errors import TimedOut, Unavailable
from instruments.links.tcp import arrived, connection_error, wait_writable
from instruments.links.visa_calls import CHECK, milliseconds, read_some, visa_errors

if TYPE_CHECKING:
    import socket

_PEEK_BYTES = 1 << 18


class VisaStream:
    """A `Link` over an opened SOCKET resource."""

    def __init__(self, name: str, resource: Any) -> None:
        self.name = name
        self._resource = resource
        self._socket: socket.socket | None = None
        self._peeked = bytearray(_PEEK_BYTES)

    def open(self, deadline: Deadline) -> None:
        """Set the session up for a stream of any bytes, and see whether the connection stands."""
        from pyvisa.constants import ResourceAttribute

        self._resource.set_visa_attribute(ResourceAttribute.termchar_enabled, False)
        self._resource.set_visa_attribute(ResourceAttribute.suppress_end_enabled, False)
        self._socket = _socket_below(self._resource)
        if self._socket is not None:
            # Read what we saw in one piece: in smaller pieces it would read on past what we asked for, and
            # keep the rest where looking at the socket does not show it.
            self._resource.visalib.sessions[self._resource.session].max_recv_size = _PEEK_BYTES + 1
        trouble = connection_error(self._socket) if self._socket is not None else ""
        if trouble:
            raise Unavailable(f"open {self.name}", f"no connection ({trouble})", CHECK)

    def close(self) -> None:
        """Do nothing: the session belongs to the `VisaLink`."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`, or raise."""
        with visa_errors(f"write to {self.name}"):
            if self._socket is not None and not wait_writable(self._socket, deadline):
                raise TimedOut(f"write to {self.name}", "the instrument takes no more bytes", CHECK)
            self._resource.timeout = milliseconds(deadline)
            self._resource.write_raw(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting for the first byte until the deadline; then return b''."""
        with visa_errors(f"read from {self.name}"):
            count: int | None = max_bytes
            if self._socket is not None:
                count = arrived(self._socket, self._peeked, deadline)
            if count is None:
                raise Unavailable(f"read from {self.name}", "the connection was closed", "start again")
            if count == 0:
                return b""
            try:
                return read_some(self._resource, min(count, max_bytes), deadline)
            except TimedOut:
                return b""


def _socket_below(resource: Any) -> "socket.socket | None":
    """Return the socket that pyvisa-py uses for a SOCKET resource; None for other VISA libraries."""
    sessions = getattr(resource.visalib, "sessions", {})
    below: socket.socket | None = getattr(sessions.get(resource.session), "interface", None)
    return below
