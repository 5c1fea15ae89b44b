# SPDX-License-Identifier: Apache-2.0
"""A map of two axes: the energy of each pair of values, one map for each combination of the other axes."""

from collections.abc import Sequence

from energy_runner.errors import ConfigurationError
from energy_runner.report.units import number
from energy_runner.sweep.reading.averages import averages
from energy_runner.sweep.reading.plots.model import (
    MICRO,
    Cell,
    Map,
    Picture,
    counts_of,
    virtual_note,
    with_energy,
)
from energy_runner.sweep.reading.settings import axes_of, axis_label, key_of, same, setting_text, value_text
from energy_runner.sweep.rows import PointRow, Scalar
from energy_runner.wording import shown

MOST_MAPS = 9
MOST_CELLS = 900  # of one map


def map_picture(rows: Sequence[PointRow], x: str, y: str) -> Picture | None:
    """Return the map of the axes `x` and `y`; None where no point has an energy.

    Raises `ConfigurationError` for an axis that does not exist, twice the same, or more maps or cells than can be
    read.
    """
    points = [row for row in rows if row.kind == "point"]
    axes = axes_of(points)
    for axis in (x, y):
        if axis not in axes:
            known = ", ".join(map(shown, axes)) or "none"
            raise ConfigurationError(f"no axis is called {shown(axis)!r}. Try: {known}")
    if x == y:
        raise ConfigurationError(f"a map needs two axes, not twice {shown(x)}")
    if not with_energy(points):
        return None
    others = [name for name, values in axes.items() if name not in {x, y} and len(values) > 1]
    groups: dict[object, list[PointRow]] = {}
    for row in points:
        groups.setdefault(key_of(row, others), []).append(row)
    if len(groups) > MOST_MAPS:
        raise ConfigurationError(
            f"{len(groups)} maps of {shown(x)} and {shown(y)} are too many, one for each combination of "
            f"{', '.join(map(shown, others))}. Try: --where {shown(others[0])}=VALUE"
        )
    if len(axes[x]) * len(axes[y]) > MOST_CELLS:
        raise ConfigurationError(f"a map of {len(axes[x])} by {len(axes[y])} cells cannot be read. Try: --where")
    places = {name: [same(value) for value in axes[name]] for name in others}

    def place(group: Sequence[PointRow]) -> list[int]:
        values = ((name, same(group[0].values.get(name))) for name in others)
        return [places[name].index(value) if value in places[name] else -1 for name, value in values]

    ordered = sorted(groups.values(), key=place)
    maps = tuple(_map(group, (x, axes[x]), (y, axes[y]), others) for group in ordered)
    notes = ["Energy of one inference in µJ; repeats are averaged."]
    absent = counts_of(points)
    notes += [f"Without an energy: {absent}."] if absent else []
    virtual, mixed = virtual_note(points)
    return Picture(
        name=f"map-{x}-{y}",
        title=f"Energy of one inference (µJ) by {_stem(x)} and {_stem(y)}",
        x_label=axis_label(x),
        maps=maps,
        notes=(*notes, *mixed),
        virtual=virtual,
    )


def _stem(axis: str) -> str:
    return axis_label(axis).partition(" (")[0]


def _map(
    rows: Sequence[PointRow],
    x: tuple[str, Sequence[Scalar]],
    y: tuple[str, Sequence[Scalar]],
    others: Sequence[str],
) -> Map:
    cells: dict[object, list[PointRow]] = {}
    for row in rows:
        cells.setdefault((same(row.values.get(x[0])), same(row.values.get(y[0]))), []).append(row)
    return Map(
        title=setting_text(rows[0].values, others) if others else "",
        y_label=axis_label(y[0]),
        x_ticks=tuple(value_text(value) for value in x[1]),
        y_ticks=tuple(value_text(value) for value in y[1]),
        cells=tuple(tuple(_cell(cells.get((same(across), same(up)), [])) for across in x[1]) for up in y[1]),
    )


def _cell(rows: Sequence[PointRow]) -> Cell:
    """Return one cell; valid points count before invalid ones, and a cell without any energy says why."""
    if not rows:
        return Cell(None, "", "missing", "not in the plan")
    measured = with_energy(rows)
    valid = [row for row in measured if row.valid]
    if not measured:
        states = {row.state for row in rows}
        word = "set aside" if "set-aside" in states else "no energy" if "done" in states else "not yet"
        reasons = dict.fromkeys(row.reason for row in rows if row.reason)
        return Cell(None, word, "missing", "\n".join([setting_text(rows[0].values), word, *reasons]))
    one = averages(valid or measured, list(rows[0].values))[0]
    # A cell whose repeats have no energy, or are not valid, says how many count.
    part = f"\n{len(one.rows)} of {len(rows)}" if len(one.rows) < len(rows) else ""
    energy = f"{number(MICRO * one.energy_j, 4)}"
    text = f"{setting_text(one.values)}\n{energy} ± {number(MICRO * one.expanded_j, 2)} µJ{part}"
    if not one.valid:
        return Cell(MICRO * one.energy_j, f"({energy})\nnot valid", "invalid", f"{text}\nnot valid")
    return Cell(MICRO * one.energy_j, f"{energy}{part}", "plain", text)
