# SPDX-License-Identifier: Apache-2.0
"""The row of an audit: all words about a session are chosen here and in no earlier stage."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from energy_runner.errors import RunnerError
from energy_runner.published.compare import Beyond, Comparison, FigureComparison
from energy_runner.published.correct import Change
from energy_runner.published.discover import Found
from energy_runner.published.model import WAKE_WORDS, Figure
from energy_runner.session.result import Verdict

_SHOWN = 3
_LONGEST_REASON = 120
_LONGEST_NOTE = 160
_REPRODUCED_FROM = {"energy": "the trace", "performance": "the log", "accuracy": "the answers"}
_CLEAR_LABELS = {"", "results.json", "label file"}  # from anywhere else they are worth a note
_CHANGES = {
    "start-placed": "the start of window {} is missing, placed by the duration of the others",
    "stop-placed": "the stop of window {} is missing, placed by the duration of the others",
    "windows-lost": "without window {}, whose edges are not known",
    "sync-lost": "the edge of the timestamp command is missing",
    "edges-left-out": "{} edge(s) belong to no command and are left out",
    "told-by-log": "the edges were told apart by the log, not by their order",
}
_PRINTED = {
    "windows": "{0:g} windows were published, {1:g} are required",
    "Runtime": "a window of {0:g} s was published, at least {1:g} are required",
    "# Inferences": "a window of {0:g} inferences was published, at least {1:g} are required",
}


@dataclass
class Row:
    """What an audit says about one session. Figures are in `unit`; None where there is none.

    `session` is its path below the given folder, which is `root`. `published` is the figure that was printed,
    `reproduced` the same by the original's arithmetic from its own data, `exact` whether every printed figure was
    reproduced, `ours` the figure by our own analysis with its expanded uncertainty `ours_expanded_u`. `basis` says
    what `ours` rests on; `corrected` is set where that is not the edges as recorded.
    `valid` says whether the session obeys the rules of `rule_set` and its figure is the one that its data give.
    `findings` are faults, one phrase each, `notes` are
    remarks that change no figure.
    """

    session: str
    root: str = ""
    benchmark: str = ""
    mode: str = ""
    unit: str = ""
    published: float | None = None
    reproduced: float | None = None
    ours: float | None = None
    ours_expanded_u: float | None = None
    corrected: float | None = None
    basis: str = ""
    valid: bool = False
    exact: bool = False
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    runner: str = ""
    figures: int = 0
    figures_reproduced: int = 0
    throughput_per_s: float | None = None
    rule_set: str = ""

    @property
    def good(self) -> bool:
        """Return whether nothing is wrong with the session."""
        return self.valid and self.exact and not self.findings

    def document(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return asdict(self)


def report(comparison: Comparison, name: str, root: str, rule_set: str = "") -> Row:
    """Return the row of a session; `name` is its path below the folder `root`, `rule_set` judged it."""
    session, ours = comparison.session, comparison.ours
    return Row(
        session=name,
        root=root,
        benchmark=session.benchmark,
        mode=session.mode,
        unit=session.unit,
        published=comparison.published,
        reproduced=comparison.reproduced,
        ours=ours.value,
        ours_expanded_u=ours.expanded_u,
        corrected=ours.value if comparison.correction is not None else None,
        basis=_basis(comparison),
        valid=ours.valid and comparison.published is not None and comparison.published == comparison.reproduced,
        exact=comparison.figures.exact,
        findings=list(dict.fromkeys(_findings(comparison))),
        notes=list(_notes(comparison)),
        runner=session.runner,
        figures=comparison.figures.compared,
        figures_reproduced=comparison.figures.equal,
        throughput_per_s=ours.throughput_per_s,
        rule_set=rule_set,
    )


def report_failure(error: Exception, found: Found, rule_set: str = "") -> Row:
    """Return the row of a session that could not be read or compared."""
    return Row(found.name, str(found.root), findings=[_failure(error)], rule_set=rule_set)


def phrases(compared: FigureComparison, source: str) -> list[str]:
    """Return one phrase for each disagreement; `source` names the data of the reproduction."""
    said: list[str] = []
    if compared.differing:
        figure, mine = compared.differing[0]
        more = f", and {len(compared.differing) - 1} more" if len(compared.differing) > 1 else ""
        differ = f"{_place(figure)} is published as {figure.text}, reproduced as {mine}"
        said.append(f"results differ from {source}: {differ}{more}")
    if compared.only_published:
        said.append(f"not in {source}: {_listed(compared.only_published)}")
    if compared.only_reproduced:
        said.append(f"missing in the results: {_listed(compared.only_reproduced)}")
    return said


def _findings(comparison: Comparison) -> Iterator[str]:
    session, ours = comparison.session, comparison.ours
    yield from (note.detail for note in session.notes if note.wrong)
    yield from _not_reproduced(comparison)
    if comparison.rates is not None:
        least, most = comparison.rates
        yield f"throughput of the windows varies from {least:.6g} to {most:.6g} inf./sec."
    yield from (f"{it.what}: {it.value:.0f}, at most {it.limit:.0f} are allowed" for it in ours.mistakes)
    if not session.commands and session.benchmark != WAKE_WORDS:
        yield "no command of the run is known, so nothing can be measured"
    yield from (_verdict(verdict) for verdict in ours.failed)
    if comparison.correction is not None:
        instead = "" if comparison.published is None else f" instead of {comparison.published:g}"
        done = _changes(comparison.correction.changes)
        yield f"corrected figure {ours.value:.6g}{instead} {session.unit}: {done}"
    yield from (_broken(beyond) for beyond in comparison.printed)
    if comparison.off:
        published = f"{comparison.published:g}"
        yield f"published {published}, but {ours.value:.6g} {session.unit} by our own analysis"
    if comparison.error is not None:
        yield _failure(comparison.error)


def _notes(comparison: Comparison) -> Iterator[str]:
    session, beside = comparison.session, comparison.in_performance_mode
    yield from (note.detail for note in session.notes if not note.wrong)
    if session.labels_from not in _CLEAR_LABELS:
        yield f"classes by {session.labels_from}"
    if session.benchmark == WAKE_WORDS:
        yield f"{WAKE_WORDS} has rules of its own; only its figures are checked"
    if beside is not None and comparison.ours.throughput_per_s is not None:
        rate = comparison.ours.throughput_per_s
        yield f"{rate:.6g} inf./sec., but {beside:g} in performance mode ({rate / beside - 1:+.1%})"


def _basis(comparison: Comparison) -> str:
    if comparison.correction is None:
        return comparison.ours.basis
    return f"corrected: {_changes(comparison.correction.changes)}"


def _not_reproduced(comparison: Comparison) -> Iterator[str]:
    session = comparison.session
    if comparison.reproduction:
        source = _REPRODUCED_FROM[session.mode]
        yield from (f"not reproduced: {phrase}" for phrase in phrases(comparison.figures, source))
    elif session.figures:
        yield "not reproduced: its raw data are missing or unreadable"


def _changes(changes: Sequence[Change]) -> str:
    return "; ".join(_CHANGES[change.kind].format(", ".join(map(str, change.numbers))) for change in changes)


def _broken(beyond: Beyond) -> str:
    return _PRINTED[beyond.what].format(beyond.value, beyond.limit)


def _verdict(verdict: Verdict) -> str:
    """Return a failed verdict in a phrase."""
    limit = "" if verdict.limit is None else f", required {_shown(verdict.limit)}"
    note = f" ({verdict.note[:_LONGEST_NOTE]})" if verdict.note else ""
    return f"{verdict.id}: {_shown(verdict.measured)}{limit}{note}"


def _failure(error: Exception) -> str:
    if isinstance(error, RunnerError):
        return str(error)
    return f"cannot be audited: {type(error).__name__}: {str(error)[:_LONGEST_REASON]}"


def _place(figure: Figure) -> str:
    return figure.field if figure.window is None else f"{figure.field} of window {figure.window}"


def _listed(figures: Sequence[Figure]) -> str:
    shown = ", ".join(_place(figure) for figure in figures[:_SHOWN])
    return shown + (f" and {len(figures) - _SHOWN} more" if len(figures) > _SHOWN else "")


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
