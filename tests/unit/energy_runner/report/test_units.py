# SPDX-License-Identifier: Apache-2.0
"""Numbers as a person reads them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.report.headline import accuracy_value
from energy_runner.report.units import (
    MINUS,
    NOTHING,
    THIN,
    column,
    fixed,
    number,
    percent,
    plain,
    prefixed,
    shares_with_u,
    value_and_expanded,
)


@pytest.mark.parametrize(
    ("value", "expanded", "shown"),
    [
        (1689.2466, 39.46, ("1689", "39")),
        (1456.87, 1.7677, ("1456.9", "1.8")),
        (23456.7, 1234.0, (f"23{THIN}500", "1200")),
        (0.5, 0.0996, ("0.50", "0.10")),
        (9.96, 0.996, ("10.0", "1.0")),
        (12.5, 0.0, ("12.5000", "0")),
        (2.675, 0.12, ("2.68", "0.12")),
    ],
)
def test_a_value_has_the_digits_that_its_uncertainty_allows(value, expanded, shown):
    assert value_and_expanded(value, expanded) == shown


@pytest.mark.parametrize(
    ("ratios", "shown"),
    [
        ([(6.3e-4, 7.2e-5), (-7.45e-4, 1.2e-4)], ("%", ["0.0630 ± 0.0072", f"{MINUS}0.074 ± 0.012"])),
        ([(2e-5, 3e-6), (0.0, 2.45e-6)], ("ppm", ["20.0 ± 3.0", "0.0 ± 2.4"])),
        ([], ("%", [])),
    ],
)
def test_a_column_of_ratios_has_one_unit_and_the_digits_of_each_uncertainty(ratios, shown):
    assert shares_with_u(ratios) == shown


@settings(deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(1e-9, 1e5))
def test_rounding_moves_a_value_by_less_than_a_tenth_of_its_uncertainty(value, expanded):
    shown = value_and_expanded(value, expanded)
    back = [float(text.replace(THIN, "").replace(MINUS, "-")) for text in shown]
    assert abs(back[0] - value) <= 0.051 * expanded + 1e-9
    assert abs(back[1] - expanded) <= 0.051 * expanded + 1e-9


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, NOTHING),
        (0.0, "0"),
        (-1.5, f"{MINUS}1.5"),
        (10.0, "10"),
        (1234.0, "1234"),
        (12345.0, f"12{THIN}345"),
        (4882.8125, "4882.81"),
        (1e-7, f"1{THIN}\u00d7{THIN}10^{MINUS}7"),
        (math.inf, "infinite"),
        (math.nan, "not a number"),
    ],
)
def test_number(value, shown):
    assert number(value) == shown


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_can_be_shown_with_six_digits(value):
    text = number(value).replace(THIN, "").replace(MINUS, "-").replace("\u00d710^", "e")
    assert float(text) == pytest.approx(value, rel=6e-6)


def test_a_column_lines_up():
    assert column([1456.87, None, 0.5], 7) == ["1456.870", NOTHING, "0.500"]
    assert column([None]) == [NOTHING]
    assert column([]) == []
    assert column([0.0]) == ["0.000000"]


def test_small_ratios_are_parts_per_million():
    assert percent(0.0123) == f"1.23{THIN}%"
    assert percent(5e-5) == f"50{THIN}ppm"
    assert percent(None) == NOTHING
    assert fixed(None, 3) == NOTHING


@pytest.mark.parametrize(
    ("value", "shown"), [(1e-5, "10 µA"), (0.0012, "1.2 mA"), (2.5, "2.5 A"), (3e-12, "0.003 nA")]
)
def test_prefixes(value, shown):
    assert prefixed(value, "A").replace(THIN, " ") == shown


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [("top1", 90.0, "90.0 %"), ("top1", 90.123456, "90.123 %"), ("auc", 0.9, "0.90"), ("auc", 0.8567, "0.8567")],
)
def test_accuracy_values_keep_their_usual_digits(metric, value, shown):
    assert accuracy_value(metric, value).replace(THIN, " ") == shown


@settings(deadline=None)
@given(st.text())
def test_plain_text_can_always_be_seen_and_written(text):
    shown = plain(text)
    assert all(character.isprintable() or character in "\u202f\u00a0" for character in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown
    if text.isprintable():
        assert shown == text
