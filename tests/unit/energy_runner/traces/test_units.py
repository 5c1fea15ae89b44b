# SPDX-License-Identifier: Apache-2.0
"""Units as files and people write them; what is no unit is not taken for one."""

import pytest

from energy_runner.traces.units import parse_rate, parse_unit, unit_in_name


@pytest.mark.parametrize(
    ("text", "quantity", "factor"),
    [
        ("s", "time", 1.0),
        ("ms", "time", 1e-3),
        ("us", "time", 1e-6),
        ("µs", "time", 1e-6),
        ("ns", "time", 1e-9),
        ("A", "current", 1.0),
        ("mA", "current", 1e-3),
        ("uA", "current", 1e-6),
        ("μA", "current", 1e-6),
        ("nA", "current", 1e-9),
        ("mV", "voltage", 1e-3),
        ("uW", "power", 1e-6),
        ("mJ", "energy", 1e-3),
        (" Seconds ", "time", 1.0),
        ("Digital", "logic", 1.0),
    ],
)
def test_units(text: str, quantity: str, factor: float) -> None:
    assert parse_unit(text) == (quantity, factor)


@pytest.mark.parametrize("text", ["", "a", "MA", "ma", "mAh", "Ohm", "%", "S", "kHz", "m", "u"])
def test_what_is_no_unit(text: str) -> None:
    assert parse_unit(text) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Current (uA)", ("current", 1e-6)),
        ("Timestamp(ms)", ("time", 1e-3)),
        ("V[mV]", ("voltage", 1e-3)),
        ("Main current - board (A)", ("current", 1.0)),
        ("power_uW", ("power", 1e-6)),
        ("t (1) (s)", ("time", 1.0)),
        ("current", None),
        ("D0-D7", None),
        ("channels", None),
        ("Time", None),
        ("rate (Hz)", None),
        ("current_A", ("current", 1.0)),
        ("t_s", ("time", 1.0)),
        ("Time s", ("time", 1.0)),
        ("main_voltage_V", ("voltage", 1.0)),
        ("V", ("voltage", 1.0)),
        ("Channel A", None),
        ("channel_A", None),
        ("Port V", None),
        ("class s", None),
        ("plan-A", None),
        ("GPIO_A", None),
    ],
)
def test_units_in_names(name: str, unit: object) -> None:
    assert unit_in_name(name) == unit


@pytest.mark.parametrize(
    ("text", "rate_hz"),
    [("1000", 1e3), ("1 kHz", 1e3), ("100 MHz", 1e8), ("2.5e3 Hz", 2500.0), ("500 kS/s", 5e5), ("x", None),
     ("0", None), ("-1", None), ("1 kHz!", None), ("1e99", None)],
)  # fmt: skip
def test_rates(text: str, rate_hz: float | None) -> None:
    assert parse_rate(text) == rate_hz
