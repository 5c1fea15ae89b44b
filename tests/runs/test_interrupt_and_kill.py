# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C at any known point ends with the supply off; `kill -9` anywhere leaves a session that can be read."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import conduct
from energy_runner.director.stop import StopRequest
from energy_runner.errors import ExitStatus
from energy_runner.session.events import RunStopped, SupplySwitched
from energy_runner.session.journal import JournalWriter, read_journal
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

BENCHES = ("virtual-lpm01a", "virtual-n6705c")


class StopAt(StopRequest):
    """Ctrl-C arrives just before look number `at`."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.looks = 0

    def check(self) -> None:
        if self.looks == self.at:
            self.ask("stopped by Ctrl-C (SIGINT)")
        self.looks += 1
        super().check()


def conduct_until(name: str, mode: str, plan, folder: Path, at: int):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bench = twin_bench(name, mode, seed=5)
    recorder = Recorder(folder, bench.clock)
    stop = StopAt(at)
    try:
        return bench, conduct(bench, plan, recorder, stop), stop
    finally:
        recorder.close()


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, "energy") for name in (*BENCHES, FOUR_INSTRUMENTS)),
        ("virtual-lpm01a", "performance"),
        ("virtual-lpm01a", "accuracy"),
    ],
    ids=lambda word: Path(word).stem,
)
def test_interrupted_at_every_look(name, mode, tmp_path):
    plan = small_plan(tmp_path / "stimuli", mode)
    _, end, stop = conduct_until(name, mode, plan, tmp_path / "run", -1)
    assert end.outcome == "completed"
    for at in range(stop.looks):
        bench, end, _ = conduct_until(name, mode, plan, tmp_path / "run", at)
        assert end.outcome == "interrupted", at
        assert bench.twin is not None
        assert not bench.twin.world.powered, at
        assert not any(port.is_open for port in bench.twin.ports().values()), at
        journal = read_journal(tmp_path / "run" / "journal.jsonl")
        assert isinstance(list(journal)[-1], RunStopped), at
        switched = [event.on for event in journal if isinstance(event, SupplySwitched)]
        assert not switched or switched[-1] is False, at


def test_a_second_interrupt_does_not_disturb_the_tear_down(tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    bench = twin_bench("virtual-lpm01a")
    (tmp_path / "run").mkdir()
    stop = StopAt(60)
    recorder = Recorder(tmp_path / "run", bench.clock)
    off = bench.supply.off

    def interrupted_off(deadline):
        os.kill(os.getpid(), signal.SIGINT)
        off(deadline)

    bench.supply.off = interrupted_off
    from energy_runner.director.stop import stop_on_signals

    with stop_on_signals(stop):
        end = conduct(bench, plan, recorder, stop)
    recorder.close()
    assert end.outcome == "interrupted"
    assert end.supply_off_confirmed is True
    assert not bench.twin.world.powered


def test_an_interrupted_session_has_status_4_and_keeps_what_it_measured(tmp_path, monkeypatch):
    plan = small_plan(tmp_path / "stimuli")
    bench = twin_bench("virtual-lpm01a")
    monkeypatch.setattr("energy_runner.director.handle.StopRequest", lambda: StopAt(40))
    session = api.run(bench, plan, out=tmp_path / "s")
    assert session.record.outcome == "interrupted"
    assert api.exit_status(session) is ExitStatus.INTERRUPTED
    assert session.record.supply_off_confirmed is True
    assert not session.result().valid
    assert len(session.journal()) > 100


def run_killed_at(write_number: int, plan, name: str, out: Path) -> int:
    """Run in a child process that kills itself just before journal line `write_number`; return its status."""
    child = os.fork()
    if child == 0:
        try:
            written = JournalWriter.write
            count = 0

            def write(self: JournalWriter, event) -> None:
                nonlocal count
                count += 1
                if count == write_number:
                    os.kill(os.getpid(), signal.SIGKILL)
                written(self, event)

            JournalWriter.write = write
            api.run(twin_bench(name, seed=5), plan, out=out)
            os._exit(0)
        finally:
            os._exit(99)
    return os.waitpid(child, 0)[1]


@pytest.mark.deep
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which this system does not have")
@pytest.mark.parametrize("name", BENCHES)
def test_killed_anywhere_leaves_a_readable_session(name, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    whole = api.run(twin_bench(name, seed=5), plan, out=tmp_path / "whole")
    lines = len(whole.journal())
    for write_number in range(1, lines, max(1, lines // 40)):
        out = tmp_path / f"killed-{write_number}"
        status = run_killed_at(write_number, plan, name, out)
        assert os.WIFSIGNALED(status), write_number
        session = api.load_session(out)
        assert session.record.outcome == "running", write_number
        assert session.record.virtual is True
        assert len(session.journal()) == write_number - 1
        assert list(session.journal()) == list(whole.journal())[: write_number - 1]
        result = api.analyze(session)
        assert not result.valid
        assert result.energy_per_inference_j is None or len(result.windows) > 0
