# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share."""

import json
from pathlib import Path

import pytest

from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from tests.support.cli import Call, started
from tests.support.refusals import REAL, VIRTUAL, Refused, everything_in, the_line


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


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """An empty folder with stimuli, to be in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / ".state"))
    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    (tmp_path / "real.toml").write_text(REAL, "utf-8")
    (tmp_path / "virtual.toml").write_text(VIRTUAL, "utf-8")
    return tmp_path


@pytest.fixture
def refused(place, capsys) -> Refused:
    """Call the command line; it must end with `status` and one line on stderr, which is returned."""

    def call(status: int, *words: str) -> str:
        before = everything_in(place)
        assert run_app(app, list(words)) == status
        out, err = capsys.readouterr()
        assert out == ""
        line = the_line(err)
        if status == 2:
            assert everything_in(place) == before, "something was left behind"
            assert err.count("\n") == 1
        status_of_json = run_app(app, [*words, "--json"])
        out, err = capsys.readouterr()
        document = json.loads(out)
        if document["schema"] == "energy-runner/error/1":
            assert document["status"] == status_of_json
            assert f"energy-runner: {document['error']}" == the_line(err)
        # `report`, `bench show`, `off` and `serve` print no result and know no --json.
        assert status_of_json == status or "--json" in document["error"]
        return line

    return call
