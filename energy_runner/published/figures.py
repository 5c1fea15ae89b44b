# SPDX-License-Identifier: Apache-2.0
"""Printed figures: what a runner published, field by field, digit by digit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from energy_runner.published.model import Figure

# A number as printf or toFixed writes it, or what they write for NaN and infinity.
NUMBER = r"([-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|nan|inf|NaN|Infinity))"
_LONGEST_LINE = 400
_STAMP = re.compile(r"\d{4,12}\.\d{3,6}(?= )")  # the time that a runner writes before a line


@dataclass(frozen=True)
class Pattern:
    """A line of a results file: `regex` finds it, and its groups are the figures called `fields`.

    A line of a section (`section` is True) begins a window; its first group is the window's number.
    """

    regex: re.Pattern[str]
    fields: tuple[str, ...] = ()
    section: bool = False
    whole: bool = False  # the figure belongs to the session, not to the window above it


@dataclass
class ReadFigures:
    """The figures of a results file in order, and the lines that no pattern matches."""

    figures: list[Figure] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unknown_lines: list[int] = field(default_factory=list)


def read_figures(lines: Iterable[str], patterns: Sequence[Pattern]) -> ReadFigures:
    """Return the figures that `patterns` find in `lines`; lines that no pattern matches are kept as unknown."""
    found = ReadFigures()
    window: int | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip()[:_LONGEST_LINE]
        if not text:
            continue
        for pattern in patterns:
            match = pattern.regex.search(text)
            if match is None:
                continue
            groups = list(match.groups())
            if pattern.section:
                window = int(groups.pop(0))
            place = None if pattern.whole else window
            stamp = _STAMP.match(text)
            stated = stamp[0] if stamp is not None else None
            found.figures += [
                Figure(name, place, value, number, stated)
                for name, value in zip(pattern.fields, groups, strict=True)
            ]
            break
        else:
            found.unknown.append(text)
            found.unknown_lines.append(number)
    return found
