# SPDX-License-Identifier: Apache-2.0
"""Match the points of two sets by their settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.settings import Key, any_real, axes_of, key_of, same, sort_out
from energy_runner.sweep.reading.shared_errors import same_range
from energy_runner.sweep.rows import PointRow, Scalar
from energy_runner.wording import shown


@dataclass(frozen=True)
class Match:
    """One setting that both sides have, with the points of each that count."""

    values: Mapping[str, Scalar]
    benchmark: str
    a: tuple[PointRow, ...]
    b: tuple[PointRow, ...]

    @property
    def same_range(self) -> bool:
        """Return whether both sides drew about the same mean power, so that a monitor measured in one range."""
        return same_range([*self.a, *self.b])


@dataclass(frozen=True)
class TwoSides:
    """The points of each side that count, those that do not, and whether they are virtual."""

    a: tuple[PointRow, ...]
    b: tuple[PointRow, ...]
    excluded: tuple[Mapping[str, int], Mapping[str, int]]
    virtual: bool


@dataclass(frozen=True)
class Matched:
    """The settings that both sides have, the reference point, and what was left over."""

    matches: tuple[Match, ...]
    reference: Match | None
    unmatched: tuple[tuple[Mapping[str, Scalar], ...], tuple[Mapping[str, Scalar], ...]]
    ignored: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def same_range(self) -> bool:
        """Return whether this holds for each setting."""
        return all(match.same_range for match in self.matches)


def sides_of(a: Sequence[PointRow], b: Sequence[PointRow], *, invalid: bool, names: tuple[str, str]) -> TwoSides:
    """Return the points that count; virtual ones only where neither side has real ones.

    Raises `ConfigurationError` if a side has none.
    """
    virtual = not any_real(a) and not any_real(b)
    sorted_ = [sort_out(side, virtual=virtual, invalid=invalid) for side in (a, b)]
    for name, rows, side in zip(names, (a, b), sorted_, strict=True):
        if not side.counted:
            why = ", ".join(f"{count} {reason}" for reason, count in side.excluded.items()) or "no points at all"
            hint = ". Virtual points are not compared with real ones" if "virtual" in side.excluded else ""
            raise ConfigurationError(f"{shown(name)}: none of its {len(rows)} points counts ({why}){hint}")
    return TwoSides(sorted_[0].counted, sorted_[1].counted, (sorted_[0].excluded, sorted_[1].excluded), virtual)


def matched(sides: TwoSides, *, ignore: Sequence[str], names: tuple[str, str]) -> Matched:
    """Return the settings that both sides have, in the order of A.

    Raises `ConfigurationError` for an axis to ignore that neither side has, or one that only one side varies.
    """
    points = [[row for row in side if row.kind == "point"] for side in (sides.a, sides.b)]
    axes, ignored, remarks = _compared(points, ignore, names)
    groups = [_grouped(side, axes) for side in points]
    matches = tuple(
        _match(key, *_in_common(rows, groups[1][key], ignored), axes)
        for key, rows in groups[0].items()
        if key in groups[1]
    )
    lost = sum(len(groups[side][key]) for key in groups[0] if key in groups[1] for side in (0, 1))
    lost -= sum(len(match.a) + len(match.b) for match in matches)
    if lost:
        remarks.append(
            f"{lost} points do not count: their values of {', '.join(map(shown, ignored))} are on one side alone"
        )
    lone = [
        tuple(_values(rows[0], axes) for key, rows in mine.items() if key not in other)
        for mine, other in ((groups[0], groups[1]), (groups[1], groups[0]))
    ]
    return Matched(matches, _reference(sides, axes), (lone[0], lone[1]), tuple(ignored), tuple(remarks))


def _compared(
    points: Sequence[Sequence[PointRow]], ignore: Sequence[str], names: tuple[str, str]
) -> tuple[list[str], list[str], list[str]]:
    """Return the axes by which points are matched, those that are ignored, and what is to be said of that."""
    levels = [axes_of(side) for side in points]
    everything = list(dict.fromkeys([*levels[0], *levels[1]]))
    for name in ignore:
        if name not in everything:
            known = ", ".join(map(shown, everything)) or "none"
            raise ConfigurationError(f"no axis is called {shown(name)!r} (axes: {known})")
    axes, ignored, remarks = [], list(ignore), []
    for name in everything:
        if name in ignore:
            continue
        mine = [side.get(name, []) for side in levels]
        kinds = [{same(value) for value in side} for side in mine]
        if all(len(side) <= 1 for side in kinds) and kinds[0] != kinds[1]:
            ignored.append(name)
            values = [str(side[0]) if side else "nothing" for side in mine]
            remarks.append(f"{shown(name)} is {shown(values[0])} in A and {shown(values[1])} in B")
        elif all(kinds):
            axes.append(name)
        else:
            side = names[0] if kinds[0] else names[1]
            raise ConfigurationError(
                f"only {shown(side)} has the axis {shown(name)!r}, with {len(kinds[0] or kinds[1])} values. "
                f"Try: --ignore {shown(name)}, or choose one of its values with --where"
            )
    return axes, ignored, remarks


def _grouped(rows: Sequence[PointRow], axes: Sequence[str]) -> dict[tuple[str, Key], list[PointRow]]:
    groups: dict[tuple[str, Key], list[PointRow]] = {}
    for row in rows:
        groups.setdefault((row.benchmark or "", key_of(row, axes)), []).append(row)
    return groups


def _in_common(
    a: list[PointRow], b: list[PointRow], ignored: Sequence[str]
) -> tuple[list[PointRow], list[PointRow]]:
    """Return the rows of a setting whose values of ignored axes both sides have, of each axis that shares some.

    A side that lacks one of several voltages would else differ by what the voltage does.
    """
    for name in ignored:
        common = {same(row.values.get(name)) for row in a} & {same(row.values.get(name)) for row in b}
        if common:
            kept = [[row for row in side if same(row.values.get(name)) in common] for side in (a, b)]
            a, b = kept if all(kept) else (a, b)
    return a, b


def _match(key: tuple[str, Key], a: Sequence[PointRow], b: Sequence[PointRow], axes: Sequence[str]) -> Match:
    return Match(_values(a[0], axes), key[0], tuple(a), tuple(b))


def _values(row: PointRow, axes: Sequence[str]) -> dict[str, Scalar]:
    return {name: row.values[name] for name in axes if name in row.values}


def _reference(sides: TwoSides, axes: Sequence[str]) -> Match | None:
    """Return the reference point, if both sides measured the same one."""
    both = [tuple(row for row in side if row.kind == "reference") for side in (sides.a, sides.b)]
    keys = [{(row.benchmark, key_of(row, axes)) for row in side} for side in both]
    if len(keys[0]) != 1 or keys[0] != keys[1]:
        return None
    return Match(_values(both[0][0], axes), both[0][0].benchmark or "", both[0], both[1])
