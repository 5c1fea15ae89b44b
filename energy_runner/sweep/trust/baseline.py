# SPDX-License-Identifier: Apache-2.0
"""What a bench's nights are compared with: mean and scatter while nothing had changed, robust and with few data.

A night's variance is that of its own points (the independent part of their uncertainty) plus one that all nights
have in common, found by the method of Paule and Mandel. Then the scatter that is observed gives the scale, so
that neither too small nor too large an uncertainty of the points changes how often a good bench is stopped. For
the same reason a night counts for no better than most of its baseline do: how small its points state their
uncertainty is itself an estimate by few windows, and what they state may change from one night to the next.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from energy_runner.sweep.trust.nights import FLOOR

FloatArray = NDArray[np.float64]
# In standard deviations. Of nights that only scatter, one in 2000 lies beyond.
OUTLIER = 3.5
# As many of the nights may be left out as outliers; a baseline with more of them is simply one that scatters.
OUTLIER_SHARE = 0.2
_LEAST_KEPT = 4
_LEAST_VARIANCE = (1e-3 * FLOOR) ** 2  # of a night, so that one whose u is 0 has a finite weight
_ROUNDS = 20


@dataclass(frozen=True)
class Estimate:
    """Mean and scatter of a baseline, both of the logarithm of the energy, that is, relative.

    `common` is the variance that all nights share besides that of their own points, `typical` what a typical night
    has of both. `squares` is the sum of squared deviations in units of these variances, `weight` the sum of the
    inverse variances; `least` is the least variance that the points of a night count with. `outliers` are the
    places of nights that were left out of the `nights`.
    """

    mean: float
    common: float
    typical: float
    squares: float
    weight: float
    nights: int
    least: float = _LEAST_VARIANCE
    outliers: frozenset[int] = frozenset()

    @property
    def dof(self) -> int:
        """Return the degrees of freedom of the scatter."""
        return self.nights - 1

    @property
    def scatter(self) -> float:
        """Return the relative standard deviation of a typical night, at least `FLOOR`."""
        return math.sqrt(self.factor() * self.typical)

    @property
    def u_mean(self) -> float:
        """Return the relative standard uncertainty of the mean."""
        return math.sqrt(self.factor() / self.weight)

    @property
    def least_factor(self) -> float:
        """Return the factor with which a typical night scatters by `FLOOR`."""
        return FLOOR * FLOOR / self.typical

    def factor(self) -> float:
        """Return observed over expected variance, at least `least_factor`."""
        return max(self.squares / self.dof, self.least_factor)

    def variance(self, u: FloatArray) -> FloatArray:
        """Return the expected variance of nights whose points have the relative uncertainty `u`."""
        return self.common + np.maximum(u * u, self.least)

    def spread(self, u: FloatArray) -> FloatArray:
        """Return the standard deviation of the difference between such nights and the mean."""
        found: FloatArray = np.sqrt(self.factor() * (self.variance(u) + 1.0 / self.weight))
        return found

    def standardised(self, log_values: FloatArray, u: FloatArray) -> FloatArray:
        """Return how far nights lie from the mean, as the standard normal values that are as unlikely."""
        return as_normal((log_values - self.mean) / self.spread(u), self.dof)


def estimate(log_values: FloatArray, u: FloatArray) -> Estimate:
    """Return mean and scatter of two or more nights; single nights far from all others are left out."""
    kept = np.arange(len(log_values))
    most = int(OUTLIER_SHARE * len(log_values))
    least = max(float(np.quantile(u * u, 1.0 - OUTLIER_SHARE, method="lower")), _LEAST_VARIANCE)
    while True:
        values, own = log_values[kept], np.maximum(u[kept] ** 2, least)
        common = _common_variance(values, own)
        weights = 1.0 / (common + own)
        total = float(weights.sum())
        mean = float(weights @ values) / total
        off = weights * (values - mean) ** 2
        found = Estimate(mean, common, common + float(own.mean()), float(off.sum()), total, len(kept), least)
        if len(log_values) - len(kept) < most and len(kept) > _LEAST_KEPT:
            place = _outlier(values, weights, off, found)
            if place is not None:
                kept = np.delete(kept, place)
                continue
        return replace(found, outliers=frozenset(range(len(log_values))) - frozenset(kept.tolist()))


def as_normal(t: FloatArray, dof: int) -> FloatArray:
    """Return the standard normal values that are as unlikely as `t` in a t distribution of `dof` degrees."""
    from scipy.special import ndtri, stdtr

    found: FloatArray = np.copysign(-ndtri(stdtr(dof, -np.abs(t))), t)
    return found


@cache
def as_t(z: float, dof: int) -> float:
    """Return the value of a t distribution of `dof` degrees that is as unlikely as a standard normal value."""
    from scipy.special import ndtr, stdtrit

    return -float(stdtrit(dof, ndtr(-z)))


def _common_variance(values: FloatArray, own: FloatArray) -> float:
    """Return the variance that, added to each night's own, explains their distances; 0 if none is needed."""
    free = len(values) - 1
    found = max(0.0, float(values.var(ddof=1)) - float(own.mean()))  # exact where all nights have the same u
    for _ in range(_ROUNDS):
        weights = 1.0 / (found + own)
        off = values - (weights @ values) / weights.sum()
        squares = weights * off * off
        excess = float(squares.sum()) - free
        if abs(excess) <= 1e-4 * free or (excess < 0 and found <= 0):
            break
        found = max(0.0, found + excess / float(weights @ squares))
    return found


def _outlier(values: FloatArray, weights: FloatArray, off: FloatArray, whole: Estimate) -> int | None:
    """Return the place of the farthest night if all others, taken alone, would call it an outlier."""
    shares = off * whole.weight / (whole.weight - weights)
    place = int(shares.argmax())
    w = float(weights[place])
    rest = whole.weight - w
    mean = (whole.weight * whole.mean - w * float(values[place])) / rest
    free = whole.dof - 1
    factor = max((whole.squares - float(shares[place])) / free, whole.least_factor)
    far = abs(float(values[place]) - mean) / math.sqrt(factor * (1.0 / w + 1.0 / rest))
    return place if far > as_t(OUTLIER, free) else None
