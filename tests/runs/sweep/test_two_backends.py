# SPDX-License-Identifier: Apache-2.0
"""The catalogue in SQLite and in a real PostgreSQL server: the same promises, and what only a server has."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from energy_runner.director.stop import StopRequest
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.catalogue import Catalogue, Outcome, SweepRow
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan import Settings, plan_from_text
from energy_runner.sweep.plan.points import Point
from energy_runner.sweep.work.ends import End
from energy_runner.sweep.work.served_bench import ServedBench
from energy_runner.sweep.work.worker import Worker
from tests.support.places import ROOT
from tests.support.postgres import PostgresServer, postgres  # noqa: F401 - a fixture

SWEEP = "night-20261130-00000001"
PLAN = 'name = "night"\n[axes.voltage]\nsets = "voltage"\nvalues = [1.8, 2.0, 2.2, 2.4]\n'
# Claims and finishes until nothing is left, and says which points it had. It waits before its first point and
# before its second, so that each of two has one, however late the system lets it run.
CLAIMER = """
import sys
from energy_runner.sweep.catalogue import Catalogue, Outcome
catalogue = Catalogue(sys.argv[1])
print("ready", flush=True)
input()
first = True
while (lease := catalogue.claim(sys.argv[2], sys.argv[3], sys.argv[3])) is not None:
    assert catalogue.finish(lease, Outcome("completed", "done", valid=True))
    print(lease.number, flush=True)
    if first:
        input()
    first = False
catalogue.close()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "catalogue.sqlite")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def on_server(postgres: PostgresServer) -> str:  # noqa: F811
    return postgres.new_database()


def with_points(where: str, count: int, name: str = "night", plan: str = PLAN) -> Catalogue:
    catalogue = Catalogue(where)
    row = SweepRow(SWEEP, name, plan, "2026-11-30T10:00:00.000Z", "pc1", "/lab/sweeps", "open")
    catalogue.add_sweep(row, [Point(number, number, 1, {"voltage": 1.8}) for number in range(1, count + 1)], {})
    return catalogue


@pytest.fixture
def locked_first(on_server: str) -> Iterator[Catalogue]:
    """A catalogue of three points in which somebody is just claiming the first."""
    catalogue = with_points(on_server, 3)
    with psycopg.connect(on_server) as other:
        other.execute("SELECT number FROM point WHERE number = 1 FOR UPDATE")
        yield catalogue
        other.rollback()
    catalogue.close()


@pytest.mark.deep
def test_two_processes_share_200_points(where: str) -> None:
    catalogue = with_points(where, 200)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, where, SWEEP, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for name in ("left", "right")
    ]
    streams = [(one.stdin, one.stdout) for one in both]
    assert [told.readline() for _, told in streams if told is not None] == ["ready\n"] * 2

    def go_on() -> None:
        for asked, _ in streams:
            assert asked is not None
            asked.write("go\n")
            asked.flush()

    go_on()
    firsts = [told.readline() for _, told in streams if told is not None]
    assert sorted(firsts) == ["1\n", "2\n"]
    go_on()
    rest = [one.communicate(timeout=200)[0].split() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(int(number) for one in (firsts, *rest) for number in one) == list(range(1, 201))
    assert catalogue.counts(SWEEP) == {"waiting": 0, "running": 0, "done": 200, "set-aside": 0}
    assert {one.epoch for one in catalogue.points(SWEEP)} == {1}
    catalogue.close()


def test_a_point_that_is_being_claimed_is_skipped_not_waited_for(locked_first: Catalogue) -> None:
    for number in (2, 3):
        lease = locked_first.claim(SWEEP, "left", f"pc1:{number}")
        assert lease is not None
        assert lease.number == number


def test_none_is_left_only_if_nobody_can_give_one_back(on_server: str) -> None:
    catalogue = with_points(on_server, 1)
    found: list[object] = []
    with psycopg.connect(on_server) as other:
        other.execute("SELECT number FROM point WHERE number = 1 FOR UPDATE")
        asking = threading.Thread(target=lambda: found.append(catalogue.claim(SWEEP, "left", "pc1:1")))
        asking.start()
        asking.join(0.5)
        assert found == []
        other.rollback()  # the other worker died before it had the point
    asking.join(30)
    assert [getattr(one, "number", None) for one in found] == [1]
    catalogue.close()


def test_texts_come_back_as_they_were(where: str) -> None:
    plan = 'name = "größer"\n# µJ, Ω, 電力, 🔋, "quoted", \\u0000\n' + "# long\n" * 100_000
    catalogue = with_points(where, 1, "größer", plan)
    lease = catalogue.claim(SWEEP, "Prüfstand 'links'; DROP TABLE point", "pc1:1")
    assert lease is not None
    reason = "Ω" * 200_000
    outcome = Outcome(
        "bench-fault",
        "set-aside",
        reason=reason,
        started_utc="2026-11-30T22:59:59.999Z",
        ended_utc="2026-12-01T00:00:00.000Z",
        steps=["reset-io-manager: déjà fait"],
    )
    assert catalogue.finish(lease, outcome)
    catalogue.close()
    with closing(Catalogue(where)) as again:
        assert (again.sweep().plan, again.sweep().name) == (plan, "größer")
        [attempt] = again.attempts(SWEEP)
        assert (attempt.bench, attempt.reason) == ("Prüfstand 'links'; DROP TABLE point", reason)
        assert (attempt.started_utc, attempt.ended_utc) == (outcome.started_utc, outcome.ended_utc)
        assert list(attempt.steps) == ["reset-io-manager: déjà fait"]
        assert again.points(SWEEP)[0].reason == reason


def test_a_server_without_a_language_keeps_them_too(postgres: PostgresServer) -> None:  # noqa: F811
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0")
    with closing(with_points(postgres.url("plain"), 1, "größer")) as catalogue:
        assert catalogue.sweep().name == "größer"


class Refusing:
    """A runner whose runs cannot be begun, so that every point is set aside at once; the second one waits."""

    def __init__(self) -> None:
        self.measured: list[int] = []
        self.second, self.go_on = threading.Event(), threading.Event()

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        self.measured.append(facts.point)
        if len(self.measured) == 2:
            self.second.set()
            assert self.go_on.wait(60)
        raise ConfigurationError("cannot be")

    def complete(self, session: Session) -> Session:
        return session

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        raise AssertionError(step)

    def make_safe(self) -> str:
        return ""

    def trust(self) -> tuple[str, str]:
        return "not watched", ""


def test_a_worker_goes_on_when_its_server_was_started_again(
    postgres: PostgresServer,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    catalogue = with_points(postgres.new_database(), 4)
    runner = Refusing()
    ends: list[End] = []
    outage, stop = threading.Event(), StopRequest()

    def tell(line: str) -> None:
        if "asked again for up to 10 min" in line:
            outage.set()

    bench = ServedBench("left", "virtual-ideal", True, ("pc1/virtual:left",))
    plan = plan_from_text(PLAN, "plan")
    worker = Worker(catalogue, SWEEP, plan, bench, tmp_path, runner, stop=stop, lease_s=30.0, tell=tell)
    serving = threading.Thread(target=lambda: ends.append(worker.serve().end))
    serving.start()
    try:
        assert runner.second.wait(60)
        postgres.stop(signal.SIGQUIT)  # at once, as a power cut would
        runner.go_on.set()
        assert outage.wait(60)
        postgres.start()
        serving.join(60)
    finally:
        runner.go_on.set()
        stop.ask("the test is over")
        serving.join(60)
    assert ends == [End.FINISHED]
    assert runner.measured == [1, 2, 3, 4]
    assert catalogue.counts(SWEEP)["set-aside"] == 4
    assert {one.accepted for one in catalogue.attempts(SWEEP)} == {True}
    catalogue.close()


def test_while_the_server_is_down_it_is_said_so(postgres: PostgresServer) -> None:  # noqa: F811
    catalogue = with_points(postgres.new_database(), 1)
    postgres.stop()
    try:
        with pytest.raises(CatalogueUnavailable, match="is its server running"):
            catalogue.claim(SWEEP, "left", "pc1:1")
    finally:
        postgres.start()
    assert catalogue.claim(SWEEP, "left", "pc1:1") is not None
    catalogue.close()


def test_a_worker_that_is_frozen_in_a_transaction_does_not_keep_its_rows(on_server: str) -> None:
    catalogue = with_points(on_server, 1)
    with catalogue.begin() as connection:
        limits = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert limits == ["20s", "10s"]
    catalogue.close()


@pytest.fixture(scope="module")
def strict(postgres: PostgresServer) -> PostgresServer:  # noqa: F811
    """The server with a user who needs a password, one who may do nothing, and one from a wrong computer."""
    rules = postgres._folder / "data" / "pg_hba.conf"
    lines = "host all lab 127.0.0.1/32 scram-sha-256\nhost all far 127.0.0.1/32 reject\n"
    rules.write_text(lines + rules.read_text())
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for role in ("lab LOGIN PASSWORD 'right-one'", "poor LOGIN", "far LOGIN"):
            connection.execute(f"CREATE ROLE {role}")
        connection.execute("SELECT pg_reload_conf()")
    return postgres


@pytest.mark.parametrize(
    ("user", "database", "message"),
    [
        (
            "lab:wr0ng-one",
            "postgres",
            'password authentication failed for user "lab".*right password, in ~/.pgpass',
        ),
        ("lab", "postgres", "no password supplied.*in ~/.pgpass"),
        ("poor", "postgres", "permission denied for schema public.*createdb --owner"),
        ("nobody", "postgres", 'role "nobody" does not exist.*createuser'),
        ("far", "postgres", "pg_hba.conf rejects connection.*a line for this computer"),
        ("postgres", "missing", 'database "missing" does not exist.*createdb'),
    ],
)
def test_what_a_server_refuses_is_plain_and_tells_no_password(
    strict: PostgresServer, user: str, database: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    with pytest.raises(ConfigurationError) as refused:
        Catalogue(strict.url(database).replace("postgres@", f"{user}@"))
    assert re.search(message, str(refused.value))
    assert "wr0ng-one" not in str(refused.value)


def test_a_password_may_have_any_signs(strict: PostgresServer) -> None:
    with psycopg.connect(strict.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE lab PASSWORD 'a@b:c/d%'")
        connection.execute("CREATE DATABASE labs OWNER lab")
    with closing(Catalogue(strict.url("labs").replace("postgres@", "lab:a%40b%3Ac%2Fd%25@"))) as catalogue:
        assert "d%25" not in catalogue.name
        assert catalogue.sweeps() == []


def test_a_database_of_something_else_is_refused(on_server: str) -> None:
    engine = create_engine(on_server.replace("postgresql", "postgresql+psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (number integer)")
    engine.dispose()
    with pytest.raises(ConfigurationError, match="is a database of something else"):
        Catalogue(on_server)


def test_a_long_name_of_an_instrument_is_no_trouble(where: str) -> None:
    with closing(with_points(where, 1)) as catalogue:
        long = f"pc1/{'x' * 250}"
        others = catalogue.seats.take([long], worker="pc1:1", bench="left", sweep=SWEEP, since_utc="2026-11-30")
        assert others == []
        assert [one.instrument for one in catalogue.seats.all()] == [long]


def test_what_is_said_twice_is_kept_once(where: str) -> None:
    with closing(with_points(where, 1)) as catalogue:
        lease = catalogue.claim(SWEEP, "left", "pc1:1")
        assert lease is not None
        assert catalogue.finish(lease, Outcome("completed", "done", valid=True))
        assert catalogue.finish(
            lease, Outcome("completed", "done", valid=True)
        )  # as after an answer that was lost
        assert len(catalogue.attempts(SWEEP)) == 1
