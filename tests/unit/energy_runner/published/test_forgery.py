# SPDX-License-Identifier: Apache-2.0
"""What an LPM01A can have written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.published.forgery import odd_digits


@given(st.lists(st.tuples(st.integers(1000, 9999), st.integers(-12, 6)), max_size=50))
def test_four_digits_are_never_odd(numbers: list[tuple[int, int]]) -> None:
    texts = [f"{mantissa}e{exponent}" for mantissa, exponent in numbers]
    assert odd_digits(np.array([float(text) for text in texts], dtype=np.float32)) == 0
    assert odd_digits(np.array([float(text) for text in texts], dtype=np.float64)) == 0


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_fifth_digit_is_odd_and_what_is_no_number_does_not_count(kind: type) -> None:
    samples = np.array([58.34, 58.341, 0.75205, 0.0, np.nan, np.inf, -152.1], dtype=kind)
    assert odd_digits(samples) == 2
    assert odd_digits(samples[:0]) == 0
