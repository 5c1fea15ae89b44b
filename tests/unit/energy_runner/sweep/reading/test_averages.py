# SPDX-License-Identifier: Apache-2.0
"""The mean of repeats: shared errors do not average out, what differs from run to run does."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.sweep.reading.averages import averages
from energy_runner.sweep.rows import PointRow
from tests.support.sweep_rows import Monitor, energy_of, night


def test_u_of_a_mean_covers_the_true_energy() -> None:
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rows = night({"clock_mhz": [16, 32, 48, 64]}, Monitor.some(rng), seed, repeats=4)
        covered += [
            abs(one.energy_j - energy_of(one.values)[0]) <= one.expanded_j for one in averages(rows, ["clock_mhz"])
        ]
    assert 0.92 < np.mean(covered) < 0.995


def test_a_gain_does_not_average_out() -> None:
    rows = night({"clock_mhz": [48]}, Monitor(gain=0.02, voltage=0, offset_w=0), 1, repeats=50)
    (one,) = averages(rows, ["clock_mhz"])
    assert one.expanded_j / one.energy_j == pytest.approx(2 * 0.02 / math.sqrt(3), rel=0.01)
    assert one.own_j / one.energy_j < 0.001


def test_a_single_session_keeps_the_u_that_it_states() -> None:
    rows = night({"clock_mhz": [48, 16]}, Monitor(), 1, repeats=1)
    assert [one.expanded_j for one in averages(rows, ["clock_mhz"])] == [row.U_j for row in rows]


def test_u_of_a_session_without_a_budget_counts_as_a_whole() -> None:
    rows = [replace(row, components=()) for row in night({"clock_mhz": [48]}, Monitor(), 1, repeats=9, scatter=0)]
    (one,) = averages(rows, ["clock_mhz"])
    assert one.expanded_j == pytest.approx(2 * (rows[0].u_j or 0), rel=0.02)


def test_valid_and_invalid_repeats_are_kept_apart() -> None:
    rows = night({"clock_mhz": [48]}, Monitor(), 1, repeats=3)
    rows[0] = replace(rows[0], valid=False, energy_j=1.0)
    rows.append(PointRow("night", 9, 9, "point", 4, {"clock_mhz": 48}, "waiting"))
    found = {one.valid: len(one.rows) for one in averages(rows, ["clock_mhz"])}
    assert found == {True: 2, False: 1}
