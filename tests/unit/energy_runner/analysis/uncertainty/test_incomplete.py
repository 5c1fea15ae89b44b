# SPDX-License-Identifier: Apache-2.0
"""What a budget lacks is said, and numbers that no instrument has are refused."""

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given as from_examples
from hypothesis import settings
from hypothesis import strategies as st

from energy_runner.analysis.uncertainty.evaluate import Limits, evaluate
from energy_runner.errors import SessionError
from tests.support.budget_windows import (
    given,
    window,
)
from tests.support.examples import examples

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
    assert doubts(5, **REAL) == ["specification of the monitor unknown"]
    assert doubts(5) == []


NOTHING = "specification of the monitor unknown"
NO_X = "the specification holds what this version cannot read: x"


@pytest.mark.parametrize(
    ("specification", "found"),
    [
        ({}, [NOTHING]),
        ({"document": "", "terms": []}, [NOTHING]),
        ({"document": "UM2243", "terms": []}, [NOTHING]),
        ({"document": "none: ideal"}, []),
        ({"x": 1}, [NO_X, NOTHING]),
        ({"document": "none: ideal", "x": 1}, [NO_X, NOTHING]),
        ({"terms": GOOD, "x": 1}, [NO_X]),
        ({"terms": [*GOOD, {"name": "odd", "x": 0.5}]}, [NO_X]),
        ({"terms": GOOD[1:]}, ["gain of the energy measurement unknown"]),
    ],
)
def test_a_twin_whose_specification_says_too_little_is_incomplete(
    specification: dict[str, Any], found: list[str]
) -> None:
    score = evaluate([window()] * 5, given(limits=Limits.of(specification))).score
    assert (score.incomplete, score.complete) == (found, not found)


def test_a_twin_that_did_not_say_what_it_is_may_leave_out_clock_and_voltage_only() -> None:
    bare = {"signals": ("current", "voltage"), "identified": False}
    without_clock = [term for term in GOOD if term["name"] != "clock"]
    assert doubts(5, *without_clock, **bare) == []
    assert doubts(5, *without_clock[1:], **bare) == ["gain of the energy measurement unknown"]
    assert len(doubts(5, *without_clock, signals=("current", "voltage"))) == 2


def test_a_voltage_that_nobody_measured_needs_a_limit() -> None:
    current = {"signals": ("current",), **REAL}
    (doubt,) = doubts(5, *GOOD, **current)
    assert doubt.startswith("supply voltage unknown")
    assert doubts(5, *GOOD, {"name": "supply_voltage", "relative": 0.01}, **current) == []
    measured = current | {"signals": ("current", "voltage")}
    assert doubts(5, *GOOD, {"name": "voltage_gain", "relative": 0.01}, **measured) == []


def test_one_window_tells_nothing_of_repeatability() -> None:
    assert doubts(1) == ["repeatability unknown: there is only one window"]


@pytest.mark.parametrize(("unit", "voltage_v"), [("K", 2.0), ("", 2.0), ("A", 0.0)])
def test_a_limit_that_cannot_be_counted_is_said_so(unit: str, voltage_v: float) -> None:
    odd = {"name": "odd", "absolute": 1.0, "unit": unit}
    found = doubts(5, *GOOD, odd, voltage_v=voltage_v)
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
        {"terms": [], "assumed": "no"},
        {"terms": [{"name": "gain", "relative": 0.1, "assumed": "no"}]},
        {"terms": [{"name": "gain", "relative": 0.1, "assumed": 0}]},
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


@settings(max_examples=examples(200))
@from_examples(TERMS, st.booleans(), st.booleans(), st.floats(0, 1e3))
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


@pytest.mark.parametrize("virtual", [True, False])
@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"tied_by_host": True}, "assumed without a document: latency of laps against samples"),
    ],
)
def test_what_no_table_speaks_of_is_missing_for_twins_too(virtual, change, doubt) -> None:
    assert doubts(5, *GOOD, **change, virtual=virtual) == [doubt]


def test_the_voltage_of_another_instrument_is_no_voltage_of_a_twin() -> None:
    current = {"signals": ("current",), "virtual": True}
    assert doubts(5, **current) == []  # it has no error at all
    [doubt] = doubts(5, **current, voltage_of_another=True)
    assert "supply voltage unknown" in doubt


def test_current_and_voltage_need_a_limit_of_the_voltage() -> None:
    [doubt] = doubts(5, *GOOD, signals=("current", "voltage"), **REAL)
    assert "supply voltage unknown" in doubt
