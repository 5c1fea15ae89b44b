# SPDX-License-Identifier: Apache-2.0
"""What a rule may look at, and what it finds."""

from dataclasses import dataclass
from functools import cached_property

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.uncertainty.combine import canonical
from energy_runner.rules.rule_sets import BenchmarkRow, RuleSet
from energy_runner.session.events import Event
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result

Value = str | float | int | None
NOT_KNOWN = "not known"
METRIC_UNITS = {"top1": "%", "auc": "1"}
ENERGY = frozenset({"energy"})
TIMED = frozenset({"energy", "performance"})
ACCURACY = frozenset({"accuracy"})
ALL = frozenset({"energy", "performance", "accuracy"})
SMALL = 1e-4  # a share below it is written in parts per million
WITHIN = 2.0  # standard uncertainties by which a value may seem to lie beyond a limit; about 95 % of a normal one


@dataclass(frozen=True)
class Case:
    """What a rule may look at: one session, the rule set, and what the user gave with them.

    `accuracy` and `performance` are runs of the same DUT in the other modes; `beside` are the benchmarks that
    are submitted together with this one. Each is None where nothing was given. Of a DUT with several rails,
    `rails` holds a case for each, whose `rail` names it; the result is that of their sum.
    """

    session: Session
    result: Result
    rules: RuleSet
    accuracy: "Case | None" = None
    performance: "Case | None" = None
    beside: frozenset[str] | None = None
    rail: str | None = None
    rails: "tuple[Case, ...]" = ()

    @classmethod
    def of(cls, session: Session, rules: RuleSet) -> "Case":
        """Return the case of one session alone, its figures derived from its facts."""
        result = analyze(session)
        names = [rail.name for rail in result.rails]
        each = tuple(cls(session, analyze(session, name), rules, rail=name) for name in names)
        return cls(session, result, rules, rails=each)

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

    @property
    def traced(self) -> bool:
        """Return whether the session is an imported trace: of the run around it nothing is known."""
        origin = self.record.origin
        return origin is not None and bool(origin.format)

    @cached_property
    def facts(self) -> Facts:
        """Return the session's events, sorted by kind."""
        return gather(self.session.journal(exchanges=False), self.rail)

    def events_of[E: Event](self, kind: type[E]) -> list[E]:
        """Return the session's events of one kind, in order; of several rails, those of this one."""
        found = self.session.journal(exchanges=False).of(kind)
        return [event for event in found if getattr(event, "rail", "") in ("", self.facts.rail)]


@dataclass(frozen=True)
class Judgement:
    """What a rule found: `measured` against `limit`, both as a person reads them.

    A rule about a number states it as data too: `value` with its standard uncertainty `u`, and the allowed range
    from `low` to `high` (None: no limit on that side), in `unit` or else in the unit of the rule. Best made by
    `number`, which compares them: no rule passes whose value is not `within` its limits.
    `known` is False where the session lacks the facts to judge by; `note` then says which, and the rule has not
    passed.
    """

    passed: bool
    measured: Value
    limit: Value
    note: str = ""
    known: bool = True
    value: float | None = None
    u: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None


def within(value: float, low: float | None, high: float | None, u: float | None = None) -> bool:
    """Return whether a value lies from `low` to `high`, both widened by `WITHIN` of its standard uncertainties."""
    slack = WITHIN * (u or 0.0)
    return (low is None or value >= low - slack) and (high is None or value <= high + slack)


def bound(limit: float | None) -> float | None:
    """Return a limit without the last bits of its arithmetic: 1.764 and not 1.7640000000000002."""
    return None if limit is None else canonical(limit)


def number(
    value: float,
    measured: Value,
    limit: Value,
    note: str = "",
    *,
    u: float | None = None,
    low: float | None = None,
    high: float | None = None,
    unit: str | None = None,
) -> Judgement:
    """Return the judgement of a rule about a number: passed if it is within the limits as they are stated."""
    low, high = bound(low), bound(high)
    passed = within(value, low, high, u)
    return Judgement(passed, measured, limit, note, value=value, u=u, low=low, high=high, unit=unit)


def not_known(limit: Value, note: str, *, low: float | None = None, high: float | None = None) -> Judgement:
    """Return the judgement of a rule that has nothing to judge by; `low` and `high` as in `Judgement`."""
    return Judgement(False, NOT_KNOWN, limit, note, known=False, low=low, high=high)


def shown(text: object, longest: int = 80) -> str:
    """Return text from a session, shortened for a verdict."""
    words = " ".join(str(text).split())
    return words if len(words) <= longest else words[: longest - 3] + "..."


def percent(share: float) -> str:
    """Return a share as percent, 0.005 as 0.5 %, or in parts per million where percent would need an exponent."""
    return f"{share * 1e6:.3g} ppm" if 0 < abs(share) < SMALL else f"{share * 100:.3g} %"
