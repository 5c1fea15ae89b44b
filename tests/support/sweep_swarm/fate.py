# SPDX-License-Identifier: Apache-2.0
"""What befalls a worker, and at which step of its work."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from energy_runner.sweep.catalogue.engine import CatalogueUnavailable

Deed = Literal["none", "kill", "freeze", "refuse"]
INSIDE, AFTER = "before commit", "after commit"


@dataclass
class Fate:
    """Does `deed` to this process when it comes to the step `name` for the `occurrence`-th time.

    "freeze" goes on when somebody wakes the process up; "refuse" lets the catalogue break off there. `passed` is
    told of each step.
    """

    name: str = ""
    occurrence: int = 1
    deed: Deed = "none"
    passed: Callable[[str], object] = lambda _: None
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, step: str) -> None:
        with self._lock:
            self._counts[step] += 1
            due = step == self.name and self._counts[step] == self.occurrence
            self.passed(step)
        if not due:
            return
        if self.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.deed == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self.deed == "refuse":
            raise CatalogueUnavailable(f"refused at {step}")
