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
                self._client, _ = self._listener.accept()
                self._client.setblocking(False)
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


class TwinServer:
    """All ports of a twin bench, served until `stop()` says so."""

    def __init__(self, twin: TwinBench, clock: Clock, ends: dict[str, End]) -> None:
        self._twin = twin
        self._clock = clock
        self.ends = ends

    def serve(self, stop: Callable[[], bool]) -> None:
        """Serve until `stop()` returns true; it is called every few milliseconds."""
        offset_ns = self._twin.clock.now_ns() - self._clock.now_ns()
        while not stop():
            self._wait()
            self._twin.clock.advance_to(self._clock.now_ns() + offset_ns)
            for end in self.ends.values():
                end.pump()

    def close(self) -> None:
        """Remove all ports."""
        for end in self.ends.values():
            end.close()

    def _wait(self) -> None:
        """Wait for a client to send something, at most 3 ms."""
        listening = [end for end in self.ends.values() if self._listens(end)]
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
    """Return a server: instruments in `scpi` and `streams` on TCP ports from `tcp_port` on, others on ptys."""
    ends: dict[str, End] = {}
    on_tcp = [*scpi, *streams]
    name = ""
    try:
        for name, port in twin.ports().items():
            if isinstance(port, LibraryPort):
                no_port = "a vendor's library reaches it, not a port"
                raise Unavailable(f"serve the twin of {name}", no_port, "a bench of other instruments")
            number = tcp_port + on_tcp.index(name) if name in on_tcp and tcp_port else 0
            ends[name] = TcpEnd(port, number, visa=name in scpi) if name in on_tcp else PtyEnd(port)
    except (OSError, Unavailable) as error:
        for end in ends.values():
            end.close()
        if isinstance(error, Unavailable):
            raise
        raise Unavailable(f"serve the twin of {name}", error.strerror or str(error), "another TCP port") from error
    return TwinServer(twin, clock, ends)
