# SPDX-License-Identifier: Apache-2.0
"""Which column of a table is the time, and which are signals, in which units: as the file states, or as told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from energy_runner.errors import Argument
from energy_runner.traces.model import AS_RECORDED, COMPUTED, SignalName, TraceFileError
from energy_runner.traces.text.cells import FALSE, SHOWN, TRUE, is_number, is_states, shown
from energy_runner.traces.text.layout import Layout
from energy_runner.traces.text.rows import Form, Wanted
from energy_runner.traces.units import KNOWN, UNITS_TOLD, Quantity, as_signal, parse_unit, unit_in_name

_INPUT = re.compile(r"D([0-7])")
_BITS = "bits"
_STATES = re.compile(r"D0-D7", re.IGNORECASE)


@dataclass(frozen=True)
class Meaning:
    """One column: its place, its quantity, and the factor to SI."""

    place: int
    quantity: Quantity
    factor: float


@dataclass(frozen=True)
class Columns:
    """The columns to read: `time` is None where the file has none."""

    time: Meaning | None
    signals: Mapping[SignalName, Meaning]


def choose(layout: Layout, told: Mapping[str, str]) -> Columns:
    """Return the meaning of the columns: of those told if any are, else of those whose names state a unit.

    Raises `TraceFileError` for a missing column, for an unknown unit, for units that contradict each
    other, and for a quantity that two columns have.
    """
    stated = {place: unit for place, name in enumerate(layout.names) if (unit := unit_in_name(name)) is not None}
    found = _told(layout, told, stated) if told else stated
    time: Meaning | None = None
    signals: dict[SignalName, Meaning] = {}
    for place, (quantity, factor) in found.items():
        meaning = Meaning(place, quantity, factor)
        name = as_signal(quantity)
        if quantity == "time":
            if time is not None:
                raise _two(layout, "time", time.place, place)
            time = meaning
        elif name is not None:
            if name == "energy" and not told and not _says(layout, name, AS_RECORDED):
                continue  # a running sum or joules in each sample: the name does not say
            if name in signals:
                raise _two(layout, quantity, signals[name].place, place)
            signals[name] = meaning
    kept = {name: one for name, one in signals.items() if told or not _says(layout, name, COMPUTED)}
    if kept.keys() - {"voltage"}:  # what a file of ours computed is computed again, with all digits
        signals = kept
    if not signals or ("voltage" in signals and len(signals) == 1):
        raise _nothing(layout, stated)
    return Columns(time, signals)


def _nothing(layout: Layout, stated: Mapping[int, tuple[Quantity, float]]) -> TraceFileError:
    """Return the refusal of a table in which no column was found that gives an energy, with what helps."""
    said = f"{layout.path}: no column states that it is a current or a power. There are: {layout.there()[:300]}. "
    joules = next((place for place, unit in stated.items() if unit[0] == "energy"), None)
    if joules is not None:
        telling = {place: one for place, one in stated.items() if one[0] == "time"} | {joules: stated[joules]}
        told = ",".join(f"{_short(layout, place)}={_symbol(layout, place)}" for place in sorted(telling))
        return TraceFileError(
            f"{said}Whether {shown(layout.names[joules])} holds the joules of each sample or a running sum is not "
            "stated. Try: ",
            Argument("columns", told),
            " if they are those of each sample",
        )
    if len(stated) == len(layout.names):  # each column states what it is, and none is what is needed
        return TraceFileError(f"{said}Try: a file that holds the current")
    return TraceFileError(f"{said}Try: ", Argument("columns", _example(layout)))


def _short(layout: Layout, place: int) -> str:
    """Return a name by which a column can be told: the word before its unit, where no other begins so."""
    name = layout.names[place]
    begun = [_begin(other) for other in layout.names]
    return (
        name or str(place + 1) if not _begin(name) or begun.count(_begin(name)) > 1 else name[: len(_begin(name))]
    )


def _begin(name: str) -> str:
    return re.split(r"[\s(\[]", name.lower())[0]


def _symbol(layout: Layout, place: int, other: str = "J") -> str:
    """Return the unit that the name of a column states, as it can be told; `other` where it states none."""
    meant = unit_in_name(layout.names[place])
    return next((unit for unit in UNITS_TOLD if meant is not None and parse_unit(unit) == meant), other)


def _says(layout: Layout, name: SignalName, how: str) -> bool:
    """Return whether a file of ours says how it came by a signal."""
    return any(text.lstrip("# ").startswith(f"{name} {how}") for text in layout.comments)


def edge_column(layout: Layout, name: str) -> Wanted:
    """Return the column of states called `name`, or an input `D0` to `D7` in a column of states.

    Raises `TraceFileError` if there is none.
    """
    places = {other.lower(): place for place, other in enumerate(layout.names)}
    place = places.get(name.lower())
    if place is not None:
        return Wanted(place, _form(layout, place, name))
    match = _INPUT.fullmatch(name.upper())
    states = next((place for place, other in enumerate(layout.names) if _STATES.fullmatch(other)), None)
    if match is not None and states is not None:
        return Wanted(states, "states", int(match[1]))
    bits = places.get(_BITS)
    if match is not None and bits is not None:
        return Wanted(bits, "number", int(match[1]))
    there = ", ".join(edge_names(layout)) or "none"
    raise TraceFileError(f"{layout.path}: has no column {shown(name)} for edges. There are: {there}")


def edge_names(layout: Layout) -> tuple[str, ...]:
    """Return the columns whose first cells are states of an input, and the inputs in columns of states."""
    found: list[str] = []
    for place, name in enumerate(layout.names):
        if _STATES.fullmatch(name) or name.lower() == _BITS:
            found += [f"D{number}" for number in range(8)]
        elif name and unit_in_name(name) in {None, ("logic", 1.0)} and _looks_like_states(layout, place):
            found.append(name)
    return tuple(dict.fromkeys(found))


def is_bits(layout: Layout, wanted: Wanted) -> bool:
    """Return whether a column holds the eight inputs as one number, D0 the lowest bit."""
    return wanted.form == "number" and layout.names[wanted.place].lower() == _BITS


def _looks_like_states(layout: Layout, place: int) -> bool:
    cells = {row[place] for row in layout.rows if len(row) > place}
    return bool(cells) and all(cell in TRUE or cell in FALSE or _is_state(cell) for cell in cells)


def _is_state(cell: str) -> bool:
    return is_number(cell) and float(cell.replace(",", ".")) in (0.0, 1.0)


def _form(layout: Layout, place: int, name: str) -> Form:
    cells = {row[place] for row in layout.rows if len(row) > place}
    if any(is_states(cell) and not is_number(cell) for cell in cells):
        raise TraceFileError(
            f"{layout.path}: column {shown(name)} holds the states of eight inputs, such as "
            f"{shown(next(iter(cells)))}. Try: the one that marks the windows, D0 to D7"
        )
    words = any(cell in TRUE or cell in FALSE for cell in cells if not is_number(cell))
    return "state" if words else "number"


def _told(
    layout: Layout, told: Mapping[str, str], stated: Mapping[int, tuple[Quantity, float]]
) -> dict[int, tuple[Quantity, float]]:
    found: dict[int, tuple[Quantity, float]] = {}
    for name, unit in told.items():
        place = _place(layout, name)
        meant = parse_unit(unit)
        if meant is None:
            raise TraceFileError(f"{layout.path}: {shown(unit)} for column {shown(name)} is no unit. Try: {KNOWN}")
        if place in stated and stated[place] != meant:
            raise TraceFileError(
                f"{layout.path}: column {shown(layout.names[place])} (line {layout.header_line}) states another "
                f"unit than {shown(unit)}. Try: leave it out, or correct the file"
            )
        if place in found:
            raise TraceFileError(f"{layout.path}: column {shown(layout.names[place])} was told twice")
        found[place] = meant
    return found


def _place(layout: Layout, name: str) -> int:
    """Return the place of the column that a user means: by its whole name, or by the one that begins so."""
    lowered = [other.lower() for other in layout.names]
    if name.lower() in lowered:
        return lowered.index(name.lower())
    begun = [place for place, other in enumerate(lowered) if _begin(other) == name.lower()]
    if len(begun) == 1:
        return begun[0]
    raise TraceFileError(f"{layout.path}: has no column {shown(name)}. There are: {layout.there()[:300]}")


def _two(layout: Layout, quantity: str, first: int, second: int) -> TraceFileError:
    names = f"{shown(layout.names[first])} and {shown(layout.names[second])}"
    return TraceFileError(
        f"{layout.path}: two columns hold a {quantity}, {names}. Try: name those that count with ",
        Argument("columns", _example(layout)),
    )


def _example(layout: Layout) -> str:
    places = [place for place, name in enumerate(layout.names) if name] or [0]
    ends = [(places[0], "ms"), (places[-1], "uA")] if len(places) > 1 else [(places[0], "uA")]
    return ",".join(f"{_short(layout, place)[:SHOWN]}={_symbol(layout, place, unit)}" for place, unit in ends)
