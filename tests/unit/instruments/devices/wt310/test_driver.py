# SPDX-License-Identifier: Apache-2.0
"""The WT310E: what it says, and the driver against its twin, in virtual time."""

import contextlib
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.devices.wt310 import twin as twins
from instruments.devices.wt310.driver import Options, Wt310
from instruments.devices.wt310.protocol import is_wt310, readings
from instruments.devices.wt310.twin import VirtualWt310
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import Lost, Note, OverRange, Samples, SamplingSettings, StreamItem, Summary
from instruments.specifications import load
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.n6705_bench import busy, check_indexes, of

PERIOD_S = 0.5


@dataclass
class Bench:
    world: World
    twin: VirtualWt310
    meter: Wt310

    @property
    def clock(self) -> VirtualClock:
        return self.world.clock

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.clock.deadline(seconds)

    def ready(self, rate_hz: float | None = None) -> "Bench":
        self.world.set_supply(True, 3.0)
        self.world.draw(0.010)
        self.meter.open(self.within())
        self.meter.configure(SamplingSettings(rate_hz), self.within())
        self.meter.start(self.within())
        return self

    def log(self, seconds: float, every_s: float = 0.1) -> list[StreamItem]:
        items: list[StreamItem] = []
        end_ns = self.clock.now_ns() + round(seconds * 1e9)
        while self.clock.now_ns() < end_ns:
            self.clock.sleep(min(every_s, (end_ns - self.clock.now_ns()) / 1e9))
            items += self.meter.poll(self.within())
        return items

    def stop(self) -> list[StreamItem]:
        return list(self.meter.stop(self.within()))


def placed(items: list[StreamItem]) -> list[StreamItem]:
    """Return what has its place among the samples."""
    return [item for item in items if isinstance(item, Samples | Lost | OverRange)]


def make(seed: int = 1, *, ideal: bool = True, **options: float) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualWt310(world)
    link = StreamScpiLink(CableLink("monitor", clock, twin.port))
    return Bench(world, twin, Wt310(link, clock, Options(**options)))


# --- what it says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["WT310E", "WT310E-C1-H"])
def test_models_that_take_these_commands(model: str) -> None:
    assert is_wt310(model)


@pytest.mark.parametrize("model", ["WT310EH", "WT310EH-C1", "WT310", "WT332E", "WT333E", "wt310e", ""])
def test_others_do_not(model: str) -> None:
    assert not is_wt310(model)


def test_a_missing_reading_is_nan_and_one_beyond_the_range_infinite() -> None:
    found = readings("3.0000E-02, NAN,INF", 3)
    assert found[0] == pytest.approx(0.03)
    assert math.isnan(found[1])
    assert math.isinf(found[2])


@given(st.text(max_size=40), st.integers(1, 4))
def test_any_line_is_numbers_or_a_violation(line: str, count: int) -> None:
    with contextlib.suppress(ProtocolViolation):
        assert len(readings(line, count)) == count


# --- set-up ------------------------------------------------------------------------------------------------


def test_the_identity_says_who_and_that_it_is_a_twin() -> None:
    bench = make(42)
    identity = bench.meter.open(bench.within())
    assert (identity.make, identity.model, identity.serial) == ("YOKOGAWA", "WT310E-C1-H", "TWIN42")
    assert identity.virtual


def test_another_model_is_refused() -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"WT310E", b"WT333E")
    with pytest.raises(Refused, match="WT333E"):
        bench.meter.open(bench.within())


def test_power_is_the_first_signal_and_a_mean() -> None:
    bench = make()
    bench.meter.open(bench.within())
    applied = bench.meter.configure(SamplingSettings(), bench.within())
    assert [(s.name, s.unit, s.kind) for s in applied.signals] == [
        ("power", "W", "mean"),
        ("current", "A", "mean"),
        ("voltage", "V", "mean"),
    ]
    assert applied.period_s == PERIOD_S
    assert bench.meter.capabilities.unread_s == PERIOD_S


@pytest.mark.parametrize("rate_hz", [10.0, 4.0, 3.0])
def test_updates_that_the_director_would_miss_are_refused(rate_hz: float) -> None:
    bench = make()
    bench.meter.open(bench.within())
    with pytest.raises(Refused, match="sample rate"):
        bench.meter.configure(SamplingSettings(rate_hz), bench.within())


@pytest.mark.parametrize("options", [{"voltage_range_v": 20.0}, {"current_range_a": 0.03}])
def test_ranges_that_do_not_exist_are_refused_with_a_list(options: dict[str, float]) -> None:
    bench = make(**options)
    bench.meter.open(bench.within())
    with pytest.raises(Refused, match="one of"):
        bench.meter.configure(SamplingSettings(), bench.within())


@pytest.mark.parametrize("left", list(twins._SWITCHES))
def test_what_another_program_left_is_put_back(left: str) -> None:
    bench = make()
    bench.world.faults.left_over = {left: "1"}
    bench.ready()
    assert bench.twin.switches == twins._SWITCHES
    items = bench.log(3.0)
    assert of(Samples, items)[0].values[0][0] == pytest.approx(0.030, rel=1e-4)


def test_a_refused_setting_ends_with_the_meters_words() -> None:
    bench = make()
    bench.meter.open(bench.within())
    bench.world.faults.refuse = {"INP:CURR:RANG"}
    with pytest.raises(Refused, match="-222"):
        bench.meter.configure(SamplingSettings(), bench.within())


def test_the_limits_are_a_share_of_the_ranges_and_those_of_the_twin() -> None:
    def terms(**options: float) -> dict[str, float]:
        return {t.name: t.absolute or t.relative for t in make(**options).meter.specification().terms}

    small = terms()
    large = terms(voltage_range_v=300.0, current_range_a=1.0)
    assert small["offset"] == pytest.approx(twins.OFFSET * 15 * 0.05)
    assert large["offset"] == pytest.approx(twins.OFFSET * 300)
    assert large["noise"] == pytest.approx(twins.NOISE * 300)
    assert small["gain"] == large["gain"] == twins.GAIN
    assert small["clock"] == twins.CLOCK
    table = load("instruments.devices.wt310")
    assert make().meter.specification().largest == table.largest
    assert not table.assumed
    assert {t.name for t in table.terms if t.assumed} == {"clock", "noise", "quantisation", "update_latency"}


# --- readings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate_hz", "every_s"), [(None, 0.1), (None, 0.37), (1.0, 0.1), (0.2, 0.9)])
def test_each_update_is_one_sample_of_the_true_mean(rate_hz: float | None, every_s: float) -> None:
    bench = make()
    bench.ready(rate_hz)
    period_s = 1 / (rate_hz or 2.0)
    start_ns = bench.clock.now_ns()
    busy(bench.world, 12 * period_s)
    items = [*bench.log(10 * period_s, every_s), *bench.stop()]
    assert {type(item) for item in items} == {Samples, Summary}
    count = check_indexes(placed(items))
    assert 9 <= count <= 11
    history = bench.world.history
    # The set-up ended with `RATE`, in the moment of the start: the first whole update follows the one in progress.
    bounds = start_ns + (1 + np.arange(count + 1)) * period_s * 1e9
    truth_w = np.diff(history.energy_j(bounds)) / period_s
    found_w = np.array([float(item.values[0][0]) for item in of(Samples, items)])
    assert found_w == pytest.approx(truth_w, rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_a_meter_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = make(seed, ideal=False).ready()
    items = [*bench.log(10.0), *bench.stop()]
    mean_w = float(np.mean([float(item.values[0][0]) for item in of(Samples, items)]))
    assert 1e-8 < abs(mean_w - 0.030) < twins.GAIN * 0.030 + (twins.OFFSET + 2 * twins.NOISE) * 0.75


def test_updates_that_were_missed_are_lost_and_later_ones_keep_their_place() -> None:
    bench = make().ready()
    items = bench.log(3.0)
    bench.clock.sleep(1.6)  # three updates, of which the last can still be read
    bench.world.draw(0.020)
    items += [*bench.log(3.0), *bench.stop()]
    [lost] = of(Lost, items)
    assert lost.missing in (2, 3)
    first = next(s.first for s in of(Samples, items) if float(s.values[0][0]) > 0.059)
    assert first == 9
    check_indexes(placed(items))


def test_updates_that_the_meter_did_not_make_are_lost_too() -> None:
    bench = make().ready()
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns() + 3_000_000_000
    items = [*bench.log(8.0), *bench.stop()]
    assert sum(lost.missing for lost in of(Lost, items)) in (2, 3)
    assert check_indexes(placed(items)) == pytest.approx(15, abs=1)


def test_no_data_is_a_lost_sample() -> None:
    bench = make().ready()
    bench.log(2.0)
    bench.world.faults.corrupt["monitor>host"] = lambda data: (
        b"NAN,NAN,NAN,NAN,NAN,NAN\n" if data.count(b",") == 5 else data
    )
    items = bench.log(1.1)
    assert {type(item) for item in items} == {Lost}
    assert all((lost.missing, lost.before - lost.after) == (1, 1) for lost in of(Lost, items))


def test_beyond_the_range_is_over_range_and_no_number() -> None:
    bench = make().ready()
    bench.world.draw(0.2)
    items = bench.log(3.0)
    over, samples = of(OverRange, items), of(Samples, items)
    assert len(over) >= 4
    assert "current peak" in over[-1].detail
    assert all(math.isnan(float(s.values[0][0])) for s in samples if s.first >= over[1].at)


def test_an_error_of_its_own_is_noted() -> None:
    bench = make()
    bench.world.faults.error_at_ns = 3_000_000_000
    bench.ready()
    [note] = of(Note, bench.log(6.0))
    assert note.about == "error"
    assert note.after <= 5 <= note.before


def test_silence_ends_by_the_deadline() -> None:
    bench = make().ready()
    bench.world.faults.silent.add("monitor")
    with pytest.raises(TimedOut):
        bench.meter.poll(bench.within(2.0))


@pytest.mark.parametrize("said", ["9.9E37", "-9.9E37", "9.91E37", "1E39", "-2E6"])
def test_a_number_that_stands_for_none_is_over_range_and_no_sample(said: str) -> None:
    bench = make().ready()
    bench.log(2.0)

    def corrupt(data: bytes) -> bytes:
        _, comma, rest = data.partition(b",")
        return said.encode() + comma + rest if data.count(b",") == 5 else data

    bench.world.faults.corrupt["monitor>host"] = corrupt
    items = bench.log(1.1)
    over, samples = of(OverRange, items), of(Samples, items)
    assert over
    assert [one.at for one in over] == [one.first for one in samples]
    assert all(math.isnan(float(one.values[0][0])) for one in samples)
