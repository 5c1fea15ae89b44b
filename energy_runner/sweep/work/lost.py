# SPDX-License-Identifier: Apache-2.0
"""Points of workers who are gone: finished ones stay, half-done ones are recorded as such and done again."""

from collections.abc import Callable, Collection
from pathlib import Path

from energy_runner.errors import RunnerError
from energy_runner.session.folder import Session
from energy_runner.sweep.catalogue import Catalogue, Outcome, Running
from energy_runner.sweep.catalogue.lease import Stillness
from energy_runner.sweep.ladder import AGAIN, Attempt, next_step
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.reading.row_json import row_text
from energy_runner.sweep.work.history import history_of, of_run
from energy_runner.sweep.work.names import session_prefix

LOST = "lost"


def reclaim(
    catalogue: Catalogue,
    sweep: str,
    folder: Path,
    *,
    dead: Collection[str],
    still: Stillness,
    retry_invalid: int,
    attempts: int,
    complete: Callable[[Session], Session],
    tell: Callable[[str], object],
    own: str,
) -> int:
    """Take the points of workers who are gone away from them; return how many.

    `dead` are workers that are known to be gone; any other is, if its lease showed no life for its whole length.
    `complete` derives the result of a session whose process died before it did.
    """
    count = 0
    for one in catalogue.running(sweep):
        gone = one.worker in dead or still.is_still((sweep, one.number, one.epoch), one.beat)
        if one.worker == own or not gone:
            continue
        outcome = _outcome(
            catalogue, sweep, folder, one, retry_invalid=retry_invalid, attempts=attempts, complete=complete
        )
        if catalogue.release(sweep, one, outcome):
            count += 1
            what = "was finished and stays" if outcome.state == "done" else f"is {outcome.state}"
            tell(f"point {one.number}: {one.worker} is gone; the point {what}")
    return count


def _outcome(
    catalogue: Catalogue,
    sweep: str,
    folder: Path,
    one: Running,
    *,
    retry_invalid: int,
    attempts: int,
    complete: Callable[[Session], Session],
) -> Outcome:
    kept = catalogue.attempts(sweep, one.number)
    session, problem = _found(folder, sweep, one, complete)
    if session is not None and session.record.outcome == "completed":
        valid = session.result().valid
        history = [*history_of(kept), Attempt(one.bench, of_run("completed", valid))]
        again = next_step(history, (), attempts, retry_invalid=retry_invalid) == AGAIN
        return Outcome(
            "completed",
            "waiting" if again else "done",
            valid=valid,
            session=session.path.name,
            folder=str(session.path),
            started_utc=_started(session),
            row=row_text(row_of(session, attempts=len(kept) + 1)),
        )
    history = [*history_of(kept), Attempt(one.bench, "died")]
    again = next_step(history, (), attempts) == AGAIN
    reason = f"its worker {one.worker} died or stood still{f'; {problem}' if problem else ''}"
    return Outcome(
        LOST,
        "waiting" if again else "set-aside",
        session=session.path.name if session is not None else None,
        folder=str(session.path) if session is not None else None,
        started_utc=_started(session) if session is not None else None,
        reason=reason,
    )


def _found(
    folder: Path, sweep: str, one: Running, complete: Callable[[Session], Session]
) -> tuple[Session | None, str]:
    """Return the session that an attempt has left in this computer's folder, and what is wrong with it."""
    for path in sorted(folder.glob(f"{session_prefix(sweep, one.number, one.epoch)}*")):
        if not path.is_dir():
            continue
        try:
            session = Session.open(path)
            if session.record.outcome != "completed":
                return session, "its session is incomplete"
            return complete(session), ""
        except RunnerError as error:
            return None, f"its session cannot be read: {error}"
    return None, ""


def _started(session: Session) -> str | None:
    return session.record.sweep.started_utc if session.record.sweep is not None else None
