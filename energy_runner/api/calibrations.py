# SPDX-License-Identifier: Apache-2.0
"""Calibrate the monitor of a bench by a reference, point by point, into a dated file for its bench file."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ValidationError

from energy_runner.analysis.facts import gather
from energy_runner.analysis.known_load import K, KnownLoad, mean_reading, resolution_u
from energy_runner.api.known_loads import Listener, built_with_load, check_load, load_sampled, write_facts
from energy_runner.bench import BenchSpec
from energy_runner.bench.calibration import zone_of
from energy_runner.bench.calibration_file import (
    CalibrationFile,
    Residual,
    as_text,
    read_calibration,
    residuals,
    with_point,
    write_calibration,
)
from energy_runner.bench.calibration_spec import CalibrationSpec, PointSpec
from energy_runner.director.examination import Examined
from energy_runner.director.load_job import SUPPLY_IS_ON
from energy_runner.errors import Call, ConfigurationError
from energy_runner.session.days import day_in
from energy_runner.session.folder import JOURNAL, TRACE
from energy_runner.session.journal import Journal
from energy_runner.session.trace import TraceReader
from energy_runner.version import version
from instruments.clock import utc_text
from instruments.roles import UNITS

__all__ = ["Calibrated", "Certificate", "Reference", "calibrate_bench"]


# Of the largest reading: more is a slip of unit or sign, or an instrument to be repaired.
_LARGEST_CORRECTION = 0.1


@dataclass(frozen=True)
class Reference:
    """What a reference says of the quantity that is calibrated, with its expanded uncertainty (k = 2).

    `current_a` is that of a source measure unit or of a meter in series; without it the current follows from the
    resistor and the voltage of `load`. `quantity` is `current` or `voltage`.
    """

    quantity: str = "current"
    current_a: float | None = None
    current_u_a: float = 0.0
    load: KnownLoad | None = None


@dataclass(frozen=True)
class Calibrated:
    """The point that was taken, the file that it is in now, with all its points and residuals."""

    bench: str
    virtual: bool
    folder: Path
    file: Path
    point: PointSpec
    points: int
    residuals: tuple[Residual, ...]


@dataclass(frozen=True)
class Certificate:
    """What a new file says of itself; `certificate` "" makes a number of the day and the serial number."""

    laboratory: str = "in-house"
    certificate: str = ""
    interval_days: int = 365


def calibrate_bench(
    bench: BenchSpec | str | Path,
    reference: Reference,
    file: str | Path,
    *,
    reading_range: tuple[float, float] | None = None,
    certificate: Certificate | None = None,
    seconds: float = 5.0,
    seed: int = 0,
    out: str | Path | None = None,
    listener: Listener = lambda step: None,
) -> Calibrated:
    """Take one point of calibration of the bench's monitor by a reference, and add it to `file`.

    `reading_range` is the range of readings that it belongs to; by default that of the file's points of the same
    quantity. The correction is what the reference says less the reading without any correction. Its uncertainty is
    that of the reference, the scatter of the reading and its resolution; its day is that on which it was begun. On
    a virtual bench without a reference voltage an ideal voltmeter of the twins' world takes its place. Raises what
    `verify_bench` raises.
    """
    path, given = Path(file), certificate or Certificate()
    before = read_calibration(path)
    low, high = _range(before, reference.quantity, reading_range, path)
    check_load(reference.load or KnownLoad(1.0, 0.0), seconds)
    spec, built = built_with_load(bench, seed)
    _check_reference(reference, virtual=spec.is_virtual)
    day = day_in(zone_of(spec), utc_text(built.clock.utc_ns()))  # the day on which it begins, as for a run
    true_v: list[float] = []

    def heard(step: Examined) -> None:
        if step.step == SUPPLY_IS_ON and built.twin is not None:
            true_v.append(built.twin.world.voltage_v)
        listener(step)

    with load_sampled(built, seconds, out, heard, "bench calibrate") as (sampled, folder):
        with TraceReader(folder / TRACE) as trace:
            journal = gather(Journal(folder / JOURNAL, exchanges=False))
            reading = mean_reading(trace, sampled.monitor, reference.quantity, journal)
        right, expanded = _by_reference(reference, true_v[0] if true_v else None)
        # A mean of ten parts is distributed as t; its standard deviation is larger (JCGM 101, 6.4.9.5).
        own_u = reading.u * math.sqrt(reading.dof / (reading.dof - 2))
        point = _point(reference.quantity, (low, high), reading.value, right - reading.value)
        steps_u = resolution_u(sampled.monitor, reading.value)
        point = point.model_copy(update={"U": K * math.hypot(expanded / K, own_u, steps_u), "date": day})
        identity = {key: str(getattr(sampled.identity, key)) for key in ("make", "model", "serial", "firmware")}
        new = CalibrationSpec(
            calibrated_on=day,
            interval_days=given.interval_days,
            laboratory=given.laboratory,
            certificate=given.certificate or f"{day}-{identity['serial'] or spec.name}",
            serial=identity["serial"] or None,
            virtual=sampled.virtual or None,
        )
        after = with_point(before, point, new, identity)
        facts = {"reference": asdict(reference), "point": point.model_dump(mode="json")}
        write_facts(folder / "calibration.json", built, sampled, facts)
        write_calibration(path, as_text(after, f"energy-runner {version()}"))
        points = after.calibration.point or []
        return Calibrated(spec.name, sampled.virtual, folder, path, point, len(points), tuple(residuals(points)))


def _range(
    before: CalibrationFile | None, quantity: str, given: tuple[float, float] | None, path: Path
) -> tuple[float, float]:
    if given is not None:
        if not (all(map(math.isfinite, given)) and given[0] < given[1]):
            raise ConfigurationError(
                f"range: {given[0]:g} to {given[1]:g} is empty. Try: the lowest reading first"
            )
        return given
    points = (before.calibration.point or []) if before is not None else []
    ranges = {tuple(point.range) for point in points if point.quantity == quantity}
    if len(ranges) != 1:
        raise ConfigurationError(
            f"range: {path} has {len(ranges)} ranges of the {quantity} so far, so it must be given. Try: ",
            Call("reading_range=(LOW, HIGH)", "--range LOW HIGH"),
        )
    low, high = next(iter(ranges))
    return low, high


def _check_reference(reference: Reference, *, virtual: bool) -> None:
    load = reference.load
    by_voltage = load is not None and (load.voltage_v is not None or virtual)
    if reference.quantity not in ("current", "voltage"):
        raise ConfigurationError(
            f"quantity: '{reference.quantity[:20]}' cannot be calibrated. Try: current or voltage"
        )
    if load is not None and load.pulse_s:
        raise ConfigurationError(
            "pulse: a point is taken with a steady load. Try: without ", Call("pulse_s", "--pulse")
        )
    if reference.quantity == "current" and reference.current_a is not None:
        if not (math.isfinite(reference.current_a) and 0 < reference.current_u_a < math.inf):
            raise ConfigurationError("current: it needs an uncertainty. Try: ", Call("current_u_a", "--current-u"))
    elif not by_voltage:
        raise ConfigurationError(
            "there is no reference. Try: ",
            Call("current_a", "--current"),
            " of a source measure unit, or ",
            Call("resistance_ohm and voltage_v", "--resistance and --voltage"),
            " at it",
        )
    elif load is not None and not (load.voltage_u_v > 0 and (load.resistance_u_ohm > 0 or virtual)):
        raise ConfigurationError(
            "the reference needs an uncertainty. Try: ",
            Call("resistance_u_ohm and voltage_u_v", "--resistance-u and --voltage-u"),
        )


def _by_reference(reference: Reference, true_v: float | None) -> tuple[float, float]:
    """Return the true value by the reference, and its expanded uncertainty (k = 2)."""
    if reference.quantity == "current" and reference.current_a is not None:
        return reference.current_a, reference.current_u_a
    load = reference.load
    voltage_v = load.voltage_v if load is not None and load.voltage_v is not None else true_v
    if load is None or voltage_v is None:
        raise ConfigurationError("there is no reference voltage. Try: ", Call("voltage_v", "--voltage"))
    if reference.quantity == "voltage":
        return voltage_v, load.voltage_u_v
    current_a = voltage_v / load.resistance_ohm
    relative = math.hypot(load.voltage_u_v / voltage_v, load.resistance_u_ohm / load.resistance_ohm)
    return current_a, current_a * relative


def _point(quantity: str, reading_range: tuple[float, float], value: float, correction: float) -> PointSpec:
    if abs(correction) > _LARGEST_CORRECTION * max(map(abs, reading_range)):
        raise ConfigurationError(
            f"the reference is {correction:+g} {UNITS[quantity]} from the reading, over a tenth of the largest. "
            "Try: check unit and sign of the reference"
        )
    table = {
        "quantity": quantity,
        "range": list(reading_range),
        "value": value,
        "correction": correction,
        "unit": UNITS[quantity],
        "U": 1.0,  # replaced by the caller
        "k": K,
    }
    try:
        return PointSpec.model_validate(table)
    except ValidationError as error:
        text = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{text}. Try: another ", Call("reading_range", "--range")) from None
