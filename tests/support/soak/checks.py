# SPDX-License-Identifier: Apache-2.0
"""What must hold after every night, judged from the sessions, the catalogue and the truth of the twins."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from energy_runner.api.sweep_nights import rebuild_catalogue
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.director.recovery import LIMIT_S
from energy_runner.errors import RunnerError
from energy_runner.session.folder import RECORD, Session
from energy_runner.sweep.catalogue import Attempt, Catalogue
from energy_runner.sweep.catalogue.rows import rows_of
from energy_runner.sweep.notes import Note, read_notes
from energy_runner.sweep.rows import PointRow
from tests.support.soak.ills import Health, is_powered
from tests.support.soak.night import Life, Night
from tests.support.swarm.benches import done as job_done
from tests.support.swarm.benches import left_on, switches
from tests.support.swarm.invariants import Error

FAR = 1.5  # U
LONGEST_S = 400.0  # of an attempt beside its cool-down: the longest chain of deadlines, with the tear-down's
TEAR_DOWN_S = 60.0
_ENDS = ("attempt", "step")
# Ends of a worker that explain points that are left.
EXPLAIN = ("limit", "quarantined", "out of control", "stopped")


class Evidence:
    """What a night has left behind; read once."""

    def __init__(self, night: Night) -> None:
        self.night = night

    @cached_property
    def rows(self) -> list[PointRow]:
        """Return the table of the sweep."""
        with closing(Catalogue(self.night.scene.catalogue)) as opened:
            return rows_of(opened, self.night.sweep)

    @cached_property
    def attempts(self) -> list[Attempt]:
        """Return the attempts as the catalogue knows them."""
        with closing(Catalogue(self.night.scene.catalogue)) as opened:
            return opened.attempts(self.night.sweep)

    @cached_property
    def shunned(self) -> set[tuple[int, str]]:
        """Return the points that benches leave to others."""
        with closing(Catalogue(self.night.scene.catalogue)) as opened:
            return set(opened.shunned(self.night.sweep))

    @cached_property
    def sessions(self) -> dict[str, Session]:
        """Return the sessions on the disk, by the name of their folder."""
        found = {}
        for record in sorted(self.night.scene.sweeps.rglob(RECORD)):
            try:
                found[record.parent.name] = Session.open(record.parent)
            except RunnerError:
                continue  # of a worker that was killed, or on a disk that was full; no row may name it
        return found

    @cached_property
    def noted(self) -> set[tuple[int, int]]:
        """Return the attempts of which there is a note, by point and epoch."""
        folder = self.night.scene.sweeps / self.night.sweep
        return {(one.number, one.epoch) for _, one in read_notes(folder) if isinstance(one, Note)}

    @cached_property
    def errors(self) -> dict[str, Error]:
        """Return the errors of the valid energies against the truth of the twin, by session."""
        found = {name: _error(one) for name, one in self.sessions.items()}
        return {name: one for name, one in found.items() if one is not None}


def _error(session: Session) -> Error | None:
    record = session.record
    if record.outcome != "completed" or not session.verified.intact or not _is_valid(session):
        return None
    score, truth = session.result().energy_per_inference_j, record.truth
    if score is None or not truth:
        return Error(1.0, 0.0)  # valid without a score, or without windows
    true_j = statistics.median(one.energy_j / one.inferences for one in truth)
    return Error(score.median / true_j - 1, score.U / true_j)


def _is_valid(session: Session) -> bool:
    try:
        return session.result().valid
    except RunnerError:
        return False


# --- the promises -----------------------------------------------------------------------------------------------


def _went_wrong(seen: Evidence) -> Iterator[str]:
    """The process that watched over the night saw no hang and no error; each attempt kept its promises."""
    yield from seen.night.complaints
    for life in seen.night.lives.values():
        for line in life.log.lines():
            where = line.get("out") or line.get("step") or line["what"]
            for text in line.get("complaints", ()):
                yield f"{life.bench}, {where}, {'; '.join(line.get('faults', ()))}: {text}"


def _lost_or_doubled(seen: Evidence) -> Iterator[str]:
    """Every point of the plan is done exactly once, or set aside with a reason, or left with an account."""
    points = [row for row in seen.rows if row.kind == "point"]
    times = Counter(row.number for row in seen.rows)
    yield from (f"point {number} is {count} times in the table" for number, count in times.items() if count > 1)
    planned = {one.number: dict(one.values) for one in seen.night.scene.plan.points}
    if planned != {row.number: dict(row.values) for row in points}:
        yield f"the table has points {sorted(row.number for row in points)}, the plan {sorted(planned)}"
    for row in points:
        if row.state == "set-aside" and not row.reason:
            yield f"point {row.number} is set aside without a reason"
        if row.state == "running":
            yield f"point {row.number} is in progress although the night is over"
        if row.state == "waiting":
            yield from _left(seen, row)


def _left(seen: Evidence, row: PointRow) -> Iterator[str]:
    for life in seen.night.lives.values():
        shunned = life.end == "finished" and (row.number, life.bench) in seen.shunned
        if not shunned and (life.end not in EXPLAIN or not life.reason):
            yield f"point {row.number} is left, and {life.bench} ended as {life.end} ({life.reason})"


def _measured_twice(seen: Evidence) -> Iterator[str]:
    """No more valid sessions count for a point than one, and every session on the disk is an attempt."""
    known = {(one.number, one.epoch): one for one in seen.attempts}
    counted: dict[int, list[str]] = defaultdict(list)
    for name, session in seen.sessions.items():
        facts = session.record.sweep
        if facts is None:
            yield f"{name} says nothing of its sweep"
            continue
        attempt = known.get((facts.point, facts.epoch))
        if attempt is None:
            yield f"{name} is no attempt of the catalogue"
        elif attempt.accepted and attempt.outcome == "completed" and attempt.valid:
            counted[facts.point].append(name)
    yield from (
        f"point {number} has {len(names)} valid sessions that count: {', '.join(names)}"
        for number, names in counted.items()
        if len(names) > 1
    )


def _rows_without_session(seen: Evidence) -> Iterator[str]:
    """Every row that is done names a sealed, completed session of its own, made for this point."""
    times = Counter(row.session for row in seen.rows if row.state == "done")
    yield from (f"session {name} stands in {count} rows" for name, count in times.items() if count > 1)
    for row in seen.rows:
        session = seen.sessions.get(row.session or "")
        if row.state != "done":
            continue
        if session is None:
            yield f"point {row.number} is done, and there is no session {row.session}"
            continue
        facts, outcome = session.record.sweep, session.record.outcome
        if outcome != "completed" or not session.verified.intact:
            yield f"point {row.number}: its session {row.session} ended as {outcome}, {session.verified}"
        if facts is None or (facts.point, dict(facts.values)) != (row.number, dict(row.values)):
            yield f"point {row.number}: its session {row.session} was made for another"
        score = session.result().energy_per_inference_j
        told = (row.valid, row.energy_j, row.U_j)
        if told != (session.result().valid, score.median if score else None, score.U if score else None):
            yield f"point {row.number}: its row is not what session {row.session} says"


def _beyond(seen: Evidence) -> Iterator[str]:
    """No valid energy is further from the truth than its U allows."""
    for name, one in seen.errors.items():
        if abs(one.error) > FAR * one.expanded:
            yield f"{name} is valid, and wrong by {one.error:+.4%} where U is {one.expanded:.4%}"


def _left_powered(seen: Evidence) -> Iterator[str]:
    """At the end no supply is on that could be switched off; any other is noted, and `bench off` does it later."""
    for bench, life in seen.night.lives.items():
        source = seen.night.scene.benches[bench]
        if not switches(source):
            continue
        on, notes = Health(seen.night.scene.of_bench(bench) / "health.json").powered, life.near.notes
        died = _used_last(life) == "death"
        if on and died:
            yield f"{bench}: the supply is on since a worker died, and nothing has switched it off; noted: {notes}"
        elif on and not notes:
            yield f"{bench}: the supply is on, and the next job on the bench will not know"
        elif notes and not on and not died:
            yield f"{bench}: the supply is off, and the note says {notes}"
        yield from _not_switched_off(bench, source, life.near, on=on)


def _used_last(life: Life) -> str:
    """Return how the last use of a bench ended: "attempt", "step" of recovery, or "death" in the middle of one."""
    ends = (one["what"] for one in reversed(list(life.log.lines())) if one["what"] in _ENDS or one.get("in_use"))
    return next(ends, "")


def _not_switched_off(bench: str, source: str, near: object, *, on: bool) -> Iterator[str]:
    """With the faults gone, `bench off` leaves the supply off and no note."""
    fresh = build_bench(load_bench_spec(source), "performance", benchmark="demo-keywords")
    if on:
        left_on(fresh)
    with near.installed():  # type: ignore[attr-defined]
        try:
            job_done("off", fresh, None, Path())
        except RunnerError as error:
            yield f"{bench}: bench off failed: {error}"
    if is_powered(fresh) or near.notes:  # type: ignore[attr-defined]
        yield f"{bench}: after bench off the supply is {'on' if is_powered(fresh) else 'off'}, and the note says"


def _too_long(seen: Evidence) -> Iterator[str]:
    """No attempt and no step of recovery takes longer than its deadlines."""
    for life in seen.night.lives.values():
        for line in life.log.lines():
            most_s = {"attempt": seen.night.scene.cool_down_s + LONGEST_S, "step": LIMIT_S + TEAR_DOWN_S}
            took_s = line.get("virtual_s", 0.0)
            if took_s > most_s.get(line["what"], math.inf):
                yield f"{life.bench}: {line.get('out') or line.get('step')} took {took_s:.0f} s of virtual time"


def _rebuilt_otherwise(seen: Evidence) -> Iterator[str]:
    """A catalogue that is made again from the folders has the same table.

    Left out are points of which a note is missing, because a worker was killed before it wrote it, and `reason` of
    points that are done, which is not entered again.
    """
    scene, sweep = seen.night.scene, seen.night.sweep
    if not seen.sessions:
        return
    again = scene.folder / "again.sqlite"
    again.unlink(missing_ok=True)
    rebuild_catalogue([scene.sweeps], again)
    with closing(Catalogue(again)) as opened:
        found = {row.number: row for row in rows_of(opened, sweep)}
    whole = {one.number for one in seen.attempts} - {
        one.number for one in seen.attempts if (one.number, one.epoch) not in seen.noted
    }
    for row in seen.rows:
        other = found.get(row.number)
        if row.number in whole and other != row:
            yield f"point {row.number} is otherwise in a catalogue made again: {_difference(row, other)}"
        if row.state == "done" and (other is None or other.session != row.session):
            yield f"point {row.number} is done, and not in a catalogue made again"


def _difference(row: PointRow, other: PointRow | None) -> str:
    if other is None:
        return "it is not there"
    names = [name for name in vars(row) if getattr(row, name) != getattr(other, name)]
    return ", ".join(f"{name} {getattr(row, name)!r} and {getattr(other, name)!r}" for name in names)


CHECKS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _went_wrong,
    _lost_or_doubled,
    _measured_twice,
    _rows_without_session,
    _beyond,
    _too_long,
    _rebuilt_otherwise,
    _left_powered,
)


def complaints(night: Night) -> list[str]:
    """Return every promise that a night broke, in words."""
    seen = Evidence(night)
    return [text for check in CHECKS for text in check(seen)]


@dataclass(frozen=True)
class Figures:
    """What a night came to, in numbers; `hours` are virtual ones of the bench that worked longest.

    `beyond` is how many of the `valid` energies are beyond their U, and `shares` which share of them it is on each
    bench: one night's energies of a bench share most of their error.
    """

    points: int
    done: int
    aside: int
    left: int
    attempts: int
    faults: int
    deaths: int
    hours: float
    valid: int
    beyond: int
    shares: tuple[float, ...]
    worst: float
    ends: str

    def __str__(self) -> str:
        return (
            f"{self.done} of {self.points} points done, {self.aside} set aside, {self.left} left ({self.ends}); "
            f"{self.attempts} attempts in {self.hours:.1f} h, {self.faults} with a fault, {self.deaths} deaths; "
            f"{self.valid} valid energies, {self.beyond} beyond U, the worst at {self.worst:.2f} U"
        )


def figures_of(night: Night) -> Figures:
    """Return the figures of a night."""
    seen = Evidence(night)
    states = Counter(row.state for row in seen.rows if row.kind == "point")
    lines = {bench: list(life.log.lines()) for bench, life in night.lives.items()}
    ratios = [abs(one.error) / one.expanded if one.expanded else math.inf for one in seen.errors.values()]
    by_bench: dict[str, list[Error]] = defaultdict(list)
    for name, one in seen.errors.items():
        facts = seen.sessions[name].record.sweep
        by_bench[facts.bench if facts is not None else "?"].append(one)
    return Figures(
        points=states.total(),
        done=states["done"],
        aside=states["set-aside"],
        left=states["waiting"] + states["running"],
        attempts=len(seen.attempts),
        faults=sum(one["what"] == "begins" and bool(one["faults"]) for all_ in lines.values() for one in all_),
        deaths=sum(one["what"] == "death" for all_ in lines.values() for one in all_),
        hours=max(sum(one.get("virtual_s", 0.0) for one in all_) for all_ in lines.values()) / 3600,
        valid=len(ratios),
        beyond=sum(ratio > 1 for ratio in ratios),
        shares=tuple(1 - statistics.fmean(one.held for one in found) for found in by_bench.values()),
        worst=max(ratios, default=0.0),
        ends=", ".join(f"{bench} {life.end}" for bench, life in night.lives.items()),
    )
