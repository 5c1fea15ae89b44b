# SPDX-License-Identifier: Apache-2.0
"""The metadata of a PPK2 and the currents that follow from them."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.ppk2.calibration import (
    DEFAULTS,
    Metadata,
    check_same,
    current_table,
    currents,
    has_ended,
    parse_metadata,
)
from instruments.errors import ProtocolViolation
from tests.support.ppk2_bench import words

REPLY = (
    b"Calibrated: 0\nR0: 1003.3506\nR1: 101.5865\nR2: 0.0000\nR3: -nan\nR4: 0.0430\nGS0: 1.5\n"
    b"GS1: -nan\nGI0: 0.98\n"
    b"O0: 137.25\nO3: -nan\nS0: 0.000000048\nI0: -0.000000104\nUG0: 1.01\nUG1: 0.0\nVDD: 3300\n"
    b"HW: 9173\nmode: 2\nIA: 56\nEND\n"
)


def test_coefficients_are_those_stated_and_otherwise_the_defaults():
    found = parse_metadata(REPLY)
    assert found.coefficients["R"] == (1003.3506, 101.5865, DEFAULTS["R"][2], DEFAULTS["R"][3], 0.0430)
    assert found.coefficients["GS"] == (1.5, 1.0, 1.0, 1.0, 1.0)
    assert found.coefficients["UG"] == (1.01, 1.0, 1.0, 1.0, 1.0)
    assert found.coefficients["O"] == (137.25, 0.0, 0.0, 0.0, 0.0)
    assert {"R2", "R3", "GS1", "O3", "UG1"} <= set(found.assumed)
    assert not {"R0", "GI0", "S0"} & set(found.assumed)
    assert (found.number("VDD"), found.number("mode"), found.number("nothing")) == (3300.0, 2.0, None)


@pytest.mark.parametrize("reply", [b"", b"END", b"VDD: 3300\nEND\n", REPLY.replace(b"END", b""), b"\x12\xff" * 40])
def test_what_is_no_metadata_is_refused(reply):
    with pytest.raises(ProtocolViolation, match="metadata of a PPK2"):
        parse_metadata(reply)


@given(st.binary(max_size=300))
def test_random_bytes_are_metadata_or_a_violation(data):
    try:
        found = parse_metadata(data)
    except ProtocolViolation:
        return
    assert all(math.isfinite(value) for row in found.coefficients.values() for value in row)


def stating(**values: str) -> bytes:
    """Return the reply with some values changed, or added at its end."""
    reply = REPLY
    for key, value in values.items():
        line = f"{key}: {value}\n".encode()
        known = re.search(rf"(?m)^{key}: .*\n".encode(), reply)
        reply = reply.replace(known[0], line) if known else reply.replace(b"END", line + b"END")
    return reply


@pytest.mark.parametrize(
    "values",
    [
        {"R0": "-1003.35"},
        {"R0": "100.33506"},  # a digit was lost
        {"R1": "1e300"},
        {"R1": "1e-300"},
        {"R4": "0.43"},
        {"GI2": "-1.0"},
        {"GI2": "10"},
        {"GS3": "-500"},
        {"GS3": "1e308"},
        {"UG0": "-1.01"},
        {"UG0": "1e30"},
        {"O0": "1e9"},
        {"O0": "-60000"},
        {"S0": "0.000048"},
        {"I0": "-0.000104"},
        {"I4": "9.0"},
        {"VDD": "-1"},
        {"VDD": "1e308"},
    ],
    ids=str,
)
def test_a_calibration_with_which_a_range_measures_nonsense_is_a_violation(values):
    with pytest.raises(ProtocolViolation, match=rf"{next(iter(values))} (is )?-?[0-9.e+]+"):
        parse_metadata(stating(**values))


@pytest.mark.parametrize(
    "values",
    [
        # Of the size that published units have.
        {"R4": "0.056", "GS4": "0.07", "GI4": "0.96", "O4": "87", "S4": "0.0029", "I4": "-0.0094"},
        {"R2": "10.3", "GS2": "18", "GI2": "0.96", "O2": "65", "S2": "0.0000053", "I2": "0.000036"},
        {"R1": "101.6", "GS1": "113", "GI1": "0.97", "O1": "75", "S1": "0.0000006", "I1": "-0.0000014"},
        {"VDD": "3741"},
    ],
    ids=str,
)
def test_a_calibration_as_units_have_it_is_taken(values):
    found = parse_metadata(stating(**values))
    assert all(found.text[key.lower()] == value for key, value in values.items())


def test_what_is_stated_twice_must_be_the_same():
    assert parse_metadata(REPLY.replace(b"END", b"R0: 1003.3506\nEND")).coefficients["R"][0] == 1003.3506
    with pytest.raises(ProtocolViolation, match=r"R0 is '1003\.3506' in it, and also '1031\.0'"):
        parse_metadata(REPLY.replace(b"END", b"R0: 1031.0\nEND"))


@pytest.mark.parametrize("value", ["1_003.3506", "0x10", "1003.3506A", "inf", "1,5"])
def test_what_is_no_decimal_number_is_not_stated(value):
    assert "R0" in parse_metadata(stating(R0=value)).assumed


def test_the_end_is_a_line_of_its_own():
    name = b"Name: SPENDER\n"
    assert not has_ended(name)
    assert has_ended(name + b"END")
    assert has_ended(name + b"END\r\n")
    with pytest.raises(ProtocolViolation, match="it sent"):
        parse_metadata(name + REPLY.replace(b"END", b""))


def test_two_readings_of_one_calibration_are_the_same():
    first = parse_metadata(REPLY)
    check_same(first, parse_metadata(stating(VDD="3000", mode="1")))
    with pytest.raises(ProtocolViolation, match=r"GI0 was 0\.98 at first, and now is 0\.97"):
        check_same(first, parse_metadata(stating(GI0="0.97")))


@pytest.mark.parametrize("scale", range(5))
@pytest.mark.parametrize("adc", [0, 1, 4000, 16383])
def test_the_table_is_the_formula_of_nordics_app(scale, adc):
    found = parse_metadata(REPLY)
    r, gs, gi, o, s, i, ug = (found.coefficients[name][scale] for name in ("R", "GS", "GI", "O", "S", "I", "UG"))
    x = (adc * 4 - o) * (1.8 / 163840 / r)
    expected = ug * (x * (gs * x + gi) + (s * 3.3 + i))
    got = currents(words(3, adc=adc, scale=scale), current_table(found, 3.3))
    assert got.dtype == np.float32
    assert got.tolist() == pytest.approx([expected] * 3, rel=1e-6)


@pytest.mark.parametrize("scale", [5, 6, 7])
def test_a_range_that_there_is_not_has_no_current(scale):
    assert np.isnan(currents(words(2, scale=scale), current_table(Metadata(), 3.0))).all()
