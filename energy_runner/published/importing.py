# SPDX-License-Identifier: Apache-2.0
"""Import a published session: the same facts in our form, and then the same path as for any session."""

from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.published.across import compared, traits_of
from energy_runner.published.audit import limits_for
from energy_runner.published.comparison import COMPARISON, SCHEMA
from energy_runner.published.contents import load
from energy_runner.published.conversion.convert import convert
from energy_runner.published.discover import find_one
from energy_runner.published.examine import examine
from energy_runner.published.model import PublishedSession
from energy_runner.published.place import place_of
from energy_runner.published.read import read
from energy_runner.published.report import report
from energy_runner.published.row import AuditRow
from energy_runner.published.words import findings_of
from energy_runner.session.folder import Session, write_json
from energy_runner.session.whole import write_session


def import_session(path: Path, out: Path, stimuli: Path | None = None) -> Session:
    """Write the published session at `path` as one of ours into `out`, and open it.

    `path` is a session's folder or one of its files; `out` must be empty or absent, and is left as it was if
    the import fails. `stimuli` is a folder with label files, for classes that file names do not give. Raises
    `SessionError` in one line for what cannot be imported, `ConfigurationError` for a bad `out`.
    """
    return _written(read(load(find_one(path)), stimuli), out)


def import_and_compare(path: Path, out: Path, stimuli: Path | None = None) -> tuple[Session, AuditRow]:
    """Import the session at `path` into `out`, and compare what was published with what its data give.

    The comparison is written into the session's folder as `published.json`, field by field. The parameters and
    errors are those of `import_session`.
    """
    found = find_one(path)
    session = read(load(found), stimuli)
    limits = limits_for(found.folder)
    imported = _written(session, out)
    origin = imported.record.origin
    comparison = examine(session, origin.session if origin else found.name, limits)
    name, place = origin.session if origin else found.name, place_of(found.folder)
    row = report(comparison, list(findings_of(comparison)), name, str(path), place)
    (row,) = compared([row], [traits_of(comparison, found)])
    mine = {(figure.field, figure.window): figure.text for figure in comparison.reproduction}
    figures = [
        {"field": f.field, "window": f.window, "published": f.text, "reproduced": mine.get((f.field, f.window))}
        for f in session.figures
    ]
    write_json(imported.path / COMPARISON, {"schema": SCHEMA, **row.document(), "figures_compared": figures})
    return imported, row


def _written(session: PublishedSession, out: Path) -> Session:
    if not session.commands and session.recording is None:
        raise SessionError(f"{session.folder}: nothing of the run itself can be read, only what was published")
    (facts,) = convert([session], out.name, path=_path_there(session.folder), with_hashes=True)
    return write_session(facts, out)


def _path_there(folder: Path) -> str:
    """Return a session's path in the repository of its round, such as `v0.7/closed/...`."""
    parts = folder.resolve().parts
    for division in ("closed", "open", "network"):
        if division in parts:
            return "/".join(parts[parts.index(division) - 1 :]).lstrip("/")
    return "/".join(parts[-3:]).lstrip("/")
