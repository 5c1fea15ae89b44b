# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from instruments.clock import to_ns
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.errors import ProtocolViolation, Refused
from instruments.roles import Edge, Samples, TimeMark, signals
from instruments.world.cable import CableLink
from tests.support.lpm01a_bench import CURRENT_A, VOLTAGE_V, bench, clean, joined, of_type, suspicious
from tests.support.monitor import Monitor, MonitorSettings

# --- a run -----------------------------------------------------------------------------------------------


def test_identity_says_that_it_is_a_twin():
    identity = bench(seed=7).open()
    assert (identity.serial, identity.firmware, identity.virtual) == ("twin-7-0", "1.0.6", True)
    assert identity.detail == ()


def test_settings_are_applied_and_reported():
    b = bench()
    b.open()
    applied = b.monitor.configure(MonitorSettings(1.8, 2000), b.deadline())
    assert (applied.voltage_set_v, applied.period_s, applied.signals) == (
        1.8,
        1 / 2000,
        signals("energy", period_s=1 / 2000),
    )
    noise = {term.name: term.absolute for term in b.monitor.specification().terms}["noise"]
    assert noise == pytest.approx(1e-8 / np.sqrt(2))


@pytest.mark.parametrize("dialect", ["completed", "end"])
@pytest.mark.parametrize("rate_hz", [100, 1000, 5000])
def test_ideal_shield_is_right_within_the_digits_it_prints(dialect, rate_hz):
    b = bench(ideal=True, dialect=dialect).streaming(rate_hz)
    items = b.record(11) + b.stop()
    values = joined(items)
    true_j = CURRENT_A * VOLTAGE_V / rate_hz
    step_j = 10.0 ** (np.floor(np.log10(true_j)) - 3)
    assert np.abs(values - true_j).max() <= step_j * (0.5 + 1e-4)
    assert len(values) == 11 * rate_hz
    assert clean(items)
    assert b.monitor.stop(b.deadline()) == []


def test_ideal_shield_averages_what_changes_inside_a_sample():
    b = bench(ideal=True).streaming()
    b.clock.sleep(0.01025)
    b.world.draw(0.02)
    items = b.record(0.1) + b.stop()
    mean_a = CURRENT_A * 0.25 + 0.02 * 0.75
    assert joined(items)[9:12] == pytest.approx(VOLTAGE_V * 1e-3 * np.array([CURRENT_A, mean_a, 0.02]), rel=5e-4)


@pytest.mark.parametrize("seed", range(8))
def test_energy_is_within_the_limits_of_the_data_sheet(seed):
    b = bench(seed).streaming()
    limits = {term.name: term for term in b.monitor.specification().terms}
    start_ns = b.clock.now_ns()
    items = b.record(10) + b.stop()
    history = b.world.history
    true_j = float(history.energy_j(b.clock.now_ns()) - history.energy_j(start_ns))
    period_error = limits["clock"].relative + 1e-3 / 10  # the last sample may still be open
    relative = sum(limits[name].relative for name in ("gain", "supply_voltage", "quantisation")) + period_error
    assert abs(joined(items).sum() - true_j) <= 1.01 * relative * true_j + limits["offset"].absolute * 10
    assert joined(items).sum() != pytest.approx(true_j, rel=1e-5)
    assert clean(items)


def test_the_same_seed_gives_the_same_bytes_however_often_the_host_looks():
    heard = []
    for every_s in (0.001, 0.1, 1.5):
        b = bench(seed=5).streaming()
        b.clock.call_at(to_ns(1.23456), b.world.pin_falls)
        b.record(3, every_s)
        b.stop()
        heard.append(bytes(b.heard))
    assert heard[0] == heard[1] == heard[2]
    assert heard[0] != bytes(bench(seed=6).streaming().heard)


@pytest.mark.parametrize("ideal", [True, False])
def test_edges_stand_where_the_pin_fell(ideal):
    b = bench(ideal=ideal, glue_every=7).streaming()
    start_ns = b.clock.now_ns()
    offsets_ns = [0, 999_999, 1_000_000, 12_345_678, 2_000_000_000, 2_000_000_001, 9_876_543_210]
    for offset_ns in offsets_ns:
        b.clock.call_at(start_ns + offset_ns, b.world.pin_falls)
    items = b.record(11) + b.stop()
    edges = of_type(items, Edge)
    assert [edge.counter for edge in edges] == list(range(len(offsets_ns)))
    period_ns = 1e6 * (1 + b.twin.errors.clock)
    for edge, offset_ns in zip(edges, offsets_ns, strict=True):
        assert abs(edge.position - offset_ns / period_ns) <= edge.half_width
    assert clean(items)


def test_many_edges_wrap_the_counter():
    b = bench().streaming()
    for i in range(250):
        b.clock.call_after(to_ns(0.01 * i), b.world.pin_falls)
    items = b.record(3) + b.stop()
    assert len(of_type(items, Edge)) == 250
    assert clean(items)


def test_two_acquisitions_in_a_row_both_begin_at_zero():
    b = bench().streaming()
    first = b.record(1.5) + b.stop()
    b.monitor.start(b.deadline())
    second = b.record(1.5) + b.stop()
    for items in (first, second):
        assert of_type(items, Samples)[0].first == 0
        assert [mark.at for mark in of_type(items, TimeMark)] == [1000]
        assert clean(items)


def test_time_stamps_past_a_thousand_seconds():
    b = bench(ideal=True).streaming(10)
    items = b.record(1150, every_s=25) + b.stop()
    assert of_type(items, TimeMark)[-1] == TimeMark(11000, 1100.0, 0.0)
    assert clean(items)


def test_voltage_is_read_back_during_an_acquisition_and_no_sample_is_lost():
    b = bench().streaming()
    items = b.record(1)
    measured_v = b.monitor.measured_voltage_v(b.deadline())
    items += b.record(1.1) + b.stop()
    assert measured_v == pytest.approx(b.world.voltage_v, abs=1e-3)
    assert [mark.at for mark in of_type(items, TimeMark)] == [1000, 2000]
    assert clean(items)


def test_polling_and_stopping_without_an_acquisition_take_no_time():
    b = bench().configured()
    before_ns = b.clock.now_ns()
    assert list(b.monitor.poll(b.deadline())) == []
    assert b.stop() == []
    assert b.clock.now_ns() == before_ns


def test_starting_needs_settings():
    b = bench()
    b.open()
    with pytest.raises(Refused, match="not configured"):
        b.monitor.start(b.deadline())


def test_closing_gives_control_back_and_twice_is_once():
    b = bench().streaming()
    b.monitor.close()
    b.monitor.close()
    assert b"ack hrc" in b.heard
    assert not b.twin.port.is_open
    bench().monitor.close()  # never opened


# --- what an earlier run left ----------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["completed", "end"])
def test_a_stale_stream_is_ended_at_open(dialect):
    b = bench(dialect=dialect)
    b.world.faults.stale_stream = True
    identity = b.open()
    assert identity.detail[0][0] == "samples_of_an_earlier_run"
    b.monitor.configure(MonitorSettings(VOLTAGE_V), b.deadline())
    assert not b.world.powered
    b.monitor.power_on(b.deadline())
    b.monitor.start(b.deadline())
    items = b.record(2) + b.stop()
    assert of_type(items, Samples)[0].first == 0
    assert clean(items)


def test_a_stale_stream_that_cannot_be_ended_is_refused_with_advice():
    b = bench()
    b.world.faults.stale_stream = True
    b.world.faults.refuse = {"stop"}
    deadline = b.deadline(5)
    with pytest.raises(ProtocolViolation, match="unplug"):
        b.monitor.open(deadline)
    assert b.clock.now_ns() <= deadline.at_ns


def test_a_second_driver_takes_over_from_one_that_was_killed():
    b = bench().streaming()
    b.record(1)
    b.clock.sleep(100)
    b.twin.port.close()
    b.clock.sleep(100)
    second = Monitor(Lpm01a(CableLink("monitor", b.clock, b.twin.port), b.clock))
    second.open(b.deadline())
    second.power_off(b.deadline())
    assert not b.world.powered


# --- power off -------------------------------------------------------------------------------------------


def test_power_goes_off_during_an_acquisition_and_no_sample_is_lost():
    b = bench(ideal=True).streaming()
    items = b.record(1.5)
    b.monitor.power_off(b.deadline())
    assert not b.world.powered
    items += b.record(0.5) + b.stop()
    values = joined(items)
    assert len(values) == 2000
    assert values[1499] > 0 == values[1500]
    assert clean(items)


def test_power_goes_off_by_a_second_way_if_the_first_fails():
    b = bench().streaming()
    b.record(1.5)
    first = iter([True])
    b.world.faults.corrupt["host>monitor"] = lambda data: b"" if next(first, False) else data
    b.monitor.power_off(b.deadline())
    assert not b.world.powered
    items = list(b.monitor.poll(b.deadline()))
    assert any("while ending" in text for text in suspicious(items))
    assert b.stop() == []


def test_power_goes_off_even_if_host_control_was_lost():
    b = bench().configured()
    b.monitor.power_on(b.deadline())
    b.twin.port.receive(b"hrc\n")
    b.monitor.power_off(b.deadline())
    assert not b.world.powered


@pytest.mark.parametrize("running", [True, False])
def test_a_supply_that_stays_on_is_never_reported_as_off(running):
    b = bench().streaming()
    if not running:
        b.stop()
    b.world.faults.power_stays_on = True
    with pytest.raises(Refused, match="answers 'on'"):
        b.monitor.power_off(b.deadline())
    assert b.world.powered
