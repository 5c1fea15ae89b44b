# SPDX-License-Identifier: Apache-2.0
"""Which rows are shown, in which order, and the counts in words."""

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.published.row import STATES
from energy_runner.report.audit import choose
from tests.support.audit_rows import one_of_each, row


def test_rounds_are_in_the_order_of_people_and_what_is_not_told_comes_last() -> None:
    rows = [row(round=name) for name in ("v1.10", "", "v1.9", "v0.5")]
    assert [one.round for one in choose.ordered(rows)] == ["v0.5", "v1.9", "v1.10", ""]


def test_within_a_round_by_submitter_and_system_whatever_the_case() -> None:
    names = [("acme", "b"), ("Bosch", "a"), ("Acme", "C"), ("ACME", "a")]
    rows = [row(submitter=submitter, system=system, session="s") for submitter, system in names]
    assert [one.system for one in choose.ordered(rows)] == ["a", "b", "C", "a"]


def test_submitters_are_found_without_regard_to_case() -> None:
    assert {one.submitter for one in choose.of_submitters(one_of_each(), ["ACME"])} == {"Acme"}
    assert len(choose.of_submitters(one_of_each(), [])) == len(one_of_each())


def test_an_unknown_submitter_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(ConfigurationError, match=r"submitter=Nobody.*There are: Acme, hls4ml-finn, STMicro"):
        choose.of_submitters(one_of_each(), ["Nobody"])


@pytest.mark.parametrize("word", ["does-not-reproduce", "does not reproduce", " Does_Not_Reproduce"])
def test_a_state_may_be_written_as_people_write_it(word: str) -> None:
    assert choose.states_of([word]) == ["does-not-reproduce"]


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"only=valid: is no state. Try one of: does-not-reproduce, "):
        choose.states_of(["valid"])


def test_counts_in_a_sentence() -> None:
    counts = choose.counts(one_of_each())
    assert list(counts) == list(STATES)
    assert choose.in_a_sentence(counts) == (
        "6 sessions: 2 hold, 1 does not reproduce, 1 breaks a rule, 1 is doubtful, 1 cannot be judged"
    )
    assert choose.in_a_sentence(choose.counts([])) == "0 sessions"
    assert choose.in_a_sentence(choose.counts([row()])) == "1 session: 1 holds"


def test_figures_of_some_sessions_are_not_told_as_those_of_all() -> None:
    """`--only holds` printed "1 holds, 7 do not reproduce; 47 of 47 published figures are reproduced"."""
    rows = [row(figures=10, figures_reproduced=10), row(figures=10, figures_reproduced=3, state="doubtful")]
    counts = choose.counts(rows)
    assert choose.reproduced(rows, counts).startswith("13 of 20 published figures")
    assert choose.reproduced(rows[:1], counts).startswith("of those shown, 10 of 10 published figures")
