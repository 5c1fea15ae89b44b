# SPDX-License-Identifier: Apache-2.0
"""Energy in use: from what was measured to energy per day and battery life for a given duty cycle.

The DUT wakes up at a constant period, boots if it was switched off, infers once, and waits (idle, asleep or
off) until the next time. The mean power P follows from sums; a battery of usable energy E, which loses its content
at a rate λ by self-discharge, lasts ln(1 + λ E/P)/λ, which is E/P without self-discharge. Uncertainties are
carried through with analytic sensitivities (GUM, JCGM 100:2008, 5.1.2); those of the measured quantities come
from one instrument and may all have the same sign, so they are added by their amounts (5.2.2, note 1, r = +1).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from scipy.special import hyp2f1

from energy_runner.errors import ConfigurationError

DAY_S = 86_400.0
YEAR_S = 365.25 * DAY_S
COULOMB_PER_MAH = 3.6

Between = Literal["idle", "sleep", "off"]

_STATE: Mapping[str, str] = {"idle": "idle", "sleep": "asleep", "off": "off"}
_LEAST_W = 1e-15
_LARGEST = 1e15  # of any quantity, in its unit


@dataclass(frozen=True)
class Quantity:
    """A value with its standard uncertainty, in the same unit."""

    value: float
    u: float = 0.0

    @property
    def relative_u(self) -> float:
        """Return the relative standard uncertainty; infinite for a value of zero that is uncertain."""
        return self.u / abs(self.value) if self.value else (math.inf if self.u else 0.0)


@dataclass(frozen=True)
class DutyCycle:
    """How the DUT is used: one inference every `period_s`; in between it is `between`.

    `rest_w` is what it draws between inferences, in watt. With a boot for each inference, `boot_j` is spent
    within `boot_s` every time.
    """

    inference_j: Quantity
    inference_s: Quantity
    period_s: Quantity
    between: Between
    rest_w: Quantity
    boot_j: Quantity = Quantity(0.0)
    boot_s: Quantity = Quantity(0.0)


@dataclass(frozen=True)
class Battery:
    """A battery. `usable` is the share of the capacity that the DUT can draw before the voltage is too low.

    `efficiency` is that of a converter between battery and DUT; `self_discharge_per_year` is the share of the
    content that is lost in a year.
    """

    capacity_mah: Quantity
    voltage_v: Quantity
    usable: Quantity = Quantity(1.0)
    efficiency: Quantity = Quantity(1.0)
    self_discharge_per_year: Quantity = Quantity(0.0)


@dataclass(frozen=True)
class Contribution:
    """By how much one input makes an output uncertain: |sensitivity| · u, in the output's unit."""

    name: str
    amount: float


@dataclass(frozen=True)
class Use:
    """The figures of a duty cycle.

    `shares` says what the energy of a cycle is spent on. `life_s` is None without a battery. The contributions
    belong to the mean power and to the battery's life, the largest first. `assumptions` belong to every figure.
    """

    cycle_j: Quantity
    mean_w: Quantity
    day_j: Quantity
    shares: Mapping[str, float]
    active_share: float
    battery_j: Quantity | None
    life_s: Quantity | None
    mean_contributions: tuple[Contribution, ...]
    life_contributions: tuple[Contribution, ...]
    assumptions: tuple[str, ...] = field(default=())

    @property
    def life_days(self) -> Quantity | None:
        """Return the battery's life in days; None without a battery."""
        life = self.life_s
        return None if life is None else Quantity(life.value / DAY_S, life.u / DAY_S)


def energy_in_use(cycle: DutyCycle, battery: Battery | None = None) -> Use:
    """Return energy per day and, with a battery, its life.

    Raises `ConfigurationError` for impossible input: an inference (with its boot) longer than the period, a
    negative or infinite quantity, a share above one.
    """
    _check_cycle(cycle)
    period_s = cycle.period_s.value
    rest_s = period_s - cycle.inference_s.value - cycle.boot_s.value
    spent = {
        "inference": cycle.inference_j.value,
        "boot": cycle.boot_j.value,
        cycle.between: cycle.rest_w.value * rest_s,
    }
    cycle_j = sum(spent.values())
    mean_w = cycle_j / period_s
    if not _LEAST_W <= mean_w <= 1 / _LEAST_W:
        raise ConfigurationError(f"a mean power of {mean_w:.3g} W is beyond all reason")
    rest_w = cycle.rest_w.value
    # Sensitivities of the energy of a cycle; a longer inference takes its time from the rest.
    of_cycle = {
        "energy of an inference": (1.0, cycle.inference_j.u),
        "duration of an inference": (-rest_w, cycle.inference_s.u),
        f"power while {_STATE[cycle.between]}": (rest_s, cycle.rest_w.u),
        "energy of a boot": (1.0, cycle.boot_j.u),
        "duration of a boot": (-rest_w, cycle.boot_s.u),
        "period": (rest_w, cycle.period_s.u),
    }
    of_mean = {name: (c / period_s, u) for name, (c, u) in of_cycle.items()}
    of_mean["period"] = ((rest_w - mean_w) / period_s, cycle.period_s.u)
    mean = Quantity(mean_w, _combined(of_mean))
    battery_j, life_s, of_life = (None, None, {}) if battery is None else _life(battery, mean_w, of_mean)
    return Use(
        cycle_j=Quantity(cycle_j, _combined(of_cycle)),
        mean_w=mean,
        day_j=Quantity(mean.value * DAY_S, mean.u * DAY_S),
        shares={name: energy_j / cycle_j for name, energy_j in spent.items()},
        active_share=(cycle.inference_s.value + cycle.boot_s.value) / period_s,
        battery_j=battery_j,
        life_s=life_s,
        mean_contributions=_contributions(of_mean),
        life_contributions=_contributions(of_life),
        assumptions=_assumptions(cycle, battery),
    )


_Sensitivities = dict[str, tuple[float, float]]  # name: sensitivity, standard uncertainty
_MEASURED = ("energy of an inference", "power while", "energy of a boot")


def _combined(terms: _Sensitivities) -> float:
    """Return the combined standard uncertainty: measured quantities added, all others independent."""
    measured = sum(c * u for name, (c, u) in terms.items() if name.startswith(_MEASURED))
    others = sum((c * u) ** 2 for name, (c, u) in terms.items() if not name.startswith(_MEASURED))
    return math.sqrt(measured**2 + others)


def _contributions(terms: _Sensitivities) -> tuple[Contribution, ...]:
    found = [Contribution(name, abs(c * u)) for name, (c, u) in terms.items() if c * u != 0.0]
    return tuple(sorted(found, key=lambda contribution: (-contribution.amount, contribution.name)))


def _life(battery: Battery, mean_w: float, of_mean: _Sensitivities) -> tuple[Quantity, Quantity, _Sensitivities]:
    """Return usable energy and life of a battery, and what makes the life uncertain."""
    check_battery(battery)
    parts = {
        "battery capacity": battery.capacity_mah,
        "battery voltage": battery.voltage_v,
        "usable share": battery.usable,
        "efficiency": battery.efficiency,
    }
    energy_j = COULOMB_PER_MAH * math.prod(part.value for part in parts.values())
    relative_u = math.sqrt(sum(part.relative_u**2 for part in parts.values()))
    lost = battery.self_discharge_per_year
    rate = -math.log1p(-lost.value) / YEAR_S  # λ, per second
    x = rate * energy_j / mean_w
    shape, slope = _shape(x)
    life_s = energy_j / mean_w * shape
    by_energy = 1 / (mean_w + rate * energy_j)
    by_power = -energy_j / mean_w * by_energy
    by_rate = (energy_j / mean_w) ** 2 * slope
    terms: _Sensitivities = {name: (by_power * c, u) for name, (c, u) in of_mean.items()}
    for name, part in parts.items():
        terms[name] = (by_energy * energy_j / part.value, part.u)
    terms["self-discharge"] = (by_rate / ((1 - lost.value) * YEAR_S), lost.u)
    return Quantity(energy_j, energy_j * relative_u), Quantity(life_s, _combined(terms)), terms


def _shape(x: float) -> tuple[float, float]:
    """Return ln(1 + x)/x and its derivative.

    Below 1 both are taken as Gauss's hypergeometric function (M. Abramowitz, I. Stegun, Handbook of Mathematical
    Functions, 1964, 15.1.3): the closed form of the derivative loses its digits there. Above, hyp2f1 does.
    """
    if x < 1:
        return float(hyp2f1(1, 1, 2, -x)), -0.5 * float(hyp2f1(2, 2, 3, -x))
    return math.log1p(x) / x, (x / (1 + x) - math.log1p(x)) / (x * x)


# --- impossible input -----------------------------------------------------------------------------------


def _check_cycle(cycle: DutyCycle) -> None:
    for item in fields(cycle):
        quantity = getattr(cycle, item.name)
        if isinstance(quantity, Quantity):
            _check(item.name, quantity, 0.0, _LARGEST)
    if not cycle.period_s.value > 0:
        raise ConfigurationError("the period between two inferences must be longer than zero")
    if cycle.between == "off" and not cycle.boot_s.value > 0:
        raise ConfigurationError("a DUT that is off between inferences must boot for each; how long does it take?")
    busy_s = cycle.inference_s.value + cycle.boot_s.value
    if busy_s > cycle.period_s.value:
        what = "an inference and its boot take" if cycle.boot_s.value else "an inference takes"
        raise ConfigurationError(
            f"{what} {busy_s:.6g} s, longer than the period of {cycle.period_s.value:.6g} s between two of them. "
            f"Try: at most {3600 / busy_s:.6g} inferences an hour"
        )


def check_battery(battery: Battery) -> None:
    """Raise `ConfigurationError` for a battery that cannot be."""
    for item in fields(battery):
        share = item.name in ("usable", "efficiency", "self_discharge_per_year")
        _check(item.name, getattr(battery, item.name), 0.0, 1.0 if share else _LARGEST)
    for name in ("capacity_mah", "voltage_v", "usable", "efficiency"):
        if not getattr(battery, name).value > 0:
            raise ConfigurationError(f"{_words(name)} of a battery must be greater than zero")
    if battery.self_discharge_per_year.value == 1.0:
        raise ConfigurationError(
            "self discharge per year must be less than 1: such a battery loses all of its charge by itself"
        )


def _check(name: str, quantity: Quantity, least: float, most: float) -> None:
    if not least <= quantity.value <= most:
        limits = f"from {least:g} to {most:g}" if most < _LARGEST else f"{least:g} or more"
        raise ConfigurationError(f"{_words(name)} must be {limits}, not {quantity.value:g}")
    if not 0 <= quantity.u <= _LARGEST:
        raise ConfigurationError(f"{_words(name)}: its standard uncertainty cannot be {quantity.u:g}")


def _words(name: str) -> str:
    stem, _, unit = name.rpartition("_")
    named = {"j": "J", "s": "s", "w": "W", "v": "V", "mah": "mAh"}
    return f"{stem.replace('_', ' ')} ({named[unit]})" if unit in named else name.replace("_", " ")


def _assumptions(cycle: DutyCycle, battery: Battery | None) -> tuple[str, ...]:
    found = [
        "every inference takes the energy and the time that were measured, at the same voltage and temperature",
        f"between two inferences the DUT is {_STATE[cycle.between]}, at a constant {cycle.rest_w.value:.6g} W",
        "the errors of all measured energies and powers may have the same sign: they were added by their amounts",
    ]
    if cycle.boot_j.value or cycle.boot_s.value:
        boot = f"{cycle.boot_j.value:.6g} J in {cycle.boot_s.value:.6g} s"
        found.append(f"the DUT boots before every inference: {boot}")
    else:
        found.append("going to rest and waking up take neither time nor energy")
    if battery is not None:
        found += [
            "the battery gives its capacity at its nominal voltage, whatever load, temperature and age",
            "the DUT takes the same energy at every voltage of the battery"
            if battery.efficiency.value == 1.0 and not battery.efficiency.u
            else f"a converter passes on {battery.efficiency.value:.4g} of the battery's energy at every load",
        ]
        lost = battery.self_discharge_per_year.value
        found.append(
            f"by itself the battery loses {lost:.4g} of what is in it each year"
            if lost
            else "the battery loses nothing by itself"
        )
    return tuple(found)
