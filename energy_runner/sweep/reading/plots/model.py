# SPDX-License-Identifier: Apache-2.0
"""What a figure of a sweep shows, apart from how it is drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from energy_runner.sweep.reading.settings import setting_text
from energy_runner.sweep.rows import PointRow

# front and near: on the Pareto front, and not distinguishable from it; missing: a place without an energy.
Look = Literal["plain", "front", "near", "invalid", "missing"]
LOOKS: dict[Look, str] = {
    "plain": "measured",
    "front": "on the Pareto front",
    "near": "not distinguishable from the front",
    "invalid": "not valid",
    "missing": "no energy: set aside, failed or not measured",
}
MICRO, MILLI = 1e6, 1e3
MOST_NAMED = 6


@dataclass(frozen=True)
class Mark:
    """One point: its place, its error bars (half-widths), how it looks, and what is said of it.

    `y` is None where only the place along x is known; it is drawn at the lower edge. `name` is written beside it.
    """

    x: float
    y: float | None
    look: Look = "plain"
    x_error: float = 0.0
    y_error: float = 0.0
    text: str = ""
    name: str = ""


@dataclass(frozen=True)
class Series:
    """Points that belong together: joined by a line if `line`, in steps if `steps`, without marks if `bare`."""

    name: str
    marks: tuple[Mark, ...]
    line: bool = False
    steps: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its series."""

    y_label: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a map: an energy, µJ, or None; what is written in it, how it looks, and what is said of it."""

    value: float | None
    shown: str
    look: Look
    text: str


@dataclass(frozen=True)
class Map:
    """A heat map: `cells` has a row for each value of y, from the bottom, with a cell for each value of x."""

    title: str
    y_label: str
    x_ticks: tuple[str, ...]
    y_ticks: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Picture:
    """One figure: the stem of its file's name, its title, its panels or maps, and what is to be said below it."""

    name: str
    title: str
    x_label: str
    panels: tuple[Panel, ...] = ()
    maps: tuple[Map, ...] = ()
    notes: tuple[str, ...] = ()
    virtual: bool = False
    sweep: str = ""

    def seen(self) -> list[Look]:
        """Return the looks that need explaining: all but a plain one alone."""
        found = {mark.look for panel in self.panels for one in panel.series for mark in one.marks if not one.bare}
        found |= {cell.look for one in self.maps for row in one.cells for cell in row}
        return [look for look in LOOKS if look in found]


def hover(row: PointRow, *more: str) -> str:
    """Return what is said of one point."""
    lines = [f"point {row.number}" if row.kind == "point" else "reference point", setting_text(row.values), *more]
    lines += [f"session {row.session}"] if row.session else []
    lines += ["not valid"] if row.valid is False else []
    lines += [row.reason] if row.reason else []
    return "\n".join(lines)


def without_energy(rows: Iterable[PointRow]) -> list[PointRow]:
    """Return the rows that no figure can place by their energy."""
    return [row for row in rows if row.energy_j is None or not row.energy_j > 0 or row.state != "done"]


def with_energy(rows: Iterable[PointRow]) -> list[PointRow]:
    """Return the rows that a figure can place by their energy."""
    return [row for row in rows if row.state == "done" and row.energy_j is not None and row.energy_j > 0]


def counts_of(rows: Sequence[PointRow]) -> str:
    """Return how many points have no energy, by their state: `2 set aside (points 3, 9), 1 waiting`."""
    words = {"set-aside": "set aside", "done": "finished without an energy"}
    groups: dict[str, list[PointRow]] = {}
    for row in without_energy(rows):
        groups.setdefault(words.get(row.state, row.state), []).append(row)
    parts = []
    for state, found in groups.items():
        numbers = [str(row.number) for row in found[:MOST_NAMED]]
        rest = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        parts.append(f"{len(found)} {state} (point{'s' if len(found) > 1 else ''} {', '.join(numbers)}{rest})")
    return ", ".join(parts)


def virtual_note(rows: Sequence[PointRow]) -> tuple[bool, list[str]]:
    """Return whether any energy is simulated, and a note where some are and others not."""
    drawn = with_energy(rows)
    count = sum(bool(row.virtual) for row in drawn)
    return count > 0, [f"VIRTUAL: {count} of {len(drawn)} points are simulated"] if 0 < count < len(drawn) else []
