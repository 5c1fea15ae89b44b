# SPDX-License-Identifier: Apache-2.0
"""Read a trace file to its end without making a session of it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.traces.model import Edges, Opened, Options
from energy_runner.traces.readers.table import open_trace


def read_all(opened: Opened, name: str = "current") -> npt.NDArray[np.float32]:
    """All samples of a signal, those that were skipped NaN."""
    parts, length = [np.empty(0, np.float32)], 0
    for chunk in opened.chunks():
        if name not in chunk.values:
            continue
        parts.append(np.full(chunk.first - length, np.nan, np.float32))
        parts.append(chunk.values[name])  # type: ignore[index]
        length = chunk.first + chunk.count
    return np.concatenate(parts)


def read(path: Path, **options: object) -> tuple[npt.NDArray[np.float32], Opened]:
    opened = open_trace(path, Options(**options))  # type: ignore[arg-type]
    try:
        name = opened.head.signals[0].name
        return read_all(opened, name), opened
    finally:
        opened.close()


def edges(path: Path, name: str, **options: object) -> Edges:
    opened = open_trace(path, Options(edges=name, **options))  # type: ignore[arg-type]
    try:
        for _ in opened.chunks():
            pass
        return opened.edges(name)
    finally:
        opened.close()
