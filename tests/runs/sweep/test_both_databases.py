# SPDX-License-Identifier: Apache-2.0
"""Workers in each other's way, in SQLite and in PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from energy_runner.sweep.catalogue import Catalogue, Lease, Outcome, Running, SweepRow
from energy_runner.sweep.plan import plan_from_text
from tests.support.postgres import PostgresServer, postgres

__all__ = ["postgres"]
pytestmark = pytest.mark.deep
TOGETHER = 6
PLAN = plan_from_text('name = "n"\norder = "as-written"\nrepeats = 10\n[limits]\nfree_gb = 0.0\n', "plan.toml")
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
