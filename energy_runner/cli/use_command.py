"""`use`: what the measured energy means in use, per day and for a battery."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from energy_runner.cli.quantities import jsonable, parse_quantity, with_u
from energy_runner.errors import ConfigurationError, ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.use import Battery, DutyCycle, Quantity, Use
    from energy_runner.session.folder import Session

USE_SCHEMA = "energy-runner/use/1"


@dataclass(frozen=True)
class UseOptions:
    """What a user says about the use; quantities as text, `3.2` or `3.2+-0.1`, None where not given."""

    session: Path
    per_hour: str | None = None
    period_s: str | None = None
    between: str = "idle"
    rest_uw: str | None = None
    boot_mj: str | None = None
    boot_ms: str | None = None
    capacity_mah: str | None = None
    battery_v: str | None = None
    usable: str | None = None
    efficiency: str | None = None
    self_discharge: str | None = None


def use_command(options: UseOptions, *, as_json: bool) -> int:
    """Show energy per day and battery life for a duty cycle, from a session's measured energy."""
    from energy_runner import api
    from energy_runner.analysis.use import energy_in_use
    from energy_runner.cli.output import write_json

    battery = _battery(options)
    period = _period(options)  # before anything is read: what is wrong here is wrong with any session
    opened = api.load_session(options.session)
    cycle = _cycle(options, opened, period)
    use = energy_in_use(cycle, battery)
    if as_json:
        write_json(
            {
                "schema": USE_SCHEMA,
                "session": opened.record.session_id,
                "virtual": opened.record.virtual,
                "cycle": jsonable(cycle),
                "battery": jsonable(battery),
                "use": jsonable(use),
                "life_days": jsonable(use.life_days),
            }
        )
    else:
        _show_use(opened, cycle, use)
    return ExitStatus.VALID


def _given(text: str | None, option: str, factor: float = 1.0) -> "Quantity | None":
    from energy_runner.analysis.use import Quantity

    if text is None:
        return None
    quantity = parse_quantity(text, option)
    return Quantity(quantity.value * factor, quantity.u * factor)


def _period(options: UseOptions) -> "Quantity":
    from energy_runner.analysis.use import Quantity

    if (options.per_hour is None) == (options.period_s is None):
        raise ConfigurationError("how often does it infer? Try: --per-hour 60, or --period-s 60, one of them")
    if options.per_hour is not None:
        rate = parse_quantity(options.per_hour, "--per-hour")
        if not rate.value > 0:
            raise ConfigurationError("--per-hour: no inference at all is no duty cycle")
        return Quantity(3600 / rate.value, 3600 / rate.value * rate.relative_u)
    return parse_quantity(options.period_s or "", "--period-s")


def _battery(options: UseOptions) -> "Battery | None":
    from energy_runner.analysis.use import Battery, Quantity

    capacity = _given(options.capacity_mah, "--capacity-mah")
    voltage = _given(options.battery_v, "--battery-v")
    if capacity is None or voltage is None:
        others = [options.usable, options.efficiency, options.self_discharge, capacity, voltage]
        if any(other is not None for other in others):
            raise ConfigurationError("a battery needs both --capacity-mah and --battery-v")
        return None
    return Battery(
        capacity_mah=capacity,
        voltage_v=voltage,
        usable=_given(options.usable, "--usable") or Quantity(1.0),
        efficiency=_given(options.efficiency, "--efficiency") or Quantity(1.0),
        self_discharge_per_year=_given(options.self_discharge, "--self-discharge") or Quantity(0.0),
    )


def _cycle(options: UseOptions, session: "Session", period: "Quantity") -> "DutyCycle":
    from typing import cast

    from energy_runner.analysis.use import Between, DutyCycle, Quantity

    if options.between not in get_args(Between):
        raise ConfigurationError(f"--between: {options.between!r} is none of {', '.join(get_args(Between))}")
    inference, duration, relative_u = _measured(session)
    return DutyCycle(
        inference_j=inference,
        inference_s=duration,
        period_s=period,
        between=cast("Between", options.between),
        rest_w=_rest(options, session, inference.value / duration.value * relative_u),
        boot_j=_given(options.boot_mj, "--boot-mj", 1e-3) or Quantity(0.0),
        boot_s=_given(options.boot_ms, "--boot-ms", 1e-3) or Quantity(0.0),
    )


def _measured(session: "Session") -> tuple["Quantity", "Quantity", float]:
    """Return energy and duration of one inference as scored, and the relative uncertainty of the energy."""
    from energy_runner.analysis.analyze import analyze
    from energy_runner.analysis.use import Quantity

    result = analyze(session)
    score, rate = result.energy_per_inference_j, result.throughput_per_s
    if score is None or not rate:
        raise ConfigurationError(
            f"{session.path}: has no score, so there is no energy to go by. Try: energy-runner check SESSION"
        )
    each = [window.duration_s / window.inferences for window in result.windows if window.duration_s]
    spread = (max(each) - min(each)) / math.sqrt(12) if len(each) > 1 else 0.0
    clock_u = result.sample_clock.u if result.sample_clock is not None else 0.0
    duration = Quantity(1 / rate, math.hypot(spread, clock_u / rate))
    return Quantity(score.median, score.u), duration, score.u / score.median


def _rest(options: UseOptions, session: "Session", error_w: float) -> "Quantity":
    """Return the power between inferences: as given, or the idle level of the session.

    `error_w` is what the uncertainty of the score amounts to in power. All of it may be a constant error (an
    offset of the monitor), which is as large at the idle level; so it is not scaled down.
    """
    from energy_runner.analysis.inferences.segment import segment_session
    from energy_runner.analysis.use import Quantity

    given = _given(options.rest_uw, "--rest-uw", 1e-6)
    if given is not None:
        return given
    if options.between == "off":
        return Quantity(0.0)
    if options.between == "sleep":
        raise ConfigurationError(
            "a session holds no sleep level, for the benchmark never sleeps. Try: --rest-uw with the power asleep"
        )
    found = segment_session(session)
    if found.idle is None:
        raise ConfigurationError(
            f"{session.path}: no stable idle level {found.idle_searched}. Try: --rest-uw with the power while idle"
        )
    return Quantity(found.idle.power_w, math.hypot(found.idle.u_w, error_w))


def _show_use(session: "Session", cycle: "DutyCycle", use: "Use") -> None:
    from energy_runner.cli.output import write, write_table

    if session.record.virtual:
        write("SIMULATED: a virtual bench, no measurement\n")
    shares = ", ".join(f"{name} {share:.1%}" for name, share in use.shares.items() if share > 0)
    rows = [
        ["Energy of an inference, µJ", with_u(cycle.inference_j.value * 1e6, cycle.inference_j.u * 1e6)],
        ["Duration of an inference, ms", with_u(cycle.inference_s.value * 1e3, cycle.inference_s.u * 1e3)],
        [f"Power between ({cycle.between}), µW", with_u(cycle.rest_w.value * 1e6, cycle.rest_w.u * 1e6)],
        ["Period, s", with_u(cycle.period_s.value, cycle.period_s.u)],
        ["Mean power, µW", with_u(use.mean_w.value * 1e6, use.mean_w.u * 1e6)],
        ["Energy a day, J", with_u(use.day_j.value, use.day_j.u)],
        ["Spent on", shares],
    ]
    life = use.life_days
    if use.battery_j is not None and life is not None:
        rows.append(["Usable energy of the battery, J", with_u(use.battery_j.value, use.battery_j.u)])
        rows.append(["Battery life, days", with_u(life.value, life.u)])
        rows.append(["Battery life, years", with_u(life.value / 365.25, life.u / 365.25)])
    contributions = use.life_contributions or use.mean_contributions
    if contributions:
        rows.append(["Most uncertain by", ", ".join(one.name for one in contributions[:3])])
    write_table(["", "± standard uncertainty"], rows)
    assumed = list(use.assumptions)
    if cycle.between == "idle":
        assumed.append("a measured idle level may be off by as many watts as the power while inferring")
    write("".join(f"Assumed: {line}\n" for line in assumed))
