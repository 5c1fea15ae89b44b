# SPDX-License-Identifier: Apache-2.0
"""The command `import`: what it prints and writes, and its exit status."""

import json
import shutil
from pathlib import Path

import pytest

from energy_runner.cli.interchange_commands import import_command
from tests.support.published_sessions import write_eembc


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eembc(tmp_path_factory.mktemp("good") / "kws/energy")


@pytest.fixture
def session(good: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "kws/energy"
    shutil.copytree(good, folder)
    return folder


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
