# SPDX-License-Identifier: Apache-2.0
"""The API as its users meet it: what a type checker sees, and what a run leaves on disk."""

import subprocess
import sys

import energy_runner as er
from tests.support.places import ROOT


def test_type_checkers_see_the_types(tmp_path):
    (tmp_path / "user.py").write_text(
        "import energy_runner as er\n"
        "session = er.run('virtual-lpm01a', er.plan('demo-keywords'))\n"
        "reveal_type(session)\nreveal_type(er.analyze(session).valid)\ner.plan(5)\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "user.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert 'Revealed type is "energy_runner.session.folder.Session"' in done.stdout, done.stdout + done.stderr
    assert 'Revealed type is "bool"' in done.stdout or "builtins.bool" in done.stdout
    assert 'user.py:5: error: Argument 1 to "plan"' in done.stdout


def test_the_folder_of_a_twins_session_says_virtual(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = er.run("virtual-ideal", er.plan("demo-keywords", inferences=12))
    assert session.path.name.endswith("Z-demo-keywords-energy-virtual")
    assert session.record.session_id == session.path.name
    assert not session.path.name.startswith("2000"), "the host's time, not the virtual one"
    assert [row.name for row in er.list_sessions()] == [session.path.name]


def test_windows_longer_than_what_a_world_keeps_are_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("instruments.devices.dut.twin.BLOCK", 20)
    whole = er.run("virtual-lpm01a", er.plan("demo-keywords"), out=tmp_path / "whole" / "s")
    monkeypatch.setattr("instruments.world.world.MOST_LEVELS", 100)
    monkeypatch.setattr("instruments.world.world.KEPT_NS", 2_000_000_000)
    short = er.run("virtual-lpm01a", er.plan("demo-keywords"), out=tmp_path / "short" / "s")
    assert short.record.truth[0].stop_s - short.record.truth[0].start_s > 5.0
    assert short.record.truth == whole.record.truth
    assert short.result() == whole.result()


def test_whatever_the_api_returns_shows_itself_in_a_line(tmp_path):
    session = er.run("virtual-lpm01a", er.plan("demo-keywords", inferences=120), out=tmp_path / "s")
    segmentation = er.segment(session)
    shown = [session, session.result(), segmentation, segmentation.windows[0], er.table([session])]
    for one in shown:
        assert len(repr(one)) < 400, repr(one)[:400]
        assert "\n" not in repr(one)
    assert repr(segmentation) == "<Segmentation of 5 windows: 600 inferences found>"
