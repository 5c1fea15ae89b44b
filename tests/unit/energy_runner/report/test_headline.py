# SPDX-License-Identifier: Apache-2.0
"""The first lines of a report: texts are joined into sentences that read as one."""

import re

import pytest

from energy_runner.report.headline import ENDS, derived, found, how_it_ended, score, score_explained
from energy_runner.report.units import THIN
from energy_runner.session.result import Derived, Result, Score, Verdict

NOTE = "the bench is virtual; no hardware was measured"


def test_a_failed_rule_and_its_note_are_one_sentence():
    verdict = Verdict(id="real", passed=False, measured="simulated", limit="hardware", clause="Real.", note=NOTE)
    assert found(verdict) == f"simulated (limit hardware); {NOTE}"


def test_a_failed_rule_without_a_note_names_its_clause():
    assert found(Verdict(id="loss", passed=False, measured=7, limit=7, clause="No loss.")) == "7; No loss."


def test_a_passed_rule_says_only_what_was_measured():
    assert found(Verdict(id="loss", passed=True, measured=0, limit=0, clause="No loss.", note="none")) == "0"


@pytest.mark.parametrize("outcome", ENDS)
def test_no_lower_case_letter_follows_a_full_stop(outcome):
    ended = how_it_ended(outcome, "the monitor is silent")
    assert ended.endswith(": the monitor is silent")
    assert not re.search(r"\. [a-z]", ended)


def test_a_run_without_a_reason_ended_in_a_sentence():
    assert how_it_ended("completed") == "The run completed."
    assert how_it_ended("another") == "another"


def test_an_internal_error_is_named_once():
    reason = "an internal error: KeyError: 'port'"
    assert how_it_ended("failed", reason) == "The run stopped because of an internal error: KeyError: 'port'"


def energy(**changes: object) -> Result:
    known = Score(median=73.16e-3, u=28e-6, U=56e-6, k=2.0, complete=True).model_copy(update=changes)
    return Result(
        benchmark="kws01", mode="energy", virtual=False, outcome="completed", energy_per_inference_j=known
    )


def test_a_complete_uncertainty_says_where_the_true_value_lies():
    result = energy()
    assert score(result) == (f"73{THIN}160{THIN}µJ", f"per inference ± 56{THIN}µJ (k{THIN}={THIN}2.00)")
    assert "The true value lies within" in score_explained(result)


@pytest.mark.parametrize(
    ("incomplete", "words"),
    [
        (["specification of the monitor unknown"], ", without: specification of the monitor"),
        (["a unknown", "b unknown", "c unknown", "d"], ", without: a; b; and 2 more"),
        ([], "; what this leaves out is not stated"),
    ],
)
def test_an_incomplete_uncertainty_says_what_it_lacks_and_nothing_of_the_true_value(incomplete, words):
    result = energy(complete=False, incomplete=incomplete)
    assert score(result)[1].endswith(f"(k{THIN}={THIN}2.00){words}")
    explained = score_explained(result)
    assert "lies within" not in explained
    assert all(what in explained for what in incomplete)
    assert "may lie outside" in explained


def test_a_throughput_is_stated_with_its_uncertainty():
    rate = Derived(value=23.0473, u=0.01, U=0.0196, k=1.96, unit="1/s")
    result = Result(benchmark="kws01", mode="performance", virtual=False, outcome="completed")
    shown = result.model_copy(update={"throughput_per_s": rate.value, "throughput": rate})
    assert score(shown) == ("23.047", "± 0.020 inferences per second")
    doubtful = rate.model_copy(update={"incomplete": ["clock of the DUT unknown"]})
    assert score(shown.model_copy(update={"throughput": doubtful}))[1].endswith(
        "second, without: clock of the DUT"
    )
    older = shown.model_copy(update={"throughput": None})
    assert score(older) == ("23.047", "inferences per second")


def test_what_follows_from_the_score_stands_below_it():
    rate = Derived(value=23.0473, u=0.01, U=0.0196, k=1.96, unit="1/s")
    product = Derived(value=3.1743e-3, u=2e-6, U=4.1e-6, k=2.0, unit="J·s")
    result = energy().model_copy(update={"throughput": rate, "energy_delay_product": product})
    assert derived(result) == [
        "23.047 ± 0.020 inferences per second",
        f"energy-delay product 3174.3 ± 4.1{THIN}µJ·s",
    ]
    assert derived(energy()) == []
