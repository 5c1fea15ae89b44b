# SPDX-License-Identifier: Apache-2.0
"""What a DMM7510 says of its digitizer: any answer is a rate and a kind, or a violation."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.dmm7510.protocol import kind, period_s
from instruments.errors import ProtocolViolation


def test_rates() -> None:
    assert period_s("1000") == 1e-3
    assert period_s(" 1.000000E+06 ") == 1e-6


@pytest.mark.parametrize("answer", ["0", "999", "1000001", "-10000", "AUTO", "", "9.9E37"])
def test_what_is_no_rate_of_this_model(answer: str) -> None:
    with pytest.raises(ProtocolViolation):
        period_s(answer)


@pytest.mark.parametrize(
    ("aperture", "period", "told"),
    [
        ("AUTO", 1e-4, "mean"),
        ("1.000000E-04", 1e-4, "mean"),
        ("1E-6", 1e-6, "mean"),
        ("1.400000E-05", 1 / 70e3, "mean"),  # whole microseconds: 14 of 14.29
        ("1E-6", 1e-4, "instant"),
        ("9.9E-5", 1e-4, "instant"),
        ("5E-5", 1e-4, "instant"),
    ],
)
def test_a_reading_is_a_mean_only_if_its_aperture_fills_the_period(aperture, period: float, told: str) -> None:
    assert kind(aperture, period) == told


@given(st.text(max_size=12) | st.text("0123456789.eE+-AUTO", max_size=8))
def test_any_answer_is_understood_or_a_violation(answer: str) -> None:
    with suppress(ProtocolViolation):
        assert kind(answer, 1e-4) in ("mean", "instant")
    with suppress(ProtocolViolation):
        assert 1e-6 <= period_s(answer) <= 1e-3
