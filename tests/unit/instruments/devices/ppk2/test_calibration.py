# SPDX-License-Identifier: Apache-2.0
"""The metadata of a PPK2 and the currents that follow from them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.ppk2.calibration import (
    DEFAULTS,
    Metadata,
    current_table,
    currents,
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
