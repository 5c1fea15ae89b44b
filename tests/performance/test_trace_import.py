# SPDX-License-Identifier: Apache-2.0
"""A CSV imports at half of pyarrow's own reading speed of that file or more, and at constant memory."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from energy_runner.session.folder import create_session
from energy_runner.traces.importing import Asked, import_into
from tests.support.places import ROOT

pa = pytest.importorskip("pyarrow")
from pyarrow import csv  # noqa: E402 - of the extra `tables`

ROWS = 3_000_000
MOST_GROWTH_MB = 60
PEAK = """
import sys
from pathlib import Path
from energy_runner.session.folder import create_session
from energy_runner.traces.importing import Asked, import_into

folder = create_session(Path(sys.argv[2]), "s", Path(sys.argv[2]))
import_into(Path(sys.argv[1]), folder, Asked(voltage_v=3.0), lambda done: None)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def written(path: Path, rows: int) -> Path:
    """What a PPK2's app exports: two columns, 100 kS/s, some rows lost."""
    rng = np.random.default_rng(1)
    kept = np.ones(rows, dtype=np.bool_)
    kept[rows // 3 : rows // 3 + 500] = False
    times = np.round(np.arange(rows) * 0.01, 2)[kept]
    current = np.round(100 + rng.normal(0, 5, rows), 3)[kept]
    csv.write_csv(pa.table({"Timestamp(ms)": times, "Current(uA)": current}), path)
    return path


def test_half_of_pyarrows_own_speed(tmp_path: Path) -> None:
    path = written(tmp_path / "trace.csv", ROWS)
    ratios = []
    for number in range(4):
        begun = time.perf_counter()
        assert sum(batch.num_rows for batch in csv.open_csv(path)) == ROWS - 500
        read_s = time.perf_counter() - begun
        folder = create_session(tmp_path, f"s{number}", tmp_path / f"s{number}")
        begun = time.perf_counter()
        session = import_into(path, folder, Asked(voltage_v=3.0), lambda done: None)
        ratios.append(read_s / (time.perf_counter() - begun))
        with session.trace() as trace:
            assert trace.length == ROWS
    assert max(ratios) >= 0.5, ratios


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak here")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks_mb = []
    for rows in (ROWS, 3 * ROWS):
        path = written(tmp_path / f"{rows}.csv", rows)
        ran = subprocess.run(
            [sys.executable, "-c", PEAK, path, tmp_path / f"s{rows}"],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        peaks_mb.append(int(ran.stdout) / 1024)
    assert peaks_mb[1] - peaks_mb[0] < MOST_GROWTH_MB, peaks_mb
