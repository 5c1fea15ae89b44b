# SPDX-License-Identifier: Apache-2.0
"""Distributions of many equal events, and the levels of a trace."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from energy_runner.analysis.inferences.distribution import describe
from energy_runner.analysis.levels.changepoints import find_levels
from energy_runner.analysis.levels.noise import is_trend, long_run_noise, sample_noise
from tests.support.examples import examples

FLOATS = st.floats(width=32, min_value=-(2.0**100), max_value=2.0**100) | st.just(np.nan)

# --- distributions --------------------------------------------------------------------------------------


def test_a_distribution_with_drift_and_outliers():
    rng = np.random.default_rng(2)
    at_s = np.arange(400) * 0.05
    values = 10 + 0.02 * at_s + rng.normal(0, 0.01, 400)
    values[[17, 333]] += [0.2, -0.3]
    told = describe(values, at_s)
    assert told is not None
    assert told.outliers == (17, 333)
    assert abs(told.drift_per_s - 0.02) < 3 * told.drift_per_s_u < 0.001
    assert told.drift == pytest.approx(0.02 * 19.95 / 10.2, rel=0.02)
    assert told.p5 < told.median < told.p95
    assert told.sigma == pytest.approx(0.01, rel=0.2)


def test_normal_values_have_an_outlier_once_in_twenty_runs():
    rng = np.random.default_rng(7)
    at_s = np.arange(240.0)
    runs = sum(bool(describe(rng.normal(10, 0.1, 240), at_s).outliers) for _ in range(300))
    assert 3 <= runs <= 45


def test_the_slope_of_correlated_values_is_less_sure():
    rng = np.random.default_rng(4)
    at_s = np.arange(500.0)
    white = rng.normal(0, 0.1, 500)
    red = np.convolve(rng.normal(0, 0.1, 520), np.ones(10) / math.sqrt(10), mode="valid")[:500]
    assert describe(10 + red, at_s).drift_per_s_u > 2 * describe(10 + white, at_s).drift_per_s_u


def test_warm_up_is_the_first_against_the_settled():
    rng = np.random.default_rng(5)
    values = 10 + rng.normal(0, 0.01, 200)
    values[:4] += [1.0, 0.6, 0.4, 0.3]
    warm_up = describe(values, np.arange(200.0)).warm_up
    assert warm_up.first == pytest.approx(0.1, abs=0.005)
    assert warm_up.settled_after == 4
    assert warm_up.early_count == 10
    assert warm_up.early == pytest.approx(0.023, abs=0.002)
    assert warm_up.first > 5 * warm_up.first_u


def test_equal_values_are_no_outliers_and_few_values_no_distribution():
    told = describe(np.full(50, 2.0), np.arange(50.0))
    assert (told.sigma, told.outliers, told.drift_per_s) == (0.0, (), 0.0)
    assert describe(np.full(7, 2.0), np.arange(7.0)) is None
    assert describe(np.zeros(50), np.arange(50.0)) is None
    assert describe(np.full(50, np.nan), np.arange(50.0)) is None


# --- levels ----------------------------------------------------------------------------------------------


def test_levels_are_found_where_they_change():
    rng = np.random.default_rng(6)
    at = np.sort(rng.choice(np.arange(20, 19_980, 10), 60, replace=False))
    level = np.repeat(np.where(np.arange(61) % 2, 1.0, 1.3), np.diff([0, *at, 20_000]))
    levels = find_levels(level + rng.normal(0, 0.02, 20_000))
    assert len(levels.mean) == 61
    assert np.max(np.abs(levels.edges[1:-1] - at)) <= 1
    assert levels.noise == pytest.approx(0.02, rel=0.05)


@given(st.integers(0, 2**32 - 1), st.floats(1e-9, 1e3))
@settings(max_examples=examples(30))
def test_noise_alone_has_one_level(seed, size):
    levels = find_levels(size * np.random.default_rng(seed).normal(5, 1, 3000))
    assert len(levels.mean) == 1


def test_a_change_inside_a_sample_is_placed_by_its_mix():
    power = np.concatenate((np.full(100, 1.0), [1.75], np.full(99, 2.0)))
    levels = find_levels(power + np.random.default_rng(0).normal(0, 1e-3, 200))
    assert levels.edges == pytest.approx([0, 100.25, 200], abs=0.01)


def test_changes_smaller_than_asked_are_left_out():
    power = np.repeat([1.0, 1.05, 2.0], 500) + np.random.default_rng(0).normal(0, 0.01, 1500)
    assert len(find_levels(power).mean) == 3
    assert len(find_levels(power, least_step=0.2).mean) == 2


@given(arrays.arrays(np.float32, st.integers(0, 300), elements=FLOATS))
def test_any_samples_have_levels(values):
    levels = find_levels(values)
    assert levels.edges[0] == 0
    assert levels.edges[-1] == len(values)
    assert np.all(np.diff(levels.edges) > 0) or len(values) == 0
    assert len(levels.edges) == len(levels.mean) + 1 == len(levels.sigma) + 1


def test_levels_shorter_than_asked_join_a_neighbour():
    power = np.repeat([1.0, 3.0, 1.0, 2.0], [40, 2, 40, 40]) + np.random.default_rng(0).normal(0, 0.01, 122)
    assert len(find_levels(power).mean) == 4
    joined = find_levels(power, least_samples=3)
    assert len(joined.mean) == 2
    assert joined.edges[1] == pytest.approx(82, abs=1)


# --- noise that is not white, and what has no levels ----------------------------------------------------


def coloured(rng, likeness, count=5000):
    """Autoregressive noise of standard deviation 1."""
    noise = np.zeros(count + 200)
    fresh = rng.normal(0, math.sqrt(1 - likeness**2), count + 200)
    for k in range(1, count + 200):
        noise[k] = likeness * noise[k - 1] + fresh[k]
    return noise[200:]


@pytest.mark.parametrize("likeness", [0.0, 0.3, 0.5, 0.7, 0.9, 0.95])
def test_coloured_noise_has_no_changes(likeness):
    rng = np.random.default_rng(11)
    found = [find_levels(10 + coloured(rng, likeness)) for _ in range(4)]
    assert sum(len(levels.mean) - 1 for levels in found) <= 1
    # What many samples scatter by: sqrt((1 + a)/(1 - a)) for neighbours that are alike by a.
    expected = math.sqrt((1 + likeness) / (1 - likeness))
    assert np.median([levels.long_run for levels in found]) == pytest.approx(expected, rel=0.3)


def test_changes_in_coloured_noise_are_still_found():
    power = np.repeat([10.0, 15.0, 8.0], 1500) + 0.5 * coloured(np.random.default_rng(2), 0.8, 4500)
    levels = find_levels(power)
    assert levels.edges[1:-1] == pytest.approx([1500, 3000], abs=5)


@pytest.mark.parametrize("size", [1e-3, 0.0])
def test_a_ramp_has_no_levels(size):
    power = np.linspace(0, 1, 5000) + np.random.default_rng(0).normal(0, 1, 5000) * size
    assert len(find_levels(power).mean) <= 2


def test_a_slow_swing_is_no_row_of_levels():
    rng = np.random.default_rng(0)
    swing = np.sin(np.arange(5000) / 200)
    assert len(find_levels(swing + rng.normal(0, 0.01, 5000)).mean) < 15  # 391 where each slope counts
    # A jump on top of it is seen all the same.
    levels = find_levels(swing + 1.0 * (np.arange(5000) >= 2000) + rng.normal(0, 0.01, 5000))
    assert np.min(np.abs(levels.edges - 2000)) <= 1


def test_a_faint_step_between_long_levels_is_no_trend():
    rng = np.random.default_rng(5)
    for _ in range(5):
        levels = find_levels(np.repeat([1.0, 1.1], 20_000) + rng.normal(0, 1, 40_000))
        assert len(levels.mean) == 2


def test_frequent_changes_do_not_count_as_noise():
    rng = np.random.default_rng(3)
    power = np.tile(np.repeat([11.0, 10.0, 6.0, 12.0], [10, 5, 3, 4]), 30) + rng.normal(0, 0.1, 660)
    assert long_run_noise(power, sample_noise(power)) < 0.2
    assert len(find_levels(power).mean) == 120


@pytest.mark.parametrize("spread", [1.0, 3.0])
@pytest.mark.parametrize("length", [4, 5, 6, 8, 10, 20, 80])
def test_levels_that_change_often_do_not_count_as_likeness(length, spread):
    rng = np.random.default_rng(length)
    for _ in range(10):
        power = np.repeat(rng.uniform(1, 1 + spread, 3000 // length), length)
        power += rng.normal(0, 0.1, len(power))
        assert long_run_noise(power, sample_noise(power)) < 0.2


def test_a_line_or_two_levels():
    assert is_trend(np.arange(10.0), 5)
    assert not is_trend(np.repeat([0.0, 1.0], 5), 5)


def signals():
    """Closed-form signals: levels, and where they change."""
    rng = np.random.default_rng(0)
    layers = np.tile([10, 5, 3, 4], 20)
    rows = {
        "one step": ([1.0, 2.0], [300, 300], 0.1),
        "stairs": (np.arange(10.0), [50] * 10, 0.1),
        "two levels in turn": ([1.0, 1.5] * 10, [30, 70] * 10, 0.05),
        "nothing": ([5.0], [1000], 1.0),
        "a short pulse": ([1.0, 3.0, 1.0], [400, 5, 400], 0.2),
        "layers": ([11.0, 10.0, 6.0, 12.0] * 20, layers, 0.1),
        "random": (rng.uniform(1, 3, 60), rng.integers(20, 200, 60), 0.02),
    }
    return [pytest.param(*row, id=name) for name, row in rows.items()]


@pytest.mark.parametrize(("levels", "lengths", "noise"), signals())
def test_changes_are_where_an_optimal_search_puts_them(levels, lengths, noise):
    from ruptures import KernelCPD

    power = np.repeat(levels, lengths) + np.random.default_rng(1).normal(0, noise, int(np.sum(lengths)))
    penalty = 3.0 * math.log(len(power)) * noise**2
    optimal = KernelCPD(kernel="linear", min_size=2).fit(power.reshape(-1, 1)).predict(pen=penalty)[:-1]
    ours = np.round(find_levels(power).edges[1:-1])
    assert len(ours) == len(optimal)
    assert np.all(np.abs(ours - np.array(optimal)) <= 1)
