# SPDX-License-Identifier: Apache-2.0
"""A bench served in real time by a thread of the test, and commands of ours on it in processes of their own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from energy_runner.bench import build_bench, load_bench_spec, lock
from energy_runner.bench.serve import bench_file
from energy_runner.bench.spec import Mode
from energy_runner.bench.wiring import driver_of, instruments_of
from instruments.clock import NS_PER_S, RealClock
from instruments.twin_bench.bench import TwinBench
from instruments.twin_bench.serve import serve_twin_bench
from tests.support.places import ROOT

PATIENCE_S = 60.0
FILE = "served.toml"
CLOCK = RealClock()


class Served:
    """The world of a served bench, whose file is `served.toml` in `folder`; `addresses` are by instrument."""

    def __init__(self, twin: TwinBench, folder: Path, addresses: Mapping[str, str]) -> None:
        self.world = twin.world
        self.folder = folder
        self.addresses = addresses
        self._twin = twin

    def is_open(self, name: str) -> bool:
        """Return whether somebody has the port of an instrument open."""
        return self._twin.ports()[name].is_open

    def unplug(self, name: str, away_s: float) -> None:
        """Pull the cable of an instrument, for `away_s` seconds from now on."""
        now_ns = self.world.clock.now_ns()
        self.world.faults.unplug_between_ns[name] = (now_ns, now_ns + round(away_s * NS_PER_S))

    def begin(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start `energy-runner WORDS` in the folder, as a shell would in a terminal."""
        usual = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "preexec_fn": as_in_a_terminal,
        }
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "energy_runner", *words],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.state)},
            **(usual | options),
        )

    def begin_when_free(self, *words: str) -> subprocess.Popen[str]:
        """Start a command when no watchdog holds the bench any more."""
        wait_until(lambda: not any("the watchdog of" in note for note in self.notes()))
        return self.begin(*words)

    @property
    def state(self) -> Path:
        """Return where the commands keep their locks and notes."""
        return self.folder / "state"

    def leave_note(self, doing: str) -> None:
        """Leave the note of a run that could not switch the supply off."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lock, "user_state_path", lambda *_, **__: self.state / "energy-runner")
            (self.state / "energy-runner").mkdir(parents=True)
            with lock.lock_bench(load_bench_spec(str(self.folder / FILE)), doing) as held:
                held.supply_may_be_on(doing)

    def notes(self) -> list[str]:
        """Return what stands in the notes of dead runs."""
        return [path.read_text("utf-8") for path in sorted(self.state.glob("energy-runner/instruments/*.json"))]


def wait_until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until a condition holds."""
    limit = CLOCK.deadline(patience_s)
    while not condition():
        assert not limit.expired(), "it did not happen"
        CLOCK.sleep(0.02)


def as_in_a_terminal() -> None:
    """Undo what a test would hand down that runs in the background (SIGINT ignored) or under nohup (SIGHUP)."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def served(
    folder: Path,
    name: str = "virtual-lpm01a",
    changes: Mapping[str, Any] | None = None,
    *,
    mode: Mode = "energy",
    benchmark: str = "demo-keywords",
) -> Iterator[Served]:
    """Serve a virtual bench: SCPI instruments on TCP ports, others on pseudo-terminals."""
    spec = load_bench_spec(name, changes or {})
    bench, ended = build_bench(spec, mode, benchmark=benchmark), threading.Event()
    assert bench.twin is not None
    links = {name: driver_of(name, one).link for name, one in instruments_of(spec).items()}
    server = serve_twin_bench(bench.twin, CLOCK, [name for name, link in links.items() if link == "scpi"])
    addresses: dict[str, str] = {name: end.address for name, end in server.ends.items()}
    (folder / FILE).write_text(bench_file(spec, addresses, mode), "utf-8")
    thread = threading.Thread(target=server.serve, args=(ended.is_set,), name="twin server")
    thread.start()
    try:
        yield Served(bench.twin, folder, addresses)
    finally:
        ended.set()
        thread.join(PATIENCE_S)
        server.close()
