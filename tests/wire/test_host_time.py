# SPDX-License-Identifier: Apache-2.0
"""On a bench in real time, by the real serial stack, the host adds little to what UART and inferences need."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.analysis.host_time import PHASES, host_time
from energy_runner.session.events import Phase
from energy_runner.session.folder import Session
from energy_runner.session.stream import Passed
from instruments.clock import NS_PER_S, RealClock
from tests.support.places import ROOT
from tests.support.small import small_plan

pytestmark = pytest.mark.wire
CLOCK = RealClock()
LEAST = 0.02  # what a host may add to what is needed
TURN_S = 0.003  # of the server of the twins: it looks at its ports so often
PATIENCE_S = 60.0
WAKES = 2  # for a piece: of the process that sends it and of the one that reads it


@dataclass
class Lateness:
    """How late this machine wakes a process that sleeps for three milliseconds: other programs keep it busy."""

    late_s: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure it while the body runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.is_set():
            before_ns = CLOCK.now_ns()
            CLOCK.sleep(TURN_S)
            self.late_s.append((CLOCK.now_ns() - before_ns) / NS_PER_S - TURN_S)

    @property
    def mean_s(self) -> float:
        return sum(self.late_s) / len(self.late_s)


@contextmanager
def served(folder: Path) -> Iterator[Path]:
    """Serve a virtual bench in a process of its own, and yield its bench file."""
    bench = folder / "served.toml"
    words = ["bench", "serve", "virtual-lpm01a", "--seconds", "120", "--write", str(bench)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "energy_runner", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = CLOCK.deadline(PATIENCE_S)
        while not bench.is_file() or not bench.read_text("utf-8").endswith("\n"):
            assert process.poll() is None, "nothing is served"
            assert not deadline.expired(), "nothing is served"
            CLOCK.sleep(TURN_S)
        yield bench
    finally:
        process.kill()
        process.wait()


def passed_in_phases(session: Session) -> tuple[int, float]:
    """Return how many pieces passed the DUT's link, and how long the host thought before its commands, s."""
    pieces, thought_ns, inside, heard_ns = 0, 0, False, None
    for item in session.in_order(Phase):
        if isinstance(item, Phase):
            inside, heard_ns = item.name in PHASES, None
        elif isinstance(item, Passed) and inside and item.device == "io-manager":
            pieces += 1
            if item.direction == "tx":
                thought_ns += item.t_ns - heard_ns if heard_ns is not None else 0
            heard_ns = item.t_ns
    return pieces, thought_ns / NS_PER_S


def test_the_host_adds_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    lateness = Lateness()
    plan = replace(small_plan(tmp_path / "stimuli"), inferences=60)
    with served(tmp_path) as bench, lateness.watched():
        session = api.run(bench, plan, out=tmp_path / "s", rule_set="lab")
    found = host_time(session, session.result())
    assert found is not None
    pieces, thought_s = passed_in_phases(session)
    allowed_s = pieces * (TURN_S + WAKES * lateness.mean_s)
    assert found.taken_s - found.needed_s <= LEAST * found.needed_s + allowed_s
    assert thought_s <= LEAST * found.needed_s + pieces * lateness.mean_s
    assert found.share > 0
