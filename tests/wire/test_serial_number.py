# SPDX-License-Identifier: Apache-2.0
"""A port named by the serial number of its device: found where it is plugged in now, on a real pseudo-terminal."""

import os
import pty
import tty
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from instruments.clock import RealClock
from instruments.errors import Unavailable
from instruments.links.address import AddressError
from instruments.links.make import make_link
from instruments.links.permission import missing_permission
from instruments.links.resource import canonical_resource

pytestmark = pytest.mark.wire


def plugged_in(device: str, serial: str) -> SimpleNamespace:
    """Return what pyserial's list says of a port."""
    return SimpleNamespace(device=device, vid=0x1915, pid=0xC00A, description="", hwid="usb", serial_number=serial)


ONE_OF_TWO = [
    ("serial-number:A1", "A1"),
    ("Serial-Number:a1", "A1"),
    ("serial-number:B2", "b2#1"),
    ("serial-number:b2#2", "b2#2"),
]
NOT_THERE = [("serial-number:C3", "no serial port has"), ("serial-number:A1#2", "1 serial port")]
NO_NUMBERS = ["serial-number:", "serial-number:A 1", "serial-number:A1#0", "serial-number:A1#10"]


@pytest.fixture
def plugged(monkeypatch) -> Iterator[dict[str, tuple[int, str]]]:
    """Two devices, `A1` with one port and `b2` with two; what is at the other end of each by number and place."""
    opened: list[int] = []
    ends: dict[str, tuple[int, str]] = {}
    found = []
    for serial in ("A1", "b2#1", "b2#2"):
        master, slave = pty.openpty()
        tty.setraw(slave)
        opened += [master, slave]
        ends[serial] = (master, os.ttyname(slave))
        found.append(plugged_in(os.ttyname(slave), serial[:2]))
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    yield ends
    for descriptor in opened:
        os.close(descriptor)


@pytest.mark.parametrize(("address", "port"), ONE_OF_TWO)
def test_the_port_of_the_device_is_opened(address, port, plugged):
    clock = RealClock()
    link = make_link("stream", address, "box", clock)
    link.open(clock.deadline(1.0))
    os.write(plugged[port][0], b"hello")
    assert link.read(clock.deadline(1.0)) == b"hello"
    link.close()
    assert canonical_resource(address) == os.path.realpath(plugged[port][1])
    assert missing_permission(address) == ""


def test_one_that_moved_between_two_runs_is_found_again(plugged, monkeypatch):
    clock = RealClock()
    link = make_link("stream", "serial-number:A1", "box", clock)
    link.open(clock.deadline(1.0))
    link.close()
    moved = plugged_in(plugged["b2#2"][1], "A1")
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [moved])
    link.open(clock.deadline(1.0))
    os.write(plugged["b2#2"][0], b"here")
    assert link.read(clock.deadline(1.0)) == b"here"
    link.close()


@pytest.mark.parametrize(("address", "came"), NOT_THERE)
def test_one_that_is_not_there_says_which_are(address, came, plugged):
    clock = RealClock()
    link = make_link("stream", address, "box", clock)
    with pytest.raises(Unavailable, match=came) as caught:
        link.open(clock.deadline(1.0))
    assert f"A1 ({plugged['A1'][1]})" in caught.value.try_this
    assert canonical_resource(address) == address.lower()
    assert missing_permission(address) == ""


@pytest.mark.parametrize("address", NO_NUMBERS)
def test_what_cannot_be_a_number_is_refused_with_an_example(address):
    with pytest.raises(AddressError, match="066DFF48"):
        make_link("stream", address, "box", RealClock())
