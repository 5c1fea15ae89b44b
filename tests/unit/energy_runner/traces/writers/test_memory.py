# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the trace."""

import tracemalloc

import numpy as np
import pytest

from energy_runner.traces.writers import parquet_file, sigrok_file
from energy_runner.traces.writers.model import OutSignal
from tests.support.outgoing import outgoing, written


def peak_bytes(form: str, samples: int, path, **options: int) -> int:
    def read(first: int, stop: int) -> np.ndarray:
        return np.arange(first, stop, dtype=np.float32)

    signals = (OutSignal("power", "W", "recorded", read),)
    out = outgoing(np.zeros(0), signals=signals, length=samples, edges=np.array([5.0, samples - 5.0]))
    tracemalloc.start()
    try:
        written(out, path, form, **options)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("csv", {"every": 1000}),
        ("csv", {"most_rows": 2}),
        ("parquet", {}),
        ("jls", {}),
        ("sr", {}),
        ("vcd", {}),
        ("perfetto", {}),
    ],
)
def test_four_times_the_samples_take_no_more_memory(form: str, options: dict, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(parquet_file, "_GROUP", 1 << 16)
    monkeypatch.setattr(sigrok_file, "_CHUNK", 1 << 16)
    written(outgoing(np.ones(10)), tmp_path / "first", form, **options)  # imports count once
    short = peak_bytes(form, 1_000_000, tmp_path / "short", **options)
    assert peak_bytes(form, 4_000_000, tmp_path / "long", **options) < 1.2 * short + 200_000


def test_a_csv_of_each_sample_takes_no_more_memory(tmp_path) -> None:
    short = peak_bytes("csv", 150_000, tmp_path / "short")
    assert peak_bytes("csv", 450_000, tmp_path / "long") < 1.2 * short + 200_000
