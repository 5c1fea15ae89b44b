"""SCPI through VISA: LAN (raw socket, VXI-11, HiSLIP), USBTMC and GPIB, by pyvisa.

Two kinds of resource need two ways of reading:

* `...::SOCKET` is a bare stream of bytes. It is read with the termination character off, because pyvisa-py
  ends a low-level read at every 0x0A, which is a legal byte of a block (its issues 102 and 492); lines are
  cut from the stream by `StreamScpiLink`.
* `...::INSTR` carries messages with an end mark. Lines are read with the termination character on, blocks
  with it off, and a late answer is thrown away by a device clear.

Read in the source of pyvisa-py 0.8.1 (`tcpip.py`, `TCPIPSocketSession`), and handled here: a read that times
out throws away what had arrived; a closed connection looks like a time-out and spins until then; a trickle of
bytes keeps a read alive beyond its time-out; a refused connection opens without an error; a write waits for
ever. So we look at its socket first and then ask for no more than is there. Other VISA libraries show no
socket; they return what has arrived because the END indicator is not suppressed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from instruments.clock import Deadline
from instruments.errors import InstrumentError, ProtocolViolation, TimedOut, Unavailable
from instruments.links.stream_scpi import (
    MAX_DRAINED_BYTES,
    MAX_LINE_BYTES,
    StreamScpiLink,
    decode_line,
    encode_line,
)
from instruments.links.tcp import arrived, check_host, connection_error, wait_writable

if TYPE_CHECKING:
    import socket

_SOCKET_NAME = re.compile(r"TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET", re.IGNORECASE)
_CHECK = "check the resource name, the cable, and that no other program uses the instrument"
_CHUNK_BYTES = 1 << 20
_PEEK_BYTES = 1 << 18


class VisaLink:
    """A `ScpiLink` over one VISA resource, such as `TCPIP::192.168.1.5::5025::SOCKET` or `USB0::...::INSTR`.

    `backend` is pyvisa's name for the VISA library: `@py` (pyvisa-py, the default), `@ivi` (an installed
    vendor library) or a path to one. The HiSLIP of pyvisa-py allows itself five seconds to connect.
    """

    def __init__(self, resource_name: str, *, backend: str = "@py", name: str = "") -> None:
        self.name = name or resource_name
        self._resource_name = resource_name
        self._backend = backend
        self._manager: Any = None
        self._resource: Any = None
        self._port: StreamScpiLink | _MessageLink | None = None

    def open(self, deadline: Deadline) -> None:
        """Open the session; raise `Unavailable` if the library or the resource cannot be opened."""
        with _visa_errors(f"open {self._resource_name}"):
            import pyvisa

        self.close()
        stream = _SOCKET_NAME.fullmatch(self._resource_name)
        if stream:
            check_host(stream["host"], int(stream["port"]))
        try:
            with _visa_errors(f"open {self._resource_name}"):
                self._manager = pyvisa.ResourceManager(self._backend)
                self._resource = self._manager.open_resource(
                    self._resource_name, open_timeout=_milliseconds(deadline)
                )
                if stream:
                    self._port = StreamScpiLink(_VisaStream(self.name, self._resource))
                else:
                    self._port = _MessageLink(self.name, self._resource)
                self._port.open(deadline)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the session, and the resource manager unless another port still uses it."""
        resource, self._resource = self._resource, None
        manager, self._manager = self._manager, None
        self._port = None
        # A session that is broken already cannot be closed better than this.
        if resource is not None:
            with suppress(Exception):
                resource.close()
        if manager is not None:
            with suppress(Exception):
                # pyvisa hands the same manager to everybody, and closing it closes all their sessions.
                if not manager.list_opened_resources():
                    manager.close()

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line; the line end is added here."""
        self._opened("write to").write_line(command, deadline)

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line without its end; raise `TimedOut` at the deadline."""
        return self._opened("read from").read_line(deadline)

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes of any value; raise `TimedOut` at the deadline."""
        return self._opened("read from").read_exactly(count, deadline)

    def drain(self, deadline: Deadline) -> bytes:
        """Throw away late answers; return the first 64 KiB of them where the link lets us see them."""
        return self._opened("drain").drain(deadline)

    def _opened(self, deed: str) -> "StreamScpiLink | _MessageLink":
        if self._port is None:
            raise Unavailable(f"{deed} {self.name}", "the session is not open")
        return self._port


class _VisaStream:
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
            raise Unavailable(f"open {self.name}", f"no connection ({trouble})", _CHECK)

    def close(self) -> None:
        """Do nothing: the session belongs to the port."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`, or raise."""
        with _visa_errors(f"write to {self.name}"):
            if self._socket is not None and not wait_writable(self._socket, deadline):
                raise TimedOut(f"write to {self.name}", "the instrument takes no more bytes")
            self._resource.timeout = _milliseconds(deadline)
            self._resource.write_raw(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting for the first byte until the deadline; then return b''."""
        with _visa_errors(f"read from {self.name}"):
            count: int | None = max_bytes
            if self._socket is not None:
                count = arrived(self._socket, self._peeked, deadline)
            if count is None:
                raise Unavailable(f"read from {self.name}", "the connection was closed", "start again")
            if count == 0:
                return b""
            try:
                return _read_some(self._resource, min(count, max_bytes), deadline)
            except TimedOut:
                return b""


class _MessageLink:
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
        with _visa_errors(f"write to {self.name}"):
            self._resource.timeout = _milliseconds(deadline)
            self._resource.write_raw(encode_line(command))

    def read_line(self, deadline: Deadline) -> str:
        """Return the rest of the answer up to its line end or end mark, without the line end."""
        asked = f"read a line from {self.name}"
        with _visa_errors(asked):
            self._end_at_line_feed(True)
            line = _read_some(self._resource, MAX_LINE_BYTES + 1, deadline)
        if len(line) > MAX_LINE_BYTES:
            raise ProtocolViolation(asked, f"more than {MAX_LINE_BYTES} bytes without a line end")
        return decode_line(line.removesuffix(b"\n"), self.name)

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes, from as many pieces as the instrument sends."""
        asked = f"read {count} bytes from {self.name}"
        data = bytearray()
        with _visa_errors(asked):
            self._end_at_line_feed(False)
            while len(data) < count:
                piece = _read_some(self._resource, min(count - len(data), _CHUNK_BYTES), deadline)
                if not piece:
                    raise ProtocolViolation(asked, f"a message of {len(data)} bytes")
                data += piece
        return bytes(data)

    def drain(self, deadline: Deadline) -> bytes:
        """Clear the device's buffers in both directions; return what was read instead, where it cannot."""
        from pyvisa.constants import StatusCode
        from pyvisa.errors import VisaIOError

        with _visa_errors(f"clear {self.name}"):
            self._resource.timeout = _milliseconds(deadline)
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
                with _visa_errors(f"drain {self.name}"):
                    drained += _read_some(self._resource, MAX_DRAINED_BYTES, deadline)
            except TimedOut:
                break
        return bytes(drained[:MAX_DRAINED_BYTES])

    def _end_at_line_feed(self, enabled: bool) -> None:
        from pyvisa.constants import ResourceAttribute

        self._resource.set_visa_attribute(ResourceAttribute.termchar_enabled, enabled)


def _read_some(resource: Any, count: int, deadline: Deadline) -> bytes:
    """Return up to `count` bytes: what one low-level read brings."""
    from pyvisa.constants import StatusCode

    resource.timeout = _milliseconds(deadline)
    # Not `read_bytes()`, which would copy everything two times more.
    with resource.ignore_warning(StatusCode.success_max_count_read):
        data, _ = resource.visalib.read(resource.session, count)
    return bytes(data)


def _socket_below(resource: Any) -> "socket.socket | None":
    """Return the socket that pyvisa-py uses for a SOCKET resource; None for other VISA libraries."""
    sessions = getattr(resource.visalib, "sessions", {})
    below: socket.socket | None = getattr(sessions.get(resource.session), "interface", None)
    return below


def _milliseconds(deadline: Deadline) -> int:
    """Return the time left, at least 1 ms: VISA libraries disagree about what 0 means."""
    return max(1, round(deadline.remaining_s() * 1000))


@contextmanager
def _visa_errors(asked: str) -> Iterator[None]:
    """Turn whatever pyvisa or the library below it raises into an error of our tree."""
    try:
        yield
    except InstrumentError:
        raise
    except ImportError as error:
        raise Unavailable(asked, str(error), "install pyvisa and pyvisa-py") from error
    except Exception as error:
        # Beside VisaIOError, pyvisa-py lets OSError, struct.error, RuntimeError, even bare Exception through.
        code = getattr(getattr(error, "error_code", None), "name", "")
        if code == "error_timeout" or isinstance(error, TimeoutError):
            raise TimedOut(asked, "no answer", "check that the instrument is on and not busy") from error
        came = " ".join(str(error).split()).rstrip(".")
        raise Unavailable(asked, came or type(error).__name__, _CHECK) from error
