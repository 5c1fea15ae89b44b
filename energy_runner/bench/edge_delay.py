# SPDX-License-Identifier: Apache-2.0
"""The measured delay of the edges: whether it holds for a bench, and what it changes in the specification."""

from energy_runner.bench.calibration import CalibrationError, zone_of
from energy_runner.bench.edge_delay_spec import EdgeDelaySpec, MeasuredWithSpec
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import roles_of
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.days import day_in, days_after
from energy_runner.wording import short_time
from instruments.clock import Clock, utc_text
from instruments.roles import Identity
from instruments.specifications import EdgeDelay, Specification, with_delay

TABLE = "edge_delay"
_REMEDY = "energy-runner bench doctor BENCH --keep FILE, or leave edge_delay out"
_SAME_PERIOD = 1e-6  # relative; a period read back from an instrument may be rounded


def check_edge_delay(spec: BenchSpec) -> None:
    """Raise `CalibrationError` for a delay on a bench that places no edges; roles must be sound already."""
    if spec.edge_delay is None:
        return
    roles = roles_of(spec)
    missing = [role for role in ("sampler", "edges") if role not in roles]
    if missing:
        raise CalibrationError((TABLE,), f"the bench has no {' and no '.join(missing)}, so no edge can be late")
    if spec.rails:
        raise CalibrationError((TABLE,), "each rail has samples of its own, and there is one delay only")


def check_delay_in_force(spec: BenchSpec, clock: Clock) -> None:
    """Raise `ConfigurationError`, with the line, if the delay is not in force today, in the laboratory's zone."""
    delay = spec.edge_delay
    if delay is None:
        return
    zone = zone_of(spec)
    today = day_in(zone, utc_text(clock.utc_ns()))
    if today < delay.measured_on:
        at, text = "measured_on", f"the delay of the edges was measured on {delay.measured_on}, but"
    else:
        try:
            last = days_after(delay.measured_on, delay.interval_days)
        except ValueError:  # beyond the calendar
            return
        if today <= last:
            return
        at, text = "interval_days", f"the delay of the edges expired on {last}, and"
    raise ConfigurationError(f"{spec.origin.at((TABLE, at))}: {text} today is {today} ({zone}). Try: {_REMEDY}")


def check_delay_of(spec: BenchSpec, name: str, identity: Identity) -> None:
    """Raise `BenchFault` if the delay was measured with another instrument than the one that answers as `name`.

    Make, model and serial number count; a firmware may have been brought up to date.
    """
    delay, roles = spec.edge_delay, roles_of(spec)
    if delay is None:
        return
    for role, measured in (("sampler", delay.sampler), ("edges", delay.edges)):
        player = roles.get(role)
        if player is None or player.instrument != name:
            continue
        if _names_of(measured) != (identity.make, identity.model, identity.serial):
            here = " ".join(part for part in (identity.make, identity.model, identity.serial) if part)
            then = " ".join(part for part in _names_of(measured) if part)
            raise BenchFault(
                f"{spec.origin.at((TABLE, role))}: the delay of the edges was measured with {then or 'no name'}, "
                f"and {name} answers as {here or 'no name'}. Try: {_REMEDY}"
            )


def other_dut(spec: BenchSpec, identity: Identity) -> str:
    """Return in words with which other DUT the delay was measured; "" if it was this one, or there is no delay."""
    delay = spec.edge_delay
    if delay is None or (delay.dut.name, delay.dut.model) == (identity.make, identity.model):
        return ""
    return (
        f"the delay of the edges was measured with the DUT '{delay.dut.name}' and the model '{delay.dut.model}', "
        f"and this is '{identity.make}' with '{identity.model}'"
    )


def delay_applied(spec: BenchSpec, table: Specification, period_s: float) -> Specification:
    """Return the sampler's specification with the measured delay, where the bench has one.

    It replaces an assumed latency only where both instruments have serial numbers, which were compared when they
    were opened and so prove that it was measured with these. Otherwise it counts beside the latency. Raises
    `BenchFault` if it was measured with another sample period than `period_s` (s).
    """
    delay = spec.edge_delay
    if delay is None:
        return table
    check_period(spec, period_s)
    return with_delay(table, _stated(delay), replaces=not unproven(delay))


def check_period(spec: BenchSpec, period_s: float) -> None:
    """Raise `BenchFault` if samples of `period_s` are not those with which the bench's delay was measured."""
    delay = spec.edge_delay
    if delay is not None and abs(period_s / delay.period_s - 1.0) > _SAME_PERIOD:
        raise BenchFault(
            f"{spec.origin.at((TABLE, 'period_s'))}: the delay of the edges was measured with a sample every "
            f"{short_time(delay.period_s)}, and the sampler takes one every {short_time(period_s)}. Try: {_REMEDY}"
        )


def unproven(delay: EdgeDelaySpec) -> str:
    """Return why a delay counts beside the data sheet's latency, not in place of it; "" where it replaces that."""
    nameless = [one.model or "one instrument" for one in (delay.sampler, delay.edges) if not one.serial]
    if not nameless:
        return ""
    return (
        f"it counts beside the latency of the data sheet, because {' and '.join(dict.fromkeys(nameless))} "
        "states no serial number"
    )


def _stated(delay: EdgeDelaySpec) -> EdgeDelay:
    names = [" ".join(part for part in _names_of(one) if part) for one in (delay.sampler, delay.edges)]
    return EdgeDelay(
        delay_s=delay.delay_s,
        u_s=delay.u_s,
        count=delay.n,
        date=delay.measured_on,
        instruments=", ".join(dict.fromkeys(name for name in (*names, delay.dut.name) if name)),
    )


def _names_of(measured: MeasuredWithSpec) -> tuple[str, str, str]:
    return measured.make, measured.model, measured.serial
