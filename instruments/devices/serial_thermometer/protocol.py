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
from instruments.links.lines import LineSplitter
from instruments.thermometry import NUMBER

ANY_NUMBER = rf"({NUMBER.pattern})"
NO_PROBE_C, NOT_CONVERTED_C = -127.0, 85.0
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Reading:
    """A number that was read as a temperature, in the unit of the board, and the line it stands in."""

    value: float
    line: str


class Readings:
    """Takes bytes and returns the readings in complete lines, however the bytes were divided in transit.

    Lines in which the pattern is not found are passed over: boards greet and comment. So is the first line after
    `clear(mid_line=True)`: its beginning may be missing, and the rest of `T=23.06` would be a wrong number.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._lines = LineSplitter()
        self._mid_line = True

    def clear(self, *, mid_line: bool) -> None:
        """Drop an incomplete line; `mid_line` says whether the next bytes may belong to one that has begun."""
        self._lines.clear()
        self._mid_line = mid_line

    def feed(self, data: bytes) -> list[Reading]:
        """Return the readings completed by `data`; raise `ProtocolViolation` for a line without an end."""
        lines = self._lines.feed(data)
        whole = lines[1:] if self._mid_line else lines
        self._mid_line = self._mid_line and not lines
        found = (self._reading(line) for line in whole)
        return [one for one in found if one is not None]

    def _reading(self, line: str) -> Reading | None:
        match = self._pattern.search(line[:_LONGEST_LINE])
        text = (match[1] or "").strip() if match is not None else ""
        return Reading(float(text), line) if NUMBER.fullmatch(text) else None


def check_probe(asked: str, value_c: float, line: str) -> None:
    """Raise `ProtocolViolation` for the two values that mean that there is no reading."""
    if value_c in (NO_PROBE_C, NOT_CONVERTED_C):
        why = "the probe is not there" if value_c == NO_PROBE_C else "the probe has not measured yet"
        raise ProtocolViolation(
            asked, f"{shown(line)}: {why} (DS18B20)", "check the probe, its pull-up and its power"
        )
