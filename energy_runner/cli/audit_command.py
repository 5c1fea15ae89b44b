# SPDX-License-Identifier: Apache-2.0
"""`audit`: what holds of the sessions that other runners published."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.errors import ConfigurationError, ExitStatus

if TYPE_CHECKING:
    from energy_runner.published.row import AuditRow, State
    from energy_runner.report.audit.since import AuditChange

_SUFFIXES = {"html": (".html", ".htm"), "csv": (".csv",), "markdown": (".md", ".markdown")}


@dataclass(frozen=True)
class AuditOutput:
    """What is shown of an audit, and what is written beside; None where a file is not asked for."""

    only: Sequence[str] = ()
    submitters: Sequence[str] = ()
    since: Path | None = None
    every: bool = False
    html: Path | None = None
    csv: Path | None = None
    markdown: Path | None = None
    as_json: bool = False

    def files(self) -> dict[str, Path]:
        """Return the files that are asked for, by option.

        Raises `ConfigurationError` for one that cannot be written, or whose name has not the suffix of its form:
        the files of a session never have, so none of them can be overwritten by mistake.
        """
        asked = {"html": self.html, "csv": self.csv, "markdown": self.markdown}
        found = {form: path for form, path in asked.items() if path is not None}
        for form, path in found.items():
            suffixes = _SUFFIXES[form]
            if path.suffix.lower() not in suffixes:
                raise ConfigurationError(
                    f"--{form} {path}: its name has to end with {suffixes[0]}. Try: --{form} audit{suffixes[0]}"
                )
            if path.is_dir():
                raise ConfigurationError(f"--{form} {path}: is a folder. Try: another name")
            if not path.parent.is_dir():
                raise ConfigurationError(f"--{form} {path}: there is no folder {path.parent}. Try: make it first")
        return found


def audit_command(
    paths: Sequence[Path],
    stimuli: Path | None = None,
    rule_set: str = "",
    output: AuditOutput | None = None,
) -> int:
    """Audit every session in and below the given folders; status 1 if anything is known to be wrong.

    What is wrong with the options is said before the audit, which takes its time.
    """
    from energy_runner import api
    from energy_runner.report.audit import choose, since
    from energy_runner.report.progress import ProgressBar

    output = output or AuditOutput()
    files, states = output.files(), choose.states_of(output.only)
    before = None if output.since is None else since.read_baseline(output.since)
    with ProgressBar() as bar:
        rows = api.audit(
            paths,
            stimuli=stimuli,
            rule_set=rule_set or None,
            progress=lambda done, total: bar.progress(float(done), float(total), f"session {done} of {total}"),
        )
    judged = choose.ordered(choose.of_submitters(rows, output.submitters))
    changes = None
    if before is not None:
        if output.submitters:
            before = since.of_submitters(before, output.submitters, judged)
        changes = since.changes(before, judged)
    shown, counts = choose.of_states(judged, states), choose.counts(judged)
    _write(shown, counts, changes, files)
    _show(shown, counts, changes, output)
    return ExitStatus.VALID if all(row.good for row in judged) else ExitStatus.RULE_FAILED


def _write(
    rows: Sequence["AuditRow"],
    counts: "dict[State, int]",
    changes: "Sequence[AuditChange] | None",
    files: dict[str, Path],
) -> None:
    from energy_runner.cli.outcome import say
    from energy_runner.report.audit.files import csv_of, markdown_of
    from energy_runner.report.audit.page import page_bytes
    from energy_runner.session.folder import write_bytes

    made: dict[str, Callable[[], bytes]] = {
        "html": lambda: page_bytes(rows, counts, changes),
        "csv": lambda: csv_of(rows, changes).encode(),
        "markdown": lambda: markdown_of(rows, counts, changes).encode(),
    }
    for form, path in files.items():
        write_bytes(path, made[form]())
        say(f"Written: {path}")


def _show(
    rows: Sequence["AuditRow"],
    counts: "dict[State, int]",
    changes: "Sequence[AuditChange] | None",
    output: AuditOutput,
) -> None:
    from energy_runner.cli.output import write_json
    from energy_runner.report.audit.document import document
    from energy_runner.report.audit.terminal import print_audit_to_stdout

    if output.as_json:
        write_json(document(rows, counts, changes))
    else:
        print_audit_to_stdout(rows, counts, changes, every=output.every)
