# SPDX-License-Identifier: Apache-2.0
"""The row of a point from its session: the figures as `result.json` states them, and which instrument measured.

Nothing is derived anew, so that it takes milliseconds. Neither document names the monitor's serial number or the
temperature; these two are read from the journal, whose other lines are skipped unread.
"""

import math
from typing import Any

from energy_runner.errors import SessionError
from energy_runner.session.events import DeviceIdentified, MonitorConfigured, TemperatureMeasured
from energy_runner.session.folder import JOURNAL, RESULT, Session
from energy_runner.session.result import Result
from energy_runner.sweep.rows import PointRow, RowComponent, State


def figures_of(session: Session, result: Result | None = None) -> dict[str, Any]:
    """Return the figures of a session by the names of the fields of `PointRow`.

    They are those of `result`, or else of its `result.json`; a session without either has only those that its
    record and journal hold. Raises `SessionError` for documents that cannot be read.
    """
    record = session.record
    figures: dict[str, Any] = {
        "session": record.session_id,
        "folder": str(session.path),
        "started_utc": _started(session),
        "benchmark": record.benchmark.id,
        "mode": record.run.mode,
        "virtual": record.virtual,
        "outcome": record.outcome,
        "software": record.software,
        **_surroundings(session),
    }
    if result is None and (session.path / RESULT).is_file():
        result = session.result()
    return figures if result is None else figures | _results(result)


def row_of(
    session: Session,
    *,
    state: State = "done",
    reason: str = "",
    attempts: int | None = None,
    result: Result | None = None,
) -> PointRow:
    """Return the row of the point that a session was made for, from its folder alone.

    `attempts` is that of the session where it is not given, and `result` that of its `result.json`. Raises
    `SessionError` for a session that was not made by a sweep, or that cannot be read.
    """
    facts = session.record.sweep
    if facts is None:
        raise SessionError(f"{session.path}: this session is not a point of a sweep")
    return PointRow(
        sweep=facts.sweep,
        number=facts.point,
        order=facts.order,
        kind=facts.kind,
        repeat=facts.repeat,
        values=dict(facts.values),
        state=state,
        bench=facts.bench,
        bench_trust=facts.bench_trust,
        attempts=facts.attempt if attempts is None else attempts,
        reason=reason or session.record.reason,
        **figures_of(session, result),
    )


def _started(session: Session) -> str | None:
    """Return when it began by the host's clock; None for a virtual session, whose own clock tells no day."""
    record = session.record
    if record.sweep is not None:
        return record.sweep.started_utc
    return None if record.virtual else record.started_utc


def _results(result: Result) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "virtual": result.virtual,
        "outcome": result.outcome,
        "valid": result.valid,
        "components": _components(result),
    }
    score, rate = result.energy_per_inference_j, result.throughput
    if score is not None:
        figures |= {
            "energy_j": score.median,
            "u_j": score.u,
            "U_j": score.U,
            "k": score.k,
            "dof": score.dof,
            "complete": score.complete,
        }
    if result.throughput_per_s is not None and result.throughput_per_s > 0:
        figures["latency_s"] = 1.0 / result.throughput_per_s
    if rate is not None and rate.value > 0:
        figures["u_latency_s"] = rate.u / rate.value**2
    if result.accuracy is not None:
        figures |= {"accuracy": result.accuracy.value, "metric": result.accuracy.metric}
    return figures


def _components(result: Result) -> tuple[RowComponent, ...]:
    """Return the budget of the score without the quantities that contribute nothing."""
    rows = result.uncertainty.components if result.uncertainty is not None else []
    return tuple(
        RowComponent(row.name, row.value_j, row.correlated, row.kind, row.distribution, row.dof)
        for row in rows
        if row.value_j
    )


def _surroundings(session: Session) -> dict[str, Any]:
    """Return the monitor (`DRIVER SERIAL`, or `DRIVER`), the voltages that were set, and the mean temperature."""
    if not (session.path / JOURNAL).is_file():
        return {}
    boxes: dict[str, str] = {}
    sampler = "monitor"
    temperatures_c: list[float] = []
    voltages_v: dict[str, float] = {}
    for event in session.journal(exchanges=False).of(DeviceIdentified, MonitorConfigured, TemperatureMeasured):
        if isinstance(event, DeviceIdentified):
            boxes[event.box] = str(event.identity.get("serial") or "")
        elif isinstance(event, MonitorConfigured):
            sampler = event.sampler
            voltages_v[event.rail] = event.voltage_set_v
        elif isinstance(event, TemperatureMeasured) and math.isfinite(event.temperature_c):
            temperatures_c.append(event.temperature_c)
    found: dict[str, Any] = {}
    driver = str(session.record.instrument(sampler).get("driver") or "")
    if driver and session.record.run.mode == "energy":
        found["monitor"] = f"{driver} {boxes.get(sampler, '')}".strip()
    if voltages_v and session.record.run.mode == "energy":
        found["voltages_v"] = tuple(voltages_v.values())
    if temperatures_c:
        found["temperature_c"] = math.fsum(temperatures_c) / len(temperatures_c)
    return found
