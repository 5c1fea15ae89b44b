# SPDX-License-Identifier: Apache-2.0
"""Find where the level of a trace changes, without any captured edge: levels and the places between them.

Seeded binary segmentation (S. Kovács, P. Bühlmann, H. Li, A. Munk, Biometrika 110, 2023, 249-256): intervals of
every length n, n/2, n/4, ..., each overlapping the next by half, are searched for the one place where a change
of the mean explains most; of all intervals that hold a change the narrowest counts, as it holds no other
(narrowest over threshold; R. Baranowski, Y. Chen, P. Fryzlewicz, J. R. Stat. Soc. B 81, 2019, 649-672). The time
is O(n log n) for any trace, the memory a few times that of the samples.

Noise whose neighbours are alike swings slowly, and a drift has no levels at all. So the threshold follows the
long-run variance of the noise (`noise.py`), and a change counts only if two levels explain the samples around it
better than one straight line.
"""

import math
from bisect import bisect_left, insort
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.levels.noise import are_trends, long_run_noise, sample_noise

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

# A change must lower the sum of squares by this many times ln n variances of the noise. Among n ln n places of
# pure noise that happens about once in n; the usual criterion of Schwarz, with 2, finds some in every trace.
PENALTY = 3.0
_SHORTEST = 4
_PASSES = 5
_BESIDE = 64  # samples on either side of a change in which a line may explain it, at least
_REACH = 8.0  # times the square of threshold over step; at 2 a step is just seen
_LEAST_LINE = 3  # samples on either side: fewer show no slope


@dataclass(frozen=True)
class Levels:
    """A trace as constant levels: `edges` has one place more than there are levels, in samples.

    An edge within a sample is put where the sample's mix of both levels says. `mean` and `sigma` are those
    of the samples between two edges, `noise` the scatter of a sample that the search assumed, `long_run` that of
    many samples times the root of their number. The levels are always an estimate, based on the trace alone.
    """

    edges: FloatArray
    mean: FloatArray
    sigma: FloatArray
    noise: float
    long_run: float = 0.0


def find_levels(
    power: npt.ArrayLike, *, noise: float | None = None, least_step: float = 0.0, least_samples: int = 1
) -> Levels:
    """Return the levels of `power` (equally spaced; NaN are bridged by the level around them).

    `noise` is the standard deviation of a sample at constant level, if it is known and white; by default it and
    its long-run variance are estimated from the trace. Changes smaller than `least_step` are left out; both are in
    the unit of `power`. A level shorter than `least_samples` joins its neighbours.
    """
    x = np.array(power, dtype=np.float64)
    known = np.isfinite(x)
    if not np.any(known):
        return Levels(np.array([0.0, float(len(x))]), np.array([math.nan]), np.array([math.nan]), 0.0)
    if not np.all(known):
        places = np.arange(len(x))
        x[~known] = np.interp(places[~known], places[known], x[known])
    if noise is None:
        noise = sample_noise(x)
        long_run = long_run_noise(x, noise)
    else:
        long_run = noise
    threshold = long_run * math.sqrt(PENALTY * math.log(len(x)))
    sums = np.concatenate(([0.0], np.cumsum(x - np.median(x))))
    if noise > 0:
        changes = _confirmed(sums, _narrowest(sums, threshold), threshold, least_step)
        changes = _without_trends(x, sums, changes, threshold)
    else:  # not a single sample differs from its neighbour by chance, so every difference is a change
        changes = np.flatnonzero(np.abs(np.diff(x)) > least_step) + 1
    return _levels(x, _long_enough(sums, changes, least_samples, threshold), noise, long_run)


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
        length *= 2
    return found


def _layer(sums: FloatArray, size: int) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return the best change in every interval of `size` samples: first sample, place, gain."""
    count = len(sums) - 1
    firsts: list[IndexArray] = []
    places: list[IndexArray] = []
    gains: list[FloatArray] = []
    before = np.arange(1, size, dtype=np.float64)
    share = before / size
    weight = 1 / np.sqrt(before * (1 - share))
    for start in (0, size // 2, count - size):
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


def _without_trends(x: FloatArray, sums: FloatArray, changes: IndexArray, threshold: float) -> IndexArray:
    """Return the changes that are not better explained by a line through the samples on both sides.

    The samples are those that a step of that size needs to be seen at all, and as many again for a slope.
    """
    kept = changes
    while len(kept):
        bounds = np.concatenate(([0], kept, [len(x)]))
        mean = np.diff(sums[bounds]) / np.diff(bounds)
        step = np.maximum(np.abs(np.diff(mean)), threshold / len(x))  # never zero, by which it is divided
        reach = np.maximum(_BESIDE, np.minimum(len(x), _REACH * (threshold / step) ** 2)).astype(np.intp)
        first = np.maximum(bounds[:-2], kept - reach)
        last = np.minimum(bounds[2:], kept + reach)
        testable = np.minimum(kept - first, last - kept) >= _LEAST_LINE
        trends = testable.copy()
        trends[testable] = are_trends(x, first[testable], kept[testable], last[testable])
        if not np.any(trends):
            break
        kept = kept[~trends]
    return kept


def _long_enough(sums: FloatArray, changes: IndexArray, least: int, threshold: float) -> IndexArray:
    """Return the changes without levels shorter than `least`, the shortest first.

    Such a level joins the neighbour that it is nearer to; where its neighbours are one level, it joins both.
    """
    kept = changes
    while len(kept):
        bounds = np.concatenate(([0], kept, [len(sums) - 1]))
        size = np.diff(bounds)
        mean = np.diff(sums[bounds]) / size
        inner, before, after = mean[1:-1], mean[:-2], mean[2:]
        # One sample that is the mix of its neighbours holds an edge, and is no level.
        mixed = (size[1:-1] == 1) & (np.minimum(before, after) < inner) & (inner < np.maximum(before, after))
        size[1:-1][mixed] = least
        short = np.flatnonzero(size < least)
        if not len(short):
            break
        gone: set[int] = set()
        touched: set[int] = set()
        for k in short[np.argsort(size[short], kind="stable")].tolist():
            if k in touched:
                continue  # a level beside it, or the neighbour of both, changes now; so in the next round
            touched |= {k - 2, k - 1, k, k + 1, k + 2}
            if k in {0, len(size) - 1}:
                gone.add(max(0, k - 1))
            elif abs(mean[k - 1] - mean[k + 1]) <= threshold * math.sqrt(1 / size[k - 1] + 1 / size[k + 1]):
                gone |= {k - 1, k}
            else:
                gone.add(k - 1 if abs(mean[k - 1] - mean[k]) <= abs(mean[k + 1] - mean[k]) else k)
        kept = np.delete(kept, sorted(gone))
    return kept


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


def _levels(x: FloatArray, changes: IndexArray, noise: float, long_run: float) -> Levels:
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
    return Levels(edges[np.append(True, kept)], mean[kept], sigma[kept], noise, long_run)
