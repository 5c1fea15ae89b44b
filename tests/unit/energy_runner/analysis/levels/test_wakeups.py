# SPDX-License-Identifier: Apache-2.0
"""Wake-ups of an idle DUT in block means with a mean known in closed form."""

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.levels.idle import find_idle
from energy_runner.analysis.levels.wakeups import find_wake_ups
from tests.unit.energy_runner.analysis.levels.test_idle import LINE, span

ASLEEP_W, AWAKE_W = 0.001, 0.050
MEAN_W = ASLEEP_W + 0.1 * (AWAKE_W - ASLEEP_W)  # awake for a tenth of the time


def trace(every: int = 1000, length: int = 8000, first: int = 300) -> np.ndarray:
    power_w = np.full(length, ASLEEP_W)
    for begin in range(first, length, every):
        power_w[begin : begin + every // 10] = AWAKE_W
    return power_w


def source(power_w: np.ndarray) -> EnergySource:
    return EnergySource(lambda start, stop: power_w[start:stop], len(power_w), 1e-3, 1e-3)


@pytest.mark.parametrize("every", [600, 1000, 1730])
@pytest.mark.parametrize("first", [210, 300, 477])
def test_the_mean_over_whole_intervals_is_the_idle_level(every: int, first: int) -> None:
    idle = find_idle(source(trace(every, first=first)), [span(0.0, 8.0, at_start=True)], LINE)
    assert idle is not None
    assert idle.power_w == pytest.approx(MEAN_W, rel=0.05)
    assert abs(idle.power_w - MEAN_W) <= 3 * idle.u_w + 0.01 * MEAN_W
    assert idle.wakes_every_s == pytest.approx(every * 1e-3, rel=0.05)
    assert idle.asleep_w == pytest.approx(ASLEEP_W)


def test_what_happens_now_and_then_is_no_wake_up() -> None:
    power_w = np.full(8000, ASLEEP_W)
    for begin in (300, 700, 3000, 6500):
        power_w[begin : begin + 100] = AWAKE_W
    idle = find_idle(source(power_w), [span(0.0, 8.0)], LINE)
    assert idle is not None
    assert idle.power_w == pytest.approx(ASLEEP_W)
    assert idle.wakes_every_s is None


def test_a_busy_end_or_beginning_does_not_count() -> None:
    means_w = np.full(60, ASLEEP_W)
    means_w[[0, 1, 20, 40, 59]] = AWAKE_W
    assert find_wake_ups(means_w) is None
    assert find_wake_ups(np.zeros(0)) is None
    assert find_wake_ups(np.full(100, ASLEEP_W)) is None


def test_wake_ups_that_draw_less_count_as_well() -> None:
    means_w = np.full(65, AWAKE_W)
    means_w[5::10] = ASLEEP_W
    found = find_wake_ups(means_w)
    assert found is not None
    assert found.mean_w == pytest.approx(AWAKE_W - 0.1 * (AWAKE_W - ASLEEP_W))
    assert found.intervals == 5
    assert found.every_blocks == 10
    assert found.u_w == pytest.approx(0.0, abs=1e-12)
