# SPDX-License-Identifier: Apache-2.0
"""A control chart over nights, which asks whether the last of them have another mean than those before.

After each point, the last 1, 2, … 10 nights are compared with the nights before them by a two-sample t test, and
the largest of these statistics with one limit: a change-point chart with unknown mean and scatter, after Hawkins,
Qiu and Kang (2003). Nothing has to be known of the bench, and few nights count as few, because the limit is one
of probability and not of t. Nothing here knows of files, benches or people.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from energy_runner.sweep.trust.baseline import Estimate, FloatArray, estimate
from energy_runner.sweep.trust.nights import NightValue, Series
from energy_runner.sweep.trust.t_tests import BASELINE_NIGHTS, WITHIN_NIGHTS, Tests, limits, t_tests

SHIFT = 0.005  # relative; it is to be found within WITHIN_NIGHTS
LEAST_NIGHTS = 8  # fewer say too little of their own scatter
_FOUND = 1.645  # standard deviations beyond the limit at which 95 % of all shifts are found


@dataclass(frozen=True)
class Change:
    """A change that scatter does not explain, since the night at place `since`; sure at a `point` of `night`.

    `shift` is the difference of the logarithms with its standard uncertainty, `statistic` the share of the limit.
    """

    night: int
    point: int
    since: int
    shift: float
    u_shift: float
    statistic: float


@dataclass(frozen=True)
class Judged:
    """What the chart made of nights, up to the one of a `change` if there is one.

    `statistic` is, for each night, the largest of its tests as a share of the limit with the sign of the shift,
    NaN where there was nothing to compare with; `z` how far it lies from the baseline, as a standard normal
    value.
    """

    statistic: FloatArray
    z: FloatArray
    change: Change | None


class Chart:
    """Nights in order: `old` ones, which are known to be good, and `new` ones, which are judged."""

    def __init__(self, old: Sequence[NightValue], new: Series) -> None:
        self._old = len(old)
        self._new = replace(new, nights=new.nights + len(old))
        closing = new.last_of_night
        self._logs = np.concatenate([[night.log_value for night in old], new.log_values[closing]])
        self._u = np.concatenate([[night.u for night in old], new.u[closing]])
        self._estimates: dict[int, Estimate] = {}

    def baseline(self, nights: int) -> Estimate | None:
        """Return what is to be compared with after so many nights, old and new; None while they are too few."""
        if nights < LEAST_NIGHTS:
            return None
        count = min(nights, BASELINE_NIGHTS)
        if count not in self._estimates:
            self._estimates[count] = estimate(self._logs[:count], self._u[:count])
        return self._estimates[count]

    def judge(self) -> Judged:
        """Judge after each point of the new nights, until one shows a change."""
        night = self._new.nights
        best = Tests(np.zeros(len(night)), np.full(len(night), -1), np.zeros(len(night)), np.ones(len(night)))
        for start in range(self._old, len(self._logs)):
            before = self.baseline(start)
            if before is None:
                continue
            several = start >= BASELINE_NIGHTS  # every start from here on has the same baseline
            stop = len(self._logs) if several else start + WITHIN_NIGHTS
            part = slice(*np.searchsorted(night, (start, stop)))
            tests = t_tests(before, self._new.part(part), start, several=several)
            better = np.abs(tests.ratio) > np.abs(best.ratio[part])
            for field in fields(Tests):
                target = getattr(best, field.name)[part]
                np.copyto(target, getattr(tests, field.name), where=better)
            if several:
                break
        over = np.flatnonzero(np.abs(best.ratio) >= 1.0)
        until = int(over[0]) if len(over) else len(night) - 1
        nights = int(night[until]) - self._old + 1 if len(night) else 0
        closing = np.minimum(np.flatnonzero(self._new.last_of_night)[:nights], until)
        statistic = np.where(best.start[closing] >= 0, best.ratio[closing], np.nan)
        return Judged(statistic, self._z(nights), self._change(best, until) if len(over) else None)

    def _change(self, best: Tests, at: int) -> Change:
        night = self._new.nights[at]
        return Change(
            int(night) - self._old,
            at - int(np.searchsorted(self._new.nights, night)),
            int(best.start[at]) - self._old,
            float(best.shift[at]),
            float(best.u_shift[at]),
            float(best.ratio[at]),
        )

    def _z(self, nights: int) -> FloatArray:
        """Return how far each of the first new nights lies from the nights before it."""
        z = np.full(nights, np.nan)
        for night in range(nights):
            before = self.baseline(self._old + night)
            last = self._old + night >= BASELINE_NIGHTS
            part = slice(self._old + night, self._old + (nights if last else night + 1))
            if before is not None:
                z[night : nights if last else night + 1] = before.standardised(self._logs[part], self._u[part])
            if last:
                break
        return z


def found_within(before: Estimate) -> float:
    """Return the smallest relative shift that is found within `WITHIN_NIGHTS` nights in 95 of 100 cases.

    It lies at the limit plus the 5 % quantile of the noncentral t distribution, by its usual approximation.
    """
    dof = before.nights + WITHIN_NIGHTS - 2
    limit = float(limits()[dof])
    beyond = limit + _FOUND * math.sqrt(1.0 + limit * limit / (2.0 * dof))
    return before.scatter * math.sqrt(1.0 / before.nights + 1.0 / WITHIN_NIGHTS) * beyond
