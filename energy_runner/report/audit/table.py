# SPDX-License-Identifier: Apache-2.0
"""The table of an audit as lines of text: one line a session, at most 100 columns, no colour needed.

Figures and states are never cut; names give way first, in the middle, where they differ least. In a narrow
terminal the submitter moves to the heading of the group, then columns are left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len, get_character_cell_size

from energy_runner.published.row import AuditRow
from energy_runner.report.audit import cells
from energy_runner.report.units import NOTHING, plain

WIDEST = 100
_NAME = 8  # columns that a name keeps
_LEAST = 4  # and in the narrowest terminal
_CUT = "\u2026"
_MODES = {"performance": "perf.", "accuracy": "acc."}
_SPELT = {"uJ/inf.": "µJ per inference", "inf./sec.": "inferences per second"}
_ADDED = 14  # columns of a figure of another unit than that of its mode


@dataclass(frozen=True)
class Column:
    """A column: its heading, the texts of its cells, and whether they are aligned right."""

    name: str
    texts: list[str]
    right: bool = False

    @property
    def width(self) -> int:
        """Return how wide its widest cell is."""
        return max(map(cell_len, (self.name, *self.texts)), default=0)


@dataclass(frozen=True)
class Line:
    """One line of the table: its text without the last cell, and that cell, the state, of `row`."""

    text: str
    state: str = ""
    row: AuditRow | None = None


def lines(
    rows: Sequence[AuditRow], width: int, cut: str = _CUT, readable: Callable[[str], str] = plain
) -> Iterator[Line]:
    """Yield headings and rows, each at most `width` columns (but not more than 100) where that can be done.

    The rows are in order already; `cut` stands for what is left out of a name, and `readable` makes a text one
    that can be printed in one line.
    """
    width = min(width, WIDEST)
    columns, grouped = _fitting(_columns(rows, readable), width)
    widths = _widths(columns, width)
    yield Line(_line(columns, widths, [column.name for column in columns[:-1]], cut), columns[-1].name)

    def group(index: int) -> tuple[str, ...]:
        row = rows[index]
        return (row.round, row.division, row.submitter) if grouped else (row.round, row.division)

    for names, indices in groupby(range(len(rows)), group):
        heading = " ".join(filter(None, names[:2])) or "no round"
        yield Line("")
        yield Line(shortened(readable(", ".join(filter(None, (heading, *names[2:])))), width, cut))
        for index in indices:
            texts = [column.texts[index] for column in columns]
            yield Line(_line(columns, widths, texts[:-1], cut), texts[-1], rows[index])


def units(rows: Sequence[AuditRow]) -> str:
    """Return the unit of each mode as a legend: `energy in µJ per inference, performance in …`."""
    usual = _usual(rows)
    return ", ".join(f"{mode} in {_SPELT.get(unit, unit)}" for mode, unit in usual.items() if unit)


def shortened(text: str, width: int, cut: str = _CUT) -> str:
    """Return a text of at most `width` columns, cut in the middle, where names of one maker differ least."""
    if cell_len(text) <= width:
        return text
    room = max(0, width - cell_len(cut))
    head = _taken(text, (room + 1) // 2)
    tail = _taken(text[::-1], room - cell_len(head))[::-1]
    return (head + cut + tail) if room else cut[:width]


def _taken(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return text[:index]
    return text


def _columns(rows: Sequence[AuditRow], readable: Callable[[str], str]) -> list[Column]:
    usual = _usual(rows)

    def column(name: str, texts: Iterable[str], *, right: bool = False) -> Column:
        return Column(readable(name), [readable(text) for text in texts], right)

    def valued(row: AuditRow, text: str) -> str:
        other = row.unit if row.unit == "%" or row.unit != usual.get(row.mode) else ""
        return f"{text} {cells.short_unit(other)[:_ADDED]}" if other and text != NOTHING else text

    return [
        column("Submitter", (row.submitter for row in rows)),
        column("System", (row.system or row.session for row in rows)),
        column("Bench", (shortened(readable(row.benchmark), _NAME) for row in rows)),
        column("Mode", (_MODES.get(row.mode, shortened(readable(row.mode), _NAME)) for row in rows)),
        column("Published", (valued(row, cells.figure(row.published)) for row in rows), right=True),
        column("Ours ± U", (valued(row, cells.ours(row)) for row in rows), right=True),
        column("Deviation", (cells.deviation(row) for row in rows), right=True),
        column("State", (cells.word(row) for row in rows)),
    ]


def _fitting(columns: list[Column], width: int) -> tuple[list[Column], bool]:
    """Return the columns that fit, and whether the submitter stands in the headings."""
    if not any(columns[0].texts):
        del columns[0]
    elif _needed(columns, _NAME) > width:
        del columns[0]
        return _left(columns, width), True
    return _left(columns, width), False


def _left(columns: list[Column], width: int) -> list[Column]:
    """Leave out what a narrow terminal has no room for."""
    for name in ("Ours", "Published", "Deviation", "Mode", "Bench"):
        if _needed(columns, _NAME) <= width:
            break
        columns = [column for column in columns if not column.name.startswith(name)]
    return columns


def _names(columns: Sequence[Column]) -> list[int]:
    return [index for index, column in enumerate(columns) if column.name in {"Submitter", "System"}]


def _needed(columns: Sequence[Column], name: int) -> int:
    """Return how wide a line is whose names have `name` columns at least."""
    widths = (min(c.width, name) if c.name in {"Submitter", "System"} else c.width for c in columns)
    return sum(widths) + len(columns) - 1


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return the width of each column; names share what the others leave, the shorter one whole where it can."""
    found = [column.width for column in columns]
    names = _names(columns)
    room = width - (len(columns) - 1) - sum(w for index, w in enumerate(found) if index not in names)
    for left, index in enumerate(sorted(names, key=lambda index: found[index])):
        share = max(_LEAST, room // (len(names) - left))
        found[index] = min(found[index], share)
        room -= found[index]
    return found


def _line(columns: Sequence[Column], widths: Sequence[int], texts: Sequence[str], cut: str) -> str:
    parts = []
    for column, width, text in zip(columns, widths, texts, strict=False):
        short = shortened(text, width, cut)
        space = " " * (width - cell_len(short))
        parts.append(space + short if column.right else short + space)
    return " ".join(parts) + " "


def _usual(rows: Sequence[AuditRow]) -> dict[str, str]:
    """Return the commonest unit of each mode; percent is always written at the figure."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.unit != "%" and row.mode:
            of_mode = found.setdefault(row.mode, {})
            of_mode[row.unit] = of_mode.get(row.unit, 0) + 1
    return {mode: max(of_mode, key=lambda unit: of_mode[unit]) for mode, of_mode in found.items()}
