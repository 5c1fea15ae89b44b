# SPDX-License-Identifier: Apache-2.0
"""The t tests of a control chart: nights since a possible change against a baseline before it, at each point."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from energy_runner.sweep.trust.baseline import OUTLIER, Estimate, FloatArray, as_t
from energy_runner.sweep.trust.nights import Series

# A shift is to be found within so many nights; so many at most are compared with the baseline at a time.
WITHIN_NIGHTS = 10
# More nights of baseline hardly help: the mean of 30 is known to a fifth of their scatter. And a baseline that
# went on growing would follow a slow drift.
BASELINE_NIGHTS = 30
# The largest statistic of a good bench, as a standard normal value. By simulation: of series of 40 nights, about
# one in a hundred exceeds it at any of its points, two in a hundred where nights scatter by a t distribution of 5
# degrees (`docs/how-to/trust-your-bench.md` has the figures, `test_rates.py` the proof).
LIMIT = 3.9
# A night beyond 3.5 standard deviations counts as one of 3.5, so that no single night stops a bench. But where
# this many points of a night agree and lie beyond GROSS, they are no outlier, and the night counts as it is.
AGREEING, GROSS = 3, 6.5


@dataclass(frozen=True)
class Tests:
    """For each point the largest of its tests.

    `ratio` is t as a share of its limit, with the sign of the shift, `start` the night since which the change
    would be, `shift` the difference of the logarithms and `u_shift` its standard uncertainty.
    """

    ratio: FloatArray
    start: NDArray[np.int64]
    shift: FloatArray
    u_shift: FloatArray


def t_tests(before: Estimate, new: Series, start: int, *, several: bool) -> Tests:
    """Compare the nights since `start` with the baseline `before`, after every point of `new`, which begins there.

    With `several`, every later night is a possible start, too; then they share the baseline.
    """
    sums = _sums(before, new)
    closing = new.last_of_night
    complete = [np.concatenate([[0.0], np.cumsum(column[closing])]) for column in sums]
    night = new.nights - start
    back = np.arange(WITHIN_NIGHTS) if several else night[:, None]
    first = night[:, None] - back
    possible = first >= 0
    first = np.maximum(first, 0)
    weight, value, square = (
        total[night][:, None] - total[first] + column[:, None]
        for total, column in zip(complete, sums, strict=True)
    )
    mean = value / weight
    dof = before.nights + night[:, None] - first - 1
    factor = np.maximum((before.squares + np.maximum(0.0, square - value * mean)) / dof, before.least_factor)
    u = np.sqrt(factor * (1.0 / weight + 1.0 / before.weight))
    ratio = np.where(possible, mean / (u * limits()[dof]), 0.0)
    at = np.arange(len(night)), np.abs(ratio).argmax(axis=1)
    return Tests(ratio[at], first[at] + start, mean[at], u[at])


def _sums(before: Estimate, new: Series) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weight, and weight times deviation and its square, of night values; wild ones are drawn in."""
    off, spread = new.log_values - before.mean, before.spread(new.u)
    agree = (new.counts >= AGREEING) & (np.abs(off) > as_t(GROSS, before.dof) * spread)
    most = np.where(agree, np.inf, OUTLIER * spread)
    off = np.clip(off, -most, most)
    weight = 1.0 / before.variance(new.u)
    return weight, weight * off, weight * off * off


@cache
def limits() -> FloatArray:
    """Return, by degrees of freedom, the |t| that is as unlikely as `LIMIT` standard deviations."""
    return np.array([math.inf, *(as_t(LIMIT, dof) for dof in range(1, BASELINE_NIGHTS + WITHIN_NIGHTS))])
