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


@pytest.mark.parametrize("repeats", [2, 3])
def test_few_repeats_of_one_setting_widen_u_by_their_t(repeats: int) -> None:
    """U = 2 u covered 74 of 100 for two repeats, whose scatter has one degree of freedom."""
    covered, own = [], []
    for seed in range(200):
        rows = night({"clock_mhz": [48]}, Monitor(gain=0, voltage=0, offset_w=0), seed, repeats=repeats)
        (one,) = averages(rows, ["clock_mhz"])
        off_j = abs(one.energy_j - energy_of(one.values)[0])
        covered.append(off_j <= one.expanded_j)
        own.append(off_j <= one.own_j)
    assert np.mean(covered) > 0.90
    assert np.mean(own) > 0.90


def test_few_latencies_widen_u_by_their_t() -> None:
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rows = [
            replace(row, latency_s=0.05 * (1 + 0.001 * rng.standard_normal()), u_latency_s=0.0)
            for row in night({"clock_mhz": [48]}, Monitor(), seed, repeats=2)
        ]
        (one,) = averages(rows, ["clock_mhz"])
        covered.append(abs((one.latency_s or 0) - 0.05) <= one.latency_expanded_s)
    assert np.mean(covered) > 0.90


def test_a_restless_setting_has_its_own_error_bar() -> None:
    rows = night({"clock_mhz": [16, 24, 32, 48]}, Monitor(gain=0, voltage=0, offset_w=0), 1, repeats=4)
    rng = np.random.default_rng(2)
    rows = [
        replace(row, energy_j=row.energy_j * (1 + 0.05 * rng.standard_normal()))
        if row.values["clock_mhz"] == 24 and row.energy_j
        else row
        for row in rows
    ]
    bars = {one.values["clock_mhz"]: one.own_j / one.energy_j for one in averages(rows, ["clock_mhz"])}
    assert bars[24] > 0.02
    assert max(bars[clock] for clock in (16, 32, 48)) < 0.005
