# SPDX-License-Identifier: Apache-2.0
"""What many equal events have in common, with every figure worked out by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from energy_runner.analysis.inferences.distribution import WarmUp, _robust_line, describe, robust_sigma

MEDIAN_SIGMA = 1.0 / stats.norm.ppf(0.75)  # of a normal distribution, from the median absolute deviation
MEAN_SIGMA = math.sqrt(math.pi / 2)  # the same, from the mean absolute deviation


def limit(count: int) -> float:
    """Return the limit that one of `count` normally distributed values exceeds in one of twenty runs."""
    return float(stats.norm.isf(0.05 / 2 / count))


def thirds(count: int = 300) -> np.ndarray:
    """Values of 9, 10 and 11 in turn: median 10, median absolute deviation 1."""
    return 10.0 + np.resize([-1.0, 0.0, 1.0], count)


def seconds(count: int) -> np.ndarray:
    return 0.5 * np.arange(count)


def test_percentiles_are_interpolated_and_missing_values_left_out() -> None:
    values = np.concatenate(([math.nan], np.arange(101.0) + 50, [math.inf, math.nan]))
    found = describe(values, seconds(len(values)))
    assert found is not None
    assert (found.count, found.median, found.p5, found.p95) == (101, 100.0, 55.0, 145.0)
    assert found.limit_sigmas == pytest.approx(limit(101), rel=1e-12)


@pytest.mark.parametrize("place", [100, 150, 298])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_what_lies_beyond_the_limit_stands_out(place: int, sign: float) -> None:
    for share, stands_out in ((0.999, False), (1.001, True)):
        values = thirds() * 5.0
        values[place] = 50.0 + sign * share * limit(300) * 5.0 * MEDIAN_SIGMA
        found = describe(np.append(math.nan, values), seconds(301))
        assert found is not None
        assert found.sigma == pytest.approx(5.0 * MEDIAN_SIGMA, rel=1e-12)
        assert found.outliers == ((place + 1,) if stands_out else ())


def test_an_outlier_takes_no_part_in_the_drift() -> None:
    values = np.concatenate((thirds(), [1e6]))
    found = describe(values, seconds(301))
    alone = describe(thirds(), seconds(300))
    assert found is not None
    assert alone is not None
    assert found.outliers == (300,)
    assert found.drift_per_s == pytest.approx(alone.drift_per_s, abs=1e-12)
    assert found.drift_per_s_u == pytest.approx(alone.drift_per_s_u, rel=1e-9)


def test_equal_values_have_no_scatter_and_rounding_is_no_outlier() -> None:
    values = np.full(20, 1000.0)
    for more, outliers in ((0.7e-9, ()), (1.5e-9, (15,))):
        values[15] = 1000.0 + more
        found = describe(values, seconds(20))
        assert found is not None
        assert found.outliers == outliers
        assert found.warm_up.settled_after == 0


@pytest.mark.parametrize(("more", "settled"), [(0.7e-9, 0), (1.5e-9, 3)])
def test_rounding_is_no_warm_up(more: float, settled: int) -> None:
    values = np.full(20, 1000.0)
    values[2] += more
    found = describe(values, seconds(20))
    assert found is not None
    assert found.warm_up.settled_after == settled


@pytest.mark.parametrize("slope", [-0.25, 0.0, 0.5])
def test_a_drift_and_its_uncertainty(slope: float) -> None:
    """Deviations that neither resemble their neighbours nor a line: the textbook's uncertainty of a slope."""
    t = np.arange(20.0)
    values = 100 + slope * t + 0.1 * np.resize([1.0, -1.0, -1.0, 1.0], 20)
    found = describe(values, t + 7.0)
    assert found is not None
    spread = 20 * (20**2 - 1) / 12
    u = math.sqrt(20 * 0.01 / 18 / spread)
    assert found.outliers == ()
    assert found.drift_per_s == pytest.approx(slope, abs=1e-12)
    assert found.drift_per_s_u == pytest.approx(u, rel=1e-9)
    assert found.drift == pytest.approx(slope * 19 / np.median(values), abs=1e-12)
    assert found.drift_u == pytest.approx(u * 19 / np.median(values), rel=1e-9)


@pytest.mark.parametrize("count", [20, 24])
@pytest.mark.parametrize("second", [1e-6, 1.0])
@pytest.mark.parametrize("slope", [-5.0, 5.0])
def test_what_stands_out_does_so_from_the_drift(slope: float, second: float, count: int) -> None:
    """Values that are 1 beside a line, and then one that is 20 beside it."""
    t = second * np.arange(count)
    values = 1000 + slope * np.arange(count) + np.resize([1.0, -1.0], count)
    found = describe(values, t + 100 * second)
    assert found is not None
    assert found.outliers == ()
    assert found.sigma == pytest.approx(MEDIAN_SIGMA, rel=0.02)
    assert found.drift_per_s * second == pytest.approx(slope, abs=0.05)
    values[10] += 20
    found = describe(values, t + 100 * second)
    assert found is not None
    assert found.outliers == (10,)


@pytest.mark.parametrize("more", [[], [77.0]])
def test_a_line_through_the_medians_of_both_halves(more: list[float]) -> None:
    """Medians 4 at 6 s and 10 at 12 s or, with one value more in the middle, at 13 s."""
    x = np.array([1.0, 2.0, 9.0, 4.0, 5.0, *more, 99.0, 7.0, 8.0, 30.0, 10.0])
    t = np.arange(len(x)) + 4.0 + 0.2 * (np.arange(len(x)) == 4) - 0.2 * (np.arange(len(x)) == 0)
    apart = 6.0 if more else 5.0
    assert _robust_line(x, t) == pytest.approx(4 + 6 / apart * (t - 6), rel=1e-12)


def test_deviations_that_resemble_their_neighbours_make_a_drift_less_certain() -> None:
    """Of 15 products of neighbours 11 are positive and 4 negative: r = 7/16."""
    t = 2.0 * np.arange(16.0)
    values = 100 + 0.5 * t + 0.1 * np.resize([1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 1.0, 1.0], 16)
    found = describe(values, t)
    assert found is not None
    assert found.drift_per_s == pytest.approx(0.5, rel=1e-12)
    spread = 4 * 16 * (16**2 - 1) / 12
    assert found.drift_per_s_u == pytest.approx(math.sqrt(16 * 0.01 / 14 / spread * 23 / 9), rel=1e-9)


def test_a_slow_swing_widens_the_drift_at_most_by_a_correlation_of_95_percent() -> None:
    t = np.arange(1000.0)
    swing = 0.1 * np.cos(2 * np.pi * (t + 0.5) / 1000)
    found = describe(100 + swing, t)
    assert found is not None
    spread = 1000 * (1000**2 - 1) / 12
    assert found.drift_per_s_u == pytest.approx(math.sqrt(np.sum(swing**2) / 998 / spread * 39), rel=1e-6)


def test_values_of_one_moment_but_for_one_that_stands_out_have_no_drift() -> None:
    values = thirds(12)
    values[-1] = 1e3
    found = describe(values, np.repeat([1.0, 2.0], [11, 1]))
    assert found is not None
    assert found.outliers == (11,)
    assert (found.drift, found.drift_u) == (0.0, math.inf)


def test_values_of_one_moment_or_too_few_are_not_described() -> None:
    assert describe(np.ones(8), np.ones(8)) is None
    assert describe(np.ones(8), np.repeat([1.0, 2.0], [1, 7])) is not None
    assert describe(np.ones(7), seconds(7)) is None
    assert describe(np.ones(8), seconds(8)) is not None
    assert describe(np.array([math.nan] + [1.0] * 7), seconds(8)) is None


@pytest.mark.parametrize("number", [5, 6, 8])
@pytest.mark.parametrize("early", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("late", [-1.0, 0.0, 1.0])
def test_a_middle_that_is_not_positive_has_no_relative_figures(number: int, early: float, late: float) -> None:
    """Of 11 values the middle is that of the larger part; of the last six, three or more are late."""
    middle = early if number > 5 else late
    later = late if number < 8 else (early + late) / 2
    found = describe(np.repeat([early, late], [number, 11 - number]), seconds(11))
    assert (found is not None) == (middle > 0 and later > 0)


def test_a_warm_up_is_told_against_the_second_half() -> None:
    """Of 100 values the first five are early; the second half is 10 ± 1 in thirds."""
    values = thirds(100)
    values[:6] = [16.0, 15.0, 14.0, 17.0, 13.0, 30.0]
    found = describe(values, seconds(100))
    assert found is not None
    scatter = robust_sigma(values[50:]) / 10
    level_u = math.sqrt(math.pi / 2 / 50) * scatter
    assert scatter == pytest.approx(0.1 * MEDIAN_SIGMA)
    assert found.warm_up == WarmUp(
        first=pytest.approx(0.6),
        first_u=pytest.approx(math.hypot(scatter, level_u)),
        early=pytest.approx(0.5),
        early_u=pytest.approx(math.hypot(scatter / math.sqrt(5), level_u)),
        early_count=5,
        settled_after=6,
    )


@pytest.mark.parametrize(("count", "early"), [(8, 1), (39, 1), (40, 2), (199, 9), (200, 10), (400, 10)])
def test_a_twentieth_of_the_values_is_early_but_at_most_ten(count: int, early: int) -> None:
    found = describe(thirds(count), seconds(count))
    assert found is not None
    assert found.warm_up.early_count == early


def test_settled_means_five_in_a_row_within_the_limits() -> None:
    values = thirds(100)
    far = 10 + 1.01 * limit(100) * MEDIAN_SIGMA
    near = 10 + 0.99 * limit(100) * MEDIAN_SIGMA
    for bad, settled in ((range(10), 10), (range(4, 50, 5), 45 + 5), (range(5, 50, 6), 0)):
        bent = values.copy()
        bent[list(bad)] = far
        found = describe(bent, seconds(100))
        assert found is not None
        assert found.warm_up.settled_after == settled
        bent[list(bad)] = near
        found = describe(bent, seconds(100))
        assert found is not None
        assert found.warm_up.settled_after == 0


@pytest.mark.parametrize(
    ("early", "late", "of_all", "larger"),
    [(3.0, [1.0] * 20, 2.0, 2.0), (1.0, [3.0] * 14 + [0.5] * 6, 1.0, 3.0)],
    ids=["of all", "of the later half"],
)
def test_the_larger_scatter_says_what_is_settled(early, late, of_all, larger) -> None:
    """Values to either side of 10: the median deviation is `of_all` for all of them, or that of the later half."""
    for share, settled in ((0.99, 0), (1.01, 1)):
        values = 10 + np.array([early] * 20 + late) * np.resize([1.0, -1.0], 40)
        values[0] = 10 + share * limit(40) * larger * MEDIAN_SIGMA
        found = describe(values, seconds(40))
        assert found is not None
        assert found.sigma == pytest.approx(of_all * MEDIAN_SIGMA, rel=1e-3)
        assert found.warm_up.settled_after == settled


def test_values_that_never_settle_say_so() -> None:
    values = 100.0 + np.resize([-1.0, 1.0], 20)
    values[::3] = 150.0
    found = describe(values, seconds(20))
    assert found is not None
    assert found.warm_up.settled_after is None


def test_more_than_half_equal_values_take_the_mean_deviation() -> None:
    values = np.array([1.0] * 6 + [2.0, 0.0, 4.0])
    assert robust_sigma(values) == pytest.approx((1 + 1 + 3) / 9 * MEAN_SIGMA, rel=1e-12)
    for unit in (0.01, 1.0):
        assert robust_sigma(unit * np.array([1.0, 2.0, 4.0])) == pytest.approx(unit * MEDIAN_SIGMA, rel=1e-4)
