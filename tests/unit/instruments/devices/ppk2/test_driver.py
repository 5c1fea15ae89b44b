# SPDX-License-Identifier: Apache-2.0
"""The driver against the twin: both modes, the supply, edges, and every way in which a PPK2 loses samples."""

import re
from dataclasses import replace

import numpy as np
import pytest

from instruments.conformance import CHECKS, on_twin
from instruments.devices.ppk2.calibration import DEFAULTS
from instruments.devices.ppk2.driver import Options
from instruments.devices.ppk2.twin_stream import INVISIBLE, STALL_NS
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.registry import drivers
from instruments.roles import Lost, Note, OverRange, Samples, SamplingSettings, SupplySettings
from instruments.world.cable import CableLink
from tests.support.ppk2_bench import CURRENT_A, VOLTAGE_V, Bench, bench, end, mean_a, missing, of, received


def passed(b: Bench, since_ns: int) -> float:
    return (b.clock.now_ns() - since_ns) / 1e9


# --- who is there ------------------------------------------------------------------------------------------


def test_it_says_who_it_is_and_which_coefficients_are_not_its_own():
    identity = bench(seed=7).box.open(bench().deadline())
    assert (identity.make, identity.model, identity.virtual) == ("Nordic Semiconductor", "PPK2", True)
    assert dict(identity.detail)["default_coefficients"] == "R3, GS4, UG0"
    assert dict(identity.detail)["hw"] == "9173"


def test_a_real_one_would_not_be_virtual(monkeypatch):
    b = bench()
    text = re.sub(rb"Twin: .*\n", b"", b.twin.metadata_text())
    monkeypatch.setattr(b.twin, "metadata_text", lambda: text)
    assert b.box.open(b.deadline()).virtual is False


def test_a_stream_that_was_left_running_is_ended_first():
    b = bench()
    b.world.faults.stale_stream = True
    identity = b.box.open(b.deadline())
    assert int(dict(identity.detail)["samples_of_an_earlier_run"]) > 0
    assert b.twin._stream is None


def test_a_stream_that_cannot_be_ended_is_said():
    b = bench()
    b.world.faults.stale_stream = True
    b.twin._stop = lambda: None  # type: ignore[method-assign]
    with pytest.raises(ProtocolViolation, match="no silence"):
        b.box.open(b.deadline())


def test_another_device_is_not_taken_for_one(monkeypatch):
    b = bench()
    monkeypatch.setattr(b.twin, "metadata_text", lambda: b"hello\nEND\n")
    with pytest.raises(ProtocolViolation, match="check that the port is a PPK2's"):
        b.box.open(b.deadline())


# --- what it measures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("current_a", [3e-6, 200e-6, 2e-3, 0.03, 0.3])
def test_an_ideal_one_is_right_within_half_a_step_in_every_range(current_a):
    b = bench(ideal=True).streaming(current_a)
    items = b.record(0.5) + b.stop()
    assert received(items) == end(items) == pytest.approx(50_000, abs=200)
    step = {3e-6: 43e-9, 200e-6: 0.44e-6, 2e-3: 4.4e-6, 0.03: 48e-6, 0.3: 1.1e-3}[current_a]
    assert abs(mean_a(items) - current_a) <= step / 2
    assert not of(Lost, items)
    assert not of(Note, items)


def test_errors_are_within_the_specification():
    for seed in range(5):
        b = bench(seed).streaming()
        assert mean_a(b.record(0.3) + b.stop()) == pytest.approx(CURRENT_A, rel=0.101)


def test_samples_are_instants_of_ten_microseconds():
    b = bench().opened()
    [signal] = b.box.configure(SamplingSettings(), b.deadline()).signals
    assert (signal.name, signal.unit, signal.period_s, signal.kind) == ("current", "A", 1e-5, "instant")


@pytest.mark.parametrize("rate_hz", [1000.0, 99_999.0, 200_000.0])
def test_another_rate_is_refused(rate_hz):
    b = bench().opened()
    with pytest.raises(Refused, match="100000 Hz"):
        b.box.configure(SamplingSettings(sample_rate_hz=rate_hz), b.deadline())


def test_its_own_rate_may_be_asked_for():
    b = bench().opened()
    assert b.box.configure(SamplingSettings(sample_rate_hz=100_000.0), b.deadline()).period_s == 1e-5


def test_saturation_is_over_range():
    b = bench().streaming()
    b.world.faults.over_range_above_a = 0.1
    b.clock.sleep(0.2)
    b.world.draw(0.2)
    b.clock.sleep(0.1)
    b.world.draw(CURRENT_A)
    over = of(OverRange, b.record(0.2) + b.stop())
    assert sum(one.count for one in over) == pytest.approx(10_000, abs=2)
    assert min(one.at for one in over) == pytest.approx(20_000, abs=110)


def test_after_stop_nothing_is_missing_and_a_new_start_has_nothing_of_the_old_one():
    b = bench().streaming()
    since_ns = b.clock.now_ns()
    b.clock.sleep(0.0377)
    count = end(b.stop())
    assert count >= 0.0377 / 1e-5
    for _ in range(3):
        b.box.start(b.deadline())
        since_ns = b.clock.now_ns()
        b.clock.sleep(0.05)
        items = b.stop()
        assert not of(Lost, items)
        assert not of(Note, items)
        assert end(items) <= passed(b, since_ns) / 1e-5 + 110


# --- edges ---------------------------------------------------------------------------------------------------


def test_an_edge_is_known_to_half_a_sample():
    b = bench(ideal=True).streaming()
    began_ns = b.twin._stream._start_ns  # type: ignore[union-attr]
    true = []
    for wait_s in (0.1234567, 0.05, 0.0777777):
        b.clock.sleep(wait_s)
        true.append((b.clock.now_ns() - began_ns) / 1e4)
        b.world.pin_falls()
        b.box.poll(b.deadline())
    b.clock.sleep(0.1)
    b.stop()
    edges = b.box.take(b.deadline())
    assert [edge.half_width for edge in edges] == [0.5] * 3
    assert all(abs(edge.position - at) <= 0.5 for edge, at in zip(edges, true, strict=True)), (edges, true)
    assert not b.box.take(b.deadline())


def test_only_the_input_that_was_chosen_counts():
    b = bench(edge_input=5).streaming()
    b.clock.sleep(0.1)
    b.world.pin_falls()
    b.record(0.2)
    b.stop()
    assert not b.box.take(b.deadline())


def test_an_edge_in_a_gap_is_as_uncertain_as_the_gap_is_long():
    b = bench(ideal=True).streaming()
    b.clock.sleep(0.1)
    b.world.faults.drop_buffer_at_ns = b.clock.now_ns() + 5_000_000
    b.clock.sleep(0.006)
    b.world.pin_falls()
    b.record(1.5)
    b.stop()
    assert b.box.take(b.deadline()) == []  # it fell and rose within the gap: nothing was seen of it


# --- what is lost ----------------------------------------------------------------------------------------------


def test_single_lost_samples_are_counted_exactly():
    b = bench()
    b.world.faults.drop_sample_every = 1000
    items = b.streaming().record(1.0) + b.stop()
    assert missing(items) == received(items) // 999
    assert end(items) == received(items) + missing(items)
    assert all(lost.before - lost.after == lost.missing == 1 for lost in of(Lost, items))


def test_lost_bytes_are_noticed_and_counted():
    b = bench(ideal=True)
    b.world.faults.garble_sample_every = 5000
    items = b.streaming().record(1.0) + b.stop()
    assert len(of(Lost, items)) == len(of(Note, items)) == pytest.approx(20, abs=1)
    values = np.concatenate([block.values[0] for block in of(Samples, items)])
    assert np.all(np.abs(values - CURRENT_A) < 1e-4), "no word is put together of two"
    assert end(items) == pytest.approx(100_000, abs=200)


def test_a_loss_of_64_is_found_by_the_second_clock_and_said_to_be_unsure():
    b = bench()
    b.streaming()
    b.world.faults.lose_block_at_ns = b.clock.now_ns() + 1_000_000_000
    items = b.record(3.0) + b.stop()
    [lost] = of(Lost, items)
    assert INVISIBLE % 64 == 0
    assert lost.missing == pytest.approx(INVISIBLE, abs=64)
    assert "cannot be known" in lost.detail
    assert "multiple of 64" in lost.detail
    assert lost.after <= 100_000 <= lost.before
    assert end(items) == pytest.approx(3.0 / 1e-5, abs=300)


def test_a_long_stall_is_counted_by_both():
    b = bench().streaming()
    b.world.faults.drop_buffer_at_ns = b.clock.now_ns() + 1_000_000_000
    items = b.record(3.0) + b.stop()
    assert missing(items) == pytest.approx(STALL_NS / 1e4, abs=64)
    assert missing(items) % 64 == STALL_NS // 10_000 % 64
    assert len(of(Lost, items)) == 2


def test_a_loss_at_the_very_end_is_found_too():
    b = bench().streaming()
    b.record(1.0)
    b.world.faults.drop_buffer_at_ns = b.clock.now_ns()
    b.clock.sleep(0.2)
    assert missing(b.stop()) == pytest.approx(0.2 / 1e-5, abs=200)


def test_without_any_fault_nothing_is_ever_lost():
    for seed in range(4):
        items = bench(seed).streaming().record(10.0, every_s=0.25)
        assert not of(Lost, items)


# --- supply ----------------------------------------------------------------------------------------------------


def test_voltage_and_mode_are_set_and_read_back():
    b = bench(ideal=True)
    b.world.faults.left_over = {"mode": "1", "VDD": "5000"}
    b.opened()
    applied = b.box.supply().configure(SupplySettings(1.8), b.deadline())
    assert (applied.voltage_set_v, applied.current_limit_a) == (1.8, None)
    b.box.supply().on(b.deadline())
    assert b.world.voltage_v == 1.8
    assert b.box.supply().measured_voltage_v(b.deadline()) is None
    b.box.supply().off(b.deadline())
    assert not b.world.powered


@pytest.mark.parametrize(("voltage_v", "limit_a"), [(0.79, None), (5.01, None), (3.0, 0.1)])
def test_what_it_cannot_supply_is_refused(voltage_v, limit_a):
    b = bench().opened()
    with pytest.raises(Refused):
        b.box.supply().configure(SupplySettings(voltage_v, limit_a), b.deadline())


@pytest.mark.parametrize(("command", "says"), [("mode", "mode is 1"), ("VDD", "VDD is 3000")])
def test_a_setting_that_is_not_there_afterwards_is_refused(command, says):
    b = bench()
    b.world.faults.refuse = {command}
    b.opened()
    with pytest.raises(Refused, match=says):
        b.box.supply().configure(SupplySettings(3.3), b.deadline())


@pytest.mark.parametrize("streaming", [True, False])
def test_an_output_that_stays_on_is_not_confirmed_off(streaming):
    b = bench().streaming()
    if not streaming:
        b.stop()
    b.world.faults.power_stays_on = True
    with pytest.raises(Refused, match="still flow"):
        b.box.supply().off(b.deadline())
    b.world.faults.power_stays_on = False
    b.box.supply().off(b.deadline())
    assert not b.world.powered


def test_switching_off_does_not_disturb_the_items_of_an_acquisition_that_has_ended():
    b = bench().streaming()
    b.clock.sleep(0.1)
    b.box._box.stop(b.deadline())
    b.box.supply().off(b.deadline())
    assert received(b.stop()) >= 10_000


def test_silence_ends_in_time():
    b = bench().streaming()
    b.world.faults.silent.add("monitor")
    since_ns = b.clock.now_ns()
    with pytest.raises(TimedOut):
        b.box.supply().off(b.deadline(3.0))
    assert passed(b, since_ns) <= 3.5


def test_commands_are_not_lost_by_closing_the_port(monkeypatch):
    b = bench().streaming()
    sent: list[bytes] = []
    write = b.link.write
    monkeypatch.setattr(b.link, "write", lambda data, deadline: (sent.append(data), write(data, deadline)))
    b.box.close()
    assert sent[-1] == b"\x19", "a question whose answer shows that all before it was read"
    assert b.twin._stream is None
    b.box.close()


# --- ampere meter ----------------------------------------------------------------------------------------------


def test_an_ampere_meter_supplies_nothing_and_closes_the_path():
    b = bench(mode="ampere")
    b.opened()
    assert b.twin.on is False
    with pytest.raises(Refused, match="another supply feeds"):
        b.box.supply()
    b.streaming()
    assert (b.twin.mode, b.twin.on) == (1, True)
    assert mean_a(b.record(0.3) + b.stop()) == pytest.approx(CURRENT_A, rel=0.101)
    assert b.world.powered


def test_a_path_that_stays_open_shows_no_current():
    b = bench(mode="ampere", ideal=True)
    b.world.faults.refuse = {"power"}
    assert mean_a(b.streaming().record(0.3)) == pytest.approx(0.0, abs=5e-7)


def test_an_ampere_meter_that_stays_a_source_is_refused():
    b = bench(mode="ampere")
    b.world.faults.left_over, b.world.faults.refuse = {"mode": "2"}, {"mode"}
    b.opened()
    with pytest.raises(Refused, match="mode is 2"):
        b.box.configure(SamplingSettings(), b.deadline())


def test_the_voltage_is_in_its_specification_only_where_it_supplies_it():
    names = {
        mode: {term.name for term in bench(mode=mode).box.specification().terms} for mode in ("source", "ampere")
    }
    assert names["source"] - names["ampere"] == {"supply_voltage"}
    # What drops across its shunt is missing at the DUT, and in no budget of the supply.
    assert names["ampere"] - names["source"] == {"burden_voltage"}


def test_no_range_of_a_ppk2_drops_more_than_its_table_says():
    ends_a = (50e-6, 500e-6, 5e-3, 60e-3, 1.0)
    drops_v = [ohm * end_a for ohm, end_a in zip(DEFAULTS["R"], ends_a, strict=True)]
    [burden] = [term for term in bench(mode="ampere").box.specification().terms if term.name == "burden_voltage"]
    assert burden.unit == "V"
    assert 0.95 * burden.absolute < max(drops_v) <= burden.absolute


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_ampere_meter_keeps_every_promise(check):
    spec = drivers()["ppk2"]

    def make():
        subject = on_twin(spec)
        assert isinstance(subject.instrument._link, CableLink)
        box = spec.build(subject.instrument._link, subject.clock, Options(mode="ampere"))
        return replace(subject, instrument=box, roles=spec.plays({"mode": "ampere"}))

    check(make)


def test_options_that_there_are_not_are_refused():
    for wrong in ({"mode": "both"}, {"edge_input": 8}, {"filter": True}):
        with pytest.raises(ValueError):
            Options(**wrong)


def test_the_voltage_counts_for_the_current_as_far_as_the_calibration_says():
    b = bench(ideal=True).streaming()
    assert b.box._new_stream()._table[1000] != replace_voltage(b)._table[1000]


def replace_voltage(b: Bench):
    b.box.supply().voltage_v = VOLTAGE_V + 2  # type: ignore[attr-defined]
    return b.box._new_stream()
