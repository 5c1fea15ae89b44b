# SPDX-License-Identifier: Apache-2.0
"""What can be a temperature of a bench."""

import math

import pytest

from instruments.errors import ProtocolViolation
from instruments.thermometry import ThermometerOptions, checked, in_celsius


@pytest.mark.parametrize(("value", "unit", "celsius"), [(23.0, "C", 23.0), (73.4, "F", 23.0), (296.15, "K", 23.0)])
def test_units(value, unit, celsius):
    assert in_celsius(value, unit) == pytest.approx(celsius)


@pytest.mark.parametrize("value_c", [-60.0, 0.0, 150.0])
def test_plausible(value_c):
    assert checked("read", value_c, "", ThermometerOptions()).value_c == value_c


@pytest.mark.parametrize("value_c", [-60.1, 150.1, math.nan, math.inf, 9.9e37])
def test_impossible(value_c):
    with pytest.raises(ProtocolViolation):
        checked("read", value_c, "?", ThermometerOptions())
