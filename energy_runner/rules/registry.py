# SPDX-License-Identifier: Apache-2.0
"""List the rules: ours, and those of other packages.

A package adds its own through the entry-point group `energy_runner.rules`: the entry's name is the rule's id, its
value a `Rule`. It is asked where a rule set names it. One that cannot be loaded is reported and does not affect
the others.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

from energy_runner.errors import ConfigurationError
from energy_runner.rules.base import ALL
from energy_runner.rules.rule import Rule
from energy_runner.rules.table import RULES

ENTRY_POINT_GROUP = "energy_runner.rules"
_ID = re.compile(r"[a-z][a-z0-9-]{0,59}")


def all_rules() -> dict[str, Rule]:
    """Return every rule by its id, those of other packages last; see `broken_rules` for the rest."""
    return RULES | {name: rule for name, rule in _of_other_packages().items() if isinstance(rule, Rule)}


def broken_rules() -> dict[str, str]:
    """Return the rules of other packages that cannot be loaded, by the name of their entry point, and why."""
    return {name: found for name, found in _of_other_packages().items() if isinstance(found, str)}


def rules_called(ids: Iterable[str]) -> dict[str, Rule]:
    """Return the rules with these ids; raise `ConfigurationError` for one that no package provides."""
    wanted = list(ids)
    if all(rule_id in RULES for rule_id in wanted):  # other packages are asked only where they are needed
        return {rule_id: RULES[rule_id] for rule_id in wanted}
    known = all_rules()
    for rule_id in wanted:
        if rule_id not in known:
            broken = broken_rules().get(rule_id)
            raise ConfigurationError(f"rule {rule_id!r}: {broken or 'no installed package provides it'}")
    return {rule_id: known[rule_id] for rule_id in wanted}


def _of_other_packages() -> dict[str, Rule | str]:
    """Return each rule of another package, or what is wrong with it; ours keep their ids."""
    table: dict[str, Rule | str] = {}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: (entry.name, entry.value)):
        where = f"{entry.value} of {_package(entry)}"
        if entry.name in table:
            table[entry.name] = f"{where} is the second rule of this id"
            continue
        try:
            rule = entry.load()
            fault = _fault(entry.name, rule)
        except Exception as error:  # other people's code may raise anything
            table[entry.name] = f"{where} cannot be loaded: {type(error).__name__}: {error}"
            continue
        table[entry.name] = f"{where} {fault}" if fault else replace(rule, package=_package(entry))
    return table


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"


def _fault(name: str, rule: object) -> str:
    """Return what is wrong with a rule, empty if nothing is; raises what formatting its title raises."""
    if not isinstance(rule, Rule):
        return f"is {type(rule).__name__} and not a Rule"
    if rule.id != name:
        return f"calls itself {rule.id!r}, its entry point {name!r}"
    if name in RULES:
        return "takes the id of a built-in rule"
    if _ID.fullmatch(name) is None:
        return "has an id that is not made of lower-case letters, digits and hyphens"
    if not rule.modes or not rule.modes <= ALL:
        return f"is for modes other than {', '.join(sorted(ALL))}"
    rule.title.format(limit=1.0)
    return ""
