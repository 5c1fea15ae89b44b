# SPDX-License-Identifier: Apache-2.0
"""Judge whether a session counts: one function for each rule, from the session's facts to a verdict."""

from energy_runner.rules.base import ALL, ENERGY, TIMED, Case, Judgement, not_known
from energy_runner.rules.judge import check, default_for, derived, evaluate
from energy_runner.rules.load import load_rule_set
from energy_runner.rules.rule import Rule
from energy_runner.rules.rule_sets import DEFAULT, Row, RuleSet, list_rule_sets

__all__ = [
    "ALL",
    "DEFAULT",
    "ENERGY",
    "TIMED",
    "Case",
    "Judgement",
    "Row",
    "Rule",
    "RuleSet",
    "check",
    "default_for",
    "derived",
    "evaluate",
    "list_rule_sets",
    "load_rule_set",
    "not_known",
]
