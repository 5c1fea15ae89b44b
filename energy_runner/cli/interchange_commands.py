# SPDX-License-Identifier: Apache-2.0
"""`import`: sessions that other runners published."""

from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.output import write, write_json, write_line, write_table
from energy_runner.errors import ExitStatus
from energy_runner.wording import rounded

if TYPE_CHECKING:
    from energy_runner.published.row import AuditRow


def import_command(path: Path, out: Path, stimuli: Path | None = None, *, as_json: bool) -> int:
    """Import one session, derive our result, and compare it with the published one."""
    from energy_runner import api
    from energy_runner.report.terminal import print_session

    session, row = api.import_session(path, out, stimuli=stimuli)
    if as_json:
        result = session.result().model_dump(mode="json")
        write_json({**row.document(), "folder": str(session.path), "result": result})
    else:
        print_session(session)
        _print_comparison(row)
    return ExitStatus.VALID if row.good else ExitStatus.RULE_FAILED


def _print_comparison(row: "AuditRow") -> None:
    from energy_runner.published.row import IN_WORDS

    write("\n")
    write_table(("", row.unit), [(name, value.replace("\n", " ")) for name, value in _figures(row).items()])
    write(f"{row.figures_reproduced} of {row.figures} published figures are reproduced to the last digit.\n")
    write_line(f"The published session {IN_WORDS[row.state]}.")
    for finding in row.findings:
        write_line(f"  - {finding.text}")


def _figures(row: "AuditRow") -> dict[str, str]:
    """Return the three figures formatted for people; a corrected one is marked."""
    ours = _number(row.ours)
    if row.ours is not None and row.ours_u:
        ours = " ± ".join(rounded(row.ours, row.ours_u))
    if row.corrected is not None:
        ours += "\n(corrected)"
    return {"published": _number(row.published), "reproduced": _number(row.reproduced), "ours": ours}


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.7g}"
