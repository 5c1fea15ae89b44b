# SPDX-License-Identifier: Apache-2.0
"""List the sessions in a folder, from their records and results alone."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from energy_runner.api.seal import obvious_differences
from energy_runner.errors import Call, SessionError
from energy_runner.session.brief import brief_of, sessions_in
from instruments.clock import utc_text

__all__ = ["SessionRow", "list_sessions"]


@dataclass(frozen=True)
class SessionRow:
    """One session of a list; if `problem` says why it cannot be read, all facts are None.

    `started_utc` is by the bench's own clock, which on a virtual bench begins in the year 2000; `written_utc` is
    when the record was last written, by the host's clock. `headline` is the score in words; `valid` is None where
    the session has no result. `differs` is the first thing that is not as it was written, by the digests of the
    documents and the sizes of the other files; only `differences` compares every byte. `thinned` says what was
    removed since to save room.
    """

    name: str
    folder: Path
    started_utc: str | None = None
    written_utc: str | None = None
    benchmark: str | None = None
    mode: str | None = None
    virtual: bool | None = None
    outcome: str | None = None
    valid: bool | None = None
    headline: str | None = None
    problem: str | None = None
    differs: str | None = None
    thinned: str | None = None


def list_sessions(folder: str | PathLike[str] = "sessions") -> list[SessionRow]:
    """Return the sessions in `folder`, and `folder` itself if it is one, sorted by `written_utc`.

    One that cannot be read is listed first, with the reason. Raises `SessionError` for a folder that is missing or
    cannot be read.
    """
    parent = Path(folder)
    if not parent.is_dir():
        raise SessionError(
            f"{parent}: no such folder. Try: ",
            Call("er.demo()", "energy-runner demo"),
            ", which makes a first session",
        )
    try:
        found = list(sessions_in(parent))
    except OSError as error:
        raise SessionError(f"{parent}: cannot be read ({error.strerror or error})") from None
    return sorted((_row(path) for path in found), key=lambda row: (row.written_utc or "", row.name))


def _row(path: Path) -> SessionRow:
    brief = brief_of(path)
    problem, session, result = brief.problem or brief.result_problem, brief.session, brief.result
    if problem or session is None:
        return SessionRow(path.name, path, problem=problem)
    try:
        differs = obvious_differences(session)
    except (SessionError, OSError) as error:
        return SessionRow(path.name, path, problem=str(error))
    record = session.record
    return SessionRow(
        name=path.name,
        folder=path,
        started_utc=record.started_utc,
        written_utc=utc_text(brief.written_ns),
        benchmark=record.benchmark.id,
        mode=record.run.mode,
        virtual=record.virtual,
        outcome=record.outcome,
        valid=result.valid if result is not None else None,
        headline=result.headline() if result is not None else None,
        differs=differs[0] if differs else None,
        thinned=session.thinned.words if session.thinned is not None else None,
    )
