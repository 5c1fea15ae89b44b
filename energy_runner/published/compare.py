"""Published, reproduced, ours: what one session says, side by side, and what is wrong with it."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from energy_runner.published.correct import correct
from energy_runner.published.figures import Comparison, Figure, compare, last
from energy_runner.published.mlcommons.recording import WAKE_WORDS
from energy_runner.published.model import Published
from energy_runner.published.momentary import imported_for_a_moment
from energy_runner.published.reproduce.eembc import MIN_INFERENCES, MIN_WINDOW_S
from energy_runner.rules import evaluate
from energy_runner.session.result import Result, Verdict

_MICRO = 1e6
_LARGEST_DIFFERENCE = 0.01
_WINDOWS = 5
_RATES_AGREE = 0.02  # of 1476 published windows none is off by more than 1.6 %
_MOST_MISTAKES = 8  # misses, and false alarms, of a streaming wake word run
# Where edges or data are missing, these rules fail too; the cause is said once.
_CAUSES = {
    "edge-missing",
    "edge-surplus",
    "log-truncated",
    "timestamps-absent",
    "timestamps-damaged",
    "timestamps-unsorted",
    "trace-absent",
    "trace-length",
    "trace-short",
    "window-in-wrong-phase",
}
_CONSEQUENCES = {
    "different-stimuli",
    "edges-match-commands",
    "five-windows",
    "no-lost-samples",
    "not-over-range",
    "spread",
    "window-length",
}


@dataclass
class Row:
    """What an audit says of one session. Figures are in `unit`; None where there is none.

    `session` is its path below the folder given, which is `root`. `published` is the figure that was printed,
    `reproduced` the same by the original's arithmetic from its own data, `exact` whether every printed figure
    came out again, `ours` the figure by our own analysis with its expanded uncertainty `ours_expanded_u`.
    `basis` says what `ours` rests on; `corrected` is set where that is more than the edges as they were
    recorded. `valid` tells whether the session obeys the rules. `findings` are faults, in a phrase each, `notes`
    what changes no figure.
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

    @property
    def good(self) -> bool:
        """Return whether nothing is wrong with the session."""
        return self.valid and self.exact and not self.findings

    def document(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return asdict(self)


def examine(row: Row, session: Published) -> None:
    """Fill in `row` from a session that was read: what was published, what comes out again, what it is worth."""
    _fill(row, session)
    _judge(row, session)
    row.findings = list(dict.fromkeys(row.findings))


def _fill(row: Row, session: Published) -> None:
    """Fill in what was published and what comes out again."""
    row.benchmark, row.mode, row.runner = session.benchmark, session.mode, session.runner
    row.unit = session.unit
    row.published = _value(last(session.figures, session.score_field))
    row.reproduced = _value(last(session.reproduced, session.score_field))
    compared = compare(session.figures, session.reproduced)
    row.figures, row.figures_reproduced = compared.compared, compared.equal
    row.exact = compared.exact
    row.findings += [note.detail for note in session.notes if note.wrong]
    row.notes += [note.detail for note in session.notes if not note.wrong]
    if session.labels_from not in {"", "results.json", "label file"}:
        row.notes.append(f"classes by {session.labels_from}")
    row.findings += _comparison_phrases(session, compared)
    row.findings += _rates_differ(session)


def _rates_differ(session: Published) -> list[str]:
    """Return a finding if the windows are not equally fast: then one of them is not what it says."""
    rates = [f.value for f in session.reproduced or session.figures if f.field == "Throughput" and f.value]
    elapsed = {f.window: f.value for f in session.reproduced if f.field == "Elapsed time" and f.value}
    counts = {f.window: f.value for f in session.reproduced if f.field == "Inferences" and f.value}
    rates += [counts[window] / elapsed[window] for window in elapsed if window in counts]
    if len(rates) < 2 or max(rates) - min(rates) <= _RATES_AGREE * min(rates):
        return []
    return [f"throughput of the windows varies from {min(rates):.6g} to {max(rates):.6g} inf./sec."]


def _comparison_phrases(session: Published, compared: Comparison) -> list[str]:
    if not session.reproduced:
        return ["not reproduced: its raw data are missing or unreadable"] if session.figures else []
    source = {"energy": "the trace", "performance": "the log", "accuracy": "the answers"}[session.mode]
    return [f"not reproduced: {phrase}" for phrase in compared.phrases(source)]


def _value(figure: Figure | None) -> float | None:
    return figure.value if figure is not None else None


# --- our own figure and verdicts ------------------------------------------------------------------------


def _judge(row: Row, session: Published) -> None:
    if session.benchmark == WAKE_WORDS:
        _judge_wake_words(row, session)
        return
    if not session.commands:
        row.findings.append("no command of the run is known, so nothing can be measured")
        row.findings += _by_what_was_printed(session)
        return
    with imported_for_a_moment(session, row.session) as imported:
        result = evaluate(imported)
    row.valid = result.valid
    known = any(note.id in _CAUSES for note in session.notes)
    failed = [verdict for verdict in result.verdicts if verdict.binding and not verdict.passed]
    row.findings += [_phrase(v) for v in failed if not (known and v.id in _CONSEQUENCES)]
    _take_ours(row, result)
    if session.mode == "energy" and row.ours is None:
        _correct(row, session)
    if row.ours is None:
        row.findings += _by_what_was_printed(session)
    elif not row.basis:
        row.basis = "measured"
        off = row.ours / row.published - 1 if row.published and row.exact else 0.0
        if abs(off) > _LARGEST_DIFFERENCE:
            row.findings.append(f"published {row.published:g}, but {row.ours:.6g} {row.unit} by our own analysis")


def _by_what_was_printed(session: Published) -> list[str]:
    """Return which rules a session fails by its own printed figures, where nothing else can be measured."""
    if session.mode == "accuracy":
        return []
    found = []
    windows = {figure.window for figure in session.figures if figure.window is not None}
    if windows and len(windows) != _WINDOWS:
        found.append(f"{len(windows)} windows were published, {_WINDOWS} are required")
    for name, least, unit in (("Runtime", MIN_WINDOW_S, " s"), ("# Inferences", MIN_INFERENCES, " inferences")):
        values = [f.value for f in session.figures if f.field == name and f.value is not None]
        if values and min(values) < least:
            found.append(f"a window of {min(values):g}{unit} was published, at least {least:g} are required")
    return found


def _take_ours(row: Row, result: Result) -> None:
    row.throughput_per_s = result.throughput_per_s
    if result.mode == "energy" and result.energy_per_inference_j is not None:
        row.ours = result.energy_per_inference_j.median * _MICRO
        row.ours_expanded_u = result.energy_per_inference_j.U * _MICRO
    elif result.mode == "performance":
        row.ours = result.throughput_per_s
    elif result.accuracy is not None:
        row.ours = result.accuracy.value
    if row.ours is not None and not math.isfinite(row.ours):
        row.ours = None


def _correct(row: Row, session: Published) -> None:
    """Give the corrected figure beside the published one, and say so."""
    correction = correct(session)
    if correction is None:
        return
    with imported_for_a_moment(correction.session, row.session) as imported:
        result = evaluate(imported)
    score, row.throughput_per_s = result.energy_per_inference_j, result.throughput_per_s
    if score is None:
        return
    row.corrected = row.ours = score.median * _MICRO
    row.ours_expanded_u = score.U * _MICRO
    row.basis = f"corrected: {'; '.join(correction.changes)}"
    instead = "" if row.published is None else f" instead of {row.published:g}"
    row.findings.append(f"corrected figure {row.ours:.6g}{instead} {row.unit}: {'; '.join(correction.changes)}")


def _judge_wake_words(row: Row, session: Published) -> None:
    """Take the mean power between the edges for ours; the rules of this benchmark are not ours yet."""
    row.notes.append(f"{WAKE_WORDS} has rules of its own; only its figures are checked")
    recording = session.recording
    if recording is not None and len(recording.edges) >= 2:
        start, stop = (max(0, round(edge.position + 0.5)) for edge in recording.edges[-2:])
        inside = recording.samples_j[start:stop]
        if len(inside):
            row.ours = float(inside.sum(dtype="float64")) * recording.rate_hz / len(inside) * 1e3
            row.basis = "measured"
    else:
        row.ours = row.reproduced
    row.valid = row.exact
    for name in ("False negatives", "False positives"):
        count = _value(last(session.figures, name))
        if count is not None and count > _MOST_MISTAKES:
            row.valid = False
            row.findings.append(f"{name}: {count:.0f}, at most {_MOST_MISTAKES} are allowed")


def _phrase(verdict: Verdict) -> str:
    """Return a failed verdict in a phrase."""
    limit = "" if verdict.limit is None else f", required {_shown(verdict.limit)}"
    note = f" ({verdict.note[:160]})" if verdict.note else ""
    return f"{verdict.id}: {_shown(verdict.measured)}{limit}{note}"


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
