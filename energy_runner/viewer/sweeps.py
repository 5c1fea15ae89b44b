# SPDX-License-Identifier: Apache-2.0
"""Sweeps for the list: from a catalogue, or from what the records of their sessions say."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.errors import RunnerError
from energy_runner.session.brief import Brief
from energy_runner.session.record import SweepFacts
from energy_runner.viewer.found import key_of
from energy_runner.viewer.plain_text import finite, own, told

if TYPE_CHECKING:
    from energy_runner.sweep.catalogue import Catalogue
    from energy_runner.sweep.rows import PointRow

MOST_POINTS = 10_000
MOST_SWEEPS = 500
_BEST = {"energy": ("energy_j", 1), "latency": ("latency_s", 1), "accuracy": ("accuracy", -1)}
_STATES = ("waiting", "running", "done", "set-aside")


def from_catalogue(catalogues: Sequence[Path], keys: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the sweeps of catalogues, the latest first, and which catalogues cannot be read and why.

    `keys` are those of the sessions that are listed, by the names of their folders.
    """
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    for path in catalogues:
        from energy_runner.sweep.catalogue import Catalogue  # takes long to import

        try:
            with closing(Catalogue(path)) as opened:
                found += _sweeps(opened, keys, problems)
        except (RunnerError, OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            problems.append(own(f"catalogue {path}: {error}"))
    return found, problems


def _sweeps(opened: "Catalogue", keys: Mapping[str, str], problems: list[str]) -> list[dict[str, Any]]:
    from energy_runner.sweep.catalogue.rows import rows_of

    sweeps = opened.sweeps()[::-1]
    if len(sweeps) > MOST_SWEEPS:
        problems.append(own(f"catalogue {opened.name}: of {len(sweeps)} sweeps the last {MOST_SWEEPS} are listed"))
    found = []
    for sweep in sweeps[:MOST_SWEEPS]:
        try:
            points = [_point(row, keys) for row in rows_of(opened, sweep.id)]
        except (RunnerError, ValueError, LookupError, TypeError, RecursionError) as error:
            problems.append(own(f"sweep {sweep.id}: {error}"))
            continue
        head = {"id": told(sweep.id), "name": told(sweep.name), "created_utc": told(sweep.created_utc)}
        found.append(head | {"state": told(sweep.state)} | _with_figures(points))
    return found


def _point(row: "PointRow", keys: Mapping[str, str]) -> dict[str, Any]:
    return {
        "number": row.number,
        "order": row.order,
        "kind": row.kind,
        "repeat": row.repeat,
        "values": {told(name, 60): _value(value) for name, value in row.values.items()},
        "state": row.state,
        "virtual": row.virtual,
        "bench": told(row.bench or ""),
        "key": keys.get(row.session or ""),
        "session": told(row.session or ""),
        "valid": row.valid,
        "energy_j": finite(row.energy_j),
        "U_j": finite(row.U_j),
        "latency_s": finite(row.latency_s),
        "accuracy": finite(row.accuracy),
        "metric": row.metric,
        "reason": own(row.reason),
        "remarks": [own(one) for one in row.remarks[:20]],
    }


@dataclass(frozen=True)
class SweepPoint:
    """A point of a sweep as the record of its session tells; `document` is its row for the page."""

    sweep: str
    begun_utc: str
    place: tuple[bool, int, int, int]
    document: dict[str, Any]


def point_of(brief: Brief) -> SweepPoint | None:
    """Return the point that a session was made for; None for a session of its own."""
    facts = brief.session.record.sweep if brief.session is not None else None
    if facts is None:
        return None
    place = (facts.kind == "reference", facts.point, facts.repeat, facts.attempt)
    return SweepPoint(told(facts.sweep), told(facts.started_utc), place, _of_record(facts, brief))


def by_records(points: Iterable[SweepPoint]) -> list[dict[str, Any]]:
    """Return the sweeps that the records of sessions name; a catalogue knows more, as what is yet to come."""
    sweeps: dict[str, list[SweepPoint]] = {}
    for point in points:
        if point.sweep in sweeps or len(sweeps) < MOST_SWEEPS:
            sweeps.setdefault(point.sweep, []).append(point)
    found: list[dict[str, Any]] = []
    for name, own_points in sweeps.items():
        documents = [point.document for point in sorted(own_points, key=lambda point: point.place)]
        begun = min(point.begun_utc for point in own_points)
        head = {"id": name, "name": name, "created_utc": begun, "state": "without its catalogue"}
        found.append(head | _with_figures(documents))
    return sorted(found, key=lambda sweep: str(sweep["created_utc"]), reverse=True)


def _of_record(facts: SweepFacts, brief: Brief) -> dict[str, Any]:
    result = brief.result
    energy = result.energy_per_inference_j if result is not None else None
    rate = result.throughput_per_s if result is not None else None
    accuracy = result.accuracy if result is not None else None
    outcome = brief.session.record.outcome if brief.session is not None else ""
    return {
        "number": facts.point,
        "order": facts.order,
        "kind": facts.kind,
        "repeat": facts.repeat,
        "values": {told(name, 60): _value(value) for name, value in facts.values.items()},
        "state": "running" if outcome == "running" else "done" if outcome == "completed" else "set-aside",
        "virtual": brief.session.record.virtual if brief.session is not None else None,
        "bench": told(facts.bench),
        "key": key_of(brief.folder),
        "session": told(brief.folder.name),
        "valid": result.valid if result is not None else None,
        "energy_j": energy.median if energy is not None else None,
        "U_j": energy.U if energy is not None else None,
        "latency_s": 1 / rate if rate else None,
        "accuracy": accuracy.value if accuracy is not None else None,
        "metric": accuracy.metric if accuracy is not None else None,
        "reason": own(brief.result_problem or (brief.session.record.reason if brief.session is not None else "")),
        "remarks": [],
    }


def _with_figures(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the points with how many are in which state, and the best of the valid ones by number."""
    plan = [one for one in points if one["kind"] == "point"]
    best = {}
    for name, (figure, sign) in _BEST.items():
        valid = [one for one in plan if one["valid"] and one[figure] is not None]
        if valid:
            best[name] = min(valid, key=lambda one: sign * one[figure])["number"]
    counts = {state: sum(one["state"] == state for one in plan) for state in _STATES}
    return {
        "counts": counts,
        "benches": sorted({one["bench"] for one in points if one["bench"]}),
        "best": best,
        "virtual": any(one["virtual"] for one in points),
        "points": points[:MOST_POINTS],
        "left_out": max(0, len(points) - MOST_POINTS),
    }


def _value(value: object) -> str | int | float | bool:
    """Return a setting as JSON can hold it."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if finite(value) is not None else told(value)
    return told(value if isinstance(value, str) else json.dumps(value), 200)
