# SPDX-License-Identifier: Apache-2.0
"""Units as trace files and people write them; nothing is guessed from a number's size."""

import re
from typing import Literal

from energy_runner.traces.model import UNITS, SignalName

Quantity = Literal["time", "current", "voltage", "power", "energy", "logic"]

_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "p": 1e-12}
_BASES: dict[str, Quantity] = {"s": "time", "A": "current", "V": "voltage", "W": "power", "J": "energy"}
_WORDS: dict[str, tuple[Quantity, float]] = {
    "sec": ("time", 1.0),
    "second": ("time", 1.0),
    "seconds": ("time", 1.0),
    "amp": ("current", 1.0),
    "amps": ("current", 1.0),
    "ampere": ("current", 1.0),
    "volt": ("voltage", 1.0),
    "volts": ("voltage", 1.0),
    "watt": ("power", 1.0),
    "watts": ("power", 1.0),
    "joule": ("energy", 1.0),
    "digital": ("logic", 1.0),
    "logic": ("logic", 1.0),
}
_UNIT = re.compile(r"([kmunpµμ]?)([sAVWJ])")
_RATE = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([kMG]?)(?:i?Hz|S/s|Sps)?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[(\[{]\s*([^()\[\]{}]{1,20}?)\s*[)\]}]")
_AT_THE_END = re.compile(r"(?:^|[_ ./-])([kmunpµμ]?[sAVWJ])$")
# One letter at the end may be a name (`Channel A`, `port_V`): it is a unit where what is before it says of what.
_NAMED: dict[Quantity, re.Pattern[str]] = {
    "time": re.compile(r"(?:^|[\W_])(?:t|ts|time|timestamp|elapsed|seconds)(?=[\W_]|$)", re.IGNORECASE),
    "current": re.compile(r"(?:^|[\W_])(?:i|curr|current|amps|isense)(?=[\W_]|$)", re.IGNORECASE),
    "voltage": re.compile(r"(?:^|[\W_])(?:v|u|volt|volts|voltage|vcc|vdd|vin|vbus)(?=[\W_]|$)", re.IGNORECASE),
    "power": re.compile(r"(?:^|[\W_])(?:p|power|watts)(?=[\W_]|$)", re.IGNORECASE),
    "energy": re.compile(r"(?:^|[\W_])(?:e|energy|joules)(?=[\W_]|$)", re.IGNORECASE),
}
UNITS_TOLD = (
    "s",
    "ms",
    "us",
    "ns",
    "A",
    "mA",
    "uA",
    "nA",
    "V",
    "mV",
    "W",
    "mW",
    "uW",
    "J",
    "mJ",
    "uJ",
    "nJ",
    "logic",
)
KNOWN = f"{', '.join(UNITS_TOLD[:-1])} or {UNITS_TOLD[-1]}"


def parse_unit(text: str) -> tuple[Quantity, float] | None:
    """Return the quantity of a unit, and the factor to SI; None for a text that is no unit."""
    text = text.strip()
    match = _UNIT.fullmatch(text)
    if match is not None:
        return _BASES[match[2]], _PREFIXES[match[1]]
    return _WORDS.get(text.lower())


def unit_in_name(name: str) -> tuple[Quantity, float] | None:
    """Return the unit that the name of a column states: `Current (uA)`, `V[mV]`, `current_uA`; None if none."""
    for found in _IN_BRACKETS.findall(name):
        unit = parse_unit(found)
        if unit is not None:
            return unit
    match = _AT_THE_END.search(name.strip())
    unit = parse_unit(match[1]) if match is not None else None
    if match is None or unit is None or len(match[1]) > 1:
        return unit
    before = name.strip()[: match.start(1)]
    return unit if not before or _NAMED[unit[0]].search(before) is not None else None


def parse_rate(text: str) -> float | None:
    """Return a rate in hertz: `1000`, `1 kHz`, `100 MHz`; None for anything else."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        return None
    prefix = match[2]
    factor = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "G": 1e9, "g": 1e9}[prefix]
    try:
        value = float(match[1]) * factor
    except ValueError:
        return None
    return value if 0 < value < 1e12 else None


def as_signal(quantity: Quantity) -> SignalName | None:
    """Return the signal of a quantity; None for time and logic."""
    return quantity if quantity in UNITS else None  # type: ignore[return-value]
