# SPDX-License-Identifier: Apache-2.0
"""The table of a sweep, as its catalogue knows it."""

import json
import platform
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from energy_runner.errors import SessionError
from energy_runner.sweep.catalogue.store import Catalogue, PointState
from energy_runner.sweep.catalogue.tables import POINTS
from energy_runner.sweep.reading.row_json import row_from_json
from energy_runner.sweep.rows import Kind, PointRow, State
from instruments.errors import one_line


def rows_of(catalogue: Catalogue, sweep: str) -> list[PointRow]:
    """Return a row for each point, by number; references come last, in the order in which they were measured."""
    attempts = Counter(one.number for one in catalogue.attempts(sweep))
    here = catalogue.sweep(sweep).host == platform.node()
    found = [_row(sweep, one, attempts[one.number], here=here) for one in catalogue.points(sweep)]
    return sorted(found, key=lambda row: (row.kind == "reference", row.number))


@dataclass(frozen=True)
class PointBrief:
    """A point's state without its figures."""

    number: int
    kind: Kind
    state: State
    reason: str


def states_of(catalogue: Catalogue, sweep: str) -> list[PointBrief]:
    """Return the state of each point, by number."""
    columns = (POINTS.c.number, POINTS.c.kind, POINTS.c.state, POINTS.c.reason)
    with catalogue.begin() as connection:
        found = connection.execute(select(*columns).where(POINTS.c.sweep == sweep).order_by(POINTS.c.number)).all()
    return [PointBrief(*row) for row in found]


def _row(sweep: str, point: PointState, attempts: int, *, here: bool) -> PointRow:
    known = PointRow(
        sweep=sweep,
        number=point.number,
        order=point.place,
        kind=point.kind,
        repeat=point.repeat,
        values=dict(point.values),
        state=point.state,
        bench=point.bench,
        attempts=attempts,
        reason=point.reason,
    )
    if not point.row or point.state != "done":
        return known
    try:
        figures = row_from_json(json.loads(point.row))
    except (ValueError, TypeError, RecursionError, SessionError) as error:
        return replace(known, remarks=(f"its row in the catalogue cannot be read: {one_line(error)}",))
    remarks = [*figures.remarks]
    if here and figures.folder and not Path(figures.folder).is_dir():
        remarks.append(f"its folder is gone: {figures.folder}")
    return replace(figures, state=point.state, attempts=attempts, reason=point.reason, remarks=tuple(remarks))
