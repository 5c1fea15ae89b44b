# SPDX-License-Identifier: Apache-2.0
"""VISA resources that carry messages: pyvisa-py's HiSLIP against a small server of our own."""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from instruments.clock import RealClock, VirtualClock
from instruments.devices.n6705.driver import N6705
from instruments.devices.n6705.twin import VirtualN6705
from instruments.errors import ProtocolViolation, TimedOut, Unavailable
from instruments.links.visa import VisaLink
from instruments.scpi import blocks as scpi
from instruments.world.world import World
from tests.support.monitor import Monitor, MonitorSettings

pytestmark = pytest.mark.wire
CLOCK = RealClock()
HEADER = struct.Struct("!2sBBIQ")
# Message types of HiSLIP (IVI-6.1, table 4).
INITIALIZE, INITIALIZE_RESPONSE, DATA_END = 0, 1, 7
CLEAR_COMPLETE, CLEAR_ACKNOWLEDGE = 8, 9
ASYNC_INITIALIZE, ASYNC_INITIALIZE_RESPONSE = 17, 18
ASYNC_CLEAR, ASYNC_CLEAR_ACKNOWLEDGE = 19, 23
ASYNC_MAXIMUM_SIZE, ASYNC_MAXIMUM_SIZE_RESPONSE = 15, 16
ANSWERS = {
    INITIALIZE: (INITIALIZE_RESPONSE, 0x0100_0001),
    ASYNC_INITIALIZE: (ASYNC_INITIALIZE_RESPONSE, 0),
    ASYNC_CLEAR: (ASYNC_CLEAR_ACKNOWLEDGE, 0),
    CLEAR_COMPLETE: (CLEAR_ACKNOWLEDGE, 0),
}
# Returns the answer to a command line: a message, nothing, or the length to announce and what is sent of it.
Respond = Callable[[bytes], bytes | tuple[int, bytes] | None]


class HungUpError(Exception):
    """The peer has closed a channel."""


def receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise HungUpError
        data += piece
    return data


def handle_message(connection: socket.socket, respond: Respond) -> None:
    _, kind, _, parameter, length = HEADER.unpack(receive(connection, HEADER.size))
    payload = receive(connection, length)
    if kind in ANSWERS:
        answer_kind, answer_parameter = ANSWERS[kind]
        connection.sendall(HEADER.pack(b"HS", answer_kind, 0, answer_parameter, 0))
    elif kind == ASYNC_MAXIMUM_SIZE:
        connection.sendall(HEADER.pack(b"HS", ASYNC_MAXIMUM_SIZE_RESPONSE, 0, 0, 8) + payload)
    elif kind == DATA_END:
        answer = respond(payload)
        if answer is not None:
            length, sent = answer if isinstance(answer, tuple) else (len(answer), answer)
            connection.sendall(HEADER.pack(b"HS", DATA_END, 0, parameter, length) + sent)


@contextmanager
def hislip(respond: Respond) -> Iterator[str]:
    """Serve HiSLIP on a thread; yield the resource name."""
    done = threading.Event()
    troubles: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            channels: list[socket.socket] = []
            try:
                while not done.is_set():
                    for ready in select.select([listener, *channels], [], [], 0.02)[0]:
                        if ready is listener:
                            channels.append(listener.accept()[0])
                        else:
                            handle_message(ready, respond)
            except (HungUpError, ConnectionError):
                return
            except BaseException as trouble:
                troubles.append(trouble)
            finally:
                for channel in channels:
                    channel.close()

        thread = threading.Thread(target=run, name="test HiSLIP server")
        thread.start()
        try:
            yield f"TCPIP::127.0.0.1::hislip0,{listener.getsockname()[1]}::INSTR"
        finally:
            done.set()
            thread.join(10)
    assert not troubles


@contextmanager
def opened(respond: Respond) -> Iterator[VisaLink]:
    with hislip(respond) as resource:
        port = VisaLink(resource)
        try:
            port.open(CLOCK.deadline(5))
            yield port
        finally:
            port.close()


def test_lines_and_blocks_full_of_line_feeds_keep_in_step() -> None:
    data = b"\n" * 300_000
    answers = {b"FETC?\n": scpi.format_block(data) + b"\n", b"NEXT?\n": b"+3\n", b"*IDN?\n": b"a,b,c,d"}
    with opened(lambda command: answers[command]) as port:
        for _ in range(2):
            port.write_line("FETC?", CLOCK.deadline(5))
            assert port.read_exactly(8, CLOCK.deadline(5)) == b"#6300000"
            assert port.read_exactly(len(data), CLOCK.deadline(5)) == data
            assert port.read_line(CLOCK.deadline(5)) == ""
            port.write_line("NEXT?", CLOCK.deadline(5))
            assert port.read_line(CLOCK.deadline(5)) == "+3"
        port.write_line("*IDN?", CLOCK.deadline(5))
        assert port.read_line(CLOCK.deadline(5)) == "a,b,c,d"  # ended by the end mark alone


def test_a_silent_instrument_times_out_by_the_deadline() -> None:
    with opened(lambda command: None) as port:
        port.write_line("*IDN?", CLOCK.deadline(5))
        for read in (port.read_line, lambda until: port.read_exactly(5, until)):
            began_ns = CLOCK.now_ns()
            with pytest.raises(TimedOut):
                read(CLOCK.deadline(0.2))
            assert (CLOCK.now_ns() - began_ns) * 1e-9 < 3


def test_a_drain_clears_the_device() -> None:
    with opened(lambda command: b"+1\n" if command == b"X?\n" else None) as port:
        port.write_line("NOTHING?", CLOCK.deadline(5))
        with pytest.raises(TimedOut):
            port.read_line(CLOCK.deadline(0.1))
        assert port.drain(CLOCK.deadline(2)) == b""
        port.write_line("X?", CLOCK.deadline(5))
        assert port.read_line(CLOCK.deadline(5)) == "+1"


def test_a_message_that_ends_too_early_is_a_violation() -> None:
    with opened(lambda command: b"#41000" + bytes(10)) as port:
        port.write_line("FETC?", CLOCK.deadline(5))
        assert port.read_exactly(6, CLOCK.deadline(5)) == b"#41000"
        with pytest.raises(ProtocolViolation, match="10 bytes"):
            port.read_exactly(1000, CLOCK.deadline(5))


def test_a_message_without_an_end_of_line_is_bounded() -> None:
    with opened(lambda command: b"x" * 100_000) as port:
        port.write_line("*IDN?", CLOCK.deadline(5))
        with pytest.raises(ProtocolViolation, match="without a line end"):
            port.read_line(CLOCK.deadline(5))


def test_a_message_that_stops_in_the_middle_times_out() -> None:
    with opened(lambda command: (1006, b"#41000" + bytes(700))) as port:
        port.write_line("FETC?", CLOCK.deadline(5))
        assert port.read_exactly(6, CLOCK.deadline(5)) == b"#41000"
        with pytest.raises(TimedOut):
            port.read_exactly(1000, CLOCK.deadline(0.2))


def test_a_closed_connection_is_unavailable() -> None:
    def hang_up(command: bytes) -> bytes:
        raise HungUpError

    with opened(hang_up) as port:
        port.write_line("*IDN?", CLOCK.deadline(5))
        deadline = CLOCK.deadline(60)
        with pytest.raises(Unavailable):
            port.read_line(deadline)
        assert deadline.remaining_s() > 30


def test_the_driver_sets_the_twin_up_and_switches_it_off_even_after_a_broken_answer() -> None:
    world = World(VirtualClock(), 1)
    twin = VirtualN6705(world)
    twin.port.open()
    broken = threading.Event()

    def respond(command: bytes) -> bytes | tuple[int, bytes] | None:
        twin.port.receive(command)
        answer = twin.port.take(1 << 20)
        if broken.is_set() and command.startswith(b"MEAS"):
            broken.clear()
            return len(answer), answer[:5]
        return answer or None

    with hislip(respond) as resource:
        monitor = Monitor(N6705(VisaLink(resource), CLOCK))
        assert monitor.open(CLOCK.deadline(10)).virtual
        assert monitor.configure(MonitorSettings(3.0), CLOCK.deadline(10)).period_s == 204.8e-6
        monitor.power_on(CLOCK.deadline(10))
        assert world.powered
        broken.set()
        with pytest.raises(TimedOut):
            monitor.measured_voltage_v(CLOCK.deadline(0.3))
        monitor.power_off(CLOCK.deadline(10))
        assert not world.powered
        monitor.close()
