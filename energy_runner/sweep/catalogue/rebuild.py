# SPDX-License-Identifier: Apache-2.0
"""Make a catalogue again from the folders of sessions alone: what was done stays done, nothing is made up."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, update

from energy_runner.errors import ConfigurationError, RunnerError, SessionError
from energy_runner.session.folder import RECORD, RESULT, Session
from energy_runner.session.record import SweepFacts
from energy_runner.session.result import Result
from energy_runner.sweep.catalogue.statements import LOST
from energy_runner.sweep.catalogue.store import Catalogue, SweepRow
from energy_runner.sweep.catalogue.tables import ATTEMPTS, POINTS
from energy_runner.sweep.notes import Note, read_notes
from energy_runner.sweep.plan import plan_from_text, settings_of
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.reading.row_json import row_text
from instruments.errors import named, one_line


@dataclass
class Found:
    """One attempt as its folder tells: its note, its session, or both; `result` is that of a completed session.

    `taken_away` is the note written when the point was taken from a worker that seemed dead. If that worker came
    back later, `note` is its own; otherwise both are the same.
    """

    facts: SweepFacts
    note: Note | None = None
    taken_away: Note | None = None
    session: Session | None = None
    result: Result | None = None


@dataclass
class Rebuilt:
    """A sweep that was entered again: its id, how many attempts were found, and what could not be read."""

    sweep: str
    attempts: int
    done: int
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Place:
    """Where the sessions of a sweep are."""

    host: str
    folder: Path


def rebuild(
    catalogue: Catalogue, folders: Iterable[Path], host: str, derive: Callable[[Session], Result]
) -> list[Rebuilt]:
    """Enter all sweeps whose sessions are in `folders`, at any depth, into a catalogue.

    `derive` makes the result of a completed session whose `result.json` is missing or cannot be read; nothing is
    written into its folder, in which a worker may be at work. Each sweep is entered as a whole or not at all.

    Raises `ConfigurationError` if there is none, or if the catalogue holds one of them already: nothing that it
    knows is changed.
    """
    problems: list[str] = []
    by_sweep, places = _attempts(folders, problems)
    if not by_sweep:
        raise ConfigurationError(
            "there is no session of a sweep in these folders. Try: the folder that `sweep run --out` named"
        )
    known = {one.id for one in catalogue.sweeps()}
    for identity in by_sweep:
        if identity in known:
            raise ConfigurationError(
                f"catalogue {catalogue.name}: holds sweep {identity} already, and nothing was changed. Try: "
                "--catalogue with the name of a new file"
            )
    for attempts in by_sweep.values():
        for one in attempts.values():
            one.result = _result(one, derive, problems)
    return [
        _enter(catalogue, identity, found, _Place(host, places[identity]), problems)
        for identity, found in by_sweep.items()
    ]


def _attempts(
    folders: Iterable[Path], problems: list[str]
) -> tuple[dict[str, dict[tuple[int, int], Found]], dict[str, Path]]:
    """Return the attempts in these folders by sweep, point and epoch, and where the sessions of each sweep are."""
    by_sweep: dict[str, dict[tuple[int, int], Found]] = {}
    places: dict[str, Path] = {}
    for folder in (one.absolute() for one in folders):
        if not folder.is_dir():
            raise ConfigurationError(f"{folder}: no such folder. Try: the folder that `sweep run --out` named")
        for session in _sessions(folder, problems):
            facts = session.record.sweep
            if facts is None:
                continue
            places.setdefault(facts.sweep, session.path.parent)
            found = by_sweep.setdefault(facts.sweep, {}).setdefault((facts.point, facts.epoch), Found(facts))
            _add_session(found, session, problems)
        for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            for path, note in read_notes(place):
                if isinstance(note, str):
                    problems.append(f"{path}: {note}")
                elif note.sweep in by_sweep:
                    _add_note(by_sweep[note.sweep], note)
    return by_sweep, places


def _sessions(folder: Path, problems: list[str]) -> Iterable[Session]:
    for record in sorted(folder.rglob(RECORD)):
        try:
            yield Session.open(record.parent)
        except RunnerError as error:
            problems.append(str(error))


def _add_session(found: Found, session: Session, problems: list[str]) -> None:
    """Keep the session of an attempt; of two for the same one, such as a copy, one that was completed."""
    first = found.session
    if first is None or first.path == session.path:
        found.session = session
        return
    if first.record.outcome != "completed" and session.record.outcome == "completed":
        found.session, session = session, first
    problems.append(
        f"{session.path}: is of the same attempt as {found.session.path.name if found.session else '?'}, "
        "and not counted"
    )


def _result(one: Found, derive: Callable[[Session], Result], problems: list[str]) -> Result | None:
    """Return the result of a completed session, derived from its record where there is none to read."""
    session = _completed(one)
    if session is None:
        return None
    why = "it was missing"
    if (session.path / RESULT).is_file():
        try:
            return session.result()
        except SessionError as error:
            why = one_line(error)
    try:
        result = derive(session)
    except Exception as error:  # one unreadable session must not keep us from the others
        problems.append(f"{session.path / RESULT}: cannot be derived from the record: {named(error)} ({why})")
        return None
    problems.append(f"{session.path / RESULT}: was derived from the record; {why}")
    return result


def _add_note(attempts: dict[tuple[int, int], Found], note: Note) -> None:
    example = next(iter(attempts.values())).facts
    key = (note.number, note.epoch)
    if key not in attempts:
        facts = example.model_copy(
            update={
                "point": note.number,
                "epoch": note.epoch,
                "order": note.place,
                "kind": note.kind,
                "repeat": note.repeat,
                "values": dict(note.values),
                "bench": note.bench,
                "worker": note.worker,
                "started_utc": note.started_utc or "",
            }
        )
        attempts[key] = Found(facts)
    found = attempts[key]
    if note.outcome == LOST:
        found.taken_away = note
    if found.note is None or note.outcome != LOST:
        found.note = note


def _enter(
    catalogue: Catalogue,
    identity: str,
    attempts: dict[tuple[int, int], Found],
    place: _Place,
    problems: Sequence[str],
) -> Rebuilt:
    example = min(attempts.values(), key=lambda one: one.facts.started_utc or "9").facts
    plan = plan_from_text(example.plan, f"plan of sweep {identity}")
    wanted = {
        point.number: bench
        for point in plan.points
        if (bench := settings_of(plan.spec, point.values, seed=0).bench) is not None
    }
    row = SweepRow(identity, plan.spec.name, plan.text, example.started_utc, place.host, str(place.folder), "open")
    planned = {point.number for point in plan.points}
    done = 0
    said = list(problems)
    with catalogue.begin() as connection:
        catalogue.enter(connection, row, plan.points, wanted)
        for number in sorted({key[0] for key in attempts}):
            of_point = [one for key, one in sorted(attempts.items()) if key[0] == number]
            if number not in planned:
                facts = of_point[0].facts
                values = {
                    "sweep": identity,
                    "number": number,
                    "place": facts.order,
                    "kind": "reference",
                    "settings": json.dumps(facts.values),
                    "wanted_bench": facts.bench,
                }
                connection.execute(insert(POINTS).values(**values))
            for one in of_point:
                connection.execute(insert(ATTEMPTS).values(sweep=identity, **_attempt(one)))
            after, problem = _state(of_point)
            said += [problem] if problem else []
            done += after["state"] == "done" and number in planned
            here = (POINTS.c.sweep == identity, POINTS.c.number == number)
            connection.execute(update(POINTS).where(*here).values(**after))
    return Rebuilt(identity, len(attempts), done, said)


def _is_accepted(one: Found) -> bool:
    return one.note.accepted if one.note is not None else True


def _completed(one: Found) -> Session | None:
    return one.session if one.session is not None and one.session.record.outcome == "completed" else None


def _outcome(one: Found) -> str:
    if one.note is not None:
        return one.note.outcome
    outcome = one.session.record.outcome if one.session is not None else LOST
    return LOST if outcome == "running" else outcome


def _attempt(one: Found) -> dict[str, object]:
    note, session = one.note, one.session
    return {
        "number": one.facts.point,
        "epoch": one.facts.epoch,
        "bench": one.facts.bench,
        "worker": one.facts.worker,
        "outcome": _outcome(one),
        "valid": one.result.valid if one.result is not None else None,
        "accepted": _is_accepted(one),
        "session": session.path.name if session is not None else note.session if note is not None else None,
        "folder": str(session.path) if session is not None else None,
        "started_utc": one.facts.started_utc or None,
        "ended_utc": note.ended_utc if note is not None else None,
        "reason": note.reason if note is not None else (session.record.reason if session is not None else ""),
        "steps": json.dumps(note.steps if note is not None else []),
    }


def _state(of_point: Sequence[Found]) -> tuple[dict[str, object], str]:
    """Return what a point is by its attempts, and what is missing.

    The highest epoch that was not fenced off decides. A session that is gone cannot be counted: its point is to be
    measured again.
    """
    epoch = max(one.facts.epoch for one in of_point)
    counted = [one for one in of_point if _is_accepted(one) or one.taken_away is not None]
    last = counted[-1] if counted else of_point[-1]
    decides = _decides(last)
    state = decides.state if decides is not None and counted else "waiting"
    kind = last.facts.kind
    problem = ""
    # Of several runs the last that was completed stands, whatever later ones came to.
    stands = next((one for one in reversed(counted) if _is_accepted(one) and _completed(one) is not None), None)
    if last.note is None and counted and stands is last:
        state = "done"
    row = None
    session = stands.session if stands is not None else None
    if state == "done":
        if session is not None and stands is not None and stands.result is not None:
            row = row_text(row_of(session, attempts=len(of_point), result=stands.result))
        else:
            name = session.path.name if session is not None else last.note.session if last.note else "?"
            what = "has no result" if session is not None else "is gone or unfinished"
            problem = f"point {last.facts.point}: its session {name} {what}, so it is measured again"
            state = "waiting"
    if kind == "reference" and state != "done":
        state = "set-aside"
    return {
        "state": state,
        "epoch": epoch,
        "bench": last.facts.bench,
        "session": session.path.name if state == "done" and session is not None else None,
        "row": row,
        "reason": decides.reason if decides is not None and not problem else "",
    }, problem


def _decides(one: Found) -> Note | None:
    """Return the note of an attempt that says what became of its point.

    A point that was taken away from a worker is what it became then; what that worker wrote when it came back is
    about its attempt alone.
    """
    return one.taken_away if one.taken_away is not None and not _is_accepted(one) else one.note
