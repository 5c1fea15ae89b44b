# SPDX-License-Identifier: Apache-2.0
"""Check the calibrations of a bench file against each other and the day, and lay them over a specification."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from energy_runner.bench.calibration_spec import CalibrationSpec, PointSpec, TermSpec
from energy_runner.bench.players import Player
from energy_runner.bench.spec import BenchSpec, InstrumentSpec, MonitorSpec
from energy_runner.bench.time_zone import host_zone
from energy_runner.bench.wiring import MONITOR, WiringError, rails_of, roles_of
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.days import day_in
from instruments.clock import Clock, utc_text
from instruments.roles import Identity
from instruments.specifications import (
    REPLACED,
    CalibrationPoint,
    Specification,
    SpecificationTerm,
    laid_over,
)

_LOADS = ("current", "power", "energy")
_REMEDY = "bench off works without it; for a run, have it calibrated, or leave [….calibration] out"
STEEPEST = 0.1  # change of a correction per change of the reading; an instrument beyond that is to be repaired
SAME_READING = 1e-7  # of the largest reading of a range: readings nearer than that no instrument tells apart
Place = tuple[str, ...]
Holder = InstrumentSpec | MonitorSpec


class CalibrationError(WiringError):
    """The calibrations of a bench file contradict each other, or what else it says."""

    def __init__(self, place: Sequence[str], text: str, also: Sequence[str] = ()) -> None:
        ConfigurationError.__init__(self, f"{text}. Try: compare it with docs/reference/bench-file.md")
        self.place = tuple(place)
        self.also = tuple(also)


def check_calibrations(spec: BenchSpec) -> None:
    """Raise `CalibrationError` for points and terms that cannot hold together; roles must be sound already."""
    roles = roles_of(spec)
    samplers, feeders = ({player.instrument for player in one} for one in _by_rail(spec, roles))
    for place, name, holder in _holders(spec):
        calibration, stated = holder.calibration, holder.specification
        has_points = calibration is not None and calibration.point
        terms = {term.name for term in stated.term or []} if stated is not None else set()
        # Where the sampler measures current only, the limits of the voltage are those of the supply.
        as_supply = name in feeders and not has_points and terms == {"supply_voltage"}
        if (has_points or terms) and name not in samplers and not as_supply:
            table = "calibration" if has_points else "specification"
            text = f"'{name}' does not sample on this bench, so its points and terms correct nothing"
            if any(sampler.startswith(f"{name}:") for sampler in samplers):
                text = (
                    f"points and terms belong to one module of '{name}', and its channels are named in [rails]; "
                    "give each channel a table [instruments.NAME] of its own, with its channel in `options`"
                )
            raise CalibrationError((*place, table), text)
        if calibration is not None:
            _check_points(calibration, (*place, "calibration"))
        for number, term in enumerate(stated.term or [] if stated else []):
            _check_term(spec, stated.term or [] if stated else [], number, term, (*place, "specification", "term"))


def _by_rail(spec: BenchSpec, roles: Mapping[str, Player]) -> tuple[list[Player], list[Player]]:
    """Return who samples, and who feeds: the players of every rail, or of the only one."""
    rails = rails_of(spec)
    if rails:
        return [sampler for _, sampler in rails.values()], [supply for supply, _ in rails.values()]
    samplers, feeders = ([roles[role]] if role in roles else [] for role in ("sampler", "supply"))
    return samplers, feeders


def check_in_force(spec: BenchSpec, clock: Clock) -> None:
    """Raise `ConfigurationError`, with the line, if points of a calibration are not in force today.

    Today is the day on which the run begins, in the laboratory's time zone; a virtual bench has the day of its own
    clock. A run that goes on past midnight is judged by the day on which it began, as by the rule `calibration`.
    Only a calibration with points is refused: one without enters no figure, and a rule judges its days.
    """
    zone = zone_of(spec)
    today = day_in(zone, utc_text(clock.utc_ns()))
    for place, _, holder in _holders(spec):
        calibration = holder.calibration
        if calibration is None:
            continue
        for number, point in enumerate(calibration.point or []):
            problem = _out_of_force(calibration, point, number, today)
            if problem is not None:
                where, text, advice = problem
                at = spec.origin.at((*place, "calibration", *where))
                raise ConfigurationError(f"{at}: {text} today is {today} ({zone}). Try: {advice}")


def _out_of_force(
    calibration: CalibrationSpec, point: PointSpec, number: int, today: str
) -> tuple[Place, str, str] | None:
    """Return which key keeps a point from being in force today, why, and what to try; None if it is in force."""
    taken = point.date or calibration.calibrated_on
    own: Place = ("point", str(number), *(("date",) if point.date is not None else ()))
    if taken is not None and taken > today:
        return own, f"the point was taken on {taken}, but", "mend its date, or this computer's clock"
    last = calibration.last_day_of(point)
    if last is None or today <= last:
        return None
    if point.date in (None, calibration.calibrated_on):
        key = next((key for key in ("due", "interval_days") if getattr(calibration, key)), "calibrated_on")
        return (key,), f"the calibration expired on {last}, and", _REMEDY
    return own, f"the point was taken on {taken} and expired on {last}, and", _REMEDY


def zone_of(spec: BenchSpec) -> str:
    """Return the time zone in which the bench's days are judged: its own, or else that of this computer."""
    return spec.time_zone or ("UTC" if spec.is_virtual else host_zone())


def applied(spec: BenchSpec, sampler: str, table: Specification) -> Specification:
    """Return a sampler's specification with what the bench file says about that instrument laid over it.

    A stated term takes the place of the table's terms of its name. With `above` it takes the place of those with
    the same `above` or of unknown size, and counts beside the others, as terms of one name do in the table.
    """
    for _, name, holder in _holders(spec):
        if name == sampler:
            stated = holder.specification
            terms = [_term(spec, term) for term in (stated.term or [] if stated else [])]
            points = _points(holder.calibration)
            result = laid_over(table, terms, points)
            beside = _beside(table, terms, points)
            if not beside:
                return result
            names = ", ".join(dict.fromkeys(term.name for term in beside))
            words = f"The maker's terms with another limit `above` count beside those of the bench file: {names}."
            return replace(result, terms=(*beside, *result.terms), assumptions=(*result.assumptions, words))
    return table


def _beside(
    table: Specification, stated: Sequence[SpecificationTerm], points: Sequence[CalibrationPoint]
) -> list[SpecificationTerm]:
    """Return the table's terms that count beside stated ones of their name, which all have another `above`."""
    aboves: dict[str, set[float]] = {}
    for term in stated:
        aboves.setdefault(term.name, set()).add(term.above)
    by_points = {name for point in points for name in REPLACED[point.quantity]}
    return [
        replace(term, assumed=term.assumed or table.assumed)
        for term in table.terms
        if term.name in aboves
        and not {0.0, term.above} & aboves[term.name]
        and (term.relative or term.absolute)
        and term.name not in by_points
    ]


def check_serial(spec: BenchSpec, name: str, identity: Identity) -> None:
    """Raise `BenchFault` if a calibration has the points of another instrument than the one that answers."""
    for place, holder_name, holder in _holders(spec):
        calibration = holder.calibration
        if holder_name != name or calibration is None or not calibration.point or calibration.serial is None:
            continue
        if calibration.serial != identity.serial:
            where = spec.origin.at((*place, "calibration", "serial"))
            raise BenchFault(
                f"{where}: the calibration is of the instrument with the serial number {calibration.serial}, and "
                f"{name} answers with {identity.serial or 'none'}. Try: the instrument's own calibration"
            )


def _holders(spec: BenchSpec) -> Iterator[tuple[Place, str, Holder]]:
    """Yield each table that may hold a calibration: its place in the file, the instrument's name, the table."""
    if spec.monitor is not None:
        yield ("monitor",), MONITOR, spec.monitor
    for name, instrument in spec.instruments.items():
        yield ("instruments", name), name, instrument


def _check_points(calibration: CalibrationSpec, table: Place) -> None:
    points = calibration.point or []
    places: list[Place] = [(*table, "point", str(number)) for number in range(len(points))]
    for point, place in zip(points, places, strict=True):
        for key, default in (
            ("date", calibration.calibrated_on),
            ("laboratory", calibration.laboratory),
            ("certificate", calibration.certificate),
        ):
            if getattr(point, key) is None and default is None:
                raise CalibrationError(place, f"the point has no {key}, and neither has the calibration")
    for (one, here), (other, there) in combinations(zip(points, places, strict=True), 2):
        problem = contradiction(one, other)
        if problem:
            raise CalibrationError(there, problem, also=here)


def contradiction(one: PointSpec, other: PointSpec) -> str:
    """Return why two points cannot both hold; empty if they can."""
    if one.quantity != other.quantity:
        return _of_two_quantities({one.quantity, other.quantity})
    (low, high), (other_low, other_high) = one.range, other.range
    if one.range == other.range:
        return _of_one_range(one, other)
    if low < other_high and other_low < high:
        return (
            f"the ranges {low:g} to {high:g} {one.unit} and {other_low:g} to {other_high:g} {one.unit} overlap: "
            "which correction holds where?"
        )
    return ""


def _of_one_range(one: PointSpec, other: PointSpec) -> str:
    """Return why two points of one range cannot both hold: the correction would jump, or is there twice."""
    apart = abs(one.value - other.value)
    jump = abs(one.correction - other.correction)
    expanded = 2 * (one.U / one.k + other.U / other.k)
    if jump > expanded + STEEPEST * apart:
        return (
            f"two points at {_pair(one.value, other.value)} {one.unit} contradict each other: their corrections, "
            f"{_pair(one.correction, other.correction)} {one.unit}, differ by more than both U (k = 2) and "
            f"{STEEPEST * 100:g} % of the distance between them"
        )
    if apart <= SAME_READING * max(map(abs, one.range)):
        return (
            f"two points at {_pair(one.value, other.value)} {one.unit} say the same twice: one reading, one point"
        )
    return ""


def _pair(one: float, other: float) -> str:
    """Return two numbers with as many digits as it takes to tell them apart, or one where they are equal."""
    if one == other:
        return f"{one:g}"
    for digits in range(6, 18):
        first, second = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if first != second:
            break
    return f"{first} and {second}"


def _of_two_quantities(both: set[str]) -> str:
    if both <= set(_LOADS):
        return f"points of {' and '.join(sorted(both))} would correct the same reading twice"
    if both & {"power", "energy"}:
        (product,) = both - {"voltage"}
        return f"points of {product} hold the voltage already; points of the voltage would correct it twice"
    return ""


def _check_term(spec: BenchSpec, terms: list[TermSpec], number: int, term: TermSpec, table: Place) -> None:
    place = (*table, str(number))
    twice = [k for k, one in enumerate(terms[:number]) if (one.name, one.above) == (term.name, term.above)]
    if twice:
        raise CalibrationError(
            place, f"'{term.name[:40]}' is stated twice; leave one out", also=(*table, str(twice[0]))
        )
    if term.per_k and _change_k(spec) is None and spec.roles.thermometer is None:
        raise CalibrationError(
            place,
            f"'{term.name[:40]}' is stated for each kelvin, and environment.temperature_change_k is not given: by "
            "how much did the temperature change since the last self-calibration? A thermometer in [roles] would "
            "tell how much it changes during the run",
        )


def _change_k(spec: BenchSpec) -> float | None:
    return spec.environment.temperature_change_k if spec.environment is not None else None


def _term(spec: BenchSpec, term: TermSpec) -> SpecificationTerm:
    change_k = _change_k(spec) or 0.0
    source = term.source
    if term.per_k and _change_k(spec) is not None:
        source += f" \u00d7 {change_k:g} K (environment.temperature_change_k)"
    return SpecificationTerm(
        name=term.name,
        relative=term.relative + term.relative_per_k * change_k,
        absolute=term.absolute + term.absolute_per_k * change_k,
        unit=term.unit,
        source=source,
        above=term.above,
        hold_s=term.hold_s,
        assumed=term.assumed,
        relative_per_k=term.relative_per_k,
        absolute_per_k=term.absolute_per_k,
        change_k=change_k,
    )


def _points(calibration: CalibrationSpec | None) -> list[CalibrationPoint]:
    if calibration is None:
        return []
    return [
        CalibrationPoint(
            quantity=point.quantity,
            unit=point.unit,
            low=point.range[0],
            high=point.range[1],
            value=point.value,
            correction=point.correction,
            U=point.U,
            k=point.k,
            date=point.date or calibration.calibrated_on or "",
            laboratory=point.laboratory or calibration.laboratory or "",
            certificate=point.certificate or calibration.certificate or "",
        )
        for point in calibration.point or []
    ]
