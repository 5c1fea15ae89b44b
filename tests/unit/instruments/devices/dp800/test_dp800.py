# SPDX-License-Identifier: Apache-2.0
"""A Rigol DP800 as a supply: answers in words, several channels, settings that are read back."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.devices.dp800 import dialect, protocol
from instruments.devices.dp800.driver import Dp800, Options
from instruments.devices.dp800.twin import TABLE, VirtualDp800
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import SupplySettings
from instruments.specifications import load
from instruments.world.cable import CableLink
from instruments.world.world import World

WORDS = {"voltage": "3", "limit": "0.2", "protection": "3.3", "ours": "CH2"}


@dataclass
class Bench:
    world: World
    twin: VirtualDp800
    instrument: Dp800

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.world.clock.deadline(seconds)

    def fed(self, voltage_v: float = 3.0) -> "Bench":
        self.instrument.open(self.within())
        self.instrument.supply().configure(SupplySettings(voltage_v, 0.2), self.within())
        self.instrument.supply().on(self.within())
        return self


def make(channel: int = 2, *, model: str = "DP832", ideal: bool = True, seed: int = 1) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"DP832", model.encode())
    twin = VirtualDp800(world)
    twin.feeds(channel)
    link = StreamScpiLink(CableLink("monitor", clock, twin.port))
    return Bench(world, twin, Dp800(link, clock, Options(channel=channel)))


@pytest.mark.parametrize("channel", [1, 2, 3])
def test_the_chosen_channel_feeds_and_is_confirmed_off(channel: int) -> None:
    bench = make(channel).fed()
    assert [output.on for output in bench.twin.outputs.all] == [n == channel for n in (1, 2, 3)]
    assert bench.world.voltage_v == pytest.approx(3.0)
    assert bench.instrument.supply().measured_voltage_v(bench.within()) == pytest.approx(3.0)
    bench.instrument.supply().off(bench.within())
    assert not bench.world.powered


def test_another_channel_goes_on_feeding() -> None:
    bench = make().fed()
    other = bench.twin.outputs.at(1)
    bench.twin.outputs.switch(other, True)
    bench.instrument.supply().off(bench.within())
    assert other.on


@pytest.mark.parametrize("seed", range(6))
def test_the_voltage_is_within_the_table_that_the_driver_names(seed: int) -> None:
    bench = make(ideal=False, seed=seed).fed()
    (term,) = [term for term in load("instruments.devices.dp800").terms if term.name == "supply_voltage"]
    assert TABLE.feeds == (term.relative, term.absolute)
    assert 1e-7 < abs(bench.world.voltage_v - 3.0) <= term.relative * 3.0 + term.absolute


@pytest.mark.parametrize("model", ["DP832A", "DP831A", "DP821", "DP811A"])
def test_models_of_the_series_are_taken_with_their_own_limits(model: str) -> None:
    bench = make(1, model=model)
    assert bench.instrument.open(bench.within()).model == model
    limits = bench.instrument.supply().limits
    assert (limits.voltage_max_v, limits.current_max_a) == protocol.CHANNELS[model.rstrip("A")][1]


@pytest.mark.parametrize(
    ("channel", "model", "words"),
    [(3, "DP831A", "no positive channel 3"), (2, "DP811", "no positive"), (1, "DP2031", "DP2031 answers")],
)
def test_a_channel_or_model_that_is_not_there_is_refused(channel: int, model: str, words: str) -> None:
    bench = make(channel, model=model)
    with pytest.raises(Refused, match=words):
        bench.instrument.open(bench.within())


def test_a_voltage_above_the_channels_is_refused_before_anything_is_sent() -> None:
    bench = make(3)
    bench.instrument.open(bench.within())
    with pytest.raises(Refused, match=r"5\.3 V"):
        bench.instrument.supply().configure(SupplySettings(6.0), bench.within())


@pytest.mark.parametrize(
    "command",
    [line.format_map(WORDS) for _, lines in dialect.supply_dialect(2, "DP832").set_up for line in lines],
)
def test_each_refused_command_is_refused_by_the_driver(command: str) -> None:
    bench = make()
    bench.instrument.open(bench.within())
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match="-222"):
        bench.instrument.supply().configure(SupplySettings(3.0, 0.2), bench.within())


@pytest.mark.parametrize("left", [{"TIME": "ON"}, {"DELAY": "ON"}, {"OUTP:TRAC": "ON"}])
def test_what_another_program_left_is_undone(left: dict[str, str]) -> None:
    bench = make()
    bench.world.faults.left_over = left
    bench.fed()
    assert set(bench.twin._others.values()) == {"OFF"}


def test_a_tripped_protection_is_named() -> None:
    bench = make()
    bench.instrument.open(bench.within())
    bench.instrument.supply().configure(SupplySettings(3.0), bench.within())
    bench.twin.outputs.at(2).protection_v = 2.0
    with pytest.raises(Refused, match="over-voltage protection"):
        bench.instrument.supply().on(bench.within())


def test_a_setting_that_was_rounded_too_far_is_refused() -> None:
    bench = make()
    bench.instrument.open(bench.within())
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"3.000", b"3.100")
    with pytest.raises(Refused, match=r"answers 3\.1 to :APPL\? CH2,VOLT"):
        bench.instrument.supply().configure(SupplySettings(3.0), bench.within())


def test_a_welded_relay_a_silent_box_and_a_stale_answer() -> None:
    bench = make(1)
    bench.world.faults.stale_stream = True
    identity = bench.instrument.open(bench.within())
    assert dict(identity.detail)["output"] == "on"
    bench.world.faults.power_stays_on = True
    with pytest.raises(Refused, match=r"is at 3\.300"):
        bench.instrument.supply().off(bench.within(3.0))
    bench.world.faults.silent.add("monitor")
    with pytest.raises(TimedOut):
        bench.instrument.supply().off(bench.within(3.0))


@given(st.text(max_size=20))
def test_any_state_is_a_state_or_a_violation(answer: str) -> None:
    try:
        assert protocol.is_on(answer) in (True, False)
    except ProtocolViolation:
        assert answer.strip().upper() not in ("ON", "OFF")


@given(st.binary(max_size=60))
def test_any_bytes_end_in_an_error_of_the_tree(data: bytes) -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda _: data
    with pytest.raises(InstrumentError):
        bench.instrument.open(bench.within(2.0))
