# SPDX-License-Identifier: Apache-2.0
"""What devices send that no driver expects: each message says what was asked, what came and what to try."""

from collections.abc import Callable

import pytest

from instruments.clock import VirtualClock
from instruments.devices.io_manager.driver import IoManager
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.devices.n6705.driver import N6705
from instruments.errors import InstrumentError, ProtocolViolation
from instruments.links.address import AddressError
from instruments.links.lines import LineSplitter
from instruments.links.parse import parse_address
from instruments.links.stream_scpi import StreamScpiLink
from instruments.scpi.blocks import parse_number
from instruments.world.cable import CableLink, HostPort
from instruments.world.world import World
from tests.support.io_manager_bench import Bench as IoBench
from tests.support.python_text import assert_complete, python_text
from tests.unit.instruments.devices.dut.test_driver import Bench as DutBench

ANSWER = {b"*ESE": b"+1", b"*IDN?": b"KEYSIGHT TECHNOLOGIES,N6705C,MY1,E.02"}


class Port:
    """A device that answers each line with what `answers(line)` returns; `greets` comes when the port opens."""

    def __init__(self, answers: Callable[[bytes], bytes], greets: bytes = b"") -> None:
        self.clock = VirtualClock()
        self.port = HostPort(World(self.clock, 1), "monitor", self._hear, lambda: self.port.emit(greets))
        self._answers = answers
        self.link = CableLink("monitor", self.clock, self.port)

    def _hear(self, data: bytes) -> None:
        self.port.emit(self._answers(data))

    def refusal(self, driver: type, link: object) -> InstrumentError:
        with pytest.raises(InstrumentError) as caught:
            driver(link, self.clock).open(self.clock.deadline(12.0))
        assert_complete(caught.value)
        return caught.value


def token(line: bytes) -> bytes:
    """Return what an instrument answers to the synchronising query."""
    return line.split(b";")[0].removeprefix(b"*ESE ") if line.startswith(b"*ESE") else b""


@pytest.mark.parametrize(
    ("greets", "answers"),
    [
        (b"Welcome to Keysight's N6705C\r\nN6705C> ", lambda line: line + token(line) + b"\r\nN6705C> "),
        (b"\xff\xfb\x01\xff\xfb\x03Welcome\r\n", lambda line: b"\xff\xfd\x01" + token(line) + b"\r\n"),
        (b"", lambda line: line + token(line) + b"\n"),
        (b"Welcome to N6705C\r\n", lambda line: b"N6705C> " + token(line) + b"\r\n"),
    ],
)
def test_a_telnet_port_is_recognised(greets: bytes, answers: Callable[[bytes], bytes]) -> None:
    port = Port(answers, greets)
    error = port.refusal(N6705, StreamScpiLink(port.link))
    assert "telnet" in error.came
    assert "5025 in place of 5024" in error.try_this


def test_old_bytes_that_look_like_telnet_do_no_harm() -> None:
    bench = StreamScpiLink(Port(lambda line: token(line) + b"\n", b"\xff\xfb\x01\x02\n").link)
    clock = bench.inner._clock  # type: ignore[attr-defined]
    bench.open(clock.deadline(1.0))
    from instruments.scpi.session import ScpiSession

    session = ScpiSession(bench, "monitor")
    session.synchronise(clock.deadline(5.0))
    assert session.in_step


FLOOD = b"*" * 500


@pytest.mark.parametrize("driver", [N6705, Lpm01a, IoManager])
@pytest.mark.parametrize(
    "said", [FLOOD, FLOOD * 40, b"no such thing\r", b"\x80\xfe\x9c" * 30, b"Invalid argument\r\n", b""]
)
def test_what_is_no_answer_is_quoted(driver: type, said: bytes) -> None:
    port = Port(lambda line: said)
    error = port.refusal(driver, StreamScpiLink(port.link) if driver is N6705 else port.link)
    if said and said.isascii():
        assert said[:12].decode().strip() in str(error)


def test_a_line_that_never_ends_is_quoted_by_its_beginning() -> None:
    lines = LineSplitter()
    for _ in range(32):
        lines.feed(FLOOD)
    with pytest.raises(ProtocolViolation, match=r"beginning with '\*\*\*\*") as caught:
        lines.feed(FLOOD)
    assert_complete(caught.value)


def test_an_instrument_that_ends_lines_with_cr_alone_is_told_to_change_its_terminator() -> None:
    port = Port(lambda line: token(line) + b"\r")
    error = port.refusal(N6705, StreamScpiLink(port.link))
    assert "without a line feed" in str(error)


def test_an_io_manager_that_ends_lines_with_cr_alone_is_named() -> None:
    port = Port(lambda line: b"m-name-io\rm-ready\r")
    error = port.refusal(IoManager, port.link)
    assert "carriage return alone" in error.try_this


@pytest.mark.parametrize("text", ["3,3", "-1,8", "3,300E+00"])
def test_a_decimal_comma_of_an_instrument_is_named(text: str) -> None:
    with pytest.raises(ProtocolViolation, match="instead of one number") as caught:
        parse_number(text)
    assert "decimal point" in caught.value.try_this


@pytest.mark.parametrize(
    ("address", "instead"),
    [
        ("192.168.1.20", "TCPIP0::192.168.1.20::5025::SOCKET"),
        ("192.168.1.20:5025", "tcp://192.168.1.20:5025"),
        ("192.168.1.20:5024", "TCPIP0::192.168.1.20::5025::SOCKET"),
        ("n6705.lab.example", "TCPIP0::n6705.lab.example::inst0::INSTR"),
    ],
)
def test_a_bare_address_of_the_network_is_completed(address: str, instead: str, monkeypatch) -> None:
    monkeypatch.setattr("os.name", "posix")
    with pytest.raises(AddressError) as caught:
        parse_address(address)
    assert_complete(caught.value)
    assert instead in caught.value.try_this
    assert f"/dev/{address}" not in str(caught.value)
    parse_address(caught.value.try_this.split(" or ")[0])  # what is to be tried can be read


@pytest.mark.parametrize(
    ("said", "try_this"),
    [
        (b"e-[Invalid argument]\r\nm-ready\r\n", "help%"),
        (b"Invalid argument\r\nm-ready\r\n", "help%"),
        (b"usage: infer N\r\nm-ready\r\n", "help%"),
        (b"e-[Invalid hex digit 'g']\r\nm-ready\r\n", "UART"),
        (b"m-infer-start-9\r\nm-ready\r\n", "UART"),
        (b"m-lap-us-17\r\nm-buffer-00-01\r\nm-results-[0.5]\r\nm-ready\r\n", "UART"),
    ],
)
def test_a_dut_that_does_not_infer_is_quoted(said: bytes, try_this: str) -> None:
    bench = DutBench().booted()
    bench.faults.corrupt["dut>line"] = lambda data: said if data.startswith(b"m-warmup-start") else b""
    with pytest.raises(InstrumentError) as caught:
        bench.dut.infer(3, 0, bench.within(3.0))
    assert_complete(caught.value)
    assert try_this in caught.value.try_this


@pytest.mark.parametrize(
    "echo", [b"m-dut-passthrough(nome)", b"m-dut-passthrough(name) m-dut-passthrough(x)", b""]
)
def test_an_io_manager_that_echoes_wrongly_is_quoted(echo: bytes) -> None:
    bench = IoBench().opened()
    bench.faults.corrupt["io-manager>host"] = lambda data: data.replace(b"m-dut-passthrough(name)", echo)
    with pytest.raises(ProtocolViolation) as caught:
        bench.driver.send("name", bench.within())
    assert_complete(caught.value)
    assert (echo[18:22].decode() or "nothing") in caught.value.came


def test_an_io_manager_that_confirms_nothing_is_quoted() -> None:
    bench = IoBench().opened()
    bench.faults.corrupt["io-manager>host"] = lambda data: data.replace(b"FALLING", b"RISING")
    with pytest.raises(ProtocolViolation, match="m-timestmp-mode-RISING m-") as caught:
        bench.driver.arm(bench.within())
    assert_complete(caught.value)


def test_the_scan_finds_python() -> None:
    for text in ("b'\\x00'", "it is None", "<Foo object at 0x1>", "ValueError: x", "[Errno 2]", "['a', 'b']"):
        assert python_text(text)
    assert not python_text("it said 'm-ready'. Try: set the port's speed (baud)")
