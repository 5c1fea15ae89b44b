# SPDX-License-Identifier: Apache-2.0
"""A swarm of random runs under random faults keeps every promise; `scripts/swarm` runs more of them."""

import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import create_autospec, patch

import pytest

from energy_runner.bench import load_bench_spec
from energy_runner.bench.wiring import instruments_of
from energy_runner.session.folder import write_record, write_result
from instruments.clock import VirtualClock
from instruments.errors import Unavailable
from instruments.links.base import Link
from instruments.registry import drivers
from tests.support.swarm.benches import BENCHES, clean, left_on, switches
from tests.support.swarm.invariants import AT_ONCE_S, CHECKS, complaints, error_of, reachable
from tests.support.swarm.links import Away
from tests.support.swarm.others import ON_BENCH, ON_FOLDER, Asked, others
from tests.support.swarm.run import told
from tests.support.swarm.setting import NS_PER_S, Setting
from tests.support.swarm.trial import GaveUp, Trial, run_trial

SEED = 20261129
PARTS, EACH = 8, 38
SIMULATED = [name for name, _ in BENCHES if not name.startswith("cosim")]


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_is_kept(part):
    valid = beyond = 0
    for number in range(part * EACH, (part + 1) * EACH):
        one = told(SEED, number)
        assert not one.complaints, f"{one.text}\n" + "\n".join(one.complaints)
        valid += one.valid
        beyond += not one.held
    assert valid > EACH // 10
    assert beyond <= 1 + valid // 10


def test_the_same_run_is_drawn_again(tmp_path):
    first, again = run_trial(3, 17, into=tmp_path / "a"), run_trial(3, 17, into=tmp_path / "b")
    assert str(first) == str(again)
    files = [sorted(path.name for path in (tmp_path / name / "session").iterdir()) for name in "ab"]
    assert files[0] == files[1]
    journals = [(tmp_path / name / "session" / "journal.jsonl").read_bytes() for name in "ab"]
    assert journals[0] == journals[1]


@pytest.mark.parametrize("job", ["energy", "performance", "accuracy"])
@pytest.mark.parametrize("bench", SIMULATED, ids=lambda name: name.rpartition("/")[2])
def test_a_run_without_faults_keeps_every_promise_and_is_right(bench, job, tmp_path):
    trial = run_trial(5, 1, into=tmp_path, only=(bench, job))
    assert trial.session is not None
    assert trial.session.record.outcome == "completed", trial.session.record.reason
    assert complaints(trial) == []
    error = error_of(trial)
    assert error is None or error.held


@pytest.mark.parametrize("job", ["off", "doctor"])
@pytest.mark.parametrize("bench", [name for name in SIMULATED if "fed" not in name], ids=lambda name: name[-16:])
def test_a_bench_that_a_dead_run_left_on_is_switched_off(bench, job, tmp_path):
    trial = run_trial(5, 1, into=tmp_path, only=(bench, job))
    assert trial.raised is None
    assert complaints(trial) == []


def bent_score(trial: Trial, by: float) -> None:
    result = trial.session.result()
    score = result.energy_per_inference_j
    moved = score.model_copy(update={"median": score.median + by * score.U})
    write_result(trial.session.path, result.model_copy(update={"energy_per_inference_j": moved}))


def on_again(trial: Trial) -> None:
    trial.bench.twin.world.set_supply(True, 3.0)


def welded(trial: Trial) -> None:
    """The supply is on, and nothing that is said to the instrument changes it."""
    on_again(trial)
    trial.bench.twin.world.set_supply = lambda *_: None


def open_again(trial: Trial) -> None:
    next(iter(trial.bench.instruments.values())).open(trial.bench.clock.deadline(5.0))


def ended_as(trial: Trial, outcome: str) -> None:
    write_record(trial.session.path, trial.session.record.model_copy(update={"outcome": outcome}))


def cut_journal(trial: Trial) -> None:
    path = trial.session.path / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-9])


BROKEN: dict[str, tuple[Callable[[Trial], object], str]] = {
    "_far_off": (lambda trial: bent_score(trial, 3.0), "valid, and wrong by"),
    "_supply_left_on": (on_again, "the supply is on, and the record says otherwise"),
    "_no_switching_off": (welded, "bench off left the supply on"),
    "_hangs": (lambda trial: trial.bench.clock.sleep(1000.0), "s of virtual time"),
    "_left_open": (open_again, "is open"),
    "_undeclared": (lambda trial: setattr(trial, "raised", ZeroDivisionError("x")), "raised ZeroDivisionError"),
    "_unreadable": (cut_journal, "the journal is torn"),
    "_others": (lambda trial: trial.others.leave_note(), "the supply is confirmed off, and the note says"),
    "_contradicts_itself": (lambda trial: ended_as(trial, "bench-fault"), "ended as"),
}


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_a_broken_promise_is_seen(check, tmp_path):
    trial = run_trial(5, 2, into=tmp_path, only=("virtual-lpm01a", "energy"))
    assert complaints(trial) == []
    bend, said = BROKEN[check]
    bend(trial)
    trial.session = type(trial.session).open(trial.session.path)
    named = next(one for one in CHECKS if one.__name__ == check)
    assert any(said in complaint for complaint in named(trial))


def with_another(asked: Asked, job: str, folder: Path) -> Trial:
    """Do a job without faults, on which another process comes in the middle."""
    base = clean("virtual-lpm01a", job)
    moment_ns = int((base.begins_s + base.lasts_s / 2) * NS_PER_S)

    def come(setting: Setting, count: int, without: frozenset[int]) -> list[str]:
        setting.on_bench.append(
            lambda bench: bench.twin.clock.call_at(moment_ns, lambda: setting.others.come(asked, setting.out))
        )
        return [asked.words[0]]

    with patch("tests.support.swarm.trial.armed", come):
        return run_trial(5, 5, into=folder, only=("virtual-lpm01a", job))


@pytest.mark.parametrize("job", ["energy", "off", "doctor"])
@pytest.mark.parametrize("asked", ON_BENCH, ids=lambda asked: " ".join(asked.words[:2]))
def test_another_process_on_the_bench_is_refused_and_opens_nothing(asked, job, tmp_path):
    trial = with_another(asked, job, tmp_path)
    assert trial.others.came == 1
    assert complaints(trial) == []


@pytest.mark.parametrize("asked", ON_FOLDER, ids=lambda asked: asked.words[0])
def test_another_process_in_the_folder_changes_nothing(asked, tmp_path):
    trial = with_another(asked, "energy", tmp_path)
    assert trial.others.came == 1
    assert complaints(trial) == []
    assert trial.session.verified.intact


def test_another_process_on_a_bench_that_is_free_is_a_complaint(tmp_path):
    near = others("virtual-lpm01a", tmp_path)
    near.come(Asked(("bench", "show", "BENCH"), 3, "is in use: "), tmp_path)
    assert len(near.complaints) == 1
    with socket.create_connection(("127.0.0.1", int(near.spec.monitor.port.rpartition(":")[2]))):
        near.come(Asked(("bench", "show", "BENCH"), 0, "same"), tmp_path)
    assert "opened the ports of monitor" in near.complaints[-1]


def test_every_driver_takes_part():
    taken = {one.driver for name, _ in BENCHES for one in instruments_of(load_bench_spec(name)).values()}
    assert taken == set(drivers())


def test_a_figure_just_within_twice_its_uncertainty_is_counted_and_no_complaint(tmp_path):
    trial = run_trial(5, 3, into=tmp_path, only=("virtual-n6705c", "energy"))
    bent_score(trial, 1.2 if error_of(trial).error > 0 else -1.2)
    error = error_of(trial)
    assert not error.held
    assert error.far is (abs(error.error) > 2 * error.expanded)


@pytest.mark.parametrize("bench", [name for name in SIMULATED if switches(name)], ids=lambda name: name[-16:])
def test_a_supply_that_answers_is_reachable_at_once(bench, tmp_path):
    trial = run_trial(5, 1, into=tmp_path, only=(bench, "off"))
    left_on(trial.bench)
    began_ns = trial.bench.clock.now_ns()
    assert reachable(trial)
    assert trial.bench.clock.now_ns() - began_ns < AT_ONCE_S * NS_PER_S / 2


def test_what_was_away_when_the_run_ended_does_not_come_back_for_the_checks():
    clock, ended_ns = VirtualClock(), []
    inner = create_autospec(Link, instance=True)
    inner.name = "monitor"
    link = Away(inner, 0, NS_PER_S, "gone", lambda: ended_ns[0] if ended_ns else None)
    ended_ns.append(clock.now_ns())
    clock.sleep(1.1)
    with pytest.raises(Unavailable, match="no such port"):
        link.open(clock.deadline(1.0))
    ended_ns.clear()
    link.open(clock.deadline(1.0))


def test_a_thread_that_is_left_is_seen(tmp_path):
    trial = run_trial(5, 4, into=tmp_path, only=("virtual-lpm01a", "performance"))
    assert trial.threads == []
    trial.threads = [threading.current_thread().name]
    assert any("thread" in complaint for complaint in complaints(trial))


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    told(7, 1)
    assert not list(tmp_path.glob("swarm-[!sc]*"))
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_what_comes_back_after_the_last_try_to_switch_off_comes_too_late(tmp_path):
    bench = run_trial(5, 1, into=tmp_path, only=("virtual-lpm01a", "off")).bench
    left_on(bench)
    bench.twin.world.faults.unplugged.add("monitor")
    gave_up, began_ns = GaveUp(), bench.clock.now_ns()
    with pytest.raises(Unavailable):
        gave_up.switch_off(bench, bench.clock.deadline(3.0), opened=False)
    assert gave_up.at_ns == bench.clock.now_ns() > began_ns
    bench.twin.world.faults.unplugged.clear()
    gave_up.switch_off(bench, bench.clock.deadline(3.0), opened=False)
    assert gave_up.at_ns is None
