# SPDX-License-Identifier: Apache-2.0
"""The noise of a trace where it is known: by counting steps, from sums over neighbours, against fitted lines."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.levels.noise import _half_variances, are_trends, is_trend, long_run_noise, sample_noise

FloatArray = npt.NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
OF_MEDIAN = 1.4826 / math.sqrt(2)
ROUNDING = 1 / math.sqrt(12)


# --- the scatter of a sample ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], 0.0),
        ([1], OF_MEDIAN),
        ([0], 0.0),
        ([1, -1, 1, -1, 3], OF_MEDIAN),
        ([2, -3, 4], 3 * OF_MEDIAN),
        # Most are equal: what moves is rounding if it is more than a quarter of the steps.
        ([0, 0, 0, 0, 2, -2, 3, 0, 0, 0], 2 * ROUNDING),
        ([0, 0, 0, 0.5, -3, 0, 0, 0], 0.0),
        ([0, 0, 0, 0.5, -3, 0.7, 0, 0], 0.5 * ROUNDING),
        ([0, 0, 0, 0, 2, -2, 0, 0, 0], 0.0),
        # A median below the rounding of its smallest step does not occur; the larger of both counts.
        ([0, 0, 0, 1, 1, 1, 1], OF_MEDIAN),
    ],
)
def test_the_scatter_is_that_of_neighbours_or_of_their_rounding(steps: list[float], expected: float) -> None:
    x = np.concatenate(([5.0], 5.0 + np.cumsum(steps)))
    assert sample_noise(x) == pytest.approx(expected, rel=1e-12)


# --- what many samples scatter by -----------------------------------------------------------------------


def summed(seed: int, neighbours: int, count: int) -> FloatArray:
    """Noise of standard deviation 1, each sample the sum over so many: alike by 1 - lag / neighbours."""
    fresh = np.random.default_rng(seed).normal(0, 1 / math.sqrt(neighbours), count + neighbours - 1)
    return np.convolve(fresh, np.ones(neighbours), mode="valid")


@pytest.mark.parametrize("neighbours", [4, 8, 16, 32, 64])
def test_a_sum_over_neighbours_has_the_root_of_their_number_as_long_run_noise(neighbours: int) -> None:
    """1 + 2 Σ (1 - k/m) = m."""
    found = [long_run_noise(x, sample_noise(x)) for x in (summed(seed, neighbours, 80_000) for seed in range(4))]
    assert np.mean(found) == pytest.approx(math.sqrt(neighbours), rel=0.06)


@pytest.mark.parametrize(("count", "within"), [(1, 0.0), (2, 0.0), (20, 0.0), (3000, 0.5), (80_000, 0.0)])
def test_white_noise_is_as_large_in_the_long_run_as_in_one_sample(count: int, within: float) -> None:
    for seed in range(10):
        x = summed(seed, 1, count)
        assert 0 <= long_run_noise(x, sample_noise(x)) - sample_noise(x) <= within


def test_a_short_trace_of_white_noise_rarely_seems_to_swing() -> None:
    traces = [summed(seed, 1, 300) for seed in range(100)]
    assert sum(long_run_noise(x, sample_noise(x)) > sample_noise(x) for x in traces) < 20


@pytest.mark.parametrize(("count", "told"), [(40, False), (200, True)])
def test_slow_swings_show_in_enough_samples_only(count: int, told: bool) -> None:
    """Four samples apart there must be 48 pairs, or nothing is known beyond the noise of a sample."""
    larger = [
        long_run_noise(x, sample_noise(x)) > sample_noise(x) for x in (summed(k, 4, count) for k in range(20))
    ]
    assert sum(larger) > 10 if told else not any(larger)


@pytest.mark.parametrize("size", [2.0**-30, 2.0**30])
@pytest.mark.parametrize("neighbours", [1, 4, 16])
def test_noise_is_in_the_unit_of_the_samples(neighbours: int, size: float) -> None:
    for slope in (0.0, 0.3):
        x = summed(1, neighbours, 5000) + slope * np.arange(5000)
        assert sample_noise(size * x) == size * sample_noise(x)
        assert long_run_noise(size * x, sample_noise(size * x)) == size * long_run_noise(x, sample_noise(x))


def test_a_drift_is_no_noise() -> None:
    """What a slope adds grows by four from a lag to twice the lag, and by no more than two in any noise."""
    x = summed(1, 4, 5000) + 0.3 * np.arange(5000)
    assert long_run_noise(x, sample_noise(x)) == sample_noise(x)


@pytest.mark.parametrize("backwards", [1, -1])
def test_differences_of_squares_have_a_middle_that_grows_with_the_lag(backwards: int) -> None:
    """(k + lag)² - k² for k up to 99 - lag is 99 · lag in the middle."""
    found = list(_half_variances(np.arange(100.0)[::backwards] ** 2))
    assert [(lag, pairs) for lag, _, pairs in found] == [(1, 99), (2, 98), (4, 96), (8, 92)]
    for lag, variance, _ in found:
        assert variance == pytest.approx((1.4826 * 99 * lag) ** 2 / 2, rel=1e-12)


def test_of_a_long_trace_some_thousand_pairs_are_enough() -> None:
    assert all(1 << 13 <= pairs < 1 << 14 for _, _, pairs in _half_variances(np.zeros(100_000)))


# --- lines ----------------------------------------------------------------------------------------------


def fits_a_line(x: FloatArray, change: int) -> bool:
    """Return whether a fitted line leaves less than the two means do."""
    at = np.arange(len(x))
    line = np.sum((x - np.polyval(np.polyfit(at, x, 1), at)) ** 2)
    return bool(line < sum(np.sum((part - np.mean(part)) ** 2) for part in (x[:change], x[change:])))


@given(SEEDS)
def test_a_trend_is_what_a_fitted_line_is_nearer_to(seed: int) -> None:
    """Places anywhere in the trace, some with more samples around them than are compared at once."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(0, 1, 600)) + rng.normal(0, rng.uniform(0, 3), 600)
    bounds = np.sort(np.array([rng.choice(201, 3, replace=False) for _ in range(30)]), axis=1) * 3
    width = rng.choice([3, 10, 60], 30)
    bounds[:, 0] = np.maximum(bounds[:, 0], bounds[:, 1] - width)
    bounds[:20, 2] = np.minimum(bounds[:20, 2], bounds[:20, 1] + 60)
    expected = [fits_a_line(x[first:last], change - first) for first, change, last in bounds.tolist()]
    assert are_trends(x, *bounds.T).tolist() == expected
    assert [is_trend(x[first:last], change - first) for first, change, last in bounds.tolist()] == expected


@pytest.mark.parametrize(("step", "trend"), [(0.0, True), (3.3, True), (3.5, False)])
def test_a_slope_of_six_samples_bears_a_step_of_3_4_slopes(step: float, trend: bool) -> None:
    """The line explains (17.5 + 4.5 c)² / 17.5, two levels (4.5 + 1.5 c)² · 2/3: the same at c = 3.417."""
    x = np.arange(6.0) + step * (np.arange(6) >= 3)
    assert is_trend(x, 3) is trend


def test_many_changes_are_compared_in_blocks() -> None:
    """Every third change is in the middle of a slope, in more rows than fit in a block."""
    x = np.tile(np.concatenate((np.linspace(0, 9, 10), np.repeat([0.0, 9.0, 0.0, 5.0], 5))), 2000)
    places = np.arange(0, len(x), 10)
    found = are_trends(x, places, places + 5, places + 10)
    assert found.tolist() == [True, False, False] * 2000
