# SPDX-License-Identifier: Apache-2.0
"""Everything that an audit tells of a session is put into words in one place, and nothing is told twice."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published.compare import (
    AuditLimits,
    Beyond,
    Comparison,
    FigureComparison,
    Ours,
    compare,
    compare_figures,
)
from energy_runner.published.correct import Change, Correction
from energy_runner.published.discover import Found
from energy_runner.published.measure import Measured
from energy_runner.published.model import EEMBC, WAKE_WORDS, Figure, InferCommand, Note, PublishedSession
from energy_runner.published.place import Place
from energy_runner.published.report import report, report_failure
from energy_runner.published.row import AuditRow
from energy_runner.published.words import findings_of, phrases
from energy_runner.rules import DEFAULT, load_rule_set
from energy_runner.session.result import Verdict

COMMAND = InferCommand("a.bin", 0, 490, 100, 1, sent_ms=0)

LIMITS = AuditLimits.of(load_rule_set(DEFAULT))


def session(**fields: object) -> PublishedSession:
    base: dict[str, object] = {"commands": [COMMAND], "unit": "uJ/inf."}
    return PublishedSession(Path("x"), EEMBC, "energy", "kws01", **{**base, **fields})  # type: ignore[arg-type]


def comparison(of: PublishedSession, **fields: object) -> Comparison:
    base: dict[str, object] = {"ours": Ours(), "published": None, "reproduced": None, "reproduction": []}
    figures = compare_figures(of.figures, [])
    return Comparison(session=of, figures=figures, limits=LIMITS, **{**base, **fields})  # type: ignore[arg-type]


def told_of(compared: Comparison) -> AuditRow:
    return report(compared, list(findings_of(compared)), "a/b", "/r", Place())


def texts(row: AuditRow) -> list[str]:
    return [finding.text for finding in row.findings]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change("start-placed", (2,)), "the start of window 2 is missing, placed by the duration of the others"),
        (Change("stop-placed", (3,)), "the stop of window 3 is missing, placed by the duration of the others"),
        (Change("windows-lost", (1, 4)), "without window 1, 4, whose edges are not known"),
        (Change("sync-lost"), "the edge of the timestamp command is missing"),
        (Change("edges-left-out", (2,)), "2 edge(s) belong to no command and are left out"),
        (Change("told-by-log"), "the edges were told apart by the log, not by their order"),
    ],
)
def test_every_change_of_a_correction_is_told(change: Change, words: str) -> None:
    ours = Ours(value=80.0, basis="corrected")
    correction = Correction(session(), (change, Change("sync-lost")))
    row = told_of(comparison(session(), ours=ours, published=100.0, correction=correction))
    both = f"{words}; the edge of the timestamp command is missing"
    assert row.basis == f"corrected: {both}"
    assert (
        texts(row)[0]
        == (
            "published energy per inference is 25 % too high: 100 where the corrected figure is 80 uJ/inf.: "
            + both
        )[:400]
    )
    assert row.corrected == row.ours == 80.0
    assert row.corrected_how.startswith(both)
    assert row.state == "does-not-reproduce"


def test_faults_become_findings_in_order_and_remarks_only_inform() -> None:
    notes = [Note("a", "first fault"), Note("b", "a remark", wrong=False), Note("c", "first fault")]
    verdict = Verdict(id="spread", passed=False, measured=2.14159, limit=2, clause="", note="unusual")
    told = told_of(
        comparison(
            session(notes=notes, figures=[Figure("Power", 2, "1")], labels_from="file names", commands=[COMMAND]),
            ours=Ours(failed=(verdict,), throughput_per_s=10.0),
            rates=(9.0, 9.5),
            printed=[Beyond("windows", 4, 5), Beyond("Runtime", 5.5, 10.0), Beyond("# Inferences", 9, 10)],
            error=SessionError("the uncertainty is beyond reason"),
        )
    )
    assert sorted(texts(told)) == sorted(
        [
            "first fault",
            "first fault",
            "a remark",
            "not reproduced: its raw data are missing, incomplete or unreadable",
            "no '' is published",
            "throughput of the windows varies from 9 to 9.5 inf./sec.",
            "the windows differ by 2.14159, more than 2, which is unusual (unusual)",
            "4 windows were published, 5 are required",
            "a window of 5.5 s was published, at least 10 are required",
            "a window of 9 inferences was published, at least 10 are required",
            "the uncertainty is beyond reason",
            "classes by file names",
        ]
    )
    assert {one.text: one.severity for one in told.findings}["a remark"] == "informs"
    assert told.findings[0].severity == "wrong"
    assert (told.session, told.root, told.state) == ("a/b", "/r", "breaks-a-rule")


def compared(**parts: Sequence[object]) -> FigureComparison:
    known = {name: tuple(parts.get(name, ())) for name in ("differing", "only_published", "only_reproduced")}
    return FigureComparison(compared=9, equal=5, exact=False, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "more"), [(1, ""), (2, ", and 1 more"), (4, ", and 3 more")])
def test_the_first_figure_that_differs_is_told_and_the_others_are_counted(count: int, more: str) -> None:
    differing = [(Figure("Power", 2 * k + 2, "1.0"), "2.0") for k in range(count)]
    (phrase,) = phrases(compared(differing=differing), "the trace")
    assert phrase == (
        "results differ from the trace: Power of window 2 is published as 1.0, reproduced as 2.0 (50 % too low)"
        + more
    )


@pytest.mark.parametrize(
    ("count", "listed"),
    [
        (1, "Power of window 2"),
        (3, "Power of window 2, Power of window 4, Power of window 6"),
        (4, "Power of window 2, Power of window 4, Power of window 6 and 1 more"),
        (5, "Power of window 2, Power of window 4, Power of window 6 and 2 more"),
    ],
)
def test_three_figures_that_only_one_side_has_are_named(count: int, listed: str) -> None:
    figures = [Figure("Power", 2 * k + 2, "1.0") for k in range(count)]
    assert phrases(compared(only_published=figures), "the log") == [f"not in the log: {listed}"]
    assert phrases(compared(only_reproduced=figures), "the log") == [f"missing in the results: {listed}"]


def test_a_session_without_commands_is_told_so_except_of_wake_words() -> None:
    nothing = session(commands=[])
    row = told_of(compare(nothing, [], Measured(), None, LIMITS))
    assert texts(row) == ["no command of the run is known, so nothing can be measured"]
    words = PublishedSession(Path("x"), EEMBC, "energy", WAKE_WORDS)
    told = told_of(compare(words, [], Measured(), None, LIMITS))
    assert texts(told) == [f"{WAKE_WORDS} has rules of its own; only its figures are checked"]


def test_what_was_not_measured_cannot_be_judged() -> None:
    row = told_of(comparison(session(), ours=Ours()))
    assert (row.state, row.good, row.ours, row.basis, row.findings) == ("cannot-be-judged", True, None, "", [])


def test_a_mistake_of_ours_is_told_from_a_refusal(tmp_path: Path) -> None:
    found = Found(tmp_path, tmp_path / "a", "a")
    assert texts(report_failure(SessionError("log.txt: is empty"), found)) == ["log.txt: is empty"]
    row = report_failure(ZeroDivisionError("oh"), found)
    assert texts(row) == ["cannot be audited: ZeroDivisionError: oh"]
    assert (row.session, row.root, row.state) == ("a", str(tmp_path), "cannot-be-judged")
    assert (row.figures, row.figures_reproduced) == (0, 0)


def test_an_accuracy_that_reaches_the_target_is_not_called_lower() -> None:
    for measured, words in (
        (90.2, "the accuracy of 90.2 reaches the target, but does not count (the run ended as killed)"),
        (89.8, "the accuracy of 89.8 is below the target of the closed division, 90 (the run ended as killed)"),
    ):
        verdict = Verdict(
            id="accuracy-target",
            passed=False,
            measured=measured,
            limit=90,
            clause="c",
            note="the run ended as killed",
        )
        told = findings_of(comparison(session(), ours=Ours(failed=(verdict,))))
        assert words in [one.text for one in told]


@pytest.mark.parametrize(
    ("field", "mine", "words"),
    [
        ("Top-1", "90.2", "reproduced as 90.2 (5 percentage points too high)"),
        ("Median throughput", "NaN", "reproduced as NaN"),
    ],
)
def test_percent_differ_by_points_and_no_number_has_no_direction(field: str, mine: str, words: str) -> None:
    (text,) = phrases(compare_figures([Figure(field, None, "95.2")], [Figure(field, None, mine)]), "the log")
    assert text.endswith(words)
