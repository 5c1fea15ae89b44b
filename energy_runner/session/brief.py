# SPDX-License-Identifier: Apache-2.0
"""A session, a result or a score in a few words: for `repr`, for lists, and as a small table in a notebook."""

from typing import TYPE_CHECKING

from energy_runner import notebook
from energy_runner.errors import RunnerError

if TYPE_CHECKING:
    from energy_runner.session.folder import Session
    from energy_runner.session.result import Result, Score, WindowResult

METRICS = {"top1": "{value:.1f} % Top-1", "auc": "AUC {value:.2f}"}
_SHOWN = 5  # failed rules


def of_score(score: "Score") -> str:
    """Return a score as it is quoted: `1440 ± 34 µJ per inference`."""
    if score.stated is not None:
        return f"{score.stated.value} ± {score.stated.U} {score.stated.unit} per inference"
    return f"{score.median * 1e6:.6g} ± {score.U * 1e6:.2g} µJ per inference"


def headline(result: "Result") -> str:
    """Return the figure that a run was made for, or that there is none."""
    if result.mode == "energy" and result.energy_per_inference_j is not None:
        return of_score(result.energy_per_inference_j)
    if result.mode == "performance" and result.throughput_per_s is not None:
        return f"{result.throughput_per_s:.5g} inferences per second"
    if result.mode == "accuracy" and result.accuracy is not None and result.accuracy.value is not None:
        return METRICS[result.accuracy.metric].format(value=result.accuracy.value)
    return "no score"


def verdict(result: "Result") -> str:
    """Return whether a result is valid, and how many rules failed if it is not."""
    if result.valid:
        return "VALID"
    failed = sum(one.binding and not one.passed for one in result.verdicts)
    return f"NOT VALID, {failed} of {len(result.verdicts)} rules failed" if failed else "NOT VALID"


def of_result(result: "Result") -> str:
    """Return a result in one line."""
    virtual = ", virtual" if result.virtual else ""
    return notebook.seen(
        f"<Result {result.benchmark}, {result.mode}{virtual}: {headline(result)}, {verdict(result)}>"
    )


def of_window(window: "WindowResult") -> str:
    """Return a window in one line; its number counts from 1."""
    lasts = f", {window.duration_s:.4f} s" if window.duration_s is not None else ""
    each = window.energy_per_inference_j
    energy = f", {each * 1e6:.6g} µJ per inference" if each is not None else ""
    return f"<Window {window.index + 1}, {window.file!r}: {window.inferences} inferences{lasts}{energy}>"


def of_session(session: "Session") -> str:
    """Return a session in one line; what cannot be read of it is said, not raised."""
    record = session.record
    virtual = ", virtual" if record.virtual else ""
    begin = notebook.seen(
        f"<Session {str(session.path)!r}: {record.benchmark.id}, {record.run.mode}{virtual}, {record.outcome}"
    )
    try:
        result = session.result()
    except RunnerError:
        return f"{begin}, without a result>"
    return f"{begin}, {headline(result)}, {verdict(result)}>"


def html_of_result(result: "Result") -> str:
    """Return a result as a small table: the headline, the verdict, what failed, and the windows."""
    failed = [one.id for one in result.verdicts if one.binding and not one.passed]
    facts = [("Verdict", verdict(result)), ("Rule set", result.rule_set or "none")]
    if failed:
        more = f" and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
        facts.append(("Failed", ", ".join(failed[:_SHOWN]) + more))
    if result.outcome != "completed":
        facts.append(("Outcome", result.outcome))
    return notebook.table(
        f"{result.benchmark}, {result.mode}: {headline(result)}",
        facts,
        virtual=result.virtual,
        columns=("#", "Stimulus", "Inferences", "Duration s", "µJ per inference") if result.windows else (),
        rows=[_cells(window) for window in result.windows],
    )


def html_of_session(session: "Session") -> str:
    """Return a session as a small table; what cannot be read of it is said, not raised."""
    record = session.record
    try:
        result = session.result()
        said = [("Result", headline(result)), ("Verdict", verdict(result))]
    except RunnerError as error:
        said = [("Result", f"none: {error}")]
    facts = [
        ("Folder", str(session.path)),
        ("Started", record.started_utc + (" (virtual time)" if record.virtual else "")),
        ("Bench", str(record.bench.get("name", ""))),
        ("Outcome", record.outcome + (f": {record.reason}" if record.reason else "")),
        *said,
    ]
    return notebook.table(f"{record.benchmark.id}, {record.run.mode}", facts, virtual=record.virtual)


def _cells(window: "WindowResult") -> tuple[str, ...]:
    lasts, each = window.duration_s, window.energy_per_inference_j
    return (
        str(window.index + 1),
        window.file,
        str(window.inferences),
        "" if lasts is None else f"{lasts:.4f}",
        "" if each is None else f"{each * 1e6:.3f}",
    )
