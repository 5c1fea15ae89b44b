# SPDX-License-Identifier: Apache-2.0
"""Energy in use at its exact limits, and the derivative of a battery's life by each property of the battery."""

import math
from dataclasses import fields, replace

import pytest

from energy_runner.analysis.use import Battery, DutyCycle, Quantity, Use, energy_in_use
from energy_runner.errors import ConfigurationError

CYCLE = DutyCycle(
    inference_j=Quantity(1.4e-3),
    inference_s=Quantity(0.05),
    period_s=Quantity(60.0),
    between="sleep",
    rest_w=Quantity(5e-6),
)
BATTERY = Battery(
    capacity_mah=Quantity(220.0),
    voltage_v=Quantity(3.0),
    usable=Quantity(0.85),
    efficiency=Quantity(0.9),
    self_discharge_per_year=Quantity(0.2),
)


def test_a_year_has_365_days_and_a_quarter() -> None:
    """ln(1 + λ E/P)/λ with half of the content lost in 31 557 600 s."""
    use = energy_in_use(CYCLE, replace(BATTERY, self_discharge_per_year=Quantity(0.5)))
    rate = math.log(2) / 31_557_600
    energy_j, mean_w = 220 * 3.6 * 3.0 * 0.85 * 0.9, (1.4e-3 + 5e-6 * 59.95) / 60
    assert use.life_s is not None
    assert use.life_s.value == pytest.approx(math.log1p(rate * energy_j / mean_w) / rate, rel=1e-12)


@pytest.mark.parametrize("name", [item.name for item in fields(Battery)])
def test_each_property_of_a_battery_moves_its_life_as_the_derivative_says(name: str) -> None:
    value = getattr(BATTERY, name).value
    u, step = 1e-3 * value, 1e-5 * value
    use = energy_in_use(CYCLE, replace(BATTERY, **{name: Quantity(value, u)}))
    lives = []
    for moved in (value + step, value - step):
        life_s = energy_in_use(CYCLE, replace(BATTERY, **{name: Quantity(moved)})).life_s
        assert life_s is not None
        lives.append(life_s.value)
    assert use.life_s is not None
    assert use.life_s.u == pytest.approx(abs(lives[0] - lives[1]) / (2 * step) * u, rel=1e-6)


def test_the_energy_of_a_battery_has_the_relative_uncertainties_of_its_factors() -> None:
    sizes = {"capacity_mah": 0.03, "voltage_v": 0.04, "usable": 0.12, "efficiency": 0.08}
    uncertain = {name: Quantity(one := getattr(BATTERY, name).value, share * one) for name, share in sizes.items()}
    use = energy_in_use(CYCLE, replace(BATTERY, **uncertain))
    assert use.battery_j is not None
    assert use.battery_j.u / use.battery_j.value == pytest.approx(math.sqrt(9 + 16 + 144 + 64) / 100, rel=1e-12)


def test_a_life_in_days_has_its_uncertainty_in_days() -> None:
    life_s, life_days = Quantity(864_000.0, 43_200.0), Quantity(10.0, 0.5)
    use: Use = replace(energy_in_use(CYCLE), life_s=life_s)
    assert use.life_days == life_days


@pytest.mark.parametrize(("value", "u", "relative"), [(-2.0, 0.1, 0.05), (0.0, 0.0, 0.0), (0.0, 0.1, math.inf)])
def test_a_relative_uncertainty_is_that_of_the_amount(value: float, u: float, relative: float) -> None:
    assert Quantity(value, u).relative_u == relative


def test_a_boot_takes_its_time_from_the_rest() -> None:
    use = energy_in_use(replace(CYCLE, rest_w=Quantity(2e-3), boot_j=Quantity(3e-3), boot_s=Quantity(10.0)))
    assert use.cycle_j.value == pytest.approx(1.4e-3 + 3e-3 + 2e-3 * (60 - 0.05 - 10), rel=1e-12)


ONE_S = replace(CYCLE, period_s=Quantity(1.0), rest_w=Quantity(0.0))
MOST_W = 1 / 1e-15


@pytest.mark.parametrize("watt", [1e-15, MOST_W])
def test_a_mean_power_on_the_limit_is_taken(watt: float) -> None:
    assert energy_in_use(replace(ONE_S, inference_j=Quantity(watt))).mean_w.value == watt


@pytest.mark.parametrize(
    "changes",
    [
        {"inference_j": Quantity(math.nextafter(1e-15, 0))},
        {"inference_j": Quantity(1e15), "period_s": Quantity(0.75)},
    ],
)
def test_a_mean_power_beyond_the_limits_is_refused(changes: dict[str, Quantity]) -> None:
    with pytest.raises(ConfigurationError, match="beyond all reason"):
        energy_in_use(replace(ONE_S, **changes))


def test_the_largest_value_and_the_largest_uncertainty_are_taken() -> None:
    use = energy_in_use(replace(CYCLE, period_s=Quantity(1e15, 1e15)))
    assert use.mean_w.value == pytest.approx(5e-6, rel=1e-9)


@pytest.mark.parametrize(
    ("period_s", "words"),
    [
        (Quantity(math.nextafter(1e15, math.inf)), r"period \(s\) must be 0 or more"),
        (Quantity(1.0, math.nextafter(1e15, math.inf)), r"period \(s\): its standard uncertainty"),
    ],
)
def test_more_than_the_largest_is_refused(period_s: Quantity, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        energy_in_use(replace(CYCLE, period_s=period_s))


@pytest.mark.parametrize(
    ("boot_j", "boot_s", "words"),
    [
        (0.0, 0.0, "going to rest and waking up take neither time nor energy"),
        (2e-3, 0.0, "the DUT boots before every inference: 0.002 J in 0 s"),
        (0.0, 0.25, "the DUT boots before every inference: 0 J in 0.25 s"),
    ],
)
def test_a_boot_of_time_or_energy_is_named(boot_j: float, boot_s: float, words: str) -> None:
    use = energy_in_use(replace(CYCLE, boot_j=Quantity(boot_j), boot_s=Quantity(boot_s)))
    assert words in use.assumptions
    assert len(use.assumptions) == 4


@pytest.mark.parametrize(
    ("efficiency", "words"),
    [
        (Quantity(1.0), "the DUT takes the same energy at every voltage of the battery"),
        (Quantity(1.0, 0.02), "a converter passes on 1 of the battery's energy at every load"),
        (Quantity(0.9), "a converter passes on 0.9 of the battery's energy at every load"),
        (Quantity(0.5), "a converter passes on 0.5 of the battery's energy at every load"),
    ],
)
def test_a_converter_is_named_where_there_is_one(efficiency: Quantity, words: str) -> None:
    assert words in energy_in_use(CYCLE, replace(BATTERY, efficiency=efficiency)).assumptions
