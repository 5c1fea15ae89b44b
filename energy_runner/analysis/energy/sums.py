# SPDX-License-Identifier: Apache-2.0
"""Sums over many samples, block by block: as exact as float64, as fast as `numpy.sum`, at constant memory."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Read = Callable[[int, int], Samples]

BLOCK = 1 << 19
_HALVINGS = 3
_STRIP = 1 << 13


def blocks(read: Read, start: int, stop: int) -> Iterator[Samples]:
    """Yield the samples [start, stop) in blocks."""
    for begin in range(start, stop, BLOCK):
        yield read(begin, min(begin + BLOCK, stop))


def sum_present(read: Read, start: int, stop: int) -> tuple[float, int]:
    """Return the sum of the samples present in [start, stop), and the number of those missing."""
    total, missing = 0.0, 0
    for samples in blocks(read, start, stop):
        part = sum_samples(samples)
        if not np.isfinite(part):
            there = np.isfinite(samples)
            missing += len(samples) - int(np.count_nonzero(there))
            part = float(np.add.reduce(samples[there], dtype=np.float64))
        total += part
    return total, missing


def sum_samples(samples: Samples) -> float:
    """Return the sum of `samples` to 1e-7 or better, about as fast as `numpy.sum`.

    Converting 10^8 float32 numbers to float64 takes several times as long as adding them up in float32, which
    in turn is off by 2e-7 for equal numbers. So a block is folded in half three times in float32, where
    adding equal numbers is exact, and only the eighth that remains is added up in float64. The order of
    additions is fixed: every machine gets the same sum.
    """
    total, whole = 0.0, 0
    if samples.dtype == np.float32:
        whole = len(samples) // BLOCK * BLOCK
        folded = np.empty((1, BLOCK >> _HALVINGS), dtype=np.float32)
        # A strip at a time, so that what is folded once and twice stays in the processor's cache.
        halves = [np.empty((1 << fold, _STRIP), dtype=np.float32) for fold in range(_HALVINGS - 1, 0, -1)]
        with np.errstate(over="ignore", invalid="ignore"):
            for begin in range(0, whole, BLOCK):
                rows = samples[begin : begin + BLOCK].reshape(1 << _HALVINGS, -1)
                for place in range(0, folded.shape[1], _STRIP):
                    level = rows[:, place : place + _STRIP]
                    for half in (*halves, folded[:, place : place + _STRIP]):
                        np.add(level[: len(half)], level[len(half) :], out=half)
                        level = half
                total += float(np.add.reduce(folded[0], dtype=np.float64))
    return total + float(np.add.reduce(samples[whole:], dtype=np.float64))


def mean_present(read: Read, start: int, stop: int) -> float:
    """Return the mean of the samples present in [start, stop); NaN if there are none."""
    total, missing = sum_present(read, start, stop)
    present = stop - start - missing
    return total / present if present > 0 else float("nan")


def range_present(read: Read, start: int, stop: int) -> float:
    """Return the largest less the smallest of the samples present in [start, stop); 0 if there are none."""
    low, high = float("inf"), float("-inf")
    for samples in blocks(read, start, stop):
        there = samples[np.isfinite(samples)]
        if len(there):
            low, high = min(low, float(np.min(there))), max(high, float(np.max(there)))
    return max(0.0, high - low)
