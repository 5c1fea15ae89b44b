# SPDX-License-Identifier: Apache-2.0
"""The energy between two positions in a row of samples, fractions of a sample at both ends included."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Read = Callable[[int, int], Samples]

_BLOCK = 1 << 19
_HALVINGS = 3
_READ_AT_ONCE = _BLOCK
_REACH = 2


@dataclass(frozen=True)
class WindowSum:
    """The sum of samples over a window, in units of the samples.

    `expected` counts the samples that the window touches, `missing` those of them that are NaN, and
    `missing_share` is the share of the window's duration that these cover; `total` has the mean of the
    others in their place (NaN if there are no others). `step` is the change of level around each
    edge and `level` the largest magnitude there; `spread` is the range of all samples inside (only determined
    where some are missing).
    """

    total: float
    expected: int
    missing: int
    missing_share: float
    step: tuple[float, float]
    level: tuple[float, float]
    spread: float = 0.0


def window_sum(read: Read, length: int, start: float, stop: float) -> WindowSum:
    """Return the sum of the samples between the positions `start` and `stop`.

    `read(a, b)` returns the samples [a, b) of `length`; sample i covers [i, i + 1). Memory does not grow with
    the window. Raises `ValueError` unless 0 <= start < stop <= length.

    The sample that holds an edge is a mix of the level outside and the level inside. Taking a linear share
    of it would charge the mean of both: wrong by up to a quarter of a sample times the step in power, which
    for a 10 s window at 1 kHz is 25 millionths for each end. So the part outside is charged at the level of
    the neighbouring sample outside: with the fraction f of sample i outside, its part inside is
    x[i] - f · x[i-1], and at the other end with x[j+1]. That is exact for a level that steps at the edge.
    The part inside is kept between 0 and x[i]; where there is no neighbour the linear share is taken.
    """
    if not 0 <= start < stop <= length:
        raise ValueError(f"the window {start}..{stop} is not inside 0..{length}")
    first, last = int(start), int(stop)
    before, after = start - first, 1 - (stop - last)  # shares outside; 1 if the window ends with a sample
    edges = (_around(read, length, first), _around(read, length, last))
    if first == last:
        ends = [(_sample(read, length, first), stop - start, float("nan"))]
        total, missing, present = 0.0, 0, 0.0
    else:
        whole = first + 1 if before else first
        total, missing = sum_present(read, whole, last)
        present = float(last - whole - missing)
        ends = []
        if before:
            ends.append((_sample(read, length, first), 1 - before, _sample(read, length, first - 1)))
        if after < 1:
            ends.append((_sample(read, length, last), 1 - after, _sample(read, length, last + 1)))
    for sample, share, outside in ends:
        if np.isnan(sample):
            missing += 1
        else:
            total += _inside(sample, share, outside)
            present += share
    duration = stop - start
    if missing:
        total = total * duration / present if present else float("nan")
    return WindowSum(
        total=total,
        expected=int(np.ceil(stop)) - first,
        missing=missing,
        missing_share=1 - present / duration if missing else 0.0,
        step=(_range(edges[0]), _range(edges[1])),
        level=(_largest(edges[0]), _largest(edges[1])),
        spread=_spread(read, first, int(np.ceil(stop))) if missing else 0.0,
    )


def sum_present(read: Read, start: int, stop: int) -> tuple[float, int]:
    """Return the sum of the samples present in [start, stop), and the number of those missing."""
    total, missing = 0.0, 0
    for begin in range(start, stop, _READ_AT_ONCE):
        samples = read(begin, min(begin + _READ_AT_ONCE, stop))
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
        whole = len(samples) // _BLOCK * _BLOCK
        halves = [np.empty(_BLOCK >> fold, dtype=np.float32) for fold in range(1, _HALVINGS + 1)]
        with np.errstate(over="ignore", invalid="ignore"):
            for begin in range(0, whole, _BLOCK):
                level = samples[begin : begin + _BLOCK]
                for half in halves:
                    middle = len(half)
                    np.add(level[:middle], level[middle:], out=half)
                    level = half
                total += float(np.add.reduce(level, dtype=np.float64))
    return total + float(np.add.reduce(samples[whole:], dtype=np.float64))


def _sample(read: Read, length: int, index: int) -> float:
    """Return one sample; NaN if it is missing or does not exist."""
    return float(read(index, index + 1)[0]) if 0 <= index < length else float("nan")


def _inside(sample: float, share: float, outside: float) -> float:
    if np.isnan(outside):
        return sample * share
    part = sample - (1 - share) * outside
    return min(max(part, min(0.0, sample)), max(0.0, sample))


def _around(read: Read, length: int, index: int) -> Samples:
    """Return the samples present around `index`: for an edge inside it, both levels and the mix."""
    around = read(max(0, index - _REACH), min(length, index + _REACH + 1))
    return around[np.isfinite(around)]


def _spread(read: Read, start: int, stop: int) -> float:
    low, high = float("inf"), float("-inf")
    for begin in range(start, stop, _READ_AT_ONCE):
        there = read(begin, min(begin + _READ_AT_ONCE, stop))
        there = there[np.isfinite(there)]
        if len(there):
            low, high = min(low, float(np.min(there))), max(high, float(np.max(there)))
    return max(0.0, high - low)


def _range(samples: Samples) -> float:
    return float(np.max(samples)) - float(np.min(samples)) if len(samples) else 0.0


def _largest(samples: Samples) -> float:
    return float(np.max(np.abs(samples))) if len(samples) else 0.0
