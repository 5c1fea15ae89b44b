# SPDX-License-Identifier: Apache-2.0
"""Judge a session by a rule set: verdicts alone, or the whole result."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from energy_runner.benchmarks.catalogue import is_demo
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.rules.base import Case
from energy_runner.rules.load import load_rule_set
from energy_runner.rules.registry import rules_called
from energy_runner.rules.rule import Rule
from energy_runner.rules.rule_sets import DEFAULT, DEMO, Row, RuleSet
from energy_runner.session.folder import Session, with_digest
from energy_runner.session.result import Judged, JudgedSession, Result, Verdict
from energy_runner.version import version


def default_for(session: Session) -> str:
    """Return the id of the rule set that judges a session by default.

    It is that of the suite; a demo benchmark of this project is not of the suite and is judged as in a laboratory.
    """
    return DEMO if is_demo(session.record.benchmark.id) else DEFAULT


def chosen_set(session: Session, rule_set: str | Path | RuleSet | None) -> RuleSet:
    """Return the rule set to judge a session by: the one asked for, or else that of `default_for`."""
    if isinstance(rule_set, RuleSet):
        return rule_set
    return load_rule_set(default_for(session) if rule_set is None else rule_set)


def check(
    session: Session,
    ids: Sequence[str] | None = None,
    accuracy_session: Session | None = None,
    performance_session: Session | None = None,
    rule_set: str | Path | RuleSet | None = None,
    *,
    beside: Iterable[str] | None = None,
) -> list[Verdict]:
    """Return the verdicts of the rules called `ids` (all of the set for None) that concern `session`.

    `accuracy_session` and `performance_session` are runs of the same DUT in those modes, for the rules that
    compare; `beside` are the benchmarks that are submitted together with this one. `rule_set` is a name, a file or
    a loaded set; the default is that of `default_for`. Raises `ConfigurationError` for an unknown rule
    set or rule, `SessionError` for an unreadable session.
    """
    rules = chosen_set(session, rule_set)
    asked = _chosen(rules, ids)
    return _verdicts(_case(session, rules, accuracy_session, performance_session, beside), asked)


def derived(session: Session, rule_set: RuleSet) -> Result:
    """Return figures, findings and verdicts of `session` alone, for a result that is looked at and not kept.

    It lacks the digest and the names of what took part, which take longer than the rules. Raises the errors of
    `evaluate`.
    """
    case = _case(session, rule_set, None, None, None)
    return case.result.with_verdicts(_verdicts(case, list(rule_set.rules)), rule_set=rule_set.id)


def evaluate(
    session: Session,
    accuracy_session: Session | None = None,
    performance_session: Session | None = None,
    rule_set: str | Path | RuleSet | None = None,
    *,
    beside: Iterable[str] | None = None,
) -> Result:
    """Return the whole result of `session`, as `result.json` holds it: figures, findings and verdicts.

    The parameters are those of `check`. Raises `ConfigurationError` for an unknown rule set, `SessionError` for a
    session that cannot be read or contradicts itself.
    """
    rules = chosen_set(session, rule_set)
    case = _case(session, rules, accuracy_session, performance_session, beside)
    verdicts = _verdicts(case, list(rules.rules))
    judged_by = Judged(
        facts_sha256=_facts(session),
        rule_set=rules.id,
        rule_set_sha256=rules.digest,
        accuracy_session=_took_part(accuracy_session),
        performance_session=_took_part(performance_session),
        software=f"energy-runner {version()}",
    )
    judged = case.result.with_verdicts(
        verdicts, rule_set=rules.id, rule_set_sha256=rules.sha256, judged_by=judged_by
    )
    return with_digest(judged)


def _facts(session: Session) -> str | None:
    return session.record.seal.sha256 if session.record.seal is not None else None


def _took_part(session: Session | None) -> JudgedSession | None:
    if session is None:
        return None
    return JudgedSession(session_id=session.record.session_id, facts_sha256=_facts(session))


def _case(
    session: Session,
    rules: RuleSet,
    accuracy: Session | None,
    performance: Session | None,
    beside: Iterable[str] | None,
) -> Case:
    return replace(
        Case.of(session, rules),
        accuracy=_other("accuracy session", accuracy, rules),
        performance=_other("performance session", performance, rules),
        beside=frozenset(beside) if beside is not None else None,
    )


def _other(name: str, session: Session | None, rules: RuleSet) -> Case | None:
    try:
        return Case.of(session, rules) if session is not None else None
    except SessionError as error:
        raise SessionError(f"the {name}: {error}") from error


def _verdicts(case: Case, ids: Sequence[str]) -> list[Verdict]:
    rules = rules_called(ids)
    verdicts = [_of_all_rails(rule, case, case.rules.rules[rule_id]) for rule_id, rule in rules.items()]
    return [verdict for verdict in verdicts if verdict is not None]


def _of_all_rails(rule: Rule, case: Case, row: Row) -> Verdict | None:
    """Return the verdict on the sum, or that on the worst rail, named, unless all of them do as the sum does."""
    verdict = rule.verdict(case, row)
    each = [(rail.rail, own) for rail in case.rails if (own := rule.verdict(rail, row)) is not None]
    if not each:
        return verdict
    name, worst = min(each, key=lambda one: _rank(one[1]))
    ranks = {_rank(one) for one in (verdict, *(own for _, own in each)) if one is not None}
    if len(ranks) == 1 and verdict is not None:
        return verdict
    said = f"rail {name}: "
    return worst.model_copy(update={"note": said + worst.note, "text": said + worst.text})


def _rank(verdict: Verdict) -> int:
    """Return how good a verdict is: failed, not known, passed."""
    return 2 if verdict.passed else 1 if not verdict.known else 0


def _chosen(rules: RuleSet, ids: Sequence[str] | None) -> list[str]:
    """Return `ids`, or all rules of the set for None; raises `ConfigurationError` for one that is not in it."""
    if ids is None:
        return list(rules.rules)
    for rule_id in ids:
        if rule_id not in rules.rules:
            near = difflib.get_close_matches(rule_id, rules.rules, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            known = ", ".join(rules.rules)
            raise ConfigurationError(f"unknown rule {rule_id!r} in {rules.id}{hint} (known: {known})")
    return list(ids)
