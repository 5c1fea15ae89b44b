# SPDX-License-Identifier: Apache-2.0
"""The list of sessions and of sweeps in folders, for a page; neither journals nor traces are read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from energy_runner.report.headline import how_it_ended
from energy_runner.session.brief import Brief, brief_of
from energy_runner.session.folder import JOURNAL, REPORT
from energy_runner.viewer.found import find, key_of
from energy_runner.viewer.papers import linked_files
from energy_runner.viewer.plain_text import own, told
from energy_runner.viewer.sweeps import SweepPoint, by_records, from_catalogue, point_of
from instruments.clock import RealClock, utc_text

ALIVE_S = 30.0  # a run writes its journal several times a second while it samples


def listing(folders: Iterable[str | Path]) -> dict[str, Any]:
    """Return `sessions`, `sweeps` and `problems` of folders, sessions and catalogues.

    Sessions that cannot be read come first, each with its `problem`; then the others, the last written first. A
    session is `running` where its record says so and its journal was written in the last half minute. `score_j`
    and `U_j` are in J per inference. Links are not followed: `problems` names them. Nothing is raised.
    """
    found = find(folders)
    now_ns = RealClock().utc_ns()
    rows: list[dict[str, Any]] = []
    points: list[SweepPoint] = []
    for path in found.sessions:
        brief = brief_of(path)  # not kept: a thousand results are a million objects
        rows.append(_row(brief, now_ns))
        point = point_of(brief)
        if point is not None:
            points.append(point)
    rows.sort(key=_order)
    keys = {path.name: key_of(path) for path in found.sessions}
    sweeps, problems = from_catalogue(found.catalogues, keys)
    known = {sweep["id"] for sweep in sweeps}
    sweeps += [sweep for sweep in by_records(points) if sweep["id"] not in known]
    return {"sessions": rows, "sweeps": sweeps, "problems": [*found.problems, *problems]}


def openable(folders: Iterable[str | Path]) -> dict[str, Path]:
    """Return the sessions that may be served, by their keys: those without files that lead out of their folder."""
    return {key_of(path): path for path in find(folders).sessions if not linked_files(path)}


def _order(row: dict[str, Any]) -> tuple[bool, int, str]:
    return row["benchmark"] is not None, -row["written_ns"], row["name"]


def _row(brief: Brief, now_ns: int) -> dict[str, Any]:
    session, result = brief.session, brief.result
    links = linked_files(brief.folder)
    problem = brief.problem or brief.result_problem
    if links:
        problem = f"{', '.join(links)}: leads out of the session's folder, so it is not opened. Try: copy the file"
    row = {
        "key": key_of(brief.folder),
        "name": told(brief.folder.name),
        "folder": own(str(brief.folder), 1000),
        "benchmark": None,
        "mode": None,
        "bench": None,
        "virtual": None,
        "valid": None,
        "headline": None,
        "score_j": None,
        "U_j": None,
        "k": None,
        "when": None,
        "started_utc": None,
        "written_ns": brief.written_ns,
        "outcome": None,
        "ended": None,
        "sweep": None,
        "point": None,
        "thinned": False,
        "report": False,
        "opens": brief.session is not None and not links,
        "problem": own(problem.replace(f"{brief.folder}/", "")) or None,
        "running": False,
    }
    if session is None:
        return row
    record = session.record
    energy = result.energy_per_inference_j if result is not None else None
    outcome = result.outcome if result is not None else record.outcome
    return row | {
        "benchmark": told(record.benchmark.id),
        "mode": record.run.mode,
        "bench": told(record.bench.get("name", "")),
        "virtual": record.virtual,
        "valid": result.valid if result is not None else None,
        "headline": own(result.headline()) if result is not None else None,
        "score_j": energy.median if energy is not None else None,
        "U_j": energy.U if energy is not None else None,
        "k": energy.k if energy is not None else None,
        # A virtual bench has a calendar of its own, so when it ran is when it was written.
        "when": utc_text(brief.written_ns) if record.virtual else told(record.started_utc),
        "started_utc": told(record.started_utc),
        "outcome": outcome,
        "ended": own(how_it_ended(outcome, record.reason)),
        "sweep": told(record.sweep.sweep) if record.sweep is not None else None,
        "point": record.sweep.point if record.sweep is not None else None,
        "thinned": session.thinned is not None,
        "report": not links and (brief.folder / REPORT).is_file(),
        "running": record.outcome == "running" and _is_alive(brief.folder, now_ns),
    }


def _is_alive(folder: Path, now_ns: int) -> bool:
    try:
        return now_ns - (folder / JOURNAL).stat().st_mtime_ns < ALIVE_S * 1e9
    except OSError:
        return False
