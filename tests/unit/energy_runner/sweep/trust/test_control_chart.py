# SPDX-License-Identifier: Apache-2.0
"""The chart: what counts as a change, what is a remark, and its parts against other programs."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from energy_runner.sweep.trust.baseline import as_normal, as_t, estimate
from energy_runner.sweep.trust.control_chart import LEAST_NIGHTS, Chart, Judged
from energy_runner.sweep.trust.nights import FLOOR, series_of, split_nights
from energy_runner.sweep.trust.points import ReferencePoint
from energy_runner.sweep.trust.t_tests import LIMIT, limits, t_tests
from tests.support.examples import examples
from tests.support.reference_nights import DAY_S, change_in, reference_points, since


def _judged(points: list[ReferencePoint]) -> Judged:
    return Chart([], series_of(split_nights(points))).judge()


def test_one_wild_night_is_a_remark_whatever_its_size() -> None:
    for size in (0.02, 0.3, -0.5):
        for night in (12, 35):
            points = reference_points(
                random.Random(1), 40, off=lambda n, at=night, by=size: by if n == at else 0.0
            )
            judged = _judged(points)
            assert judged.change is None
            assert abs(judged.z[night]) > 3.5


def test_a_wild_night_in_the_baseline_hides_no_shift() -> None:
    points = reference_points(random.Random(2), 40, off=lambda n: 0.05 if n == 3 else 0.0055 if n >= 30 else 0.0)
    change = change_in(points)
    assert change is not None
    assert abs(change.since - 30) <= 1


def test_one_wild_point_of_a_night_moves_its_value_little() -> None:
    points = reference_points(random.Random(3), 1, a_night=5)
    wild = [dataclasses.replace(points[0], value_j=2 * points[0].value_j), *points[1:]]
    calm, moved = (float(series_of([one]).log_values[-1]) for one in (points, wild))
    assert abs(moved - calm) < 0.002


def test_three_points_that_agree_far_off_stop_the_bench_in_their_night() -> None:
    points = reference_points(random.Random(4), 33, a_night=4, off=since(32, 0.05))
    change = change_in(points)
    assert change is not None
    assert (change.night, change.since, change.point) == (32, 32, 2)
    assert change_in(reference_points(random.Random(4), 33, a_night=2, off=since(32, 0.05))) is None


def test_the_gain_of_the_monitor_is_in_every_night_and_hides_nothing() -> None:
    points = reference_points(random.Random(5), 40, off=since(30, 0.006))
    for gain in (0.9, 1.0, 1.02):
        other = [
            dataclasses.replace(
                one, value_j=gain * one.value_j, u_independent_j=gain * one.u_independent_j, u_j=0.05 * one.value_j
            )
            for one in points
        ]
        change, same = change_in(other), change_in(points)
        assert change is not None
        assert same is not None
        assert (change.night, change.since) == (same.night, same.since)
        assert change.statistic == pytest.approx(same.statistic)


def test_a_bench_without_scatter_is_judged_as_if_it_had_some() -> None:
    still = reference_points(random.Random(6), 40, scatter=0.0, within=0.0)
    assert _judged(still).change is None
    assert (
        change_in(reference_points(random.Random(6), 40, scatter=0.0, within=0.0, off=since(30, 0.0003))) is None
    )
    assert change_in(reference_points(random.Random(6), 40, scatter=0.0, within=0.0, off=since(30, 0.002)))


def test_the_first_nights_are_not_judged() -> None:
    points = reference_points(random.Random(7), LEAST_NIGHTS + 1)
    judged = _judged(points)
    assert np.isnan(judged.statistic[:LEAST_NIGHTS]).all()
    assert np.isfinite(judged.statistic[LEAST_NIGHTS])
    assert change_in(reference_points(random.Random(7), LEAST_NIGHTS, off=since(4, 0.5))) is None


@settings(max_examples=examples(25))
@given(st.integers(0, 10_000), st.integers(1, 3), st.floats(-0.02, 0.02))
def test_later_points_change_nothing_of_what_was_judged(seed: int, a_night: int, shift: float) -> None:
    points = reference_points(random.Random(seed), 16, a_night=a_night, off=since(11, shift))
    change = change_in(points)
    for count in range(8 * a_night, len(points), 2 * a_night + 1):
        early = change_in(points[:count])
        if early is not None:
            assert early == change


def test_the_test_is_that_of_two_samples() -> None:
    points = reference_points(random.Random(8), 16, within=0.0)
    series = series_of(split_nights(points))
    before = estimate(series.log_values[:12], series.u[:12])
    assert not before.outliers
    tests = t_tests(before, series.part(slice(12, 16)), 12, several=False)
    whole = stats.ttest_ind(series.log_values[12:], series.log_values[:12])
    assert tests.ratio[-1] * limits()[14] == pytest.approx(whole.statistic, rel=1e-6)
    assert stats.t.sf(limits()[14], 14) == pytest.approx(stats.norm.sf(LIMIT), rel=1e-6)


def test_scatter_beyond_the_uncertainties_is_that_of_paule_and_mandel() -> None:
    rng = np.random.default_rng(9)
    u = rng.uniform(0.0005, 0.004, 25)
    values = rng.normal(0.0, np.hypot(u, 0.006))
    found = estimate(values, u)
    assert not found.outliers
    assert np.mean(u**2 <= found.least) == pytest.approx(0.8, abs=0.05)  # these count alike
    other = combine_effects(values, np.maximum(u**2, found.least), method_re="iterated")
    assert found.common == pytest.approx(other.tau2, rel=1e-3)
    assert found.mean == pytest.approx(other.mean_effect_re, rel=1e-3)


def test_the_limit_of_t_and_its_opposite() -> None:
    for dof in (3, 9, 38):
        assert float(as_normal(np.array(as_t(3.5, dof)), dof)) == pytest.approx(3.5)
        assert float(as_normal(np.array(-as_t(3.5, dof)), dof)) == pytest.approx(-3.5)


def test_a_night_lasts_sixteen_hours_and_a_u_of_zero_has_no_more_weight() -> None:
    points = [ReferencePoint(at * 3600.0, 1.0, 0.0) for at in (0, 8, 15.9, 16, 24, 33)]
    assert [len(night) for night in split_nights(points)] == [3, 2, 1]
    two = [ReferencePoint(0.0, 1.0, 0.0), ReferencePoint(60.0, 1.01, FLOOR)]
    value = series_of([two]).whole()[0]
    assert value.log_value == pytest.approx(np.log(1.01) / 3, rel=0.02)
    assert DAY_S > 16 * 3600
