# SPDX-License-Identifier: Apache-2.0
"""`list_sessions` and `sessions list`: what was measured, twins told apart, broken ones named."""

import json
import os

import pytest

import energy_runner as er
from energy_runner.analysis.analyze import analyze
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import SessionError
from energy_runner.session.folder import write_result
from energy_runner.session.result import Verdict
from tests.support.report_sessions import energy_session

PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")


@pytest.fixture
def folder(tmp_path):
    """Three sessions, a broken one, and what is none; written in the order: real, virtual, ended early."""
    changes = {
        "b-real": {"started_utc": "2026-03-01T10:00:00.000Z"},
        "a-virtual": {"started_utc": "2000-01-01T00:00:00.000Z", "virtual": True},
        "c-early": {"outcome": "bench-fault", "reason": "it fell over"},
    }
    for number, (name, change) in enumerate(changes.items()):
        session = energy_session(tmp_path, name=name, change=change)
        if name != "c-early":
            write_result(session.path, analyze(session).with_verdicts([PASSED]))
        os.utime(session.path / "record.json", (1_790_000_000 + number, 1_790_000_000 + number))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "record.json").write_text("{", "utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "a-file").write_text("", "utf-8")
    return tmp_path


def test_a_row_says_what_a_session_is(folder):
    rows = {row.name: row for row in er.list_sessions(folder)}
    assert list(rows) == ["broken", "b-real", "a-virtual", "c-early"]
    real = rows["b-real"]
    assert (real.benchmark, real.mode, real.virtual, real.outcome) == ("kws01", "energy", False, "completed")
    assert (real.valid, real.headline) == (True, "1689 ± 33 µJ per inference")
    assert (real.started_utc, real.problem) == ("2026-03-01T10:00:00.000Z", None)
    assert rows["a-virtual"].virtual is True
    assert rows["a-virtual"].written_utc.startswith("2026-09-21T")
    assert (rows["c-early"].outcome, rows["c-early"].valid, rows["c-early"].headline) == (
        "bench-fault",
        None,
        None,
    )
    assert "record.json" in rows["broken"].problem
    assert rows["broken"].benchmark is None


def test_a_folder_that_is_itself_a_session(folder):
    assert [row.name for row in er.list_sessions(folder / "b-real")] == ["b-real"]


def test_no_such_folder_says_how_to_make_a_first_session(folder):
    with pytest.raises(SessionError, match=r"Try: er\.demo\(\), "):
        er.list_sessions(folder / "nowhere")


def test_the_list_tells_twins_and_failures_and_paths_can_be_copied(folder, capsys):
    assert run_app(app, ["sessions", "list", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1::2] == [f"  {folder / name}" for name in ("broken", "b-real", "a-virtual", "c-early")]
    broken, real, virtual, early = lines[::2]
    assert broken.startswith("?")
    assert "record.json" in broken
    assert real.split("  ")[0] == "2026-03-01 10:00"
    assert "  valid" in real
    assert "1689 ± 33 µJ  kws01, energy" in real
    assert virtual.endswith("kws01, energy, virtual")
    assert virtual.startswith("2026-09-21"), "when it was written, for its own time is virtual"
    assert "bench-fault" in early


def test_the_list_as_json(folder, capsys):
    assert run_app(app, ["sessions", "list", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["broken", "b-real", "a-virtual", "c-early"]
    assert rows[1]["folder"] == str(folder / "b-real")


def test_an_empty_folder_and_none_at_all(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_app(app, ["sessions", "list"]) == 2
    assert "sessions: no such folder" in capsys.readouterr().err
    (tmp_path / "sessions").mkdir()
    assert run_app(app, ["sessions", "list"]) == 0
    assert "There is no session in sessions" in capsys.readouterr().out
