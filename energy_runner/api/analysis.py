# SPDX-License-Identifier: Apache-2.0
"""Analysis of a session: its result, single inferences, phases, and the energy in use."""

from os import PathLike
from pathlib import Path
from typing import cast

from energy_runner.analysis.inferences.segment import Segmentation, segment_session
from energy_runner.analysis.phases.edge_file import PinEdges, read_edges
from energy_runner.analysis.phases.measure import PhaseResult
from energy_runner.analysis.phases.session import phases_by_pins, phases_estimated
from energy_runner.analysis.quantities import AnyQuantity, quantity
from energy_runner.analysis.session_use import SessionUse, use_of_session
from energy_runner.analysis.use import Battery, Between, Quantity, check_battery
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.unreadable import named
from energy_runner.errors import Argument, ConfigurationError
from energy_runner.rules import RuleSet, evaluate
from energy_runner.session.result import Result

__all__ = [
    "Battery",
    "PhaseResult",
    "Quantity",
    "Segmentation",
    "SessionUse",
    "analyze",
    "battery",
    "phases",
    "segment",
    "use",
]

HOUR_S = 3600.0


def analyze(
    session: AnySession,
    *,
    rule_set: str | Path | RuleSet | None = None,
    accuracy_session: AnySession | None = None,
    performance_session: AnySession | None = None,
    write: bool = False,
) -> Result:
    """Return the session's result, derived from its facts: figures, findings, verdicts.

    Facts that are not as they were sealed give no score. `accuracy_session` and `performance_session` are runs of
    the same firmware in those modes, for the rules that compare; the result names them.

    `rule_set` is the name of a rule set, or the TOML file of your own; None for that of the suite, or `lab` for a
    demo benchmark. With `write` the result becomes the session's `result.json`, and its report `report.html`: both
    or none. Raises `ConfigurationError` for an unknown rule set, `SessionError` for facts that cannot be read.
    """
    session = load_session(session)
    accuracy = load_session(accuracy_session) if accuracy_session is not None else None
    performance = load_session(performance_session) if performance_session is not None else None
    with named(session):
        result = evaluate(session, accuracy, performance, rule_set)
        if write:
            from energy_runner.api.derived import write_derived

            write_derived(session, result)
    return result


def segment(session: AnySession, window: int | None = None) -> Segmentation:
    """Return the single inferences of every window, or of `window` (from 1), found in the trace.

    They do not replace the score. Raises `SessionError` for a session without a power trace.
    """
    return segment_session(load_session(session), None if window is None else window - 1)


def phases(
    session: AnySession,
    edges: PinEdges | str | PathLike[str] | None = None,
    *,
    active_low: bool = False,
    window: int | None = None,
) -> PhaseResult:
    """Return energy and duration of named phases.

    `edges` are those of GPIO pins, one pin per phase: a CSV file with `pin,time_s,level`, or for each pin pairs
    of (seconds since the start of the trace, whether the edge rises). Without them the phases are constant levels
    inside `window` (from 1), and the result says that it is estimated. Raises `ConfigurationError` for edges that
    cannot be read and for a session without a power trace.
    """
    if isinstance(edges, str | PathLike):
        edges = read_edges(Path(edges))  # first: a faulty file is an error whatever the session
    session = load_session(session)
    if edges is not None:
        return phases_by_pins(session, edges, active_low=active_low)
    return phases_estimated(session, window)


def use(
    session: AnySession,
    *,
    per_hour: AnyQuantity | None = None,
    period_s: AnyQuantity | None = None,
    between: str = "idle",
    rest_w: AnyQuantity | None = None,
    boot_j: AnyQuantity | None = None,
    boot_s: AnyQuantity | None = None,
    battery: Battery | None = None,
) -> SessionUse:
    """Return the energy per day, and the life of a battery, for one inference every `period_s` or `per_hour`.

    Each quantity is a number, a `Quantity` with its standard uncertainty, or text such as "3.2+-0.1". `between` is
    the state of the DUT in between: "idle", "sleep" or "off"; `rest_w` is the power that it then draws (by default
    the session's idle level), `boot_j` and `boot_s` are the energy and duration of waking up. The answer says
    whether the session is `valid`. Raises `ConfigurationError` for impossible values.
    """
    period = _period_s(per_hour, period_s)
    loaded = load_session(session)
    return use_of_session(
        loaded,
        evaluate(loaded),
        period_s=period,
        between=cast("Between", between),
        rest_w=_given(rest_w, "rest_w"),
        boot_j=_given(boot_j, "boot_j"),
        boot_s=_given(boot_s, "boot_s"),
        battery=battery,
    )


def battery(
    capacity_mah: AnyQuantity | None = None,
    voltage_v: AnyQuantity | None = None,
    *,
    usable: AnyQuantity | None = None,
    efficiency: AnyQuantity | None = None,
    self_discharge_per_year: AnyQuantity | None = None,
) -> Battery:
    """Return a battery for `use`, with quantities in the same forms; see `Battery` for their meaning.

    Raises `ConfigurationError` without a capacity and a voltage, for anything that is not a quantity, and
    for values that no battery has.
    """
    if capacity_mah is None or voltage_v is None:
        raise ConfigurationError(
            "a battery needs a capacity and a voltage. Try: both ",
            Argument("capacity_mah"),
            " and ",
            Argument("voltage_v"),
        )
    made = Battery(
        capacity_mah=quantity(capacity_mah, "capacity_mah"),
        voltage_v=quantity(voltage_v, "voltage_v"),
        usable=_given(usable, "usable") or Quantity(1.0),
        efficiency=_given(efficiency, "efficiency") or Quantity(1.0),
        self_discharge_per_year=_given(self_discharge_per_year, "self_discharge_per_year") or Quantity(0.0),
    )
    check_battery(made)
    return made


def _given(value: AnyQuantity | None, name: str) -> Quantity | None:
    return None if value is None else quantity(value, name)


def _period_s(per_hour: AnyQuantity | None, period_s: AnyQuantity | None) -> Quantity:
    if (per_hour is None) == (period_s is None):
        came = "neither was" if per_hour is None else "both were"
        raise ConfigurationError(
            "exactly one of ",
            Argument("per_hour"),
            " and ",
            Argument("period_s"),
            f" is needed, and {came} given. Try: ",
            Argument("per_hour", "60"),
            ", or ",
            Argument("period_s", "60"),
        )
    if period_s is not None:
        return quantity(period_s, "period_s")
    rate = quantity(per_hour if per_hour is not None else 0.0, "per_hour")
    if not rate.value > 0:
        raise ConfigurationError(Argument("per_hour", f"{rate.value:g}"), ": must be greater than zero")
    return Quantity(HOUR_S / rate.value, HOUR_S / rate.value * rate.relative_u)
