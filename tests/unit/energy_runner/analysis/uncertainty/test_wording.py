# SPDX-License-Identifier: Apache-2.0
"""Rounding by the GUM: two digits of U, the value to the same place, and never more than half a digit off."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from energy_runner.analysis.uncertainty.wording import rounded, stated
from energy_runner.cli.quantities import with_u
from energy_runner.report.units import value_and_expanded
from energy_runner.session.result import Score


@pytest.mark.parametrize(
    ("value", "expanded", "shown"),
    [
        (1439.519, 34.09, ("1440", "34")),
        (1456.87, 1.6278, ("1456.9", "1.6")),
        (1456.87, 0.0996, ("1456.87", "0.10")),
        (1456.87, 0.9949, ("1456.87", "0.99")),
        (1456.87, 0.9951, ("1456.9", "1.0")),
        (123456.0, 5432.0, ("123500", "5400")),
        (98765.0, 99999.0, ("100000", "100000")),
        (0.00012345, 0.000002, ("0.0001234", "0.0000020")),
        (2.5, 10.0, ("2", "10")),
        (1456.87, 0.0, ("1456.87", "0")),
        (1e30, 1e-3, ("1" + "0" * 30 + ".0000", "0.0010")),
        (2.675, 0.12, ("2.68", "0.12")),  # a tie as it is written, stored a little below it
        (-0.001, 0.12, ("0.00", "0.12")),
        (float("nan"), 1.0, ("nan", "1.0")),
    ],
)
def test_examples(value: float, expanded: float, shown: tuple[str, str]) -> None:
    assert rounded(value, expanded) == shown


@example(1.75, 0.995)  # stored a little below a tie, written as one
@given(st.floats(1e-9, 1e12), st.floats(1e-12, 1e12))
def test_two_digits_and_the_same_place(value: float, expanded: float) -> None:
    shown, limit = (Decimal(text) for text in rounded(value, expanded))
    place = Decimal(rounded(value, expanded)[1].rstrip(".")).adjusted() - 1
    unit = Decimal(1).scaleb(place)
    assert 10 <= limit / unit <= 100
    assert shown % unit == 0
    assert abs(limit - Decimal(repr(expanded))) <= unit / 2
    assert abs(shown - Decimal(repr(value))) <= unit / 2
    assert "E" not in "".join(rounded(value, expanded)).upper()


@given(st.floats(0.01, 9e3).map(lambda x: round(x, 3)), st.sampled_from([0.12, 0.35, 1.7, 24.0, 0.0995]))
def test_every_place_that_prints_an_uncertainty_rounds_alike(value: float, expanded: float) -> None:
    wanted = " ± ".join(rounded(value, expanded))
    score = Score(median=value * 1e-6, u=expanded * 5e-7, U=expanded * 1e-6, k=2.0)
    assert " ± ".join(value_and_expanded(value, expanded)) == with_u(value, expanded) == wanted
    # In microjoule again, a tie may have lost its last bit.
    assert score.quoted() == f"{' ± '.join(rounded(score.median * 1e6, score.U * 1e6))} µJ per inference"
    assert stated(score.median, score.u, score.U, 2.0, []).text.startswith(f"({score.quoted().split(' µJ')[0]})")


def test_the_statement_says_what_is_missing() -> None:
    whole = stated(1.439519e-3, 1.859e-5, 3.409e-5, 1.834, [])
    assert whole.text == "(1440 ± 34) µJ per inference, k = 1.83, coverage probability 95 %"
    assert (whole.value, whole.U, whole.u, whole.unit) == ("1440", "34", "19", "µJ")
    partial = stated(1.439519e-3, 1.859e-5, 3.409e-5, 1.834, ["temperature unknown", "voltage unknown"])
    assert partial.text == whole.text + "; uncertainty incomplete: temperature unknown; voltage unknown"
