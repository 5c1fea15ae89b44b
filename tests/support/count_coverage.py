# SPDX-License-Identifier: Apache-2.0
"""Run the coverage study in parallel and print its figures: see `scripts/coverage`. Exit status 1 if it fails."""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.support.coverage_study import MONITORS, Compared, Tally, compare, short_plan, whole_plan

LOWEST, HIGHEST = 0.93, 0.97


def main() -> int:
    """Count, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="runs with each monitor")
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--monitor", choices=MONITORS, action="append", help="which monitor (all of them)")
    parser.add_argument("--short", action="store_true", help="windows of half a second in place of ten")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.runs)
    good = True
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.workers) as pool:
        plan = (short_plan if options.short else whole_plan)(Path(folder) / "stimuli")
        for name in options.monitor or MONITORS:
            found = list(pool.map(partial(compare, name, plan), seeds, chunksize=10))
            for what, which in (("score", 0), ("window 1", 1)):
                good &= _report(name, what, [pair[which] for pair in found])
    return 0 if good else 1


def _report(name: str, what: str, figures: list[Compared]) -> bool:
    tally = Tally.of(figures)
    expanded = sorted(figure.expanded / figure.value for figure in figures)[len(figures) // 2]
    line = {
        "monitor": name,
        "of": what,
        "runs": tally.runs,
        "held": tally.held,
        "coverage": round(tally.coverage, 4),
        "bias_ppm": round(tally.bias * 1e6, 1),
        "bias_u_ppm": round(tally.bias_u * 1e6, 1),
        "scatter_ppm": round(tally.scatter * 1e6, 1),
        "u_ppm": round(tally.u * 1e6, 1),
        "U_ppm": round(expanded * 1e6, 1),
    }
    print(json.dumps(line), flush=True)
    return LOWEST <= tally.coverage <= HIGHEST


if __name__ == "__main__":
    sys.exit(main())
