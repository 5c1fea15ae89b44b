# SPDX-License-Identifier: Apache-2.0
"""The row of an audit: figures, windows, findings and the one word of a session, in the last stage."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.published.compare import Comparison
from energy_runner.published.discover import PACKED, Found
from energy_runner.published.findings import finding, in_order, seen, state_of
from energy_runner.published.model import WAKE_WORDS, Figure, PublishedSession
from energy_runner.published.place import Place, place_of
from energy_runner.published.row import AuditFinding, AuditRow, AuditWindow
from energy_runner.published.sentences import changes, failure
from energy_runner.session.result import Result, WindowResult

_MICRO = 1e6
_OF_A_WINDOW = {"energy": ("Energy/Inf.", "Energy/Inf"), "performance": ("Throughput",)}
_PLACED = {
    "start-placed": "its start by the duration of the others",
    "stop-placed": "its stop by the duration of the others",
}


@dataclass(frozen=True)
class _Corrected:
    value: float | None = None
    expanded_u: float | None = None
    how: str = ""


def report(comparison: Comparison, said: Sequence[AuditFinding], name: str, root: str, where: Place) -> AuditRow:
    """Return the row of a session; `said` is what is to be said about it, in no order.

    `name` is its path below the folder `root`, `where` its place in the tree of a submission.
    """
    session, ours = comparison.session, comparison.ours
    found = in_order(said)
    windows = _windows(comparison)
    corrected = _corrected(comparison, windows, found)
    return AuditRow(
        session=name,
        root=root,
        round=where.round,
        division=where.division,
        submitter=where.submitter,
        system=where.system,
        benchmark=session.benchmark,
        mode=session.mode,
        runner=session.runner,
        unit=session.unit,
        published=comparison.published,
        reproduced=comparison.reproduced,
        ours=corrected.value if ours.basis == "corrected" else ours.value,
        ours_u=ours.expanded_u,
        corrected=corrected.value,
        corrected_u=corrected.expanded_u,
        corrected_how=corrected.how,
        state=state_of(found, reproduced=_reproduced(comparison)),
        findings=found,
        windows=windows,
        figures=comparison.figures.compared,
        figures_reproduced=comparison.figures.equal,
        throughput_per_s=ours.throughput_per_s,
        rule_set=comparison.limits.rules.id,
        basis=_basis(comparison),
        curve=comparison.curve,
    )


def report_failure(error: Exception, found: Found, rule_set: str = "") -> AuditRow:
    """Return the row of a session that could not be read or compared."""
    kind = "archive" if found.reason == PACKED else "not-read"
    return _empty(found, [finding(kind, failure(error), seen=(seen(found.folder.name),))], rule_set)


def with_findings(row: AuditRow, more: Sequence[AuditFinding]) -> AuditRow:
    """Return a row with more findings, and the state that it has with them."""
    found = in_order([*row.findings, *more])
    return row.model_copy(update={"findings": found, "state": state_of(found, reproduced=row.state == "holds")})


def _empty(found: Found, findings: list[AuditFinding], rule_set: str) -> AuditRow:
    place = place_of(found.folder)
    return AuditRow(
        session=found.name,
        root=str(found.root),
        round=place.round,
        division=place.division,
        submitter=place.submitter,
        system=place.system,
        benchmark=found.benchmark or "",
        mode=found.mode or "",
        findings=findings,
        state=state_of(findings, reproduced=False),
        rule_set=rule_set,
    )


def _reproduced(comparison: Comparison) -> bool:
    published = comparison.published
    return comparison.figures.exact and published is not None and published == comparison.reproduced


def _basis(comparison: Comparison) -> str:
    if comparison.correction is None:
        return comparison.ours.basis
    return f"corrected: {changes(comparison.correction.changes)}"


def _corrected(
    comparison: Comparison, windows: Sequence[AuditWindow], found: Sequence[AuditFinding]
) -> _Corrected:
    """Return the figure where what is known to be wrong is put right, and how; empty where nothing has to be."""
    clock, ours = comparison.clock, comparison.ours
    if comparison.correction is not None:
        votes = [one.ours for one in windows if one.ours is not None and not one.placed_by]
        value = statistics.median(votes) if votes and len(votes) < len(windows) else ours.value
        placed = [str(one.number) for one in windows if one.placed_by]
        silent = f"; window {', '.join(placed)} was placed by the others and does not vote" if placed else ""
        how = f"{changes(comparison.correction.changes)}{silent}: the median of {len(votes)} windows"
        return _Corrected(value, ours.expanded_u, how)
    if clock is not None and any(one.id == "throughput-by-host-clock" for one in found):
        how = f"the median of {len(clock.rates)} windows, {clock.how}"
        return _Corrected(clock.rate, clock.expanded_u / clock.ratio * clock.rate, how)
    return _Corrected()


def _windows(comparison: Comparison) -> list[AuditWindow]:
    """Return the figures window by window, in the unit of the session."""
    session, result = comparison.session, comparison.ours.result
    fields = _OF_A_WINDOW.get(session.mode, ())
    if not fields or session.benchmark == WAKE_WORDS:
        return []
    published, reproduced = _texts(session.figures, fields), _texts(comparison.reproduction, fields)
    numbers = sorted(published.keys() | reproduced.keys())
    ours = _measured(session, result, comparison)
    count = max(len(numbers), *ours, 0) if ours else len(numbers)
    rows = []
    for k in range(count):
        number = numbers[k] if k < len(numbers) else None
        window, placed = ours.get(k + 1, (None, ""))
        value, u = _figure(session, window)
        rows.append(
            AuditWindow(
                number=k + 1,
                published=published.get(number) if number is not None else None,
                reproduced=reproduced.get(number) if number is not None else None,
                ours=value,
                ours_u=u,
                start_s=window.start_s if window is not None else None,
                stop_s=window.stop_s if window is not None else None,
                placed_by=placed,
            )
        )
    return rows


def _measured(
    session: PublishedSession, result: Result | None, comparison: Comparison
) -> dict[int, tuple[WindowResult, str]]:
    """Return our windows by their number in the session, from 1, and how each was placed."""
    if result is None:
        return {}
    made = comparison.correction.changes if comparison.correction is not None else ()
    lost = {number for change in made if change.kind == "windows-lost" for number in change.numbers}
    placed = {
        number: _PLACED[change.kind] for change in made if change.kind in _PLACED for number in change.numbers
    }
    kept = [number for number in range(1, len(session.commands) + 1) if number not in lost]
    return {number: (one, placed.get(number, "")) for number, one in zip(kept, result.windows, strict=False)}


def _figure(session: PublishedSession, window: WindowResult | None) -> tuple[float | None, float | None]:
    if window is None:
        return None, None
    if session.mode == "performance":
        return window.throughput_per_s, None
    energy_j, budget = window.energy_per_inference_j, window.uncertainty
    value = None if energy_j is None else energy_j * _MICRO
    return value, None if budget is None or value is None else budget.U * _MICRO


def _texts(figures: Sequence[Figure], fields: Sequence[str]) -> dict[int, float]:
    found: dict[int, float] = {}
    for figure in figures:
        if figure.field in fields and figure.window is not None:
            try:
                value = float(figure.text)
            except ValueError:
                continue
            if abs(value) < float("inf"):
                found[figure.window] = value
    return found
