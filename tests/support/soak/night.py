# SPDX-License-Identifier: Apache-2.0
"""One night: begin the sweep, keep a worker on each bench alive, and let a person come once in the morning."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np

from energy_runner.api.sweeps import begin_sweep
from energy_runner.sweep.catalogue import Catalogue
from instruments.clock import NS_PER_S, Deadline, RealClock
from tests.support.soak.clean import clean
from tests.support.soak.duty import Duty
from tests.support.soak.ills import Health
from tests.support.soak.log import Log
from tests.support.soak.scene import Scene
from tests.support.soak.worker import BUSY_S, begun
from tests.support.swarm.others import Others, others

WATCHDOG_S = 120.0
MOST_LIVES = 200
_LOOK_S = 0.01
_MOST_TURN_S = 1.0
# Ends after which another worker is started: as `sweep resume` does, or as the process that watches over workers.
AGAIN = {"interrupted", "seat lost"}


@dataclass
class Life:
    """The worker of one bench, over all its lives."""

    bench: str
    log: Log
    near: Others
    pid: int = 0
    lives: int = 0
    deaths: int = 0
    end: str = ""
    reason: str = ""
    frozen: tuple[Deadline, bool] | None = None  # until when, and whether it is woken up then
    seen: int = 0
    silent_s: float = 0.0
    looked_ns: int = 0


@dataclass
class Night:
    """A night that is over."""

    scene: Scene
    sweep: str
    lives: dict[str, Life]
    complaints: list[str] = field(default_factory=list)
    person: bool = False


def night(scene: Scene) -> Night:
    """Run a night to its end."""
    with patch.dict(os.environ, {"XDG_STATE_HOME": str(scene.folder / "state")}), _short_patience():
        sweep = begin_sweep(scene.plan, scene.benches, catalogue=scene.catalogue, out=scene.sweeps)
        lives = {}
        for bench, source in scene.benches.items():
            near = others(source, scene.of_bench(bench))
            lives[bench] = Life(bench, Log(scene.of_bench(bench) / "log.jsonl"), near)
        done = Night(scene, sweep, lives)
        _run(done)
        if _person_comes(done):
            _run(done)
        return done


@contextmanager
def _short_patience() -> Iterator[None]:
    """Let a locked catalogue be told at once, for it is locked for seconds and not for minutes."""
    with patch("energy_runner.sweep.catalogue.engine.BUSY_S", BUSY_S):
        yield


def _run(done: Night) -> None:
    clock = RealClock()
    for life in done.lives.values():
        life.end = life.reason = ""
        _begin(done, life)
    try:
        while any(not life.end for life in done.lives.values()):
            clock.sleep(_LOOK_S)
            for life in done.lives.values():
                if not life.end:
                    _look(done, life, clock)
    finally:
        for life in done.lives.values():
            if life.pid:
                os.kill(life.pid, signal.SIGKILL)
                os.waitpid(life.pid, 0)
                life.pid = 0


def _begin(done: Night, life: Life) -> None:
    life.lives += 1
    life.frozen = None
    known = clean(done.scene, life.bench)
    life.silent_s, life.looked_ns = 0.0, RealClock().now_ns()
    life.pid = begun(Duty(done.scene, done.sweep, life.bench, life.near, known, life.lives))


def _look(done: Night, life: Life, clock: RealClock) -> None:
    pid, status = os.waitpid(life.pid, os.WNOHANG | os.WUNTRACED)
    if pid == 0:
        _awake(done, life, clock)
    elif os.WIFSTOPPED(status):
        said = _last(life, "death", pid)
        life.frozen = clock.deadline(said["wake_s"]), said["how"].endswith("woken")
    else:
        life.pid = 0
        _ended(done, life, pid, status)


def _awake(done: Night, life: Life, clock: RealClock) -> None:
    """Wake or kill a frozen worker when its time has come; kill and tell one that shows no life.

    Only time in which this process runs counts: a computer that stands still as a whole is no hang.
    """
    now_ns, size = clock.now_ns(), life.log.size()
    life.silent_s += min(_MOST_TURN_S, (now_ns - life.looked_ns) / NS_PER_S)
    life.looked_ns = now_ns
    if size != life.seen or life.frozen is not None:
        life.seen, life.silent_s = size, 0.0
    if life.frozen is not None:
        until, woken = life.frozen
        if until.expired():
            life.frozen = None
            os.kill(life.pid, signal.SIGCONT if woken else signal.SIGKILL)
    elif life.silent_s > WATCHDOG_S:
        said = list(life.log.lines())[-3:]
        done.complaints.append(f"bench {life.bench}: no sign of life for {WATCHDOG_S:g} s, after {said}")
        life.silent_s = 0.0
        os.kill(life.pid, signal.SIGKILL)


def _ended(done: Night, life: Life, pid: int, status: int) -> None:
    if os.WIFSIGNALED(status):
        life.deaths += 1
        if life.lives >= MOST_LIVES:
            life.end, life.reason = "died too often", f"{life.deaths} times"
            done.complaints.append(f"bench {life.bench}: {life.end}")
        else:
            _begin(done, life)
        return
    word = _last(life, "word", pid)
    if word.get("end") in AGAIN or "CatalogueUnavailable" in word.get("reason", ""):
        _begin(done, life)
        return
    life.end, life.reason = (
        word.get("end", "silent"),
        word.get("reason", f"status {os.waitstatus_to_exitcode(status)}"),
    )
    if life.end in ("raised", "silent"):
        done.complaints.append(f"bench {life.bench}: its worker {life.end}: {word.get('trace', life.reason)}")


def _last(life: Life, what: str, pid: int) -> dict[str, Any]:
    lines = (one for one in reversed(list(life.log.lines())) if one["what"] == what and one["pid"] == pid)
    return next(lines, {})


def _person_comes(done: Night) -> bool:
    """Let a person repair benches that take no points, in half of the nights in which any is left."""
    if done.person or np.random.default_rng([done.scene.seed, 4]).random() < 0.5:
        return False
    with closing(Catalogue(done.scene.catalogue)) as opened:
        left = opened.counts(done.sweep)["waiting"]
        if not left or all(life.end != "quarantined" for life in done.lives.values()):
            return False
        opened.set_state(done.sweep, "open")
        opened.forgive(done.sweep)
        for bench in done.lives:
            opened.seats.unmark(bench)
            Health(done.scene.of_bench(bench) / "health.json").cure()
    done.person = True
    return True
