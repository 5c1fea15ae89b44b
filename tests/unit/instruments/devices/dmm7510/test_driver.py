# SPDX-License-Identifier: Apache-2.0
"""The digitizer of a DMM7510: driver against twin, in virtual time."""

import numpy as np
import pytest
from pydantic import ValidationError

from instruments.devices.dmm7510 import dialect
from instruments.devices.dmm7510.driver import Options
from instruments.devices.dmm7510.twin import METER
from instruments.errors import Refused
from instruments.roles import Samples
from tests.support.keithley_bench import joined, meter
from tests.support.n6705_bench import busy, check_indexes

WORDS = {"range": "0.1", "rate": "10000", "aperture": "1E-6", "readings": "5000000", "wait": dialect.ON_EDGE}


def test_the_identity_says_who_and_that_it_is_a_twin() -> None:
    bench = meter(seed=42)
    identity = bench.instrument.open(bench.within())
    assert (identity.make, identity.model, identity.serial) == ("KEITHLEY INSTRUMENTS", "DMM7510", "TWIN42")
    assert identity.virtual
    assert dict(identity.detail) == {"terminals": "FRON"}


def test_a_dmm6500_is_driven_too() -> None:
    bench = meter()
    bench.twin.model = "DMM6500"
    assert bench.instrument.open(bench.within()).model == "DMM6500"


@pytest.mark.parametrize("role", ["supply", "edges"])
def test_it_feeds_nothing_and_sees_one_edge_only(role: str) -> None:
    with pytest.raises(Refused):
        getattr(meter().instrument, role)()


def test_samples_are_the_current_at_instants_after_the_edge() -> None:
    """Sample k is what flows k periods after the edge, whatever flows between."""
    bench = meter().ready()
    start_ns = bench.clock.now_ns()
    for step in range(1, 40_000):  # a level for each half of a period
        bench.clock.call_at(start_ns + step * 50_000, lambda step=step: bench.world.draw(1e-6 * (step + 1)))
    bench.world.pin_falls()
    items = [*bench.log(1.9), *bench.stop()]
    read = joined(items)
    assert {type(item) for item in items} == {Samples}
    assert np.allclose(read[1:19_000], 1e-6 * (2 * np.arange(1, 19_000) + 1), rtol=1e-5)


def test_later_edges_neither_stop_nor_restart_nor_shift_the_readings() -> None:
    bench = meter(mean=True).ready()
    start_ns = bench.clock.now_ns()
    busy(bench.world, 4.0)
    for edge_ns in (0, 700_030_000, 1_400_070_000):  # not on a reading
        bench.clock.call_at(start_ns + edge_ns, bench.world.pin_falls)
    items = [*bench.log(2.5), *bench.stop()]
    assert {type(item) for item in items} == {Samples}
    read = joined(items)
    assert len(read) == pytest.approx(2.5 / 1e-4, abs=200)
    bounds_ns = start_ns + np.arange(len(read) + 1) * 1e-4 * 1e9
    truth_a = np.diff(bench.world.history.charge_c(bounds_ns)) / 1e-4
    assert np.allclose(read, truth_a, rtol=1e-5)


def test_with_mean_a_reading_is_the_mean_over_its_period() -> None:
    bench = meter(mean=True).open()
    (signal,) = bench.configure().signals
    assert (signal.name, signal.unit, signal.kind, signal.period_s) == ("current", "A", "mean", 1e-4)
    bench.feed()
    busy(bench.world, 4.0)
    bench.instrument.start(bench.within())
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    read = joined([*bench.log(3.0), *bench.stop()])
    stop_ns = start_ns + len(read) * 1e-4 * 1e9
    charge_c = float(bench.world.history.charge_c(stop_ns) - bench.world.history.charge_c(start_ns))
    assert float(read.sum(dtype=np.float64)) * 1e-4 == pytest.approx(charge_c, rel=1e-6)


def test_by_default_a_reading_is_an_instant() -> None:
    bench = meter().open()
    assert [s.kind for s in bench.configure().signals] == ["instant"]


@pytest.mark.parametrize("seed", range(6))
def test_an_instrument_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = meter(seed, ideal=False).ready()
    bench.world.pin_falls()
    read = joined([*bench.log(1.0), *bench.stop()])
    limits = {term.name: term for term in bench.instrument.specification().terms}
    error = float(np.mean(read, dtype=np.float64)) - 0.010
    assert 1e-9 < abs(error) < 0.010 * limits["gain"].relative + limits["offset"].absolute + 5e-6
    assert np.std(read) == pytest.approx(limits["noise"].absolute, rel=0.05)


def test_the_twin_draws_from_the_table_that_the_budget_reads() -> None:
    terms = {term.name: term for term in meter().instrument.specification().terms}
    gain, offset_a, noise_a = METER.ranges[0.1]
    assert (gain, offset_a, noise_a) == (
        terms["gain"].relative,
        pytest.approx(terms["offset"].absolute),
        pytest.approx(terms["noise"].absolute),
    )
    assert (METER.clock, METER.latency_s) == (terms["clock"].relative, terms["trigger_latency"].absolute)


@pytest.mark.parametrize(
    ("range_a", "most_v"), [(1e-4, 0.14), (1e-3, 0.17), (0.01, 0.17), (0.1, 0.2), (1.0, 0.75), (3.0, 1.7)]
)
def test_what_drops_across_the_meter_is_counted_as_a_shunt(range_a: float, most_v: float) -> None:
    """DMM6500 data sheet, page 13: the largest burden voltage of each range."""
    bench = meter(range_a=range_a).open()
    bench.configure()
    [burden] = [term for term in bench.instrument.specification().terms if term.name == "burden_voltage"]
    assert burden.unit == "Ohm"
    assert burden.absolute * range_a >= most_v


# --- set-up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked_a", "applied_a"), [(0.1, 0.1), (0.05, 0.1), (0.01, 0.01), (2.0, 3.0)])
def test_limits_follow_the_range_that_is_read_back(asked_a: float, applied_a: float) -> None:
    bench = meter(range_a=asked_a).open()
    bench.configure()
    table = bench.instrument.specification()
    assert table.assumed
    terms = {term.name: term for term in table.terms}
    assert terms["offset"].absolute == pytest.approx(2e-4 * applied_a)
    assert terms["gain"].relative == 1e-3
    assert table.largest[0].value == pytest.approx(1.2 * applied_a)
    assert terms["trigger_latency"].absolute == 1e-5


def test_a_range_that_the_model_has_not_is_refused() -> None:
    bench = meter(range_a=0.01).open()
    bench.world.faults.corrupt["host>monitor"] = lambda data: data.replace(b"RANG 0.01", b"RANG 0.001")
    with pytest.raises(Refused, match=r"range 0\.01 A: it is 0\.001 A"):
        bench.configure()


@pytest.mark.parametrize(("asked_hz", "applied_hz"), [(None, 10e3), (1e3, 1e3), (12_345.6, 12_346.0), (1e6, 1e6)])
def test_the_rate_is_read_back(asked_hz: float | None, applied_hz: float) -> None:
    assert meter().open().configure(asked_hz).period_s == pytest.approx(1 / applied_hz)


def test_a_smaller_buffer_than_asked_for_is_read_back() -> None:
    bench = meter().open()
    bench.world.faults.corrupt["host>monitor"] = lambda data: data.replace(
        b"TRAC:POIN 5000000", b"TRAC:POIN 100000"
    )
    bench.configure()
    assert bench.instrument._log.capacity == 100_000


def test_on_edge_false_starts_at_once_and_true_waits_again() -> None:
    bench = meter().ready(on_edge=False)
    assert not bench.instrument.capabilities.starts_on_edge
    assert check_indexes(bench.log(1.0)) == pytest.approx(10_000, abs=2)
    bench.stop()
    bench.configure()
    bench.instrument.start(bench.within())
    assert bench.instrument.capabilities.starts_on_edge
    assert bench.log(0.5) == []


@pytest.mark.parametrize("command", [line.format_map(WORDS) for _, lines in dialect.LOG for line in lines])
def test_each_refused_set_up_command_is_refused_by_the_driver(command: str) -> None:
    bench = meter().open()
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match=r"(set up the|undo) .*-222"):
        bench.configure()


@pytest.mark.parametrize("command", [*dialect.LOG_DIALECT.arm])
def test_each_refused_command_of_the_start_is_refused_by_the_driver(command: str) -> None:
    bench = meter().open()
    bench.configure()
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match="-222"):
        bench.instrument.start(bench.within())
    assert bench.stop() == []


def test_only_elements_that_the_format_can_hold_are_asked_for() -> None:
    bench = meter().ready()
    bench.world.pin_falls()
    bench.log(0.5)
    asked = [line for line in bench.sent if line.startswith(b"TRAC:DATA?")]
    assert asked
    assert all(line.endswith(b',"defbuffer1",READ\n') for line in asked)
    session = bench.instrument._session
    session.send('TRAC:DATA? 1,2,"defbuffer1",READ,STAT', bench.within())
    with pytest.raises(Refused, match="1133"):  # the twin's part
        session.check("ask for a status", bench.within())


@pytest.mark.parametrize(
    "wrong", [{"range_a": 0.0}, {"range_a": 11.0}, {"range_a": "0.1"}, {"readings": 1}, {"rage_a": 1}]
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(wrong)
