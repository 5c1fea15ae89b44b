# SPDX-License-Identifier: Apache-2.0
"""`use`: the measured energy in use, per day and for the life of a battery."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.differences import tell_differences
from energy_runner.cli.quantities import jsonable, with_u
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.session_use import SessionUse
    from energy_runner.analysis.use import Battery, Quantity
    from energy_runner.session.folder import Session

USE_SCHEMA = "energy-runner/use/1"


@dataclass(frozen=True)
class UseOptions:
    """The options of `use`; quantities are text, `3.2` or `3.2+-0.1`, and None where not given."""

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
    from energy_runner.cli.output import write_json

    session = api.load_session(options.session)
    differs = tell_differences(session)
    found = api.use(
        session,
        per_hour=_given(options.per_hour, "--per-hour"),
        period_s=_given(options.period_s, "--period-s"),
        between=options.between,
        rest_w=_given(options.rest_uw, "--rest-uw", 1e-6),
        boot_j=_given(options.boot_mj, "--boot-mj", 1e-3),
        boot_s=_given(options.boot_ms, "--boot-ms", 1e-3),
        battery=_battery(options),
    )
    if as_json:
        write_json(
            {
                "schema": USE_SCHEMA,
                "session": session.record.session_id,
                "virtual": session.record.virtual,
                "valid": found.valid,
                "verdict": found.verdict,
                "cycle": jsonable(found.cycle),
                "battery": jsonable(found.battery),
                "use": jsonable(found.use),
                "life_days": jsonable(found.use.life_days),
                "net_energy_per_inference_j": None if found.net_energy is None else found.net_energy.model_dump(),
            }
        )
    else:
        _show_use(session, found)
    return ExitStatus.RULE_FAILED if differs else ExitStatus.VALID


def _given(text: str | None, option: str, factor: float = 1.0) -> "Quantity | None":
    """Return the value of an option in its SI unit; parsed here, so that an error names the option."""
    from energy_runner.analysis.quantities import quantity

    return None if text is None else quantity(text, option, factor)


def _battery(options: UseOptions) -> "Battery | None":
    from energy_runner import api

    given = {
        "capacity_mah": _given(options.capacity_mah, "--capacity-mah"),
        "voltage_v": _given(options.battery_v, "--battery-v"),
        "usable": _given(options.usable, "--usable"),
        "efficiency": _given(options.efficiency, "--efficiency"),
        "self_discharge_per_year": _given(options.self_discharge, "--self-discharge"),
    }
    return api.battery(**given) if any(value is not None for value in given.values()) else None


def _show_use(session: "Session", found: "SessionUse") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import plain

    cycle, use = found.cycle, found.use
    if session.record.virtual:
        write("SIMULATED: a virtual bench, no measurement\n")
    if not found.valid:
        write(f"{found.verdict}: the figures are those of a session that is not valid\n")
    shares = ", ".join(f"{name} {share:.1%}" for name, share in use.shares.items() if share > 0)
    rows = [
        ["Energy of an inference, µJ", with_u(cycle.inference_j.value * 1e6, cycle.inference_j.u * 1e6)],
        ["Duration of an inference, ms", with_u(cycle.inference_s.value * 1e3, cycle.inference_s.u * 1e3)],
        [f"Power between ({cycle.between}), µW", with_u(cycle.rest_w.value * 1e6, cycle.rest_w.u * 1e6)],
        ["Period, s", with_u(cycle.period_s.value, cycle.period_s.u)],
        ["Mean power, µW", with_u(use.mean_w.value * 1e6, use.mean_w.u * 1e6)],
        ["Energy per day, J", with_u(use.day_j.value, use.day_j.u)],
        ["Spent on", shares],
    ]
    net = found.net_energy
    if net is not None:
        rows.append(["Energy above idle of an inference, µJ", with_u(net.value_j * 1e6, net.u_j * 1e6)])
    life = use.life_days
    if use.battery_j is not None and life is not None:
        rows.append(["Usable energy of the battery, J", with_u(use.battery_j.value, use.battery_j.u)])
        rows.append(["Battery life, days", with_u(life.value, life.u)])
        rows.append(["Battery life, years", with_u(life.value / 365.25, life.u / 365.25)])
    contributions = use.life_contributions or use.mean_contributions
    if contributions:
        rows.append(["Largest uncertainties", ", ".join(one.name for one in contributions[:3])])
    write_table(["", "± standard uncertainty"], rows)
    assumed = list(use.assumptions)
    if net is not None:
        assumed.append("a measured idle level may be off by as many watts as the power while inferring")
    write("".join(f"Assumed: {plain(line)}\n" for line in assumed))
