# SPDX-License-Identifier: Apache-2.0
"""A virtual energy run, start-up included, against the mere import of what it is made of; both in one run."""

import subprocess
import sys
from pathlib import Path

import pytest

from instruments.clock import RealClock

# Some 0.8 s for the imports, most of them scipy and matplotlib, on a machine where a run may take 3 s; the still
# pictures of a report and the first use of scipy come on top of what is measured as imports.
LARGEST_RATIO = 6.0
IMPORTS = "import numpy, pydantic, pyjls, typer, rich.console, scipy.interpolate, matplotlib.figure"


def shortest_s(command: list[str], times: int = 3) -> float:
    clock = RealClock()
    taken = []
    for _ in range(times):
        before_ns = clock.now_ns()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append((clock.now_ns() - before_ns) / 1e9)
    return min(taken)


@pytest.mark.parametrize("bench", ["virtual-lpm01a", "virtual-n6705c"])
def test_a_run_costs_a_few_times_its_imports(bench, tmp_path: Path, capsys):
    imports_s = shortest_s([sys.executable, "-c", IMPORTS])
    clock = RealClock()
    taken = []
    for number in range(3):
        out = tmp_path / str(number)
        before_ns = clock.now_ns()
        command = [sys.executable, "-m", "energy_runner", "demo", "--bench", bench, "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append((clock.now_ns() - before_ns) / 1e9)
    ratio = min(taken) / imports_s
    with capsys.disabled():
        print(f"\n{bench}: run {min(taken):.2f} s, imports {imports_s:.2f} s, ratio {ratio:.1f}")
    assert ratio < LARGEST_RATIO
