# SPDX-License-Identifier: Apache-2.0
"""What virtual nights under random faults have shown: a catalogue made again, and supplies that were left on."""

import platform
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from energy_runner.api.sweep_nights import rebuild_catalogue
from energy_runner.api.sweeps import begin_sweep, serve_sweep, sweep_rows
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.catalogue.lease import Stillness
from energy_runner.sweep.plan import plan_from_text
from energy_runner.sweep.plan.spec import LimitSpec
from energy_runner.sweep.work.lost import Reclaimer
from energy_runner.sweep.work.note_keeper import NoteKeeper
from instruments.clock import RealClock
from tests.support.swarm.others import others

BENCHES = {"a": "virtual-lpm01a"}


@pytest.fixture(autouse=True)
def own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def begun(folder: Path, text: str) -> str:
    return begin_sweep(plan_from_text('name = "s"\n' + text, "plan"), BENCHES, out=folder)


def same_when_made_again(folder: Path) -> None:
    rebuild_catalogue([folder], folder / "again.sqlite")
    assert sweep_rows(catalogue=folder / "again.sqlite") == sweep_rows(out=folder)


def test_a_point_whose_workers_died_too_often_stays_set_aside_when_made_again(tmp_path):
    sweep = begun(
        tmp_path, 'mode = "performance"\nrepeats = 2\n[settings]\ninferences = 2\n[limits]\nattempts = 1\n'
    )
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with closing(Catalogue(tmp_path / "catalogue.sqlite")) as opened:
        dead = f"{platform.node()}:{gone.pid}-abc"
        seat = f"{platform.node()}/virtual:a"
        opened.seats.take([seat], worker=dead, bench="a", sweep=sweep, since_utc="2026-01-01T00:00:00Z")
        assert opened.claim(sweep, "a", dead) is not None
    serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path)
    assert sorted(row.state for row in sweep_rows(out=tmp_path)) == ["done", "set-aside"]
    same_when_made_again(tmp_path)


FAILING = {
    "reference": 'values = [40000000]\n[reference]\nvalues = {c = "never"}\nevery_points = 9\n',
    "point": 'values = ["never"]\n',
}


@pytest.mark.parametrize("kind", list(FAILING))
def test_what_a_worker_says_that_came_back_late_says_nothing_of_its_point_when_made_again(kind, tmp_path):
    """A point is taken away for the last time from a worker that stands still, which wakes up and ends its run."""
    sweep = begun(
        tmp_path,
        'mode = "performance"\n[settings]\ninferences = 2\n[recovery]\nladder = []\n[limits]\nattempts = 1\n'
        f'[axes.c]\ncommand = "clock {{value}}"\n{FAILING[kind]}',
    )
    taken: list[int] = []

    def take_away(step: str) -> None:
        if step != "measured" or taken:
            return
        with closing(Catalogue(tmp_path / "catalogue.sqlite")) as opened:
            (running,) = opened.running(sweep)
            notes = NoteKeeper(tmp_path / sweep, lambda text: None)
            once = LimitSpec(attempts=1)
            other = Reclaimer(opened, sweep, tmp_path / sweep, once, lambda one: one, notes, lambda text: None)
            taken.append(other.reclaim({running.worker}, Stillness(RealClock(), 60.0), "another"))
            notes.close()

    serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path, step=take_away)
    assert taken == [1]
    with closing(Catalogue(tmp_path / "catalogue.sqlite")) as opened:
        point = next(one for one in opened.points(sweep) if one.kind == kind)
        assert point.state == "set-aside"
        assert "died or stood still; its session ended as" in point.reason
        (late,) = opened.attempts(sweep, point.number)
        assert not late.accepted
        assert late.reason not in point.reason
    same_when_made_again(tmp_path)


@pytest.mark.parametrize("limit", ["", "free_gb = 1e9\n"])
def test_what_a_dead_worker_left_on_is_switched_off_although_nothing_is_measured(limit, tmp_path):
    """A power cut in the middle of the last point, which another bench has done meanwhile."""
    sweep = begun(tmp_path, f'mode = "performance"\n[settings]\ninferences = 2\n[limits]\n{limit}')
    if not limit:
        serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path)
    near = others("virtual-lpm01a", tmp_path / "near")
    near.leave_note()
    with near.installed():
        ended = serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path)
    assert ended.points == 0
    assert near.notes == []
