"""Whether it counts: one function for each rule, from the facts of a session to a verdict."""

from energy_runner.rules.judge import check, evaluate
from energy_runner.rules.rule_sets import DEFAULT, list_rule_sets, load_rule_set

__all__ = ["DEFAULT", "check", "evaluate", "list_rule_sets", "load_rule_set"]
