# SPDX-License-Identifier: Apache-2.0
"""Runs on benches with a thermometer and a switch for a debug probe: every driver, and what goes wrong."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session import events as ev
from instruments.errors import Refused
from instruments.registry import BUILT_IN
from tests.support.no_report import no_report
from tests.support.small import small_plan, twin_bench

BENCH = """
name = "lab"
[instruments.room]
driver = "{thermometer}"
port = "virtual"
[instruments.cut]
driver = "{switch}"
port = "virtual"
{options}
[monitor]
driver = "lpm01a"
port = "virtual"
voltage_v = 3.0
{terms}
[io_manager]
port = "virtual"
[roles]
thermometer = "room"
switch = "cut"
"""
THERMOMETERS = sorted(spec.name for spec in BUILT_IN if "thermometer" in spec.roles)
SWITCHES = sorted(spec.name for spec in BUILT_IN if "switch" in spec.roles)
PER_K = """[[monitor.specification.term]]
name = "temperature"
relative_per_k = 0.001
source = "page 9"
"""


@pytest.fixture(autouse=True)
def without_a_report():
    with no_report():
        yield


@pytest.fixture
def made(tmp_path: Path):
    def make(thermometer="scpi-thermometer", switch="relay-numato", options="", terms=""):
        text = BENCH.format(thermometer=thermometer, switch=switch, options=options, terms=terms)
        (tmp_path / "lab.toml").write_text(text, "utf-8")
        bench = build_bench(load_bench_spec(str(tmp_path / "lab.toml")), "energy")
        assert bench.twin is not None
        return bench, bench.twin.world

    return make


def ran(bench, folder: Path, **options):
    """Run a plan of short windows."""
    planned = replace(small_plan(folder / "stimuli", inferences=24), **options)
    return er.run(bench, planned, out=folder / "s", rule_set="lab")


def ran_long(bench, folder: Path):
    return er.run(bench, er.plan("demo-keywords", inferences=250), out=folder / "s", rule_set="lab")


def after_window(world, number: int, act) -> None:
    """Let something happen at the end of a window; the first one is the trial, number 0."""
    noted, ended = world.note_window, []

    def note(*window) -> None:
        noted(*window)
        ended.append(window)
        if len(ended) == number + 1:
            act()

    world.note_window = note


def of(session, kind):
    return [event for event in session.journal() if isinstance(event, kind)]


def verdict(session, rule: str):
    return next(one for one in session.result().verdicts if one.id == rule)


# --- switches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_probe_is_off_in_every_window_and_on_again_afterwards(made, switch: str, tmp_path: Path) -> None:
    bench, _ = made(switch=switch)
    session = ran(bench, tmp_path)
    assert session.record.outcome == "completed", session.record.reason
    events = list(session.journal())
    kinds = [event.kind for event in events]
    assert [(one.on, one.confirmed, one.switch) for one in of(session, ev.SwitchTurned)] == [
        (False, True, "cut"),
        (True, True, "cut"),
    ]
    assert kinds.index("switch-turned") < kinds.index("supply-switched")
    steps = [event.name for event in events if isinstance(event, ev.TearDownStep) and not event.error]
    assert steps.index("switch the supply off") < steps.index("turn the switch on again")
    windows = [event for event in events if isinstance(event, ev.InferenceDone) and event.purpose == "window"]
    reads = of(session, ev.SwitchRead)
    assert len(reads) == len(windows) + 1
    assert not any(one.on for one in reads)
    found = verdict(session, "probe-off")
    assert found.passed
    assert (found.value, found.low) == (2.0, 2.0)
    bench.instruments["cut"].open(bench.clock.deadline(5.0))
    assert bench.switch.is_on(bench.clock.deadline(5.0)) is True


def test_a_board_without_read_back_is_turned_and_nobody_is_told_that_it_was(made, tmp_path: Path) -> None:
    bench, _ = made(switch="relay-lcus", options='options = { read_back = "none" }')
    session = ran(bench, tmp_path)
    assert session.record.outcome == "completed", session.record.reason
    assert [(one.on, one.confirmed) for one in of(session, ev.SwitchTurned)] == [(False, False), (True, False)]
    assert {one.on for one in of(session, ev.SwitchRead)} == {None}
    found = verdict(session, "probe-off")
    assert not found.passed
    assert not found.known
    assert "could not be read back" in found.note
    assert any("not confirmed that the debug probe is off" in one.text for one in of(session, ev.Remark))
    assert all(bench.twin.twins["cut"].closed.values())  # really on again


@pytest.mark.parametrize("switch", [name for name in SWITCHES if name != "ideal"])
def test_a_welded_contact_ends_the_run_before_the_supply_is_on(made, switch: str, tmp_path: Path) -> None:
    bench, world = made(switch=switch)
    world.faults.switch_stays_on = True
    powered = []
    world.on_power(powered.append)
    session = ran(bench, tmp_path)
    assert session.record.outcome == "bench-fault"
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert True not in powered
    assert session.record.supply_off_confirmed


def test_a_switch_that_was_off_stays_off(made, tmp_path: Path) -> None:
    bench, world = made(switch="usb-hub")
    world.faults.left_over = {"switch": "off"}
    session = ran(bench, tmp_path)
    assert of(session, ev.SwitchTurned) == []
    assert verdict(session, "probe-off").passed
    assert bench.twin.twins["cut"].on[1] is False


def test_a_port_that_comes_back_by_itself_is_seen(made, tmp_path: Path) -> None:
    """As some systems do: they switch a port on again seconds after it was switched off."""
    bench, world = made(switch="usb-hub")
    hub = bench.twin.twins["cut"]
    after_window(world, 1, lambda: hub.on.update({1: True}))
    session = ran(bench, tmp_path)
    assert session.record.outcome == "completed"
    found = verdict(session, "probe-off")
    assert found.known
    assert not found.passed
    assert found.binding  # in `lab` such a run is not valid
    assert er.exit_status(session) is ExitStatus.RULE_FAILED


def test_a_switch_that_falls_silent_ends_no_run(made, tmp_path: Path) -> None:
    bench, world = made()
    after_window(world, 1, lambda: world.faults.silent.add("cut"))
    session = ran(bench, tmp_path)
    assert session.record.outcome == "completed", session.record.reason
    assert None in {one.on for one in of(session, ev.SwitchRead)}
    assert not verdict(session, "probe-off").known
    (step,) = [one for one in of(session, ev.TearDownStep) if one.name == "turn the switch on again"]
    assert "no answer" in step.error
    assert session.record.supply_off_confirmed


def test_a_switch_that_was_unplugged_for_a_while_is_turned_on_again(made, tmp_path: Path) -> None:
    bench, world = made()
    faults, clock = world.faults, world.clock
    begun = faults.unplug_between_ns
    after_window(world, 1, lambda: begun.update({"cut": (clock.now_ns(), clock.now_ns() + 100_000_000)}))
    session = ran(bench, tmp_path)
    assert session.record.outcome == "completed", session.record.reason
    assert bench.twin.twins["cut"].on["0"] is True
    assert of(session, ev.SwitchTurned)[-1].on


def test_it_is_on_again_after_a_run_that_broke_off(made, tmp_path: Path) -> None:
    bench, world = made()
    after_window(world, 1, lambda: world.faults.silent.add("dut"))
    session = ran(bench, tmp_path)
    assert session.record.outcome == "bench-fault"
    assert [one.on for one in of(session, ev.SwitchTurned)] == [False, True]
    assert bench.twin.twins["cut"].on["0"] is True


def test_a_virtual_bench_without_a_switch_has_no_probe(tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a"), tmp_path)
    assert "probe-off" not in {one.id for one in session.result().verdicts}
    assert er.exit_status(session) is ExitStatus.VALID


# --- thermometers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("thermometer", THERMOMETERS)
def test_the_temperature_is_recorded_over_the_whole_run(made, thermometer: str, tmp_path: Path) -> None:
    bench, world = made(thermometer)
    world.temperature_c, world.drift_k = 24.5, 0.0
    session = ran_long(bench, tmp_path)
    assert session.record.outcome == "completed", session.record.reason
    measured = of(session, ev.TemperatureMeasured)
    assert {one.thermometer for one in measured} == {"room"}
    assert all(abs(one.temperature_c - 24.5) < 1.1 for one in measured)
    opened = next(e for e in of(session, ev.Phase) if e.name == "configure").t_ns
    stopped = of(session, ev.AcquisitionStopped)[0].t_ns
    times = [opened, *(one.t_ns for one in measured), stopped]
    assert max(after - before for before, after in pairwise(times)) <= 10_000_000_000


def test_nothing_is_asked_while_the_end_of_a_window_is_awaited(made, tmp_path: Path) -> None:
    bench, _ = made()
    session = ran_long(bench, tmp_path)
    ends = [one.done_line_ns for one in of(session, ev.InferenceDone) if one.purpose == "window"]
    for one in of(session, ev.TemperatureMeasured):
        assert not any(end - 1_000_000_000 < one.t_ns < end for end in ends)


@pytest.mark.parametrize("fault", ["silent", "open", "gone"])
@pytest.mark.parametrize("thermometer", [name for name in THERMOMETERS if name != "ideal"])
def test_a_thermometer_that_fails_is_noted_and_harms_no_run(made, thermometer, fault, tmp_path: Path) -> None:
    bench, world = made(thermometer)
    faults = world.faults
    strikes = {
        "silent": lambda: faults.silent.add("room"),
        "gone": lambda: faults.unplugged.add("room"),
        "open": lambda: setattr(faults, "probe_open", True),
    }
    after_window(world, 0, strikes[fault])  # a line may be believed for three seconds
    session = ran(bench, tmp_path)
    assert er.exit_status(session) is ExitStatus.VALID, session.record.reason
    assert of(session, ev.TemperatureMeasured)
    (noted,) = [one for one in of(session, ev.Remark) if "no temperature:" in one.text]
    assert noted.box == "room"


def test_a_thermometer_that_does_not_open_is_noted_and_harms_no_run(made, tmp_path: Path) -> None:
    bench, world = made()
    world.faults.unplugged.add("room")
    session = ran(bench, tmp_path)
    assert er.exit_status(session) is ExitStatus.VALID, session.record.reason
    assert of(session, ev.TemperatureMeasured) == []
    assert any("no temperatures: " in one.text for one in of(session, ev.Remark))


def test_one_that_answers_again_is_asked_again(made, tmp_path: Path) -> None:
    bench, world = made()
    after_window(world, 0, lambda: setattr(world.faults, "probe_open", True))
    after_window(world, 1, lambda: setattr(world.faults, "probe_open", False))
    session = ran(bench, tmp_path)
    (again,) = [one for one in of(session, ev.Remark) if "measures temperatures again" in one.text]
    assert of(session, ev.TemperatureMeasured)[-1].t_ns >= again.t_ns


# --- the budget -----------------------------------------------------------------------------------------


def test_the_recorded_change_counts_in_the_budget(made, tmp_path: Path) -> None:
    bench, world = made(terms=PER_K)
    world.drift_k, world.warming_k_per_s = 0.0, 1.0
    session = ran(bench, tmp_path)
    temperatures = [one.temperature_c for one in of(session, ev.TemperatureMeasured)]
    change_k = max(temperatures) - min(temperatures)
    assert change_k > 2.0
    (term,) = [t for t in of(session, ev.MonitorConfigured)[0].accuracy["terms"] if t["name"] == "temperature"]
    assert term["relative_per_k"] == 0.001
    assert term["relative"] == 0.0
    (cause,) = [c for c in session.result().uncertainty.components if "temperature" in c.name]
    score = session.result().energy_per_inference_j
    assert cause.u * cause.sensitivity == pytest.approx(0.001 * change_k / 3**0.5 * score.median, rel=0.02)
    assert "recorded a change of" in cause.source


# --- waiting for a temperature --------------------------------------------------------------------------


def test_a_run_waits_for_the_temperature_before_it_switches_on(made, tmp_path: Path) -> None:
    bench, world = made()
    world.temperature_c, world.drift_k, world.warming_k_per_s = 18.0, 0.0, 0.01
    session = ran(bench, tmp_path, wait_temperature_c=(21.0, 25.0), wait_temperature_s=600.0)
    assert session.record.outcome == "completed", session.record.reason
    on_ns = next(one.t_ns for one in of(session, ev.SupplySwitched) if one.on)
    waited = [one for one in of(session, ev.TemperatureMeasured) if one.t_ns <= on_ns]
    assert waited[0].temperature_c < 18.5
    assert 21.0 <= waited[-1].temperature_c < 21.5
    assert on_ns > 250_000_000_000
    assert session.record.run.wait_temperature_c == [21.0, 25.0]


def test_it_gives_up_with_status_3_and_nothing_was_on(made, tmp_path: Path) -> None:
    bench, world = made()
    world.temperature_c, world.drift_k = 18.0, 0.0
    powered = []
    world.on_power(powered.append)
    session = ran(bench, tmp_path, wait_temperature_c=(21.0, 25.0), wait_temperature_s=60.0)
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "waited 60 s for 21 to 25 °C at room, and it is 1" in session.record.reason
    assert True not in powered
    assert of(session, ev.SwitchTurned) == []  # the probe was not needed yet


def test_a_wait_with_a_broken_thermometer_ends_too(made, tmp_path: Path) -> None:
    bench, world = made("serial-thermometer")
    world.clock.call_at(3_000_000_000, lambda: setattr(world.faults, "probe_open", True))
    world.temperature_c = 18.0
    session = ran(bench, tmp_path, wait_temperature_c=(21.0, 25.0), wait_temperature_s=60.0)
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "the probe is not there" in session.record.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wait_temperature_c": (25.0, 21.0)}, "must be the lowest and the highest"),
        ({"wait_temperature_c": 21.0}, "must be the lowest and the highest"),
        ({"wait_temperature_s": 5.0}, "for which temperature"),
        ({"wait_temperature_c": (21.0, 25.0), "mode": "performance"}, "only a run in energy mode"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(options, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        er.plan("demo-keywords", **options)


def test_a_bench_without_a_thermometer_cannot_be_waited_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no thermometer"):
        er.run("virtual-lpm01a", er.plan("demo-keywords", wait_temperature_c=(21, 25)), out=tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_switch_that_refuses_ends_the_run_with_the_supply_off(made, tmp_path: Path, monkeypatch) -> None:
    bench, _ = made()

    def refuse(on: bool, deadline: object) -> None:
        raise Refused("turn the probe's port off", "the hub says no")

    monkeypatch.setattr(bench.switch, "turn", refuse)
    session = ran(bench, tmp_path)
    assert session.record.outcome == "bench-fault"
    assert "the hub says no" in session.record.reason
    assert session.record.supply_off_confirmed
