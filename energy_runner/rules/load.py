# SPDX-License-Identifier: Apache-2.0
"""Load a rule set by its name, or from a file of your own."""

import difflib
from pathlib import Path

from energy_runner.errors import ConfigurationError
from energy_runner.rules.own_set import read_rule_set
from energy_runner.rules.rounds import round_sets
from energy_runner.rules.rule_sets import RuleSet, built_in_sets


def load_rule_set(name_or_file: str | Path) -> RuleSet:
    """Return the rule set of that name, built in or of a round, or the one in that TOML file.

    Raises `ConfigurationError` for an unknown name, with the nearest and all known ones, and for a file with a
    mistake.
    """
    name, known = str(name_or_file), built_in_sets()
    if name in known:
        return known[name]
    if name in round_sets():
        return round_sets()[name]
    path = Path(name)
    if path.is_file():
        return read_rule_set(path)
    listed = ", ".join(known)
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise ConfigurationError(f"{name}: no such rule set file (built in: {listed})")
    near = difflib.get_close_matches(name.lower(), [*known, *round_sets()], n=1, cutoff=0.4)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigurationError(f"unknown rule set {name!r}{hint} (known: {listed}; or a file such as my-lab.toml)")
