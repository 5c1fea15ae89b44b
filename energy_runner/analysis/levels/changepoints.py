# SPDX-License-Identifier: Apache-2.0
"""Find where the level of a trace changes, without any captured edge: levels and the places between them.

Seeded binary segmentation (S. Kovács, P. Bühlmann, H. Li, A. Munk, Biometrika 110, 2023, 249-256): intervals of
every length n, n/2, n/4, ..., each overlapping the next by half, are searched for the one place where a change
of the mean explains most; of all intervals that hold a change the narrowest counts, as it holds no other
(narrowest over threshold; R. Baranowski, Y. Chen, P. Fryzlewicz, J. R. Stat. Soc. B 81, 2019, 649-672). The time
is O(n log n) for any trace, the memory a few times that of the samples.
"""

import math
from bisect import bisect_left, insort
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

# A change must lower the sum of squares by this many times ln n variances of the noise. Among n ln n places of
# pure noise that happens about once in n; the usual criterion of Schwarz, with 2, finds some in every trace.
PENALTY = 3.0
_SHORTEST = 4
_MOST_CHANGES = 100_000
_PASSES = 5


@dataclass(frozen=True)
class Levels:
    """A trace as constant levels: `edges` has one place more than there are levels, in samples.

    An edge within a sample is put where the sample's mix of both levels says. `mean` and `sigma` are those
    of the samples between two edges, `noise` the scatter of a sample that the search assumed. The levels are
    always an estimate, based on the trace alone.
    """

    edges: FloatArray
    mean: FloatArray
    sigma: FloatArray
    noise: float


def find_levels(power: npt.ArrayLike, *, noise: float | None = None, least_step: float = 0.0) -> Levels:
    """Return the levels of `power` (equally spaced; NaN are bridged by the level around them).

    `noise` is the standard deviation of a sample at constant level, by default estimated from the trace;
    changes smaller than `least_step` are left out. Both are in the unit of `power`.
    """
    x = np.array(power, dtype=np.float64)
    known = np.isfinite(x)
    if len(x) == 0 or not np.any(known):
        return Levels(np.array([0.0, float(len(x))]), np.array([math.nan]), np.array([math.nan]), 0.0)
    if not np.all(known):
        places = np.arange(len(x))
        x[~known] = np.interp(places[~known], places[known], x[known])
    noise = sample_noise(x) if noise is None else noise
    threshold = noise * math.sqrt(PENALTY * math.log(max(2, len(x))))
    if noise > 0:
        sums = np.concatenate(([0.0], np.cumsum(x - np.median(x))))
        changes = _confirmed(sums, _narrowest(sums, threshold), threshold, least_step)
    else:  # not a single sample differs from its neighbour by chance, so every difference is a change
        changes = np.flatnonzero(np.abs(np.diff(x)) > least_step) + 1
    return _levels(x, changes, noise)


def sample_noise(x: FloatArray) -> float:
    """Return the scatter of a sample about a level that rarely changes, by the differences of neighbours.

    Where most neighbours are equal, a third of the smallest step (the standard deviation of rounding to it).
    """
    steps = np.abs(np.diff(x))
    if len(steps) == 0:
        return 0.0
    middle = 1.4826 * float(np.median(steps)) / math.sqrt(2)
    moved = steps[steps > 0]
    # The quarter nearest to the smallest step stands for the rounding, not the levels' own differences.
    rounding = float(np.min(moved)) / math.sqrt(12) if len(moved) > len(steps) // 4 else 0.0
    return max(middle, rounding)


def _narrowest(sums: FloatArray, threshold: float) -> list[int]:
    """Return the change in each interval that holds one, the narrowest intervals first."""
    count = len(sums) - 1
    found: list[int] = []
    length = _SHORTEST
    while length // 2 < count:
        size = min(length, count)
        firsts, places, gains = _layer(sums, size)
        strong = np.flatnonzero(gains > threshold)
        for k in strong[np.argsort(-gains[strong], kind="stable")]:
            first = int(firsts[k])
            after = bisect_left(found, first + 1)
            if after == len(found) or found[after] >= first + size:
                insort(found, int(places[k]))
        if len(found) > _MOST_CHANGES:
            break
        length *= 2
    return found


def _layer(sums: FloatArray, size: int) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return the best change in every interval of `size` samples: first sample, place, gain."""
    count = len(sums) - 1
    starts = [0, size // 2] if size < count else [0]
    firsts: list[IndexArray] = []
    places: list[IndexArray] = []
    gains: list[FloatArray] = []
    before = np.arange(1, size, dtype=np.float64)
    share = before / size
    weight = 1 / np.sqrt(before * (1 - share))
    for start in [*starts, count - size]:
        rows = (count - start) // size
        at_once = max(1, (1 << 20) // size)
        for row in range(0, rows, at_once):
            here = min(rows, row + at_once) - row
            begin = start + row * size
            inner = sums[begin : begin + here * size].reshape(here, size)
            first, last = inner[:, :1], sums[begin + size : begin + here * size + 1 : size, None]
            gain = np.abs(inner[:, 1:] - first - share * (last - first)) * weight
            best = np.argmax(gain, axis=1)
            firsts.append(begin + size * np.arange(here))
            places.append(firsts[-1] + best + 1)
            gains.append(gain[np.arange(here), best])
    return np.concatenate(firsts), np.concatenate(places), np.concatenate(gains)


def _confirmed(sums: FloatArray, changes: list[int], threshold: float, least_step: float) -> IndexArray:
    """Return the changes, each moved to its best place between its neighbours; drop weak ones, add missed ones."""
    tried: dict[tuple[int, int], int | None] = {}

    def change_in(first: int, last: int) -> int | None:
        if (first, last) not in tried:
            place, gain, step = _best(sums, first, last)
            tried[first, last] = place if gain > threshold and step > least_step else None
        return tried[first, last]

    kept = changes
    for _ in range(_PASSES):
        moved: list[int] = []
        for after in [*kept[1:], len(sums) - 1] if kept else []:
            # The neighbour before may have moved already.
            place = change_in(moved[-1] if moved else 0, after)
            if place is not None:
                moved.append(place)
        missed = [change_in(first, last) for first, last in pairwise([0, *moved, len(sums) - 1])]
        now = sorted({*moved, *(place for place in missed if place is not None)})
        if now == kept:
            break
        kept = now
    return np.array(kept, dtype=np.intp)


def _best(sums: FloatArray, first: int, last: int) -> tuple[int, float, float]:
    """Return the best place for a change between two places, what it gains, and the step there."""
    size = last - first
    if size < 2:
        return first, 0.0, 0.0
    before = np.arange(1, size, dtype=np.float64)
    part = sums[first + 1 : last] - sums[first] - before / size * (sums[last] - sums[first])
    gain = np.abs(part) / np.sqrt(before * (1 - before / size))
    best = int(np.argmax(gain))
    left = (sums[first + best + 1] - sums[first]) / (best + 1)
    right = (sums[last] - sums[first + best + 1]) / (size - best - 1)
    return first + best + 1, float(gain[best]), abs(float(left - right))


def _levels(x: FloatArray, changes: IndexArray, noise: float) -> Levels:
    bounds = np.concatenate(([0], changes, [len(x)])).astype(np.intp)
    size = np.diff(bounds)
    mean = np.add.reduceat(x, bounds[:-1]) / size
    squares = np.add.reduceat((x - np.repeat(mean, size)) ** 2, bounds[:-1])
    edges, kept = bounds.astype(np.float64), np.ones(len(mean), dtype=np.bool_)
    for k in 1 + np.flatnonzero(size[1:-1] == 1):
        # One sample between two levels is the mix of both: the edge lies inside it.
        low, high = sorted((mean[k - 1], mean[k + 1]))
        if low < mean[k] < high and kept[k - 1]:
            kept[k] = False
            edges[k] += (mean[k] - mean[k + 1]) / (mean[k - 1] - mean[k + 1])
    sigma = np.sqrt(squares / np.maximum(1, size - 1))
    return Levels(edges[np.append(True, kept)], mean[kept], sigma[kept], noise)
