# SPDX-License-Identifier: Apache-2.0
"""The reference points of a bench from session folders, or from the rows that a catalogue holds."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_core import from_json

from energy_runner.errors import SessionError
from energy_runner.session import disk
from energy_runner.session.days import seconds_utc
from energy_runner.session.events import InferenceDone, RunStarted, VoltageMeasured
from energy_runner.session.folder import JOURNAL, RECORD, Session
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.reading.settings import is_number
from energy_runner.sweep.rows import PointRow
from energy_runner.sweep.trust.points import ReferencePoint

# A bench that begins a session within an hour of the one before has not cooled down in between.
AT_WORK_S = 3600.0


@dataclass(frozen=True)
class Found:
    """What folders hold of a bench: its reference points, and what could not be used, each in a line."""

    points: tuple[ReferencePoint, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class _Seen:
    """When sessions of a bench began, seconds since 1970, and which of them are of its reference."""

    starts_s: list[float] = field(default_factory=list)
    references: list[tuple[float, Path]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def folders_of(folder: Path) -> list[Path]:
    """Return the folders that may hold sessions: `folder` and those in it, such as the one of each sweep."""
    if not folder.is_dir():
        return []
    inside = [one for one in folder.iterdir() if one.is_dir() and not (one / RECORD).is_file()]
    return [folder, *sorted(inside)]


def reference_series(folder: Path, bench: str) -> list[ReferencePoint]:
    """Return the reference points of the bench called `bench` in a folder of sweeps, sorted by time."""
    return list(found_references(folder, bench).points)


def found_references(folder: Path, bench: str) -> Found:
    """Return the reference points of a bench in a folder of sweeps, and which sessions could not be used.

    A session counts if it was made for a reference, was completed and has a score. Only those of a reference are
    read in full, so that a night of a thousand points costs little.
    """
    seen = _Seen()
    for path in _sessions(folder):
        _look(path, bench, seen)
    seen.starts_s.sort()
    points = []
    for utc_s, path in sorted(seen.references):
        try:
            session = Session.open(path)
            voltage_v, first_window_s = _journal_says(session)
            before_s = utc_s - _at_work_since(seen.starts_s, utc_s)
            warm_up_s = before_s + first_window_s if first_window_s is not None else None
            point = point_of_row(row_of(session), voltage_v=voltage_v, warm_up_s=warm_up_s)
        except (SessionError, OSError) as error:
            seen.problems.append(str(error))
            continue
        if isinstance(point, str):
            seen.problems.append(f"{path}: is not counted: {point}")
        else:
            points.append(point)
    unreal = sum(point.virtual for point in points)
    if 0 < unreal < len(points):
        seen.problems.append(f"{folder}: {unreal} virtual references of {bench} do not count beside its real ones")
    return Found(tuple(points), tuple(seen.problems))


def point_of_row(
    row: PointRow, *, voltage_v: float | None = None, warm_up_s: float | None = None
) -> ReferencePoint | str:
    """Return the reference point that a row is, or why it counts for nothing.

    The independent part of its uncertainty is that of the components which windows do not share; the monitor's
    gain and offset are the same every night.
    """
    if row.kind != "reference":
        return "it is no reference point"
    if row.outcome != "completed":
        return f"it ended as {row.outcome or 'nothing'}"
    if row.energy_j is None or not math.isfinite(row.energy_j) or row.energy_j <= 0:
        return "it has no score"
    try:
        utc_s = seconds_utc(row.started_utc or "")
    except ValueError:
        return "it does not tell when it was measured"
    # Equal numbers are one setting, however a plan writes them.
    settings = [
        f"{name} {value:.15g}" if is_number(value) else f"{name} {value}"
        for name, value in sorted(row.values.items())
    ]
    return ReferencePoint(
        utc_s=utc_s,
        value_j=row.energy_j,
        u_independent_j=math.hypot(*(part.u_j for part in row.components if not part.correlated)),
        u_j=row.u_j or 0.0,
        series=", ".join([row.benchmark or "", *settings]),
        temperature_c=row.temperature_c,
        voltage_v=voltage_v,
        warm_up_s=warm_up_s,
        monitor=row.monitor or "",
        session=row.session or "",
        virtual=bool(row.virtual),
    )


def _sessions(folder: Path) -> Iterator[Path]:
    for parent in folders_of(folder):
        for path in sorted(parent.iterdir()):
            if (path / RECORD).is_file():
                yield path


def _look(path: Path, bench: str, seen: _Seen) -> None:
    """Take note of a session of the bench; of the record only what is needed is looked at."""
    try:
        with disk.open_file(path / RECORD) as file:
            record = from_json(file.read())
        facts = record.get("sweep")
        if not isinstance(facts, dict) or facts.get("bench") != bench:
            return
        utc_s = seconds_utc(facts["started_utc"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        seen.problems.append(f"{path / RECORD}: cannot be read as the record of a sweep's point ({error})")
        return
    seen.starts_s.append(utc_s)
    if facts.get("kind") == "reference":
        seen.references.append((utc_s, path))


def _at_work_since(starts_s: list[float], utc_s: float) -> float:
    """Return when the bench began to work without a long pause; `starts_s` are sorted."""
    since = utc_s
    for start_s in reversed([one for one in starts_s if one < utc_s]):
        if since - start_s > AT_WORK_S:
            break
        since = start_s
    return since


def _journal_says(session: Session) -> tuple[float | None, float | None]:
    """Return the mean of the voltage readings (V), and the time from opening to the first window (s)."""
    if not (session.path / JOURNAL).is_file():
        return None, None
    begun_ns, first_s = 0, None
    rail = ""
    readings_v: list[float] = []
    for event in session.journal(exchanges=False).of(RunStarted, VoltageMeasured, InferenceDone):
        if isinstance(event, RunStarted):
            begun_ns = event.t_ns
        elif isinstance(event, VoltageMeasured):
            rail = event.rail if not readings_v else rail  # of several rails the first
            readings_v += [event.voltage_v] if event.rail == rail else []
        elif first_s is None and isinstance(event, InferenceDone) and event.purpose == "window":
            first_s = (event.sent_ns - begun_ns) / 1e9
    return (math.fsum(readings_v) / len(readings_v) if readings_v else None), first_s
