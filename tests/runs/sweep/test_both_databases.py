# SPDX-License-Identifier: Apache-2.0
"""Workers in each other's way, in SQLite and in PostgreSQL; servers that vanish and come back."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from energy_runner.sweep.catalogue import Catalogue, Lease, Outcome, Running, SweepRow, engine
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from energy_runner.sweep.catalogue.tables import POINTS
from energy_runner.sweep.plan import plan_from_text
from energy_runner.sweep.work import worker as worker_module
from energy_runner.sweep.work.ends import End
from energy_runner.sweep.work.served_bench import ServedBench
from energy_runner.sweep.work.worker import Worker
from instruments.clock import RealClock
from tests.support.postgres import PostgresServer, postgres
from tests.support.sweep_swarm.bench_log import BenchLog
from tests.support.sweep_swarm.fake_runner import FakeRunner

__all__ = ["postgres"]
pytestmark = pytest.mark.deep
TOGETHER = 6
CLOCK = RealClock()
PLAN = plan_from_text('name = "n"\norder = "as-written"\nrepeats = 30\n[limits]\nfree_gb = 0.0\n', "plan.toml")
SHORT = plan_from_text(PLAN.text.replace("30", "6"), "plan.toml")
DONE = Outcome("completed", "done", valid=True, session="s", row="{}")


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "catalogue.sqlite")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def catalogue(where: str, tmp_path: Path) -> Iterator[Catalogue]:
    opened = Catalogue(where)
    row = SweepRow("n1", "n", PLAN.text, "2026", "pc", str(tmp_path / "n1"), "open")
    opened.add_sweep(row, PLAN.points, {})
    yield opened
    opened.close()


def _at_once[T](*tasks: Callable[[], T]) -> list[T]:
    """Do several things at the same moment, and return what each came to."""
    barrier = threading.Barrier(len(tasks))

    def begin(task: Callable[[], T]) -> T:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(begin, tasks))


def test_all_who_claim_at_once_get_points_of_their_own(catalogue: Catalogue) -> None:
    def all_of(worker: str) -> list[int]:
        found = []
        while (lease := catalogue.claim("n1", "left", worker)) is not None:
            found.append(lease.number)
            assert catalogue.finish(lease, DONE)
        return found

    claimed = _at_once(*(lambda worker=f"pc:{n}-a": all_of(worker) for n in range(TOGETHER)))
    numbers = [number for each in claimed for number in each]
    assert sorted(numbers) == [point.number for point in PLAN.points]


def test_tables_are_made_once_by_all_who_open_at_once(where: str) -> None:
    opened = _at_once(*(lambda: Catalogue(where) for _ in range(TOGETHER)))
    assert len({one.identity for one in opened}) == 1
    for one in opened:
        one.close()


def test_one_of_all_who_sit_down_under_one_name_gets_the_seats(catalogue: Catalogue) -> None:
    for number in range(5):

        def take(worker: int, bench: str = f"bench{number}") -> int:
            wanted = [f"host{worker}/usb", f"host{worker}/gpib"]
            return len(catalogue.seats.take(wanted, worker=f"w{worker}", bench=bench, sweep="n1", since_utc="now"))

        in_the_way = _at_once(*(lambda worker=worker: take(worker) for worker in range(TOGETHER)))
        assert sorted(in_the_way) == [0, *[2] * (TOGETHER - 1)]
        for worker in range(TOGETHER):
            catalogue.seats.leave(f"w{worker}")


def test_either_the_worker_ends_its_point_or_another_takes_it_away(catalogue: Catalogue) -> None:
    outcomes = set()
    for _ in range(10):
        lease = catalogue.claim("n1", "left", "pc:1-a")
        assert lease is not None
        running = Running(lease.number, lease.epoch, 0, lease.worker, lease.bench)
        accepted, taken = _at_once(
            lambda lease=lease: catalogue.finish(lease, DONE),
            lambda running=running: catalogue.release("n1", running, Outcome("lost", "waiting")),
        )
        assert accepted != taken
        (attempt,) = [one for one in catalogue.attempts("n1", lease.number) if one.epoch == lease.epoch]
        assert (attempt.outcome, attempt.accepted) == ("completed", accepted)  # late, it is kept all the same
        outcomes.add(accepted)
        catalogue.set_state("n1", "open")
    assert outcomes


def test_the_answer_to_a_claim_that_was_lost_is_given_again(catalogue: Catalogue) -> None:
    first, again = (catalogue.claim("n1", "left", "pc:1-a") for _ in range(2))
    assert first == again
    assert catalogue.counts("n1")["running"] == 1
    reference, same = (catalogue.claim_reference("n1", "left", "pc:2-b", {}) for _ in range(2))
    assert reference == same


def test_a_bench_that_leaves_a_point_to_others_says_so_with_its_result(catalogue: Catalogue) -> None:
    lease = catalogue.claim("n1", "left", "pc:1-a")
    assert isinstance(lease, Lease)
    assert catalogue.finish(lease, Outcome("bench-fault", "waiting"), shun=True)
    assert catalogue.shunned("n1") == [(1, "left")]
    other = catalogue.claim("n1", "left", "pc:1-a")
    assert isinstance(other, Lease)
    assert other.number == 2
    catalogue.release("n1", catalogue.running("n1")[0], Outcome("lost", "waiting"))
    assert not catalogue.finish(other, Outcome("bench-fault", "waiting"), shun=True)
    assert catalogue.shunned("n1") == [(1, "left")]  # a late one decides nothing


def test_a_client_that_stands_still_in_a_transaction_keeps_nobody_off_for_ever(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "STALL_S", 0.3)
    url = postgres.new_database()
    frozen, other = Catalogue(url), Catalogue(url)
    row = SweepRow("n1", "n", PLAN.text, "2026", "pc", str(tmp_path), "open")
    other.add_sweep(row, PLAN.points, {})
    other.claim("n1", "left", "pc:1-a")

    def stand_still() -> None:
        with frozen.begin() as connection:
            connection.execute(select(POINTS).where(POINTS.c.number == 1).with_for_update())
            # It does nothing more; the other waits for the row until the server has lost patience.
            assert other.release("n1", other.running("n1")[0], Outcome("lost", "waiting"))
            connection.execute(select(POINTS))

    with pytest.raises(CatalogueUnavailable, match="idle-in-transaction"):
        stand_still()
    assert frozen.counts("n1")["waiting"] == len(PLAN.points)  # and it can go on afterwards
    for one in (frozen, other):
        one.close()


def _later(server: PostgresServer) -> None:
    CLOCK.sleep(0.2)
    server.start()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_goes_and_comes_back_costs_no_point(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: signal.Signals
) -> None:
    monkeypatch.setattr(worker_module, "_POLL_S", 0.02)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    catalogue = Catalogue(postgres.new_database())
    catalogue.add_sweep(SweepRow("n1", "n", SHORT.text, "2026", "pc", "f", "open"), SHORT.points, {})
    told: list[str] = []
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        if name in {"claimed", "measured"} and steps.count(name) == 3:
            postgres.stop(how)
            starter.submit(_later, postgres)

    bench = ServedBench("a", "a", False, (f"pc/{tmp_path.name}",))
    runner = FakeRunner("a", False, tmp_path, BenchLog(tmp_path / "log"), step)
    worker = Worker(
        catalogue, "n1", SHORT, bench, tmp_path / "n1", runner, lease_s=5.0, tell=told.append, step=step
    )
    with ThreadPoolExecutor(1) as starter:  # a server ends with the thread that started it
        assert worker.serve().end == End.FINISHED
        postgres.stop()
    postgres.start()
    assert catalogue.counts("n1")["done"] == len(SHORT.points)
    assert len(catalogue.attempts("n1")) == len(SHORT.points)
    assert [line for line in told if "asked again" in line]
    assert catalogue.seats.all() == []
    catalogue.close()
