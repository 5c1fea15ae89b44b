# SPDX-License-Identifier: Apache-2.0
"""A Siglent SPD as a supply: no errors are told, states are bits, it is deaf for a moment after each command."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.devices.spd import protocol
from instruments.devices.spd.driver import Options, Spd
from instruments.devices.spd.twin import TABLE, VirtualSpd
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import SupplySettings
from instruments.specifications import load
from instruments.world.cable import CableLink
from instruments.world.world import World


@dataclass
class Bench:
    world: World
    twin: VirtualSpd
    instrument: Spd
    link: StreamScpiLink

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.world.clock.deadline(seconds)

    def fed(self) -> "Bench":
        self.instrument.open(self.within())
        self.instrument.supply().configure(SupplySettings(3.0, 0.2), self.within())
        self.instrument.supply().on(self.within())
        return self


def make(channel: int = 1, *, ideal: bool = True, seed: int = 1) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualSpd(world)
    twin.feeds(channel)
    link = StreamScpiLink(CableLink("monitor", clock, twin.port))
    return Bench(world, twin, Spd(link, clock, Options(channel=channel)), link)


@pytest.mark.parametrize("channel", [1, 2])
def test_the_chosen_channel_feeds_and_is_confirmed_off(channel: int) -> None:
    bench = make(channel).fed()
    assert [output.on for output in bench.twin.outputs.all] == [channel == 1, channel == 2]
    assert bench.world.voltage_v == pytest.approx(3.0)
    assert bench.instrument.supply().measured_voltage_v(bench.within()) == pytest.approx(3.0)
    other = bench.twin.outputs.at(3 - channel)
    bench.twin.outputs.switch(other, True)
    bench.instrument.supply().off(bench.within())
    assert not bench.world.powered
    assert other.on
    assert bench.twin.lost == []


def test_the_identity_has_its_fifth_field() -> None:
    bench = make(seed=7)
    identity = bench.instrument.open(bench.within())
    assert (identity.model, identity.firmware, identity.virtual) == ("SPD3303X", "1.01.01.02.05", True)
    assert dict(identity.detail) == {"hardware": "V3.0", "channel": "1", "output": "off"}


def test_a_command_too_soon_after_another_is_lost() -> None:
    """The twin's part: without a pause between commands, the voltage is not set."""
    bench = make()
    bench.link.open(bench.within())
    for line in ("CH1:VOLT 1", "CH1:VOLT 2"):
        bench.link.write_line(line, bench.within())
    assert bench.twin.outputs.at(1).voltage_v == 1.0
    assert bench.twin.lost == [b"CH1:VOLT 2\n"]


@pytest.mark.parametrize("seed", range(6))
def test_the_voltage_is_within_the_table_that_the_driver_names(seed: int) -> None:
    bench = make(ideal=False, seed=seed).fed()
    (term,) = [term for term in load("instruments.devices.spd").terms if term.name == "supply_voltage"]
    assert TABLE.feeds == (term.relative, term.absolute)
    assert 1e-7 < abs(bench.world.voltage_v - 3.0) <= term.relative * 3.0 + term.absolute


@pytest.mark.parametrize("command", ["CH1:VOLT", "CH1:CURR"])
def test_a_setting_that_was_silently_ignored_is_noticed(command: str) -> None:
    bench = make()
    bench.instrument.open(bench.within())
    bench.world.faults.refuse.add(f"{command} ")
    with pytest.raises(Refused, match=rf"{command}\?"):
        bench.instrument.supply().configure(SupplySettings(3.0, 0.2), bench.within())


@pytest.mark.parametrize(
    ("command", "left", "words"),
    [
        ("OUTP:TRACK", {"OUTP:TRACK": "1"}, "coupled"),
        ("OUTP:TRACK", {"OUTP:TRACK": "2"}, "coupled"),
        ("TIME", {"TIME": "ON"}, "timer of channel 1"),
    ],
)
def test_what_another_program_left_is_undone_or_named(command: str, left: dict[str, str], words: str) -> None:
    bench = make()
    bench.world.faults.left_over = left
    bench.fed()
    assert bench.twin._others == {"OUTP:TRACK": "0", "TIME": "OFF"}
    bench = make()
    bench.world.faults.left_over = left
    bench.world.faults.refuse.add(command)
    bench.instrument.open(bench.within())
    with pytest.raises(Refused, match=words):
        bench.instrument.supply().configure(SupplySettings(3.0, 0.2), bench.within())


def test_an_output_that_ignores_on_or_off_is_noticed() -> None:
    bench = make()
    bench.instrument.open(bench.within())
    bench.instrument.supply().configure(SupplySettings(3.0, 0.2), bench.within())
    bench.world.faults.refuse.add("OUTP CH1,ON")
    with pytest.raises(Refused, match="the output is off"):
        bench.instrument.supply().on(bench.within())
    bench.world.faults.refuse.clear()
    bench.instrument.supply().on(bench.within())
    bench.world.faults.refuse.add("OUTP CH1,OFF")
    with pytest.raises(Refused, match=r"SYST:STAT\? still says on"):
        bench.instrument.supply().off(bench.within())


@pytest.mark.parametrize(
    ("channel", "model", "words"), [(2, b"SPD1168X", "no channel 2"), (1, b"SPS5081X", "SPS5081X answers")]
)
def test_a_channel_or_model_that_is_not_there_is_refused(channel: int, model: bytes, words: str) -> None:
    bench = make(channel)
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"SPD3303X", model)
    with pytest.raises(Refused, match=words):
        bench.instrument.open(bench.within())


@pytest.mark.parametrize("model", [b"SPD1168X", b"SPD1305X", b"SPD3303X-E", b"SPD3303C"])
def test_other_models_have_their_own_limits(model: bytes) -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"SPD3303X", model)
    bench.instrument.open(bench.within())
    limits = bench.instrument.supply().limits
    assert (limits.voltage_max_v, limits.current_max_a) == protocol.MODELS[model.decode()][:2]
    bench.instrument.supply().configure(SupplySettings(3.0, 0.2), bench.within())


def test_answers_are_in_step_even_after_late_ones() -> None:
    """A late `*IDN?` looks like the answer to the next: only when nothing follows is it the last."""
    bench = make()
    late = [b"Siglent Technologies,SPD3303X,TWIN1,1,V3.0\n"]
    wire = bench.world.faults.corrupt
    wire["monitor>host"] = lambda data: (late.pop() if late else b"") + data
    bench.fed()
    assert bench.world.powered


def test_a_welded_relay_a_silent_box_and_a_stale_answer() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    assert dict(bench.instrument.open(bench.within()).detail)["output"] == "on"
    bench.world.faults.power_stays_on = True
    with pytest.raises(Refused, match=r"is at 3\.300"):
        bench.instrument.supply().off(bench.within(3.0))
    bench.world.faults.silent.add("monitor")
    with pytest.raises(TimedOut):
        bench.instrument.supply().off(bench.within(3.0))


def test_the_twin_tells_an_error_once_in_its_own_words() -> None:
    bench = make()
    bench.link.open(bench.within())
    for line, answer in (
        ("CH1:VOLT 99", ""),
        ("SYST:ERR?", "222 Data out of range"),
        ("SYST:ERR?", "0  No Error"),
    ):
        bench.world.clock.sleep(0.05)
        bench.link.write_line(line, bench.within())
        if answer:
            assert bench.link.read_line(bench.within()) == answer


@pytest.mark.parametrize(
    ("answer", "channel", "on", "limited"),
    [
        ("0x0224", 1, False, False),
        ("0x0224", 2, True, False),
        ("0X15", 1, True, True),
        (" 0x0016\r", 2, False, True),
    ],
)
def test_status_bits(answer: str, channel: int, on: bool, limited: bool) -> None:
    assert protocol.is_on(answer, channel) is on
    assert protocol.is_limited(answer, channel) is limited


@given(st.text(max_size=20))
def test_any_status_is_bits_or_a_violation(answer: str) -> None:
    try:
        assert protocol.status(answer) >= 0
    except ProtocolViolation:
        return


@given(st.binary(max_size=60))
def test_any_bytes_end_in_an_error_of_the_tree(data: bytes) -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda _: data
    with pytest.raises(InstrumentError):
        bench.instrument.open(bench.within(2.0))
