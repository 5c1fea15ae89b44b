# SPDX-License-Identifier: Apache-2.0
"""Rules on the power monitor and its surroundings: identity, calibration, temperature, voltage and uncertainty.

The facts come from the monitor's own answer (`box-identified`) and from the bench file:
`[monitor.calibration]` with `calibrated_on` and `due` (YYYY-MM-DD), and `[environment]` with `temperature_c`.
"""

import math
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from energy_runner.analysis.energy.sums import mean_present
from energy_runner.errors import SessionError
from energy_runner.rules.base import Case, Judgement, not_known, number, percent, shown
from energy_runner.rules.rule_sets import Row
from energy_runner.session.days import day_in, days_after
from energy_runner.session.events import DeviceIdentified, MonitorConfigured, TemperatureMeasured, VoltageMeasured

_IDENTITY = ("make", "model", "serial", "firmware")
_LONGEST_DAYS = 36_500
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


def instrument_known(case: Case, _: Row) -> Judgement:
    """Judge whether the session identifies the power monitor: make, model, serial number and firmware."""
    limit = ", ".join(_IDENTITY)
    identity = _identity(case)
    stated = [shown(identity.get(name) or "") for name in _IDENTITY]
    if not any(stated):
        origin = case.record.origin
        named = f" more than '{shown(origin.instrument)}'" if origin is not None else ""
        return not_known(limit, f"the session does not tell{named} which power monitor it was")
    missing = [name for name, value in zip(_IDENTITY, stated, strict=True) if not value]
    note = f"without {', '.join(missing)}" if missing else ""
    return Judgement(not missing, shown(" ".join(filter(None, stated))), limit, note)


def calibration(case: Case, row: Row) -> Judgement | None:
    """Judge whether the monitor's calibration was in force on the day of the run; None for a twin, which has none.

    Without a due date it is in force for as many months as the limit says.
    """
    if case.record.virtual:
        return None
    limit = "in force"
    dates = _table(case.record.instrument(_sampler(case)), "calibration")
    since, due = (_date(dates.get(name)) for name in ("calibrated_on", "due"))
    due = due or _interval_end(since, dates.get("interval_days"))
    day = _day_of_run(case)
    if since is None and due is None:
        return not_known(limit, "no date of calibration is in the session")
    if day is None:
        return not_known(limit, "the day of the run is not in the session")
    if since is not None and day < since:
        return Judgement(False, f"since {since}", limit, f"the run was on {day}")
    last = due or _months_later(since or day, int(row.number))
    return Judgement(day <= last, f"until {last}", limit, f"the run was on {day}")


def temperature(case: Case, row: Row) -> Judgement | None:
    """Judge whether the surroundings were warm enough; None for a twin, which has none."""
    if case.record.virtual:
        return None
    # The lowest temperature counts; the one stated in the bench file counts where none was measured.
    measured = [event.temperature_c for event in case.events_of(TemperatureMeasured)]
    lowest = min(measured) if measured else _table(case.record.bench, "environment").get("temperature_c")
    limit = f"{row.number:g} °C"
    if isinstance(lowest, bool) or not isinstance(lowest, int | float) or not math.isfinite(lowest):
        return not_known(limit, "no temperature is in the session", low=row.number)
    return number(lowest, f"{lowest:g} °C", limit, low=row.number)


def voltage(case: Case, row: Row) -> Judgement:
    """Judge the voltage measured against the voltage set: the mean of each window, or the monitor's readings."""
    configured = case.facts.monitor
    if configured is None or not configured.voltage_set_v > 0:
        return not_known(f"± {percent(row.number)}", "the session does not tell which voltage was set")
    set_v = configured.voltage_set_v
    limit = f"{set_v:g} V ± {percent(row.number)}"
    low_v, high_v = set_v * (1 - row.number), set_v * (1 + row.number)
    measured_v = _window_voltages(case) or [event.voltage_v for event in case.events_of(VoltageMeasured)]
    if not measured_v:
        return not_known(limit, "no voltage was measured", low=low_v, high=high_v)
    if not all(map(math.isfinite, measured_v)):
        return not_known(limit, "a measured voltage is not a number", low=low_v, high=high_v)
    worst_v = max(measured_v, key=lambda value: abs(value - set_v))
    off = worst_v / set_v - 1
    remarkable = row.remark_above is not None and abs(off) > row.remark_above
    note = f"off by {off * 100:+.2g} %" if remarkable else ""
    return number(worst_v, f"{worst_v:.5g} V", limit, note, low=low_v, high=high_v)


def _window_voltages(case: Case) -> list[float]:
    """Return the mean voltage of each window, where the trace holds voltages."""
    monitor = case.facts.monitor
    if monitor is None or not case.session.has_trace():
        return []
    found: list[float] = []
    try:
        with case.session.trace(case.facts.rail) as trace:
            if "voltage" not in dict(trace.signals):
                return []
            for window in case.result.windows:
                if window.start_s is not None and window.stop_s is not None:
                    first, stop = (int(t_s / trace.period_s) for t_s in (window.start_s, window.stop_s))
                    if 0 <= first < stop <= trace.length:
                        found.append(mean_present(partial(trace.read, "voltage"), first, stop))
    except SessionError:
        return []
    return [voltage_v for voltage_v in found if math.isfinite(voltage_v)]  # NaN: no sample of it arrived


def uncertainty_complete(case: Case, _: Row) -> Judgement:
    """Judge whether the uncertainty of the score counts every cause."""
    limit = "every cause counted"
    score = case.result.energy_per_inference_j
    if score is None:
        return not_known(limit, "there is no score")
    if score.complete:
        return Judgement(True, limit, limit)
    return Judgement(False, "incomplete", limit, "; ".join(score.incomplete))


def _identity(case: Case) -> Mapping[str, Any]:
    sampler = _sampler(case)
    found = [event.identity for event in case.events_of(DeviceIdentified) if event.box == sampler]
    return found[-1] if found else {}


def _sampler(case: Case) -> str:
    """Return the name of the instrument that sampled."""
    configured = case.events_of(MonitorConfigured)
    return configured[-1].sampler if configured else "monitor"


def _table(tree: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the table found below `names`, empty if there is none."""
    here: Any = tree
    for name in names:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here if isinstance(here, Mapping) else {}


def _date(value: object) -> str | None:
    text = str(value)
    return text if _DATE.fullmatch(text) else None


def _day_of_run(case: Case) -> str | None:
    """Return the day of the run in the laboratory's time zone, which sessions before 0.2.0 do not name."""
    zone = case.record.bench.get("time_zone")
    try:
        return day_in(zone if isinstance(zone, str) else "UTC", case.record.started_utc)
    except ValueError:
        return None


def _interval_end(since: str | None, days: object) -> str | None:
    if since is None or isinstance(days, bool) or not isinstance(days, int) or not 0 < days <= _LONGEST_DAYS:
        return None
    try:
        return days_after(since, days)
    except ValueError:
        return None


def _months_later(day_text: str, months: int) -> str:
    # Days beyond the end of a month (31 February) do not matter: dates are only compared, as text.
    year, month, day = day_text.split("-")
    whole = int(year) * 12 + int(month) - 1 + months
    return f"{whole // 12:04}-{whole % 12 + 1:02}-{day}"
