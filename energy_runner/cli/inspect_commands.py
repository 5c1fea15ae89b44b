"""`segment` and `use`: what a window looks like inside, and what the measured energy means in use."""

import dataclasses
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from energy_runner.errors import ConfigurationError, ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.segmentation import Segmentation, WindowInferences
    from energy_runner.analysis.use import Battery, DutyCycle, Quantity, Use
    from energy_runner.session.folder import Session

SEGMENT_SCHEMA = "energy-runner/segmentation/1"
USE_SCHEMA = "energy-runner/use/1"
_MOST_OUTLIERS = 8
_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(?:(?:±|\+-|\+/-)\s*({_NUMBER}))?\s*", re.ASCII)


def segment_command(session: Path, window: int | None, *, as_json: bool) -> int:
    """Find the single inferences of a session's windows (or of window `window`, from 1) and show them.

    Status 1 if a window is not resolved, or shows another number of inferences than the session states.
    """
    from energy_runner import api
    from energy_runner.analysis.segmentation import segment_session
    from energy_runner.cli.output import write_json

    opened = api.load_session(session)
    found = segment_session(opened, None if window is None else window - 1)
    if as_json:
        write_json(_segmentation_document(opened, found))
    else:
        _show_segmentation(opened, found)
    good = all(one.resolved and not one.disagreements for one in found.windows)
    return ExitStatus.VALID if good else ExitStatus.RULE_FAILED


# --- segment --------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """Return dataclasses as mappings and tuples as lists, with null for what is not a number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _segmentation_document(session: "Session", found: "Segmentation") -> dict[str, Any]:
    return {
        "schema": SEGMENT_SCHEMA,
        "session": session.record.session_id,
        "virtual": session.record.virtual,
        "idle": _plain(found.idle),
        "idle_searched": found.idle_searched,
        "windows": [_plain(window) for window in found.windows],
    }


def _show_segmentation(session: "Session", found: "Segmentation") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import plain

    if session.record.virtual:
        write("SIMULATED: a virtual bench, no measurement\n")
    rows = [_row(window) for window in found.windows if window.resolved]
    if rows:
        columns = ["Window", "Found", "Period ms", "Median µJ", "p5", "p95", "Outliers", "Drift %"]
        write_table([*columns, "Above idle µJ"], rows)
    for window in found.windows:
        for line in _remarks(window):
            write(f"Window {window.index + 1}: {plain(line)}\n")
    if found.idle is None:
        write(f"Idle level: no stable level {found.idle_searched}\n")
    else:
        idle = found.idle
        where = f"at {idle.start_s:.3f} s for {idle.duration_s * 1e3:.0f} ms, {idle.total_s:.3g} s in all"
        level = _with_u(idle.power_w * 1e3, idle.u_w * 1e3)
        write(f"Idle level: {level} mW (scatter only), {where}; searched {found.idle_searched}\n")
    write("The score is the energy between the edges over the inferences; energy above idle is not the score.\n")


def _row(window: "WindowInferences") -> list[str]:
    from energy_runner.report.units import NOTHING, fixed

    energy = window.energy
    begin = [str(window.index + 1), str(window.inferences), fixed(_scaled(window.period_s, 1e3), 4)]
    above = fixed(_scaled(window.above_idle_j, 1e6), 2)
    if energy is None:
        return [*begin, *[NOTHING] * 5, above]
    values = [fixed(value * 1e6, 2) for value in (energy.median, energy.p5, energy.p95)]
    return [
        *begin,
        *values,
        str(len(energy.outliers)),
        _with_u(energy.drift * 100, energy.drift_u * 100, digits=1).replace(" ", ""),
        above,
    ]


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _remarks(window: "WindowInferences") -> list[str]:
    """Return what a person should know of a window beside its numbers."""
    if not window.resolved:
        return [window.reason]
    remarks = list(window.disagreements)
    if not window.anchored:
        remarks.append("where in the period an inference begins is not seen; the boundaries may all be shifted")
    energy = window.energy
    if energy is not None and energy.outliers:
        shown = ", ".join(str(number + 1) for number in energy.outliers[:_MOST_OUTLIERS])
        more = len(energy.outliers) - _MOST_OUTLIERS
        remarks.append(f"outliers: inferences {shown}{f' and {more} more' if more > 0 else ''}")
    if energy is not None and window.energy_resolution_j and energy.sigma < 1.5 * window.energy_resolution_j:
        remarks.append("the spread is not resolved: most of it may come from the boundaries")
    if energy is not None and abs(energy.warm_up.early) > 2 * energy.warm_up.early_u:
        early = energy.warm_up
        share = _with_u(early.early * 100, early.early_u * 100)
        remarks.append(
            f"warm-up: the first {early.early_count} inferences differ from the second half by {share} %"
        )
    gone = sum(not math.isfinite(value) for value in window.energy_j)
    if gone:
        remarks.append(f"{gone} inferences with missing samples are left out")
    return remarks


def _with_u(value: float, u: float, digits: int = 2) -> str:
    """Return `value ± u`, the uncertainty with so many significant digits and the value to the same place."""
    from energy_runner.report.units import fixed, number

    if not (math.isfinite(u) and u > 0):
        return number(value)
    decimals = min(12, max(0, digits - 1 - math.floor(math.log10(u))))
    return f"{fixed(round(value, decimals) + 0.0, decimals)} ± {fixed(u, decimals)}"  # + 0.0: no negative zero


# --- use ------------------------------------------------------------------------------------------------


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
                "cycle": _plain(cycle),
                "battery": _plain(battery),
                "use": _plain(use),
                "life_days": _plain(use.life_days),
            }
        )
    else:
        _show_use(opened, cycle, use)
    return ExitStatus.VALID


def parse_quantity(text: str, option: str) -> "Quantity":
    """Return the quantity in `text`: a number, or a number and its standard uncertainty, `3.2+-0.1`.

    Raises `ConfigurationError` that names the option for anything else.
    """
    from energy_runner.analysis.use import Quantity

    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ConfigurationError(
            f"{option}: {text!r} is no quantity. Try: a number, or 3.2+-0.1 with its uncertainty"
        )
    return Quantity(float(match[1]), float(match[2] or 0.0))


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
    from energy_runner.analysis.segmentation import segment_session
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
        ["Energy of an inference, µJ", _with_u(cycle.inference_j.value * 1e6, cycle.inference_j.u * 1e6)],
        ["Duration of an inference, ms", _with_u(cycle.inference_s.value * 1e3, cycle.inference_s.u * 1e3)],
        [f"Power between ({cycle.between}), µW", _with_u(cycle.rest_w.value * 1e6, cycle.rest_w.u * 1e6)],
        ["Period, s", _with_u(cycle.period_s.value, cycle.period_s.u)],
        ["Mean power, µW", _with_u(use.mean_w.value * 1e6, use.mean_w.u * 1e6)],
        ["Energy a day, J", _with_u(use.day_j.value, use.day_j.u)],
        ["Spent on", shares],
    ]
    life = use.life_days
    if use.battery_j is not None and life is not None:
        rows.append(["Usable energy of the battery, J", _with_u(use.battery_j.value, use.battery_j.u)])
        rows.append(["Battery life, days", _with_u(life.value, life.u)])
        rows.append(["Battery life, years", _with_u(life.value / 365.25, life.u / 365.25)])
    contributions = use.life_contributions or use.mean_contributions
    if contributions:
        rows.append(["Most uncertain by", ", ".join(one.name for one in contributions[:3])])
    write_table(["", "± standard uncertainty"], rows)
    assumed = list(use.assumptions)
    if cycle.between == "idle":
        assumed.append("a measured idle level may be off by as many watts as the power while inferring")
    write("".join(f"Assumed: {line}\n" for line in assumed))
