# SPDX-License-Identifier: Apache-2.0
"""Seats: which worker serves which instruments, and benches that take no points."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, text, update

from energy_runner.sweep.catalogue.tables import BENCHES, SEATS

_TAKING = 7_325_100_912  # any number, the same for all who take seats in PostgreSQL
Begin = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Seat:
    """A worker who serves an instrument; `beat` grows with each sign of his life."""

    instrument: str
    worker: str
    bench: str
    sweep: str
    beat: int
    since_utc: str


@dataclass(frozen=True)
class BenchMark:
    """What was said of a bench: `state` is "" or "quarantined"."""

    name: str
    state: str = ""
    reason: str = ""
    since_utc: str = ""


class Seats:
    """The seats of a catalogue."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def all(self) -> list[Seat]:
        """Return every seat that is taken."""
        with self._begin() as connection:
            return [Seat(*row) for row in connection.execute(select(SEATS).order_by(SEATS.c.instrument)).all()]

    def take(
        self,
        wanted: Sequence[str],
        *,
        worker: str,
        bench: str,
        sweep: str,
        since_utc: str,
        gone: Sequence[Seat] = (),
    ) -> list[Seat]:
        """Take a seat for each instrument: all of them, or none.

        `gone` are seats of workers that are known to be gone, as they were seen: one that has shown life since is
        not taken. Return the seats that are in the way, none if all were taken.
        """
        as_seen = {(one.instrument, one.worker, one.beat) for one in gone}
        with self._begin() as connection:
            if connection.dialect.name == "postgresql":
                # One at a time: a seat that nobody has cannot be locked, and two would both find it free.
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TAKING})
            found = [
                Seat(*row)
                for row in connection.execute(
                    select(SEATS)
                    .where(or_(SEATS.c.instrument.in_(list(wanted)), SEATS.c.bench == bench))
                    .with_for_update()
                ).all()
            ]
            others = [
                one
                for one in found
                if one.worker != worker and (one.instrument, one.worker, one.beat) not in as_seen
            ]
            if others:
                return others
            freed = {*wanted, *(one.instrument for one in gone)}
            connection.execute(delete(SEATS).where(SEATS.c.instrument.in_(sorted(freed))))
            connection.execute(
                insert(SEATS),
                [
                    {
                        "instrument": one,
                        "worker": worker,
                        "bench": bench,
                        "sweep": sweep,
                        "beat": 0,
                        "since_utc": since_utc,
                    }
                    for one in wanted
                ],
            )
        return []

    def leave(self, worker: str) -> None:
        """Give all seats of a worker back."""
        with self._begin() as connection:
            connection.execute(delete(SEATS).where(SEATS.c.worker == worker))

    def mark(self, mark: BenchMark) -> None:
        """Say something of a bench, in place of what was said before."""
        values = {"state": mark.state, "reason": mark.reason, "since_utc": mark.since_utc}
        with self._begin() as connection:
            changed = connection.execute(update(BENCHES).where(BENCHES.c.name == mark.name).values(**values))
            if not changed.rowcount:
                connection.execute(insert(BENCHES).values(name=mark.name, **values))

    def unmark(self, name: str) -> None:
        """Let a bench take points again."""
        with self._begin() as connection:
            connection.execute(delete(BENCHES).where(BENCHES.c.name == name))

    def marks(self) -> dict[str, BenchMark]:
        """Return what was said of each bench."""
        with self._begin() as connection:
            found = connection.execute(select(BENCHES)).all()
        return {row.name: BenchMark(*row) for row in found}
