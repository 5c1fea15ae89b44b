# SPDX-License-Identifier: Apache-2.0
"""The commands `audit` and `import`: what they print and write, and their exit status."""

import json
import shutil
from pathlib import Path

import pytest

from energy_runner.cli.interchange_commands import audit_command, import_command
from energy_runner.errors import SessionError
from tests.support.published_sessions import write_eembc


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eembc(tmp_path_factory.mktemp("good") / "kws/energy")


@pytest.fixture
def session(good: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "kws/energy"
    shutil.copytree(good, folder)
    return folder


def test_the_audit_command_prints_one_list_and_tells_by_its_status(
    good: Path, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit_command([good.parent.parent], as_json=True) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["session"] == "kws/energy"
    assert row["published"] == row["reproduced"] == 4724.875
    assert row["valid"]
    assert row["findings"] == []
    assert row["unit"] == "uJ/inf."
    (session / "results.txt").unlink()
    assert audit_command([session.parent], as_json=True) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert row["published"] is None


def test_the_audit_command_prints_a_table(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit_command([session.parent.parent], as_json=False) == 0
    printed = capsys.readouterr().out
    assert "Published" in printed
    assert "47 of 47 published figures are reproduced to the last digit" in printed


def test_a_folder_without_sessions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="holds no session"):
        audit_command([tmp_path], as_json=True)
    with pytest.raises(SessionError, match="no such file"):
        audit_command([tmp_path / "nowhere"], as_json=True)


def test_the_import_command_writes_a_whole_session(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_command(session, tmp_path / "out", as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["published"] == 4724.875
    assert document["result"]["energy_per_inference_j"]["median"] == pytest.approx(4.725e-3, rel=1e-6)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "record.json",
        "journal.jsonl",
        "trace.jls",
        "result.json",
        "report.html",
        "published.json",
    }


def test_the_import_command_shows_published_and_ours_side_by_side(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_command(session, tmp_path / "out", as_json=False) == 0
    printed = capsys.readouterr().out
    assert "published" in printed
    assert "reproduced" in printed
    assert "4724.875" in printed
