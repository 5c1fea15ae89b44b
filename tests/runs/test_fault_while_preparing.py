# SPDX-License-Identifier: Apache-2.0
"""Every call on every port between open instruments and the first stimulus, with all that a plan can prepare.

As in `test_fault_at_every_call`: the calls of these phases are counted, then the run is repeated with a fault at
each of them. The supply ends off, the ports are closed, and a run that goes on has done everything.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner.director.preparation import prepared
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import RunEnd, conduct
from energy_runner.director.stop import StopRequest
from energy_runner.session import events as ev
from energy_runner.session.journal import read_journal
from instruments.twin_bench.call_faults import KINDS, CallFaults
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

BENCHES = ("virtual-lpm01a", "virtual-n6705c", FOUR_INSTRUMENTS)
PROBE = str(Path(FOUR_INSTRUMENTS).parent / "module-and-probe.toml")
PREPARED = prepared(
    commands=["clock 40000000", "help"], flash="echo flashed", cool_down_s=3.0, settle_s=0.3, settle_share=0.05
)
LONGEST_S = 180.0
FEW = 12  # calls of each kind where not all are tried


def conduct_with(faults: CallFaults, name: str, plan, folder: Path, marks: dict[str, int]):
    bench = twin_bench(name, seed=3, wrap=faults.wrap)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    recorder = Recorder(folder, bench.clock)
    emit = recorder.emit

    def noted(event) -> None:
        if isinstance(event, ev.Phase):
            marks.setdefault(event.name, len(faults.log))
        emit(event)

    recorder.emit = noted  # type: ignore[method-assign]
    try:
        end = conduct(bench, plan, recorder, StopRequest())
    finally:
        recorder.close()
    return bench, end, folder


def span(name: str, plan, folder: Path) -> range:
    """Return the numbers of the calls from the first phase of the preparation to the first stimulus."""
    marks: dict[str, int] = {}
    _, end, _ = conduct_with(CallFaults(), name, plan, folder, marks)
    assert end.outcome == "completed", end.reason
    return range(marks["flash"], marks["load"])


def check(end: RunEnd, bench, folder: Path, where: str) -> None:
    assert not bench.twin.world.powered, f"{where}: the supply is on"
    assert bench.clock.now_ns() < LONGEST_S * 1e9, f"{where}: took {bench.clock.now_ns() / 1e9:.0f} s"
    for port in bench.twin.ports().values():
        assert not port.is_open, f"{where}: port {port.device} is open"
    journal = read_journal(folder / "journal.jsonl")
    told = [e.command for e in journal if isinstance(e, ev.DutCommanded)]
    if end.outcome == "completed":
        assert told == list(PREPARED.commands), where
        assert len([e for e in journal if isinstance(e, ev.SupplySettled)]) == 1, where
        assert len([e for e in journal if isinstance(e, ev.InferenceDone) and e.purpose == "window"]) == 2, where
        return
    assert end.outcome == "bench-fault", where
    assert end.reason, where
    problems = [e for e in journal if isinstance(e, ev.Problem)]
    assert problems or not end.supply_off_confirmed, f"{where}: no word of what happened"


def tried(name: str, tmp_path: Path, calls: range, kinds, plan) -> None:
    for number, at in enumerate(calls):
        faults = CallFaults(kinds[number % len(kinds)], at)
        bench, end, folder = conduct_with(faults, name, plan, tmp_path / "run", {})
        check(end, bench, folder, f"{faults.kind} at call {at} ({faults.log[at]})")


@pytest.mark.parametrize("name", BENCHES, ids=lambda name: Path(name).stem)
def test_faults_at_calls_spread_over_the_preparation(name: str, tmp_path: Path) -> None:
    plan = replace(small_plan(tmp_path / "stimuli"), preparation=PREPARED)
    calls = span(name, plan, tmp_path / "count")
    assert len(calls) > 30
    tried(name, tmp_path, calls[:: max(1, len(calls) // FEW)], KINDS, plan)


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [FOUR_INSTRUMENTS, PROBE], ids=lambda name: Path(name).stem)
def test_a_fault_at_every_call_of_the_preparation(name: str, kind, tmp_path: Path) -> None:
    plan = replace(small_plan(tmp_path / "stimuli"), preparation=PREPARED)
    calls = span(name, plan, tmp_path / "count")
    tried(name, tmp_path, calls[KINDS.index(kind) :: len(KINDS)], [kind], plan)
