# SPDX-License-Identifier: Apache-2.0
"""Submissions: export sessions as the tree of files that a benchmark suite accepts."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from energy_runner.errors import ConfigurationError, in_words, remedy
from energy_runner.rules import DEFAULT
from energy_runner.session.folder import Session
from energy_runner.submission.export import Export, ExportOptions
from energy_runner.submission.export import export_mlperf as write_mlperf
from energy_runner.submission.system import empty_form

__all__ = ["Export", "export_mlperf", "write_system_form"]


def export_mlperf(
    sessions: Sequence[Session | str | PathLike[str]],
    out: str | PathLike[str],
    *,
    org: str,
    system: str,
    system_file: str | PathLike[str],
    division: str = "closed",
    category: str | None = None,
    despite: Sequence[str] = (),
    simulated: bool = False,
    rule_set: str = DEFAULT,
) -> Export:
    """Write a submission that the MLPerf Tiny checker accepts into the folder `out`; nothing is overwritten.

    `org` and `system` are folder names; `system_file` is the filled-in form of `write_system_form`. `despite`
    names rules whose failure is excused, and `division` "open" excuses all; the export then says so in every file.
    `simulated` is needed for sessions of virtual benches. Raises `ConfigurationError` for what does not make a
    submission, `RulesFailedError` for failed rules that are not excused, and `SessionError` for a session that
    cannot be read; nothing is written then.
    """
    return write_mlperf(
        ExportOptions(
            sessions=[one.path if isinstance(one, Session) else Path(one) for one in sessions],
            out=Path(out),
            org=org,
            system=system,
            system_file=Path(system_file),
            division=division,
            category=category,
            despite=despite,
            simulated=simulated,
            rule_set=rule_set,
        )
    )


def write_system_form(path: str | PathLike[str]) -> Path:
    """Write an empty form of a system description; raise `ConfigurationError` if the file exists already."""
    path = Path(path)
    try:
        with path.open("xb") as file:
            file.write(empty_form().encode("utf-8"))
    except FileExistsError:
        raise ConfigurationError(f"{path}: exists already. Try another name") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({in_words(error)}){remedy(error)}") from None
    return path
