# SPDX-License-Identifier: Apache-2.0
"""Two benches at the same time on two channels of one mainframe, each with a connection and a DUT of its own."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.devices.n6705.driver import N6705, Options
from instruments.devices.n6705.twin import VirtualN6705
from instruments.errors import Refused
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import Lost, Note, Samples, SamplingSettings, StreamItem, SupplySettings
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.n6705_bench import listening, of

PERIOD_S = 204.8e-6


@dataclass
class Two:
    """The mainframe, and each channel's driver with the world that it feeds and what was sent for it."""

    clock: VirtualClock
    twin: VirtualN6705
    worlds: tuple[World, World]
    drivers: tuple[N6705, N6705]
    sent: tuple[list[bytes], list[bytes]]

    def within(self, seconds: float = 10.0):
        return self.clock.deadline(seconds)

    def ready(self, number: int, voltage_v: float) -> None:
        driver = self.drivers[number]
        driver.open(self.within())
        driver.supply().configure(SupplySettings(voltage_v), self.within())
        driver.configure(SamplingSettings(on_edge=False), self.within())
        driver.supply().on(self.within())
        self.worlds[number].draw(0.010 * (number + 1))
        driver.start(self.within())


@pytest.fixture
def two() -> Two:
    clock = VirtualClock()
    worlds = (World(clock, 1, ideal=True), World(clock, 2, ideal=True))
    sent: tuple[list[bytes], list[bytes]] = ([], [])
    twin = VirtualN6705(worlds[0], "one")
    other = twin.another(worlds[1], "two", 2)
    for name, wire in zip(("one", "two"), sent, strict=True):
        worlds[0].faults.corrupt[f"host>{name}"] = listening(wire)
    links = [
        StreamScpiLink(CableLink(name, clock, port)) for name, port in (("one", twin.port), ("two", other.port))
    ]
    drivers = tuple(N6705(link, clock, Options(channel=i)) for i, link in enumerate(links, start=1))
    return Two(clock, twin, worlds, drivers, sent)


def logged(items: list[StreamItem]) -> np.ndarray:
    assert of(Lost, items) == []
    assert of(Note, items) == []
    assert of(Samples, items)[0].first == 0
    return np.concatenate([s.values[0] for s in of(Samples, items)])


def test_two_runs_at_once_measure_what_each_would_alone(two: Two) -> None:
    """The second is set up, and switched off and closed, in the middle of the first."""
    first, second = two.drivers
    items: tuple[list[StreamItem], list[StreamItem]] = ([], [])
    two.ready(0, 3.0)
    began_ns = two.clock.now_ns()
    for turn in range(40):
        two.clock.sleep(0.1)
        items[0].extend(first.poll(two.within()))
        if turn == 10:
            two.ready(1, 1.8)
        if 10 < turn < 30:
            items[1].extend(second.poll(two.within()))
        if turn == 30:
            items[1].extend(second.stop(two.within()))
            second.supply().off(two.within())
            assert second.supply().measured_voltage_v(two.within()) == pytest.approx(0.0, abs=1e-3)
            second.close()
    items[0].extend(first.stop(two.within()))
    ours, theirs = logged(items[0]), logged(items[1])
    assert len(ours) == pytest.approx((two.clock.now_ns() - began_ns) / 1e9 / PERIOD_S, abs=2)
    assert np.allclose(ours, 0.010)
    assert np.allclose(theirs[100:], 0.020)
    assert two.worlds[0].powered
    assert first.supply().measured_voltage_v(two.within()) == pytest.approx(3.0)
    first.supply().off(two.within())
    assert not two.worlds[0].powered


def test_everything_that_is_sent_names_the_own_channel_alone(two: Two) -> None:
    for number, voltage_v in enumerate((3.0, 1.8)):
        two.ready(number, voltage_v)
    two.clock.sleep(1.5)
    for driver in two.drivers:
        driver.poll(two.within())
        driver.stop(two.within())
        driver.supply().off(two.within())
        driver.close()
    for number, sent in enumerate(two.sent, start=1):
        lines = b"".join(sent).decode().splitlines()
        assert {found[1] for line in lines if (found := re.search(r"\(@(.*?)\)", line))} == {str(number)}
        # What has no channel list changes nothing that another bench needs otherwise.
        rest = {line.split()[0] for line in lines if "(@" not in line}
        assert rest <= {
            *("*ESE", "*IDN?", "SYST:ERR?", "SYST:CHAN?", "SYST:COMM:RLST"),
            *("SENS:SWE:TINT:RES", "FORM", "FORM:BORD"),
        }


def test_what_one_is_refused_is_not_told_to_the_other(two: Two) -> None:
    """There is one error queue for the mainframe: each asks it right after what it has sent."""
    two.ready(0, 3.0)
    two.worlds[0].faults.refuse = {"VOLT:PROT:REM"}
    two.drivers[1].open(two.within())
    with pytest.raises(Refused, match=r"Data out of range"):
        two.drivers[1].supply().configure(SupplySettings(1.8), two.within())
    two.clock.sleep(2.0)
    logged(list(two.drivers[0].poll(two.within())))


def test_what_trips_one_channel_leaves_the_status_of_the_other(two: Two) -> None:
    for number, voltage_v in enumerate((3.0, 1.8)):
        two.ready(number, voltage_v)
    two.worlds[1].draw(0.6)  # above its limit of 0.5 A
    two.clock.sleep(1.5)
    ours, theirs = (list(driver.poll(two.within())) for driver in two.drivers)
    assert {type(item) for item in ours} == {Samples}
    assert any("LIM+" in getattr(item, "detail", "") for item in theirs)


def test_one_that_is_killed_is_ended_by_its_own_bench_alone(two: Two) -> None:
    two.ready(0, 3.0)
    began_ns = two.clock.now_ns()
    two.ready(1, 1.8)
    two.clock.sleep(0.5)
    two.drivers[1].close()  # as a killed run leaves it: logging, its output on
    two.drivers[1].open(two.within())
    two.drivers[1].supply().off(two.within())
    two.clock.sleep(0.5)
    count = len(logged(list(two.drivers[0].poll(two.within()))))
    assert count == pytest.approx((two.clock.now_ns() - began_ns) / 1e9 / PERIOD_S, abs=2)
    assert two.worlds[0].powered
    assert not two.worlds[1].powered
