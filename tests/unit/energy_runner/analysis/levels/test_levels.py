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
