# SPDX-License-Identifier: Apache-2.0
"""The uncertainty budget: every limit counted once, in the right unit, and nothing left out in silence."""

import math
from typing import Any

import pytest

from energy_runner.analysis.uncertainty.combine import median_factor
from energy_runner.analysis.uncertainty.edges import Share
from energy_runner.analysis.uncertainty.evaluate import evaluate
from tests.support.budget_windows import (
    DURATION_S,
    ENERGY_J,
    OUTSIDE_W,
    PERIOD_S,
    POWER_W,
    ROOT3,
    START_S,
    VOLTAGE_V,
    given,
    relative_of,
    rows,
    window,
)

# --- the table's terms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "limit"),
    [
        ({"relative": 0.01}, 0.01),
        ({"absolute": 4e-5, "unit": "W"}, 4e-5 / POWER_W),
        ({"absolute": 2e-5, "unit": "A"}, 2e-5 / (POWER_W / VOLTAGE_V)),
        ({"absolute": 1e-3, "unit": "V"}, 1e-3 / VOLTAGE_V),
        ({"absolute": 2.0, "unit": "Ohm"}, 2.0 * POWER_W / VOLTAGE_V**2),
        ({"absolute": 1e-8, "unit": "J"}, 1e-8 / (POWER_W * PERIOD_S)),
        ({"relative": 0.01, "absolute": 4e-5, "unit": "W"}, 0.011),
    ],
)
def test_a_limit_becomes_a_rectangular_distribution(term: dict[str, Any], limit: float) -> None:
    found = relative_of([window()] * 5, given({"name": "odd_thing", **term}))
    assert found["odd thing"] == pytest.approx(limit / ROOT3)


def test_noise_is_a_standard_deviation_and_averages_out_over_samples_and_windows() -> None:
    conditions = given({"name": "noise", "absolute": 4e-4, "unit": "W"})
    one = 4e-4 / POWER_W / math.sqrt(10_000)
    evaluation, name = evaluate([window()] * 5, conditions), "noise of the samples"
    assert rows(evaluation)[name].relative == pytest.approx(one * median_factor(5))
    (row,) = (row for row in evaluation.windows[0].components if row.name == name)
    assert row.relative == pytest.approx(one)
    assert (row.distribution, row.correlated, row.divisor) == ("normal", False, 1.0)


def test_errors_of_the_instrument_do_not_shrink_with_the_number_of_windows() -> None:
    gain = given({"name": "gain", "relative": 0.01})
    energies = [0.400, 0.402, 0.398, 0.401, 0.399]
    alone, five = evaluate([window()], gain), evaluate([window(energy_j=e) for e in energies], gain)
    name = "gain of the energy measurement"
    assert rows(alone)[name].relative == rows(five)[name].relative == pytest.approx(0.01 / ROOT3)
    assert rows(five)[name].correlated


def test_a_limit_of_a_higher_range_counts_for_its_share_of_the_window() -> None:
    term = {"name": "range_changes", "absolute": 2e-5, "unit": "A", "above": 0.1}
    whole = 2e-5 / (POWER_W / VOLTAGE_V) / ROOT3
    conditions = given(term)
    assert conditions.thresholds_w() == {0.1 * VOLTAGE_V: 0.0}
    for share in (0.0, 0.25, 1.0):
        windows = [window(shares_above={0.1 * VOLTAGE_V: Share(share, 0.5)})] * 5
        assert relative_of(windows, conditions)["range changes"] == pytest.approx(share * whole)


def test_what_is_in_proportion_to_the_reading_counts_for_the_energy_above() -> None:
    """Bursts last a twentieth of the time and draw nine tenths of the energy."""
    bursts = {0.1 * VOLTAGE_V: Share(time=0.05, energy=0.9)}
    of_reading = given({"name": "range_changes", "relative": 0.05, "unit": "A", "above": 0.1})
    found = relative_of([window(shares_above=bursts)] * 5, of_reading)["range changes"]
    assert found == pytest.approx(0.9 * 0.05 / ROOT3)
    both = given({"name": "range_changes", "relative": 0.05, "absolute": 2e-5, "unit": "A", "above": 0.1})
    found = relative_of([window(shares_above=bursts)] * 5, both)["range changes"]
    assert found == pytest.approx((0.9 * 0.05 + 0.05 * 2e-5 / (POWER_W / VOLTAGE_V)) / ROOT3)


def test_a_common_latency_costs_what_the_edges_gain_and_lose() -> None:
    """Both edges early: a piece of outside comes in, a piece of inside goes out."""
    for term in ({"absolute": 2.0, "unit": "sample"}, {"absolute": 2e-3, "unit": "s"}):
        found = relative_of([window()] * 5, given({"name": "edge_latency", **term}))
        cost_j = 2e-3 / ROOT3 * (POWER_W - OUTSIDE_W)
        assert found["latency of the edge capture"] == pytest.approx(cost_j / ENERGY_J)


# --- edges, clocks, samples ---------------------------------------------------------------------------------


def test_the_resolution_of_an_edge_costs_the_power_outside_it() -> None:
    found = relative_of([window(edge_half_width_s=0.5e-3)] * 5, given())
    each = 0.5e-3 / ROOT3 * OUTSIDE_W / ENERGY_J * median_factor(5)
    assert found["start edge: capture resolution"] == pytest.approx(each)
    assert found["stop edge: capture resolution"] == pytest.approx(each)


def test_an_edge_that_is_off_by_samples_may_cost_the_power_inside() -> None:
    found = relative_of([window(edge_half_width_s=7e-3)], given())
    assert found["stop edge: capture resolution"] == pytest.approx(7e-3 / ROOT3 * POWER_W / ENERGY_J)


def test_a_level_that_changes_within_a_sample_of_the_edge_is_counted() -> None:
    found = relative_of([window(edge_outside_step_w=0.01)] * 5, given())
    cost = PERIOD_S / ROOT3 * 0.01 / ENERGY_J
    assert found["start edge: sampling phase"] == pytest.approx(cost)
    assert found["stop edge: sampling phase and pulse hold"] == pytest.approx(cost)


def test_by_the_monitors_own_edges_its_clock_counts_in_full() -> None:
    found = relative_of([window()] * 5, given({"name": "clock", "relative": 1e-3}))
    assert found["clock of the monitor"] == pytest.approx(1e-3 / ROOT3)


def test_by_laps_their_clock_counts_for_the_duration_and_the_place() -> None:
    conditions = given(
        {"name": "clock", "relative": 3e-5}, rate_u=math.hypot(4e-5, 6e-5 / ROOT3), host_limit=6e-5, laps=13
    )
    found = relative_of([window()] * 5, conditions)
    # Both edges later: the piece inside that is lost at the start is won back outside, at the lower level.
    stop_s = START_S + DURATION_S
    shifted_j = stop_s * OUTSIDE_W - START_S * POWER_W
    shifted_back_j = stop_s * POWER_W - START_S * OUTSIDE_W
    rates = {"rate of the IO manager's clock": 4e-5, "host clock, which that rate is measured by": 6e-5 / ROOT3}
    for name, u in rates.items():
        assert found[name] == pytest.approx(u * max(abs(shifted_j), abs(shifted_back_j)) / ENERGY_J, rel=1e-3)
    place_j = max(abs(shifted_j - ENERGY_J), abs(shifted_back_j - ENERGY_J))
    place = found["clock of the monitor: place of the windows"]
    assert place == pytest.approx(3e-5 / ROOT3 * place_j / ENERGY_J, rel=1e-3)
    row = rows(evaluate([window()] * 5, conditions))["rate of the IO manager's clock"]
    assert (row.kind, row.dof, row.distribution) == ("A", 10.0, "t")


def test_the_lap_that_started_the_log_is_shared_by_all_windows() -> None:
    conditions = given(rate_u=1e-5, laps=13)
    row = rows(evaluate([window(edge_shared_s=1e-4)] * 5, conditions))["start of the log: lap of its first edge"]
    assert row.correlated
    assert row.relative == pytest.approx(1e-4 / ROOT3 * (POWER_W - OUTSIDE_W) / ENERGY_J)


def test_missing_samples_cost_their_share_of_the_range() -> None:
    """To the same side in all windows, because the load itself may cause the loss; and only as an estimate."""
    lossy = [window(missing_share=0.002, spread_w=0.06)] * 5
    found = relative_of(lossy, given())
    assert found["lost samples"] == pytest.approx(0.002 * 0.06 * DURATION_S / ROOT3 / ENERGY_J)
    assert evaluate(lossy, given()).score.incomplete == ["power while samples were lost unknown"]
    assert relative_of([window()], given())["lost samples"] == 0.0


# --- the median ---------------------------------------------------------------------------------------------


def test_the_median_is_the_score() -> None:
    energies = [0.5, 0.1, 0.3, 0.4, 0.2]
    assert evaluate([window(energy_j=energy) for energy in energies], given()).score.median == 0.003
    assert evaluate([window(energy_j=energy) for energy in energies[:4]], given()).score.median == 0.0035


def test_repeatability_is_that_of_the_median_with_four_degrees_of_freedom() -> None:
    energies = [0.400, 0.402, 0.398, 0.401, 0.399]
    evaluation = evaluate([window(energy_j=energy) for energy in energies], given())
    row = rows(evaluation)["repeatability of the windows"]
    assert row.relative == pytest.approx(0.53557 * math.sqrt(2.5e-6) / 0.4)
    assert (row.kind, row.dof, row.distribution, row.correlated) == ("A", 4.0, "t", False)
    # Nothing else is uncertain here, so the result has its degrees of freedom and Student's factor.
    assert evaluation.score.dof == pytest.approx(4.0)
    assert evaluation.score.k == evaluation.score.k_t == 2.776


def test_scatter_that_is_explained_is_not_counted_twice() -> None:
    energies = [0.400, 0.402, 0.398, 0.401, 0.399]
    scatter = math.sqrt(2.5e-6) / 0.4
    noise = {"name": "noise", "absolute": POWER_W * 100, "unit": "W"}  # averages to 1 for a window
    for share, left in ((0.6, 0.8), (1.0, 0.0), (2.0, 0.0)):
        term = noise | {"absolute": POWER_W * 100 * scatter * share}
        found = relative_of([window(energy_j=energy) for energy in energies], given(term))
        assert found["repeatability of the windows"] == pytest.approx(median_factor(5) * scatter * left, abs=1e-5)
