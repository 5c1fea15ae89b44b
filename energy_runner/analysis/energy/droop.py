# SPDX-License-Identifier: Apache-2.0
"""How far the product of two means is from the mean of the product, where voltage and current are sampled.

Behind a source resistance R the voltage falls as the current rises. Within a sample, mean(i) * mean(v) is then
larger than mean(i * v) by R times the variance of the current in it, which no sample shows. R is read off the
trace: it is how the voltage of its samples follows their current. The variance is limited by that of a current
that switches between zero and a peak (R. Bhatia, C. Davis, "A better bound on the variance", Am. Math. Monthly
107, 2000).
"""

import math
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.sums import BLOCK

_SIGMAS = 2.0
PEAK = 10.0  # times its mean: as high as a current is taken to rise within a sample, unless a sample is higher


@dataclass(frozen=True)
class Droop:
    """An upper limit of the resistance of the supply, and the largest current of a sample."""

    resistance_ohm: float
    largest_a: float

    def limit_w(self, mean_a: float) -> float:
        """Return the limit of the error in power for samples with a mean current of `mean_a`."""
        peak_a = max(PEAK * mean_a, self.largest_a)
        return self.resistance_ohm * mean_a * (peak_a - mean_a)


def find_droop(source: EnergySource) -> Droop | None:
    """Return what the whole trace shows of the supply's resistance; None unless current and voltage are means."""
    if source.current_a is None or source.voltage_v is None or source.kind != "mean":
        return None
    count, sums, squares, largest_a = 0, np.zeros(2), np.zeros((2, 2)), 0.0
    origin: np.ndarray | None = None
    for begin in range(0, source.length, BLOCK):
        end = min(begin + BLOCK, source.length)
        both = np.array([source.current_a(begin, end), source.voltage_v(begin, end)], dtype=np.float64)
        both = both[:, np.isfinite(both).all(axis=0)]
        if not both.shape[1]:
            continue
        if origin is None:
            origin = both[:, :1].copy()  # so that a small change of a large voltage keeps its digits
        largest_a = max(largest_a, float(np.max(both[0])))
        away = both - origin
        count += both.shape[1]
        sums += np.sum(away, axis=1)
        squares += away @ away.T
    if count < 3:
        return None
    covariance = squares / count - np.outer(sums, sums) / count**2
    of_current, of_voltage, shared = covariance[0, 0], covariance[1, 1], covariance[0, 1]
    if not of_current > 0:
        return Droop(0.0, largest_a)
    resistance_ohm = -shared / of_current
    left = max(0.0, of_voltage - shared**2 / of_current)
    u = math.sqrt(left / of_current / count)
    return Droop(max(0.0, float(resistance_ohm)) + _SIGMAS * u, largest_a)
