"""The uncertainty budget: every limit counted once, in the right unit, and nothing left out in silence."""

import math
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from energy_runner.analysis.uncertainty.combine import median_factor
from energy_runner.analysis.uncertainty.edges import EdgeView
from energy_runner.analysis.uncertainty.evaluate import Conditions, Evaluation, Limits, Measured, evaluate
from energy_runner.errors import SessionError
from energy_runner.session.result import Component

PERIOD_S = 1e-3
POWER_W, OUTSIDE_W, VOLTAGE_V = 0.04, 0.03, 2.0
START_S, DURATION_S, INFERENCES = 20.0, 10.0, 100
ENERGY_J = POWER_W * DURATION_S
PER_INFERENCE_J = ENERGY_J / INFERENCES
ROOT3 = math.sqrt(3)


def edge(at_s: float, *, starts: bool, **changes: Any) -> EdgeView:
    """An edge between `OUTSIDE_W` and `POWER_W`, seen a hundred samples far."""
    first = round(at_s / PERIOD_S) - 100
    inside = (np.arange(first, first + 200) + 0.5) * PERIOD_S > at_s
    view = EdgeView(
        position=at_s / PERIOD_S,
        period_s=PERIOD_S,
        half_width_s=0.0,
        shared_s=0.0,
        outside_w=OUTSIDE_W,
        outside_step_w=0.0,
        largest_w=POWER_W,
        first=first,
        power_w=np.where(inside == starts, POWER_W, OUTSIDE_W),
    )
    return replace(view, **changes)


def window(start_s: float = START_S, energy_j: float = ENERGY_J, **changes: Any) -> Measured:
    """A window of ten seconds; changes of `edge_...` go to both edges."""
    edges = {name[5:]: value for name, value in changes.items() if name.startswith("edge_")}
    others = {name: value for name, value in changes.items() if not name.startswith("edge_")}
    measured = Measured(
        energy_j=energy_j,
        inferences=INFERENCES,
        duration_s=DURATION_S,
        samples=10_000,
        start=edge(start_s, starts=True, **edges),
        stop=edge(start_s + DURATION_S, starts=False, **edges),
    )
    return replace(measured, **others)


def given(*terms: dict[str, Any], **changes: Any) -> Conditions:
    conditions = Conditions(
        limits=Limits.of({"document": "manual", "terms": list(terms)}),
        signals=("energy",),
        voltage_v=VOLTAGE_V,
        virtual=True,
    )
    return replace(conditions, **changes)


def rows(evaluation: Evaluation) -> dict[str, Component]:
    found = {component.name: component for component in evaluation.budget.components}
    assert len(found) == len(evaluation.budget.components)
    return found


def relative_of(windows: list[Measured], conditions: Conditions) -> dict[str, float]:
    """Return the relative contributions, after checking that rows and totals belong together."""
    evaluation = evaluate(windows, conditions)
    score = evaluation.score
    sums = [
        (score.u, score.U, score.k, evaluation.budget.components),
        *((each.u, each.U, each.k, each.components) for each in evaluation.windows),
    ]
    for u, expanded, k, components in sums:
        assert u == pytest.approx(math.sqrt(sum(row.value_j**2 for row in components)))
        assert expanded == pytest.approx(k * u)
        for row in components:
            assert row.value_j == pytest.approx(abs(row.sensitivity or 0.0) * (row.u or 0.0), rel=1e-9)
            assert row.limit is None or row.limit == pytest.approx((row.u or 0.0) * (row.divisor or 0.0))
    assert all(row.value_j == pytest.approx(row.relative * score.median) for row in sums[0][3])
    return {name: row.relative for name, row in rows(evaluation).items()}


# --- the table's terms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "limit"),
    [
        ({"relative": 0.01}, 0.01),
        ({"absolute": 4e-5, "unit": "W"}, 4e-5 / POWER_W),
        ({"absolute": 2e-5, "unit": "A"}, 2e-5 / (POWER_W / VOLTAGE_V)),
        ({"absolute": 1e-3, "unit": "V"}, 1e-3 / VOLTAGE_V),
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
    assert conditions.thresholds_w() == [0.1 * VOLTAGE_V]
    for share in (0.0, 0.25, 1.0):
        windows = [window(shares_above={0.1 * VOLTAGE_V: share})] * 5
        assert relative_of(windows, conditions)["range changes"] == pytest.approx(share * whole)


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
    found = relative_of([window(), window(missing_share=0.002, spread_w=0.06)], given())
    cost = 0.002 * 0.06 * DURATION_S / math.sqrt(12) / ENERGY_J
    assert found["lost samples"] == pytest.approx(cost / math.sqrt(2) * median_factor(2))
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


# --- what is missing ----------------------------------------------------------------------------------------

GOOD = [
    {"name": "gain", "relative": 0.01},
    {"name": "offset", "absolute": 1e-6, "unit": "W"},
    {"name": "noise", "absolute": 1e-6, "unit": "W"},
    {"name": "clock", "relative": 1e-4},
]
REAL = {"virtual": False}


def doubts(windows: int, *terms: dict[str, Any], **changes: Any) -> list[str]:
    evaluation = evaluate([window()] * windows, given(*terms, **changes))
    score, each = evaluation.score, evaluation.windows[0]
    assert score.complete == (not score.incomplete)
    assert score.stated is not None
    for complete, text in ((score.complete, score.stated.text), (each.complete, each.stated.text)):
        assert ("uncertainty incomplete: " in text) == (not complete)
    assert all(doubt in score.stated.text for doubt in score.incomplete)
    return score.incomplete


def test_a_table_that_says_everything_makes_a_complete_uncertainty() -> None:
    assert doubts(5, *GOOD, **REAL) == []


def test_a_known_cause_of_unknown_size_makes_it_incomplete() -> None:
    terms = [*GOOD, {"name": "temperature", "source": "calibrate after 5 °C"}]
    assert doubts(5, *terms, **REAL) == ["temperature since self-calibration unknown"]
    assert doubts(5, *terms) == []  # a twin has no temperature
    notes = evaluate([window()] * 5, given(*terms)).budget.notes
    assert "no error of these kinds: temperature since self-calibration" in notes[0]


@pytest.mark.parametrize("left_out", ["gain", "offset", "noise", "clock"])
def test_what_a_table_leaves_out_is_missing(left_out: str) -> None:
    (doubt,) = doubts(5, *(term for term in GOOD if term["name"] != left_out), **REAL)
    assert left_out in doubt


def test_a_missing_table_is_missing() -> None:
    assert doubts(5, **REAL) == ["limits of error of the monitor unknown"]
    assert doubts(5) == []


def test_a_voltage_that_nobody_measured_needs_a_limit() -> None:
    current = {"signals": ("current",), **REAL}
    (doubt,) = doubts(5, *GOOD, **current)
    assert doubt.startswith("supply voltage unknown")
    assert doubts(5, *GOOD, {"name": "supply_voltage", "relative": 0.01}, **current) == []
    assert doubts(5, *GOOD, **(current | {"signals": ("current", "voltage")})) == []


def test_one_window_tells_nothing_of_repeatability() -> None:
    assert doubts(1) == ["repeatability unknown: there is only one window"]


@pytest.mark.parametrize(("unit", "voltage_v"), [("K", 2.0), ("", 2.0), ("A", 0.0)])
def test_a_limit_that_cannot_be_counted_is_said_so(unit: str, voltage_v: float) -> None:
    found = doubts(5, {"name": "odd", "absolute": 1.0, "unit": unit}, voltage_v=voltage_v)
    assert found == [f"odd of 1 {unit or 'without unit'} cannot be counted"]


def test_assumptions_are_noted_and_every_row_names_its_source() -> None:
    limits = Limits.of({"document": "manual", "terms": GOOD, "assumptions": ["room temperature"]})
    evaluation = evaluate([window()] * 2, given(limits=limits, rate_u=1e-4, laps=9))
    assert evaluation.budget.notes[0] == "room temperature"
    assert all(row.source for row in evaluation.budget.components)
    assert evaluation.budget.components[0].source == "manual"


# --- hostile numbers ----------------------------------------------------------------------------------------


def test_an_absurd_window_is_refused() -> None:
    with pytest.raises(SessionError, match="beyond all reason"):
        evaluate([window(edge_half_width_s=1.0, edge_largest_w=1e308)], given())


@pytest.mark.parametrize(
    "accuracy",
    [
        {"terms": 5},
        {"terms": [{"relative": 0.1}]},
        {"terms": [{"name": "gain", "relative": -0.1}]},
        {"terms": [{"name": "gain", "relative": float("nan")}]},
        {"terms": [{"name": "gain", "relative": 1e308}]},
        {"terms": [{"name": "gain", "absolute": "much"}]},
        {"terms": [{"name": "gain", "relative": 0.1, "above": -1}]},
    ],
)
def test_damaged_limits_are_refused(accuracy: dict[str, Any]) -> None:
    with pytest.raises(SessionError, match="specification is damaged"):
        Limits.of(accuracy)


SIZES = st.one_of(st.just(0.0), st.floats(0, 1e3))
TERMS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["gain", "noise", "clock", "offset", "temperature", "odd"]),
            "relative": SIZES,
            "absolute": SIZES,
            "unit": st.sampled_from(["", "A", "W", "V", "J", "s", "sample", "K"]),
            "above": SIZES,
        }
    ),
    max_size=4,
)


@settings(max_examples=200)
@examples(TERMS, st.booleans(), st.booleans(), st.floats(0, 1e3))
def test_any_table_gives_finite_numbers_or_a_refusal(
    terms: list[dict[str, Any]], by_laps: bool, virtual: bool, voltage_v: float
) -> None:
    laps = {"rate_u": 6e-5, "host_limit": 1e-4, "laps": 13} if by_laps else {}
    conditions = given(*terms, voltage_v=voltage_v, virtual=virtual, **laps)
    with suppress(SessionError):
        score = evaluate([window(energy_j=energy) for energy in (0.40, 0.41, 0.39)], conditions).score
        assert score.stated is not None
        assert all(map(math.isfinite, (score.u, score.U)))
        assert 1.6 <= score.k <= 13


# --- against a Monte Carlo calculation (JCGM 101:2008) --------------------------------------------------------


def test_the_linear_budget_agrees_with_a_monte_carlo_calculation() -> None:
    """The whole measurement equation, products and all, and a real median; validation as in JCGM 101, 8."""
    gain, supply, offset_w, clock, phase_s, noise_w = 0.008, 0.006, 1e-4, 1e-3, 2e-3, 0.02
    terms = [
        {"name": "gain", "relative": gain},
        {"name": "supply_voltage", "relative": supply},
        {"name": "offset", "absolute": offset_w, "unit": "W"},
        {"name": "clock", "relative": clock},
        {"name": "noise", "absolute": noise_w, "unit": "W"},
    ]
    flat = {"edge_half_width_s": phase_s / 2, "edge_outside_w": OUTSIDE_W}
    own_j = math.hypot(noise_w * DURATION_S / 100, math.sqrt(2) * phase_s / 2 / ROOT3 * OUTSIDE_W)
    # Windows that scatter as their own errors let expect, so that no repeatability is left.
    each = [ENERGY_J + own_j * x for x in (-1.2, -0.5, 0.0, 0.5, 1.2)]
    score = evaluate([window(energy_j=e, **flat, edge_period_s=PERIOD_S * 4) for e in each], given(*terms)).score

    rng = np.random.default_rng(2008)
    trials = 400_000
    shared = rng.uniform(-1, 1, (4, trials))
    start, stop = rng.uniform(-phase_s / 2, phase_s / 2, (2, 5, trials)) * OUTSIDE_W
    noise = rng.standard_normal((5, trials)) * noise_w * DURATION_S / math.sqrt(10_000)
    read_j = ENERGY_J + start + stop + noise - offset_w * shared[2] * DURATION_S
    true_j = (
        np.median(read_j, axis=0) * (1 + supply * shared[1]) * (1 + clock * shared[3]) / (1 + gain * shared[0])
    )
    found = true_j / INFERENCES

    tolerance_j = 0.5 * 10 ** (math.floor(math.log10(score.u)) - 1)  # half a unit of its second digit
    assert score.u == pytest.approx(found.std(), abs=tolerance_j)
    low, high = np.quantile(found, (0.025, 0.975))
    assert score.median - score.U == pytest.approx(low, abs=tolerance_j)
    assert score.median + score.U == pytest.approx(high, abs=tolerance_j)
    assert score.k < 1.95  # and k = 2 would not have done
    assert abs(high - (score.median + 2 * score.u)) > tolerance_j
