# SPDX-License-Identifier: Apache-2.0
"""Each cause in closed form where two ways of counting it part: at a limit, with one window, with unlike edges."""

import math
import statistics
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from energy_runner.analysis.uncertainty.causes import find_causes
from energy_runner.analysis.uncertainty.combine import Cause, median_factor, window_budget
from energy_runner.analysis.uncertainty.edges import Share
from energy_runner.analysis.uncertainty.evaluate import Limits, Measured, evaluate
from energy_runner.analysis.uncertainty.inputs import Point, Term
from energy_runner.analysis.uncertainty.sampling import of_integration
from energy_runner.analysis.uncertainty.scatter import find_scatter
from energy_runner.errors import SessionError
from tests.support.budget_windows import (
    DURATION_S,
    ENERGY_J,
    INFERENCES,
    OUTSIDE_W,
    PERIOD_S,
    POWER_W,
    ROOT3,
    VOLTAGE_V,
    given,
    relative_of,
    rows,
    window,
)

CLOCK = {"name": "clock", "relative": 1e-4}


def doubts(windows: list[Measured], *terms: dict[str, Any], **changes: Any) -> list[str]:
    return evaluate(windows, given(*terms, **changes)).score.incomplete


# --- edges ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("inside_w", "outside_w"), [(0.04, 0.03), (0.04, 0.06), (0.04, -0.06), (-0.06, 0.04)])
@pytest.mark.parametrize("end", ["start", "stop"])
def test_starts_or_stops_that_may_all_be_late_count_with_the_larger_power_beside_them(
    end: str, inside_w: float, outside_w: float
) -> None:
    """By 3 ms either way, rectangular: the energy of so much time, inside or outside."""
    one = window()
    edge = getattr(one, end)
    inside = edge.power_w == POWER_W
    changed = replace(edge, alone_s=3e-3, power_w=np.where(inside, inside_w, outside_w))
    found = relative_of([replace(one, **{end: changed})] * 2, given())
    name = f"{end} edge: late or early in all windows alike"
    largest_w = max(abs(inside_w), abs(outside_w))
    assert found[name] == pytest.approx(3e-3 / ROOT3 * largest_w / ENERGY_J, rel=1e-6)
    other = "stop" if end == "start" else "start"
    assert f"{other} edge: late or early in all windows alike" not in found


# --- terms ----------------------------------------------------------------------------------------------


def test_an_error_in_volt_counts_against_the_voltage_and_not_without_one() -> None:
    odd = {"name": "odd", "absolute": 1e-3, "unit": "V"}
    assert relative_of([window()], given(odd, voltage_v=0.5))["odd"] == pytest.approx(1e-3 / 0.5 / ROOT3)
    assert "odd of 0.001 V cannot be counted" in doubts([window()] * 2, odd, voltage_v=0.0)


def test_a_limit_that_counts_in_some_windows_only_cannot_be_counted() -> None:
    odd = {"name": "odd", "absolute": 1e-8, "unit": "J"}
    assert "odd of 1e-08 J cannot be counted" in doubts([window(), window(samples=0)], odd)


@pytest.mark.parametrize(
    ("name", "voltage"),
    [("supply_voltage", True), ("voltage_gain", True), ("voltage_offset", True), ("gain", False), ("odd", False)],
)
def test_errors_of_the_voltage_are_marked_as_such(name: str, voltage: bool) -> None:
    causes = find_causes([window()], given({"name": name, "relative": 0.01})).counted
    marked = [cause.voltage for cause in causes if cause.u[0] == pytest.approx(0.01 / ROOT3)]
    assert marked == [voltage]
    assert sum(cause.voltage for cause in causes) == voltage


def test_the_limit_beyond_calibrated_points_is_no_cause_of_all_readings() -> None:
    beyond = {"name": "calibration_beyond", "relative": 0.01}
    assert not any("beyond" in name for name in relative_of([window()], given(beyond)))
    assert not any("beyond" in doubt for doubt in doubts([window()], beyond))


QUARTER = Share(0.25, 0.25)


@pytest.mark.parametrize(("unit", "shares"), [("A", {}), ("V", {0.1 * VOLTAGE_V: QUARTER, 0.1: QUARTER})])
def test_a_threshold_that_no_share_is_known_for_counts_in_the_whole_window(unit: str, shares: dict) -> None:
    term = {"name": "odd", "relative": 0.01, "unit": unit, "above": 0.1}
    assert relative_of([window(shares_above=shares)], given(term))["odd"] == pytest.approx(0.01 / ROOT3)


def test_a_latency_in_samples_needs_no_second_window() -> None:
    term = {"name": "edge_latency", "absolute": 2.0, "unit": "sample"}
    found = relative_of([window()], given(term))["latency of the edge capture"]
    assert found == pytest.approx(2 * PERIOD_S / ROOT3 * (POWER_W - OUTSIDE_W) / ENERGY_J)


def test_only_the_first_three_unreadable_keys_are_listed_and_no_more_than_forty_letters_of_each() -> None:
    keys = ["k" * 45, "l", "m", "n"]
    limits = Limits.of({"document": "none: ideal", **dict.fromkeys(keys, 1)})
    (found, *_) = evaluate([window()] * 2, given(limits=limits)).score.incomplete
    assert found.endswith(f"cannot read: {'k' * 40}, l, m")


def test_an_endless_limit_is_refused() -> None:
    with pytest.raises(SessionError, match="specification is damaged"):
        Limits.of({"terms": [{"name": "gain", "relative": math.inf}]})


# --- clocks ---------------------------------------------------------------------------------------------


def test_a_clock_seen_farther_off_than_its_limit_counts_as_far_as_seen() -> None:
    gain = {"name": "gain", "relative": 0.01}
    found = relative_of([window()], given(CLOCK, gain, clock_off=3e-4))
    assert found["clock of the monitor"] == pytest.approx(3e-4 / ROOT3)
    assert found["gain of the energy measurement"] == pytest.approx(0.01 / ROOT3)
    wider = relative_of([window()], given(CLOCK, gain, clock_off=0.05))
    assert wider["gain of the energy measurement"] == pytest.approx(0.01 / ROOT3)
    assert relative_of([window()], given(CLOCK, clock_off=5e-5))["clock of the monitor"] == pytest.approx(
        1e-4 / ROOT3
    )


def test_a_clock_that_the_run_measured_takes_the_place_of_its_limit() -> None:
    terms = [CLOCK, {"name": "temperature"}]
    name = "clock of the monitor, as corrected"
    for signals, u in ((("power",), 2e-5), (("energy",), math.hypot(2e-5, 3e-3 / ROOT3))):
        conditions = given(*terms, clock_u=2e-5, clock_off=3e-3, signals=signals, virtual=False)
        found = relative_of([window()], conditions)
        assert found[name] == pytest.approx(u)
        assert "clock of the monitor" not in found
        incomplete = evaluate([window()], conditions).score.incomplete
        assert "temperature since self-calibration unknown" in incomplete
        assert not any("clock" in doubt for doubt in incomplete)


@pytest.mark.parametrize(("laps", "dof"), [(3, 1.0), (4, 1.0), (5, 2.0)])
def test_few_laps_leave_one_degree_of_freedom_at_least(laps: int, dof: float) -> None:
    evaluation = evaluate([window()], given(rate_u=1e-5, laps=laps))
    assert rows(evaluation)["rate of the IO manager's clock"].dof == dof


# --- edges ----------------------------------------------------------------------------------------------


def test_each_edge_counts_by_its_own_resolution() -> None:
    one = window()
    one = replace(one, start=replace(one.start, half_width_s=2e-4), stop=replace(one.stop, half_width_s=5e-4))
    found = relative_of([one], given())
    assert found["start edge: capture resolution"] == pytest.approx(2e-4 / ROOT3 * OUTSIDE_W / ENERGY_J)
    assert found["stop edge: capture resolution"] == pytest.approx(5e-4 / ROOT3 * OUTSIDE_W / ENERGY_J)


def test_an_edge_that_is_off_by_one_sample_costs_the_power_outside_it() -> None:
    found = relative_of([window(edge_half_width_s=PERIOD_S)], given())
    assert found["stop edge: capture resolution"] == pytest.approx(PERIOD_S / ROOT3 * OUTSIDE_W / ENERGY_J)


def test_what_all_edges_have_in_common_is_named_by_what_placed_them() -> None:
    cost = 1e-4 / ROOT3 * (POWER_W - OUTSIDE_W) / ENERGY_J
    late, start = "latency of the captured edges", "start of the log: lap of its first edge"
    captured = relative_of([window(edge_shared_s=1e-4)], given())
    assert captured[late] == pytest.approx(cost)
    assert start not in captured
    laps = relative_of([window(edge_shared_s=1e-4)], given(rate_u=1e-5, laps=13))
    assert laps[start] == pytest.approx(cost)
    assert late not in laps
    assert relative_of([window()], given(rate_u=1e-5, laps=13))[start] == 0.0
    assert not {late, start} & relative_of([window()], given()).keys()


# --- how causes are combined ----------------------------------------------------------------------------


def cause(**changes: Any) -> Cause:
    return replace(Cause(name="n", source="s", u=(3.0,), sensitivity=(-2.0,), divisor=None), **changes)


def test_a_cause_contributes_its_size_whichever_its_sign() -> None:
    assert cause().contribution_j(0) == 6.0


def test_degrees_of_freedom_from_a_hundred_thousand_on_are_not_stated() -> None:
    for dof, stated in ((99_999.0, 99_999.0), (100_000.0, None)):
        assert window_budget(1.0, [cause(distribution="t", dof=dof)], 0).rows[0].dof == stated
    for dof, stated in ((90_000.0, 90_000.0), (110_000.0, None)):
        assert window_budget(1.0, [cause(distribution="t", dof=dof)], 0).dof == stated


def test_the_factor_of_a_median_is_the_asymptotic_one_beyond_a_hundred_windows() -> None:
    assert median_factor(101) == math.sqrt(math.pi / 202)
    assert median_factor(100) == round(median_factor(100), 5) < 0.999 * math.sqrt(math.pi / 200)


def test_missing_samples_cost_nothing_where_none_is_missing() -> None:
    assert relative_of([window(spread_w=0.06)], given())["lost samples"] == 0.0
    lossy = relative_of([window(missing_share=0.002, spread_w=0.06)], given())
    assert lossy["lost samples"] == pytest.approx(0.002 * 0.06 * DURATION_S / ROOT3 / ENERGY_J)


# --- the scatter of windows -----------------------------------------------------------------------------


def test_groups_of_unlike_size_are_pooled_by_their_degrees_of_freedom() -> None:
    values, stimuli = [1.0, 2.0, 3.0, 5.0, 5.5, 9.0], [0, 0, 0, 1, 1, 2]
    repeats, differs = find_scatter(values, stimuli, 0.25, 0.5)
    within = (2.0 + 0.125) / 3  # sums of squares over 6 windows less 3 stimuli
    assert repeats.u == pytest.approx(0.5 * math.sqrt(within - 0.25))
    means = statistics.variance([2.0, 5.25, 9.0])
    assert differs.u == pytest.approx(math.sqrt((means - within * (1 / 3 + 1 / 2 + 1) / 3) / 3))
    assert (repeats.dof, differs.dof) == (3, 2)


@pytest.mark.parametrize(
    ("stimuli", "subtracted"), [([0, 0, 1, 1], False), ([0, 0, 0, 1], False), ([0] * 4, True)]
)
def test_own_causes_are_subtracted_where_three_differences_show_the_scatter(
    stimuli: list[int], subtracted: bool
) -> None:
    values = [1.0, 2.0, 3.0, 5.0]
    found = find_scatter(values, stimuli, 0.25, 1.0)[0]
    bare = find_scatter(values, stimuli, 0.0, 1.0)[0]
    assert found.u == pytest.approx(math.sqrt(bare.u**2 - (0.25 if subtracted else 0.0)))
    assert ("too few windows" in found.source) is not subtracted


def test_two_windows_with_two_stimuli_scatter_by_both() -> None:
    for stimuli, name in (
        ([0, 1], "scatter of the windows, each with another stimulus"),
        ([0, 0], "repeatability"),
    ):
        (found,) = find_scatter([1.0, 2.0], stimuli, 0.0, 1.0)
        assert found.name.startswith(name)


# --- what only one window has ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"missing_share": 0.001}, "power while samples were lost"),
        ({"coarse": True}, "readings are too far apart"),
    ],
)
def test_one_doubtful_window_is_enough(change: dict[str, Any], doubt: str) -> None:
    assert any(doubt in said for said in doubts([window(**change), window()], CLOCK))


def test_a_second_method_that_matters_in_one_window_counts() -> None:
    differs, agrees = window(second_j=ENERGY_J * 1.1), window()
    (found,) = of_integration([differs, agrees], [cause(u=(1e-9, 1e-9), sensitivity=(1.0, 1.0))])
    assert found.sensitivity == pytest.approx((0.1 * ENERGY_J / INFERENCES, 0.0))


# --- damage ---------------------------------------------------------------------------------------------

TERM = {"name": "gain"}
POINT = {
    "quantity": "current",
    "unit": "A",
    "low": 0.0,
    "high": 1.0,
    "value": 0.5,
    "correction": 0.0,
    "U": 1.0,
    "k": 2.0,
}


@pytest.mark.parametrize(
    ("part", "known", "name", "least", "most"),
    [
        (Term, TERM, "relative", 0.0, 1e3),
        (Term, TERM, "absolute", 0.0, 1e6),
        (Term, TERM, "above", 0.0, 1e6),
        *((Point, POINT, name, -1e6, 1e6) for name in ("low", "high", "value", "correction")),
        (Point, POINT, "U", 1e-9, 1e6),
        (Point, POINT, "k", 1.0, 10.0),
    ],
)
def test_a_number_beyond_all_reason_is_damage(
    part: type[Term | Point], known: dict[str, Any], name: str, least: float, most: float
) -> None:
    for value in (least, most):
        assert getattr(part.model_validate(known | {name: value}), name) == value
    for value in (least - 0.5, most * 1.5, math.nan):
        with pytest.raises(ValidationError):
            part.model_validate(known | {name: value})


def test_the_standard_uncertainty_of_a_point_is_the_expanded_one_over_k() -> None:
    assert Point.model_validate(POINT).u == 0.5


def test_no_more_than_a_thousand_points_are_read() -> None:
    assert len(Limits.of({"points": [POINT] * 1000}).points) == 1000
    with pytest.raises(SessionError, match="specification is damaged"):
        Limits.of({"points": [POINT] * 1001})
