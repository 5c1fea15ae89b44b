# SPDX-License-Identifier: Apache-2.0
"""Shapes seen from an edge, of waves whose harmonics are known, and their correlation by hand."""

import math

import numpy as np
import pytest

from energy_runner.analysis.inferences.edge_shapes import correlation, shape_at

PERIOD, TURNS = 40.0, 25


def wave(begin: float, *sizes: float, delay: float = 0.0) -> np.ndarray:
    """Return cosines of the orders 1, 2, ... that all begin `delay` samples after the edge."""
    middles = begin + np.arange(PERIOD * TURNS) + 0.5 - delay
    turns = 2 * math.pi * middles / PERIOD
    return 5.0 + sum(size * np.cos(k * turns) for k, size in enumerate(sizes, start=1))


@pytest.mark.parametrize("begin", [0.0, 7.3, -0.4, -1000.0])
def test_harmonics_are_seen_from_the_edge_wherever_the_samples_begin(begin: float) -> None:
    shape = shape_at(wave(begin, 0.6, 0.0, 0.8), begin, PERIOD)
    assert shape[[0, 2]] == pytest.approx([0.6, 0.8], abs=0.01)
    assert np.abs(shape[[1, 3, 4, 5, 6, 7]]) == pytest.approx(0.0, abs=0.01)
    assert np.linalg.norm(shape) == pytest.approx(1.0)


def test_a_delay_turns_each_harmonic_by_its_order() -> None:
    shape = shape_at(wave(0.0, 0.6, 0.8, delay=PERIOD / 8), 0.0, PERIOD)
    assert np.angle(shape[:2]) == pytest.approx([-math.pi / 4, -math.pi / 2], abs=0.01)


def test_harmonics_faster_than_the_samples_can_show_are_left_out() -> None:
    power_w = np.tile([1.0, 0.0, 0.0, 0.5, 0.0, 0.25], 50)
    assert np.flatnonzero(shape_at(power_w, 0.0, 6.0)).tolist() == [0, 1, 2]
    assert np.count_nonzero(shape_at(power_w, 0.0, 5.9)) == 2


def test_nothing_has_no_shape() -> None:
    assert np.array_equal(shape_at(np.full(400, 3.0), 0.0, PERIOD), np.zeros(8))


def test_the_correlation_is_the_mean_of_all_pairs() -> None:
    east, north = np.array([1.0 + 0j, 0.0]), np.array([0.0, 1.0 + 0j])
    assert correlation([east, east]) == pytest.approx(1.0)
    assert correlation([east, -east]) == pytest.approx(-1.0)
    assert correlation([east, north]) == pytest.approx(0.0)
    assert correlation([east, east, north]) == pytest.approx(1 / 3)
    assert correlation([east, 1j * east]) == pytest.approx(0.0)
    assert correlation([east] * 5) == pytest.approx(1.0)
