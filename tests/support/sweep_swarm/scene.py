# SPDX-License-Identifier: Apache-2.0
"""One sweep that is played: its catalogue, its folder, its benches, and the processes that serve them."""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from energy_runner.director.stop import StopRequest
from energy_runner.sweep.catalogue import Catalogue, SweepRow
from energy_runner.sweep.plan import SweepPlan, plan_from_text
from energy_runner.sweep.work import note_keeper
from energy_runner.sweep.work.served_bench import ServedBench
from energy_runner.sweep.work.worker import Worker
from instruments.clock import Clock, RealClock
from tests.support.sweep_swarm.bench_log import BenchLog
from tests.support.sweep_swarm.fake_runner import FakeRunner
from tests.support.sweep_swarm.fate import Fate
from tests.support.sweep_swarm.stepping import SteppingCatalogue

LEASE_S = 0.5
PATIENCE_S = 60.0
POINTS = 2
CLOCK = RealClock()
_PLAN = """name = "swarm"
order = "as-written"
repeats = {points}
[limits]
free_gb = 0.0
"""
_REFERENCE = """[reference]
every_points = 100
"""


@dataclass
class Scene:
    """A sweep in `folder`, whose catalogue is at `where`; `key` tells its benches from those of other scenes."""

    folder: Path
    where: str
    key: str
    points: int = POINTS
    shared: bool = False
    eventful: bool = False  # the first attempt at the last point is a bench fault, and there are reference points
    sweep: str = ""
    pids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sweep = f"swarm-{self.key}"
        self.log = BenchLog(self.folder / "bench-log")
        self.plan: SweepPlan = plan_from_text(
            _PLAN.format(points=self.points) + (_REFERENCE if self.eventful else ""), "plan"
        )
        self.sessions = self.folder / self.sweep

    def enter(self) -> None:
        """Make the catalogue and enter the sweep."""
        self.sessions.mkdir()
        catalogue = Catalogue(self.where)
        row = SweepRow(
            self.sweep, "swarm", self.plan.text, "2026-01-01T00:00:00Z", "here", str(self.sessions), "open"
        )
        catalogue.add_sweep(row, self.plan.points, {})
        catalogue.close()

    def bench(self, name: str) -> ServedBench:
        """Return a bench of this scene; its instruments can be reached over the network if the scene is shared."""
        instrument = f"{'tcp:' if self.shared else socket.gethostname() + '/'}{name}-{self.key}"
        return ServedBench(f"{name}-{self.key}", name, False, (instrument,))

    def begin(self, bench: str, fate: Fate | None = None, host: str = "", clock: Clock = CLOCK) -> int:
        """Fork a worker on a bench and return its process number; `host` is another computer."""
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            self.pids.append(pid)
            return pid
        return self._in_child(lambda: self.serve(bench, fate or Fate(), host, clock))

    def _in_child(self, body: Callable[[], object]) -> NoReturn:
        status = 1
        try:
            with (self.folder / f"log-{os.getpid()}").open("w") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
                try:
                    body()
                    status = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
        finally:
            os._exit(status)

    def serve(self, name: str, fate: Fate, host: str = "", clock: Clock = CLOCK) -> None:
        """Serve a bench in this process."""
        if host:  # another computer has another name, and other locks
            socket.gethostname = lambda: host
            os.environ["XDG_STATE_HOME"] = str(self.folder / host)
        stop = StopRequest()
        signal.signal(signal.SIGTERM, lambda number, _: stop.ask_by(number))
        written = note_keeper.write_note

        def write_note(*words: object, **more: object) -> Path:
            fate("note: begins")
            path = written(*words, **more)  # type: ignore[arg-type]
            fate("note: written")
            return path

        note_keeper.write_note = write_note
        catalogue = SteppingCatalogue(self.where, fate)
        bench = self.bench(name)
        runner = FakeRunner(
            bench.name, self.shared, self.folder, self.log, fate, self.points if self.eventful else 0
        )
        worker = Worker(
            *(catalogue, self.sweep, self.plan, bench, self.sessions, runner, stop, clock, LEASE_S),
            tell=lambda line: print(line, flush=True),
            step=fate,
        )
        ended = worker.serve()
        print("ENDED", ended)
        catalogue.close()
        fate("ended")

    # --- processes ----------------------------------------------------------------------------------------

    def wait(self, pid: int, until: int = os.WEXITED) -> tuple[str, int]:
        """Wait until a worker has ended or, if asked for, is suspended; return which, and its status or signal."""
        deadline = CLOCK.deadline(PATIENCE_S)
        while not deadline.expired():
            found = os.waitid(os.P_PID, pid, until | os.WEXITED | os.WNOHANG)
            if found is not None:
                how = {os.CLD_STOPPED: "suspended", os.CLD_EXITED: "ended"}.get(found.si_code, "killed")
                if how != "suspended":
                    self.pids.remove(pid)
                return how, found.si_status
            CLOCK.sleep(0.005)
        raise AssertionError(f"worker {pid} goes on for {PATIENCE_S:g} s")

    def tell(self, pid: int, number: int) -> None:
        """Send a signal to a worker."""
        os.kill(pid, number)

    def clean(self) -> None:
        """Kill whatever is left."""
        for pid in tuple(self.pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self.pids.remove(pid)
