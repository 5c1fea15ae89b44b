# SPDX-License-Identifier: Apache-2.0
"""What a night is about, drawn from its seed: the plan, the benches, the folders."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from energy_runner.api.benches import bench_text
from energy_runner.sweep.plan import SweepPlan, plan_from_text
from tests.support.soak.rates import Rate
from tests.support.swarm.benches import MONITORS, NGU, ROOT, drawn

COOL_DOWN_S = 600.0
POINTS_PER_HOUR = 4.3  # with the references and what is repeated, about 12 hours for 50 points
# The io manager's port does not restart it when it is opened, so that one which hangs goes on hanging.
NO_DTR = "[io_manager]\ndtr = false\n"
BENCHES: tuple[tuple[str, float], ...] = (
    ("virtual-lpm01a", 4),
    ("virtual-n6705c", 3),
    (str(ROOT / "benches" / "hub-and-sensor.toml"), 2),
    (str(ROOT / "benches" / "own-port.toml"), 1),
    (NGU, 0.5),
    (str(MONITORS / "dmm-behind-supply.toml"), 0.5),
)


@dataclass(frozen=True)
class Scene:
    """One night in its `folder`; `benches` are bench files by the names that the sweep knows them by."""

    seed: int
    rate: Rate
    hours: float
    folder: Path
    plan_text: str
    benches: dict[str, str]
    cool_down_s: float

    @property
    def sweeps(self) -> Path:
        """Return the folder of all sweeps."""
        return self.folder / "sweeps"

    @property
    def catalogue(self) -> Path:
        """Return the file of the catalogue."""
        return self.folder / "catalogue.sqlite"

    @cached_property
    def plan(self) -> SweepPlan:
        """Return the plan as it is read."""
        return plan_from_text(self.plan_text, "plan of the soak")

    def of_bench(self, bench: str) -> Path:
        """Return the folder of what is kept about a bench."""
        return self.folder / f"bench-{bench}"


def scene(seed: int, rate: Rate, hours: float, folder: Path, benches: int = 0) -> Scene:
    """Draw a night, and write its bench files; `benches` fixes how many there are."""
    rng = np.random.default_rng([seed, 1])
    count = benches or int(rng.choice((1, 2), p=(0.6, 0.4)))
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: str(_bench_file(folder, name, drawn(rng, BENCHES))) for name in ("left", "right")[:count]}
    cool_down_s = COOL_DOWN_S * count
    text = _plan(rng, seed, max(1.0, hours * POINTS_PER_HOUR), cool_down_s)
    return Scene(seed, rate, hours, folder, text, files, cool_down_s)


def _bench_file(folder: Path, name: str, source: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(bench_text(source).replace("[io_manager]\n", NO_DTR), "utf-8")
    return path


def _plan(rng: np.random.Generator, seed: int, points: float, cool_down_s: float) -> str:
    clocks = (40_000_000, 64_000_000, 80_000_000)[: int(rng.integers(2, 4))]
    axes = [
        ("voltage", 'sets = "voltage"', [2.5, 3.0]),
        ("clock", 'command = "clock {value}"', list(clocks)),
    ]
    if points >= 20 and rng.random() < 0.4:
        axes.append(("warmups", 'sets = "warmups"', [0, 1]))
    combinations = int(np.prod([len(values) for _, _, values in axes]))
    limit = f"energy_j = {rng.uniform(0.3, 3.0):.3g}\n" if rng.random() < 0.1 else ""
    return (
        'name = "soak"\nbenchmark = "demo-keywords"\n'
        f'seed = {seed}\norder = "{("random", "blocks")[int(rng.integers(2))]}"\n'
        f"repeats = {max(1, round(points / combinations))}\n"
        + "".join(f"[axes.{name}]\n{what}\nvalues = {values}\n" for name, what, values in axes)
        + '[settings]\ninferences = 16\nrule_set = "lab"\n'
        + f"[reference]\nevery_points = {int(rng.integers(6, 12))}\n"
        + f"[wait]\ncool_down_s = {cool_down_s:g}\n"
        + f"[limits]\nfree_gb = 0.1\n{limit}"
    )
