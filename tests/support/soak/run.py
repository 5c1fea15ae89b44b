# SPDX-License-Identifier: Apache-2.0
"""Run virtual nights of sweeps under random faults, and judge each from what it has left behind."""

import argparse
import math
import os
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
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
    """Run a night and judge it.

    Its folder is deleted, unless a promise was broken or `keep` says where it is to stay.
    """
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


def most_beyond(benches: int) -> float:
    """Return how many of so many benches' energies may be beyond their U: 5 %, and two standard deviations.

    The energies of one bench in one night share the error of its instruments, so they do not count one by one.
    """
    return 0.05 * benches + 2 * math.sqrt(0.05 * 0.95 * benches)


def main() -> int:
    """Run the nights; return 1 if a promise was broken."""
    options = _options()
    seeds = (
        [options.seed] if options.seed is not None else list(range(options.first, options.first + options.seeds))
    )
    total: Counter[str] = Counter()
    shares: list[float] = []
    again = "" if options.hours == HOURS else f" --hours {options.hours:g}"
    again += f" --benches {options.benches}" if options.benches else ""
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        how = {"keep": options.keep, "benches": options.benches}
        waiting = [pool.submit(told, seed, options.rate, options.hours, **how) for seed in seeds]
        for one in waiting:
            came = one.result()
            print(came.text, flush=True)
            for text in came.complaints:
                print(f"    {text}", flush=True)
            if came.complaints:
                print(f"    again: scripts/soak --seed {came.seed} --rate {options.rate}{again}", flush=True)
            shares += came.figures.shares
            total["broken"] += bool(came.complaints)
            for name in ("points", "done", "aside", "left", "attempts", "faults", "deaths", "valid", "beyond"):
                total[name] += getattr(came.figures, name)
    most = most_beyond(len(shares))
    print(
        f"{len(seeds)} nights, {options.rate}: {total['done']} of {total['points']} points done, "
        f"{total['aside']} set aside, {total['left']} left; "
        f"{total['attempts']} attempts, {total['faults']} with a fault, {total['deaths']} deaths; "
        f"{total['valid']} valid energies, {total['beyond']} beyond U, "
        f"as those of {sum(shares):.1f} of {len(shares)} benches (at most {most:.1f}); "
        f"{total['broken']} nights broke a promise"
    )
    return 1 if total["broken"] or sum(shares) > most else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many nights (20)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first night (0)")
    parser.add_argument("--seed", type=int, help="one night, of this seed")
    parser.add_argument("--rate", choices=list(RATES), default="realistic", help="how often something goes wrong")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"virtual hours of a night ({HOURS:g})")
    parser.add_argument("--benches", type=int, choices=(0, 1, 2), default=0, help="how many benches (0: drawn)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="nights at once (one a core)")
    parser.add_argument("--keep", type=Path, help="with --seed: new folder in which the night is left")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
