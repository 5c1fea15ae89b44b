# SPDX-License-Identifier: Apache-2.0
"""What every thermometer has in common: what can be a temperature, and how well it is known."""

import math
import re

from pydantic import BaseModel, ConfigDict, Field

from instruments.errors import ProtocolViolation, shown
from instruments.roles import Temperature

LOWEST_C, HIGHEST_C = -60.0, 150.0  # no bench is colder or hotter, and what a broken probe reads lies far beyond
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
# What stands for no reading of the usual probe: DEVICE_DISCONNECTED_C of the Arduino library DallasTemperature,
# and a DS18B20's register before its first conversion (Maxim 19-7487, "Operation: measuring temperature").
NO_PROBE_C, NOT_CONVERTED_C = -127.0, 85.0
COMMA = "a comma that begins either the decimals or another value"
_ZERO_K = -273.15


class ThermometerOptions(BaseModel):
    """Options of every thermometer.

    `accuracy_k` is the limit of its error as its document or certificate states it, ± so many kelvin; it counts as
    a rectangular distribution (JCGM 100:2008, 4.3.7). Without it the uncertainty is not known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    accuracy_k: float | None = Field(
        default=None,
        gt=0.0,
        le=50.0,
        description="limit of its error, ± K; without it the uncertainty is not known",
    )


def in_celsius(value: float, unit: str) -> float:
    """Return a temperature in `unit` (C, F or K) in °C."""
    return {"C": value, "F": (value - 32.0) / 1.8, "K": value + _ZERO_K}[unit]


def splits_at_comma(text: str, rest: str) -> bool:
    """Return whether `text` is a whole number before a comma and a digit: 23,5 is 23.5 °C, or 23 °C and a 5."""
    return re.fullmatch(r"[-+]?[0-9]+", text) is not None and re.match(r",[0-9]", rest) is not None


def check_probe(asked: str, value_c: float, said: str) -> None:
    """Raise `ProtocolViolation` for the two values of a DS18B20 (°C) that mean that there is no reading."""
    if value_c in (NO_PROBE_C, NOT_CONVERTED_C):
        why = "the probe is not there" if value_c == NO_PROBE_C else "the probe has not measured yet"
        raise ProtocolViolation(
            asked, f"{shown(said)}: {why} (DS18B20)", "check the probe, its pull-up and its power"
        )


def checked(asked: str, value_c: float, said: str, options: ThermometerOptions) -> Temperature:
    """Return `value_c` (°C) with its u; raise `ProtocolViolation` if `said`, the answer, can be no temperature."""
    if not math.isfinite(value_c) or not LOWEST_C <= value_c <= HIGHEST_C:
        raise ProtocolViolation(
            asked,
            f"{shown(said)} is no temperature of a bench ({LOWEST_C:g} to {HIGHEST_C:g} °C)",
            "check the probe, its cable and the unit",
        )
    limit_k = options.accuracy_k
    return Temperature(value_c, None if limit_k is None else limit_k / math.sqrt(3.0))
