# SPDX-License-Identifier: Apache-2.0
"""A folder that is moved or removed during its run, and runs that want the same folder: nothing is mixed."""

import os
import shutil
import subprocess
import sys

import pytest

from energy_runner import api
from energy_runner.errors import BenchFault
from energy_runner.session.events import Phase, RunStopped
from energy_runner.session.folder import Session
from tests.support.places import ROOT
from tests.support.small import small_plan, twin_bench


@pytest.mark.parametrize("phase", ["open", "power up", "trial", "load", "measure", "finish"])
@pytest.mark.parametrize("again", [False, True], ids=["gone", "another in its place"])
def test_a_moved_folder_ends_the_run_within_a_second_and_is_completed_where_it_is(tmp_path, phase, again):
    plan = small_plan(tmp_path / "stimuli", inferences=None)
    bench, out, elsewhere = twin_bench("virtual-lpm01a"), tmp_path / "s", tmp_path / "elsewhere"
    moved_ns = []

    def move(event):
        if isinstance(event, Phase) and event.name == phase and not moved_ns:
            moved_ns.append(bench.clock.now_ns())
            out.rename(elsewhere)
            if again:
                out.mkdir()

    session = api.run(bench, plan, out=out, subscribers=[move])
    assert session.path == elsewhere
    assert not bench.twin.world.powered
    assert session.verified.intact
    if again:
        assert not list(out.iterdir())
    else:
        assert not out.exists()
    assert {"record.json", "journal.jsonl", "result.json", "report.html"} <= {p.name for p in elsewhere.iterdir()}
    if phase == "finish":  # nothing waits any more
        return
    assert session.record.outcome == "bench-fault"
    assert "the session's folder was moved or removed during the run. Try: leave it" in session.record.reason
    (stopped,) = session.journal().of(RunStopped)
    assert stopped.outcome == "bench-fault"
    noticed = next(event for event in session.journal() if event.kind == "problem")
    assert noticed.t_ns - moved_ns[0] <= 1e9


def test_a_removed_folder_ends_the_run_with_the_supply_off(tmp_path):
    bench, out = twin_bench("virtual-lpm01a"), tmp_path / "s"

    def remove(event):
        if isinstance(event, Phase) and event.name == "measure" and out.exists():
            shutil.rmtree(out)

    with pytest.raises(BenchFault, match=r"was removed during the run, .*; the supply is off"):
        api.run(bench, small_plan(tmp_path / "stimuli"), out=out, subscribers=[remove])
    assert not bench.twin.world.powered
    assert not out.exists()


@pytest.mark.skipif(os.name == "nt", reason="processes are started as on POSIX")
def test_of_processes_that_run_into_one_folder_at_once_one_does(tmp_path):
    words = [sys.executable, "-m", "energy_runner", "run", "demo-keywords", "--bench", "virtual-lpm01a", "--seed"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for attempt in range(1):
        out = tmp_path / str(attempt)
        runs = [
            subprocess.Popen(
                [*words, str(seed), "--out", str(out)], env=environment, stdout=subprocess.DEVNULL, stderr=-1
            )
            for seed in range(3)
        ]
        said = [run.communicate(timeout=120)[1].decode() for run in runs]
        assert sorted(run.returncode for run in runs) == [0, 2, 2], said
        assert sum("is not empty" in one for one in said) == 2
        session = Session.open(out)
        assert session.verified.intact
        assert session.record.run.seed == [run.returncode for run in runs].index(0)
        assert not [path for path in out.iterdir() if path.name.startswith(".")]
