# SPDX-License-Identifier: Apache-2.0
"""Energy against latency, with the Pareto front.

A setting is on the front if no other valid one has both less energy and less latency, by the estimates; settings
equal in both are on it together. One that is not on it is still *not distinguishable* from the front if no other
setting beats it beyond doubt: each setting that is better by the estimates is so, in energy and in latency, by
less than the expanded uncertainty of that difference. Errors that both points have in common from one monitor do
not change which of them is better, so they do not count there.
"""

import math
from collections.abc import Sequence

from energy_runner.errors import ConfigurationError
from energy_runner.report.units import number
from energy_runner.sweep.reading.averages import Average, averages
from energy_runner.sweep.reading.plots.model import (
    MICRO,
    MILLI,
    Look,
    Mark,
    Panel,
    Picture,
    Series,
    counts_of,
    virtual_note,
    with_energy,
)
from energy_runner.sweep.reading.settings import axes_of, same, setting_text
from energy_runner.sweep.rows import PointRow
from energy_runner.wording import shown

NEAR = (
    "Not distinguishable from the front: no setting beats it in energy or latency by more than the U of the "
    "difference."
)
ONLY_WITHIN_U = " (another is better, and not worse beyond U)"
ALL = "settings"
MOST_NAMES = 12  # points of fronts that are named


def front_picture(rows: Sequence[PointRow], by: str | None = None) -> Picture | None:
    """Return energy against latency, one point a setting; None where no point has both.

    Each benchmark has a front of its own, and with `by` each value of that axis: models that do different things
    do not compete. Raises `ConfigurationError` for an axis that does not exist.
    """
    points = [row for row in rows if row.kind == "point"]
    axes = axes_of(points)
    if by is not None and by not in axes:
        raise ConfigurationError(f"no axis is called {shown(by)!r}. Try: {', '.join(map(shown, axes)) or 'none'}")
    everything = averages(with_energy(points), list(axes))
    drawn = [one for one in everything if one.latency_s]
    if not drawn:
        return None
    groups: dict[object, list[Average]] = {}
    for one in drawn:
        first = one.rows[0]
        groups.setdefault((first.benchmark, same(one.values.get(by)) if by is not None else ""), []).append(one)
    varied = [name for name, values in axes.items() if len(values) > 1 and name != by]
    series: list[Series] = []
    near, on_fronts = False, list[str]()
    benchmarks = len({row.benchmark for row in points if row.benchmark})
    for group in groups.values():
        looks = _looks(group)
        near = near or "near" in looks
        series += _series(group, looks, varied, _name(group[0], by, benchmarks), on_fronts)
    notes = ["Error bars are U (95 %); repeats of a setting are averaged."]
    notes += ["On the front: " + "; ".join(on_fronts) + "."] if on_fronts else []
    notes += [NEAR] if near else []
    lacking = len(everything) - len(drawn)
    notes += [f"Not drawn, without a latency: {lacking} settings."] if lacking else []
    absent = counts_of(points)
    notes += [f"Not drawn, without an energy: {absent}."] if absent else []
    virtual, mixed = virtual_note(points)
    return Picture(
        name="energy-latency",
        title="Energy against latency of one inference",
        x_label="mean duration of one inference (ms)",
        panels=(Panel("energy of one inference (µJ)", tuple(series)),),
        notes=(*notes, *mixed),
        virtual=virtual,
    )


def _name(one: Average, by: str | None, benchmarks: int) -> str:
    """Return what a group of settings has in common, for the legend."""
    parts = [one.rows[0].benchmark or ""] if benchmarks > 1 else []
    parts += [setting_text(one.values, [by])] if by is not None else []
    return ", ".join(filter(None, parts)) or ALL


def _series(
    group: Sequence[Average], looks: Sequence[Look], varied: Sequence[str], name: str, on_fronts: list[str]
) -> list[Series]:
    """Return the line of a front, if it has two points, and the marks of all its settings.

    The points of the front are numbered, and `on_fronts` gets what each number stands for: whole names beside
    points that are near each other could not be read.
    """
    on_front = [one for one, look in zip(group, looks, strict=True) if look == "front"]
    on_front.sort(key=lambda one: (one.latency_s or 0.0, one.energy_j))
    names: dict[int, str] = {}
    for one in on_front[: MOST_NAMES - len(on_fronts)] if varied else ():
        number_of = str(len(on_fronts) + 1)
        names[id(one)] = number_of
        of_group = "" if name == ALL else f"{name}, "
        doubt = ONLY_WITHIN_U if _only_within_u(one, group) else ""
        on_fronts.append(f"{number_of}: {of_group}{setting_text(one.values, varied)}{doubt}")
    marks = tuple(_mark(one, look, names.get(id(one), "")) for one, look in zip(group, looks, strict=True))
    found = [Series(name, marks)]
    if len(on_front) > 1:
        line = tuple(Mark(MILLI * (one.latency_s or 0), MICRO * one.energy_j) for one in on_front)
        of = "" if name == ALL else f" of {name}"
        found.insert(0, Series(f"Pareto front{of}", line, line=True, steps=True, bare=True))
    return found


def _mark(one: Average, look: Look, name: str) -> Mark:
    latency_s = one.latency_s or 0.0
    lines = [
        setting_text(one.values),
        f"{number(MICRO * one.energy_j, 5)} ± {number(MICRO * one.expanded_j, 2)} µJ",
        f"{number(MILLI * latency_s, 5)} ± {number(MILLI * one.latency_expanded_s, 2)} ms",
        f"{len(one.rows)} repeats" if len(one.rows) > 1 else f"point {one.rows[0].number}",
    ]
    return Mark(
        x=MILLI * latency_s,
        y=MICRO * one.energy_j,
        look=look,
        x_error=MILLI * one.latency_expanded_s,
        y_error=MICRO * one.expanded_j,
        text="\n".join(lines),
        name=name,
    )


def _looks(points: Sequence[Average]) -> list[Look]:
    """Return for each setting whether it is on the front, near it, or beaten; an invalid one beats nobody."""
    valid = [one for one in points if one.valid]
    looks: list[Look] = []
    for one in points:
        better = [other for other in valid if other is not one and _better(other, one)]
        if not one.valid:
            looks.append("invalid")
        elif not better:
            looks.append("front")
        else:
            looks.append("plain" if any(_beyond_doubt(other, one) for other in better) else "near")
    return looks


def _better(one: Average, other: Average) -> bool:
    """Return whether `one` is better by the estimates: in nothing worse, and in something better."""
    mine, theirs = (one.energy_j, one.latency_s or 0.0), (other.energy_j, other.latency_s or 0.0)
    return all(a <= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs


def _only_within_u(one: Average, group: Sequence[Average]) -> bool:
    """Return whether another is better in energy or latency beyond U, and not worse in the other beyond U."""
    valid = (other for other in group if other.valid and other is not one)
    return any(_beyond_doubt(other, one) and not _beyond_doubt(one, other) for other in valid)


def _beyond_doubt(one: Average, other: Average) -> bool:
    """Return whether `one` is better than `other` by more than U in energy or in latency."""
    alike = one.monitor is not None and one.monitor == other.monitor
    energies_j = (one.own_j, other.own_j) if alike else (one.expanded_j, other.expanded_j)
    # What a gain does to the difference itself is smaller than it by the gain, so it never decides.
    by_energy = other.energy_j - one.energy_j > math.hypot(*energies_j)
    latency_u_s = math.hypot(one.latency_expanded_s, other.latency_expanded_s)
    by_latency = (other.latency_s or 0.0) - (one.latency_s or 0.0) > latency_u_s
    return by_energy or by_latency
