"""Audit a repository of published sessions: each is read, reproduced, measured our way and judged.

One bad session never stops the audit: whatever it holds becomes findings of its own row.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from energy_runner.errors import ConfigurationError, RunnerError, SessionError
from energy_runner.published.compare import Row, examine
from energy_runner.published.discover import Found, discover
from energy_runner.published.importing import find_one, read_published, write_imported
from energy_runner.published.siblings import compare_with_performance
from energy_runner.rules import DEFAULT, RuleSet, load_rule_set
from energy_runner.session.folder import Session, write_json

SCHEMA = "energy-runner/published/1"
COMPARISON = "published.json"


def audit(paths: Sequence[Path], stimuli: Path | None = None, rule_set: str | Path = DEFAULT) -> list[Row]:
    """Return a row for each session in and below the folders `paths`, in order.

    `stimuli` is a folder with label files, for accuracy sessions whose file names do not tell the class.
    `rule_set` is the name or the file of the rule set that judges. Raises `SessionError` for a path that does not
    exist or holds no session, `ConfigurationError` for an unknown rule set.
    """
    return list(rows_of(find_all(paths), stimuli, load_rule_set(rule_set)))


def find_all(paths: Sequence[Path]) -> list[Found]:
    """Return the sessions in and below `paths`; raises `SessionError` for a path without any."""
    found: list[Found] = []
    for path in paths:
        if not path.exists():
            raise SessionError(f"{path}: no such file or folder")
        below = discover(path) if path.is_dir() else [one for one in discover(path.parent) if _has(one, path)]
        if not below:
            raise SessionError(f"{path}: holds no session of the EEMBC or the MLCommons runner")
        found += below
    return found


def _has(found: Found, path: Path) -> bool:
    return any(path in paths for paths in found.files.values())


def rows_of(found: Sequence[Found], stimuli: Path | None, rules: RuleSet) -> Iterator[Row]:
    """Return the rows of `found`, to be had one by one and in order; one session at a time is in memory.

    Raises `ConfigurationError` if `stimuli` is no folder, or if the rule set lacks a limit that an audit needs.
    """
    for name in load_rule_set(DEFAULT).audit:
        rules.audit_limit(name)
    for rule_id in ("five-windows", "window-length", "window-inferences", "throughput-agrees"):
        rules.limit(rule_id)
    if stimuli is not None and not stimuli.is_dir():
        raise ConfigurationError(f"{stimuli}: no such folder. Try --stimuli with the folder of the label files")
    return (audit_one(one, stimuli, rules) for one in found)


def audit_one(found: Found, stimuli: Path | None, rules: RuleSet) -> Row:
    """Return the row of one session, whatever it holds."""
    row = Row(found.name, str(found.root))
    try:
        if not found.files:
            raise SessionError(f"{found.folder.name}: {found.reason}")
        examine(row, read_published(found, stimuli), rules)
        compare_with_performance(row, found, rules.limit("throughput-agrees"))
    except RunnerError as error:
        row.findings.append(str(error))
    except Exception as error:  # whatever a hostile session provokes, the rest of the audit goes on
        row.findings.append(f"cannot be audited: {type(error).__name__}: {str(error)[:120]}")
    return row


def import_and_compare(path: Path, out: Path, stimuli: Path | None = None) -> tuple[Session, Row]:
    """Import the session at `path` into `out`, and compare what was published with what comes out of it.

    The comparison is written beside the session as `published.json`, field by field. The parameters and errors
    are those of `import_session`.
    """
    found = find_one(path)
    session = read_published(found, stimuli)
    imported = write_imported(session, out)
    row = Row(imported.record.origin.session if imported.record.origin else found.name, str(path))
    examine(row, session, load_rule_set(DEFAULT))
    mine = {(figure.field, figure.window): figure.text for figure in session.reproduced}
    figures = [
        {"field": f.field, "window": f.window, "published": f.text, "reproduced": mine.get((f.field, f.window))}
        for f in session.figures
    ]
    write_json(imported.path / COMPARISON, {"schema": SCHEMA, **row.document(), "figures_compared": figures})
    return imported, row
