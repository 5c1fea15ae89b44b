# SPDX-License-Identifier: Apache-2.0
"""Listening in on a port: what passed is heard, what did not pass is not."""

import pytest

from instruments.clock import Deadline, VirtualClock
from instruments.errors import InstrumentError, TimedOut, Unavailable
from instruments.links.tap import TappedLink, TappedScpiLink

Heard = list[tuple[str, bytes]]
DEADLINE = Deadline(VirtualClock(), 0)


class Port:
    """Both kinds of port at once; raises `trouble` if it is set."""

    name = "device"

    def __init__(self, trouble: InstrumentError | None = None) -> None:
        self.trouble = trouble
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.trouble is not None:
            raise self.trouble

    def open(self, deadline: Deadline) -> None:
        self._call("open")

    def close(self) -> None:
        self._call("close")

    def write(self, data: bytes, deadline: Deadline) -> None:
        self._call("write")

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        self._call("read")
        return b"answer"[:max_bytes]

    def write_line(self, command: str, deadline: Deadline) -> None:
        self._call("write_line")

    def read_line(self, deadline: Deadline) -> str:
        self._call("read_line")
        return "answer"

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        self._call("read_exactly")
        return b"\xff" * count

    def drain(self, deadline: Deadline) -> bytes:
        self._call("drain")
        return b""


def tapped(port: Port) -> tuple[TappedLink, TappedScpiLink, Heard]:
    heard: Heard = []

    def listener(direction: str, data: bytes) -> None:
        heard.append((direction, data))

    return TappedLink(port, listener), TappedScpiLink(port, listener), heard


def test_every_byte_is_heard_unchanged() -> None:
    stream, scpi, heard = tapped(Port())
    stream.open(DEADLINE)
    stream.write(b"name%", DEADLINE)
    assert stream.read(DEADLINE, 3) == b"ans"
    scpi.open(DEADLINE)
    scpi.write_line("*IDN?", DEADLINE)
    assert scpi.read_line(DEADLINE) == "answer"
    assert scpi.read_exactly(2, DEADLINE) == b"\xff\xff"
    assert scpi.drain(DEADLINE) == b""
    assert heard == [
        ("tx", b"name%"),
        ("rx", b"ans"),
        ("tx", b"*IDN?\n"),
        ("rx", b"answer\n"),
        ("rx", b"\xff\xff"),
    ]
    assert (stream.name, scpi.name) == ("device", "device")


def test_a_write_that_was_cut_short_is_heard_because_part_of_it_passed() -> None:
    stream, scpi, heard = tapped(Port(TimedOut("write", "full")))
    with pytest.raises(TimedOut):
        stream.write(b"name%", DEADLINE)
    with pytest.raises(TimedOut):
        scpi.write_line("*IDN?", DEADLINE)
    assert heard == [("tx", b"name%"), ("tx", b"*IDN?\n")]


def test_a_port_that_is_gone_has_nothing_to_hear() -> None:
    stream, scpi, heard = tapped(Port(Unavailable("write", "gone")))
    for call in (
        lambda: stream.open(DEADLINE),
        lambda: stream.write(b"name%", DEADLINE),
        lambda: stream.read(DEADLINE),
        lambda: scpi.write_line("*IDN?", DEADLINE),
        lambda: scpi.read_line(DEADLINE),
        lambda: scpi.read_exactly(3, DEADLINE),
        lambda: scpi.drain(DEADLINE),
    ):
        with pytest.raises(Unavailable):
            call()
    assert heard == []


def test_closing_reaches_the_port() -> None:
    port = Port()
    stream, scpi, _ = tapped(port)
    stream.close()
    scpi.close()
    assert port.calls == ["close", "close"]
