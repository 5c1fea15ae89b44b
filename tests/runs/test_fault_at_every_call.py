# SPDX-License-Identifier: Apache-2.0
"""Every call on every port is a place to fail: each time the supply ends off and no wrong number comes out.

The calls of a run are counted, then the run is repeated with each kind of fault at each call. A fault that is
survived (a chunk sent again, a poll that brings nothing) must leave the right energy; everything else must
end as a bench fault that names what happened.
"""

import shutil
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import RunEnd, conduct
from energy_runner.director.stop import StopRequest
from energy_runner.errors import ExitStatus
from energy_runner.session.events import InferenceDone, Problem, RunStopped
from energy_runner.session.journal import read_journal
from instruments.twin_bench.call_faults import KINDS, CallFaults
from tests.support.no_report import no_report
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

BENCHES = ("virtual-lpm01a", "virtual-n6705c", FOUR_INSTRUMENTS)
# Every call suffers one of the four kinds, in turn: all of them took a fifth of the whole suite's time. The swarm
# draws the others at random. Each bench is cut into parts, so that all cores have something to do.
PARTS = 4
# The longest chain of deadlines in the plan's walk, with the tear-down's.
LONGEST_S = 180.0


def conduct_with(faults: CallFaults, name: str, plan, folder: Path) -> tuple[Bench, RunEnd, Path]:
    bench = twin_bench(name, seed=3, wrap=faults.wrap)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    recorder = Recorder(folder, bench.clock)
    try:
        end = conduct(bench, plan, recorder, StopRequest())
    finally:
        recorder.close()
    return bench, end, folder


def count_calls(name: str, plan, folder: Path) -> int:
    faults = CallFaults()
    _, end, _ = conduct_with(faults, name, plan, folder)
    assert end.outcome == "completed"
    return len(faults.log)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BENCHES, ids=lambda name: Path(name).stem)
def test_fault_at_every_call(name, kind, part, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    calls = count_calls(name, plan, tmp_path / "count")
    assert calls > 100
    turn = KINDS.index(kind)
    for at in range(part, calls, PARTS):
        if (at // PARTS) % len(KINDS) != turn:
            continue
        faults = CallFaults(kind, at)
        bench, end, folder = conduct_with(faults, name, plan, tmp_path / "run")
        where = f"{kind} at call {at} ({faults.log[at]})"
        assert bench.twin is not None
        assert not bench.twin.world.powered, f"{where}: the supply is on"
        assert bench.clock.now_ns() < LONGEST_S * 1e9, f"{where}: took {bench.clock.now_ns() / 1e9:.0f} s"
        for port in bench.twin.ports().values():
            assert not port.is_open, f"{where}: port {port.device} is open"
        journal = read_journal(folder / "journal.jsonl")
        assert not journal.torn, where
        stopped = [event for event in journal if isinstance(event, RunStopped)]
        assert len(stopped) == 1, where
        assert stopped[0].outcome == end.outcome, where
        if end.outcome == "completed":
            survived(bench, journal, where)
        else:
            assert end.outcome == "bench-fault", where
            assert end.reason, where
            problems = [event for event in journal if isinstance(event, Problem)]
            assert problems or not end.supply_off_confirmed, f"{where}: no word of what happened"


def survived(bench: Bench, journal, where: str) -> None:
    """A run that went on in spite of a fault has done everything that was planned."""
    windows = [e for e in journal if isinstance(e, InferenceDone) and e.purpose == "window"]
    assert len(windows) == 2, where


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BENCHES, ids=lambda name: Path(name).stem)
def test_a_fault_never_makes_a_wrong_number(name, kind, tmp_path, monkeypatch):
    """Through the whole API, at calls spread over the run: status 3, or a number that is right."""
    plan = small_plan(tmp_path / "stimuli")
    calls = count_calls(name, plan, tmp_path / "count")
    for at in range(1, calls, max(1, calls // 24)):
        faults = CallFaults(kind, at)
        bench = twin_bench(name, seed=3, wrap=faults.wrap)
        with no_report():
            session = api.run(bench, plan, out=tmp_path / f"{kind}-{at}")
        status = api.exit_status(session)
        where = f"{kind} at call {at} ({faults.log[at]}): status {status}"
        assert status in (ExitStatus.VALID, ExitStatus.RULE_FAILED, ExitStatus.BENCH_FAULT), where
        score = session.result().energy_per_inference_j
        if session.record.outcome != "completed":
            assert status is ExitStatus.BENCH_FAULT, where
            assert not session.result().valid, where
            assert session.record.reason, where
        if score is not None and session.record.truth and len(session.record.truth) == 2:
            truths = sorted(t.energy_j / t.inferences for t in session.record.truth)
            truth = sum(truths) / 2
            assert abs(score.median - truth) <= 2.0 * score.U, f"{where}: {score} but the truth is {truth}"
