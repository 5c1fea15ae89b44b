# SPDX-License-Identifier: Apache-2.0
"""The noise of a trace about its levels: how much a sample scatters, and how alike neighbours are.

The mean of m samples of white noise scatters by σ/√m; that of coloured noise by up to σ∞/√m, where the long-run
variance σ∞² is the variance times one plus twice the sum of the autocorrelations (T. W. Anderson, The Statistical
Analysis of Time Series, 1971, section 8.3). A search for changes that takes one for the other finds a change in
every slow swing. All is estimated from differences of samples some lags apart: with the lag they grow until
samples are no longer alike, and what grows again after that is the levels, not the noise. Where large steps
between neighbours are many, it is levels that make neighbours alike, and the noise counts as white.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

_LAGS = (1, 2, 4, 8, 16, 32, 64)
_MOST_PAIRS = 1 << 13
_TAILED = 1.2  # root mean square of steps over what their median says: beyond it levels change often
_LEAST_PAIRS = 24
_DRIFT = 2.5  # from a lag to twice the lag; noise, even a random walk, grows by 2 at most, a slope by 4
_SAME = 0.05  # relative: variances that grow by less from a lag to twice the lag have reached their end
_DOUBT = 4.0  # over the root of the number of pairs: by how much they may seem to grow in white noise
_AT_ONCE = 4096  # changes
_NEAR = 128  # samples around a change that are compared with others' at once
_NORMAL = 1.4826  # standard deviation over median magnitude


def sample_noise(x: FloatArray) -> float:
    """Return the scatter of a sample about a level that rarely changes, by the differences of neighbours.

    Where most neighbours are equal, a third of the smallest step (the standard deviation of rounding to it).
    """
    steps = np.abs(np.diff(x))
    if len(steps) == 0:
        return 0.0
    middle = _NORMAL * float(np.median(steps)) / math.sqrt(2)
    moved = steps[steps > 0]
    # Where fewer than a quarter move, it is the levels that change, not the rounding.
    rounding = float(np.min(moved)) / math.sqrt(12) if len(moved) > len(steps) // 4 else 0.0
    return max(middle, rounding)


def long_run_noise(x: FloatArray, noise: float) -> float:
    """Return the root of the long-run variance; for white noise that is `noise`, the scatter of one sample."""
    steps = np.diff(x[: _MOST_PAIRS * 8])
    if float(np.sum(steps**2)) > 2 * len(steps) * (_TAILED * noise) ** 2:
        return noise
    lags, variances = [0], [0.0]
    for lag, variance, pairs in _half_variances(x):
        if variances[-1] > 0 and variance > _DRIFT * variances[-1]:
            return noise
        lags.append(lag)
        variances.append(variance)
        if variance <= variances[-2] * (1 + max(_SAME, _DOUBT / math.sqrt(pairs))):
            break
    if len(lags) <= 3:  # nothing grows after the first lag, or too few samples tell
        return noise
    end = max(variances)
    alike = np.interp(np.arange(1, lags[-1] + 1), lags, [max(0.0, 1 - variance / end) for variance in variances])
    return max(noise, math.sqrt(end * (1 + 2 * float(np.sum(alike)))))


def _half_variances(x: FloatArray) -> Iterator[tuple[int, float, int]]:
    """Return for each lag half the variance of differences, by their median, and the number of these.

    Each comes only if it is asked for: most noise is white.
    """
    for lag in _LAGS:
        places = np.arange(0, len(x) - lag, max(1, (len(x) - lag) // _MOST_PAIRS))
        if len(places) < _LEAST_PAIRS * math.sqrt(lag):
            break
        scatter = _NORMAL * float(np.median(np.abs(x[places + lag] - x[places])))
        yield lag, scatter**2 / 2, len(places)


def are_trends(x: FloatArray, first: IndexArray, change: IndexArray, last: IndexArray) -> BoolArray:
    """Return for each `change` whether a line fits the samples [first, last) better than two levels do."""
    found = np.zeros(len(change), dtype=np.bool_)
    width = last - first
    for begin in range(0, len(change), _AT_ONCE):
        block = slice(begin, begin + _AT_ONCE)
        near = begin + np.flatnonzero(width[block] <= _NEAR)
        if len(near):
            found[near] = _near_trends(x, first[near], change[near], last[near])
    for k in np.flatnonzero(width > _NEAR):
        found[k] = is_trend(x[first[k] : last[k]], int(change[k] - first[k]))
    return found


def is_trend(x: FloatArray, change: int) -> bool:
    """Return whether a straight line fits the samples on both sides of `change` better than two levels do."""
    bounds = (np.array([0]), np.array([change]), np.array([len(x)]))
    return bool(_near_trends(x, *bounds)[0])


def _near_trends(x: FloatArray, first: IndexArray, change: IndexArray, last: IndexArray) -> BoolArray:
    """Compare what both models explain of the samples around each change, a row for each."""
    column = np.arange(int(np.max(last - first)))
    count = (last - first)[:, None]
    there = column < count
    here = np.where(there, x[np.minimum(first[:, None] + column, len(x) - 1)], 0.0)
    away = np.where(there, here - np.sum(here, axis=1, keepdims=True) / count, 0.0)
    before = (change - first).astype(np.float64)
    after = (last - change).astype(np.float64)
    left = np.sum(away, axis=1, where=column < before[:, None])
    stepped = left**2 * (1 / before + 1 / after)
    at = np.where(there, column - (count - 1) / 2, 0.0)
    lined = np.sum(at * away, axis=1) ** 2 / np.sum(at**2, axis=1)
    return np.asarray(lined > stepped)
