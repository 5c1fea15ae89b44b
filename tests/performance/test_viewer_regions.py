# SPDX-License-Identifier: Apache-2.0
"""A region of any length takes as much memory, and a fixed number of passes over its samples.

In the same run the samples are read once and added up. On the machine where this bound was set a region took about
16 times as long, 18 to 22 ns a sample: it is integrated, searched for samples that cannot be, and
read three times for its spread.
"""

import subprocess
import sys
import time

import numpy as np
import pytest

from energy_runner.analysis.region.measure import RegionMeter
from energy_runner.session.folder import Session
from energy_runner.session.trace import TraceWriter
from tests.support.places import ROOT
from tests.support.traces import traced

PERIOD_S = 1e-5  # of slower traces the blocks are short, and reading takes longest
LENGTH = 1 << 24
BLOCK = 1 << 18
MOST_TIMES = 40.0

GROWTH = """
import resource, sys
from pathlib import Path
from energy_runner.analysis.region.measure import RegionMeter
from energy_runner.session.folder import Session

meter = RegionMeter(Session.open(Path(sys.argv[1])))
meter.region(0.0, float(sys.argv[2]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
meter.region(0.0, float(sys.argv[3]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("region") / "s"
    made = traced(folder, {"power": np.zeros(10)}, period_s=PERIOD_S)
    rng = np.random.default_rng(0)
    with TraceWriter(folder / "trace.jls", [("power", "W")], PERIOD_S) as writer:
        for first in range(0, LENGTH, BLOCK):
            writer.append(first, [rng.normal(0.02, 0.001, BLOCK).astype(np.float32)])
    return made


def _once_s(session: Session) -> float:
    with session.trace() as trace:
        started = time.process_time()
        for first in range(0, LENGTH, BLOCK):
            float(trace.read("power", first, first + BLOCK).sum(dtype=np.float64))
        return time.process_time() - started


def _region_s(meter: RegionMeter) -> float:
    started = time.process_time()
    meter.region(0.0, LENGTH * PERIOD_S)
    return time.process_time() - started


def test_a_region_costs_some_readings_of_its_samples(session: Session) -> None:
    meter = RegionMeter(session)
    region_s, once_s = (
        min(each) for each in zip(*((_region_s(meter), _once_s(session)) for _ in range(3)), strict=True)
    )
    print(f"a region: {region_s / LENGTH * 1e9:.1f} ns a sample, {region_s / once_s:.1f} times one reading")
    assert region_s <= MOST_TIMES * once_s


def test_memory_does_not_grow_with_the_region(session: Session) -> None:
    short_s, whole_s = LENGTH // 8 * PERIOD_S, LENGTH * PERIOD_S
    words = [sys.executable, "-c", GROWTH, str(session.path), str(short_s), str(whole_s)]
    grown = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    print(f"eight times as long: {float(grown.stdout):.1f} MB more")
    assert float(grown.stdout) < LENGTH * 4 / 8 / 1e6  # the seven eighths more are 59 MB
