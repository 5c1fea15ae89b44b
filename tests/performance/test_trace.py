# SPDX-License-Identifier: Apache-2.0
"""Recording keeps up with 20 million samples a second on one core, at constant memory.

In the same run the same bytes are written as a plain file, with nothing but a checksum such as every block of
a trace has too. On the machine where this bound was set that takes 4 ns of processor time for each sample, and
recording 8 ns; five times plain writing is 50 million samples a second there, and leaves slower ones room.
"""

import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from energy_runner.session.trace import TraceReader, TraceWriter
from tests.support.places import ROOT

SAMPLES = 40_000_000  # two signals of 20 million
BLOCK = 10_000
SIGNALS = [("current", "A"), ("voltage", "V")]


def _record_s(path: Path, block: np.ndarray) -> float:
    """Return the processor time of all threads for recording the samples."""
    started = time.process_time()
    with TraceWriter(path, SIGNALS, 1e-6) as writer:
        for first in range(0, SAMPLES // 2, BLOCK):
            writer.append(first, [block, block])
    return time.process_time() - started


def _plain_s(path: Path, block: np.ndarray) -> float:
    started = time.process_time()
    with path.open("wb") as file:
        for _ in range(0, SAMPLES, BLOCK):
            data = block.tobytes()
            file.write(zlib.crc32(data).to_bytes(4, "little") + data)
    return time.process_time() - started


def test_recording_sustains_20_million_samples_a_second(tmp_path: Path) -> None:
    block = np.random.default_rng(0).random(BLOCK, dtype=np.float32)
    recorded_s = min(_record_s(tmp_path / "trace.jls", block) for _ in range(3))
    plain_s = min(_plain_s(tmp_path / "plain", block) for _ in range(3))
    rate = SAMPLES / recorded_s / 1e6
    print(f"recording: {rate:.0f} million samples a second of one core, {recorded_s / plain_s:.2f} of plain")
    assert recorded_s <= 5 * plain_s


GROWTH = """
import resource, sys
from pathlib import Path
import numpy as np
from energy_runner.session.trace import TraceWriter

block = np.zeros(10_000, dtype=np.float32)
at = 0
with TraceWriter(Path(sys.argv[1]), [("current", "A"), ("voltage", "V")], 1e-6) as writer:
    for million in range(32):
        for _ in range(100):
            writer.append(at, [block, block])
            at += len(block)
        if million == 7:
            early_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early_kb)
"""


def test_recording_needs_constant_memory(tmp_path: Path) -> None:
    """From 64 to 256 MB of samples the process grows by less than a tenth of what it was given."""
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path / "trace.jls")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert int(done.stdout) < 20_000


def test_a_look_at_a_running_acquisition_costs_a_fraction_of_a_copy(tmp_path: Path, capsys) -> None:
    """Of 160 MB, where a copy within the cache took 0.08 s: the first look 0.05 s, each later one 0.2 ms."""
    block = np.random.default_rng(0).random(BLOCK, dtype=np.float32)
    path = tmp_path / "trace.jls"
    with TraceWriter(path, SIGNALS, 1e-6) as writer:
        for first in range(0, SAMPLES // 2, BLOCK):
            writer.append(first, [block, block])
        writer.flush()
        copied_s = min(_taken_s(lambda: shutil.copyfile(path, tmp_path / "copy")) for _ in range(3))
        first_s = min(_taken_s(lambda: TraceReader(path).close()) for _ in range(3))
        with TraceReader(path) as reader:
            length = reader.length
            for later in range(10):
                writer.append(SAMPLES // 2 + later * BLOCK, [block, block])
            writer.flush()
            next_s = _taken_s(reader.refresh)
            assert reader.length > length
    with capsys.disabled():
        print(f"\na copy {copied_s:.3f} s, a look {first_s:.3f} s, the next one {next_s:.4f} s")
    assert next_s <= copied_s / 10


def _taken_s(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
