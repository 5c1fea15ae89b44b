# SPDX-License-Identifier: Apache-2.0
"""The rule sets of the suite's rounds and divisions, for audits of what was published in them.

Each is a file in `definitions/rounds/` that says what differs from a complete set. They are known by name wherever
a rule set is asked for, but not listed among those that a new run is planned by.
"""

import tomllib
from functools import cache
from importlib import resources

from energy_runner.rules.rule_sets import DEFAULT, RuleSet, built_in_sets
from energy_runner.rules.set_file import SetFile

OPEN = "open"


@cache
def round_sets() -> dict[str, RuleSet]:
    """Return the rule sets of the rounds that have no complete set of their own, by id."""
    folder = resources.files("energy_runner.rules").joinpath("definitions", "rounds")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda file: file.name)
    loaded = [_built(SetFile.model_validate(tomllib.loads(f.read_text(encoding="utf-8")))) for f in files]
    return {rule_set.id: rule_set for rule_set in loaded}


def known_sets() -> dict[str, RuleSet]:
    """Return all rule sets that come with energy-runner, those of rounds last, by id."""
    return built_in_sets() | round_sets()


def set_of_round(number: str, division: str) -> RuleSet:
    """Return the rule set of a round such as `1.2` and of a division.

    For a round that is not known it is that of the default's, which is the newest one.
    """
    known = known_sets()
    closed = f"mlperf-tiny-{number}" if f"mlperf-tiny-{number}" in known else DEFAULT
    return known[f"{closed}-{OPEN}" if division.lower() == OPEN else closed]


def _built(file: SetFile) -> RuleSet:
    base = built_in_sets()[file.based_on or DEFAULT]
    rules = dict(base.rules)
    for rule_id, change in file.rules.items():
        rules[rule_id] = rules[rule_id].model_copy(update=change.model_dump(exclude_none=True))
    benchmarks = dict(base.benchmarks)
    for name, row in file.benchmarks.items():
        given = {**benchmarks[name].model_dump(), **row.model_dump(exclude_none=True)}
        benchmarks[name] = type(benchmarks[name]).model_validate(given)
    changed = {
        "id": file.id,
        "title": file.title,
        "based_on": base.id,
        "sources": file.sources if file.sources is not None else base.sources,
        "runners": file.runners if file.runners is not None else base.runners,
        "rules": rules,
        "benchmarks": benchmarks,
        "audit": base.audit,
    }
    return RuleSet.model_validate(changed)
