# SPDX-License-Identifier: Apache-2.0
"""Causes between the samples: what each is worth in closed form, and when there is none."""

import math
from dataclasses import replace

import pytest

from energy_runner.analysis.uncertainty.combine import median_factor
from energy_runner.analysis.uncertainty.evaluate import evaluate
from energy_runner.analysis.uncertainty.sampling import MATTERS
from tests.support.budget_windows import DURATION_S, ENERGY_J, ROOT3, given, relative_of, rows, window

GAIN = {"name": "gain", "relative": 0.001}


def test_what_else_is_in_the_sample_of_an_edge_is_of_each_window_alone() -> None:
    found = relative_of([window(unexplained_j=(4e-5, 2e-5))] * 5, given(GAIN))
    of_one = 4e-5 / ROOT3 / ENERGY_J
    assert found["start edge: what else is in its sample"] == pytest.approx(of_one * median_factor(5))
    assert found["stop edge: what else is in its sample"] == pytest.approx(of_one * median_factor(5) / 2)


def test_voltage_that_changes_within_a_sample_is_the_same_in_all_windows() -> None:
    found = relative_of([window(droop_w=1e-4)] * 5, given(GAIN))
    assert found["voltage that changes within a sample"] == pytest.approx(1e-4 * DURATION_S / ROOT3 / ENERGY_J)
    assert "voltage that changes within a sample" not in relative_of([window()] * 5, given(GAIN))


def test_power_between_readings_averages_out_over_them() -> None:
    found = relative_of([window(change_w=0.01)] * 5, given(GAIN))
    expected = 0.01 / math.sqrt(10_000) * DURATION_S / ENERGY_J * median_factor(5)
    assert found["power between the readings"] == pytest.approx(expected)


def test_readings_too_far_apart_leave_the_uncertainty_incomplete() -> None:
    for coarse in (True, False):
        said = evaluate([window(coarse=coarse)] * 5, given(GAIN)).score.incomplete
        assert any("too far apart" in doubt for doubt in said) == coarse


@pytest.mark.parametrize(("times", "counted"), [(0.99, False), (1.01, True)])
def test_the_method_of_integration_is_a_cause_where_it_matters(times: float, counted: bool) -> None:
    others = 0.001 / ROOT3
    difference_j = times * MATTERS * others * ROOT3 * ENERGY_J
    found = relative_of([window(second_j=ENERGY_J - difference_j)] * 5, given(GAIN))
    assert ("method of integration" in found) == counted
    if counted:
        assert found["method of integration"] == pytest.approx(difference_j / ROOT3 / ENERGY_J)


def test_a_clock_that_was_measured_replaces_the_one_specified() -> None:
    terms = (GAIN, {"name": "clock", "relative": 5e-5})
    before = relative_of([window()] * 5, given(*terms))
    assert before["clock of the monitor"] == pytest.approx(5e-5 / ROOT3)
    after = relative_of([window()] * 5, given(*terms, clock_u=1.2e-4))
    assert "clock of the monitor" not in after
    assert after["clock of the monitor, as corrected"] == pytest.approx(1.2e-4)


def test_a_clock_that_was_measured_needs_no_specification() -> None:
    others = [{"name": name, "absolute": 1e-6, "unit": "W"} for name in ("offset", "noise")]
    unknown, measured = (given(GAIN, *others, virtual=False, clock_u=u) for u in (None, 1e-4))
    assert evaluate([window()] * 5, unknown).score.incomplete == ["clock of the monitor unknown"]
    assert evaluate([window()] * 5, measured).score.complete


def test_a_measured_clock_that_only_places_windows_moves_them() -> None:
    laps = {"rate_u": 6e-5, "host_limit": 1e-4, "laps": 13}
    found = relative_of([window()] * 5, given(GAIN, clock_u=1.2e-4, **laps))
    assert 0 < found["clock of the monitor, as corrected: place of the windows"] < 1.2e-4


def test_every_row_names_its_source() -> None:
    one = replace(window(), unexplained_j=(1e-6, 1e-6), droop_w=1e-6, change_w=1e-3, second_j=ENERGY_J * 0.99)
    assert all(row.source for row in rows(evaluate([one] * 5, given(GAIN))).values())
