# SPDX-License-Identifier: Apache-2.0
"""Links made from addresses, opened for real: SCPI over a serial line and over TCP, streams over both."""

import os
import select
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from instruments.clock import Deadline, RealClock
from instruments.links.make import LinkOptions, make_link

pytestmark = pytest.mark.wire
CLOCK = RealClock()
BLOCK = b"#3256" + bytes(range(256)) + b"\n"
ANSWERS = {b"*IDN?\n": b"ACME,PSU-1,42,1.0\n", b"FETC?\n": BLOCK}


def soon() -> Deadline:
    return CLOCK.deadline(10.0)


Channel = tuple[int, Callable[[], bytes], Callable[[bytes], object]]  # descriptor, read, write


@contextmanager
def answering(connect: Callable[[], Channel | None]) -> Iterator[None]:
    """Answer commands on a thread, once `connect` has returned a channel."""
    done = threading.Event()

    def run() -> None:
        channel = None
        while channel is None and not done.is_set():
            channel = connect()
        heard = b""
        while channel is not None and not done.is_set():
            descriptor, read, write = channel
            if select.select([descriptor], [], [], 0.02)[0]:
                heard += read()
                *lines, heard = heard.split(b"\n")
                for line in lines:
                    write(ANSWERS[line + b"\n"])

    thread = threading.Thread(target=run, name="test instrument")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(10)


@pytest.fixture
def port() -> Iterator[str]:
    """Yield the serial port of an instrument."""
    master, slave = os.openpty()
    tty.setraw(slave)
    with answering(lambda: (master, lambda: os.read(master, 4096), lambda data: os.write(master, data))):
        yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


@pytest.fixture
def host() -> Iterator[str]:
    """Yield host and port of an instrument on the network."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def connect() -> Channel | None:
            if not select.select([listener], [], [], 0.02)[0]:
                return None
            peer = stack.enter_context(listener.accept()[0])
            return peer.fileno(), lambda: peer.recv(4096), peer.sendall

        with answering(connect):
            yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("form", ["{port}", "ASRL{port}::INSTR"])
def test_scpi_over_a_serial_line(port: str, form: str) -> None:
    heard: list[tuple[str, bytes]] = []
    options = LinkOptions(baud=115200, listener=lambda direction, data: heard.append((direction, data)))
    link = make_link("scpi", form.format(port=port), "psu", CLOCK, options)
    link.open(soon())
    try:
        link.write_line("*IDN?", soon())
        assert link.read_line(soon()) == "ACME,PSU-1,42,1.0"
        link.write_line("FETC?", soon())
        assert link.read_exactly(len(BLOCK), soon()) == BLOCK
    finally:
        link.close()
    assert b"".join(data for direction, data in heard if direction == "tx") == b"*IDN?\nFETC?\n"
    assert b"".join(data for direction, data in heard if direction == "rx") == ANSWERS[b"*IDN?\n"] + BLOCK


@pytest.mark.parametrize("form", ["tcp://{host}", "socket://{host}"])
def test_scpi_over_tcp(host: str, form: str) -> None:
    link = make_link("scpi", form.format(host=host), "psu", CLOCK)
    link.open(soon())
    try:
        link.write_line("*IDN?", soon())
        assert link.read_line(soon()) == "ACME,PSU-1,42,1.0"
        link.write_line("FETC?", soon())
        assert link.read_exactly(len(BLOCK), soon()) == BLOCK
    finally:
        link.close()


@pytest.mark.parametrize("pump_bytes", [0, 10_000])
def test_streams_over_a_port_and_over_tcp(port: str, host: str, pump_bytes: int) -> None:
    for address in (port, f"tcp://{host}"):
        link = make_link("stream", address, "monitor", CLOCK, LinkOptions(pump_bytes=pump_bytes))
        link.open(soon())
        try:
            link.write(b"FETC?\n", soon())
            data = b""
            while len(data) < len(BLOCK):
                piece = link.read(soon())
                assert piece
                data += piece
            assert data == BLOCK
            assert link.read(CLOCK.deadline(0.0)) == b""
        finally:
            link.close()
