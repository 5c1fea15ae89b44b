"""What a rule is: a function from the facts of a run, and a row of a rule set, to a judgement."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.facts import Facts, gather
from energy_runner.rules.rule_sets import BenchmarkRow, Row, RuleSet
from energy_runner.session.events import Event
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result, Verdict

Value = str | float | int | None
NOT_KNOWN = "not known"
ENERGY = frozenset({"energy"})
TIMED = frozenset({"energy", "performance"})
ALL = frozenset({"energy", "performance", "accuracy"})


@dataclass(frozen=True)
class Case:
    """What a rule may look at: one session, the rule set, and what the user gave beside it.

    `accuracy` and `performance` are runs of the same DUT in the other modes; `beside` are the benchmarks that
    are submitted together with this one. Each is None where nothing was given.
    """

    session: Session
    result: Result
    rules: RuleSet
    accuracy: "Case | None" = None
    performance: "Case | None" = None
    beside: frozenset[str] | None = None

    @classmethod
    def of(cls, session: Session, rules: RuleSet) -> "Case":
        """Return the case of one session alone, its figures derived from its facts."""
        return cls(session, analyze(session), rules)

    @property
    def record(self) -> Record:
        """Return the session's record."""
        return self.session.record

    @property
    def mode(self) -> str:
        """Return the mode of the run."""
        return self.record.run.mode

    @property
    def benchmark(self) -> BenchmarkRow | None:
        """Return what the rule set says about the run's benchmark; None if it does not know it."""
        return self.rules.benchmarks.get(self.record.benchmark.id)

    @cached_property
    def facts(self) -> Facts:
        """Return the session's events, sorted by kind."""
        return gather(self.session.journal(exchanges=False))

    def told[E: Event](self, kind: type[E]) -> list[E]:
        """Return the session's events of one kind, in order."""
        return list(self.session.journal(exchanges=False).of(kind))


@dataclass(frozen=True)
class Judgement:
    """What a rule found: `measured` against `limit`, both as a person reads them.

    `known` is False where the session lacks the facts to judge by; `note` then says which, and nothing has passed.
    """

    passed: bool
    measured: Value
    limit: Value
    note: str = ""
    known: bool = True


def not_known(limit: Value, why: str) -> Judgement:
    """Return the judgement of a rule that has nothing to judge by."""
    return Judgement(False, NOT_KNOWN, limit, why, known=False)


Judge = Callable[[Case, Row], Judgement | None]


@dataclass(frozen=True)
class Rule:
    """A rule: in which modes it is asked, what it demands in words, and the function that judges.

    `demand` may name the `{limit}` of a rule set. `judge` returns None where the rule does not concern a run.
    """

    id: str
    modes: frozenset[str]
    demand: str
    judge: Judge

    def verdict(self, case: Case, row: Row) -> Verdict | None:
        """Return the rule's verdict on a case, as `row` of a rule set asks it; None where it does not apply."""
        if case.mode not in self.modes:
            return None
        judgement = self.judge(case, row)
        if judgement is None:
            return None
        return Verdict(
            id=self.id,
            passed=judgement.passed and judgement.known,
            binding=row.binds(known=judgement.known),
            known=judgement.known,
            measured=judgement.measured,
            limit=judgement.limit,
            clause=row.clause,
            note=judgement.note,
        )

    def wording(self, row: Row) -> str:
        """Return what the rule demands under `row`, in words."""
        return self.demand.format(limit=row.limit)


def shown(text: object) -> str:
    """Return text from a session shortened to what a verdict has room for."""
    words = " ".join(str(text).split())
    return words if len(words) <= 80 else words[:77] + "..."


def percent(share: float) -> str:
    """Return a share as percent: 0.005 is 0.5 %."""
    return f"{share * 100:.3g} %"
