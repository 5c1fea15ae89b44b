# SPDX-License-Identifier: Apache-2.0
"""Lines of text with a temperature in each, as small boards with a probe print them.

Which part of a line is the temperature is a pattern in the bench file; by default it is the first number.
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, shown
from instruments.thermometry import COMMA, NUMBER, splits_at_comma

ANY_NUMBER = rf"({NUMBER.pattern})"
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Reading:
    """A number that was read as a temperature, in the unit of the board, and the line it stands in."""

    value: float
    line: str


def reading_in(line: str, pattern: re.Pattern[str]) -> Reading | None:
    """Return the reading in a line; None where the pattern finds no number.

    Raises `ProtocolViolation` for a whole number before a comma and a digit that the pattern says nothing of.
    """
    match = pattern.search(line[:_LONGEST_LINE])
    text = (match[1] or "").strip() if match is not None else ""
    if match is not None and match.end(1) == match.end() and splits_at_comma(text, line[match.end() :]):
        raise ProtocolViolation(
            "read a temperature",
            f"{shown(line)}: {COMMA}",
            r"options.pattern with what follows the number, such as '([-0-9]+),'",
        )
    return Reading(float(text), line) if NUMBER.fullmatch(text) else None
