# SPDX-License-Identifier: Apache-2.0
"""A sweep over dask with a real scheduler and several workers, which are killed and frozen in the middle.

Whatever happens: every point is done once, none is counted twice, no two runs are on one bench at a time.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from energy_runner.session.folder import Session
from energy_runner.sweep.catalogue import Catalogue
from instruments.clock import RealClock
from tests.support.held_bench import HOLD
from tests.support.postgres import PostgresServer, postgres  # noqa: F401 - a fixture

pytestmark = pytest.mark.deep

PLAN = """
name = "small"
benchmark = "demo-machine"
mode = "performance"
repeats = 3
[settings]
inferences = 3
warmups = 0
read_back = false
[limits]
retry_invalid = 0
[axes.voltage]
sets = "voltage"
values = [2.4, 3.0]
"""
POINTS = 6
PATIENCE_S = 200.0
LEASE_S = 3.0
TTL_S = 3.0


class Computers:
    """Processes that act as computers: a scheduler, workers of benches, and who runs the sweep."""

    def __init__(self, folder: Path, catalogue: str) -> None:
        self.folder = folder
        self.catalogue = catalogue
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = int(found.getsockname()[1])
        self.address = f"dask://127.0.0.1:{self.port}"
        self._all: list[subprocess.Popen[bytes]] = []
        self._clock = RealClock()
        self._opened = Catalogue(catalogue)
        (folder / "plan.toml").write_text(PLAN)

    def scheduler(self) -> subprocess.Popen[bytes]:
        command = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port)]
        return self._start("scheduler", [*command, "--no-dashboard", "--no-show"])

    def worker(self, bench: str, out: str = "") -> subprocess.Popen[bytes]:
        options = ["--scheduler", self.address, "--bench", f"{bench}=virtual-ideal", "--out", out or f"on-{bench}"]
        return self._start(f"worker-{out or bench}", ["-m", "energy_runner", "sweep", "worker", *options])

    def held_worker(self, bench: str) -> subprocess.Popen[bytes]:
        """Start a worker that begins no run while the file `hold` is there."""
        return self._start(f"worker-{bench}", ["-m", "tests.support.held_bench", "worker", self.address, bench])

    def hold(self) -> None:
        (self.folder / HOLD).touch()

    def go_on(self) -> None:
        (self.folder / HOLD).unlink()

    def sweep(self, *arguments: str) -> subprocess.Popen[bytes]:
        options = ["--scheduler", self.address, "-b", "a=virtual-ideal", "-b", "b=virtual-ideal"]
        lease = ["--lease", str(LEASE_S), "--out", "night"]
        return self._start("sweep", ["-m", "energy_runner", "sweep", *arguments, *options, *lease])

    def run(self) -> subprocess.Popen[bytes]:
        for bench in "ab":
            log = self.folder / f"worker-{bench}.log"
            self._until(lambda log=log: b"offers bench" in log.read_bytes(), f"offer of {bench}")
        return self.sweep("run", "plan.toml")

    def done(self) -> int:
        return self._opened.counts(self._opened.sweep().id)["done"]

    def until_done(self, count: int) -> None:
        self._until(lambda: self.done() >= count, f"{count} points")

    def runs_on(self, bench: str) -> int:
        """Wait until a point runs on a bench; return the number of the process that measures it."""
        found: list[int] = []

        def look() -> bool:
            sweeps = self._opened.sweeps()
            running = self._opened.running(sweeps[-1].id) if sweeps else []
            found.extend(int(one.worker.rpartition(":")[2]) for one in running if one.bench == bench)
            return bool(found)

        self._until(look, f"a point on {bench}")
        return found[0]

    def is_gone(self, pid: int) -> None:
        self._until(lambda: not Path(f"/proc/{pid}").exists(), f"the end of process {pid}")

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        self._until(lambda: process.poll() is not None, "its end")
        return int(process.returncode)

    def tasks(self) -> int:
        """Return how many tasks the scheduler keeps, with their results."""
        script = (
            "import sys; from distributed import Client\n"
            "if __name__ == '__main__':\n"
            "    with Client(sys.argv[1], timeout=20) as client:\n"
            "        print(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))\n"
        )
        address = self.address.replace("dask", "tcp")
        return int(subprocess.run([sys.executable, "-c", script, address], capture_output=True, check=True).stdout)

    def sleep(self, duration_s: float) -> None:
        self._clock.sleep(duration_s)

    def close(self) -> None:
        for process in self._all:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
            process.terminate()
        for process in self._all:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._opened.close()

    def _until(self, condition: object, what: str) -> None:
        assert callable(condition)
        deadline = self._clock.deadline(PATIENCE_S)
        while not condition():
            assert not deadline.expired(), f"no {what}: {self._logs()}"
            self._clock.sleep(0.25)

    def _start(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "ENERGY_RUNNER_CATALOGUE": self.catalogue,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": f"{TTL_S:g}s",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._all.append(process)
        return process

    def _logs(self) -> str:
        return "\n".join(f"{one.name}: {one.read_text()[-1500:]}" for one in self.folder.glob("*.log"))


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Computers]:
    computers = Computers(tmp_path, str(tmp_path / "catalogue.sqlite"))
    yield computers
    computers.close()


@pytest.fixture
def on_postgres(tmp_path: Path, postgres: PostgresServer) -> Iterator[Computers]:  # noqa: F811
    computers = Computers(tmp_path, postgres.new_database())
    yield computers
    computers.close()


def assert_each_once(computers: Computers) -> None:
    """Every point is done by one attempt that counts, its session is there, and no bench was used twice."""
    with closing(Catalogue(computers.catalogue)) as opened:
        sweep = opened.sweep().id
        attempts, points = opened.attempts(sweep), opened.points(sweep)
        assert opened.seats.all() == []
    assert [one.state for one in points] == ["done"] * POINTS
    counted = [one for one in attempts if one.accepted and one.outcome == "completed"]
    assert sorted(one.number for one in counted) == list(range(1, POINTS + 1))
    folders = {one.number: one.folder for one in counted}
    for number, folder in folders.items():
        facts = Session.open(Path(str(folder))).record.sweep
        assert facts is not None
        assert facts.point == number
    for bench in {one.bench for one in attempts}:
        times = sorted(
            (one.started_utc, one.ended_utc) for one in attempts if one.bench == bench and one.started_utc
        )
        for (_, ended), (begun, _) in pairwise(times):
            assert ended is None or ended <= begun, f"two runs at once on {bench}"


def test_a_worker_and_then_the_scheduler_are_killed(on_postgres: Computers) -> None:
    computers = on_postgres
    scheduler, worker = computers.scheduler(), computers.worker("a")
    computers.held_worker("b")
    run = computers.run()
    measuring = computers.runs_on("a")
    computers.hold()
    worker.kill()
    computers.is_gone(measuring)  # it does not outlive the worker that a person started, or killed
    computers.worker("a")
    computers.runs_on("a")
    scheduler.kill()
    scheduler.wait()
    computers.go_on()
    before = computers.done()
    computers.until_done(before + 1)  # the benches go on without it
    computers.scheduler()
    assert computers.ended(run) == 0
    assert computers.tasks() == 0
    assert_each_once(computers)


def test_a_worker_is_frozen_replaced_and_wakes_up(on_sqlite: Computers) -> None:
    computers = on_sqlite
    computers.scheduler()
    worker = computers.worker("a")
    computers.held_worker("b")
    run = computers.run()
    measuring = computers.runs_on("a")
    computers.hold()
    for pid in (worker.pid, measuring):
        os.kill(pid, signal.SIGSTOP)
    computers.worker("a", out="substitute")
    computers.sleep(2 * max(TTL_S, LEASE_S))
    assert computers.tasks() <= 2  # one call a bench, whatever happened
    for pid in (measuring, worker.pid):
        os.kill(pid, signal.SIGCONT)
    computers.go_on()
    assert computers.ended(run) == 0
    assert_each_once(computers)
