# SPDX-License-Identifier: Apache-2.0
"""What many equal events have in common and which of them stand out: energies or durations of inferences.

Everything is robust: one wild value moves neither the median nor the limits by which it is called wild.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float64]

FALSE_ALARM = 0.05  # chance of a single outlier among normally distributed values, all of them together
LEAST_VALUES = 8
_EARLY_SHARE = 0.05
_MOST_EARLY = 10
_SETTLED_RUN = 5
_TIED = 1e-12  # relative; what is closer than this is equal


@dataclass(frozen=True)
class WarmUp:
    """How the first values differ from the settled level, the median of the second half.

    `first` and `early` (mean of the first `early_count` values) are relative to that level, each with its
    standard uncertainty. `settled_after` is the number of values before the first five in a row that lie
    within the outlier limits of the second half; None if there are no such five.
    """

    first: float
    first_u: float
    early: float
    early_u: float
    early_count: int
    settled_after: int | None


@dataclass(frozen=True)
class Distribution:
    """Median, 5th and 95th percentile (linear interpolation), scatter, outliers and drift of `count` values.

    `sigma` is the robust standard deviation about the drift, 1.4826 times the median absolute deviation.
    `outliers` are the indices of values further than `limit_sigmas` from the drift line; the limit grows with
    the count so that one run in twenty of normally distributed values has any. `drift_per_s` is the slope of a
    line through the others, in units of the values per second; `drift` is the change over the whole span
    relative to the median; each with its standard uncertainty.
    """

    count: int
    median: float
    p5: float
    p95: float
    sigma: float
    outliers: tuple[int, ...]
    limit_sigmas: float
    drift_per_s: float
    drift_per_s_u: float
    drift: float
    drift_u: float
    warm_up: WarmUp


def describe(values: FloatArray, at_s: FloatArray) -> Distribution | None:
    """Return the distribution of `values` observed at the times `at_s` (rising, in s); NaN are left out.

    Return None for fewer than eight values or a median, of all or of the later half, that is not positive.
    """
    known = np.flatnonzero(np.isfinite(values))
    x, t = values[known], at_s[known]
    if len(x) < LEAST_VALUES or not t[-1] > t[0]:
        return None
    median = float(np.median(x))
    if not min(median, float(np.median(x[len(x) // 2 :]))) > 0:
        return None
    limit_sigmas = -float(ndtri(FALSE_ALARM / (2 * len(x))))
    rest = x - _robust_line(x, t)
    sigma = robust_sigma(rest)
    outlying = np.abs(rest) > np.maximum(limit_sigmas * sigma, _TIED * median)
    slope, slope_u = _slope(x[~outlying], t[~outlying])
    span = float(t[-1] - t[0])
    p5, p95 = (float(value) for value in np.percentile(x, [5, 95]))
    return Distribution(
        count=len(x),
        median=median,
        p5=p5,
        p95=p95,
        sigma=sigma,
        outliers=tuple(int(k) for k in known[outlying]),
        limit_sigmas=limit_sigmas,
        drift_per_s=slope,
        drift_per_s_u=slope_u,
        drift=slope * span / median,
        drift_u=slope_u * span / median,
        warm_up=_warm_up(x, sigma, limit_sigmas),
    )


def robust_sigma(values: FloatArray) -> float:
    """Return the standard deviation from the median absolute deviation; from the mean one where that is zero."""
    from scipy.stats import median_abs_deviation  # imported here: it takes a second

    middle = float(median_abs_deviation(values, scale="normal"))
    # More than half of the values equal (coarse quantisation) says nothing about the others' scatter.
    return middle if middle > 0 else float(np.mean(np.abs(values - np.median(values)))) * math.sqrt(math.pi / 2)


def _robust_line(x: FloatArray, t: FloatArray) -> FloatArray:
    """Return a line through the medians of the first and the last half.

    `scipy.stats.theilslopes` estimates the same a little better, but from the slopes of all pairs: for the 10 000
    inferences of a window that took 23 s and 3 GB.
    """
    half = len(x) // 2
    early, late = float(np.mean(t[:half])), float(np.mean(t[-half:]))
    low, high = float(np.median(x[:half])), float(np.median(x[-half:]))
    line: FloatArray = low + (high - low) / (late - early) * (t - early)
    return line


def _slope(x: FloatArray, t: FloatArray) -> tuple[float, float]:
    """Return the slope of a line by least squares and its standard uncertainty.

    Neighbouring deviations that resemble each other carry less information than their number; their
    correlation r widens the uncertainty by √((1 + r)/(1 - r)).
    """
    centred = t - np.mean(t)
    spread = float(np.sum(centred**2))
    if not spread > 0:
        return 0.0, math.inf
    slope = float(np.sum(centred * x)) / spread
    rest = x - np.mean(x) - slope * centred
    power = float(np.sum(rest**2))
    r = float(np.sum(rest[1:] * rest[:-1])) / power if power > 0 else 0.0
    r = min(0.95, max(0.0, r))
    return slope, math.sqrt(power / (len(x) - 2) / spread * (1 + r) / (1 - r))


def _warm_up(x: FloatArray, sigma: float, limit_sigmas: float) -> WarmUp:
    late = x[len(x) // 2 :]
    level = float(np.median(late))
    scatter = robust_sigma(late) / level
    level_u = math.sqrt(math.pi / 2 / len(late)) * scatter
    count = max(1, min(_MOST_EARLY, int(_EARLY_SHARE * len(x))))
    inside = np.abs(x - level) <= np.maximum(limit_sigmas * max(sigma, scatter * level), _TIED * level)
    run = np.convolve(inside, np.ones(_SETTLED_RUN), mode="valid")
    settled = np.flatnonzero(run >= _SETTLED_RUN)
    return WarmUp(
        first=float(x[0]) / level - 1,
        first_u=math.hypot(scatter, level_u),
        early=float(np.mean(x[:count])) / level - 1,
        early_u=math.hypot(scatter / math.sqrt(count), level_u),
        early_count=count,
        settled_after=int(settled[0]) if len(settled) else None,
    )
