# SPDX-License-Identifier: Apache-2.0
"""Figures, deviations and findings in words."""

import pytest

from energy_runner.published.row import AuditFinding
from energy_runner.report.audit import cells
from tests.support.audit_rows import FOLLOWS, SLOW, SPREAD, row


@pytest.mark.parametrize(
    ("published", "ours", "unit", "said"),
    [
        (6.465, 4.32, "inf./sec.", "\u221233.2 %"),
        (100.0, 100.006, "uJ/inf.", "+0.006 %"),
        (100.0, 100.0, "uJ/inf.", "0 %"),
        (1.0, 119.0, "inf./sec.", "\u00d7119"),
        (119.0, 1.0, "inf./sec.", "\u00d70.0084"),
        (1.0, 0.0, "uJ/inf.", "\u2212100 %"),
        (1.0, -20.0, "uJ/inf.", "\u22122100 %"),
        (90.2, 89.0, "%", "\u22121.20 pp"),
        (0.0, 1.0, "uJ/inf.", "\u2013"),
        (None, 1.0, "uJ/inf.", "\u2013"),
        (1.0, None, "uJ/inf.", "\u2013"),
        (float("nan"), 1.0, "uJ/inf.", "\u2013"),
        (1e-300, 1e300, "uJ/inf.", "\u2013"),
    ],
)
def test_a_deviation(published: float | None, ours: float | None, unit: str, said: str) -> None:
    assert cells.deviation(row(published=published, ours=ours, unit=unit)) == said


def test_the_corrected_figure_is_the_one_that_should_stand_there() -> None:
    one = row(published=2.0, ours=2.0, ours_u=0.1, corrected=1.0, corrected_u=0.01)
    assert cells.ours(one) == "1.000 ± 0.010*"
    assert cells.deviation(one) == "\u221250.0 %"


@pytest.mark.parametrize(
    ("value", "u", "said"),
    [
        (656.2045, 15.54, "656 ± 16"),
        (656.2045, None, "656.2045"),
        (656.2045, 0.0, "656.2045"),
        (None, 1.0, "\u2013"),
        (float("inf"), 1.0, "\u2013"),
        (1.0, float("nan"), "1"),
        (1e300, 1e290, "1e+300 ± 1e+290"),
        (-5.0, 0.1, "\u22125.00 ± 0.10"),
    ],
)
def test_a_figure_with_its_uncertainty(value: float | None, u: float | None, said: str) -> None:
    assert cells.with_u(value, u) == said


def test_consequences_and_remarks_are_folded() -> None:
    one = row(findings=[SLOW, FOLLOWS, SPREAD])
    assert cells.of_note(one) == [SLOW]
    assert cells.folded(one) == [FOLLOWS, SPREAD]
    assert cells.folded_words([one]) == "1 consequence, 1 remark"


def test_nothing_is_folded_below_a_cause_that_is_not_told_before() -> None:
    assert cells.of_note(row(findings=[FOLLOWS])) == [FOLLOWS]
    circle = [
        AuditFinding(id=a, severity="wrong", state="doubtful", text=a, because_of=b)
        for a, b in (("a", "b"), ("b", "a"))
    ]
    assert [one.id for one in cells.of_note(row(findings=circle))] == ["a"]
    itself = AuditFinding(id="a", severity="wrong", state="doubtful", text="a", because_of="a")
    assert cells.of_note(row(findings=[itself])) == [itself]
