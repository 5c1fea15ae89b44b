# SPDX-License-Identifier: Apache-2.0
"""Run virtual nights of sweeps under random faults, and judge each from what it has left behind."""

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from instruments.clock import RealClock
from tests.support.soak.checks import Figures, complaints, figures_of
from tests.support.soak.night import night
from tests.support.soak.rates import RATES
from tests.support.soak.scene import scene


HOURS = 12.0


@dataclass
class Told:
    """What a night came to."""

    seed: int
    text: str
    figures: Figures
    complaints: list[str] = field(default_factory=list)


def told(seed: int, rate: str, hours: float, *, keep: Path | None = None, benches: int = 0) -> Told:
    """Run a night and judge it; its folder is deleted, unless a promise was broken or `keep` says where it stays."""
    folder = keep or Path(tempfile.mkdtemp(prefix=f"soak-{rate}-{seed}-"))
    clock = RealClock()
    began_ns = clock.now_ns()
    done = night(scene(seed, RATES[rate], hours, folder, benches))
    found = complaints(done)
    figures = figures_of(done)
    text = f"seed {seed}, {rate}: {figures}; {(clock.now_ns() - began_ns) / 1e9:.0f} s"
    if found:
        text += f"; left at {folder}"
    elif keep is None:
        shutil.rmtree(folder)
    return Told(seed, text, figures, found)


def most_beyond(valid: int) -> int:
    """Return how many of so many energies may be beyond their U: 5 %, and two standard deviations of chance."""
    return int(0.05 * valid + 2 * (0.05 * 0.95 * valid) ** 0.5)


def main() -> int:
    """Run the nights; return 1 if a promise was broken."""
    options = _options()
    seeds = [options.seed] if options.seed is not None else list(range(options.first, options.first + options.seeds))
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(options.workers) as pool:
        waiting = [pool.submit(told, seed, options.rate, options.hours, keep=options.keep) for seed in seeds]
        for one in waiting:
            came = one.result()
            print(came.text, flush=True)
            for text in came.complaints:
                print(f"    {text}", flush=True)
            if came.complaints:
                hours = "" if options.hours == HOURS else f" --hours {options.hours:g}"
                print(f"    again: scripts/soak --seed {came.seed} --rate {options.rate}{hours}", flush=True)
            total["broken"] += bool(came.complaints)
            for name in ("points", "done", "aside", "left", "attempts", "faults", "deaths", "valid", "beyond"):
                total[name] += getattr(came.figures, name)
    most = most_beyond(total["valid"])
    print(
        f"{len(seeds)} nights, {options.rate}: {total['done']} of {total['points']} points done, {total['aside']} set "
        f"aside, {total['left']} left; {total['attempts']} attempts, {total['faults']} with a fault, "
        f"{total['deaths']} deaths; {total['valid']} valid energies, {total['beyond']} beyond U (at most {most}); "
        f"{total['broken']} nights broke a promise"
    )
    return 1 if total["broken"] or total["beyond"] > most else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many nights (20)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first night (0)")
    parser.add_argument("--seed", type=int, help="one night, of this seed")
    parser.add_argument("--rate", choices=list(RATES), default="realistic", help="how often something goes wrong")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"virtual hours of a night ({HOURS:g})")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="nights at once (one a core)")
    parser.add_argument("--keep", type=Path, help="with --seed: folder in which the night is left")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
