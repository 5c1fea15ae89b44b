# SPDX-License-Identifier: Apache-2.0
"""Figures are written with every digit, and read back as they were."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.submission.figures import digits


@given(st.floats(min_value=0.0, allow_nan=False, allow_infinity=False))
def test_digits_read_back_exactly(value):
    text = digits(value)
    assert re.fullmatch(r"\d+\.\d+", text)
    assert float(text) == value
    moved = digits(value, 6)
    assert re.fullmatch(r"\d+\.\d+", moved)
    assert float(moved) == pytest.approx(value * 1e6, rel=1e-15)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_what_has_no_digits_is_refused(value):
    with pytest.raises(ValueError, match="digits"):
        digits(value)
