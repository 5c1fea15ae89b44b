# SPDX-License-Identifier: Apache-2.0
"""Other processes that want the bench, or the session's folder, while a run of the swarm uses it.

The twins of a run stand in this process, and a bench of twins needs no lock. So the run holds the lock of a bench
file that is the same but for its ports, which are TCP ports of this process where nobody may call.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from energy_runner.bench import BenchSpec, load_bench_spec, lock
from energy_runner.bench.serve import bench_file
from energy_runner.bench.wiring import instruments_of, roles_of
from energy_runner.director import hold
from instruments.registry import drivers
from tests.support.places import ROOT

DIED = "energy-runner run kws01, process 4711 (a run that died)"
FILE = "same.toml"
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Asked:
    """What another process was asked, and how it must end: its status and a part of what it says."""

    words: tuple[str, ...]
    status: int
    says: str


# The words are completed by BENCH, the bench file, OUT, the session's folder, and ELSEWHERE, another folder.
ON_BENCH: tuple[Asked, ...] = (
    Asked(("bench", "off", "BENCH"), 3, "is in use: "),
    Asked(("bench", "doctor", "BENCH"), 3, "is in use: "),
    Asked(("run", "demo-keywords", "--bench", "BENCH", "--out", "ELSEWHERE"), 3, "is in use: "),
)
ON_FOLDER: tuple[Asked, ...] = (
    Asked(("run", "demo-keywords", "--bench", "virtual-n6705c", "--out", "OUT"), 2, "is not empty"),
    Asked(("analyze", "OUT"), 3, "has not ended"),
    Asked(("check", "OUT"), 1, "he run never ended: its process was killed, or it is still running"),
)


@dataclass
class Others:
    """The surroundings of one run in `folder`: its state folder, its bench file, and who else came."""

    folder: Path
    spec: BenchSpec
    complaints: list[str] = field(default_factory=list)
    came: int = 0

    @property
    def notes(self) -> list[str]:
        """Return what stands in the notes of jobs that did not confirm that the supply is off."""
        return [path.read_text("utf-8") for path in sorted(self.folder.glob("state/instruments/*.json"))]

    def leave_note(self) -> None:
        """Leave the note of a run that died with the supply on."""
        with self.lock_bench(self.spec, DIED) as held:
            held.supply_may_be_on(DIED)

    @contextmanager
    def lock_bench(self, spec: BenchSpec, *how: Any) -> Iterator[lock.Held]:
        """Hold the bench file with other ports in place of the virtual bench."""
        (self.folder / "state").mkdir(exist_ok=True)
        with (
            patch.object(lock, "user_state_path", lambda *_, **__: self.folder / "state"),
            lock.lock_bench(self.spec, *how) as held,
        ):
            yield held

    def installed(self) -> AbstractContextManager[object]:
        """Let every job hold this bench while the body runs."""
        return patch.object(hold, "lock_bench", self.lock_bench)

    def can_be(self, asked: Asked) -> bool:
        """Return whether the bench is one that can be asked so: it is built, and switched, before it is locked."""
        if "BENCH" not in asked.words:
            return True
        if "off" in asked.words:
            return "supply" in roles_of(self.spec)
        links = {drivers()[one.driver].link for one in instruments_of(self.spec).values()}
        return not links & {
            "none",
            "vendor",
        }  # the ports that others find here are sockets, which these cannot use

    def come(self, asked: Asked, out: Path) -> None:
        """Let another process be asked, if it can be; take note of what is not as it must be."""
        if not self.can_be(asked):
            return
        places = {"BENCH": self.folder / FILE, "OUT": out, "ELSEWHERE": self.folder / "elsewhere"}
        words = [str(places.get(word, word)) for word in asked.words]
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "energy_runner", *words],
            env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.folder / "home")},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        self.came += 1
        said = " ".join((ended.stdout + ended.stderr).split())
        if ended.returncode != asked.status or asked.says not in said or "Traceback" in said:
            self.complaints.append(f"{' '.join(asked.words)} ended with {ended.returncode} and said: {said}")
        if called := called_ports(instruments_of(self.spec)):
            self.complaints.append(f"{' '.join(asked.words)} opened the ports of {', '.join(called)}")
        if (self.folder / "elsewhere").exists():
            self.complaints.append(f"{' '.join(asked.words)} left a session folder")


def others(bench_name: str, folder: Path) -> Others:
    """Write the bench file for other processes into `folder`; return the surroundings of a run there."""
    # The state folder of this process and of the others is the same one.
    (folder / "home").mkdir(parents=True)
    (folder / "state").mkdir(exist_ok=True)
    (folder / "home" / "energy-runner").symlink_to(folder / "state")
    spec = load_bench_spec(bench_name)
    addresses = {name: f"socket://127.0.0.1:{_listener(name).getsockname()[1]}" for name in instruments_of(spec)}
    (folder / FILE).write_text(bench_file(spec, addresses, "energy"), "utf-8")
    return Others(folder, load_bench_spec(str(folder / FILE)))


@lru_cache
def _listener(name: str) -> socket.socket:
    """Return a TCP port of this process at which nobody answers, for the instrument `name`."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def called_ports(names: Iterable[str]) -> list[str]:
    """Return the instruments of which the port was opened since this was asked last."""
    called = []
    for name in names:
        with suppress(BlockingIOError):
            _listener(name).accept()[0].close()
            called.append(name)
    return called
