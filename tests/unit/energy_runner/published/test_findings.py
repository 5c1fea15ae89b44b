# SPDX-License-Identifier: Apache-2.0
"""The table of findings, their order, and the one word that they add up to."""

import pytest

from energy_runner.published.findings import KINDS, finding, in_order, seen, state_of
from energy_runner.published.row import STATES
from energy_runner.rules import load_rule_set
from energy_runner.rules.table import RULES


def test_every_kind_is_of_one_piece() -> None:
    for name, kind in KINDS.items():
        assert (kind.severity == "informs") == (kind.state == "holds"), name
        assert set(kind.follows) <= KINDS.keys(), name
        assert name not in kind.follows, name


def test_no_kind_follows_from_itself_by_way_of_others() -> None:
    def above(name: str, seen_before: tuple[str, ...]) -> None:
        assert name not in seen_before, (*seen_before, name)
        for cause in KINDS[name].follows:
            above(cause, (*seen_before, name))

    for name in KINDS:
        above(name, ())


@pytest.mark.parametrize("rules", ["mlperf-tiny-0.5", "mlperf-tiny-1.2-open", "mlperf-tiny-1.4"])
def test_a_house_rule_of_a_built_in_set_never_condemns(rules: str) -> None:
    for rule_id, row in load_rule_set(rules).rules.items():
        if row.binding != "never" and row.clause.startswith("house rule"):
            assert KINDS[rule_id].severity == "informs", rule_id


def test_every_rule_of_ours_has_a_kind() -> None:
    assert RULES.keys() <= KINDS.keys()


def test_causes_come_before_what_follows_from_them_which_decides_nothing() -> None:
    short = finding("window-length", "5 s")
    spread = finding("spread", "3 %")
    lost = finding("edge-missing", "10 of 11")
    wrong = finding("corrected", "9 % too high")
    told = in_order([spread, short, wrong, lost, short])
    assert [one.id for one in told] == ["edge-missing", "spread", "window-length", "corrected"]
    by_id = {one.id: one for one in told}
    assert by_id["edge-missing"].because_of is None
    assert (by_id["window-length"].because_of, by_id["window-length"].severity) == ("edge-missing", "informs")
    assert (by_id["corrected"].because_of, by_id["corrected"].severity) == ("edge-missing", "wrong")
    assert state_of(told, reproduced=True) == "does-not-reproduce"
    assert state_of(in_order([short, spread]), reproduced=True) == "breaks-a-rule"


def test_the_gravest_state_counts() -> None:
    each = [finding(kind, "x") for kind in ("figures-differ", "window-length", "dut-error", "trace-absent")]
    for number, state in enumerate(STATES[:-1]):
        assert state_of(each[number:], reproduced=True) == state
    assert state_of([], reproduced=True) == "holds"
    assert state_of([], reproduced=False) == "cannot-be-judged"
    assert state_of([finding("figures-differ", "x", informs=True)], reproduced=True) == "holds"


def test_the_rule_of_another_package_condemns_and_long_texts_are_cut() -> None:
    told = finding("their-rule", "x" * 1000, clause="theirs", seen=[seen("a", 3, 156_544, "y" * 1000)])
    assert (told.severity, told.state, told.clause, len(told.text)) == ("wrong", "breaks-a-rule", "theirs", 400)
    (evidence,) = told.evidence
    assert (evidence.file, evidence.line, evidence.time) == ("a", 3, "00156.544")
    assert evidence.text is not None
    assert len(evidence.text) == 200


def test_a_trace_that_breaks_off_is_no_excuse_for_figures_of_whole_windows() -> None:
    short, length, differ = (
        finding("trace-short", "x"),
        finding("trace-length", "x"),
        finding("figures-differ", "x"),
    )
    assert state_of(in_order([short, length, differ]), reproduced=False) == "does-not-reproduce"
    assert state_of(in_order([length, differ]), reproduced=False) == "doubtful"
    assert state_of(in_order([short, length]), reproduced=False) == "cannot-be-judged"
