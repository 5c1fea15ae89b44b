# SPDX-License-Identifier: Apache-2.0
"""Every answer of each SCPI monitor of the registry is a place to fail: calls end in time, the supply goes off."""

from collections.abc import Callable

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentError, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.registry import BUILT_IN, DriverSpec
from instruments.roles import Instrument, SamplingSettings, SupplySettings
from instruments.world.cable import CableLink
from instruments.world.world import World

DRIVERS = [spec for spec in BUILT_IN if spec.link == "scpi" and {"supply", "sampler"} <= set(spec.roles)]
WITHIN_S = 5.0

SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "lost": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "garbage": lambda data: bytes(255 - byte for byte in data),
    "doubled": lambda data: data + data,
    "line feeds": lambda data: b"\n" * len(data),
    "endless": lambda data: b"x" * 40_000,
    "hostile block": lambda data: b"#9999999999" + data,
    "no value": lambda data: b"NaN\n",
}


class Bench:
    """A driver on its twin, whose answers can be spoilt."""

    def __init__(self, spec: DriverSpec, spoil: Callable[[bytes], bytes]) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, 1)
        self.twin = spec.build_twin(self.world, "monitor")
        self.world.on_power(lambda powered: self.world.draw(0.005 if powered else 0.0))
        self.world.faults.corrupt["monitor>host"] = spoil
        link = StreamScpiLink(CableLink("monitor", self.clock, self.twin.port))
        self.instrument: Instrument = spec.build(link, self.clock, spec.options_model()())

    def session(self) -> None:
        """Make every call of a session, each within five seconds."""
        supply, sampler = self.instrument.supply(), self.instrument.sampler()
        self.instrument.open(self.clock.deadline(WITHIN_S))
        supply.configure(SupplySettings(3.0), self.clock.deadline(WITHIN_S))
        sampler.configure(SamplingSettings(), self.clock.deadline(WITHIN_S))
        supply.on(self.clock.deadline(WITHIN_S))
        supply.measured_voltage_v(self.clock.deadline(WITHIN_S))
        sampler.start(self.clock.deadline(WITHIN_S))
        self.world.pin_falls()
        for _ in range(12):
            self.clock.sleep(0.1)
            sampler.poll(self.clock.deadline(WITHIN_S))
        sampler.stop(self.clock.deadline(WITHIN_S))
        supply.off(self.clock.deadline(WITHIN_S))

    def switch_off(self) -> None:
        """Switch off what an interrupted session left on, with answers as they should be."""
        self.world.faults.corrupt.clear()
        if self.twin.port.is_open:
            self.instrument.supply().off(self.clock.deadline(WITHIN_S))
        self.instrument.close()


class Spoiler:
    """Spoils the answer number `number` of the twin; counts them all."""

    def __init__(self, number: int, spoil: Callable[[bytes], bytes]) -> None:
        self.number = number
        self.spoil = spoil
        self.count = 0

    def __call__(self, data: bytes) -> bytes:
        if not data:
            return data
        self.count += 1
        return self.spoil(data) if self.count - 1 == self.number else data


class Late:
    """Lets the answer number `number` arrive together with the one after it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.held = b""

    def __call__(self, data: bytes) -> bytes:
        self.count += bool(data)
        if data and self.count - 1 == self.number:
            self.held = data
            return b""
        held, self.held = self.held, b""
        return held + data


def answers_of_a_session(spec: DriverSpec) -> int:
    counter = Spoiler(-1, lambda data: data)
    Bench(spec, counter).session()
    assert counter.count > 40
    return counter.count


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("spec", DRIVERS, ids=lambda spec: spec.name)
def test_whatever_answer_is_spoilt_every_call_ends_in_time_and_the_supply_goes_off(
    spec: DriverSpec, spoil: str
) -> None:
    total = answers_of_a_session(spec)
    raised = 0
    for number in range(total):
        bench = Bench(spec, Spoiler(number, SPOILS[spoil]))
        before_ns = bench.clock.now_ns()
        try:
            bench.session()
        except InstrumentError:
            raised += 1
        assert bench.clock.now_ns() - before_ns < 12e9
        bench.switch_off()
        assert not bench.world.powered, f"answer {number} spoilt"
    assert raised > total // 2 or spoil in ("doubled", "line feeds")


@pytest.mark.parametrize("spec", DRIVERS, ids=lambda spec: spec.name)
def test_a_late_answer_is_never_taken_for_the_next(spec: DriverSpec) -> None:
    raised = 0
    for number in range(answers_of_a_session(spec)):
        bench = Bench(spec, Late(number))
        try:
            bench.session()
            continue
        except TimedOut:
            raised += 1
        if bench.twin.port.is_open:
            bench.clock.sleep(1.0)
            powered = bench.world.powered
            measured_v = bench.instrument.supply().measured_voltage_v(bench.clock.deadline(WITHIN_S))
            # None: the only meter is taken by the acquisition that was being started or read
            assert measured_v in (None, pytest.approx(3.0 * powered, abs=0.02)), f"answer {number} late"
        bench.switch_off()
        assert not bench.world.powered
    assert raised > 30
