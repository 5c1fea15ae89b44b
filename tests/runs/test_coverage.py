# SPDX-License-Identifier: Apache-2.0
"""The intervals that we state hold the truth as often as they say, for each monitor.

`scripts/coverage` does the same with thousands of whole runs; here are as many short ones as CI has time for.
"""

from pathlib import Path

import pytest

from instruments.clock import VirtualClock
from instruments.devices.lpm01a.twin_stream import ShieldErrors
from instruments.devices.n6705.twin_log import METER
from instruments.scpi.twin_log import MeterErrors
from instruments.specifications import load
from instruments.world.world import World
from tests.support.coverage_study import MONITORS, Tally, compare, short_plan

RUNS = 120
# 95 % of 120 are 114, with a standard deviation of 2.4; three of these down, and all of them would be odd.
FEWEST, MOST = 107, 119


@pytest.mark.deep
@pytest.mark.parametrize("name", MONITORS)
def test_the_intervals_hold_the_truth_as_often_as_they_say(name: str, tmp_path: Path) -> None:
    plan = short_plan(tmp_path / "stimuli")
    found = [compare(name, plan, seed) for seed in range(RUNS)]
    score, window = (Tally.of(pair[which] for pair in found) for which in (0, 1))
    for tally in (score, window):
        assert FEWEST <= tally.held <= MOST, tally
        assert abs(tally.bias) < 4 * tally.bias_u, tally
        assert tally.scatter == pytest.approx(tally.u, rel=0.2), tally  # of a rectangle's: 120 draws tell 5 %


def test_the_twins_draw_from_the_tables_that_the_budget_reads() -> None:
    """Uniformly within the limits, so that a budget's rectangles are the truth of the twin."""
    drawn = [ShieldErrors.draw(World(VirtualClock(), seed)) for seed in range(400)]
    terms = {term.name: term for term in load("instruments.devices.lpm01a").terms}
    pairs = [
        ([e.gain for e in drawn], terms["gain"].relative),
        ([e.supply for e in drawn], terms["supply_voltage"].relative),
        ([e.clock for e in drawn], terms["clock"].relative),
        ([e.offset_w for e in drawn], terms["offset"].absolute),
    ]
    assert {e.noise_j for e in drawn} == {terms["noise"].absolute}
    meters = [MeterErrors(World(VirtualClock(), seed), METER) for seed in range(400)]
    terms = {term.name: term for term in load("instruments.devices.n6705").terms}
    pairs += [
        ([m.gain[2] for m in meters], terms["gain"].relative),
        ([m.offset_a[2] for m in meters], terms["offset"].absolute),
        ([m.gain[3] for m in meters], terms["gain"].relative + terms["range_changes"].relative),
        ([m.offset_a[3] for m in meters], terms["offset"].absolute + terms["range_changes"].absolute),
        ([m.voltage_gain for m in meters], terms["voltage_gain"].relative),
        ([m.voltage_offset_v for m in meters], terms["voltage_offset"].absolute),
        ([m.clock for m in meters], terms["clock"].relative),
    ]
    for values, limit in pairs:
        assert max(map(abs, values)) <= limit * (1 + 1e-12)
        assert sum(value**2 for value in values) / len(values) == pytest.approx(limit**2 / 3, rel=0.15)
    assert METER.ranges[1, 0] < terms["range_changes"].above == METER.ranges[2, 0]
