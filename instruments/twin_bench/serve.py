# SPDX-License-Identifier: Apache-2.0
"""Serve a twin bench in real time: its ports become pseudo-terminals or TCP ports that any program can open.

One loop advances the world's clock with the host's and carries bytes in both directions. Opening a pseudo-terminal
opens the twin's port, so the IO manager resets as an UNO does. Pseudo-terminals exist on Linux and macOS only; TCP
works everywhere.
"""

import contextlib
import os
import select
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from instruments.clock import Clock
from instruments.errors import Unavailable
from instruments.twin_bench.bench import TwinBench
from instruments.twin_bench.hislip import (
    ASYNC_INITIALIZE,
    FATAL_ERROR,
    INITIALIZE,
    NOT_INITIALIZED,
    HislipSession,
    Message,
    Received,
)
from instruments.world.cable import HostPort
from instruments.world.library import LibraryPort

TURN_S = 0.003
CHUNK_BYTES = 65536


class End(Protocol):
    """One served port: a client opens `address`; `pump()` carries bytes in both directions without waiting."""

    address: str

    def pump(self) -> None:
        """Pass on what the client sent and what the twin has sent."""

    def fileno(self) -> int:
        """Return the descriptor to wait on."""

    def close(self) -> None:
        """Remove the port."""


class PtyEnd:
    """A twin's port as a pseudo-terminal; `address` is the path for the client."""

    def __init__(self, port: HostPort) -> None:
        try:
            import tty
        except ImportError as error:
            raise Unavailable(
                "serve on a pseudo-terminal",
                "this system does not have any",
                "run `bench serve` on Linux or macOS",
            ) from error
        self._port = port
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.address = os.ttyname(slave)
        os.set_blocking(self._master, False)
        # With this process's descriptor closed, the kernel reports a hang-up until a client opens the terminal.
        os.close(slave)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        self._waiting = b""
        self._closed = False

    def fileno(self) -> int:
        """Return the descriptor of the master side."""
        return self._master

    def pump(self) -> None:
        """Carry bytes in both directions, and follow the client's opening and closing."""
        flags = dict(self._poll.poll(0)).get(self._master, 0)
        if flags & select.POLLIN:
            self._opened()
            with contextlib.suppress(OSError):
                self._port.receive(os.read(self._master, CHUNK_BYTES))
        elif flags & select.POLLHUP:
            if self._port.is_open:
                self._port.close()
                self._waiting = b""
            return
        else:
            self._opened()
        if not self._waiting and self._port.pending():
            self._waiting = self._port.take(CHUNK_BYTES)
        if self._waiting:
            with contextlib.suppress(BlockingIOError, OSError):
                self._waiting = self._waiting[os.write(self._master, self._waiting) :]

    def close(self) -> None:
        """Remove the terminal; safe to call twice."""
        if not self._closed:
            self._closed = True
            os.close(self._master)
            self._port.close()

    @property
    def client_is_there(self) -> bool:
        """Return whether a client has the terminal open."""
        return self._port.is_open

    def _opened(self) -> None:
        if not self._port.is_open:
            self._port.open()


class TcpEnd:
    """A twin's port as a TCP port on the loopback address; one client at a time.

    `address` is a VISA resource name, or `tcp://…` for a client that is no VISA library.
    """

    def __init__(self, port: HostPort, number: int = 0, *, visa: bool = True) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", number))
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._waiting = b""
        self.number = self._listener.getsockname()[1]
        self.address = f"TCPIP0::127.0.0.1::{self.number}::SOCKET" if visa else f"tcp://127.0.0.1:{self.number}"

    def fileno(self) -> int:
        """Return the client's descriptor, or the listener's while there is no client."""
        return (self._client or self._listener).fileno()

    def pump(self) -> None:
        """Accept a client, carry bytes in both directions, and release the client when it disconnects.

        An instrument whose cable is unplugged hangs up, and on everybody who calls meanwhile.
        """
        if self._port.unplugged:
            self._leave()
            with contextlib.suppress(OSError):
                self._listener.accept()[0].close()
            return
        if self._client is None:
            with contextlib.suppress(OSError):  # no client, or one that left before it was accepted
                client, _ = self._listener.accept()
                if self._port.is_open:  # somebody has the instrument on its other port
                    client.close()
                    return
                client.setblocking(False)
                self._client = client
                self._port.open()
        if self._client is None:
            return
        try:
            self._exchange(self._client)
        except OSError:
            self._leave()

    def close(self) -> None:
        """Remove the port; safe to call twice."""
        self._leave()
        self._listener.close()

    def _exchange(self, client: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            data = client.recv(CHUNK_BYTES)
            if not data:
                self._leave()
                return
            self._port.receive(data)
        if not self._waiting and self._port.pending():
            self._waiting = self._port.take(CHUNK_BYTES)
        if self._waiting:
            with contextlib.suppress(BlockingIOError):
                self._waiting = self._waiting[client.send(self._waiting) :]

    def _leave(self) -> None:
        client, self._client = self._client, None
        self._waiting = b""
        if client is not None:
            client.close()
            self._port.close()


class HislipEnd:
    """A twin's port as a HiSLIP server on the loopback address; one session, of two connections, at a time."""

    def __init__(self, port: HostPort, number: int = 0) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", number))
        self._listener.setblocking(False)
        self._session: HislipSession | None = None
        self._received: dict[socket.socket, Received] = {}
        self._kinds: dict[socket.socket, int] = {}  # which message made a connection what it is
        self._waiting: dict[socket.socket, bytes] = {}
        self.number = self._listener.getsockname()[1]
        self.address = f"TCPIP0::127.0.0.1::hislip0,{self.number}::INSTR"

    def filenos(self) -> list[int]:
        """Return what to wait on: the listener and every connection."""
        return [self._listener.fileno(), *(connection.fileno() for connection in self._received)]

    def pump(self) -> None:
        """Accept connections, answer their messages, and end the session when one of its two is gone."""
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._received[connection] = Received()
        if self._port.unplugged:
            self._leave()
        for connection in list(self._received):
            try:
                self._exchange(connection)
            except OSError:
                self._gone(connection)

    def close(self) -> None:
        """Remove the port; safe to call twice."""
        self._leave()
        self._listener.close()

    def _exchange(self, connection: socket.socket) -> None:
        if connection not in self._received:
            return
        with contextlib.suppress(BlockingIOError):
            data = connection.recv(CHUNK_BYTES)
            if not data:
                self._gone(connection)
                return
            for message in self._received[connection].add(data):
                self._say(connection, self._answers(connection, message))
            if self._received[connection].broken:
                self._gone(connection)
                return
        speaks = self._session is not None and self._kinds.get(connection) == INITIALIZE
        if self._session is not None and speaks and not self._waiting.get(connection):
            self._say(connection, self._session.answers())
        if waiting := self._waiting.get(connection, b""):
            with contextlib.suppress(BlockingIOError):
                self._waiting[connection] = waiting[connection.send(waiting) :]

    def _answers(self, connection: socket.socket, message: Message) -> list[Message]:
        """Return the answers to a message; the first on a connection says which of the two it is."""
        if connection not in self._kinds:
            wanted = INITIALIZE if self._session is None and not self._port.is_open else ASYNC_INITIALIZE
            if message.kind != wanted or wanted in self._kinds.values():
                return [Message(FATAL_ERROR, NOT_INITIALIZED, 0, b"there is a session already, or none")]
            self._kinds[connection] = message.kind
            if wanted == INITIALIZE:
                self._session = HislipSession(self._port)
                self._port.open()
        if self._session is None:
            return []
        first = self._kinds[connection] == INITIALIZE
        return self._session.synchronous(message) if first else self._session.asynchronous(message)

    def _say(self, connection: socket.socket, messages: list[Message]) -> None:
        said = b"".join(message.encoded() for message in messages)
        self._waiting[connection] = self._waiting.get(connection, b"") + said

    def _gone(self, connection: socket.socket) -> None:
        """Drop a connection; one of the session's takes the session with it."""
        if connection in self._kinds:
            self._leave()
        else:
            self._received.pop(connection, None)
            self._waiting.pop(connection, None)
            connection.close()

    def _leave(self) -> None:
        """End the session and hang up on everybody."""
        for connection in self._received:
            connection.close()
        self._received, self._kinds, self._waiting = {}, {}, {}
        session, self._session = self._session, None
        if session is not None:
            self._port.close()


class TwinServer:
    """All ports of a twin bench, served until `stop()` says so.

    `hislip` holds the second port of each SCPI instrument, by its name.
    """

    def __init__(
        self, twin: TwinBench, clock: Clock, ends: dict[str, End], hislip: dict[str, HislipEnd] | None = None
    ) -> None:
        self._twin = twin
        self._clock = clock
        self.ends = ends
        self.hislip = hislip or {}

    def serve(self, stop: Callable[[], bool]) -> None:
        """Serve until `stop()` returns true; it is called every few milliseconds."""
        offset_ns = self._twin.clock.now_ns() - self._clock.now_ns()
        while not stop():
            self._wait()
            self._twin.clock.advance_to(self._clock.now_ns() + offset_ns)
            for end in self._all():
                end.pump()

    def close(self) -> None:
        """Remove all ports."""
        for end in self._all():
            end.close()

    def _all(self) -> list[End | HislipEnd]:
        return [*self.ends.values(), *self.hislip.values()]

    def _wait(self) -> None:
        """Wait for a client to send something, at most 3 ms."""
        listening: list[End | int] = [end for end in self.ends.values() if self._listens(end)]
        listening += [number for end in self.hislip.values() for number in end.filenos()]
        if not listening:  # select() on Windows does not accept an empty list
            self._clock.sleep(TURN_S)
            return
        try:
            select.select(listening, [], [], TURN_S)
        except (OSError, ValueError):  # a client left at this moment; the sleep prevents a busy loop
            self._clock.sleep(TURN_S)

    def _listens(self, end: End) -> bool:
        # A pseudo-terminal without a client is always "readable" (hung up): waiting on it would be a busy loop.
        return not isinstance(end, PtyEnd) or end.client_is_there


def serve_twin_bench(
    twin: TwinBench, clock: Clock, scpi: Sequence[str] = (), tcp_port: int = 0, streams: Sequence[str] = ()
) -> TwinServer:
    """Return a server: instruments in `scpi` and `streams` on TCP ports from `tcp_port` on, others on ptys.

    Each instrument in `scpi` speaks HiSLIP, too, on the ports that follow those, or on others where one is taken;
    one client has it at a time.
    """
    ends: dict[str, End] = {}
    hislip: dict[str, HislipEnd] = {}
    on_tcp = [*scpi, *streams]
    name = ""
    try:
        for name, port in twin.ports().items():
            if isinstance(port, LibraryPort):
                no_port = "a vendor's library reaches it, not a port"
                raise Unavailable(f"serve the twin of {name}", no_port, "a bench of other instruments")
            if name not in on_tcp:
                ends[name] = PtyEnd(port)
                continue
            number = tcp_port + on_tcp.index(name) if tcp_port else 0
            ends[name] = TcpEnd(port, number, visa=name in scpi)
            if name in scpi:
                hislip[name] = _hislip_end(port, number + len(on_tcp) if tcp_port else 0)
    except (OSError, Unavailable) as error:
        opened: list[End | HislipEnd] = [*ends.values(), *hislip.values()]
        for end in opened:
            end.close()
        if isinstance(error, Unavailable):
            raise
        raise Unavailable(f"serve the twin of {name}", error.strerror or str(error), "another TCP port") from error
    return TwinServer(twin, clock, ends, hislip)


def _hislip_end(port: HostPort, number: int) -> HislipEnd:
    try:
        return HislipEnd(port, number)
    except OSError:
        return HislipEnd(port)
