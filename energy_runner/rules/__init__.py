"""Whether it counts: one function for each rule, from the facts of a session to a verdict."""

from energy_runner.rules.judge import check, evaluate

__all__ = ["check", "evaluate"]
