# SPDX-License-Identifier: Apache-2.0
"""How the process of a worker ends, or stands still, in the middle of its work."""

import os
import signal
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_runner.bench import Bench
from tests.support.soak.ills import Health, is_powered
from tests.support.soak.log import Log
from tests.support.soak.rates import Rate

# What comes, and how often: killed, with the watchdog of a real bench or, as in a power cut, without one; frozen,
# and woken up again or killed.
HOW = (("killed", 0.45), ("power cut", 0.15), ("frozen, then woken", 0.2), ("frozen, then killed", 0.2))
STEPS = ("seated", "claimed", "measuring", "measured", "recover", "told", "finished", "leaving")


@dataclass
class Deaths:
    """Ends or freezes this process at drawn steps of a worker's work, and locks the catalogue at others.

    `night` is the process that watches over it; without that it does not go on.
    """

    rate: Rate
    rng: np.random.Generator
    log: Log
    health: Health
    catalogue: Path
    night: int
    _at: str = ""
    _how: str = ""
    _lock_at: str = ""

    def at_step(self, step: str) -> None:
        """Be told the steps of a worker."""
        if os.getppid() != self.night:
            os._exit(1)
        self.log.say("step of work", step=step)
        name = step.partition(" ")[0]
        if name in ("seated", "claimed"):
            self._draw()
        if name == self._lock_at:
            self._lock_at = ""
            self._lock(float(self.rng.uniform(0.2, 2.0)))
        if name == self._at:
            self._at = ""
            self.come(self._how, None)

    def in_run(self, rng: np.random.Generator) -> str | None:
        """Return what comes in the middle of a run, None if nothing does."""
        return self._one(rng) if rng.random() < self.rate.death / 2 else None

    def come(self, how: str, bench: Bench | None) -> None:
        """Let it come; `bench` is the one in use, if any is."""
        powered = bench is not None and is_powered(bench)
        wake_s = round(float(self.rng.uniform(0.2, 5.0)), 2)
        self.log.say("death", how=how, in_use=bench is not None, powered=powered, wake_s=wake_s)
        if bench is not None:
            self.health.leave(powered=powered and how == "power cut")  # else the watchdog of a real bench comes
        os.kill(os.getpid(), signal.SIGSTOP if how.startswith("frozen") else signal.SIGKILL)

    def _draw(self) -> None:
        self._at = self._lock_at = ""
        if self.rng.random() < self.rate.death / 2:
            self._at, self._how = str(self.rng.choice(STEPS)), self._one(self.rng)
        if self.rng.random() < self.rate.locked:
            self._lock_at = str(self.rng.choice(STEPS))

    @staticmethod
    def _one(rng: np.random.Generator) -> str:
        return str(rng.choice([name for name, _ in HOW], p=[share for _, share in HOW]))

    def _lock(self, for_s: float) -> None:
        """Keep the catalogue locked for a while, as a backup does."""
        try:
            other = sqlite3.connect(self.catalogue, isolation_level=None, check_same_thread=False, timeout=0.5)
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            return
        self.log.say("locked", for_s=for_s)

        def unlock() -> None:
            other.rollback()
            other.close()

        timer = threading.Timer(for_s, unlock)
        timer.daemon = True
        timer.start()
