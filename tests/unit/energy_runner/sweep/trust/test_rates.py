# SPDX-License-Identifier: Apache-2.0
"""How often a good bench is stopped, and how soon a shifted one is found: by simulation, with exact bounds.

A false alarm is a series of 40 nights of a bench that never changes, judged after every point from the ninth night
on, which is out of control at any time.
"""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import ruptures
from scipy.stats import binomtest

from energy_runner.sweep.trust.baseline import estimate
from energy_runner.sweep.trust.control_chart import SHIFT, found_within
from energy_runner.sweep.trust.nights import series_of, split_nights
from energy_runner.sweep.trust.t_tests import BASELINE_NIGHTS, WITHIN_NIGHTS
from tests.support.reference_nights import change_in, reference_points, since

MOST_FALSE = 0.02
LEAST_FOUND = 0.95
NIGHTS = BASELINE_NIGHTS + WITHIN_NIGHTS


def _alarms(series: int, seed: int, **how: float) -> int:
    rng = random.Random(seed)
    return sum(change_in(reference_points(rng, NIGHTS, **how)) is not None for _ in range(series))  # type: ignore[arg-type]


def _found(series: int, seed: int, before: int, shift: float, *, a_night: int = 1, scatter: float = 0.002) -> int:
    """How many shifts are found within ten nights, and not before they are there."""
    rng = random.Random(seed)
    found = 0
    for _ in range(series):
        nights = before + WITHIN_NIGHTS
        points = reference_points(rng, nights, a_night=a_night, scatter=scatter, off=since(before, shift))
        change = change_in(points)
        found += change is not None and change.night >= before
    return found


@pytest.mark.deep
def test_a_good_bench_is_stopped_in_at_most_two_series_of_a_hundred() -> None:
    series = 1200
    alarms = _alarms(series, 1, within=0.0)
    assert binomtest(alarms, series).proportion_ci(0.90, "exact").high <= MOST_FALSE  # one-sided, 95 %


@pytest.mark.parametrize(("a_night", "within"), [(1, 0.0005), (5, 0.001)])
def test_few_series_agree_with_that(a_night: int, within: float) -> None:
    alarms = _alarms(100, 2, a_night=a_night, within=within)
    assert binomtest(alarms, 100, MOST_FALSE, "greater").pvalue > 0.05


def test_wild_scatter_is_no_reason_for_many_more_alarms() -> None:
    alarms = _alarms(100, 3, dof=5.0)
    assert binomtest(alarms, 100, 2 * MOST_FALSE, "greater").pvalue > 0.05


@pytest.mark.parametrize("u", [0.0, 0.01])
def test_an_uncertainty_that_is_stated_wrongly_changes_nothing(u: float) -> None:
    alarms = _alarms(50, 4, u=u)
    assert binomtest(alarms, 50, MOST_FALSE, "greater").pvalue > 0.05
    rng = random.Random(5)
    series = [reference_points(rng, NIGHTS, off=since(30, 0.005), u=u) for _ in range(40)]
    assert sum(change_in(points) is not None for points in series) >= 37


STATED = {
    "it falls after ten nights": lambda place, _: 0.004 if place < 10 else 0.00005,
    "every other night": lambda place, _: 0.004 if place % 2 else 0.00001,
    "by the scatter of three windows": lambda _, rng: 0.002 * math.sqrt(rng.gammavariate(1, 1)),
}


@pytest.mark.parametrize("how", STATED)
def test_an_uncertainty_that_changes_from_night_to_night_is_no_reason_for_alarms(how: str) -> None:
    """Nights that scatter alike and state another u each: up to 40 of 100 good benches were stopped."""
    rng = random.Random(9)
    alarms = found = 0
    for _ in range(100):
        for off in (0.0, SHIFT):
            points = [
                replace(point, u_independent_j=STATED[how](place, rng) * point.value_j)
                for place, point in enumerate(reference_points(rng, NIGHTS, off=since(30, off)))
            ]
            change = change_in(points)
            alarms += change is not None and not off
            found += change is not None and change.night >= BASELINE_NIGHTS and bool(off)
    assert binomtest(alarms, 100, MOST_FALSE, "greater").pvalue > 0.05
    assert found >= 90


@pytest.mark.parametrize("a_night", [1, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_half_a_percent_is_found_within_ten_nights(a_night: int, sign: int) -> None:
    series = 100
    found = _found(series, 6 + a_night + sign, BASELINE_NIGHTS, sign * SHIFT, a_night=a_night)
    assert binomtest(found, series, LEAST_FOUND, "less").pvalue > 0.05
    assert found >= LEAST_FOUND * series


@pytest.mark.parametrize("before", [8, 12, 20, 30])
def test_what_a_young_baseline_finds_is_said_truly(before: int) -> None:
    rng = random.Random(7)
    series, found = 60, 0
    for _ in range(series):
        start = before
        points = reference_points(rng, before + WITHIN_NIGHTS, off=lambda _: 0.0)
        values = series_of(split_nights(points[:before]))
        true = 0.002 / estimate(values.log_values, values.u).scatter  # said for the scatter as it was estimated
        finds = found_within(estimate(values.log_values, values.u)) * true
        shifted = [
            point
            if place < start
            else type(point)(point.utc_s, point.value_j * (1 + finds), point.u_independent_j)
            for place, point in enumerate(points)
        ]
        change = change_in(shifted)
        found += change is not None
    assert binomtest(found, series, 0.92, "less").pvalue > 0.02


def test_the_night_of_the_change_is_where_ruptures_puts_it() -> None:
    rng = random.Random(8)
    agree = 0
    for _ in range(40):
        points = reference_points(rng, 40, off=since(30, 0.006))
        change = change_in(points)
        if change is None:
            continue
        seen = np.array([[point.value_j / 1.44e-3] for point in points[: change.night + 1]])
        place = ruptures.Binseg(model="l2", min_size=1, jump=1).fit(seen).predict(n_bkps=1)[0]
        agree += abs(change.since - place) <= 1
    assert agree >= 35
