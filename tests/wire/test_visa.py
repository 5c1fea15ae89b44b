# SPDX-License-Identifier: Apache-2.0
"""The real pyvisa-py stack, and the plain TCP one, over loopback."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from instruments.clock import Deadline, RealClock, VirtualClock
from instruments.devices.n6705.driver import N6705
from instruments.devices.n6705.twin import VirtualN6705
from instruments.errors import InstrumentError, TimedOut, Unavailable
from instruments.links.base import ScpiLink
from instruments.links.stream_scpi import StreamScpiLink
from instruments.links.tcp import TcpLink
from instruments.links.visa import VisaLink
from instruments.roles import Samples
from instruments.scpi import blocks as scpi
from instruments.world.world import World
from tests.support.monitor import Monitor, MonitorSettings

pytestmark = pytest.mark.wire
CLOCK = RealClock()
MakePort = Callable[[int], ScpiLink]
PORTS: dict[str, MakePort] = {
    "pyvisa-py": lambda port: VisaLink(f"TCPIP::127.0.0.1::{port}::SOCKET"),
    "tcp": lambda port: StreamScpiLink(TcpLink("127.0.0.1", port)),
}
both = pytest.mark.parametrize("make_port", PORTS.values(), ids=PORTS.keys())


@contextmanager
def serving(handle: Callable[[socket.socket, threading.Event], None], clients: int = 1) -> Iterator[int]:
    """Serve `clients` connections, each by `handle(connection, done)` on a thread; yield the port."""
    done = threading.Event()
    troubles: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def run() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(10)
                    handle(connection, done)
            except (TimeoutError, ConnectionError):
                return  # the client has gone
            except BaseException as trouble:
                troubles.append(trouble)

        threads = [threading.Thread(target=run, name="test server") for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            for thread in threads:
                thread.join(10)
    assert not troubles


@contextmanager
def opened(port: ScpiLink) -> Iterator[ScpiLink]:
    try:
        port.open(CLOCK.deadline(5))
        yield port
    finally:
        port.close()


def read_block(port: ScpiLink, within_s: float = 10.0) -> bytes:
    deadline = CLOCK.deadline(within_s)
    digits = scpi.block_digits(port.read_exactly(scpi.BLOCK_PREFIX_BYTES, deadline))
    return port.read_exactly(scpi.block_length(port.read_exactly(digits, deadline), 1 << 24), deadline)


def answering(*answers: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Answer each command line with the next of `answers`, then stay silent until the end."""

    def handle(connection: socket.socket, done: threading.Event) -> None:
        for answer in answers:
            command = b""
            while not command.endswith(b"\n"):
                received = connection.recv(1000)
                if not received:
                    return
                command += received
            connection.sendall(answer)
        done.wait(10)

    return handle


# --- the twin in real time -------------------------------------------------------------------------------


def twin_server(twin: VirtualN6705, clock: VirtualClock) -> Callable[[socket.socket, threading.Event], None]:
    """Serve the twin with virtual time following real time."""

    def handle(connection: socket.socket, done: threading.Event) -> None:
        began_ns = time.monotonic_ns()
        twin.port.open()
        while not done.is_set():
            readable = select.select([connection], [], [], 0.005)[0]
            clock.advance_to(time.monotonic_ns() - began_ns)
            if readable:
                data = connection.recv(65536)
                if not data:
                    break
                twin.port.receive(data)
            while twin.port.pending():
                connection.sendall(twin.port.take(65536))
        twin.port.close()

    return handle


@both
def test_the_driver_runs_against_the_twin(make_port: MakePort) -> None:
    clock = VirtualClock()
    world = World(clock, 1, ideal=True)
    world.on_power(lambda on: world.draw(0.010 if on else 0.0))
    twin = VirtualN6705(world)
    for step in range(200):
        clock.call_at(step * 100_000_000, world.pin_falls)
    items: list[Any] = []
    with serving(twin_server(twin, clock)) as port:
        monitor = Monitor(N6705(make_port(port), CLOCK))
        identity = monitor.open(CLOCK.deadline(10))
        applied = monitor.configure(MonitorSettings(3.0), CLOCK.deadline(10))
        monitor.power_on(CLOCK.deadline(10))
        assert monitor.measured_voltage_v(CLOCK.deadline(10)) == pytest.approx(3.0)
        began_ns = CLOCK.now_ns()
        monitor.start(CLOCK.deadline(10))
        for _ in range(8):
            CLOCK.sleep(0.1)
            items += monitor.poll(CLOCK.deadline(10))
        items += monitor.stop(CLOCK.deadline(10))
        passed_s = (CLOCK.now_ns() - began_ns) * 1e-9
        monitor.power_off(CLOCK.deadline(10))
        monitor.close()
    assert identity.virtual
    assert not world.powered
    assert {type(item) for item in items} == {Samples}
    current, voltage = (np.concatenate([item.values[i] for item in items]) for i in range(2))
    assert 0.6 < len(current) * applied.period_s < passed_s
    assert current == pytest.approx(np.full(len(current), 0.010), rel=1e-6)
    assert voltage == pytest.approx(np.full(len(voltage), 3.0), rel=1e-6)


# --- blocks ----------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    "data", [b"\n" * 300_000, b"", b"\n", bytes(range(256)) * 4097], ids=["LF", "empty", "1", "all"]
)
def test_a_block_of_any_bytes_arrives_and_the_link_stays_in_step(make_port: MakePort, data: bytes) -> None:
    with serving(answering(scpi.format_block(data) + b"\n", b"+3\n")) as number, opened(make_port(number)) as port:
        port.write_line("FETC?", CLOCK.deadline(5))
        assert read_block(port) == data
        assert port.read_line(CLOCK.deadline(5)) == ""
        port.write_line("NEXT?", CLOCK.deadline(5))
        assert port.read_line(CLOCK.deadline(5)) == "+3"


@both
def test_a_block_in_odd_pieces_arrives(make_port: MakePort) -> None:
    data = np.random.default_rng(1).bytes(200_003)
    stream = scpi.format_block(data) + b"\n+1\n"
    cuts = sorted(np.random.default_rng(2).integers(0, len(stream), 60).tolist())

    def handle(connection: socket.socket, done: threading.Event) -> None:
        for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            connection.sendall(stream[start:stop])
            time.sleep(0.001)
        done.wait(10)

    with serving(handle) as number, opened(make_port(number)) as port:
        assert read_block(port) == data
        assert [port.read_line(CLOCK.deadline(5)) for _ in range(2)] == ["", "+1"]


@both
def test_a_peer_that_stops_in_the_middle_of_a_block_times_out_and_nothing_is_lost(make_port: MakePort) -> None:
    with serving(answering(b"#41000" + b"\n" * 700)) as number, opened(make_port(number)) as port:
        port.write_line("FETC?", CLOCK.deadline(5))
        assert port.read_exactly(6, CLOCK.deadline(5)) == b"#41000"
        began_ns = CLOCK.now_ns()
        with pytest.raises(TimedOut, match="700"):
            port.read_exactly(1000, CLOCK.deadline(0.3))
        assert 0.29 < (CLOCK.now_ns() - began_ns) * 1e-9 < 3
        assert port.drain(CLOCK.deadline(0.05)) == b"\n" * 700


@both
def test_a_trickle_of_bytes_does_not_keep_a_read_alive(make_port: MakePort) -> None:
    def handle(connection: socket.socket, done: threading.Event) -> None:
        while not done.wait(0.005):
            connection.sendall(b"x")

    with serving(handle) as number, opened(make_port(number)) as port:
        began_ns = CLOCK.now_ns()
        with pytest.raises(TimedOut):
            port.read_exactly(100_000, CLOCK.deadline(0.3))
        assert (CLOCK.now_ns() - began_ns) * 1e-9 < 3


# --- connections -----------------------------------------------------------------------------------------


@both
def test_a_closed_connection_is_unavailable_long_before_the_deadline(make_port: MakePort) -> None:
    def handle(connection: socket.socket, done: threading.Event) -> None:
        connection.recv(1000)

    reads: list[Callable[[ScpiLink, Deadline], object]] = [
        lambda port, until: port.read_line(until),
        lambda port, until: port.read_exactly(9, until),
    ]
    for read in reads:
        with serving(handle) as number, opened(make_port(number)) as port:
            port.write_line("*IDN?", CLOCK.deadline(5))
            deadline = CLOCK.deadline(60)
            with pytest.raises(Unavailable, match=r"closed|reset"):
                read(port, deadline)
            assert deadline.remaining_s() > 30


@both
def test_a_refused_connection_is_unavailable_at_open(make_port: MakePort) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    port = make_port(number)
    with pytest.raises(Unavailable, match="refused"):
        port.open(CLOCK.deadline(5))
    port.close()


@both
def test_a_port_that_is_not_open_is_unavailable(make_port: MakePort) -> None:
    port = make_port(1)
    calls: list[Callable[[], object]] = [
        lambda: port.write_line("*IDN?", CLOCK.deadline(1)),
        lambda: port.read_line(CLOCK.deadline(1)),
        lambda: port.read_exactly(1, CLOCK.deadline(1)),
        lambda: port.drain(CLOCK.deadline(1)),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match="not open"):
            call()
    port.close()


@pytest.mark.parametrize(
    ("resource", "match"),
    [
        ("TCPIP::127.0.0.1::99999::SOCKET", "99999"),
        ("TCPIP::a..b::5025::SOCKET", "look up"),
        ("NONSENSE", "NONSENSE"),
        ("USB0::0x0957::0x0F07::MY00000000::INSTR", "open USB0"),
    ],
)
def test_resources_that_cannot_be_opened_say_which_and_why(resource: str, match: str) -> None:
    port = VisaLink(resource)
    with pytest.raises(Unavailable, match=match) as caught:
        port.open(CLOCK.deadline(2))
    assert caught.value.try_this
    port.close()


def test_a_visa_library_that_is_not_there_is_unavailable() -> None:
    port = VisaLink("TCPIP::127.0.0.1::5025::SOCKET", backend="@nothere")
    with pytest.raises(Unavailable, match="nothere"):
        port.open(CLOCK.deadline(2))


def test_closing_one_port_leaves_the_others_open() -> None:
    with serving(answering(b"+7\n"), clients=2) as number:
        first, second = (VisaLink(f"TCPIP::127.0.0.1::{number}::SOCKET") for _ in range(2))
        with opened(first), opened(second):
            first.close()
            second.write_line("X?", CLOCK.deadline(5))
            assert second.read_line(CLOCK.deadline(5)) == "+7"


def test_a_silent_instrument_ends_opening_the_driver_by_its_deadline() -> None:
    with serving(answering()) as number:
        monitor = N6705(PORTS["pyvisa-py"](number), CLOCK)
        began_ns = CLOCK.now_ns()
        with pytest.raises(TimedOut) as caught:
            monitor.open(CLOCK.deadline(1.0))
        assert (CLOCK.now_ns() - began_ns) * 1e-9 < 5
        assert isinstance(caught.value, InstrumentError)
        monitor.close()


# --- speed -----------------------------------------------------------------------------------------------


def test_large_blocks_are_not_much_slower_than_a_plain_socket() -> None:
    data = np.random.default_rng(3).bytes(4_000_000)
    answer = scpi.format_block(data) + b"\n"
    rounds = 8

    def plain(number: int) -> float:
        best_s = float("inf")
        with socket.create_connection(("127.0.0.1", number)) as connection:
            for _ in range(rounds):
                began_s = time.perf_counter()
                connection.sendall(b"FETC?\n")
                pieces: list[bytes] = []
                missing = len(answer)
                while missing:
                    pieces.append(connection.recv(min(missing, 65536)))
                    missing -= len(pieces[-1])
                received = b"".join(pieces)
                best_s = min(best_s, time.perf_counter() - began_s)
        assert received == answer
        return best_s

    def visa(number: int) -> float:
        best_s = float("inf")
        with opened(PORTS["pyvisa-py"](number)) as port:
            for _ in range(rounds):
                began_s = time.perf_counter()
                port.write_line("FETC?", CLOCK.deadline(5))
                received = read_block(port)
                port.read_line(CLOCK.deadline(5))
                best_s = min(best_s, time.perf_counter() - began_s)
        assert received == data
        return best_s

    with serving(answering(*[answer] * rounds)) as number:
        plain_s = plain(number)
    with serving(answering(*[answer] * rounds)) as number:
        visa_s = visa(number)
    print(f"plain {4 / plain_s:.0f} MB/s, pyvisa-py {4 / visa_s:.0f} MB/s")
    assert plain_s / visa_s > 0.1
