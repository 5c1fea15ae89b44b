# SPDX-License-Identifier: Apache-2.0
"""The surroundings of an edge far inside a trace: exactly the samples asked for, and no others."""

import math

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.uncertainty.edges import LEAST_REACH, view_edge

PERIOD_S = 0.5
LEVELS_W = np.arange(100.0) ** 2  # no two samples and no two steps are alike


def source(period_s: float = PERIOD_S) -> EnergySource:
    return EnergySource(lambda start, stop: LEVELS_W[start:stop], len(LEVELS_W), period_s, period_s)


@pytest.mark.parametrize("period_s", [0.5, 2.0])
@pytest.mark.parametrize("reach_s", [0.0, 1.0, 3.1])
def test_as_many_samples_are_read_as_the_edge_may_have_to_be_moved(period_s: float, reach_s: float) -> None:
    seen = view_edge(source(period_s), 50.4, starts=True, half_width=0.5, reach_s=reach_s)
    reach = LEAST_REACH + math.ceil(reach_s / period_s)
    assert seen.first == 50 - reach
    assert seen.power_w.tolist() == LEVELS_W[50 - reach : 51 + reach].tolist()


def test_the_two_samples_outside_count_and_no_others() -> None:
    start = view_edge(source(), 50.4, starts=True, half_width=0.5)
    assert (start.outside_w, start.outside_step_w) == (49.0**2, 49.0**2 - 48.0**2)
    stop = view_edge(source(), 50.4, starts=False, half_width=0.5)
    assert (stop.outside_w, stop.outside_step_w) == (51.0**2, 52.0**2 - 51.0**2)
    assert start.largest_w == stop.largest_w == 52.0**2
