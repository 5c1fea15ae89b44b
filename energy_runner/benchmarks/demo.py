# SPDX-License-Identifier: Apache-2.0
"""Stimuli for the demo: five made-up inputs of the right size, and their label file.

They are computed patterns without meaning; a demo shows the measurement, not a classification.
"""

from pathlib import Path

import numpy as np

from energy_runner.benchmarks.catalogue import load_benchmark

COUNT = 5


def write_demo_stimuli(folder: Path, benchmark_id: str = "kws01") -> None:
    """Write label file and inputs of a benchmark into `folder`; the same bytes every time."""
    benchmark = load_benchmark(benchmark_id)
    lines = []
    for number in range(COUNT):
        phase = np.arange(benchmark.input_bytes) * (0.05 * (number + 1))
        pattern = np.rint(100.0 * np.sin(phase)).astype(np.int8)
        name = f"demo_{number}.bin"
        (folder / name).write_bytes(pattern.tobytes())
        sliding = f",{benchmark.input_bytes},{benchmark.stride_bytes}" if benchmark.stride_bytes else ""
        lines.append(f"{name},{benchmark.classes},{number % benchmark.classes}{sliding}\n")
    (folder / benchmark.labels_file).write_text("".join(lines), "utf-8")
