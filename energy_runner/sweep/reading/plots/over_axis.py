# SPDX-License-Identifier: Apache-2.0
"""Energy over one numeric axis, one series for each combination of the other axes."""

from collections.abc import Sequence

from energy_runner.errors import ConfigurationError
from energy_runner.report.units import number
from energy_runner.sweep.reading.averages import Average, averages
from energy_runner.sweep.reading.plots.model import (
    MICRO,
    Mark,
    Panel,
    Picture,
    Series,
    counts_of,
    hover,
    virtual_note,
    with_energy,
    without_energy,
)
from energy_runner.sweep.reading.settings import axes_of, axis_label, is_number, key_of, setting_text
from energy_runner.sweep.rows import PointRow, Scalar
from energy_runner.wording import shown


def numeric_axes(rows: Sequence[PointRow]) -> list[str]:
    """Return the axes with at least two values, all of them numbers."""
    axes = axes_of(row for row in rows if row.kind == "point")
    return [name for name, values in axes.items() if len(values) > 1 and all(map(is_number, values))]


def over_picture(rows: Sequence[PointRow], axis: str) -> Picture | None:
    """Return the energy over `axis`; None where no point has an energy.

    Raises `ConfigurationError` for an axis that does not exist or whose values are not numbers.
    """
    points = [row for row in rows if row.kind == "point"]
    axes = axes_of(points)
    if axis not in axes:
        raise ConfigurationError(
            f"no axis is called {shown(axis)!r}. Try: {', '.join(map(shown, axes)) or 'none'}"
        )
    if not all(map(is_number, axes[axis])):
        fits = ", ".join(map(shown, numeric_axes(points))) or "none"
        raise ConfigurationError(f"the values of {shown(axis)} are not all numbers (axes of numbers: {fits})")
    points = [row for row in points if axis in row.values]
    drawn = averages(with_energy(points), list(axes))
    if not drawn:
        return None
    others = [name for name, values in axes.items() if name != axis and len(values) > 1]
    benchmarks = {row.benchmark for row in points if row.benchmark}
    series = _series(drawn, axis, others, named=len(benchmarks) > 1)
    lost = [row for row in without_energy(points) if row.state in {"done", "set-aside"}]
    if lost:
        marks = tuple(Mark(_number(row.values[axis]), None, "missing", text=hover(row)) for row in lost)
        series.append(Series("without an energy", marks))
    notes = ["Error bars are U (95 %); repeats are averaged."]
    absent = counts_of(points)
    notes += [f"Without an energy: {absent}."] if absent else []
    virtual, mixed = virtual_note(points)
    return Picture(
        name=f"energy-over-{axis}",
        title=f"Energy of one inference over {axis_label(axis).partition(' (')[0]}",
        x_label=axis_label(axis),
        panels=(Panel("energy of one inference (µJ)", tuple(series)),),
        notes=(*notes, *mixed),
        virtual=virtual,
    )


def _series(drawn: Sequence[Average], axis: str, others: Sequence[str], *, named: bool) -> list[Series]:
    groups: dict[object, list[Average]] = {}
    for one in drawn:
        row = one.rows[0]
        groups.setdefault((row.benchmark, key_of(row, others)), []).append(one)
    series = []
    for group in groups.values():
        group.sort(key=lambda one: (_number(one.values[axis]), not one.valid))
        parts = [group[0].rows[0].benchmark or ""] if named else []
        parts += [setting_text(group[0].values, others)] if others else []
        series.append(
            Series(", ".join(parts) or "all points", tuple(_mark(one, axis) for one in group), line=True)
        )
    return sorted(series, key=lambda one: -(one.marks[-1].y or 0.0))


def _mark(one: Average, axis: str) -> Mark:
    return Mark(
        x=_number(one.values[axis]),
        y=MICRO * one.energy_j,
        look="plain" if one.valid else "invalid",
        y_error=MICRO * one.expanded_j,
        text="\n".join(
            [
                setting_text(one.values),
                f"{number(MICRO * one.energy_j, 5)} ± {number(MICRO * one.expanded_j, 2)} µJ",
                f"{len(one.rows)} repeats" if len(one.rows) > 1 else f"point {one.rows[0].number}",
            ]
        ),
    )


def _number(value: Scalar) -> float:
    return float(value)
