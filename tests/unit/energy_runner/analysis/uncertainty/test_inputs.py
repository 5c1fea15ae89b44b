# SPDX-License-Identifier: Apache-2.0
"""What a journal may state about an instrument, and what holds where it says nothing."""

import pytest
from pydantic import ValidationError

from energy_runner.analysis.uncertainty.inputs import Conditions, Limits, Point

CALIBRATED = {
    "quantity": "current",
    "unit": "A",
    "low": 0.0,
    "high": 1.0,
    "value": 0.5,
    "correction": 1e-4,
    "U": 1e-5,
}


def test_a_coverage_factor_beyond_ten_is_a_mistake() -> None:
    assert Point.model_validate({**CALIBRATED, "k": 10.0}).u == pytest.approx(1e-6)
    with pytest.raises(ValidationError):
        Point.model_validate({**CALIBRATED, "k": 10.5})


def test_nothing_is_taken_for_granted_about_a_session() -> None:
    nothing = Conditions(Limits.model_validate({}), ("current",), 3.0)
    assert (nothing.laps, nothing.clock_off, nothing.host_limit) == (0, 0.0, 0.0)
    assert nothing.virtual is nothing.tied_by_host is nothing.unwitnessed is nothing.voltage_of_another is False
