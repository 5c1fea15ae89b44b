# SPDX-License-Identifier: Apache-2.0
"""Reference points from session folders and from rows."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session import events as ev
from energy_runner.session.folder import write_result
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.rows import PointRow, RowComponent
from energy_runner.sweep.trust.read import found_references, point_of_row, reference_series
from tests.support.report_sessions import energy_session

ROW = PointRow(
    "night",
    3,
    4,
    "reference",
    1,
    {"voltage": 3.0, "model": "a"},
    "done",
    session="s1",
    started_utc="2026-11-30T22:00:00Z",
    benchmark="kws01",
    virtual=False,
    outcome="completed",
    energy_j=1e-3,
    u_j=1.2e-5,
    components=(
        RowComponent("gain", 1.2e-5, True, "B"),
        RowComponent("noise", 3e-7, False, "B"),
        RowComponent("scatter", 4e-7, False, "A"),
    ),
    temperature_c=22.5,
    monitor="lpm01a 7",
)


def test_only_the_independent_part_of_the_uncertainty_weighs() -> None:
    point = point_of_row(ROW, voltage_v=2.99)
    assert not isinstance(point, str)
    assert point.u_independent_j == pytest.approx(5e-7)
    assert (point.u_j, point.voltage_v, point.temperature_c) == (1.2e-5, 2.99, 22.5)
    assert point.series == "kws01, model a, voltage 3"
    assert point.utc_s == 1_796_076_000.0


def test_a_number_is_one_setting_however_a_plan_writes_it() -> None:
    names = set()
    for voltage in (3, 3.0):
        point = point_of_row(dataclasses.replace(ROW, values={"voltage": voltage, "on": True}))
        assert not isinstance(point, str)
        names.add(point.series)
    assert names == {"kws01, on True, voltage 3"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "point"}, "no reference"),
        ({"outcome": "bench-fault"}, "bench-fault"),
        ({"energy_j": None}, "no score"),
        ({"energy_j": -1e-3}, "no score"),
        ({"energy_j": math.nan}, "no score"),
        ({"started_utc": None}, "when it was measured"),
        ({"started_utc": "last night"}, "when it was measured"),
    ],
)
def test_what_is_no_reference_point_says_why(change: dict[str, object], why: str) -> None:
    found = point_of_row(dataclasses.replace(ROW, **change))  # type: ignore[arg-type]
    assert isinstance(found, str)
    assert why in found


def _session(folder: Path, started: str, kind: str = "reference", bench: str = "desk") -> Path:
    folder.mkdir(parents=True)
    facts = SweepFacts(
        sweep="night",
        plan="",
        point=1,
        kind=kind,  # type: ignore[arg-type]
        order=1,
        epoch=0,
        values={},
        bench=bench,
        worker="lab:1",
        started_utc=started,
    )
    session = energy_session(folder, change={"sweep": facts})
    path = session.path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[-1:-1] = [
        ev.VoltageMeasured(t_ns=10**9, voltage_v=v).model_dump_json().encode() + b"\n" for v in (3, 3.2)
    ]
    path.write_bytes(b"".join(lines))
    write_result(session.path, analyze(session))
    return session.path


def test_references_of_a_bench_are_found_in_every_folder_of_sweeps(tmp_path: Path) -> None:
    made = [
        _session(tmp_path / "night-1", "2026-11-30T22:30:00Z"),
        _session(tmp_path / "watch", "2026-11-30T20:00:00Z"),
        _session(tmp_path / "night-2", "2026-11-30T22:00:00Z", kind="point"),
        _session(tmp_path / "night-3", "2026-11-30T21:00:00Z", bench="other"),
    ]
    broken = tmp_path / "night-4" / "broken"
    broken.mkdir(parents=True)
    (broken / "record.json").write_text("{", "utf-8")
    found = found_references(tmp_path, "desk")
    assert [point.utc_s for point in found.points] == [1_796_068_800.0, 1_796_077_800.0]
    assert found.points[0].voltage_v == pytest.approx((3 + 3.2 + 3.298) / 3)  # one is its own
    first, second = (point.warm_up_s or 0.0 for point in found.points)
    assert second - first == pytest.approx(1800.0)  # at work since the point before, half an hour earlier
    assert len(found.problems) == 1
    assert str(broken) in found.problems[0]
    (made[1] / "result.json").unlink()
    found = found_references(tmp_path, "desk")
    assert len(found.points) == 1
    assert "no score" in found.problems[0] + found.problems[-1]


def test_no_folder_holds_no_points(tmp_path: Path) -> None:
    assert reference_series(tmp_path / "none", "desk") == []


@pytest.mark.parametrize("sweep", [7, {}, {"bench": "desk"}, {"bench": "desk", "started_utc": 3}, None])
def test_a_hostile_record_is_named_or_passed_over(tmp_path: Path, sweep: object) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps({"sweep": sweep}), "utf-8")
    assert found_references(tmp_path, "desk").points == ()
