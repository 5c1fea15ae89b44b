# SPDX-License-Identifier: Apache-2.0
"""Audit published sessions: each is read, reproduced, measured by our own analysis, compared, and reported.

Each stage takes the output of the one before it and calls nothing back. One bad session never stops the audit:
whatever it holds becomes findings in its own row. What only several sessions together show comes last.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.published.across import Traits, compared, traits_of
from energy_runner.published.compare import AuditLimits
from energy_runner.published.contents import load
from energy_runner.published.discover import Found, find_all
from energy_runner.published.examine import examine
from energy_runner.published.place import place_of
from energy_runner.published.pool import in_two_processes
from energy_runner.published.read import read
from energy_runner.published.report import report, report_failure
from energy_runner.published.row import AuditRow
from energy_runner.published.words import findings_of
from energy_runner.rules import RuleSet, load_rule_set
from energy_runner.rules.rounds import set_of_round

__all__ = ["AuditRow", "audit", "audit_one", "find_all", "limits_for", "rows_of"]


def _no_progress(done: int, total: int) -> None:
    """Say nothing."""


def audit(
    paths: Sequence[Path], stimuli: Path | None = None, rule_set: str | Path | None = None
) -> list[AuditRow]:
    """Return a row for each session in and below the folders `paths`, in order.

    `stimuli` is a folder with label files, for accuracy sessions whose file names do not give the class.
    `rule_set` is the name or the file of the rule set that judges, by default that of each session's own round and
    division. Raises `SessionError` for a path that does not exist or holds no session, `ConfigurationError` for an
    unknown rule set.
    """
    rules = None if rule_set is None else load_rule_set(rule_set)
    return rows_of(find_all(paths), stimuli, rules)


def rows_of(
    found: Sequence[Found],
    stimuli: Path | None,
    rules: RuleSet | None,
    progress: Callable[[int, int], None] = _no_progress,
) -> list[AuditRow]:
    """Return the rows of `found` in order; a process has one session at a time in memory.

    `rules` judge all of them; None stands for those of each one's round and division. `progress` is called with
    the number of sessions done and their total. Raises `ConfigurationError` if `stimuli` is not a folder, or if
    the rule set lacks a limit that an audit needs.
    """
    limits = None if rules is None else AuditLimits.of(rules)
    if stimuli is not None and not stimuli.is_dir():
        raise ConfigurationError(
            f"{stimuli}: no such folder. Try ", Argument("stimuli"), " with the folder of the label files"
        )
    done = in_two_processes(partial(_audited, stimuli=stimuli, limits=limits), found, progress)
    return compared([row for row, _ in done], [traits for _, traits in done])


def audit_one(found: Found, stimuli: Path | None, limits: AuditLimits | None = None) -> AuditRow:
    """Return the row of one session, whatever it holds, without what only others show."""
    return _audited(found, stimuli, limits)[0]


def limits_for(folder: Path) -> AuditLimits:
    """Return the limits of the round and the division in whose tree a session lies."""
    place = place_of(folder)
    return _limits_of(place.number, place.division)


@cache
def _limits_of(number: str, division: str) -> AuditLimits:
    return AuditLimits.of(set_of_round(number, division))


def _audited(found: Found, stimuli: Path | None, limits: AuditLimits | None) -> tuple[AuditRow, Traits]:
    place = place_of(found.folder)
    applied = _limits_of(place.number, place.division) if limits is None else limits
    try:
        session = read(load(found), stimuli)
        comparison = examine(session, found.name, applied)
        said = list(findings_of(comparison))
        row = report(comparison, said, found.name, str(found.root), place)
        return row, traits_of(comparison, found)
    except Exception as error:  # whatever a hostile session provokes, the audit continues
        return report_failure(error, found, applied.rules.id), Traits()
