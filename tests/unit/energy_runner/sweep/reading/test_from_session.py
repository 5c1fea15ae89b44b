# SPDX-License-Identifier: Apache-2.0
"""The row of a point says what the result and the record of its session say, and comes back from JSON."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_record, write_result
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.reading.from_session import figures_of, row_of
from energy_runner.sweep.reading.row_json import row_from_json, row_json
from energy_runner.sweep.rows import PointRow, RowComponent
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

SWEEP = SweepFacts(
    sweep="night-1",
    plan="[plan]",
    point=7,
    kind="reference",
    repeat=2,
    order=19,
    epoch=4,
    attempt=3,
    values={"voltage_v": 1.8, "clock_mhz": 48, "model": "kws", "cache": True},
    bench="desk-3",
    worker="lab:812",
    started_utc="2026-11-30T22:14:05Z",
    bench_trust="trusted",
)
DEFAULTS = {field.name for field in dataclasses.fields(PointRow)}


def _analysed(session: Session) -> Session:
    write_result(session.path, analyze(session))
    return Session.open(session.path)


def _with_lines(session: Session, *events: ev.Event) -> None:
    path = session.path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[-1:-1] = [event.model_dump_json().encode() + b"\n" for event in events]
    path.write_bytes(b"".join(lines))


def test_an_energy_session_gives_the_figures_of_its_result(tmp_path: Path) -> None:
    session = energy_session(tmp_path, change={"sweep": SWEEP})
    _with_lines(session, *(ev.TemperatureMeasured(t_ns=10**9, temperature_c=t, u_k=0.1) for t in (21.0, 22.0)))
    result = analyze(session)
    row = row_of(_analysed(session))
    score, rate = result.energy_per_inference_j, result.throughput
    assert score is not None
    assert rate is not None
    assert (row.energy_j, row.u_j, row.U_j, row.k) == (score.median, score.u, score.U, score.k)
    assert row.latency_s == pytest.approx(1 / rate.value)
    assert row.u_latency_s == pytest.approx(rate.u / rate.value**2)
    assert row.monitor == "lpm01a S123"
    assert row.temperature_c == 21.5
    assert (row.complete, row.valid, row.virtual) == (score.complete, result.valid, False)
    assert math.fsum(c.u_j**2 for c in row.components) == pytest.approx(score.u**2, rel=1e-9)
    assert {c.name: c.correlated for c in row.components}["gain of the energy measurement"]
    assert (row.number, row.order, row.kind, row.repeat, row.attempts) == (7, 19, "reference", 2, 3)
    assert (row.started_utc, row.bench, row.bench_trust) == (SWEEP.started_utc, "desk-3", "trusted")
    assert row.values == SWEEP.values
    assert row.session == session.record.session_id


def test_every_figure_is_a_field_of_the_row(tmp_path: Path) -> None:
    for session in (energy_session(tmp_path), performance_session(tmp_path), accuracy_session(tmp_path)):
        assert set(figures_of(_analysed(session))) <= DEFAULTS


def test_a_performance_session_has_a_latency_and_no_energy(tmp_path: Path) -> None:
    figures = figures_of(_analysed(performance_session(tmp_path)))
    assert figures["latency_s"] == pytest.approx(0.05, rel=1e-3)
    assert figures["u_latency_s"] > 0
    assert not {"energy_j", "monitor"} & set(figures)


def test_an_accuracy_session_has_its_metric(tmp_path: Path) -> None:
    figures = figures_of(_analysed(accuracy_session(tmp_path)))
    assert (figures["accuracy"], figures["metric"]) == (90.0, "top1")


def test_a_session_without_a_result_has_what_its_record_says(tmp_path: Path) -> None:
    session = energy_session(tmp_path, change={"sweep": SWEEP, "outcome": "running"})
    row = row_of(session, state="waiting", reason="killed", attempts=1)
    assert (row.outcome, row.state, row.reason) == ("running", "waiting", "killed")
    assert (row.valid, row.energy_j) == (None, None)
    assert row.monitor == "lpm01a S123"


def test_a_monitor_without_a_serial_number_is_named_by_its_driver_alone(tmp_path: Path) -> None:
    session = energy_session(tmp_path)
    path = session.path / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"serial":"S123"', b'"serial":""'))
    assert figures_of(session)["monitor"] == "lpm01a"


def test_a_virtual_session_of_no_sweep_tells_no_day(tmp_path: Path) -> None:
    session = energy_session(tmp_path, change={"virtual": True})
    assert figures_of(session)["started_utc"] is None


def test_a_session_of_no_sweep_is_no_point(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="not a point of a sweep"):
        row_of(energy_session(tmp_path))


def test_a_damaged_result_is_refused(tmp_path: Path) -> None:
    session = energy_session(tmp_path, change={"sweep": SWEEP})
    (session.path / "result.json").write_text("{}")
    with pytest.raises(SessionError, match=r"result\.json"):
        row_of(session)


def test_a_row_comes_back_from_json_with_every_digit_and_type(tmp_path: Path) -> None:
    session = energy_session(tmp_path)
    write_record(session.path, session.record.model_copy(update={"sweep": SWEEP}))
    row = row_of(_analysed(Session.open(session.path)))
    row = dataclasses.replace(row, remarks=("one", "two"), energy_j=1 / 3)
    back = row_from_json(json.loads(json.dumps(row_json(row))))
    assert back == row
    assert [type(value) for value in back.values.values()] == [float, int, str, bool]
    assert isinstance(back.components[0], RowComponent)
    assert isinstance(back.remarks, tuple)


def test_keys_of_other_versions_do_no_harm() -> None:
    row = PointRow("s", 1, 1, "point", 1, {"a": 1}, "waiting")
    document = row_json(row) | {"later": 3}
    del document["remarks"], document["metric"]
    assert row_from_json(document) == row
    with pytest.raises(SessionError, match="state"):
        row_from_json(document | {"state": "lost"})
