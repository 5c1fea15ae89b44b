# SPDX-License-Identifier: Apache-2.0
"""Make the golden sessions anew, facts and results.

Only when what they hold was changed on purpose: the difference then belongs into the same change.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np

from energy_runner.rules import evaluate
from energy_runner.session.folder import Session, write_result
from tests.support.places import ROOT
from tests.support.synthetic import Setup, make_run

FOLDER = ROOT / "fixtures" / "golden"
GOLDEN = {
    "edges-by-monitor": Setup(period_s=0.02, laps=True),
    "edges-by-laps": Setup(period_s=0.02, by_laps=True),
}


def make(folder: Path, setup: Setup) -> None:
    """Write one golden session and its result."""
    run = make_run(setup)
    noise = np.random.default_rng(1).normal(1.0, 0.01, len(run.samples[0])).astype(np.float32)
    run.samples[0] *= noise
    shutil.rmtree(folder, ignore_errors=True)
    write_result(folder, evaluate(run.write(folder)))


def main() -> None:
    """Make them anew, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.make_golden", description=__doc__)
    parser.add_argument("--results", action="store_true", help="only the results, from the facts as they are")
    only_results = parser.parse_args().results
    for name, setup in GOLDEN.items():
        if only_results:
            write_result(FOLDER / name, evaluate(Session.open(FOLDER / name)))
        else:
            make(FOLDER / name, setup)


if __name__ == "__main__":
    main()
