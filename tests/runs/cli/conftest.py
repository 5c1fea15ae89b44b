# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share."""

from pathlib import Path

import pytest

from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from tests.support.cli import Call, started


@pytest.fixture
def call(capsys, monkeypatch, tmp_path) -> Call:
    """Call the command line in this process, in an empty folder; return status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")

    def called(*words: str) -> tuple[int, str, str]:
        status = run_app(app, list(words))
        out, err = capsys.readouterr()
        return status, out, err

    return called


@pytest.fixture(scope="session")
def session(tmp_path_factory) -> Path:
    """The session of one demo, for those who only read it."""
    folder = tmp_path_factory.mktemp("demo") / "session"
    done = started("demo", "--out", str(folder), "--seed", "3")
    assert done.returncode == 0, done.stderr
    return folder
