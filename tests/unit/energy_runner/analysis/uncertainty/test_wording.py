# SPDX-License-Identifier: Apache-2.0
"""Rounding by the GUM: two digits of U, the value to the same place, and never more than half a digit off."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from energy_runner.analysis.uncertainty.wording import rounded, stated


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


def test_the_statement_says_what_is_missing() -> None:
    whole = stated(1.439519e-3, 1.859e-5, 3.409e-5, 1.834, [])
    assert whole.text == "(1440 ± 34) µJ per inference, k = 1.83, coverage probability 95 %"
    assert (whole.value, whole.U, whole.u, whole.unit) == ("1440", "34", "19", "µJ")
    partial = stated(1.439519e-3, 1.859e-5, 3.409e-5, 1.834, ["temperature unknown", "voltage unknown"])
    assert partial.text == whole.text + "; uncertainty incomplete: temperature unknown; voltage unknown"
