# SPDX-License-Identifier: Apache-2.0
"""Rows by their settings: which axes there are, which rows share all their values, and which rows count.

Two values are the same setting if they are equal as numbers (`3` and `3.0`), as texts or as truth values; `1`,
`"1"` and `true` are three settings.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.rows import PointRow, Scalar
from energy_runner.wording import shown

Key = tuple[tuple[str, str | float | bool], ...]
NOTHING = "\u2013"
ABSENT = ("absent", "")
_UNITS = {
    "_v": "V",
    "_mv": "mV",
    "_a": "A",
    "_ma": "mA",
    "_hz": "Hz",
    "_khz": "kHz",
    "_mhz": "MHz",
    "_s": "s",
    "_ms": "ms",
    "_us": "µs",
    "_c": "°C",
    "_kb": "kB",
}
_TRUTHS = {"true": True, "false": False}


def same(value: Scalar | None) -> tuple[str, str | float | bool]:
    """Return what two values have in common if they are the same setting."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return ("truth", value)
    return ("number", float(value)) if isinstance(value, int | float) else ("text", value)


def key_of(row: PointRow, axes: Iterable[str]) -> Key:
    """Return the row's values of these axes, so that two rows of the same settings have equal ones."""
    return tuple(same(row.values.get(name)) for name in axes)


def is_number(value: object) -> bool:
    """Return whether a setting is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def axes_of(rows: Iterable[PointRow]) -> dict[str, list[Scalar]]:
    """Return the axes in the order in which they appear, each with its values.

    Numbers are sorted, others are in the order in which they come; a value that rows lack is not among them.
    """
    found: dict[str, dict[tuple[str, str | float | bool], Scalar]] = {}
    for row in rows:
        for name, value in row.values.items():
            found.setdefault(name, {}).setdefault(same(value), value)
    return {name: _sorted(list(values.values())) for name, values in found.items()}


def _sorted(values: list[Scalar]) -> list[Scalar]:
    if all(is_number(value) for value in values):
        return sorted(values, key=float)
    return values


def value_text(value: Scalar | None) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def axis_label(name: str) -> str:
    """Return the name of an axis for people: `clock_mhz` is `clock (MHz)`."""
    ending = next((each for each in _UNITS if name.lower().endswith(each) and len(name) > len(each)), "")
    stem = name[: len(name) - len(ending)].replace("_", " ")
    return f"{stem} ({_UNITS[ending]})" if ending else stem


def setting_text(values: Mapping[str, Scalar], axes: Iterable[str] | None = None) -> str:
    """Return settings as a person reads them: `voltage 1.8 V, model kws`."""
    parts = []
    for name in values if axes is None else axes:
        stem, _, unit = axis_label(name).partition(" (")
        text = value_text(values.get(name))
        parts.append(f"{stem} {text} {unit.rstrip(')')}".strip() if name in values else f"{stem} {NOTHING}")
    return ", ".join(parts) or "its only setting"


def selected(rows: Iterable[PointRow], where: Mapping[str, str]) -> list[PointRow]:
    """Return the rows with these values of axes, each given as text: `{"voltage_v": "1.8"}`.

    Raises `ConfigurationError` for an axis that no row has, or a value that none has.
    """
    found = list(rows)
    known = axes_of(found)
    for name, text in where.items():
        if name not in known:
            raise ConfigurationError(
                f"no axis is called {shown(name)!r}. Try: {', '.join(map(shown, known)) or 'a sweep with axes'}"
            )
        wanted = {same(value) for value in known[name] if _is(value, text)}
        if not wanted:
            values = ", ".join(shown(value_text(value)) for value in known[name])
            raise ConfigurationError(f"no point has {shown(name)}={shown(text)}. Try one of: {values}")
        found = [row for row in found if same(row.values.get(name)) in wanted]
    return found


def _is(value: Scalar, text: str) -> bool:
    if isinstance(value, bool):
        return _TRUTHS.get(text.strip().lower()) is value
    if isinstance(value, int | float):
        try:
            return float(text) == float(value)
        except ValueError:
            return False
    return value == text


@dataclass(frozen=True)
class Sorted:
    """Rows by whether their energy counts: `counted` do; `excluded` says how many do not, by the reason."""

    counted: tuple[PointRow, ...]
    excluded: Mapping[str, int]


def sort_out(rows: Sequence[PointRow], *, virtual: bool, invalid: bool = False) -> Sorted:
    """Return which rows have an energy that counts: finished, valid (or any with `invalid`), virtual as asked."""
    counted: list[PointRow] = []
    excluded: Counter[str] = Counter()
    for row in rows:
        reason = _not_counted(row, virtual=virtual, invalid=invalid)
        if reason:
            excluded[reason] += 1
        else:
            counted.append(row)
    return Sorted(tuple(counted), dict(excluded))


def _not_counted(row: PointRow, *, virtual: bool, invalid: bool) -> str:
    if row.state != "done":
        return "set aside" if row.state == "set-aside" else "not finished"
    if row.virtual and not virtual:
        return "virtual"
    if not invalid and not row.valid:
        return "not valid"
    return "" if row.energy_j is not None and row.energy_j > 0 else "no energy"


def any_real(rows: Iterable[PointRow]) -> bool:
    """Return whether any energy is that of real hardware; then virtual ones do not count beside it."""
    return any(row.virtual is False and row.energy_j is not None for row in rows)
