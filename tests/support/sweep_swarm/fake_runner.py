# SPDX-License-Identifier: Apache-2.0
"""Runs of some milliseconds that leave real sessions: those of a fixture, with figures of their own."""

import fcntl
import json
import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault
from energy_runner.session.folder import RECORD, RESULT, Session, write_bytes
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan.settings import Settings
from instruments.clock import RealClock
from tests.support.places import ROOT
from tests.support.sweep_swarm.bench_log import BenchLog

_MODEL = ROOT / "fixtures/sessions/0.1.0/energy-virtual-lpm01a"
_CLOCK = RealClock()
_USE_S = 0.002
_USES = 4


@cache
def _model(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_MODEL / name).read_text("utf-8"))
    if name == RESULT:  # what makes it long is of no use here
        document |= {"verdicts": document["verdicts"][:2], "windows": document["windows"][:1]}
    return document


def write_session(out: Path, facts: SweepFacts, outcome: str, reason: str = "") -> None:
    """Write the record of a session; its folder is its name."""
    record = _model(RECORD) | {"session_id": out.name, "outcome": outcome, "reason": reason, "seal": None}
    record["sweep"] = facts.model_dump(mode="json")
    write_bytes(out / RECORD, json.dumps(record).encode())


def write_figures(out: Path) -> None:
    """Write a result whose energy is that of no other session, but the same whenever it is derived."""
    result = _model(RESULT) | {"session_id": out.name}
    energy_j = 1e-3 * (1 + random.Random(out.name).random())
    result["energy_per_inference_j"] = result["energy_per_inference_j"] | {"median": energy_j}
    write_bytes(out / RESULT, json.dumps(result).encode())


@dataclass
class FakeRunner:
    """Measures on a bench that is a file; a local one can be used by one process at a time.

    The first attempt at point `faulty` fails and calls for a step of recovery.
    """

    bench: str
    shared: bool
    folder: Path
    log: BenchLog
    step: Callable[[str], object]
    faulty: int = 0

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        """Make one run; see `Runner`."""
        self.step("run: called")
        stop.check()
        held = self._hold(out.name)
        try:
            self._run(out, facts, stop)
        finally:
            os.close(held)
        self.step("run: over")
        return Session.open(out)

    def complete(self, session: Session) -> Session:
        """Derive the result of a session; see `Runner`."""
        if not (session.path / RESULT).is_file():
            write_figures(session.path)
        return session

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        """Take a step; see `Runner`."""
        stop.check()
        os.close(self._hold(f"recovery by {os.getpid()}"))
        self.step(f"took {step}")
        return Taken(self.bench, step, "ok"), "done"

    def make_safe(self) -> str:
        """Return that nothing was left on; see `Runner`."""
        return ""

    def trust(self) -> tuple[str, str]:
        """Return that nobody watches; see `Runner`."""
        return "not watched", ""

    def _hold(self, run: str) -> int:
        held = os.open(self.folder / f"bench-{self.bench}", os.O_RDWR | os.O_CREAT, 0o600)
        if not self.shared:
            with suppress(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.log.add(self.bench, run, "begin")
                return held
            self.log.add(self.bench, run, "busy")
            raise BenchFault("two runs at once")
        self.log.add(self.bench, run, "begin")
        return held

    def _run(self, out: Path, facts: SweepFacts, stop: StopRequest) -> None:
        out.mkdir()
        write_session(out, facts, "running")
        try:
            for number in range(_USES):
                self.step("run: uses the bench")
                if stop.reason is not None:
                    write_session(out, facts, "interrupted", stop.reason)
                    return
                if number == 1 and facts.point == self.faulty and facts.attempt == 1:
                    write_session(out, facts, "bench-fault", "the bench is out of step")
                    return
                self.log.add(self.bench, out.name, "use")
                _CLOCK.sleep(_USE_S)
        finally:
            self.log.add(self.bench, out.name, "off")
        write_session(out, facts, "completed")
        self.step("run: recorded")
        write_figures(out)
