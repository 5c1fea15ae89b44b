# SPDX-License-Identifier: Apache-2.0
"""Audit published sessions: each is read, reproduced, measured by our own analysis, compared, and reported.

Each stage takes the output of the one before it and calls nothing back. One bad session never stops the audit:
whatever it holds becomes findings in its own row.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.published.compare import AuditLimits
from energy_runner.published.contents import load
from energy_runner.published.discover import Found, find_all
from energy_runner.published.examine import examine
from energy_runner.published.read import read
from energy_runner.published.report import Row, report, report_failure
from energy_runner.rules import DEFAULT, RuleSet, load_rule_set

__all__ = ["Row", "audit", "audit_one", "find_all", "rows_of"]


def audit(paths: Sequence[Path], stimuli: Path | None = None, rule_set: str | Path = DEFAULT) -> list[Row]:
    """Return a row for each session in and below the folders `paths`, in order.

    `stimuli` is a folder with label files, for accuracy sessions whose file names do not give the class.
    `rule_set` is the name or the file of the rule set that judges. Raises `SessionError` for a path that does not
    exist or holds no session, `ConfigurationError` for an unknown rule set.
    """
    return list(rows_of(find_all(paths), stimuli, load_rule_set(rule_set)))


def rows_of(found: Sequence[Found], stimuli: Path | None, rules: RuleSet) -> Iterator[Row]:
    """Return the rows of `found` one by one and in order; one session at a time is in memory.

    Raises `ConfigurationError` if `stimuli` is not a folder, or if the rule set lacks a limit that an audit needs.
    """
    limits = AuditLimits.of(rules)
    if stimuli is not None and not stimuli.is_dir():
        raise ConfigurationError(
            f"{stimuli}: no such folder. Try ", Argument("stimuli"), " with the folder of the label files"
        )
    return (audit_one(one, stimuli, limits) for one in found)


def audit_one(found: Found, stimuli: Path | None, limits: AuditLimits) -> Row:
    """Return the row of one session, whatever it holds."""
    try:
        session = read(load(found), stimuli)
        comparison = examine(session, found.name, limits)
    except Exception as error:  # whatever a hostile session provokes, the audit continues
        return report_failure(error, found, limits.rules.id)
    return report(comparison, found.name, str(found.root), limits.rules.id)
