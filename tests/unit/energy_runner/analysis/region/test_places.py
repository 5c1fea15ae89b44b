# SPDX-License-Identifier: Apache-2.0
"""Where markers lie among the samples, and which of them mean the edges of windows."""

import math

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.region.places import Window, find_place
from energy_runner.errors import ConfigurationError

STEP_S = 1e-4
WINDOWS = [Window(0, 100.25, 300.5, 10), Window(1, 400.0, 600.75, 10)]


def source(length=1000):
    return EnergySource(lambda start, stop: np.ones(stop - start), length, STEP_S, 1.0)


def place(start, stop, windows=(), length=1000):
    return find_place(start * STEP_S, stop * STEP_S, source(length), windows)


def test_a_marker_is_a_place_among_the_samples():
    found = place(10.25, 20.75)
    assert (found.start, found.stop) == (pytest.approx(10.25), pytest.approx(20.75))
    assert (found.first, found.last) == (10, 21)
    assert not found.on_edges
    assert found.notes == ()


@pytest.mark.parametrize("index", [3, 7, 123, 999])
def test_a_marker_between_two_samples_divides_none_of_them_whatever_decimals_do(index):
    found = find_place(index * STEP_S * (1 + 3e-16), 1000 * STEP_S, source(), ())
    assert found.start == index
    assert found.first == index


@pytest.mark.parametrize(("start", "stop"), [(math.nan, 1), (1, math.inf), (5, 5), (7, 3)])
def test_what_is_no_stretch_of_time_is_refused(start, stop):
    with pytest.raises(ConfigurationError, match=r"Try: (two numbers|a stop after the start)"):
        place(start, stop)


@pytest.mark.parametrize(("start", "stop"), [(-9, -1), (-9, 0), (1000, 1001), (5000, 6000)])
def test_a_region_outside_the_trace_is_refused_with_where_the_trace_is(start, stop):
    with pytest.raises(ConfigurationError, match=r"outside the trace. Try: between 0 and 0.1 s"):
        place(start, stop)


def test_what_lies_beyond_the_trace_is_left_out_and_said():
    found = place(-50, 2000)
    assert (found.start, found.stop) == (0.0, 1000.0)
    assert "beyond the trace" in found.notes[0]


def test_a_trace_without_a_sample_has_no_region():
    with pytest.raises(ConfigurationError, match="holds no sample yet"):
        place(0, 1, length=0)


@pytest.mark.parametrize(("start", "stop"), [(99.5, 301.4), (100.25, 300.5), (101.2, 299.6)])
def test_markers_within_a_sample_of_a_window_mean_it(start, stop):
    found = place(start, stop, WINDOWS)
    assert found.on_edges
    assert (found.start, found.stop) == (100.25, 300.5)


@pytest.mark.parametrize(("start", "stop"), [(99.2, 300.5), (100.25, 301.6), (100.25, 350), (200, 300.5)])
def test_one_marker_near_an_edge_means_no_window(start, stop):
    found = place(start, stop, WINDOWS)
    assert not found.on_edges
    assert (found.start, found.stop) == (pytest.approx(start), pytest.approx(stop))


def test_from_one_window_to_another_and_between_them_are_edges_too():
    assert place(100, 600.5, WINDOWS).stop == 600.75
    gap = place(300.4, 400.2, WINDOWS)
    assert (gap.start, gap.stop, gap.on_edges) == (300.5, 400.0, True)


def test_two_markers_at_one_edge_stay_where_they_are():
    found = place(99.9, 100.8, WINDOWS)
    assert not found.on_edges
    assert found.stop - found.start == pytest.approx(0.9)


def test_a_window_that_was_not_recorded_has_no_edge_to_mean():
    assert not place(100.25, 300.5, WINDOWS, length=300).on_edges
