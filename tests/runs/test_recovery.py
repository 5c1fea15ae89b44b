# SPDX-License-Identifier: Apache-2.0
"""Steps of recovery on twin benches: each cures what it is there for, and the supply is off whatever happens."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench, BenchSpec, build_bench, load_bench_spec
from energy_runner.bench.lock import lock_bench
from energy_runner.director import recovery_steps
from energy_runner.director.plan import RunPlan
from energy_runner.director.recovery import STEPS, recover
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import MAY_BE_ON
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted
from energy_runner.sweep.ladder import LADDER, Attempt, Taken, next_step
from instruments.twin_bench.call_faults import KINDS, CallFaults, Kind
from instruments.world.faults import Faults
from tests.support.no_report import no_report
from tests.support.places import ROOT
from tests.support.small import small_plan

BENCHES = ROOT / "tests" / "support" / "benches"
SHIELD, HUB, RELAY = (
    "virtual-lpm01a",
    str(BENCHES / "hub-and-sensor.toml"),
    str(BENCHES / "relay-and-thermometer.toml"),
)
BOARD, OUTSIDE, RAILS = (
    str(BENCHES / f"{name}.toml") for name in ("interface-board-sees-edges", "fed-from-outside", "two-rails")
)
TAKEN = LADDER[:-1]
NS = 1_000_000_000


def built(name: str, faults: CallFaults | None = None, **changes: object) -> Bench:
    wrap = {"wrap": faults.wrap} if faults is not None else {}
    return build_bench(load_bench_spec(name, changes), "energy", **wrap)


def world_faults(bench: Bench) -> Faults:
    assert bench.twin is not None
    return bench.twin.world.faults


def powered(bench: Bench) -> bool:
    assert bench.twin is not None
    return bench.twin.world.powered


def night(bench: Bench, plan: RunPlan, folder: Path) -> tuple[str, list[Attempt | Taken]]:
    """Do as a sweep's worker does with one point; return how the point ended, and its history."""
    history: list[Attempt | Taken] = []
    while (follows := next_step(history, attempts=6, bench="a")) == "again" or follows in TAKEN:
        if follows == "again":
            with no_report():
                session = api.run(bench, plan, out=folder / str(len(history)))
            outcome = session.record.outcome
            assert outcome in ("completed", "bench-fault")
            history.append(Attempt("a", "valid" if outcome == "completed" else "bench-fault"))
        else:
            taken = api.recover_bench(bench, follows)
            assert taken.step == follows
            history.append(Taken("a", follows, taken.went))
        assert bench.supply is None or not powered(bench)
    return follows, history


# --- each step cures --------------------------------------------------------------------------------------------


def io_manager_hangs(faults: Faults) -> None:
    faults.stuck_until_reset.add("io-manager")


def dut_latches_up(faults: Faults) -> None:
    faults.dut_hangs_until_off_ns = 4 * NS


def monitor_has_lost_step(faults: Faults) -> None:
    faults.deaf_openings["monitor"] = 14


def io_manager_is_gone(faults: Faults) -> None:
    faults.gone_until_replugged.add("io-manager")


@pytest.mark.parametrize(
    ("name", "fault", "cure"),
    [
        (SHIELD, dut_latches_up, "power-cycle-dut"),
        (BOARD, dut_latches_up, "power-cycle-dut"),
        pytest.param(RAILS, dut_latches_up, "power-cycle-dut", marks=pytest.mark.deep),
        (SHIELD, io_manager_hangs, "reset-io-manager"),
        (SHIELD, monitor_has_lost_step, "reopen-monitor"),
        (HUB, io_manager_is_gone, "power-cycle-usb"),
        pytest.param(RELAY, io_manager_is_gone, "power-cycle-usb", marks=pytest.mark.deep),
    ],
)
def test_a_night_climbs_to_the_step_that_cures(
    name: str, fault: Callable[[Faults], None], cure: str, tmp_path: Path
) -> None:
    changes = {"io_manager.dtr": False} if fault is io_manager_hangs else {}
    bench, plan = built(name, **changes), small_plan(tmp_path / "stimuli")
    fault(world_faults(bench))
    ended, history = night(bench, plan, tmp_path)
    assert ended == "done"
    taken = [one for one in history if isinstance(one, Taken)]
    assert [(taken[-1].step, taken[-1].went)] == [(cure, "ok")], history
    spared = {"reopen-monitor"} if fault is io_manager_is_gone else set()  # what it acts on is well
    assert all(one.went == "failed" for one in taken[:-1] if one.step not in spared), history
    assert history[-1] == Attempt("a", "valid")


@pytest.mark.parametrize(
    ("fault", "cure"), [(dut_latches_up, "power-cycle-dut"), (io_manager_hangs, "reset-io-manager")]
)
def test_without_the_step_another_attempt_fails_as_well(
    fault: Callable[[Faults], None], cure: str, tmp_path: Path
) -> None:
    bench, plan = built(SHIELD, **{"io_manager.dtr": False}), small_plan(tmp_path / "stimuli")
    fault(world_faults(bench))
    with no_report():
        outcomes = [api.run(bench, plan, out=tmp_path / str(number)).record.outcome for number in range(2)]
    assert outcomes == ["bench-fault"] * 2
    assert recover(bench, cure).ok
    assert api.run(bench, plan, out=tmp_path / "cured").record.outcome == "completed"


def test_a_bench_that_stays_dead_is_quarantined(tmp_path: Path) -> None:
    bench = built(SHIELD)
    world_faults(bench).unplugged.add("monitor")
    ended, history = night(bench, small_plan(tmp_path / "stimuli"), tmp_path)
    assert ended == "quarantine"
    assert len([one for one in history if isinstance(one, Attempt)]) == 1, (
        "a run could not go better than the steps"
    )
    assert history[-1] == Taken("a", "power-cycle-usb", "does not apply")


def test_a_point_that_a_sound_bench_cannot_measure_is_set_aside(tmp_path: Path) -> None:
    bench = built(SHIELD)
    world_faults(bench).refuse.add("infer")
    ended, history = night(bench, small_plan(tmp_path / "stimuli"), tmp_path)
    assert ended == "set aside"
    assert [one.went for one in history if isinstance(one, Taken)] == ["ok"] * 4 + ["does not apply"]


# --- every step on every kind of bench --------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", [SHIELD, "virtual-n6705c", RAILS, BOARD, OUTSIDE, HUB])
def test_a_healthy_bench_takes_every_step(name: str, step: str) -> None:
    bench = built(name)
    taken = api.recover_bench(bench, step)
    assert taken.ok == taken.applies
    does_not_apply = {
        (BOARD, "reset-io-manager"),
        (OUTSIDE, "power-cycle-dut"),
        *((one, "power-cycle-usb") for one in (SHIELD, "virtual-n6705c", RAILS, BOARD, OUTSIDE)),
    }
    assert taken.applies == ((name, step) not in does_not_apply), taken
    expected = True if taken.applies and step != "quarantine" and name != OUTSIDE else None
    assert taken.supply_off is expected
    assert powered(bench) == (name == OUTSIDE)
    assert bench.twin is not None
    assert not any(port.is_open for port in bench.twin.ports().values())
    assert (taken.took_s > 0) == (taken.applies and step != "quarantine")
    assert "\n" not in str(taken)


@pytest.mark.parametrize("step", TAKEN)
def test_a_step_that_has_no_time_ends_soon_with_the_supply_off(step: str) -> None:
    bench = built(HUB)
    taken = recover(bench, step, 0.01)
    assert not taken.ok
    assert taken.applies
    assert taken.supply_off
    assert not powered(bench)
    assert taken.took_s < 35.0


@pytest.mark.parametrize("step", TAKEN)
def test_a_wish_to_stop_ends_a_step_with_the_supply_off(step: str) -> None:
    bench, stop = built(HUB), StopRequest()
    assert bench.twin is not None
    bench.twin.clock.call_after(round(0.7 * NS), lambda: stop.ask("stopped by SIGTERM"))
    with pytest.raises(Interrupted, match="stopped by SIGTERM"):
        api.recover_bench(bench, step, stop=stop)
    assert not powered(bench)
    assert bench.off_confirmed
    assert bench.switch is not None
    hub = bench.instruments["cut"]
    hub.open(bench.clock.deadline(5.0))
    assert bench.switch.is_on(bench.clock.deadline(5.0)), "the port is left on"
    hub.close()


def test_a_wish_to_stop_is_heeded_while_a_dut_is_awaited_that_answered_before() -> None:
    bench, stop = built(SHIELD), StopRequest()
    assert recover(bench, "resynchronise").ok
    world_faults(bench).silent.add("dut")
    assert bench.twin is not None
    clock = bench.twin.clock
    clock.call_after(3 * NS, lambda: stop.ask("stopped by SIGTERM"))
    began_ns = clock.now_ns()
    with pytest.raises(Interrupted):
        recover(bench, "resynchronise", stop=stop)
    assert clock.now_ns() - began_ns < bench.spec.dut.boot_timeout_s * NS


@pytest.mark.parametrize("step", ["resynchronise", "power-cycle-dut"])
def test_a_supply_that_stays_on_is_said_loudly(step: str) -> None:
    bench = built(HUB)
    world_faults(bench).power_stays_on = True
    taken = recover(bench, step)
    assert not taken.ok
    assert taken.supply_off is False
    assert taken.detail.startswith(MAY_BE_ON)
    assert "more remarks" in taken.detail


def test_a_monitor_out_of_reach_lets_no_step_succeed_but_the_others_are_tried() -> None:
    bench = built(SHIELD)
    world_faults(bench).unplugged.add("monitor")
    world_faults(bench).stuck_until_reset.add("io-manager")
    taken = recover(bench, "reset-io-manager")
    assert not taken.ok
    assert "io-manager restarted" in taken.detail
    assert "the supply is not confirmed off: open monitor" in taken.detail
    assert not world_faults(bench).stuck_until_reset


@pytest.mark.parametrize("step", TAKEN)
def test_a_supply_that_an_earlier_run_left_on_is_switched_off(step: str) -> None:
    bench = built(HUB)
    world_faults(bench).stale_stream = True
    assert recover(bench, step).ok
    assert not powered(bench)


def test_a_run_that_died_is_told() -> None:
    assert "an earlier run had died: run 12" in recover(built(SHIELD), "resynchronise", died="run 12").detail


def test_a_board_that_did_not_do_as_it_was_told_is_told_with_few_words() -> None:
    bench = built(SHIELD)
    world_faults(bench).silent.add("monitor")
    taken = recover(bench, "reopen-monitor")
    assert not taken.ok
    assert taken.detail.count(";") <= 7


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", TAKEN)
def test_a_fault_at_any_call_leaves_the_supply_off_or_is_told(step: str, kind: Kind) -> None:
    counted = CallFaults()
    recover(built(HUB, counted), step)
    calls = len(counted.log)
    assert calls > 5
    for at in range(0, calls, max(1, calls // 25)):
        bench = built(HUB, CallFaults(kind, at))
        taken = recover(bench, step)
        assert not powered(bench) or MAY_BE_ON in taken.detail, f"call {at}: {counted.log[at]}"
        assert taken.supply_off is bench.off_confirmed


# --- what is refused --------------------------------------------------------------------------------------------


def test_a_step_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no step of recovery 'pray'"):
        api.recover_bench(SHIELD, "pray")


@pytest.mark.parametrize("deadline_s", [0.0, -1.0, float("nan"), 1e9])
def test_a_deadline_that_cannot_be_is_refused(deadline_s: float) -> None:
    with pytest.raises(ConfigurationError, match="deadline_s"):
        api.recover_bench(SHIELD, "resynchronise", deadline_s=deadline_s)


def test_an_unclosed_quotation_mark_in_the_command_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="usb_power_command"):
        api.recover_bench(SHIELD, "power-cycle-usb", usb_power_command='uhubctl "-l 1')


def command(text: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (command("raise SystemExit('no hub\\x1b[31m')"), "ended with status 1: no hub\\x1b[31m"),
        (command("raise SystemExit(3)"), "ended with status 3: it said nothing"),
        (("/no/such/program",), "/no/such/program cannot be started (No such file or directory)"),
        (("echo\0x",), "cannot be started"),
    ],
)
def test_a_command_that_fails_makes_the_step_fail(words: tuple[str, ...], said: str) -> None:
    bench = built(SHIELD)
    taken = api.recover_bench(bench, "power-cycle-usb", usb_power_command=words)
    assert taken.went == "failed"
    assert said in taken.detail
    assert taken.supply_off


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_steps, "COMMAND_S", 0.2)
    taken = recover(built(SHIELD), "power-cycle-usb", usb_power_command=command("import time; time.sleep(60)"))
    assert taken.went == "failed"
    assert "did not end within 0.2 s" in taken.detail


def test_a_bench_in_use_is_left_alone() -> None:
    spec = BenchSpec.model_validate(
        {
            "name": "desk",
            "monitor": {"driver": "lpm01a", "port": "/dev/ttyNONE1", "voltage_v": 3.0},
            "io_manager": {"port": "/dev/ttyNONE2"},
        }
    )
    with lock_bench(spec, "another run"), pytest.raises(BenchFault, match="another run"):
        api.recover_bench(spec, "resynchronise")


def test_the_steps_are_those_of_the_ladder() -> None:
    assert tuple(STEPS) == LADDER


def test_an_error_of_ours_in_a_step_does_not_end_a_night(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = built(SHIELD)

    def wrong(hands: object) -> str:
        bench.instruments["monitor"].open(bench.clock.deadline(5.0))
        raise ZeroDivisionError

    monkeypatch.setitem(STEPS, "resynchronise", wrong)
    taken = recover(bench, "resynchronise")
    assert not taken.ok
    assert taken.detail == "an internal error: ZeroDivisionError"
