# SPDX-License-Identifier: Apache-2.0
"""Sessions published by other runners: import one, audit many."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from energy_runner.api.analysis import analyze
from energy_runner.published.audit import find_all, rows_of
from energy_runner.published.importing import import_and_compare
from energy_runner.published.row import AuditRow
from energy_runner.rules import load_rule_set
from energy_runner.session.folder import Session

__all__ = ["Imported", "audit", "import_session"]

AnyPath = str | PathLike[str]


class Imported(NamedTuple):
    """A session that was imported, and how its figures compare with the published ones."""

    session: Session
    row: AuditRow


def import_session(path: AnyPath, out: AnyPath, *, stimuli: AnyPath | None = None) -> Imported:
    """Import a published session of the EEMBC or the MLCommons runner into the folder `out`, with its report.

    `path` is the session's folder or one of its files, `stimuli` a folder with label files for accuracy sessions.
    Raises `SessionError` for what cannot be imported, `ConfigurationError` for an `out` that is not empty.
    """
    session, row = import_and_compare(Path(path), Path(out), _folder(stimuli))
    analyze(session, write=True)
    return Imported(session, row)


def audit(
    paths: AnyPath | Sequence[AnyPath],
    *,
    stimuli: AnyPath | None = None,
    rule_set: str | Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[AuditRow]:
    """Return a row for each published session in and below the folders `paths`: which figures can be reproduced.

    `rule_set` is the set to judge by, by default that of the round and the division in whose tree a session lies.
    `progress` is called with the number of sessions done and their total. Raises `SessionError` for a path without
    sessions; the faults of a session are in its row.
    """
    folders = [paths] if isinstance(paths, str | PathLike) else paths
    rules = None if rule_set is None else load_rule_set(rule_set)
    return rows_of(find_all([Path(path) for path in folders]), _folder(stimuli), rules, progress)


def _folder(path: AnyPath | None) -> Path | None:
    return None if path is None else Path(path)
