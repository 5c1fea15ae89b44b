# SPDX-License-Identifier: Apache-2.0
"""A rule set of your own: a TOML file, complete in itself or based on one that comes with energy-runner.

    based_on = "lab"
    [rules]
    spread = { limit = 0.01, binding = "always" }

A rule whose limit, binding, benchmarks or runners are changed loses the clause of the base set, which never
demanded that: the file gives another clause, or the clause says what this set changed (`own_clauses`).
"""

import hashlib
import re
from pathlib import Path

from pydantic import ValidationError

from energy_runner.errors import ConfigurationError, in_words
from energy_runner.rules.own_clauses import changes
from energy_runner.rules.registry import all_rules, broken_rules
from energy_runner.rules.rounds import known_sets
from energy_runner.rules.rule import Rule
from energy_runner.rules.rule_sets import DEFAULT, AuditRow, BenchmarkRow, Row, RuleSet, built_in_sets
from energy_runner.rules.set_file import RowChange, SetFile, WrongError, unknown, wrong_key
from energy_runner.rules.toml_lines import line_of
from energy_runner.text_file import TextError, decoded
from energy_runner.toml_text import BoundsError, TomlSyntaxError, read_toml

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def read_rule_set(path: Path) -> RuleSet:
    """Return the rule set in the file `path`; raise `ConfigurationError` in one line that names line and key."""
    try:
        data = path.read_bytes()
        text = decoded(data)
    except (OSError, TextError) as error:
        raise ConfigurationError(f"{path}: cannot be read as text ({in_words(error)})") from error
    try:
        return _built(path, SetFile.model_validate(read_toml(text)), hashlib.sha256(data).hexdigest())
    except TomlSyntaxError as error:
        raise ConfigurationError(f"{error.of(str(path))}. {_EXAMPLE}") from error
    except BoundsError as error:
        wrong = WrongError(error.place, str(error))
    except ValidationError as error:
        wrong = wrong_key(
            sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")[0]
        )
    except WrongError as error:
        wrong = error
    line = line_of(text, wrong.place)
    where = f"{path}, line {line}" if line is not None else f"{path}"
    raise ConfigurationError(f"{where}: {wrong}")


_EXAMPLE = "Try: compare it with docs/reference/rules.md"


def _built(path: Path, file: SetFile, sha256: str) -> RuleSet:
    base = _base(file)
    set_id = file.id if file.id is not None else path.stem
    if _ID.fullmatch(set_id) is None:
        where = ("id",) if file.id is not None else ()
        raise WrongError(where, f"id = {set_id!r}: must be letters, digits, dots and hyphens, 60 at most")
    _check_names(set_id, file)
    rules = dict(base.rules) if base else {}
    known = all_rules() if file.rules else {}
    for rule_id, change in file.rules.items():
        if rule_id not in known:
            why = broken_rules().get(rule_id)
            raise WrongError(("rules", rule_id), why or unknown("rule", rule_id, known))
        rules[rule_id] = _row(set_id, known[rule_id], rules.get(rule_id), change)
    if not rules:
        raise WrongError(
            (), f"asks for no rule. Try: based_on = 'lab', or [rules] with some of {', '.join(all_rules())}"
        )
    own = RuleSet(
        id=set_id,
        title=file.title or "a rule set of your own",
        based_on=file.based_on,
        sha256=sha256,
        sources=tuple(file.sources) if file.sources is not None else base.sources if base else (),
        runners=tuple(file.runners) if file.runners is not None else base.runners if base else (),
        benchmarks=_benchmarks(base, file),
        rules=rules,
        audit=_audit(base, file),
    )
    return own if base is None else _with_own_clauses(own, base, file)


def _check_names(set_id: str, file: SetFile) -> None:
    """Refuse an id or a title under which a set would pass for one of ours, in upper or lower case."""
    for known in known_sets().values():
        if set_id.casefold() == known.id.casefold():
            raise WrongError(
                ("id",), f"id = {set_id!r}: is the id of a built-in rule set. Try: id = 'my-{known.id}'"
            )
        if file.title.strip().casefold() == known.title.casefold():
            raise WrongError(
                ("title",), f"title = {file.title!r}: is the title of the built-in rule set {known.id}"
            )


def _with_own_clauses(own: RuleSet, base: RuleSet, file: SetFile) -> RuleSet:
    """Return the set with a clause of its own for every rule that it changes."""
    rules = dict(own.rules)
    for rule_id, words in changes(own, base).items():
        given = file.rules[rule_id].clause if rule_id in file.rules else None
        official = base.rules[rule_id].clause
        if given in {None, official}:
            clause = f"{own.id}: {'; '.join(words)} ({official})"
            rules[rule_id] = rules[rule_id].model_copy(update={"clause": clause})
    return own.model_copy(update={"rules": rules})


def _base(file: SetFile) -> RuleSet | None:
    if file.based_on is None:
        return None
    known = known_sets()
    if file.based_on not in known:
        raise WrongError(("based_on",), unknown("rule set", file.based_on, built_in_sets()))
    return known[file.based_on]


def _row(set_id: str, rule: Rule, base: Row | None, change: RowChange) -> Row:
    """Return the row of a rule; raise `WrongError` for what is missing or does not fit it."""
    place = ("rules", rule.id)
    binding = change.binding or (base.binding if base else None)
    if binding is None:
        raise WrongError(place, f"rules.{rule.id}: binding is missing: 'always', 'if known' or 'never'")
    limit = change.limit if change.limit is not None else base.limit if base else None
    if rule.has_limit and limit is None:
        raise WrongError(place, f"rules.{rule.id}: limit is missing: {rule.title}")
    if change.limit is not None and not rule.has_limit:
        raise WrongError((*place, "limit"), f"rules.{rule.id}.limit: this rule has no limit: {rule.title}")
    if change.remark_above is not None and not rule.remarks:
        raise WrongError((*place, "remark_above"), f"rules.{rule.id}.remark_above: this rule makes no remark")
    if change.remark_above is not None and limit is not None and change.remark_above >= limit:
        problem = f"rules.{rule.id}.remark_above = {change.remark_above:g}: must be below the limit, {limit:g}"
        raise WrongError((*place, "remark_above"), problem)
    inherited = base.remark_above if base and base.remark_above is not None else None
    if inherited is not None and limit is not None and inherited >= limit:
        inherited = None  # the new limit is as tight as the remark was
    return Row(
        binding=binding,
        clause=change.clause or _clause(set_id, rule, base),
        limit=limit,
        remark_above=change.remark_above if change.remark_above is not None else inherited,
    )


def _clause(set_id: str, rule: Rule, base: Row | None) -> str:
    """Return the clause of a rule where the file gives none."""
    return base.clause if base is not None else rule.clause or f"{set_id}: demanded by this rule set"


def _benchmarks(base: RuleSet | None, file: SetFile) -> dict[str, BenchmarkRow]:
    rows = dict(base.benchmarks) if base else {}
    for name, change in file.benchmarks.items():
        place = ("benchmarks", name)
        given = {key: value for key, value in change.model_dump().items() if value is not None}
        if name not in rows and change.target is None:
            raise WrongError(place, f"benchmarks.{name}: target is missing")
        rows[name] = BenchmarkRow.model_validate((rows[name].model_dump() if name in rows else {}) | given)
    for name, row in rows.items():
        if row.needs is not None and row.needs not in rows:
            problem = unknown("benchmark", row.needs, rows)
            raise WrongError(("benchmarks", name, "needs"), f"benchmarks.{name}.needs: {problem}")
    return rows


def _audit(base: RuleSet | None, file: SetFile) -> dict[str, AuditRow]:
    rows, known = dict(base.audit) if base else {}, built_in_sets()[DEFAULT].audit
    for name, row in file.audit.items():
        if name not in known:
            raise WrongError(("audit", name), unknown("limit of an audit", name, known))
        rows[name] = AuditRow(limit=row.limit, clause=row.clause)
    return rows
