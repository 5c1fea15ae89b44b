# SPDX-License-Identifier: Apache-2.0
"""Readings that cannot be are found wherever a message ends, and what a front end lets through is none of them."""

import math

import numpy as np
import pytest

from instruments.joulescope.odd_readings import OddReadings

FLOOR = 1e-5


def found(values: np.ndarray, *splits: int, floor: float = FLOOR) -> list[int]:
    odd, at, places = OddReadings(floor), 0, list[int]()
    for part in np.split(values.astype(np.float32), splits):
        places += odd.find(at, part, 2)
        at += 2 * len(part)
    return places


@pytest.mark.parametrize("value", [0.4, -0.01, 0.004, -60.0, 0.0, 0.021])
@pytest.mark.parametrize("split", range(1, 20))
def test_one_reading_that_cannot_be_is_found_at_its_count(value: float, split: int) -> None:
    values = np.full(20, 0.01)
    values[9] = value
    assert found(values, split) == [18]


@pytest.mark.parametrize("value", [0.0101, 0.019, 0.006, math.nan])
def test_what_may_be_is_left_alone(value: float) -> None:
    values = np.full(20, 0.01)
    values[9] = value
    assert found(values) == []


def test_pulses_of_a_front_end_of_250_khz_may_be() -> None:
    t_s = np.arange(-200, 200) * 0.5e-6
    narrow = np.exp(-4 * math.log(2) * (t_s / (0.35 / 300e3)) ** 2)  # faster than any that passes
    for values in (1e-3 + 0.1 * narrow, 0.1 - 0.05 * narrow, np.where(t_s > 0, 0.1, 1e-4)):
        assert found(values) == []


def test_noise_about_zero_is_none() -> None:
    values = np.random.default_rng(1).normal(0, FLOOR / 10, 100_000)
    assert found(values) == []


def test_readings_beside_a_gap_are_no_neighbours() -> None:
    odd = OddReadings(FLOOR)
    assert odd.find(0, np.array([0.01, 0.01, 0.4], np.float32), 2) == []
    assert odd.find(100, np.array([0.01, 0.01, 0.01], np.float32), 2) == []
