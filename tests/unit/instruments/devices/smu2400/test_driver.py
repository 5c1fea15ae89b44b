# SPDX-License-Identifier: Apache-2.0
"""The readings of a 2450: driver against twin, in virtual time."""

import numpy as np
import pytest
from pydantic import ValidationError

from instruments.devices.smu2400 import dialect
from instruments.devices.smu2400.driver import Options
from instruments.devices.smu2400.protocol import RANGES, limits_at
from instruments.devices.smu2400.twin import METER
from instruments.errors import ProtocolViolation, Refused
from instruments.roles import Lost, OverRange, Samples
from instruments.scpi.twin_keithley import Acquisition
from tests.support.keithley_bench import joined, smu
from tests.support.n6705_bench import check_indexes, of

WORDS = {
    "range": "0.1",
    "four_wire": "OFF",
    "voltage": "3",
    "limit": "0.1",
    "period": "0.001",
    "readings": "1000000",
    "wait": dialect.ON_EDGE,
}


def test_the_identity_says_who_and_that_it_is_a_twin() -> None:
    bench = smu(seed=42)
    identity = bench.instrument.open(bench.within())
    assert (identity.model, identity.serial, identity.virtual) == ("2450", "TWIN42", True)
    assert dict(identity.detail) == {"terminals": "FRON", "output": "off"}


@pytest.mark.parametrize("model", ["2460", "2470"])
def test_the_other_models_say_that_their_limits_are_assumed(model: str) -> None:
    bench = smu()
    assert not bench.instrument.specification().assumed
    bench.twin.model = model
    bench.open()
    table = bench.instrument.specification()
    assert table.assumed
    assert any(model in text for text in table.assumptions)


def test_samples_are_instants_with_the_period_of_the_timer_as_read_back() -> None:
    bench = smu().open()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"1.000000E-03", b"1.000100E-03")
    (signal,) = bench.configure(1000.0).signals
    assert (signal.name, signal.kind, signal.period_s) == ("current", "instant", 1.0001e-3)


@pytest.mark.parametrize("period", [b"0.000000E+00", b"3.000000E+00", b"1.000000E-05"])
def test_an_impossible_period_is_refused(period: bytes) -> None:
    bench = smu().open()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"1.000000E-03", period)
    with pytest.raises(Refused, match="sample period"):
        bench.configure()


@pytest.mark.parametrize("seed", range(6))
def test_an_instrument_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = smu(seed, ideal=False).ready()
    bench.world.pin_falls()
    read = joined([*bench.log(5.0), *bench.stop()])
    limits = {term.name: term for term in bench.instrument.specification().terms}
    error = float(np.mean(read, dtype=np.float64)) - 0.010
    assert 1e-9 < abs(error) < 0.010 * limits["gain"].relative + limits["offset"].absolute + 1e-6
    assert np.std(read) == pytest.approx(limits["noise"].absolute, rel=0.1)


def test_the_twin_draws_from_the_table_that_the_budget_reads() -> None:
    for range_a in RANGES:
        terms = {term.name: term for term in smu(range_a=range_a).instrument.specification().terms}
        gain, offset_a, noise_a = METER.ranges[range_a]
        assert (gain, offset_a) == (terms["gain"].relative, terms["offset"].absolute)
        assert noise_a == pytest.approx(terms["noise"].absolute)
    assert (METER.clock, METER.latency_s) == (terms["clock"].relative, terms["trigger_latency"].absolute)


def test_a_range_between_those_of_the_table_has_the_limits_of_the_next() -> None:
    assert limits_at(0.02) == RANGES[0.1]
    assert limits_at(1.0) == RANGES[1.0]


def test_the_offset_of_a_range_beyond_the_table_grows_with_it() -> None:
    gain, offset_a = RANGES[1.0]
    assert limits_at(7.0) == (gain, pytest.approx(7 * offset_a))


# --- times -----------------------------------------------------------------------------------------------


def bent(monkeypatch: pytest.MonkeyPatch, change) -> None:
    """Let the readings' own times be changed by `change(times)`."""
    plain = Acquisition.times_s.fget
    monkeypatch.setattr(Acquisition, "times_s", property(lambda run: change(plain(run).copy())))


def test_readings_late_by_more_than_a_quarter_of_the_period_are_lost(monkeypatch) -> None:
    """As without the reference measurements disabled: two more readings come in between."""

    def late(times):
        times[50:52] += 0.0004
        times[70] += 0.0002
        return times

    bent(monkeypatch, late)
    bench = smu().ready()
    bench.world.pin_falls()
    items = [*bench.log(1.0), *bench.stop()]
    (lost,) = of(Lost, items)
    assert (lost.after, lost.before, lost.missing) == (50, 52, 2)
    assert check_indexes(items) == pytest.approx(1000, abs=2)


def test_of_two_readings_in_one_period_the_first_counts(monkeypatch) -> None:
    def crowded(times):
        times[31:] -= 0.001
        return times

    bent(monkeypatch, crowded)
    bench = smu().ready()
    bench.world.pin_falls()
    items = [*bench.log(0.05), *bench.log(0.5), *bench.stop()]
    assert {type(item) for item in items} == {Samples}
    check_indexes(items)


def test_times_that_fall_are_a_violation(monkeypatch) -> None:
    def falling(times):
        times[40:] -= 0.03
        return times

    bent(monkeypatch, falling)
    bench = smu().ready()
    bench.world.pin_falls()
    with pytest.raises(ProtocolViolation, match="do not rise"):
        bench.log(0.5)


def test_the_timer_paces_the_readings() -> None:
    """Without it, the twin's readings follow each other as fast as they can."""
    bench = smu().ready(500.0)
    bench.world.pin_falls()
    assert check_indexes([*bench.log(2.0), *bench.stop()]) == pytest.approx(1000, abs=2)


# --- set-up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [line.format_map(WORDS) for _, lines in dialect.SUPPLY + dialect.LOG for line in lines]
)
def test_each_refused_set_up_command_is_refused_by_the_driver(command: str) -> None:
    bench = smu().open()
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match=r"(set up the|undo) .*-222"):
        bench.configure()


@pytest.mark.parametrize("command", ["OUTP ON", *dialect.LOG_DIALECT.arm])
def test_each_refused_command_of_the_start_is_refused_by_the_driver(command: str) -> None:
    bench = smu().open()
    bench.configure()
    bench.world.faults.refuse.add(command)

    def begin() -> None:
        bench.feed()
        bench.instrument.start(bench.within())

    with pytest.raises(Refused, match="-222"):
        begin()
    assert bench.stop() == []


@pytest.mark.parametrize("four_wire", [False, True])
def test_remote_sensing_is_as_asked_for(four_wire: bool) -> None:
    bench = smu(four_wire=four_wire).open()
    bench.configure()
    assert bench.twin._others["RSEN"] == bench.twin._others["VRSEN"] == ("ON" if four_wire else "OFF")


def test_a_current_at_the_limit_is_reported_as_long_as_it_lasts() -> None:
    bench = smu().ready()
    bench.twin._limit_a = 0.05
    bench.world.pin_falls()
    bench.world.draw(0.06)
    told = [item for item in of(OverRange, bench.log(5.0)) if "current limit" in item.detail]
    assert len(told) >= 4


@pytest.mark.parametrize("wrong", [{"range_a": 0.0}, {"range_a": 10.0}, {"four_wire": "on"}, {"nplc": 1}])
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(wrong)
