# SPDX-License-Identifier: Apache-2.0
"""Rule sets: which rules are asked, with which limits, by which clause, and which of them decide.

Each set is one TOML file in `definitions/`, complete in itself: a published version never changes
with a later one. What a rule does is Python (`energy_runner.rules.table`); what it demands is here.
"""

import hashlib
import json
import tomllib
from functools import cache, cached_property
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from energy_runner.errors import ConfigurationError

DEFAULT = "mlperf-tiny-1.4"
DEMO = "lab"  # for the demo benchmarks of this project, which are not of the suite
Binding = Literal["always", "if known", "never"]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Row(_Definition):
    """One rule as a set asks it.

    `binding`: a failed rule makes a run invalid "always", only "if known" (not where the session lacks the facts
    to judge by), or "never": then it informs. `remark_above` is where a rule that still passes begins to say so.
    """

    binding: Binding
    clause: str = Field(min_length=1)
    limit: int | float | None = None
    remark_above: float | None = None

    @property
    def number(self) -> int | float:
        """Return the limit of a rule that has one; raises `ConfigurationError` if the set gives none."""
        if self.limit is None:
            raise ConfigurationError(f"the rule set gives no limit for the rule with the clause '{self.clause}'")
        return self.limit

    def binds(self, *, known: bool) -> bool:
        """Return whether the rule decides, where its facts are `known` or not."""
        return self.binding == "always" or (known and self.binding == "if known")


class BenchmarkRow(_Definition):
    """One benchmark of a suite.

    `target` is in the metric's own unit. `stimuli` are the lengths of the label files that are accepted, and
    `first` the first five files of each. `needs` is the benchmark that must be submitted with this one.
    """

    target: float
    stimuli: tuple[int, ...] = ()
    first: tuple[tuple[str, ...], ...] = ()
    needs: str | None = None


class AuditRow(_Definition):
    """A limit that an audit of published sessions holds them to, beside the rules."""

    limit: float
    clause: str = Field(min_length=1)


class RuleSet(_Definition):
    """A whole set. `runners` are the programs whose results are accepted; empty for any.

    A set of your own may be `based_on` a built-in one. `sha256` is that of its file; None for a built-in set.
    """

    id: str
    title: str
    based_on: str | None = None
    sha256: str | None = None
    sources: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    benchmarks: dict[str, BenchmarkRow] = Field(default_factory=dict)
    rules: dict[str, Row]
    audit: dict[str, AuditRow] = Field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the whole set, with what it is based on, as compact JSON with sorted keys."""
        plain = self.model_dump(mode="json", exclude={"sha256"})
        return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def limit(self, rule_id: str) -> int | float:
        """Return the limit of a rule, for other parts of the program that apply it.

        Raises `ConfigurationError` if this set does not ask the rule.
        """
        row = self.rules.get(rule_id)
        if row is None or row.limit is None:
            raise ConfigurationError(f"rule set {self.id} gives no limit for {rule_id!r}, which is needed here")
        return row.limit

    def audit_limit(self, name: str) -> float:
        """Return one of the limits of an audit; raises `ConfigurationError` if this set does not have it."""
        if name not in self.audit:
            raise ConfigurationError(
                f"rule set {self.id} has no {name!r} in [audit], which an audit needs. Try: based_on = '{DEFAULT}'"
            )
        return self.audit[name].limit

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "RuleSet":
        needed = {row.needs for row in self.benchmarks.values() if row.needs is not None}
        if not needed <= self.benchmarks.keys():
            raise ValueError(f"{self.id}: needs benchmarks that it does not have")
        return self


@cache
def built_in_sets() -> dict[str, RuleSet]:
    """Return the rule sets that come with energy-runner, by id."""
    folder = resources.files("energy_runner.rules").joinpath("definitions")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda file: file.name)
    loaded = [RuleSet.model_validate(tomllib.loads(f.read_text(encoding="utf-8"))) for f in files]
    return {rule_set.id: rule_set for rule_set in loaded}


def list_rule_sets() -> list[RuleSet]:
    """Return the rule sets that come with energy-runner, by id."""
    return list(built_in_sets().values())
