# SPDX-License-Identifier: Apache-2.0
"""The calibration of one PPK2, as its metadata state it, and the currents that follow from it.

The reply to the metadata command is text, `KEY: VALUE` lines and `END`, and comes in pieces of any size. Keys in
use: R, GS, GI, O, S, I and UG with the number of the range, VDD (mV), mode (1 ampere meter, 2 source), HW,
Calibrated. A value may be `-nan`, and R may be 0 on some units: then the default of Nordic's app holds
(pc-nrfconnect-ppk, `src/device/serialDevice.ts`, `parseMeta` and `getAdcResult`).
"""

import math
import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from instruments.devices.ppk2.protocol import ADC_MASK, RANGE_SHIFT, RANGES, Words
from instruments.errors import ProtocolViolation, shown

END = b"END"
MAX_METADATA_BYTES = 8192
# Defaults for each range. A factor of 0, or no number, means "not stated".
DEFAULTS = {
    "R": (1031.64, 101.65, 10.15, 0.94, 0.043),
    "GS": (1.0,) * RANGES,
    "GI": (1.0,) * RANGES,
    "O": (0.0,) * RANGES,
    "S": (0.0,) * RANGES,
    "I": (0.0,) * RANGES,
    "UG": (1.0,) * RANGES,
}
ADC_FACTOR = 4
ADC_V = 1.8 / 163840
SATURATED = ADC_MASK
# ADC and range are the lower 17 bits of a word: every possible current fits into one table.
TABLE_MASK = (1 << (RANGE_SHIFT + 3)) - 1
_LINE = re.compile(r"([A-Za-z]+[0-9]?)\s*:\s*(\S*)")

Table = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Metadata:
    """What a PPK2 says of itself: `text` by key in lower case, `coefficients` by name and range."""

    text: dict[str, str] = field(default_factory=dict)
    coefficients: dict[str, tuple[float, ...]] = field(default_factory=lambda: dict(DEFAULTS))
    assumed: tuple[str, ...] = ()  # the coefficients that were not stated, so that the defaults hold

    def number(self, key: str) -> float | None:
        """Return a number that it states; None if it states none."""
        return _number(self.text.get(key.lower(), ""))


def parse_metadata(reply: bytes) -> Metadata:
    """Return the metadata; raise `ProtocolViolation` for a reply without any coefficient or without its end."""
    text = reply.decode("latin-1")
    found = {
        match[1].lower(): match[2] for match in map(_LINE.fullmatch, map(str.strip, text.split("\n"))) if match
    }
    keys = [f"{name}{i}" for name in DEFAULTS for i in range(RANGES)]
    if END not in reply or not any(key.lower() in found for key in keys):
        raise ProtocolViolation(
            "read the metadata of a PPK2",
            f"it sent {shown(reply)}",
            "check that the port is a PPK2's, its first one",
        )
    values, assumed = {}, []
    for name, defaults in DEFAULTS.items():
        row = []
        for i, default in enumerate(defaults):
            stated = _number(found.get(f"{name}{i}".lower(), ""))
            usable = stated is not None and (stated != 0.0 or default == 0.0)
            row.append(stated if usable and stated is not None else default)
            if not usable:
                assumed.append(f"{name}{i}")
        values[name] = tuple(row)
    return Metadata(found, values, tuple(assumed))


def current_table(metadata: Metadata, supply_v: float) -> Table:
    """Return the current (A) for each value of ADC and range, at the supply voltage set; NaN for ranges 5 to 7.

    With x = (4 ADC - O) (1.8 / 163840) / R, the current is UG (x (GS x + GI) + S V + I).
    """
    adc = np.arange(ADC_MASK + 1, dtype=np.float64) * ADC_FACTOR
    table = np.full((8, ADC_MASK + 1), np.nan)
    rows = zip(*(metadata.coefficients[name] for name in DEFAULTS), strict=True)
    for i, (r, gs, gi, o, s, offset_a, ug) in enumerate(rows):
        x = (adc - o) * (ADC_V / r)
        table[i] = ug * (x * (gs * x + gi) + s * supply_v + offset_a)
    return table.astype(np.float32).ravel()


def currents(words: Words, table: Table) -> Table:
    """Return the current (A) of each word."""
    found: Table = table[words & TABLE_MASK]
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
