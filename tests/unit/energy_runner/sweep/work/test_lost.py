# SPDX-License-Identifier: Apache-2.0
"""What a worker who is gone has left: a session that is complete is adopted, everything else is done again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from energy_runner.session.folder import RECORD, RESULT, Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.catalogue import Catalogue, Lease, Outcome, SweepRow
from energy_runner.sweep.catalogue.lease import Stillness
from energy_runner.sweep.catalogue.rows import rows_of
from energy_runner.sweep.notes import Note, read_notes
from energy_runner.sweep.plan import plan_from_text
from energy_runner.sweep.work.lost import Reclaimer
from energy_runner.sweep.work.names import session_name
from energy_runner.sweep.work.note_keeper import NoteKeeper
from instruments.clock import VirtualClock
from tests.support.sweep_swarm.fake_runner import write_figures, write_session

PLAN = plan_from_text('name = "night"\norder = "as-written"\nrepeats = 2\n', "night.toml")
GONE, OWN = "pc:1-gone", "pc:2-own"


@dataclass
class Left:
    """A sweep with a point that a worker who is gone has in progress."""

    catalogue: Catalogue
    folder: Path
    told: list[str] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)

    def __post_init__(self) -> None:
        self.still = Stillness(self.clock, 30.0)
        self.folder.mkdir()
        row = SweepRow("n1", "night", PLAN.text, "2026", "pc", str(self.folder), "open")
        self.catalogue.add_sweep(row, PLAN.points, {})

    def claim(self, worker: str = GONE) -> Lease:
        lease = self.catalogue.claim("n1", "left", worker)
        assert lease is not None
        return lease

    def session(self, lease: Lease, outcome: str, *, worker: str = GONE, result: bool = True) -> Path:
        facts = SweepFacts(
            sweep="n1",
            plan=PLAN.text,
            point=lease.number,
            kind=lease.kind,
            order=lease.place,
            epoch=lease.epoch,
            values={},
            bench="left",
            worker=worker,
            started_utc="2026-11-30T01:00:00Z",
        )
        out = self.folder / session_name("n1", lease.number, lease.epoch, virtual=False)
        out.mkdir()
        write_session(out, facts, outcome)
        if result:
            write_figures(out)
        return out

    def reclaim(self, dead: set[str] | None = None) -> int:
        notes = NoteKeeper(self.folder, self.told.append)
        reclaimer = Reclaimer(
            self.catalogue, "n1", self.folder, PLAN.spec.limits, _complete, notes, self.told.append
        )
        return reclaimer.reclaim({GONE} if dead is None else dead, self.still, OWN)

    def point(self, number: int = 1) -> tuple[str, str | None]:
        point = self.catalogue.points("n1")[number - 1]
        return point.state, point.session


def _complete(session: Session) -> Session:
    if not (session.path / RESULT).is_file():
        write_figures(session.path)
    return session


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Left]:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    yield Left(catalogue, tmp_path / "n1")
    catalogue.close()


@pytest.mark.parametrize("result", [True, False])
def test_a_complete_session_is_adopted(left: Left, result: bool) -> None:
    out = left.session(left.claim(), "completed", result=result)
    assert left.reclaim() == 1
    assert left.point() == ("done", out.name)
    row = rows_of(left.catalogue, "n1")[0]
    assert row.energy_j == Session.open(out).result().energy_per_inference_j.median  # type: ignore[union-attr]
    assert "was finished and stays" in left.told[0]
    ((path, note),) = read_notes(left.folder)
    assert isinstance(note, Note)
    assert (path.name, note.accepted, note.worker) == (f"{out.name}.attempt.json", True, GONE)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("running", "its session is incomplete"),
        ("bench-fault", "ended as bench-fault"),
        (None, "died or stood still"),
    ],
)
def test_everything_else_is_done_again(left: Left, outcome: str | None, said: str) -> None:
    lease = left.claim()
    if outcome is not None:
        left.session(lease, outcome)
    assert left.reclaim() == 1
    assert left.point()[0] == "waiting"
    (attempt,) = left.catalogue.attempts("n1")
    assert (attempt.outcome, attempt.accepted) == ("lost", False)
    assert said in attempt.reason
    ((_, note),) = read_notes(left.folder)
    assert isinstance(note, Note)
    assert (note.outcome, note.accepted, note.state) == ("lost", False, "waiting")
    assert left.claim(OWN).epoch == 2


def test_the_session_of_another_worker_under_the_same_epoch_is_not_adopted(left: Left) -> None:
    lease = left.claim()
    left.session(lease, "completed", worker="pc:9-before-the-catalogue-was-made-again")
    left.reclaim()
    assert left.point()[0] == "waiting"
    assert left.catalogue.attempts("n1")[0].session is None


def test_one_that_cannot_be_read_is_passed_by(left: Left) -> None:
    lease = left.claim()
    broken = left.folder / f"{session_name('n1', lease.number, lease.epoch, virtual=False)[:-4]}0000"
    broken.mkdir()
    (broken / RECORD).write_text("{")
    out = left.session(lease, "completed")
    left.reclaim()
    assert left.point() == ("done", out.name)


def test_a_session_that_harms_its_reader_is_set_back_not_handed_on(left: Left) -> None:
    out = left.session(left.claim(), "completed")
    (out / RESULT).write_text("{}")
    assert left.reclaim() == 1
    assert left.point()[0] == "waiting"
    assert "cannot be read" in left.catalogue.attempts("n1")[0].reason


def test_a_worker_that_keeps_dying_at_a_point_is_not_sent_there_for_ever(left: Left) -> None:
    for _ in range(3):
        left.claim()
        left.reclaim()
    assert left.point()[0] == "set-aside"


def test_a_run_that_was_completed_stands_whatever_dies_after_it(left: Left) -> None:
    lease = left.claim()
    row = '{"sweep": "n1", "number": 1, "order": 1, "kind": "point", "repeat": 1, "values": {}, "state": "done"}'
    invalid = Outcome("completed", "waiting", valid=False, session="first", row=row)
    assert left.catalogue.finish(lease, invalid)
    for _ in range(3):
        left.claim()
        left.reclaim()
    assert left.point() == ("done", "first")


def test_a_reference_is_not_left_waiting_for_nobody(left: Left) -> None:
    left.catalogue.claim_reference("n1", "left", GONE, {})
    left.reclaim()
    assert left.point(3)[0] == "set-aside"
    assert left.catalogue.may_come("n1", "left")  # the two points


def test_only_one_that_stands_still_for_a_whole_lease_is_gone(left: Left) -> None:
    lease = left.claim("other:7-a")
    assert left.reclaim() == 0
    left.clock.sleep(29.0)
    assert left.reclaim() == 0
    left.catalogue.beat(lease, "n1", "other:7-a")
    left.clock.sleep(29.0)
    assert left.reclaim() == 0
    left.clock.sleep(29.0)
    assert left.reclaim() == 0
    left.clock.sleep(1.0)
    assert left.reclaim() == 1


def test_ones_own_point_is_left_alone(left: Left) -> None:
    left.claim(OWN)
    assert left.reclaim({OWN}) == 0
