# SPDX-License-Identifier: Apache-2.0
"""A plain TCP connection (`tcp://host:port`, without VISA): SCPI sockets, terminal servers and served twins."""

import os
import select
import socket

from instruments.clock import Deadline
from instruments.errors import TimedOut, Unavailable

_CHECK = "check that the host name and port are right, and that the instrument is on and on the network"


class TcpLink:
    """A `Link` over one TCP connection.

    The operating system looks up a host name (but not an IP address), and that takes no notice of the deadline.
    """

    def __init__(self, host: str, port: int, name: str = "") -> None:
        self.name = name or f"{host}:{port}"
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None

    def open(self, deadline: Deadline) -> None:
        """Connect; raise `Unavailable` if the connection is not accepted before the deadline."""
        self.close()
        try:
            self._socket = socket.create_connection((self._host, self._port), _timeout(deadline))
        except (OSError, OverflowError) as error:
            where = f"{self.name} ({self._host}:{self._port})"
            raise Unavailable(f"connect to {where}", _plain(error), _CHECK) from error
        # A command is one short packet: waiting for more to send with it would only add latency.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`; raise `TimedOut` if the peer does not accept it before the deadline."""
        connection = self._opened("write to")
        rest = memoryview(data)
        while rest:
            if not wait_writable(connection, deadline):
                raise TimedOut(
                    f"write to {self.name}", f"{len(rest)} of {len(data)} bytes were not accepted", _CHECK
                )
            try:
                rest = rest[connection.send(rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone("write to", error) from error

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting until the deadline for the first byte; return b'' if none arrives.

        Raises `Unavailable` when the peer has closed the connection.
        """
        connection = self._opened("read from")
        while wait_readable(connection, deadline):
            try:
                data = connection.recv(max_bytes)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone("read from", error) from error
            if not data:
                raise Unavailable(f"read from {self.name}", "the connection was closed", "start again")
            return data
        return b""

    def _opened(self, action: str) -> socket.socket:
        if self._socket is None:
            raise Unavailable(f"{action} {self.name}", "the connection is not open", "open it first")
        return self._socket

    def _gone(self, action: str, error: OSError) -> Unavailable:
        return Unavailable(f"{action} {self.name}", _plain(error), "check the network and start again")


def check_host(host: str, port: int) -> None:
    """Raise `Unavailable` if `host` cannot be looked up, or `port` is not 1 to 65535."""
    try:
        socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, OverflowError, UnicodeError) as error:
        raise Unavailable(f"look up {host}:{port}", _plain(error), _CHECK) from error
    if not 0 < port < 65536:
        raise Unavailable(f"look up {host}:{port}", "no such port", _CHECK)


def connection_error(connection: socket.socket) -> str:
    """Return why a connection could not be made, or "" if it is established."""
    code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        return os.strerror(code)
    try:
        connection.getpeername()
    except OSError as error:
        return _plain(error)
    return ""


def wait_readable(connection: socket.socket, deadline: Deadline) -> bool:
    """Return whether there is something to read (or the end of the stream) before the deadline."""
    return bool(select.select([connection], [], [], deadline.remaining_s())[0])


def wait_writable(connection: socket.socket, deadline: Deadline) -> bool:
    """Return whether the connection accepts bytes before the deadline."""
    return bool(select.select([], [connection], [], deadline.remaining_s())[1])


def _timeout(deadline: Deadline) -> float:
    """Return the seconds left, never 0: that would make the call return at once without doing anything."""
    return max(deadline.remaining_s(), 1e-3)


def _plain(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
