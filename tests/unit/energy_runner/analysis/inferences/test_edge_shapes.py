# SPDX-License-Identifier: Apache-2.0
"""Shapes seen from an edge, of waves whose harmonics are known, and their correlation by hand."""

import math

import numpy as np
import pytest

from energy_runner.analysis.inferences.edge_shapes import (
    AtEdges,
    ComplexArray,
    correlation,
    shape_at,
    stand_alike,
)

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


def seen_at(*starts_s: float, delays_s: tuple[float, ...], each_s: float = 0.04) -> list[AtEdges]:
    """Return windows in which a sharp pulse comes so much after both edges."""

    def shape(delay_s: float) -> ComplexArray:
        return np.exp(-2j * math.pi * np.arange(1, 9) * delay_s / each_s) / math.sqrt(8)

    pairs = [(shape(delay_s), shape(delay_s)) for delay_s in delays_s]
    return [AtEdges(pair, start_s, each_s) for pair, start_s in zip(pairs, starts_s, strict=True)]


def test_what_repeats_stands_alike_at_the_same_delay_only() -> None:
    assert stand_alike(seen_at(1, 2, 3, delays_s=(0.01, 0.01, 0.01)), None)
    assert not stand_alike(seen_at(1, 2, 3, delays_s=(0.0, 0.013, 0.026)), None)


def test_either_edge_is_enough() -> None:
    late, right = (seen_at(1, 2, 3, delays_s=delays_s) for delays_s in ((0.0, 0.013, 0.026), (0.0, 0.0, 0.0)))
    for first, second in ((late, right), (right, late)):
        mixed = [
            AtEdges((one.shapes[0], other.shapes[1]), one.start_s, 0.04)
            for one, other in zip(first, second, strict=True)
        ]
        assert stand_alike(mixed, None)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_that_may_be_off_explains_delays_that_grow_with_time_by_three_of_its_uncertainties(
    sign: int,
) -> None:
    starts_s = (1.0, 2.3, 4.1, 5.2)
    growing = seen_at(*starts_s, delays_s=tuple(sign * 0.005 * (one - 1.0) for one in starts_s))
    assert stand_alike(growing, 0.002)
    assert not stand_alike(growing, 0.001)
    assert not stand_alike(growing, None)
    others = seen_at(*starts_s, delays_s=(0.0, 0.02, 0.0, 0.02))
    assert not stand_alike(others, 0.002)


def test_a_clock_that_nobody_knows_rules_nothing_out() -> None:
    assert stand_alike(seen_at(1, 2, 3, delays_s=(0.0, 0.013, 0.026)), 0.4)
