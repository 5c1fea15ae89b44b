# SPDX-License-Identifier: Apache-2.0
"""A catalogue that another program keeps locked costs a night some time, and no bench."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from energy_runner.api import sweep_nights
from energy_runner.api.sweep_nights import resume_sweep, sweep_status
from energy_runner.api.sweeps import CATALOGUE, begin_sweep, serve_sweep
from energy_runner.director.stop import StopRequest
from energy_runner.errors import ExitStatus, Interrupted
from energy_runner.sweep.catalogue import Catalogue, engine
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from energy_runner.sweep.plan import plan_from_text
from energy_runner.sweep.work import outage
from energy_runner.sweep.work import status as work_status
from energy_runner.sweep.work.ends import End
from energy_runner.sweep.work.outage import Patience
from energy_runner.sweep.work.status import SweepStatus
from instruments.clock import RealClock

BENCHES = {"left": "virtual-ideal"}
PLAN = plan_from_text('name = "night"\nmode = "performance"\n', "night.toml")


@pytest.fixture(autouse=True)
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(engine, "BUSY_S", 0.1)
    monkeypatch.setattr(outage, "_POLL_S", 0.1)


@pytest.fixture
def sweep(tmp_path: Path) -> str:
    return begin_sweep(PLAN, BENCHES, out=tmp_path)


@pytest.fixture
def locked(sweep: str, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    where = tmp_path / CATALOGUE
    with closing(sqlite3.connect(where, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def test_a_worker_waits_for_it_and_says_so(sweep: str, tmp_path: Path, locked: sqlite3.Connection) -> None:
    told: list[str] = []
    lock_ends = threading.Timer(1.0, locked.execute, ["ROLLBACK"])
    lock_ends.start()
    ended = serve_sweep(sweep, "left", "virtual-ideal", out=tmp_path, tell=told.append)
    lock_ends.join()
    assert (ended.end, ended.points) == (End.FINISHED, 1)
    assert [line for line in told if "has kept it locked" in line and "asked again for up to 10 min" in line]


def test_the_wait_has_an_end_and_heeds_a_stop(tmp_path: Path, locked: sqlite3.Connection) -> None:
    stop = StopRequest()
    with pytest.raises(CatalogueUnavailable, match="has kept it locked"):
        Patience(RealClock(), stop, lambda _: None, 0.3)(lambda: Catalogue(tmp_path / CATALOGUE))
    stop.ask("Ctrl-C")
    with pytest.raises(Interrupted, match=r"Ctrl-C, and meanwhile catalogue .* has kept it locked"):
        Patience(RealClock(), stop, lambda _: None)(lambda: Catalogue(tmp_path / CATALOGUE))


def test_a_night_is_told_how_it_ended_although_it_was_locked_then(
    sweep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([CatalogueUnavailable("locked"), CatalogueUnavailable("locked")])

    def status_of(catalogue: Catalogue, identity: str) -> SweepStatus:
        status = work_status.status_of(catalogue, identity)
        if status.counts["done"] and (error := next(answers, None)):
            raise error
        return status

    monkeypatch.setattr(sweep_nights, "status_of", status_of)
    assert resume_sweep(sweep, BENCHES, out=tmp_path).exit_status == ExitStatus.VALID


def test_workers_end_with_a_watcher_that_fails(sweep: str, tmp_path: Path) -> None:
    def told(status: SweepStatus, news: list[str]) -> None:
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        resume_sweep(sweep, BENCHES, out=tmp_path, told=told)
    assert sweep_status(out=tmp_path).counts["running"] == 0
    ended = serve_sweep(sweep, "left", "virtual-ideal", out=tmp_path)  # else: in use
    assert ended.end == End.FINISHED


def test_a_bench_whose_process_cannot_be_started_does_not_end_the_others(sweep: str, tmp_path: Path) -> None:
    (tmp_path / sweep / "worker-broken.log").mkdir()
    night = resume_sweep(sweep, {**BENCHES, "broken": "virtual-ideal"}, out=tmp_path)
    assert night.status.counts["done"] == 1
    assert night.ends["broken"].end == End.FAILED
    assert "its process cannot be started (Is a directory)" in night.ends["broken"].reason
