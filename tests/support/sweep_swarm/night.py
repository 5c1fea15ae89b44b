# SPDX-License-Identifier: Apache-2.0
"""A night at random: workers are killed and frozen, clocks jump, the catalogue is locked, the disk is full."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import text

from energy_runner.errors import BenchFault
from energy_runner.sweep.catalogue import Catalogue
from instruments.clock import NS_PER_S, RealClock
from tests.support.sweep_swarm.fate import Fate
from tests.support.sweep_swarm.scene import CLOCK, LEASE_S, PATIENCE_S, Scene

BENCHES = ("a", "b")
_DAY_NS = 86_400 * NS_PER_S
_FULL_SHARE = 0.3  # of the notes


class JumpingClock(RealClock):
    """A wall clock that somebody sets, forth and back, at every other look; its monotonic time is as it should."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self._off_ns = 0

    def utc_ns(self) -> int:
        """Return a time of day."""
        if self._rng.random() < 0.5:
            self._off_ns = self._rng.randint(-400 * _DAY_NS, 400 * _DAY_NS)
        return super().utc_ns() + self._off_ns


def play_night(scene: Scene, seed: int, deeds: int) -> None:
    """Do `deeds` bad things to the workers of a sweep, then let it end."""
    rng = random.Random(seed)
    workers: dict[str, int] = {}
    catalogue = Catalogue(scene.where)
    try:
        for _ in range(deeds):
            _look(scene, workers, rng)
            CLOCK.sleep(rng.uniform(0.02, 0.2))
            pid = rng.choice(list(workers.values()))
            deed = rng.choice(("kill", "freeze", "freeze", "lock", "stop"))
            if deed == "lock":
                with _locked(catalogue):
                    CLOCK.sleep(rng.uniform(0.1, 1.2) * LEASE_S)
            elif deed == "freeze":
                _freeze(scene, pid, rng.uniform(0.2, 2.5) * LEASE_S)
            else:
                scene.tell(pid, signal.SIGKILL if deed == "kill" else signal.SIGTERM)
        _let_it_end(scene, workers, catalogue, rng)
    finally:
        catalogue.close()


def _let_it_end(scene: Scene, workers: dict[str, int], catalogue: Catalogue, rng: random.Random) -> None:
    deadline = CLOCK.deadline(PATIENCE_S)
    while True:
        for point in catalogue.points(scene.sweep):
            catalogue.put_back(scene.sweep, point.number)  # what kept dying was killed by us
        counts = catalogue.counts(scene.sweep)
        if counts["done"] == scene.points:
            break
        if deadline.expired():
            raise AssertionError(f"the night does not end: {counts}")
        _look(scene, workers, rng)
        CLOCK.sleep(0.05)
    for pid in tuple(scene.pids):
        scene.wait(pid)


def _freeze(scene: Scene, pid: int, duration_s: float) -> None:
    """Freeze a worker; a process of its own wakes it up, for what it keeps locked may keep us waiting."""
    scene.tell(pid, signal.SIGSTOP)
    waker = os.fork()
    if waker:
        scene.pids.append(waker)
        return
    CLOCK.sleep(duration_s)
    with suppress(ProcessLookupError):
        scene.tell(pid, signal.SIGCONT)
    os._exit(0)


def _look(scene: Scene, workers: dict[str, int], rng: random.Random) -> None:
    """Put somebody in the place of those who are gone."""
    for name, pid in tuple(workers.items()):
        if scene.has_ended(pid):
            scene.wait(pid)
            del workers[name]
    for name in BENCHES:
        if name not in workers:
            seed = rng.random()
            workers[name] = scene.begin(
                name, Fate(passed=_full_disk(seed)), clock=JumpingClock(random.Random(seed))
            )


def _full_disk(seed: float) -> Callable[[str], None]:
    rng = random.Random(seed)

    def passed(step: str) -> None:
        if step == "note: begins" and rng.random() < _FULL_SHARE:
            raise BenchFault("no space left on the disk")

    return passed


@contextmanager
def _locked(catalogue: Catalogue) -> Iterator[None]:
    """Keep everybody from the points and seats of a catalogue."""
    with catalogue.begin() as connection:
        if catalogue.skips_locked:
            connection.execute(text("LOCK TABLE point, seat IN EXCLUSIVE MODE"))
        yield
