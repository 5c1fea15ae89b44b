# SPDX-License-Identifier: Apache-2.0
"""The commands that fetch stimuli and say what is missing, and a run with what was fetched."""

import json

import pytest

from energy_runner.errors import ExitStatus
from tests.support.cli import started
from tests.support.stimuli_source import LABELS, write_source


@pytest.fixture
def folder(tmp_path):
    return write_source(tmp_path / "source")


def test_the_run_finds_what_was_fetched(folder, tmp_path, monkeypatch):
    for number in range(4, 6):  # a run takes five
        (folder / f"s{number}.bin").write_bytes(bytes([number]) * 490)
    text = LABELS + b"s4.bin,12,4\ns5.bin,12,5\n"
    (folder / "y_labels.csv").write_bytes(text.replace(b",12,", b", 12, "))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    before = started("run", "kws01", "-b", "virtual-ideal", cwd=tmp_path)
    assert before.returncode == ExitStatus.USAGE
    assert "stimuli fetch kws01 --from" in before.stderr
    refused = started("stimuli", "fetch", "kws01", "--from", str(folder), cwd=tmp_path)
    assert refused.returncode == ExitStatus.USAGE  # in a process of its own, the pins hold
    assert "not the official one" in refused.stderr
    done = started("stimuli", "fetch", "demo-keywords", "--from", str(folder), "--json", cwd=tmp_path)
    assert done.returncode == ExitStatus.VALID, done.stderr
    told = json.loads(done.stdout)
    assert (told["stimuli"], told["fetched"], told["stimuli_pinned"]) == (6, 6, False)
    shown = started("stimuli", "show", "kws01", "--stimuli", told["folder"], "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["missing"] == []
    run = started("run", "kws01", "-b", "virtual-ideal", "-s", told["folder"], "-n", "240", cwd=tmp_path)
    assert run.returncode == ExitStatus.VALID, run.stderr


def test_show_tells_what_is_missing(folder, tmp_path):
    (folder / "s1.bin").unlink()
    done = started("stimuli", "show", "kws01", "--stimuli", str(folder), cwd=tmp_path)
    assert done.returncode == ExitStatus.RULE_FAILED
    assert "1 is missing, the first s1.bin" in done.stdout
