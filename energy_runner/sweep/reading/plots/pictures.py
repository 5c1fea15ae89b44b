# SPDX-License-Identifier: Apache-2.0
"""Which figures a sweep has."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.plots.drift import drift_picture
from energy_runner.sweep.reading.plots.front import front_picture
from energy_runner.sweep.reading.plots.heat import MOST_CELLS, MOST_MAPS, map_picture
from energy_runner.sweep.reading.plots.model import Picture, counts_of, with_energy
from energy_runner.sweep.reading.plots.over_axis import numeric_axes, over_picture
from energy_runner.sweep.reading.settings import axes_of
from energy_runner.sweep.rows import PointRow

MOST_PAIRS = 6  # of axes, whose maps are drawn unasked
_PLAIN = re.compile(r"[^a-zA-Z0-9._-]+")


@dataclass(frozen=True)
class Pictures:
    """The figures of a sweep, and in words which of them there are not, and why."""

    pictures: tuple[Picture, ...]
    absent: tuple[str, ...]


def pictures_of(
    rows: Sequence[PointRow],
    *,
    by: str | None = None,
    over: Sequence[str] | None = None,
    maps: Sequence[tuple[str, str]] | None = None,
) -> Pictures:
    """Return every figure that the points have data for.

    Those over an axis and maps of two are those of all axes, or of the ones named by `over` and `maps`; each value
    of the axis `by` has a Pareto front of its own. Raises `ConfigurationError` if no point has an energy, or for
    an axis that cannot be drawn.
    """
    if not rows:
        raise ConfigurationError("the sweep has no points, so there is nothing to draw")
    if not with_energy(rows):
        raise ConfigurationError(
            f"no point of the sweep has an energy, so there is nothing to draw: {counts_of(rows)}"
        )
    found: list[Picture | None] = []
    absent: list[str] = []
    front, drift = front_picture(rows, by), drift_picture(rows)
    if front is None:
        absent.append("energy against latency: no point has both")
    if drift is None:
        absent.append("drift: the reference point was not measured twice on one bench")
    found += [front, drift]
    found += [over_picture(rows, axis) for axis in (numeric_axes(rows) if over is None else over)]
    pairs = _pairs(rows, absent) if maps is None else list(maps)
    found += [map_picture(rows, x, y) for x, y in pairs]
    sweep = ", ".join(dict.fromkeys(row.sweep for row in rows))
    drawn: list[Picture] = []
    for picture in found:
        if picture is not None:
            drawn.append(replace(picture, sweep=sweep, name=_name(picture.name, [one.name for one in drawn])))
    return Pictures(tuple(drawn), tuple(absent))


def _pairs(rows: Sequence[PointRow], absent: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of axes whose maps are drawn unasked; the axis with more values lies across."""
    axes = {
        name: len(values)
        for name, values in axes_of(row for row in rows if row.kind == "point").items()
        if len(values) > 1
    }
    pairs = [(x, y) if axes[x] >= axes[y] else (y, x) for x, y in itertools.combinations(axes, 2)]
    fit = [(x, y) for x, y in pairs if axes[x] * axes[y] <= MOST_CELLS and _rest(axes, x, y) <= MOST_MAPS]
    if len(fit) < len(pairs):
        absent.append(
            f"maps: {len(pairs) - len(fit)} pairs of axes have too many values or combinations; see --where"
        )
    if len(fit) > MOST_PAIRS:
        absent.append(f"maps: {len(fit) - MOST_PAIRS} more pairs of axes; see --map")
    return fit[:MOST_PAIRS]


def _rest(axes: dict[str, int], x: str, y: str) -> int:
    count = 1
    for name, values in axes.items():
        count *= 1 if name in {x, y} else values
    return count


def _name(wanted: str, taken: Sequence[str]) -> str:
    """Return the stem of a file's name: plain signs only, and not one that is taken."""
    stem = _PLAIN.sub("-", wanted).strip("-.")[:80] or "figure"
    number, name = 1, stem
    while name.casefold() in {one.casefold() for one in taken}:
        number += 1
        name = f"{stem}-{number}"
    return name
