# SPDX-License-Identifier: Apache-2.0
"""The first lines of a report: texts are joined into sentences that read as one."""

import re

import pytest

from energy_runner.report.headline import ENDS, found, how_it_ended
from energy_runner.session.result import Verdict

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
