# SPDX-License-Identifier: Apache-2.0
"""Rules: judge a session, list the rule sets, show what each rule demands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from energy_runner import rules as judge
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.unreadable import named
from energy_runner.errors import Argument, ConfigurationError
from energy_runner.rules.registry import broken_rules, rules_called
from energy_runner.rules.rule_sets import Row, RuleSet
from energy_runner.session.result import Verdict

__all__ = ["RuleDemand", "RuleSet", "Verdict", "broken_rules", "check", "list_rule_sets", "rule_set_demands"]

_NEEDED = {
    "accuracy-target": ("accuracy_session",),
    "same-firmware": ("accuracy_session", "performance_session"),
    "same-answers": ("accuracy_session", "performance_session"),
    "throughput-agrees": ("performance_session",),
}


def check(
    session: AnySession,
    rules: Sequence[str] | None = None,
    *,
    rule_set: str | Path | None = None,
    accuracy_session: AnySession | None = None,
    performance_session: AnySession | None = None,
) -> list[Verdict]:
    """Return the verdicts on a session: of the rules named, or of all that apply to it.

    `rule_set` is the set to judge by (by default that of the suite, and `lab` for a demo benchmark). The other
    sessions are runs of the same firmware in those modes, for the rules that compare. Raises `ConfigurationError`
    for an unknown rule or rule set, and for a named rule that does not apply to this session.
    """
    session = load_session(session)
    accuracy = load_session(accuracy_session) if accuracy_session is not None else None
    performance = load_session(performance_session) if performance_session is not None else None
    with named(session):
        verdicts = judge.check(session, rules or None, accuracy, performance, rule_set or None)
    silent = sorted(set(rules or ()) - {verdict.id for verdict in verdicts})
    if silent:
        given = {"accuracy_session": accuracy is not None, "performance_session": performance is not None}
        wanted = [_NEEDED[rule] for rule in silent if rule in _NEEDED]
        missing = [names for names in wanted if not any(given[name] for name in names)]
        more = [part for name in missing[0] for part in (" or ", Argument(name))][1:] if missing else []
        advice = [". Try: ", *more] if more else []
        verb = "does" if len(silent) == 1 else "do"
        raise ConfigurationError(
            f"{session.path}: {', '.join(silent)} {verb} not apply to this session "
            f"in {session.record.run.mode} mode",
            *advice,
        )
    return verdicts


@dataclass(frozen=True)
class RuleDemand:
    """One rule of a set: what it demands in words, the modes in which it applies, and its row in the set.

    `unit` is that of its figure; `package` names the package that provides the rule (empty for ours).
    """

    id: str
    demand: str
    modes: tuple[str, ...]
    row: Row
    unit: str
    package: str


def list_rule_sets() -> list[RuleSet]:
    """Return all rule sets, by id."""
    return judge.list_rule_sets()


def rule_set_demands(rule_set: str | Path = judge.DEFAULT) -> tuple[RuleSet, list[RuleDemand]]:
    """Return the rule set of a name or a TOML file, and what each of its rules demands.

    Raises `ConfigurationError` for an unknown set, and for a rule that no installed package provides.
    """
    asked = judge.load_rule_set(rule_set)
    rules = rules_called(asked.rules)
    demands = [
        RuleDemand(
            name,
            rules[name].wording(row),
            tuple(sorted(rules[name].modes)),
            row,
            rules[name].unit,
            rules[name].package,
        )
        for name, row in asked.rules.items()
    ]
    return asked, demands
