# SPDX-License-Identifier: Apache-2.0
"""Find the line of a key in a TOML file: the standard library's parser gives the line of syntax errors only."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, place: Sequence[str]) -> int | None:
    """Return the line, from 1, of the key at `place`, or of the nearest table around it; None if there is none."""
    found, depth = None, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.fullmatch(line), _KEY.match(line)
        if header is not None:
            here = table = _parts(header[1])
        elif key is not None:
            here = (*table, *_parts(key[1]))
        else:
            continue
        if len(here) > depth and tuple(place[: len(here)]) == here:
            found, depth = number, len(here)
    return found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
