# SPDX-License-Identifier: Apache-2.0
"""Damaged sessions and full disks: one clear line, the right exit status, the supply off."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.api import runs
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.session.journal import JournalWriter
from tests.support.places import ROOT
from tests.support.refusals import run_words, the_line


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A session to spoil copies of."""
    folder = tmp_path_factory.mktemp("whole")
    write_demo_stimuli(folder)
    api.run(api.load_bench("virtual-ideal"), api.plan("kws01", stimuli=folder), out=folder / "s")
    return folder / "s"


@pytest.fixture
def session(whole, place) -> Path:
    """A copy of a session, as `s` in the folder where we are."""
    return Path(shutil.copytree(whole, place / "s"))


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("record.json", b"{", "s/record.json: document: Invalid JSON"),
        ("record.json", b"\xff\x00", "s/record.json: document: Invalid JSON"),
        ("record.json", b'{"a":' + b"[" * 100_000, "s/record.json: document: Invalid JSON: recursion"),
        ("record.json", None, "s: is not a session folder: it holds no record.json"),
        ("journal.jsonl", None, "s/journal.jsonl: cannot be read"),
        ("journal.jsonl", b"\xff\xfe\n", "s/journal.jsonl, line 1: not an event"),
        ("journal.jsonl", b'{"kind":"\\u001b[2J"}\n', "s/journal.jsonl, line 1: not an event"),
    ],
)
def test_a_damaged_session(file, data, said, session, capsys):
    (session / file).unlink()
    if data is not None:
        (session / file).write_bytes(data)
    for command in ("analyze", "check", "report"):
        assert run_app(app, [command, "s"]) == 2
        *first, last, end = capsys.readouterr().err.split("\n")
        assert ("\x1b" in last, end) == (False, "")
        assert said in last
        assert [f"s: {file}" in line for line in first] == [True] * (file != "record.json")  # what differs


@pytest.mark.parametrize("command", ["analyze", "check", "report"])
def test_an_impossible_fact_is_told_with_the_session(command, session, capsys):
    journal = session / "journal.jsonl"
    journal.write_text(journal.read_text("utf-8").replace('"half_width":0.0', '"half_width":"NaN"'), "utf-8")
    assert run_app(app, [command, "s"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("energy-runner: s: journal.jsonl, from byte ")
    assert "s: the journal holds" in second


def test_a_session_without_a_trace_has_no_score(session, capsys):
    (session / "trace.jls").write_bytes(b"no trace at all" * 100)
    assert run_app(app, ["analyze", "s", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["energy_per_inference_j"] is None
    assert "s: trace.jls, from byte 0 on: has 1500 bytes, " in the_line(err)


@pytest.mark.usefixtures("session")
def test_unknown_rules_and_rules_that_say_nothing(refused):
    assert "did you mean 'spread'" in refused(2, "check", "s", "--rules", "spred")
    line = refused(2, "check", "s", "--rules", "accuracy-target")
    assert "accuracy-target does not apply" in line
    assert "--accuracy-session" in line
    assert "nowhere: no such session" in refused(2, "check", "s", "--accuracy-session", "nowhere")


# --- a full disk ------------------------------------------------------------------------------------------


class FullDisk:
    """A file on a disk with `room` bytes left: the last write is short, the next one fails."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = data[: self._room]
        self._room -= len(taken)
        return int(self._file.write(taken))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 2_000, 60_000, 120_000])
def test_a_disk_that_fills_up_during_a_run(room, place, capsys, monkeypatch):
    benches = []
    begin, build_bench = JournalWriter.__init__, runs.build_bench

    def begin_full(self: Any, path: Path) -> None:
        begin(self, path)
        self._file = FullDisk(self._file, room)

    def opened(*given: Any, **named: Any) -> Any:
        benches.append(build_bench(*given, **named))
        return benches[-1]

    monkeypatch.setattr(JournalWriter, "__init__", begin_full)
    monkeypatch.setattr(runs, "build_bench", opened)
    assert run_app(app, [*run_words(**{"--out": "s"})]) == 3
    line = the_line(capsys.readouterr().err)
    assert "s/journal.jsonl" in line
    assert "No space left on device" in line
    assert "free disk space" in line
    twin = benches[0].twin
    assert not twin.world.powered
    assert not any(port.is_open for port in twin.ports().values())
    record = json.loads((place / "s" / "record.json").read_text("utf-8"))
    assert record["outcome"] == "bench-fault"
    journal = (place / "s" / "journal.jsonl").read_bytes()
    assert room - 400 < len(journal) <= room
    assert not journal or journal.endswith(b"\n"), "a part of a line stayed"
    # What had been recorded can be read.
    monkeypatch.undo()
    monkeypatch.chdir(place)
    assert run_app(app, ["analyze", "s"]) == 3


def test_a_disk_without_room_for_the_record_either(whole, place):
    """No file may grow beyond the first record's size and a little more: the last record would have no room."""
    resource = pytest.importorskip("resource", reason="Windows cannot limit the size of files")
    record = json.loads((whole / "record.json").read_text("utf-8")) | {"truth": None, "outcome": "running"}
    limit = len(json.dumps(record, indent=2)) + 50
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "energy_runner",
            *run_words(**{"--bench": "virtual-ideal", "--out": "s"}),
            "--json",
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "s: no run can be recorded here (File too large)" in the_line(done.stderr)
    assert json.loads(done.stdout)["status"] == 2
    assert not (place / "s").exists()
