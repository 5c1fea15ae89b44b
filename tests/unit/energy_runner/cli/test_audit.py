# SPDX-License-Identifier: Apache-2.0
"""The command `audit`: its options, the files that it writes, and its exit status."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.published.row import AuditRow
from tests.support.audit_rows import one_of_each, row
from tests.support.published_sessions import write_eembc

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Call `audit` in an empty folder; return status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)

    def called(*words: str) -> tuple[int, str, str]:
        status = run_app(app, ["audit", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return called


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[AuditRow]:
    """What the audit finds; a test may change it."""
    found = one_of_each()
    monkeypatch.setattr(api, "audit", lambda *args, **options: found)
    return found


def test_real_sessions_are_audited(call: Call, tmp_path: Path) -> None:
    write_eembc(tmp_path / "kws/energy")
    status, out, _ = call(".")
    assert status == 0
    assert "47 of 47 published figures are reproduced to the last digit" in " ".join(out.split())
    assert [line.split()[-1] for line in out.splitlines() if "kws" in line] == ["holds"]
    status, out, _ = call(".", "--json")
    document = json.loads(out)
    (one,) = document["rows"]
    assert one["session"] == "kws/energy"
    assert one["published"] == one["reproduced"] == 4724.875
    assert (one["state"], one["unit"]) == ("holds", "uJ/inf.")
    assert document["counts"]["holds"] == 1


def test_a_folder_without_sessions_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, out, err = call("empty")
    assert (status, out) == (2, "")
    assert "holds no session" in err
    assert "no such file" in call("nowhere")[2]


def test_the_status_tells_whether_something_is_wrong(call: Call, rows: list[AuditRow]) -> None:
    assert call("x")[0] == 1
    rows[:] = [row(state="holds"), row(state="cannot-be-judged")]
    assert call("x")[0] == 0
    for state in ("doubtful", "breaks-a-rule", "does-not-reproduce"):
        rows[:] = [row(state="holds"), row(state=state)]
        assert call("x")[0] == 1


def test_only_changes_what_is_shown_and_not_the_status(call: Call, rows: list[AuditRow]) -> None:
    status, out, _ = call("x", "--only", "holds", "--only", "cannot be judged")
    assert status == 1
    assert "3 of 6 sessions are shown." in out
    assert "1 does not reproduce" in out
    assert "five-windows" not in out
    status, out, _ = call("x", "--only", "holds", "--json")
    document = json.loads(out)
    assert len(document["rows"]) == 2
    assert sum(document["counts"].values()) == 6


def test_a_submitter_asks_for_its_own_sessions(call: Call, rows: list[AuditRow]) -> None:
    status, out, _ = call("x", "--submitter", "stmicroelectronics")
    assert status == 0
    assert "2 sessions: 2 hold" in out
    status, _, err = call("x", "--submitter", "Nobody")
    assert status == 2
    assert "--submitter Nobody: no session here is of this submitter. There are: Acme, hls4ml-finn" in err


def test_all_files_are_written_and_named(call: Call, rows: list[AuditRow], tmp_path: Path) -> None:
    status, out, err = call("x", "--html", "a.html", "--csv", "a.csv", "--markdown", "a.md", "--json")
    assert status == 1
    json.loads(out)
    assert (tmp_path / "a.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert len(list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8").splitlines()))) == 6
    assert "| --- |" in (tmp_path / "a.md").read_text("utf-8")
    assert [f"Written: {name}" in err for name in ("a.html", "a.csv", "a.md")] == [True] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--html", "log.txt"), "--html log.txt: its name has to end with .html. Try: --html audit.html"),
        (("--csv", "results.json"), "--csv results.json: its name has to end with .csv"),
        (("--markdown", "x.html"), "--markdown x.html: its name has to end with .md"),
        (("--html", "nowhere/a.html"), "--html nowhere/a.html: there is no folder nowhere. Try: make it first"),
        (("--html", "folder.html"), "--html folder.html: is a folder"),
        (("--only", "valid"), "--only valid: is no state. Try one of: does-not-reproduce"),
        (("--since", "nowhere.json"), "--since nowhere.json: No such file or directory. Try: a file that"),
    ],
)
def test_a_wrong_option_is_refused_before_the_audit(
    words: tuple[str, ...], said: str, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*args: Any, **options: Any) -> None:
        raise AssertionError("the audit takes its time")

    monkeypatch.setattr(api, "audit", never)
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "log.txt").write_text("evidence", "utf-8")
    status, out, err = call("x", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert (tmp_path / "log.txt").read_text("utf-8") == "evidence"


def test_what_changed_since_an_earlier_audit(call: Call, rows: list[AuditRow], tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text(call("x", "--json")[1], "utf-8")
    status, out, _ = call("x", "--since", "before.json")
    assert status == 1
    assert "Since the earlier audit: nothing changed." in out
    rows[0] = rows[0].model_copy(update={"state": "doubtful"})
    rows.append(row(session="new"))
    del rows[2]
    _, out, _ = call("x", "--since", "before.json", "--csv", "a.csv", "--json")
    kinds = [one["kind"] for one in json.loads(out)["changes"]]
    assert sorted(kinds) == ["gone", "new", "other-state"]
    found = [one["change"] for one in csv.DictReader((tmp_path / "a.csv").read_text("utf-8").splitlines())]
    assert sorted(filter(None, found)) == ["new", "other-state"]
    assert (
        "Since the earlier audit: 1 new, 1 gone, 1 with another state." in call("x", "--since", "before.json")[1]
    )


def test_the_shell_completes_states() -> None:
    from energy_runner.cli.complete import complete_state

    assert complete_state("do") == ["does-not-reproduce", "doubtful"]
