# SPDX-License-Identifier: Apache-2.0
"""What a rule is: a function from the facts of a run, and a row of a rule set, to a verdict."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from energy_runner.rules.base import ALL, Case, Judgement, Value, bound, not_known, within
from energy_runner.rules.rule_sets import Row
from energy_runner.session.result import Verdict

Judge = Callable[[Case, Row], Judgement | None]


@dataclass(frozen=True)
class Rule:
    """A rule: what it demands, in which modes it is asked, and the function that judges.

    `title` states the demand in words; it may name the `{limit}` of a rule set, which then has to give one.
    `unit` is that of the number judged ("1" for shares, ratios and counts; empty for a rule about something else).
    `clause` is what demands it, for rule sets that do not say; `remarks` says that the rule heeds `remark_above`.
    `judge` returns None where the rule does not concern a run. `compares` says that it also looks at sessions that
    are given along, so that its verdict may be another one without them. `package` names the other package that
    provides it.
    """

    id: str
    title: str
    judge: Judge
    modes: frozenset[str] = ALL
    unit: str = ""
    clause: str = ""
    remarks: bool = False
    compares: bool = False
    package: str = ""

    @property
    def has_limit(self) -> bool:
        """Return whether a rule set has to give a limit."""
        return "{limit" in self.title

    def verdict(self, case: Case, row: Row) -> Verdict | None:
        """Return the rule's verdict on a case, as `row` of a rule set asks it; None where it does not apply."""
        if case.mode not in self.modes:
            return None
        try:
            judgement = self.judge(case, row)
            return None if judgement is None else self._verdict(judgement, case, row)
        except Exception as error:
            if not self.package:
                raise
            # Other packages' code may raise anything; that must neither stop the other rules nor count as passed.
            why = f"the rule of {self.package} failed ({type(error).__name__})"
            return self._verdict(not_known(row.limit, why), case, row)

    def _verdict(self, judgement: Judgement, case: Case, row: Row) -> Verdict:
        judgement = _stated(judgement)
        unit = self.unit if judgement.unit is None else judgement.unit
        number = any(one is not None for one in (judgement.value, judgement.low, judgement.high))
        return Verdict(
            id=self.id,
            passed=judgement.passed,
            binding=row.binds(known=judgement.known),
            known=judgement.known,
            measured=judgement.measured,
            limit=judgement.limit,
            clause=row.clause,
            note=judgement.note,
            value=judgement.value,
            u=judgement.u,
            unit=unit if number else "",
            low=judgement.low,
            high=judgement.high,
            text=self._sentence(judgement, row),
            rule_set=case.rules.id,
            package=self.package,
        )

    def _sentence(self, judgement: Judgement, row: Row) -> str:
        """Return the verdict in one sentence."""
        wording = self.wording(row)
        demand = wording[:1].upper() + wording[1:]
        if not judgement.known:
            return f"{demand}: not known, because {judgement.note}."
        unit = self.unit if judgement.unit is None else judgement.unit
        measured, limit = _plain(judgement.measured, unit), _plain(judgement.limit, unit)
        if measured == limit and not judgement.passed and isinstance(judgement.measured, float):
            measured = f"{judgement.measured!r} {unit}" if unit not in {"", "1"} else repr(judgement.measured)
        against = "" if judgement.limit is None or limit == measured else f", limit {limit}"
        word = "passed" if judgement.passed else "failed" if row.binding != "never" else "not met (informs only)"
        notes = "; ".join(filter(None, (judgement.note, _unrounded(judgement))))
        note = f" ({notes})" if notes else ""
        return f"{demand}: {word}; found {measured}{against}{note}."

    def wording(self, row: Row) -> str:
        """Return what the rule demands under `row`, in words."""
        return self.title.format(limit=row.limit)


def _stated(judgement: Judgement) -> Judgement:
    """Return the judgement as a verdict may state it, so that value and limits never contradict it.

    No rule passes with a value beyond its limits. A rule that fails for another reason, with a value inside of
    them, states no value: that is not what failed.
    """
    low, high = bound(judgement.low), bound(judgement.high)
    value = judgement.value if judgement.known else None
    inside = value is None or within(value, low, high, judgement.u)
    passed = judgement.passed and judgement.known and inside
    limited = low is not None or high is not None
    value = None if limited and inside and not passed else value
    u = judgement.u if value is not None else None
    return replace(judgement, passed=passed, value=value, u=u, low=low, high=high)


def _unrounded(judgement: Judgement) -> str:
    """Return the digits by which a value missed its limit, where three do not show it; empty otherwise."""
    value, low, high = judgement.value, judgement.low, judgement.high
    if judgement.passed or value is None or judgement.u is not None or not isinstance(judgement.measured, str):
        return ""
    missed = low if low is not None and value < low else high
    return (
        f"unrounded {value!r} against {missed!r}"
        if missed is not None and f"{value:.3g}" == f"{missed:.3g}"
        else ""
    )


def _plain(value: Value, unit: str) -> str:
    """Return what was found, or its limit, as a person reads it; text has its unit already."""
    if isinstance(value, str) or value is None:
        return str(value)
    return f"{value:.6g} {unit}" if unit not in {"", "1"} else f"{value:.6g}"
