# SPDX-License-Identifier: Apache-2.0
"""Parts of statements about points and attempts: conditions, and what a row becomes."""

import json
from typing import Any

from sqlalchemy import Row, exists, or_

from energy_runner.sweep.catalogue.attempts import Outcome
from energy_runner.sweep.catalogue.lease import Lease
from energy_runner.sweep.catalogue.tables import POINTS, SHUNS

LOST = "lost"


def ours(lease: Lease) -> tuple[Any, ...]:
    """Return the conditions under which a point is still leased to us."""
    return (
        POINTS.c.sweep == lease.sweep,
        POINTS.c.number == lease.number,
        POINTS.c.epoch == lease.epoch,
        POINTS.c.worker == lease.worker,
        POINTS.c.state == "running",
    )


def waiting(sweep: str, bench: str) -> tuple[Any, ...]:
    """Return the conditions under which a bench may claim a point."""
    shuns = exists().where(SHUNS.c.sweep == sweep, SHUNS.c.number == POINTS.c.number, SHUNS.c.bench == bench)
    return (
        POINTS.c.sweep == sweep,
        POINTS.c.state == "waiting",
        POINTS.c.kind == "point",
        or_(POINTS.c.wanted_bench.is_(None), POINTS.c.wanted_bench == bench),
        ~shuns,
    )


def lease_of(row: Row[Any], epoch: int, worker: str, bench: str) -> Lease:
    """Return the lease that a row of a point stands for."""
    return Lease(
        row.sweep, row.number, epoch, row.place, row.kind, row.repeat, json.loads(row.settings), worker, bench
    )


def after(outcome: Outcome) -> dict[str, Any]:
    """Return what a point becomes; the last run that was completed stands, whatever later ones come to."""
    stands = {"session": outcome.session, "row": outcome.row} if outcome.row is not None else {}
    return {"state": outcome.state, "reason": outcome.reason, **stands}


def attempt_of(outcome: Outcome, *, bench: str, worker: str, accepted: bool) -> dict[str, Any]:
    """Return the row of an attempt without its key."""
    return {
        "bench": bench,
        "worker": worker,
        "outcome": outcome.outcome,
        "valid": outcome.valid,
        "accepted": accepted,
        "session": outcome.session,
        "folder": outcome.folder,
        "started_utc": outcome.started_utc,
        "ended_utc": outcome.ended_utc,
        "reason": outcome.reason,
        "steps": json.dumps(list(outcome.steps)),
    }
