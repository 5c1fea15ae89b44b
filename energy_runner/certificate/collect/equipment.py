# SPDX-License-Identifier: Apache-2.0
"""Instruments, conditions and set-up of a session, with what the laboratory states about them."""

from collections.abc import Mapping
from typing import Any

from energy_runner.analysis.uncertainty.evaluate import Limits
from energy_runner.certificate.collect.gathered import Gathered
from energy_runner.certificate.facts.equipment import (
    IDENTITY,
    CalibrationFacts,
    Conditions,
    Equipment,
    Instrument,
    SetUp,
)
from energy_runner.certificate.profile.spec import InstrumentSpec, LabProfile
from energy_runner.errors import ConfigurationError
from energy_runner.session.days import day_in, days_after
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.record import Record, instrument_of
from energy_runner.wording import shown

STATED = "stated by the laboratory"
OF_BENCH = "calibration file of the bench"
# Where a device is connected says nothing about the measurement, and tells strangers about the network.
_ADDRESSES = frozenset({"port", "host", "address", "resource", "url", "serial", "calibration"})
_STATED = ("certificate", "laboratory", "calibrated_on", "due", "interval_days")
_WITH_VOLTAGE = frozenset({"voltage", "power", "energy"})


def equipment(found: Gathered, profile: LabProfile) -> Equipment:
    """Return the instruments as they identified themselves, with their calibrations.

    Raises `ConfigurationError` where the laboratory states another instrument or calibration than the session.
    """
    monitors, environment = found.monitors, found.record.environment
    only = monitors[0] if len(monitors) == 1 else None
    return Equipment(
        instruments=[_instrument(found, profile, name) for name in sorted(found.devices) if name != "dut"],
        computer=environment.platform if environment is not None else "",
        period_s=monitors[0].period_s if monitors else None,  # all rails have the same
        voltage_set_v=only.voltage_set_v if only is not None else None,
        current_limit_a=only.current_limit_a if only is not None else None,
        signals=[signal for one in monitors for signal in _signals(one)],
    )


def _signals(one: MonitorConfigured) -> list[str]:
    rail = f"{one.rail}: " if one.rail else ""
    return [f"{rail}{each.get('name')} in {each.get('unit')}" for each in one.signals]


def _instrument(found: Gathered, profile: LabProfile, name: str) -> Instrument:
    table = found.record.instrument(name)
    identity = found.devices[name].identity
    stated = profile.instruments.get(name) or profile.instruments.get(instrument_of(name), InstrumentSpec())
    own = {key: str(identity.get(key) or "") for key in IDENTITY}
    limits = next((Limits.of(one.accuracy) for one in found.monitors if one.sampler == name), Limits())
    for key, answer in own.items():
        _check_alike(f"instruments.{name}.{key}", getattr(stated, key), answer, "the instrument answered")
    calibration = _calibration(name, table, stated, used=bool(limits.points))
    return Instrument(
        name=name,
        roles=_roles(found, name),
        driver=str(table.get("driver") or ("io-manager" if name == "io-manager" else "")),
        make=own["make"] or stated.make,
        model=own["model"] or stated.model,
        serial=own["serial"] or stated.serial,
        firmware=own["firmware"] or stated.firmware,
        make_stated=not own["make"] and bool(stated.make),
        model_stated=not own["model"] and bool(stated.model),
        serial_stated=not own["serial"] and bool(stated.serial),
        firmware_stated=not own["firmware"] and bool(stated.firmware),
        virtual=found.record.virtual or bool(identity.get("virtual")),
        settings={key: value for key, value in table.items() if key not in _ADDRESSES},
        specification=limits.document,
        calibration=calibration,
        in_calibration=_in_calibration(calibration, _day_of_run(found.record)),
    )


def _roles(found: Gathered, name: str) -> list[str]:
    """Return what an instrument did, by the bench file and by who was configured."""
    roles = found.record.bench.get("roles")
    named = roles.items() if isinstance(roles, Mapping) else ()
    played = {role.replace("_", "-") for role, who in named if name in (str(who), instrument_of(str(who)))}
    for monitor in found.monitors:
        if monitor.sampler == name:
            played |= {"sampler"} | ({"edges"} if monitor.captures_edges else set())
        if monitor.supply == name:
            played |= {"supply"} if _tells_voltage(monitor) else {"supply", "voltage"}
    if name == "io-manager":
        played |= {"dut"}
    if name == _times_windows(found):
        played |= {"edges", "clock"}
    return sorted(played)


def _times_windows(found: Gathered) -> str:
    """Return the instrument by whose clock the windows were timed; "" where that is the sampler's own."""
    alignment, roles = found.result.alignment, found.record.bench.get("roles")
    if alignment is None or alignment.rate_correction is None:
        return ""
    named = str(roles.get("edges") or "") if isinstance(roles, Mapping) else ""
    return next((name for name in (named, instrument_of(named)) if name in found.devices), "io-manager")


def _tells_voltage(monitor: MonitorConfigured) -> bool:
    """Return whether the samples hold the voltage; else the energy is computed with the one that was set."""
    return not _WITH_VOLTAGE.isdisjoint(one.get("name") for one in monitor.signals)


def _calibration(name: str, table: Mapping[str, Any], stated: InstrumentSpec, *, used: bool) -> CalibrationFacts:
    """Return the calibration that the bench file names, with what the laboratory adds to it; or else only that.

    A last day that neither of them states stays empty.
    """
    own = table.get("calibration")
    bench = {key: str(own.get(key) or "") for key in _STATED} if isinstance(own, Mapping) else {}
    since, days = bench.get("calibrated_on", ""), bench.get("interval_days", "")
    due = bench.get("due") or (_days_later(since, int(days)) if since and days.isdecimal() else "")
    named = {"certificate": bench.get("certificate", ""), "date": since, "due": due}
    by_bench = bool(since or named["certificate"])
    if not (by_bench or stated.date or stated.certificate):
        return CalibrationFacts(used=used)
    held = {"laboratory": stated.laboratory} | {key: getattr(stated, key) for key in named}
    added = any(held.values())
    if by_bench:
        for key, value in named.items():
            _check_alike(f"instruments.{name}.{key}", held[key], value, "the bench file of the session says")
        recorded = named | {"laboratory": bench.get("laboratory", "")}
        added = any(held[key] and not value for key, value in recorded.items())
        held |= {key: value for key, value in recorded.items() if value}
    return CalibrationFacts(
        **held,
        accredited=stated.accredited,
        adjusted=stated.adjusted,
        used=used,
        source="; ".join(source for source, there in ((OF_BENCH, by_bench), (STATED, added)) if there),
    )


def _check_alike(key: str, stated: str, recorded: str, whose: str) -> None:
    """Raise `ConfigurationError` where the laboratory speaks of another instrument or calibration."""
    if stated and recorded and stated != recorded:
        raise ConfigurationError(
            f"{key}: the profile states {shown(stated)}, but {whose} {shown(recorded)}. "
            "Try: a profile of the instruments and calibrations with which the session was measured"
        )


def _days_later(day: str, count: int) -> str:
    try:
        return days_after(day, count)
    except ValueError:
        return ""


def _day_of_run(record: Record) -> str:
    """Return the day of the run in the laboratory's time zone; "" where the session does not tell."""
    try:
        return day_in(str(record.bench.get("time_zone") or "UTC"), record.started_utc)
    except ValueError:
        return ""


def _in_calibration(calibration: CalibrationFacts, day: str) -> bool | None:
    if not day or not calibration.date or not calibration.due:
        return None
    return calibration.date <= day <= calibration.due


def conditions(found: Gathered, profile: LabProfile) -> Conditions:
    """Return the environment: as it was measured, or else as the bench file or the laboratory states it."""
    stated, run = profile.conditions, found.record.run
    low, high, u_k, source = _temperature(found, profile)
    return Conditions(
        temperature_low_c=low,
        temperature_high_c=high,
        temperature_u_k=u_k,
        temperature_from=source,
        humidity_percent=stated.humidity_percent,
        warm_up_s=stated.warm_up_s,
        cool_down_s=run.cool_down_s,
    )


def _temperature(found: Gathered, profile: LabProfile) -> tuple[float | None, float | None, float | None, str]:
    measured = list(found.facts.temperatures)
    if measured:
        each_c = [one.temperature_c for one in measured]
        u_k = max((one.u_k for one in measured if one.u_k is not None), default=None)
        return min(each_c), max(each_c), u_k, measured[0].thermometer or "the thermometer"
    if profile.conditions.temperature_c is not None:
        low, high = sorted(profile.conditions.temperature_c)
        return low, high, None, STATED
    surroundings = found.record.bench.get("environment")
    stated = surroundings.get("temperature_c") if isinstance(surroundings, Mapping) else None
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        return float(stated), float(stated), None, "bench file"
    return None, None, None, ""


def setup(found: Gathered, profile: LabProfile) -> SetUp:
    """Return how the item was connected."""
    stated = profile.setup
    return SetUp(
        voltages_v=list(found.voltages_v),
        rails=[rail.name for rail in found.result.rails],
        sense=stated.sense,
        inside=stated.inside,
        outside=stated.outside,
        jumpers=stated.jumpers,
        isolation=stated.isolation,
        cables=stated.cables,
        debug_probe=_debug_probe(found),
        supply_off_confirmed=found.record.supply_off_confirmed,
    )


def _debug_probe(found: Gathered) -> str:
    verdict = next((one for one in found.result.verdicts if one.id == "probe-off"), None)
    if verdict is None:
        return ""
    return f"off in {verdict.measured}" if verdict.known else f"not known: {verdict.note}"
