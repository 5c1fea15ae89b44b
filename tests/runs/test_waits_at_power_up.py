# SPDX-License-Identifier: Apache-2.0
"""Waits around the power-up: without power before it, and for the voltage to settle after it."""

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.director.preparation import Preparation, prepared
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session import events as ev
from instruments.errors import Refused
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

BENCHES = Path(FOUR_INSTRUMENTS).parent
SETTLED = prepared(settle_s=0.5, settle_share=0.02)


def ran(bench, folder: Path, preparation: Preparation, mode="energy"):
    plan = replace(small_plan(folder / "stimuli", mode), preparation=preparation)
    return er.run(bench, plan, out=folder / "s", report=False)


def of(session, kind):
    return [event for event in session.journal() if isinstance(event, kind)]


def phase_ns(session, name: str) -> int:
    return next(one.t_ns for one in of(session, ev.Phase) if one.name == name)


def measures(bench, monkeypatch, voltage_v: Callable[[float], float | None]) -> None:
    """Let the supply measure a voltage by the seconds since it was switched on; nothing while it is off."""
    world, since_ns = bench.twin.world, []
    world.on_power(lambda powered: since_ns.append(bench.clock.now_ns()) if powered else since_ns.clear())

    def measured(deadline):
        return voltage_v((bench.clock.now_ns() - since_ns[0]) / 1e9) if since_ns else 0.0

    monkeypatch.setattr(bench.supply, "measured_voltage_v", measured)


# --- without power ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_the_dut_is_without_power_for_so_long(mode: str, tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a", mode), tmp_path, prepared(cool_down_s=30.0), mode)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.run.cool_down_s == 30.0
    on_ns = next(one.t_ns for one in of(session, ev.SupplySwitched) if one.on)
    off_ns = phase_ns(session, "cool down")
    assert 30.0 <= (on_ns - off_ns) / 1e9 < 31.0


def test_it_counts_from_the_end_of_flashing(tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a"), tmp_path, prepared(flash="echo", cool_down_s=20.0))
    assert session.record.outcome == "completed", session.record.reason
    switched = of(session, ev.SupplySwitched)
    assert [one.on for one in switched] == [True, False, True, False]
    assert 20.0 <= (switched[2].t_ns - switched[1].t_ns) / 1e9 < 21.0


def test_a_stop_ends_the_wait_and_the_supply_is_off(tmp_path: Path) -> None:
    bench = twin_bench("virtual-lpm01a")
    plan = replace(small_plan(tmp_path / "stimuli"), preparation=prepared(cool_down_s=5e3))
    started, handles = threading.Event(), []

    def stop() -> None:
        assert started.wait(20.0)
        handles[0].cancel()

    bench.clock.call_at(10_000_000_000, stop)
    handles.append(er.start(bench, plan, out=tmp_path / "s", report=False))
    started.set()
    session = handles[0].wait()
    assert er.exit_status(session) is ExitStatus.INTERRUPTED
    assert session.record.supply_off_confirmed
    assert bench.clock.now_ns() < 20e9
    assert True not in [one.on for one in of(session, ev.SupplySwitched)]


# --- until the voltage settles ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["virtual-lpm01a", "virtual-n6705c", FOUR_INSTRUMENTS], ids=lambda n: Path(n).stem
)
def test_a_settled_supply_is_waited_for_no_longer_than_asked(name: str, tmp_path: Path) -> None:
    session = ran(twin_bench(name), tmp_path, SETTLED)
    assert session.record.outcome == "completed", session.record.reason
    (settled,) = of(session, ev.SupplySettled)
    assert abs(settled.voltage_v - settled.voltage_set_v) <= settled.within_v
    assert settled.within_v == pytest.approx(0.02 * settled.voltage_set_v)
    assert 0.5 <= settled.waited_s < 1.0
    kinds = [event.kind for event in session.journal()]
    assert kinds.index("dut-booted") < kinds.index("supply-settled") < kinds.index("dut-identified")
    facts = session.record.run
    assert (facts.settle_s, facts.settle_v, facts.settle_share, facts.settle_timeout_s) == (0.5, None, 0.02, 60.0)


def test_each_rail_has_to_settle_at_its_own_voltage(tmp_path: Path) -> None:
    session = ran(twin_bench(str(BENCHES / "two-rails.toml")), tmp_path, SETTLED)
    assert session.record.outcome == "completed", session.record.reason
    settled = of(session, ev.SupplySettled)
    assert len({one.rail for one in settled}) == 2
    assert len({one.voltage_set_v for one in settled}) == 2


def test_a_slow_supply_is_waited_for(tmp_path: Path, monkeypatch) -> None:
    bench = twin_bench("virtual-lpm01a")
    measures(bench, monkeypatch, lambda since_s: 3.0 * (1.0 - math.exp(-since_s / 2.0)))
    session = ran(bench, tmp_path, prepared(settle_s=1.0, settle_v=0.03))
    assert session.record.outcome == "completed", session.record.reason
    on_ns = next(one.t_ns for one in of(session, ev.SupplySwitched) if one.on)
    (settled,) = of(session, ev.SupplySettled)
    near_s = 2.0 * math.log(100.0)  # then 1 % is left
    assert near_s + 1.0 <= (settled.t_ns - on_ns) / 1e9 < near_s + 1.5


def test_one_that_leaves_the_band_again_begins_anew(tmp_path: Path, monkeypatch) -> None:
    bench = twin_bench("virtual-lpm01a")
    measures(bench, monkeypatch, lambda since_s: 2.0 if 1.0 <= since_s < 1.5 else 3.0)
    session = ran(bench, tmp_path, prepared(settle_s=2.0, settle_v=0.03))
    on_ns = next(one.t_ns for one in of(session, ev.SupplySwitched) if one.on)
    assert 3.5 <= (of(session, ev.SupplySettled)[0].t_ns - on_ns) / 1e9 < 4.2


def test_at_the_limit_it_is_a_bench_fault(tmp_path: Path, monkeypatch) -> None:
    bench = twin_bench("virtual-lpm01a")
    measures(bench, monkeypatch, lambda since_s: 2.5)
    session = ran(bench, tmp_path, prepared(settle_s=1.0, settle_v=0.03, settle_timeout_s=5.0))
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    reason = session.record.reason
    assert "not within 0.03 V of the set voltage for 1 s, waited 5 s (settle_timeout_s)" in reason
    assert "2.5 V of 3 V" in reason
    assert session.record.supply_off_confirmed
    assert of(session, ev.DutIdentified) == []


def test_a_supply_that_does_not_measure_is_refused_before_it_is_on(tmp_path: Path) -> None:
    bench_file = tmp_path / "b.toml"
    text = 'name = "b"\n[monitor]\ndriver = "ppk2"\nport = "virtual"\nvoltage_v = 3.0\n'
    bench_file.write_text(text + '[io_manager]\nport = "virtual"\n', "utf-8")
    session = ran(twin_bench(str(bench_file)), tmp_path, SETTLED)
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "monitor does not measure its voltage" in session.record.reason
    assert True not in [one.on for one in of(session, ev.SupplySwitched)]


def test_a_supply_that_refuses_to_measure_while_off_is_asked_again(tmp_path: Path, monkeypatch) -> None:
    bench = twin_bench("virtual-lpm01a")
    measured = bench.supply.measured_voltage_v

    def refuse(deadline):
        if not bench.twin.world.powered:
            raise Refused("measure the output voltage", "it is off")
        return measured(deadline)

    monkeypatch.setattr(bench.supply, "measured_voltage_v", refuse)
    session = ran(bench, tmp_path, SETTLED)
    assert len(of(session, ev.SupplySettled)) == 1


@pytest.mark.parametrize("options", [{"cool_down_s": 1.0}, {"settle_s": 1.0, "settle_v": 0.1}])
def test_a_bench_that_feeds_nothing_cannot_do_it(options, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="feeds the DUT"):
        ran(twin_bench(str(BENCHES / "fed-from-outside.toml")), tmp_path, prepared(**options))
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cool_down_s": -1.0}, "must be a number of seconds, 0 or more"),
        ({"cool_down_s": math.nan}, "must be a number of seconds, 0 or more"),
        ({"settle_s": 1.0}, "within what of the set voltage"),
        ({"settle_s": 1.0, "settle_v": 0.1, "settle_share": 0.1}, "within what of the set voltage"),
        ({"settle_v": 0.1}, "settled for how long"),
        ({"settle_share": 0.1}, "settled for how long"),
        ({"settle_timeout_s": 5.0}, "settled for how long"),
        ({"settle_s": 1.0, "settle_v": 0.0}, "between 0 and 1000 V"),
        ({"settle_s": 1.0, "settle_share": 1.0}, "between 0 and 1 of the set voltage"),
        ({"settle_s": 9.0, "settle_v": 0.1, "settle_timeout_s": 5.0}, "at least settle_s, 9 s"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(options, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        er.plan("demo-keywords", **options)


def test_a_plan_without_them_records_nothing_of_them(tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a"), tmp_path, Preparation())
    text = (session.path / "record.json").read_text("utf-8")
    assert not [name for name in ("cool_down_s", "settle_s", "settle_v", '"flash"') if name in text]
