# SPDX-License-Identifier: Apache-2.0
"""The catalogue of sweeps: make one, claim its points, keep what became of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.catalogue.attempts import Attempt, Outcome
from energy_runner.sweep.catalogue.engine import guarded, identity_of, named, open_engine
from energy_runner.sweep.catalogue.lease import Beat, Lease, Running
from energy_runner.sweep.catalogue.seats import Seats
from energy_runner.sweep.catalogue.statements import LOST, after, attempt_of, lease_of, ours, waiting
from energy_runner.sweep.catalogue.tables import ATTEMPTS, POINTS, SEATS, SHUNS, SWEEPS
from energy_runner.sweep.plan.points import Point
from energy_runner.sweep.rows import Kind, Scalar, State
from energy_runner.wording import printable, shown


@dataclass(frozen=True)
class SweepRow:
    """One sweep of the catalogue: its plan as text, the folder of its sessions on `host`, and its state."""

    id: str
    name: str
    plan: str
    created_utc: str
    host: str
    folder: str
    state: str


@dataclass(frozen=True)
class PointState:
    """One point as the catalogue keeps it; `row` is the JSON of its figures, "" while it has none."""

    number: int
    place: int
    kind: Kind
    repeat: int
    values: Mapping[str, Scalar]
    state: State
    epoch: int
    worker: str | None
    bench: str | None
    session: str | None
    reason: str
    row: str


class Catalogue:
    """A catalogue that is open; safe to use from several threads and processes.

    Everything raises `CatalogueUnavailable` if the database does not answer now.
    """

    def __init__(self, where: str | Path) -> None:
        self._engine = open_engine(where)
        self.name = printable(named(where))
        self.identity = identity_of(self._engine, self.name)  # the same by whatever path or address it is reached
        self.seats = Seats(self.begin)
        self.skips_locked = self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Begin a transaction; it is kept if the body ends well."""
        with guarded(self.name), self._engine.begin() as connection:
            yield connection

    # --- sweeps -----------------------------------------------------------------------------------------

    def add_sweep(self, sweep: SweepRow, points: Sequence[Point], wanted: Mapping[int, str]) -> None:
        """Add a sweep with its points; `wanted` is the only bench that may measure a point, by its number."""
        with self.begin() as connection:
            self.enter(connection, sweep, points, wanted)

    @staticmethod
    def enter(connection: Connection, sweep: SweepRow, points: Sequence[Point], wanted: Mapping[int, str]) -> None:
        """Add a sweep as `add_sweep` does, as a part of a transaction."""
        rows = [
            {
                "sweep": sweep.id,
                "number": one.number,
                "place": one.order,
                "kind": "point",
                "repeat": one.repeat,
                "settings": json.dumps(dict(one.values)),
                "wanted_bench": wanted.get(one.number),
            }
            for one in points
        ]
        connection.execute(insert(SWEEPS).values(**asdict(sweep)))
        connection.execute(insert(POINTS), rows)

    def sweeps(self) -> list[SweepRow]:
        """Return all sweeps, the oldest first."""
        with self.begin() as connection:
            found = connection.execute(select(SWEEPS).order_by(SWEEPS.c.created_utc, SWEEPS.c.id)).all()
        return [SweepRow(*row) for row in found]

    def sweep(self, name: str | None = None) -> SweepRow:
        """Return the sweep with that id, or the last one of that name, or the last one of all.

        Raises `ConfigurationError` if there is none.
        """
        found = [one for one in self.sweeps() if name is None or name in (one.id, one.name)]
        exact = [one for one in found if one.id == name] or found
        if not exact:
            known = ", ".join(dict.fromkeys(one.name for one in self.sweeps())) or "none"
            which = "it holds no sweep" if name is None else f"no sweep is called {shown(name)} (known: {known})"
            raise ConfigurationError(f"catalogue {self.name}: {which}. Try: energy-runner sweep list")
        return exact[-1]

    def set_state(self, sweep: str, state: str) -> None:
        """Say what is to become of a sweep: `open`, `stopping` or `cancelling`."""
        with self.begin() as connection:
            connection.execute(update(SWEEPS).where(SWEEPS.c.id == sweep).values(state=state))

    # --- points -----------------------------------------------------------------------------------------

    def claim(self, sweep: str, bench: str, worker: str) -> Lease | None:
        """Claim the next point that this bench may measure; None if none is waiting.

        A worker claims when it holds no lease. Where it holds one by the catalogue, the answer to an earlier claim
        was lost with the connection, and is given again.
        """
        first = select(POINTS).where(*waiting(sweep, bench)).order_by(POINTS.c.place).limit(1)
        with self.begin() as connection:
            lost = self._lost_claim(connection, sweep, bench, worker, "point")
            if lost is not None:
                return lost
            # SQLite needs no such lock: its transaction holds the whole file.
            found = connection.execute(first.with_for_update(skip_locked=True)).first()
            if found is None and self.skips_locked:
                # The last ones may be locked by others, who may yet give them back: here "none" must be true.
                found = connection.execute(first.with_for_update()).first()
            return None if found is None else self._claimed(connection, found, bench, worker)

    def may_come(self, sweep: str, bench: str) -> bool:
        """Return whether a point waits for this bench, or is in progress somewhere and may yet come to it."""
        running = and_(POINTS.c.sweep == sweep, POINTS.c.state == "running")
        either = select(POINTS.c.number).where(or_(running, and_(*waiting(sweep, bench)))).limit(1)
        with self.begin() as connection:
            return connection.execute(either).first() is not None

    @staticmethod
    def _lost_claim(connection: Connection, sweep: str, bench: str, worker: str, kind: Kind) -> Lease | None:
        """Return the lease of a claim whose answer did not reach the worker."""
        mine = (POINTS.c.sweep == sweep, POINTS.c.state == "running", POINTS.c.worker == worker)
        row = connection.execute(select(POINTS).where(*mine, POINTS.c.kind == kind)).first()
        return None if row is None else lease_of(row, row.epoch, worker, bench)

    def claim_reference(self, sweep: str, bench: str, worker: str, values: Mapping[str, Scalar]) -> Lease:
        """Add a measurement of the reference point and claim it."""
        with self.begin() as connection:
            if self.skips_locked:  # one at a time: both would count the same numbers
                connection.execute(select(SWEEPS.c.id).where(SWEEPS.c.id == sweep).with_for_update())
            lost = self._lost_claim(connection, sweep, bench, worker, "reference")
            if lost is not None:
                return lost
            of_sweep = POINTS.c.sweep == sweep
            number = (connection.execute(select(func.max(POINTS.c.number)).where(of_sweep)).scalar() or 0) + 1
            begun = connection.execute(select(func.count()).select_from(ATTEMPTS).where(ATTEMPTS.c.sweep == sweep))
            connection.execute(
                insert(POINTS).values(
                    sweep=sweep,
                    number=number,
                    place=int(begun.scalar() or 0) + 1,
                    kind="reference",
                    settings=json.dumps(dict(values)),
                    wanted_bench=bench,
                )
            )
            row = connection.execute(select(POINTS).where(of_sweep, POINTS.c.number == number)).one()
            return self._claimed(connection, row, bench, worker)

    def _claimed(self, connection: Connection, row: Row[Any], bench: str, worker: str) -> Lease:
        epoch = int(row.epoch) + 1
        connection.execute(
            update(POINTS)
            .where(POINTS.c.sweep == row.sweep, POINTS.c.number == row.number)
            .values(state="running", epoch=epoch, beat=0, worker=worker, bench=bench, reason="")
        )
        return lease_of(row, epoch, worker, bench)

    def lease_of(self, sweep: str, running: Running) -> Lease:
        """Return the lease of a point in progress, for the note of the worker that breaks it."""
        here = (POINTS.c.sweep == sweep, POINTS.c.number == running.number)
        with self.begin() as connection:
            row = connection.execute(select(POINTS).where(*here)).one()
        return lease_of(row, running.epoch, running.worker, running.bench)

    def beat(self, lease: Lease | None, sweep: str, worker: str) -> Beat:
        """Give a sign of life for a lease and for the seats of a worker."""
        with self.begin() as connection:
            held = True
            if lease is not None:
                alive = update(POINTS).where(*ours(lease)).values(beat=POINTS.c.beat + 1)
                held = self._count(connection, alive) > 0
            seats = self._count(
                connection, update(SEATS).where(SEATS.c.worker == worker).values(beat=SEATS.c.beat + 1)
            )
            state = connection.execute(select(SWEEPS.c.state).where(SWEEPS.c.id == sweep)).scalar()
        return Beat(held, seats, str(state))

    def finish(self, lease: Lease, outcome: Outcome, *, shun: bool = False) -> bool:
        """Keep what became of a lease; return whether it was still ours.

        With `shun` the bench leaves the point to others from now on. Where the lease was not ours any more, the
        attempt is kept and changes nothing about the point. Saying the same again, as after a connection that
        broke while it was said, changes nothing either.
        """
        with self.begin() as connection:
            if self.skips_locked:  # else it could be taken away from us between the two next statements
                here = (POINTS.c.sweep == lease.sweep, POINTS.c.number == lease.number)
                connection.execute(select(POINTS.c.number).where(*here).with_for_update())
            key = (
                ATTEMPTS.c.sweep == lease.sweep,
                ATTEMPTS.c.number == lease.number,
                ATTEMPTS.c.epoch == lease.epoch,
            )
            said = connection.execute(select(ATTEMPTS.c.accepted, ATTEMPTS.c.outcome).where(*key)).first()
            if said is not None and said.outcome != LOST:
                return bool(said.accepted)
            changed = update(POINTS).where(*ours(lease)).values(after(outcome))
            accepted = self._count(connection, changed) > 0
            values = attempt_of(outcome, bench=lease.bench, worker=lease.worker, accepted=accepted)
            if said is None:
                names = {"sweep": lease.sweep, "number": lease.number, "epoch": lease.epoch}
                connection.execute(insert(ATTEMPTS).values(**names, **values))
            else:  # it was given up as lost, and came in late
                connection.execute(update(ATTEMPTS).where(*key).values(**values))
            if accepted and shun:
                self._shun(connection, {"sweep": lease.sweep, "number": lease.number, "bench": lease.bench})
        return accepted

    def release(self, sweep: str, running: Running, outcome: Outcome) -> bool:
        """Take the point of a worker who is gone away from him, if he has shown no life since `running` was seen.

        Return whether it was taken; another worker may have been first.
        """
        same = (
            POINTS.c.sweep == sweep,
            POINTS.c.number == running.number,
            POINTS.c.epoch == running.epoch,
            POINTS.c.beat == running.beat,
            POINTS.c.state == "running",
        )
        with self.begin() as connection:
            if not self._count(connection, update(POINTS).where(*same).values(after(outcome))):
                return False
            values = attempt_of(
                outcome, bench=running.bench, worker=running.worker, accepted=outcome.outcome != LOST
            )
            connection.execute(
                insert(ATTEMPTS).values(sweep=sweep, number=running.number, epoch=running.epoch, **values)
            )
        return True

    def shun(self, sweep: str, number: int, bench: str) -> None:
        """Let a bench take a point no more: it has failed at it, and another bench may not."""
        with self.begin() as connection:
            self._shun(connection, {"sweep": sweep, "number": number, "bench": bench})

    @staticmethod
    def _shun(connection: Connection, key: Mapping[str, str | int]) -> None:
        if connection.execute(select(SHUNS).filter_by(**key)).first() is None:
            connection.execute(insert(SHUNS).values(**key))

    def shunned(self, sweep: str) -> list[tuple[int, str]]:
        """Return the points that benches leave to others, each with the name of the bench."""
        with self.begin() as connection:
            found = connection.execute(select(SHUNS.c.number, SHUNS.c.bench).where(SHUNS.c.sweep == sweep)).all()
        return [(row.number, row.bench) for row in found]

    def forgive(self, sweep: str) -> None:
        """Let every bench take every point again, as when a person has looked."""
        with self.begin() as connection:
            connection.execute(delete(SHUNS).where(SHUNS.c.sweep == sweep))

    def put_back(self, sweep: str, number: int) -> bool:
        """Let a point that is set aside be measured again; return whether it was set aside."""
        aside = (POINTS.c.sweep == sweep, POINTS.c.number == number, POINTS.c.state == "set-aside")
        with self.begin() as connection:
            return self._count(connection, update(POINTS).where(*aside).values(state="waiting", reason="")) > 0

    def running(self, sweep: str) -> list[Running]:
        """Return the points in progress."""
        columns = (POINTS.c.number, POINTS.c.epoch, POINTS.c.beat, POINTS.c.worker, POINTS.c.bench)
        with self.begin() as connection:
            found = connection.execute(
                select(*columns).where(POINTS.c.sweep == sweep, POINTS.c.state == "running")
            ).all()
        return [Running(*row) for row in found]

    def counts(self, sweep: str) -> dict[str, int]:
        """Return how many of the plan's points are in each state; references do not count."""
        with self.begin() as connection:
            found = connection.execute(
                select(POINTS.c.state, func.count())
                .where(POINTS.c.sweep == sweep, POINTS.c.kind == "point")
                .group_by(POINTS.c.state)
            ).all()
        return {"waiting": 0, "running": 0, "done": 0, "set-aside": 0} | {
            str(row[0]): int(row[1]) for row in found
        }

    def points(self, sweep: str) -> list[PointState]:
        """Return all points, references included, by number."""
        with self.begin() as connection:
            found = connection.execute(
                select(POINTS).where(POINTS.c.sweep == sweep).order_by(POINTS.c.number)
            ).all()
            return [
                PointState(
                    number=one.number,
                    place=one.place,
                    kind=one.kind,
                    repeat=one.repeat,
                    values=json.loads(one.settings),
                    state=one.state,
                    epoch=one.epoch,
                    worker=one.worker,
                    bench=one.bench,
                    session=one.session,
                    reason=one.reason,
                    row=one.row or "",
                )
                for one in found
            ]

    def attempts(self, sweep: str, number: int | None = None) -> list[Attempt]:
        """Return the attempts at a point, or at all, in the order of their epochs."""
        chosen = select(ATTEMPTS).where(ATTEMPTS.c.sweep == sweep)
        if number is not None:
            chosen = chosen.where(ATTEMPTS.c.number == number)
        with self.begin() as connection:
            found = connection.execute(chosen.order_by(ATTEMPTS.c.number, ATTEMPTS.c.epoch)).all()
            return [
                Attempt(
                    number=one.number,
                    epoch=one.epoch,
                    bench=one.bench,
                    worker=one.worker,
                    outcome=one.outcome,
                    accepted=one.accepted,
                    valid=one.valid,
                    session=one.session,
                    folder=one.folder,
                    started_utc=one.started_utc,
                    ended_utc=one.ended_utc,
                    reason=one.reason,
                    steps=json.loads(one.steps),
                )
                for one in found
            ]

    @staticmethod
    def _count(connection: Connection, statement: Any) -> int:
        return int(connection.execute(statement).rowcount)
