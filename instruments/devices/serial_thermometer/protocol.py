# SPDX-License-Identifier: Apache-2.0
"""Lines of text with a temperature in each, as small boards with a probe print them.

Which part of a line is the temperature is a pattern in the bench file; by default it is the first number. Two
values of the usual probe are no temperatures: -127, which the Arduino library DallasTemperature returns for a
probe that is not there (DEVICE_DISCONNECTED_C), and 85, the value of a DS18B20's register before its first
conversion (Maxim 19-7487, DS18B20 data sheet, "Operation: measuring temperature").
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, shown
from instruments.thermometry import NUMBER

ANY_NUMBER = rf"({NUMBER.pattern})"
NO_PROBE_C, NOT_CONVERTED_C = -127.0, 85.0
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Reading:
    """A number that was read as a temperature, in the unit of the board, and the line it stands in."""

    value: float
    line: str


def reading_in(line: str, pattern: re.Pattern[str]) -> Reading | None:
    """Return the reading in a line; None where the pattern finds no number."""
    match = pattern.search(line[:_LONGEST_LINE])
    text = (match[1] or "").strip() if match is not None else ""
    return Reading(float(text), line) if NUMBER.fullmatch(text) else None


def check_probe(asked: str, value_c: float, line: str) -> None:
    """Raise `ProtocolViolation` for the two values that mean that there is no reading."""
    if value_c in (NO_PROBE_C, NOT_CONVERTED_C):
        why = "the probe is not there" if value_c == NO_PROBE_C else "the probe has not measured yet"
        raise ProtocolViolation(
            asked, f"{shown(line)}: {why} (DS18B20)", "check the probe, its pull-up and its power"
        )
