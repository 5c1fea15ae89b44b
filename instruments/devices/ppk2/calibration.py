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

from instruments.devices.ppk2.dialect import LAST_RESORT, LIMITS
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
_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?")
_END_LINE = re.compile(rb"(?m)^\s*END\s*$")
# A current in each range (A), about a quarter of where it ends. A unit's own coefficients may differ from the
# defaults: of a reading that is this by the default resistor they may make half of it to the double, and of a
# reading of 0 no more than this.
_IN_RANGE_A = (12e-6, 120e-6, 1.2e-3, 15e-3, 0.25)
_LEAST, _MOST = 0.5, 2.0
_VDD_MV = (0.0, 10_000.0)

_ASKED = "read the metadata of a PPK2"

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
    """Return the metadata.

    Raises `ProtocolViolation` for a reply without any coefficient or without its end, for one that states anything
    twice and differently, and for coefficients with which a range would not measure what it is for.
    """
    found: dict[str, str] = {}
    for line in map(str.strip, reply.decode("latin-1").split("\n")):
        match = _LINE.fullmatch(line)
        if match and found.setdefault(match[1].lower(), match[2]) != match[2]:
            raise _violation(f"{match[1]} is {found[match[1].lower()]!r} in it, and also {match[2]!r}")
    keys = [f"{name}{i}" for name in DEFAULTS for i in range(RANGES)]
    if not has_ended(reply) or not any(key.lower() in found for key in keys):
        came, advice = f"it sent {shown(reply)}", "check that the port is a PPK2's, its first one"
        raise ProtocolViolation(_ASKED, came, advice)
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
    metadata = Metadata(found, values, tuple(assumed))
    _check_plausible(metadata)
    return metadata


def has_ended(reply: bytes) -> bool:
    """Return whether a reply has come to its end: `END` in a line of its own."""
    return _END_LINE.search(reply) is not None


def check_same(before: Metadata, now: Metadata) -> None:
    """Raise `ProtocolViolation` where two readings of one calibration differ: one was mangled in transit."""
    for name, row in now.coefficients.items():
        for i, (was, value) in enumerate(zip(before.coefficients[name], row, strict=True)):
            if was != value:
                raise _violation(f"{name}{i} was {was:g} at first, and now is {value:g}")


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


def _check_plausible(metadata: Metadata) -> None:
    vdd_mv = metadata.number("VDD")
    if vdd_mv is not None and not _VDD_MV[0] <= vdd_mv <= _VDD_MV[1]:
        raise _violation(f"VDD is {vdd_mv:g} mV in it")
    with np.errstate(all="ignore"):  # of nonsense, anything may become
        table = current_table(metadata, LIMITS.voltage_max_v).astype(np.float64).reshape(8, -1)
        for i, wanted_a in enumerate(_IN_RANGE_A):
            reading = round(wanted_a * DEFAULTS["R"][i] / ADC_V / ADC_FACTOR)
            rises = bool(np.all(np.diff(table[i, : 2 * reading]) > 0.0))
            makes_a, of_nothing_a = float(table[i, reading]), float(table[i, 0])
            if rises and _LEAST * wanted_a <= makes_a <= _MOST * wanted_a and abs(of_nothing_a) <= wanted_a:
                continue
            stated = ", ".join(f"{name}{i} {row[i]:g}" for name, row in metadata.coefficients.items())
            is_a = f"a reading of {wanted_a:g} A is {makes_a:g} A, and one of 0 is {of_nothing_a:g} A"
            raise _violation(f"with {stated}, {is_a}")


def _violation(came: str) -> ProtocolViolation:
    return ProtocolViolation(_ASKED, came, f"start again, {LAST_RESORT}, or have it calibrated anew")


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):  # Python also takes 1_000 for a number
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
