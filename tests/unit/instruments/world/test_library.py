# SPDX-License-Identifier: Apache-2.0
"""A twin reached through a vendor's library: what befalls cables befalls its calls."""

from collections.abc import Callable
from functools import partial

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentError, TimedOut, Unavailable
from instruments.links.base import Link
from instruments.twin_bench.call_faults import KINDS, CallFaults, Kind
from instruments.world.library import LibraryLink, LibraryPort
from instruments.world.world import World


class Library:
    """What a vendor's library might hand out."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = 0

    def query(self, topic: str, timeout: float | None = None) -> str:
        self.asked.append(topic)
        if topic == "odd":
            raise KeyError(topic)
        return topic.upper()

    def finalize(self) -> None:
        self.closed += 1


class Bench:
    def __init__(self, around: Callable[[Link], Link] = lambda link: link) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock)
        self.library = Library()
        self.heard: list[tuple[str, bytes]] = []
        self.port = LibraryPort(self.world, "js", "002122", lambda: self.library)
        self.link = LibraryLink(
            "js",
            self.clock,
            self.port,
            around=around,
            listener=lambda direction, data: self.heard.append((direction, data)),
        )

    def open(self) -> None:
        self.link.open(lambda address: pytest.fail("the library was asked"), Library.finalize)

    def opened_and_asked(self) -> str:
        self.open()
        return self.ask()

    def ask(self, topic: str = "fs", timeout: float | None = 2.0) -> str:
        return str(self.link.call(self.link.device.query, topic, timeout=timeout))


def test_a_call_reaches_the_stand_in_and_is_recorded_as_any() -> None:
    b = Bench()
    b.open()
    assert b.port.is_open
    assert b.port.is_reached
    assert b.ask() == "FS"
    assert b.heard == [("tx", b'query("fs", timeout=2.0)\n'), ("rx", b'"FS"\n')]
    b.link.close()
    b.link.close()
    assert b.library.closed == 1
    assert not b.port.is_open


def test_a_silent_twin_is_waited_for_as_long_as_the_call_says() -> None:
    b = Bench()
    b.open()
    b.world.faults.silent.add("js")
    assert not b.port.is_reached
    with pytest.raises(TimedOut, match="query timed out"):
        b.ask(timeout=2.0)
    assert b.clock.now_ns() == 2_000_000_000
    with pytest.raises(TimedOut):
        b.ask(timeout=None)
    assert b.clock.now_ns() == 3_000_000_000


def test_an_unplugged_twin_cannot_be_reached_until_it_is_opened_again() -> None:
    b = Bench()
    b.world.faults.unplug_between_ns["js"] = (1_000, 2_000)
    b.open()
    b.clock.advance_to(1_500)
    with pytest.raises(Unavailable, match="the device is gone"):
        b.ask()
    assert b.library.asked == []
    with pytest.raises(Unavailable, match="no such port"):
        b.open()
    b.clock.advance_to(2_500)
    b.open()
    assert b.ask() == "FS"


def test_a_stand_in_fails_as_the_library_does() -> None:
    b = Bench()
    b.open()
    with pytest.raises(Unavailable, match="KeyError: 'odd'"):
        b.ask("odd")
    assert b.ask() == "FS"


@pytest.mark.parametrize("kind", KINDS)
def test_faults_at_a_call_are_those_of_any_link(kind: Kind) -> None:
    """Opening is one call on the cable, closing another; each call of the library is one out and one back."""
    counted = CallFaults()
    b = Bench(partial(counted.wrap, "js"))
    b.open()
    b.ask()
    b.link.close()
    assert counted.log == ["js close", "js open", "js write b'query\\n'", "js read", "js close"]
    for at in (1, 2, 3):
        faults = CallFaults(kind, at)
        b = Bench(partial(faults.wrap, "js"))
        if (kind, at) in {("garbage", 1), ("refusal", 3)}:  # opening cannot be garbled, nor an answer refused
            b.opened_and_asked()
            continue
        with pytest.raises(InstrumentError):
            b.opened_and_asked()
        b.link.close()
        assert not b.port.is_open
