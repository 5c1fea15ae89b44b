"""What a rule is: a function from the facts of a run to a judgement, with the clause it stands on."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.facts import Facts, gather
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result, Verdict


@dataclass(frozen=True)
class Case:
    """What a rule may look at: one session and, where given, an accuracy session of the same firmware."""

    session: Session
    result: Result
    accuracy: "Case | None" = None

    @classmethod
    def of(cls, session: Session, accuracy_session: Session | None = None) -> "Case":
        """Return the case of a session, its figures derived from its facts."""
        accuracy = cls.of(accuracy_session) if accuracy_session is not None else None
        return cls(session, analyze(session), accuracy)

    @property
    def record(self) -> Record:
        """Return the session's record."""
        return self.session.record

    @cached_property
    def facts(self) -> Facts:
        """Return the session's events, sorted by kind."""
        return gather(self.session.journal(exchanges=False))


@dataclass(frozen=True)
class Judgement:
    """What a rule found: `measured` against `limit`, both as a person reads them."""

    passed: bool
    measured: str | float | int | None
    limit: str | float | int | None
    note: str = ""


Judge = Callable[[Case], Judgement | None]


@dataclass(frozen=True)
class Rule:
    """A rule of a rule set.

    `judge` returns None where the rule has nothing to say about a run. A rule that is not `binding` informs
    and never makes a run invalid.
    """

    id: str
    modes: frozenset[str]
    clause: str
    judge: Judge
    binding: bool = True

    def verdict(self, case: Case) -> Verdict | None:
        """Return the rule's verdict on a case; None where it does not apply."""
        if case.record.run.mode not in self.modes:
            return None
        judgement = self.judge(case)
        if judgement is None:
            return None
        return Verdict(
            id=self.id,
            passed=judgement.passed,
            binding=self.binding,
            measured=judgement.measured,
            limit=judgement.limit,
            clause=self.clause,
            note=judgement.note,
        )


def chosen(rules: Sequence[Rule], ids: Sequence[str] | None) -> list[Rule]:
    """Return the rules called `ids`, all for None; raises `ConfigurationError` for an unknown id."""
    if ids is None:
        return list(rules)
    known = {rule.id: rule for rule in rules}
    for rule_id in ids:
        if rule_id not in known:
            near = difflib.get_close_matches(rule_id, known, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise ConfigurationError(f"unknown rule {rule_id!r}{hint} (known: {', '.join(known)})")
    return [known[rule_id] for rule_id in ids]
