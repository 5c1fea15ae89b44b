# SPDX-License-Identifier: Apache-2.0
"""Points of workers who are gone: finished ones stay, half-done ones are recorded as such and done again."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from energy_runner.errors import RunnerError
from energy_runner.session.folder import Session
from energy_runner.sweep.catalogue import Attempt as Kept
from energy_runner.sweep.catalogue import Catalogue, Lease, Outcome
from energy_runner.sweep.catalogue.lease import Stillness
from energy_runner.sweep.catalogue.statements import LOST
from energy_runner.sweep.ladder import Attempt, next_step
from energy_runner.sweep.plan.spec import LimitSpec
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.reading.row_json import row_text
from energy_runner.sweep.work.history import history_of, of_run
from energy_runner.sweep.work.names import session_prefix
from energy_runner.sweep.work.note_keeper import NoteKeeper
from energy_runner.sweep.work.point import state_after
from instruments.errors import named, one_line


@dataclass(frozen=True)
class Reclaimer:
    """Takes points of a sweep away from workers who are gone.

    `complete` derives the result of a session whose process died before it did.
    """

    catalogue: Catalogue
    sweep: str
    folder: Path
    limits: LimitSpec
    complete: Callable[[Session], Session]
    notes: NoteKeeper
    tell: Callable[[str], object]

    def reclaim(self, dead: Collection[str], still: Stillness, own: str) -> int:
        """Take points away, and return how many.

        `dead` are workers that are known to be gone; any other but `own` is, if its lease showed no life for its
        whole length.
        """
        count = 0
        for one in self.catalogue.running(self.sweep):
            gone = one.worker in dead or still.is_still((self.sweep, one.number, one.epoch), one.beat)
            if one.worker == own or not gone:
                continue
            lease = self.catalogue.lease_of(self.sweep, one)
            outcome = self._outcome(lease)
            if not self.catalogue.release(self.sweep, one, outcome):
                continue
            count += 1
            lost = outcome.outcome == LOST
            # A name of its own: the worker may come back, and write the note of its session.
            name = f"{session_prefix(self.sweep, one.number, one.epoch)}{LOST}" if lost else outcome.session
            self.notes.keep(name or "", lease, outcome, accepted=not lost)
            what = "was finished and stays" if outcome.state == "done" else f"is {outcome.state}"
            self.tell(f"point {one.number}: {one.worker} is gone; the point {what}")
        return count

    def _outcome(self, lease: Lease) -> Outcome:
        kept = self.catalogue.attempts(self.sweep, lease.number)
        session, problem = self._found(lease)
        if session is not None and not problem:
            try:
                outcome = self._finished(lease, session, kept)
            except Exception as error:  # an unreadable session must not end this worker, too
                problem = f"its session cannot be read: {named(error)}"
            else:
                return self._of_kind(lease, outcome)
        history = [*history_of(kept), Attempt(lease.bench, "died")]
        lost = Outcome(
            LOST,
            state_after(next_step(history, (), self.limits.attempts)),
            session=session.path.name if session is not None else None,
            folder=str(session.path) if session is not None else None,
            started_utc=_started(session) if session is not None else None,
            reason=f"its worker {lease.worker} died or stood still{f'; {problem}' if problem else ''}",
        )
        return self._of_kind(lease, lost)

    def _finished(self, lease: Lease, session: Session, kept: Sequence[Kept]) -> Outcome:
        session = self.complete(session)
        valid = session.result().valid
        history = [*history_of(kept), Attempt(lease.bench, of_run("completed", valid))]
        retries = self.limits.retry_invalid if lease.kind == "point" else 0
        return Outcome(
            "completed",
            state_after(next_step(history, (), self.limits.attempts, retry_invalid=retries)),
            valid=valid,
            session=session.path.name,
            folder=str(session.path),
            started_utc=_started(session),
            row=row_text(row_of(session, attempts=len(kept) + 1)),
        )

    @staticmethod
    def _of_kind(lease: Lease, outcome: Outcome) -> Outcome:
        """Return the outcome for a point or a reference, which nobody claims a second time."""
        aside = lease.kind == "reference" and outcome.state != "done"
        return replace(outcome, state="set-aside") if aside else outcome

    def _found(self, lease: Lease) -> tuple[Session | None, str]:
        """Return the session that an attempt has left in this computer's folder, and what is wrong with it.

        Where the catalogue was made again, an older session can have the same epoch; it is of another worker.
        """
        problem = ""
        for path in sorted(self.folder.glob(f"{session_prefix(self.sweep, lease.number, lease.epoch)}*")):
            if not path.is_dir():
                continue
            try:
                session = Session.open(path)
            except RunnerError as error:
                problem = f"its session cannot be read: {one_line(error)}"
                continue
            if session.record.sweep is None or session.record.sweep.worker != lease.worker:
                continue
            outcome = session.record.outcome
            ended = "is incomplete" if outcome == "running" else f"ended as {outcome}"
            return session, "" if outcome == "completed" else f"its session {ended}"
        return None, problem


def _started(session: Session) -> str | None:
    return session.record.sweep.started_utc if session.record.sweep is not None else None
