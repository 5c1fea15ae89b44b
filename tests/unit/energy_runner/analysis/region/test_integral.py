# SPDX-License-Identifier: Apache-2.0
"""Integrals between chosen places: closed forms, and what adjoining regions add up to."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.region.integral import integrate_chosen


def reader(values):
    values = np.asarray(values, dtype=np.float64)
    return (lambda start, stop: values[start:stop]), len(values)


def total(values, start, stop, kind="mean"):
    read, length = reader(values)
    return integrate_chosen(read, length, start, stop, kind)


places = st.tuples(st.floats(0, 40), st.floats(0, 40), st.floats(0, 40)).map(sorted)


@pytest.mark.parametrize("kind", ["mean", "instant"])
@pytest.mark.parametrize(("start", "stop"), [(0.0, 10.0), (0.3, 9.1), (4.2, 4.7), (3.0, 4.0), (2.5, 3.5)])
def test_a_constant_is_exact_between_any_places(start, stop, kind):
    assert total([2.0] * 12, start, stop, kind).total == pytest.approx(2 * (stop - start), rel=1e-12)


@pytest.mark.parametrize(("start", "stop"), [(0.0, 10.0), (1.5, 9.25), (4.2, 4.7), (3.9, 4.1), (0.4, 10.9)])
def test_a_ramp_read_at_instants_is_exact_between_any_places(start, stop):
    assert total(np.arange(12.0), start, stop, "instant").total == pytest.approx((stop**2 - start**2) / 2)


@pytest.mark.parametrize(("start", "stop"), [(0, 10), (3, 4), (2, 11)])
def test_a_ramp_of_means_is_exact_between_samples_and_off_by_an_eighth_of_its_slope_inside(start, stop):
    ramp = np.arange(12.0) + 0.5
    assert total(ramp, start, stop).total == (stop**2 - start**2) / 2
    shifted = start + 0.5, min(stop + 0.5, 12.0)
    assert abs(total(ramp, *shifted).total - (shifted[1] ** 2 - shifted[0] ** 2) / 2) <= 2 / 8


def test_a_square_wave_is_exact_where_the_places_lie_between_samples():
    wave = np.tile([1.0, 1.0, 3.0, 3.0], 6)
    assert total(wave, 4, 12).total == 16.0
    assert total(wave, 5, 11).total == 1 + 6 + 2 + 3  # a half period at either end


def test_what_a_cut_sample_may_hold_else_is_in_the_second_method():
    found = total([1.0, 1.0, 2.0, 3.0, 3.0, 3.0], 2.5, 5.0)
    assert found.total == 2.0 * 0.5 + 3 + 3
    assert found.second == 2.0 - 0.5 * 1.0 + 3 + 3  # as if the level outside had lasted up to the marker


@given(places=places, kind=st.sampled_from(["mean", "instant"]), seed=st.integers(0, 99))
def test_regions_that_meet_add_up_to_the_region_of_both(places, kind, seed):
    start, middle, stop = places
    values = np.random.default_rng(seed).uniform(0, 5, 41)
    if not start < middle < stop:
        return
    parts = total(values, start, middle, kind).total + total(values, middle, stop, kind).total
    assert parts == pytest.approx(total(values, start, stop, kind).total, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", ["mean", "instant"])
def test_missing_samples_are_replaced_by_the_mean_of_the_others(kind):
    values = np.full(20, 3.0)
    values[[4, 5, 12]] = np.nan
    found = total(values, 0.5, 18.5, kind)
    assert found.total == pytest.approx(3.0 * 18)
    assert found.missing == 3
    assert 0.1 < found.missing_share < 0.4


@pytest.mark.parametrize("kind", ["mean", "instant"])
def test_nothing_is_known_where_every_sample_is_missing(kind):
    assert math.isnan(total(np.full(20, np.nan), 2.0, 9.0, kind).total)


def test_from_a_marker_to_the_next_reading_the_line_may_be_wrong():
    found = total([1.0, 3.0, 3.0, 7.0], 0.5, 2.25, "instant")
    assert found.unexplained == (0.5 * 0.5 * 2 / 2, 0.25 * 0.25 * 4 / 2)
    assert found.total == 3.0 * 1.75 - 0.25 + 0.125


def test_between_two_readings_power_is_a_line_whose_shape_nobody_saw():
    found = total([1.0, 3.0, 5.0], 0.25, 0.75, "instant")
    assert found.total == pytest.approx(2.0 * 0.5)
    assert found.unexplained == (0.5, 0.5)
    assert total([1.0, np.nan], 0.25, 0.75, "instant").total == 0.5
    assert total([1.0, 3.0], 1.25, 1.75, "instant").total == 1.5  # nothing is read behind the last one
