# SPDX-License-Identifier: Apache-2.0
"""What must be true of every sweep when its workers have ended, whatever befell them."""

from collections import Counter
from collections.abc import Iterator

from energy_runner.session.folder import RECORD, Session
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.catalogue.rebuild import rebuild
from energy_runner.sweep.catalogue.rows import rows_of
from energy_runner.sweep.rows import PointRow
from energy_runner.sweep.work.served_bench import has_died
from tests.support.sweep_swarm.bench_log import shared_uses
from tests.support.sweep_swarm.scene import Scene


def untrue(scene: Scene, *, most: int = 1, rebuilt: bool) -> list[str]:
    """Return what is wrong. A point may have been completed `most` times, of which all but one are fenced off."""
    catalogue = Catalogue(scene.where)
    try:
        found = list(_points(scene, catalogue, most))
        rows = rows_of(catalogue, scene.sweep)
        left = [one.worker for one in catalogue.seats.all() if one.sweep == scene.sweep]
        found += [f"a seat of {worker} is left, who is not gone" for worker in left if not has_died(worker)]
    finally:
        catalogue.close()
    found += shared_uses(scene.log.deeds())
    if rebuilt:
        found += _from_folders(scene, rows)
    return found


def _points(scene: Scene, catalogue: Catalogue, most: int) -> Iterator[str]:
    counts = catalogue.counts(scene.sweep)
    if counts != {"waiting": 0, "running": 0, "done": scene.points, "set-aside": 0}:
        yield f"points are {counts}"
    attempts = catalogue.attempts(scene.sweep)
    accepted = {
        number: [one for one in attempts if one.number == number and one.accepted and one.outcome == "completed"]
        for number in {one.number for one in attempts}
    }
    sessions = {path.parent.name: Session.open(path.parent) for path in scene.sessions.glob(f"*/{RECORD}")}
    named = {one.session for one in attempts}
    for name, session in sessions.items():
        if name not in named:
            yield f"no attempt names session {name} ({session.record.outcome})"
    completed = Counter(
        session.record.sweep.point
        for session in sessions.values()
        if session.record.sweep is not None and session.record.outcome == "completed"
    )
    for row in rows_of(catalogue, scene.sweep):
        counted = accepted.get(row.number, [])
        if row.kind == "reference" and row.state == "set-aside":
            continue  # one that was not finished is followed by another
        if row.state != "done" or len(counted) != 1:
            yield f"{row.kind} {row.number} is {row.state}, and counted {len(counted)} times"
            continue
        if row.session != counted[0].session or row.session not in sessions:
            yield f"point {row.number}: its row is of {row.session}, its attempt of {counted[0].session}"
            continue
        median = sessions[row.session].result().energy_per_inference_j
        if median is None or row.energy_j != median.median:
            yield f"point {row.number}: its row says {row.energy_j} J, its session {median}"
        if completed[row.number] > most:
            yield f"{row.kind} {row.number} was measured {completed[row.number]} times"


def _from_folders(scene: Scene, rows: list[PointRow]) -> Iterator[str]:
    """Make the catalogue again from the folders alone, and compare the tables."""
    other = Catalogue(scene.folder / "rebuilt.sqlite")
    try:
        rebuild(other, [scene.sessions], "here", Session.result)
        again = {one.number: one for one in rows_of(other, scene.sweep)}
    finally:
        other.close()
    for row in rows:
        new = again.get(row.number)
        if row.kind == "point" and (new is None or (new.session, new.state) != (row.session, row.state)):
            yield f"point {row.number} is {row.session}, after rebuilding {new.session if new else None}"
