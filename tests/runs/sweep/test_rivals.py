# SPDX-License-Identifier: Apache-2.0
"""A night whose watcher is killed, whose worker is frozen, that is stopped, or that meets another on its bench."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner.api.sweep_nights import stop_sweep, sweep_status
from energy_runner.api.sweeps import sweep_rows
from energy_runner.sweep.work.served_bench import has_died, process_of
from tests.support.served import wait_until

pytestmark = pytest.mark.deep
PLAN = """name = "rivals"
mode = "performance"
repeats = {points}
[settings]
inferences = 10
"""
MANY, FEW = 60, 3  # points; many take longer than a program needs to start, also on a machine that is idle
PATIENCE_S = 240.0


class Night:
    """A night in `folder`, in processes of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._begun: list[subprocess.Popen[str]] = []

    def begin(self, *words: str, lease_s: float = 5.0) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "energy_runner", "sweep", *words, "--out", str(self.folder)]
        if words[0] in {"run", "resume"}:
            command += ["--bench", "virtual-lpm01a", "--lease", f"{lease_s:g}"]
        self._begun.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return self._begun[-1]

    def ends(self, *words: str) -> tuple[int, str]:
        process = self.begin(*words)
        said = process.communicate(timeout=PATIENCE_S)[0]
        return process.returncode, " ".join(said.split())

    def run(self, points: int, **options: float) -> subprocess.Popen[str]:
        """Return `sweep run` in progress, after its first point."""
        (self.folder / "rivals.toml").write_text(PLAN.format(points=points))
        process = self.begin("run", str(self.folder / "rivals.toml"), **options)
        wait_until(lambda: len(list(self.folder.glob("*/*.attempt.json"))) >= 1, PATIENCE_S)
        return process

    def worker(self) -> str:
        """Return who serves the bench now."""
        (bench,) = sweep_status(out=self.folder).benches
        assert bench.worker is not None
        return bench.worker

    def done(self) -> dict[int, str | None]:
        return {row.number: row.session for row in sweep_rows(out=self.folder) if row.state == "done"}

    def clean(self) -> None:
        for process in self._begun:
            process.kill()
            process.communicate()


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    begun = Night(tmp_path)
    yield begun
    begun.clean()


def test_the_watcher_is_killed_and_the_worker_goes_on(night: Night) -> None:
    night.run(MANY).kill()
    worker = night.worker()
    status, said = night.ends("resume")
    if not has_died(worker):  # else it was faster than we
        assert (status, f"in use: {worker} measures sweep" in said) == (3, True), said
    wait_until(lambda: has_died(worker), PATIENCE_S)
    before = night.done()
    assert night.ends("resume")[0] == 0
    assert len(night.done()) == MANY
    assert before.items() <= night.done().items()
    assert len(set(night.done().values())) == MANY


def test_a_frozen_worker_is_replaced_and_its_point_done_again(night: Night) -> None:
    process = night.run(FEW, lease_s=2.0)
    worker = night.worker()
    number = process_of(worker)
    assert number is not None
    os.kill(number, signal.SIGSTOP)
    said = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0, said
    assert f"{worker} is gone, its place is taken over" in " ".join(said.split())
    assert len(set(night.done().values())) == FEW


def test_a_night_is_stopped_from_elsewhere_and_goes_on_later(night: Night) -> None:
    process = night.run(MANY)
    stop_sweep(now=True, out=night.folder)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 4
    counts = sweep_status(out=night.folder).counts
    assert counts["running"] == 0
    assert counts["waiting"] > 0
    assert night.ends("resume")[0] == 0
    assert len(night.done()) == MANY
