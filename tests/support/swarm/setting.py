# SPDX-License-Identifier: Apache-2.0
"""One run that is being prepared: what faults may be armed on."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from energy_runner.bench import Bench
from energy_runner.director.stop import StopRequest
from instruments.links.base import Link
from tests.support.swarm.links import Switched
from tests.support.swarm.others import Others

NS_PER_S = 1_000_000_000


@dataclass
class Setting:
    """A run before it starts. `begins_s`, `lasts_s` and `calls` are those of the same run without faults.

    A fault arms itself by adding to the lists: `wraps` stand between driver and link, `building` are entered while
    the bench is built, `on_bench` are called with it, `around` are entered while the run lasts. `stop` is how the
    run is asked to stop, `injected` what calls have raised. `live` switches the faults of the links on, once the
    bench is prepared; they stay on after the run. At `ended_ns` it is over: no other process comes any more,
    and no box goes or comes back.
    """

    rng: np.random.Generator
    begins_s: float
    lasts_s: float
    calls: dict[str, int]
    instruments: tuple[str, ...]
    wires: tuple[str, ...]
    stop: StopRequest = field(default_factory=StopRequest)
    wraps: list[Callable[[str, Link], Link]] = field(default_factory=list)
    building: list[AbstractContextManager[Any]] = field(default_factory=list)
    on_bench: list[Callable[[Bench], None]] = field(default_factory=list)
    around: list[AbstractContextManager[Any]] = field(default_factory=list)
    injected: list[BaseException] = field(default_factory=list)
    live: bool = False
    ended_ns: int | None = None
    out: Path = Path()
    traced: bool = False
    others: Others | None = None

    def moment_ns(self) -> int:
        """Draw a moment of the run, in virtual ns; one of six is in its last second, the tear-down."""
        last_s = min(1.0, self.lasts_s)
        since_s = self.lasts_s - last_s if self.rng.random() < 1 / 6 else 0.0
        return int((self.begins_s + self.rng.uniform(since_s, 1.05 * self.lasts_s)) * NS_PER_S)

    def call_of(self, counted: str) -> int:
        """Draw the number of a call; one of six is among the last twenty, the tear-down's."""
        calls = max(1, self.calls[counted])
        first = max(0, calls - 20) if self.rng.random() < 1 / 6 else 0
        return int(self.rng.integers(first, calls))

    def one_of(self, choices: tuple[str, ...]) -> str:
        """Draw one of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def log_uniform(self, low: float, high: float) -> float:
        """Draw a number whose logarithm is uniform."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def wrap(self, name: str, link: Link) -> Link:
        """Put all faults between a driver and its link, once `live` is set; fits `build_bench(wrap=…)`."""
        faulty = link
        for wrap in self.wraps:
            faulty = wrap(name, faulty)
        return Switched(link, faulty, lambda: self.live)
