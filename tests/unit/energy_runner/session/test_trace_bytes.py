# SPDX-License-Identifier: Apache-2.0
"""The same samples give the same `trace.jls`, byte for byte, however the writer's thread is scheduled."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyjls
import pytest

from energy_runner.session.trace import TraceReader, TraceWriter

BLOCKS = [np.arange(300, dtype=np.float32) + number for number in range(6)]


def write(path: Path) -> str:
    with TraceWriter(path, [("current", "A"), ("voltage", "V")], 0.001) as trace:
        trace.utc(0, 1_600_000_000_000_000_000)
        for number, block in enumerate(BLOCKS):
            trace.append(number * len(block), [block, block])
            trace.edge(number * 300 + 1.5, str(number))
            if number == 3:
                trace.flush()
        trace.utc(1_800, 1_600_000_018_000_000_000)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.deep
def test_sixteen_traces_written_at_once_are_the_same_bytes(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(write, [tmp_path / f"{number}.jls" for number in range(16)]))
    assert len(found) == 1


def test_nothing_is_queued_before_the_definitions_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes through the queue and what goes past it would otherwise race for its place in the file."""
    calls: list[str] = []

    real = pyjls.Writer

    class Watched:
        def __init__(self, path: str) -> None:
            self.writer = real(path)

        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(self.writer, name)

    with monkeypatch.context() as patched:
        patched.setattr("energy_runner.session.trace.pyjls.Writer", Watched)
        write(tmp_path / "t.jls")
    assert calls[:4] == ["source_def", "signal_def", "signal_def", "user_data"]
    with TraceReader(tmp_path / "t.jls") as trace:
        assert trace.period_s == 0.001


@pytest.mark.parametrize("end", ["cut", "flipped"])
def test_reading_never_repairs_a_file_whose_end_is_damaged(tmp_path: Path, end: str) -> None:
    """As on a full disk, where the header got the length but the last chunk found no room."""
    path = tmp_path / "t.jls"
    write(path)
    data = bytearray(path.read_bytes())
    if end == "cut":
        data = data[:-32]
        data[16:24] = len(data).to_bytes(8, "little")
    else:
        data[-20] ^= 1
    path.write_bytes(data)
    with TraceReader(path) as trace:
        assert trace.length > 0
    assert path.read_bytes() == data
