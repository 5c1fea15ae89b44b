"""The uncertainty budget: every limit counted once, in the right unit, and nothing left out in silence."""

import math
from dataclasses import replace
from typing import Any

import pytest

from energy_runner.analysis.uncertainty import Limits, Measured, budget
from energy_runner.errors import SessionError

WINDOW = Measured(
    energy_j=0.4,
    inferences=100,
    start_s=20.0,
    duration_s=10.0,
    samples=10_000,
    edge_half_width_s=0.0,
    level_w=0.05,
    step_w=0.02,
    missing_share=0.0,
    spread_w=0.0,
)
POWER_W, VOLTAGE_V = 0.04, 2.0
ROOT3 = math.sqrt(3)


def relative_of(windows: list[Measured], rate_u: float | None = None, **term: Any) -> dict[str, float]:
    terms = [{"name": "term", **term}] if term else []
    score, uncertainty = budget(windows, Limits.of({"terms": terms}), VOLTAGE_V, rate_u)
    found = {component.name: component.relative for component in uncertainty.components}
    assert score.u == pytest.approx(score.median * math.sqrt(sum(value**2 for value in found.values())))
    assert all(c.value_j == pytest.approx(c.relative * score.median) for c in uncertainty.components)
    return found


@pytest.mark.parametrize(
    ("term", "limit"),
    [
        ({"relative": 0.01}, 0.01),
        ({"absolute": 4e-5, "unit": "W"}, 4e-5 / POWER_W),
        ({"absolute": 2e-5, "unit": "A"}, 2e-5 / (POWER_W / VOLTAGE_V)),
        ({"absolute": 1e-3, "unit": "V"}, 1e-3 / VOLTAGE_V),
        ({"absolute": 1e-8, "unit": "J"}, 1e-8 / (0.4 / 10_000)),
        ({"relative": 0.01, "absolute": 4e-5, "unit": "W"}, 0.011),
        ({"name": "noise", "absolute": 4e-4, "unit": "W"}, 4e-4 / POWER_W / 100),
    ],
)
def test_a_limit_becomes_a_rectangular_distribution(term: dict[str, Any], limit: float) -> None:
    found = relative_of([WINDOW] * 5, **term)
    assert found[term.get("name", "term")] == pytest.approx(limit / ROOT3)


def test_errors_of_the_instrument_do_not_shrink_with_the_number_of_windows() -> None:
    assert relative_of([WINDOW], relative=0.01)["term"] == relative_of([WINDOW] * 5, relative=0.01)["term"]


def test_repeatability_is_that_of_the_median() -> None:
    energies = [0.400, 0.402, 0.398, 0.401, 0.399]
    found = relative_of([replace(WINDOW, energy_j=energy) for energy in energies])
    assert found["repeatability"] == pytest.approx(1.253 * math.sqrt(2.5e-6) / 0.4 / math.sqrt(5))


def test_the_median_is_the_score() -> None:
    energies = [0.5, 0.1, 0.3, 0.4, 0.2]
    score, _ = budget([replace(WINDOW, energy_j=energy) for energy in energies], Limits(), VOLTAGE_V, None)
    assert score.median == 0.003


def test_uncertain_edges_cost_the_power_at_each() -> None:
    found = relative_of([WINDOW, replace(WINDOW, edge_half_width_s=0.5e-3)])
    assert found["edges"] == pytest.approx(0.5e-3 / ROOT3 * 0.05 * math.sqrt(2) / 0.4)


def test_an_uncertain_rate_costs_duration_and_shift() -> None:
    found = relative_of([WINDOW, replace(WINDOW, start_s=50.0)], rate_u=1e-4)
    assert found["alignment rate"] == pytest.approx(1e-4 * (1 + 50.0 * 0.02 / 0.4))
    assert "alignment rate" not in relative_of([WINDOW])


def test_missing_samples_cost_their_share_of_the_range() -> None:
    found = relative_of([WINDOW, replace(WINDOW, missing_share=0.002, spread_w=0.06)])
    assert found["missing samples"] == pytest.approx(0.002 * 0.06 * 10.0 / math.sqrt(12) / 0.4)
    assert "missing samples" not in relative_of([WINDOW])


def test_a_limit_that_cannot_be_counted_is_said_so() -> None:
    for unit, voltage_v in (("K", 2.0), ("", 2.0), ("A", 0.0)):
        limits = Limits.of({"terms": [{"name": "odd", "absolute": 1.0, "unit": unit}]})
        _, uncertainty = budget([WINDOW], limits, voltage_v, None)
        assert any(note.startswith("not counted: odd of 1.0") for note in uncertainty.notes)


def test_assumptions_and_a_missing_data_sheet_are_noted() -> None:
    _, uncertainty = budget([WINDOW], Limits.of({"assumptions": ["room temperature"]}), VOLTAGE_V, None)
    assert uncertainty.notes[0] == "room temperature"
    assert "unknown" in uncertainty.notes[1]


def test_each_component_says_where_it_comes_from() -> None:
    limits = Limits.of({"document": "manual", "terms": [{"name": "gain", "relative": 0.1}]})
    _, uncertainty = budget([WINDOW] * 2, limits, VOLTAGE_V, 1e-4)
    assert [c.name for c in uncertainty.components] == ["gain", "edges", "alignment rate", "repeatability"]
    assert all(component.source for component in uncertainty.components)
    assert uncertainty.components[0].source == "manual"


def test_an_absurd_window_is_refused() -> None:
    with pytest.raises(SessionError, match="beyond all reason"):
        budget([replace(WINDOW, level_w=1e308, edge_half_width_s=1.0)], Limits(), VOLTAGE_V, None)


@pytest.mark.parametrize(
    "accuracy",
    [
        {"terms": 5},
        {"terms": [{"relative": 0.1}]},
        {"terms": [{"name": "gain", "relative": -0.1}]},
        {"terms": [{"name": "gain", "relative": float("nan")}]},
        {"terms": [{"name": "gain", "relative": 1e308}]},
        {"terms": [{"name": "gain", "absolute": "much"}]},
    ],
)
def test_damaged_limits_are_refused(accuracy: dict[str, Any]) -> None:
    with pytest.raises(SessionError, match="limits of error are damaged"):
        Limits.of(accuracy)
