# SPDX-License-Identifier: Apache-2.0
"""What a sweep of a thousand points adds to each run, against the run itself; both in one night."""

from contextlib import closing
from pathlib import Path
from statistics import median

import pytest

from energy_runner.api.sweeps import CATALOGUE, begin_sweep, serve_sweep
from energy_runner.sweep.catalogue import Catalogue
from instruments.clock import RealClock

# A run of five windows takes some 0.5 s of a processor. Of that, 10 % are 50 ms, and 2 % are 10 ms.
LARGEST_OVERHEAD = 0.1
LARGEST_CLAIM = 0.02
BENCH = "virtual-lpm01a"
PLAN = """
name = "thousand"
benchmark = "demo-keywords"
repeats = 500
[settings]
rate = 1000
[axes.voltage]
sets = "voltage"
values = [2.4, 3.0]
"""
MEASURED = 25  # of the thousand
CLAIMED = 200
WARM = 3  # the first runs also import and compile


class EnoughError(Exception):
    """Ends a night that has told what was asked."""


def test_a_point_costs_little_more_than_its_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = begin_sweep(_plan(tmp_path), {"a": BENCH}, out=tmp_path)
    clock = RealClock()
    steps: dict[str, list[int]] = {"measuring": [], "measured": [], "finished": []}

    def step(name: str) -> None:
        if name in steps:
            steps[name].append(clock.now_ns())
        if len(steps["finished"]) == MEASURED:
            raise EnoughError

    with pytest.raises(EnoughError):
        serve_sweep(sweep, "a", BENCH, out=tmp_path, step=step)
    begun, ended = steps["measuring"][WARM:], steps["measured"][WARM:]
    run_ns = median(end - begin for begin, end in zip(begun, ended, strict=True))
    between_ns = median(begin - end for begin, end in zip(begun[1:], ended, strict=False))
    with capsys.disabled():
        print(
            f"\nrun {run_ns / 1e6:.0f} ms, between two runs {between_ns / 1e6:.1f} ms: {between_ns / run_ns:.1%}"
        )
    assert between_ns < LARGEST_OVERHEAD * run_ns

    claim_ns = median(_claims_ns(tmp_path, sweep))
    with capsys.disabled():
        print(f"a claim among 1000 points {claim_ns / 1e6:.1f} ms: {claim_ns / run_ns:.1%}")
    assert claim_ns < LARGEST_CLAIM * run_ns


def _plan(folder: Path) -> Path:
    path = folder / "night.toml"
    path.write_text(PLAN)
    return path


def _claims_ns(folder: Path, sweep: str) -> list[int]:
    clock, taken = RealClock(), []
    with closing(Catalogue(folder / CATALOGUE)) as catalogue:
        for number in range(CLAIMED):
            before_ns = clock.now_ns()
            assert catalogue.claim(sweep, "b", f"pc:{number}") is not None
            taken.append(clock.now_ns() - before_ns)
    return taken
