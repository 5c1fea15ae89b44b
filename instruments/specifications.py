# SPDX-License-Identifier: Apache-2.0
"""Read a device's specification from the table in its package, `specification.toml`.

The table names the document it follows, has one `[[term]]` for each limit, and lists the assumptions made where
no document gives a limit:

    document = "UM2243 Rev 3"
    assumptions = ["..."]

    [[term]]
    name = "gain"
    relative = 0.02
    source = "UM2243, page 23"

It may have one `[[largest]]` for each quantity, the largest reading that there can be, and, where readings cannot
stay so high for more than some milliseconds, the largest that is `lasting`, both in `unit`:

    [[largest]]
    value = 0.075
    lasting = 0.059
    unit = "A"
    source = "UM2243, section 10"

A term with neither `relative` nor `absolute` is a cause that the documents name without giving its size: it makes
the uncertainty of a real measurement incomplete (a twin has no such error). So does `assumed = true`, for one term
or for the whole table: a limit that no document of the maker states is counted, but the uncertainty is never
called complete. `above`, in the term's `unit`, restricts a term to larger readings and the `hold_s` seconds after
them. `absolute` is in W, A, V, J or Ohm (an error of each reading), or in s or samples (a delay common to all
edges).

Names in use: `gain` (relative, of the energy or current reading), `offset` (absolute, W or A), `noise` (absolute,
the standard deviation of each sample), `quantisation`, `clock` and `supply_voltage` (relative), `voltage_gain` and
`voltage_offset` (where voltage is measured), `range_changes` (what another range adds), `edge_latency` and
`trigger_latency` (s or samples), `burden_voltage` (V, or Ohm of a shunt, in the DUT's supply line), `temperature`
(since the last calibration).
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from typing import Any

FILE = "specification.toml"
SUPPLY_FILE = "supply.toml"


@dataclass(frozen=True)
class SpecificationTerm:
    """One limit of a data sheet: ± (`relative` x reading + `absolute`).

    A term with neither is a known cause of unknown size. The term counts only for readings larger than `above`, in
    `unit`, and for `hold_s` seconds after one: an instrument may be slow to leave a larger range. `assumed` means
    that no document states the limit. What `relative_per_k` and `absolute_per_k` add for each kelvin is in
    `relative` and `absolute` already, for a change of temperature of `change_k` kelvin.
    """

    name: str
    relative: float = 0.0
    absolute: float = 0.0
    unit: str = ""
    source: str = ""
    above: float = 0.0
    hold_s: float = 0.0
    assumed: bool = False
    relative_per_k: float = 0.0
    absolute_per_k: float = 0.0
    change_k: float = 0.0


@dataclass(frozen=True)
class Largest:
    """The largest reading that there can be, and the largest that can last (None: as large), both in `unit`."""

    value: float
    unit: str
    source: str
    lasting: float | None = None


@dataclass(frozen=True)
class CalibrationPoint:
    """One point of a calibration: at the reading `value`, `correction` is to be added (VIM 2.53), both in `unit`.

    `U` is the expanded uncertainty of the correction, with the coverage factor `k`. The point belongs to the
    readings from `low` to `high`, such as a range of the instrument.
    """

    quantity: str
    unit: str
    low: float
    high: float
    value: float
    correction: float
    U: float
    k: float
    date: str
    laboratory: str
    certificate: str


@dataclass(frozen=True)
class EdgeDelay:
    """How much later an edge is placed among the samples than what it marks shows in them, as it was measured.

    `delay_s` and its standard uncertainty `u_s`, from `count` edges on the day `date`. It holds for one DUT, its
    edge source, its sampler and the wires between them; `instruments` names these.
    """

    delay_s: float
    u_s: float
    count: int
    date: str
    instruments: str


@dataclass(frozen=True)
class Specification:
    """The limits that apply to one instrument as configured, with their sources.

    `assumed` means that no document of the maker states the table as a whole; a single term may be assumed too.
    `points` are those of its calibration, `delay` is the measured delay of the edges; the terms that they replace
    are left out of `terms`, and named in `replaced`.
    """

    document: str
    terms: tuple[SpecificationTerm, ...] = ()
    assumptions: tuple[str, ...] = field(default=())
    assumed: bool = False
    points: tuple[CalibrationPoint, ...] = ()
    replaced: tuple[str, ...] = ()
    largest: tuple[Largest, ...] = ()
    delay: EdgeDelay | None = None


# What the points of one quantity replace: power and energy are products, so their points hold the voltage, too.
VOLTAGE_TERMS = ("supply_voltage", "voltage_gain", "voltage_offset")
REPLACED: dict[str, tuple[str, ...]] = {
    "current": ("gain", "offset"),
    "voltage": VOLTAGE_TERMS,
    "power": ("gain", "offset", *VOLTAGE_TERMS),
    "energy": ("gain", "offset", *VOLTAGE_TERMS),
}


def load(package: str) -> Specification:
    """Return the specification in `package` (such as `instruments.devices.lpm01a`).

    A room of several models has a table for each: `instruments.devices.otii:arc.toml` names one. Raises
    `FileNotFoundError` if there is none, and `TypeError` or `KeyError` for a misspelt or missing key: a limit must
    not vanish because of a typing mistake.
    """
    package, _, file = package.partition(":")
    table = tomllib.loads(resources.files(package).joinpath(file or FILE).read_text(encoding="utf-8"))
    document = table.pop("document")
    terms = tuple(SpecificationTerm(**entry) for entry in table.pop("term"))
    assumptions = tuple(table.pop("assumptions", ()))
    assumed = bool(table.pop("assumed", False))
    largest = tuple(Largest(**entry) for entry in table.pop("largest", ()))
    if table:
        raise KeyError(f"{package}/{file or FILE}: unknown keys {sorted(table)}")
    return Specification(document=document, terms=terms, assumptions=assumptions, assumed=assumed, largest=largest)


def load_supply(package: str) -> Specification:
    """Return the specification of the voltage that an instrument sets.

    It is in `supply.toml` of the package where the instrument's own table is about a voltage that it measures.
    """
    room = package.partition(":")[0]
    own = resources.files(room).joinpath(SUPPLY_FILE).is_file()
    return load(f"{room}:{SUPPLY_FILE}" if own else package)


def with_noise_at(table: Specification, period_s: float, reference_s: float, power: float) -> Specification:
    """Return `table` with its noise, stated for a period of `reference_s` seconds, scaled to `period_s` seconds.

    White noise of a mean falls with the square root of the period (`power` -0.5); that of a sum grows with the
    square root (`power` 0.5).
    """
    factor = math.sqrt(period_s / reference_s) if power > 0 else math.sqrt(reference_s / period_s)
    terms = tuple(
        replace(term, absolute=term.absolute * factor) if term.name == "noise" else term for term in table.terms
    )
    return replace(table, terms=terms)


def scaled(table: Specification, factor: float, unit: str) -> Specification:
    """Return `table` with its absolute limits in `unit` multiplied by `factor`, as for another range."""
    terms = tuple(
        replace(term, absolute=term.absolute * factor) if term.unit == unit else term for term in table.terms
    )
    largest = tuple(
        replace(one, value=one.value * factor, lasting=one.lasting and one.lasting * factor)
        if one.unit == unit
        else one
        for one in table.largest
    )
    return replace(table, terms=terms, largest=largest)


def at_range(
    table: Specification, factor: float, gain: float | None = None, offset: float | None = None
) -> Specification:
    """Return `table`, stated for one range of current, for another that is `factor` times as large.

    What it states in A grows with the range; `gain` (relative) and `offset` (A) are what the maker states for the
    other range, where it does.
    """
    stated = {("gain", "relative"): gain, ("offset", "absolute"): offset}
    # A smaller range has a shunt as much larger; that of a larger range is at most as large.
    grown = scaled(scaled(table, factor, "A"), 1 / min(1.0, factor), "Ohm")
    terms = tuple(
        replace(
            term,
            relative=_or(stated.get((term.name, "relative")), term.relative),
            absolute=_or(stated.get((term.name, "absolute")), term.absolute),
        )
        for term in grown.terms
    )
    return replace(grown, terms=terms)


def _or(stated: float | None, otherwise: float) -> float:
    return otherwise if stated is None else stated


def without(table: Specification, *names: str) -> Specification:
    """Return `table` without the terms of these names, which do not hold as the instrument is used."""
    return replace(table, terms=tuple(term for term in table.terms if term.name not in names))


def assuming(table: Specification, text: str) -> Specification:
    """Return `table` for what its maker does not state it for; `text` says in a sentence what is assumed."""
    return replace(table, assumptions=(*table.assumptions, text), assumed=True)


def laid_over(
    table: Specification, terms: Sequence[SpecificationTerm], points: Sequence[CalibrationPoint]
) -> Specification:
    """Return `table` with `terms` in place of its own of the same name, and `points` in place of gain and offset.

    A term that `terms` states stays beside the points: it was stated with them in mind, such as a drift. Where a
    whole table was assumed, what is left of it stays assumed term by term.
    """
    if not terms and not points:
        return table
    stated = {term.name for term in terms}
    replaced = {name for point in points for name in REPLACED[point.quantity]} - stated
    covered = [term for term in table.terms if term.name == "range_changes" and _has_points(term, points)]
    kept = [
        replace(term, assumed=term.assumed or table.assumed)
        for term in table.terms
        if term.name not in stated | replaced and term not in covered
    ]
    left_out = [*sorted(replaced & {term.name for term in table.terms}), *(term.name for term in covered)]
    return replace(
        table,
        terms=(*kept, *terms),
        assumptions=(*table.assumptions, *_in_words(stated, left_out)),
        assumed=False,
        points=tuple(points),
        replaced=tuple(sorted(replaced)),
    )


# What an assumption says about the place of the edges, for which a measurement may stand.
LATENCIES = ("edge_latency", "trigger_latency")


def with_delay(table: Specification, delay: EdgeDelay, *, replaces: bool) -> Specification:
    """Return `table` with a measured delay of the edges, beside its own latencies or in place of them."""
    gone = {term.name for term in table.terms if replaces and term.name in LATENCIES}
    words = f"Replaced by the measured delay of the edges: {', '.join(sorted(gone))}."
    return replace(
        without(table, *gone),
        delay=delay,
        assumptions=(*table.assumptions, *([words] if gone else [])),
        replaced=tuple(sorted({*table.replaced, *gone})),
    )


def as_facts(table: Specification) -> dict[str, Any]:
    """Return the limits of error in `table` as a journal holds them; what a calibration adds only where it is."""
    facts = asdict(table)
    del facts["largest"]
    for term in facts["terms"]:
        for name in ("hold_s", "relative_per_k", "absolute_per_k", "change_k"):
            if not term[name]:
                del term[name]
    if not table.points:
        del facts["points"]
    if not table.points and not table.replaced:
        del facts["replaced"]
    if table.delay is None:
        del facts["delay"]
    return facts


def largest_facts(table: Specification) -> list[dict[str, Any]]:
    """Return the largest readings in `table` as a journal holds them."""
    return [asdict(one) for one in table.largest]


def _has_points(term: SpecificationTerm, points: Sequence[CalibrationPoint]) -> bool:
    """Return whether the larger range that `term` is about has points of its own."""
    sized = term.above > 0 and bool(term.relative or term.absolute)
    return sized and any(point.unit == term.unit and point.low <= term.above <= point.value for point in points)


def _in_words(stated: set[str], left_out: Sequence[str]) -> list[str]:
    words = []
    if stated:
        words.append(f"Stated in the bench file, in place of the maker's table: {', '.join(sorted(stated))}.")
    if left_out:
        words.append(f"Replaced by the points of the calibration: {', '.join(left_out)}.")
    return words
