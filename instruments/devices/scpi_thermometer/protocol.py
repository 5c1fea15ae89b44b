# SPDX-License-Identifier: Apache-2.0
"""The answer of a SCPI instrument to a query for a temperature.

Most answer one number (`+2.31250000E+01`), some a number and a unit (`23.125,C`). Without a valid reading they say
9.9E37, which is "overload" or "not a number" in SCPI-1999, volume 1, 7.2.1, or `0.0,OL` (Fluke 1551A/1552A, remote
communications, FETC?).
"""

import re

from instruments.errors import ProtocolViolation, shown
from instruments.thermometry import COMMA, NUMBER, splits_at_comma

QUERY = re.compile(r"[ -~]{1,99}\?[ -~]{0,99}")  # one line, with a question mark
_UNITS = {"C": "C", "CEL": "C", "F": "F", "FAR": "F", "K": "K"}
_NO_READING = 9.8e37


def parse_reading(asked: str, line: str, unit: str) -> tuple[float, str]:
    """Return the number in an answer and its unit (C, F or K), which is `unit` where the answer names none.

    Raises `ProtocolViolation` for an overload, an answer without a number, and a unit other than the one expected.
    """
    first, *rest = [part.strip() for part in line.split(",")]
    if not NUMBER.fullmatch(first):
        raise ProtocolViolation(asked, f"{shown(line)} is no number", "options.query: the instrument's manual")
    numbers = [part for part in rest if NUMBER.fullmatch(part)]
    if len(numbers) == 1 and splits_at_comma(first, f",{numbers[0]}"):
        raise ProtocolViolation(
            asked, f"{shown(line)}: {COMMA}", "set the instrument's number format to a decimal point"
        )
    said = next((part.upper() for part in rest if part and not NUMBER.fullmatch(part)), "")
    if abs(float(first)) >= _NO_READING or said in ("OL", "OVER", "OPEN"):
        raise ProtocolViolation(asked, f"{shown(line)}: it has no valid reading", "check the probe and its cable")
    if said and _UNITS.get(said, said) != unit:
        raise ProtocolViolation(
            asked, f"{shown(line)} is not in {unit}", "options.unit, or the instrument's setting"
        )
    return float(first), unit
