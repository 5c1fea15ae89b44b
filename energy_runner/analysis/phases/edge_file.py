# SPDX-License-Identifier: Apache-2.0
"""A logic analyzer's edges of named pins, from a CSV file: `pin,time_s,level`, as any spreadsheet saves it."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from energy_runner.errors import ConfigurationError, in_words
from energy_runner.text_file import Row, TextError, read_text, rows_of

# Of each pin, in order: (seconds since the start of the trace, whether it rises).
PinEdges = Mapping[str, Sequence[tuple[float, bool]]]

COLUMNS = ("pin", "time_s", "level")
MOST_EDGES = 1_000_000


def read_edges(path: Path) -> PinEdges:
    """Return the edges of each pin, in the file's order: (seconds since the trace's start, rising).

    Raises `ConfigurationError` with the line that is wrong.
    """
    edges: dict[str, list[tuple[float, bool]]] = {}
    try:
        rows = rows_of(read_text(path, 64 * MOST_EDGES), (len(COLUMNS),))
        first = next(rows, Row(1, ()))
        if tuple(cell.lower() for cell in first.cells) != COLUMNS:
            raise ConfigurationError(f"{path}: the first line must be {','.join(COLUMNS)}")
        for row in rows:
            pin, time_s, rising = _edge(path, row.line, row.cells)
            edges.setdefault(pin, []).append((time_s, rising))
            if row.line > MOST_EDGES:
                raise ConfigurationError(f"{path}: more than {MOST_EDGES} lines")
    except (OSError, TextError) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV ({in_words(error)})") from error
    if not edges:
        raise ConfigurationError(f"{path}: holds no edge")
    return edges


def _edge(path: Path, line: int, cells: Sequence[str]) -> tuple[str, float, bool]:
    example = (
        "Try: a line such as inference,12.345,1 (pin, seconds since the trace's start, 1 rising or 0 falling)"
    )
    if len(cells) != len(COLUMNS) or not cells[0] or not cells[0].isprintable():
        raise ConfigurationError(f"{path}, line {line}: {len(cells)} fields and a name are not an edge. {example}")
    try:
        time_s = float(cells[1])
    except ValueError:
        time_s = math.nan
    if not math.isfinite(time_s) or cells[2] not in ("0", "1"):
        raise ConfigurationError(f"{path}, line {line}: {','.join(cells)[:60]!r} is not an edge. {example}")
    return cells[0], time_s, cells[2] == "1"
