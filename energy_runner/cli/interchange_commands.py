# SPDX-License-Identifier: Apache-2.0
"""`import` and `audit`: sessions that other runners published."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.output import discard_stdout, write, write_json, write_line, write_table
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain
from energy_runner.wording import rounded

_WIDE = 120  # columns of the terminal from which a finding fits beside the figures

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


def audit_command(paths: Sequence[Path], stimuli: Path | None = None, rule_set: str = "", *, as_json: bool) -> int:
    """Audit every session in and below the given folders; status 1 if any of them has a fault."""
    from energy_runner import api
    from energy_runner.report.progress import ProgressBar

    with ProgressBar() as bar:
        rows = api.audit(
            paths,
            stimuli=stimuli,
            rule_set=rule_set or None,
            progress=lambda done, total: bar.progress(float(done), float(total), f"session {done} of {total}"),
        )
    if as_json:
        write_json([row.document() for row in rows])
    else:
        _print_audit(rows)
    return ExitStatus.VALID if all(row.good for row in rows) else ExitStatus.RULE_FAILED


def _print_comparison(row: "AuditRow") -> None:
    from energy_runner.published.row import IN_WORDS

    write("\n")
    write_table(("", row.unit), [(name, value.replace("\n", " ")) for name, value in _figures(row).items()])
    write(f"{row.figures_reproduced} of {row.figures} published figures are reproduced to the last digit.\n")
    write_line(f"The published session {IN_WORDS[row.state]}.")
    for finding in row.findings:
        write_line(f"  - {finding.text}")


def _print_audit(rows: "Sequence[AuditRow]") -> None:
    """Print one table whose figures are never broken; on a narrow terminal the findings follow below it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from energy_runner.published.row import IN_WORDS, STATES
    from energy_runner.report.console import console, shown, writes_signs

    out = console()
    table = Table(box=box.SIMPLE_HEAD if writes_signs(out) else box.ASCII, pad_edge=False)
    table.add_column("Session", overflow="fold", ratio=2)
    for name in ("Published", "Reproduced", "Ours"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("Unit", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    wide = out.width >= _WIDE
    if wide:
        table.add_column("What is wrong", overflow="fold", ratio=3)
    for row in rows:
        figures = _figures(row)
        verdict = IN_WORDS[row.state]
        more = f" (and {len(row.findings) - 1} more)" if len(row.findings) > 1 else ""
        cells = [plain(row.session), *figures.values(), row.unit, verdict]
        if wide:
            cells.append(plain("".join(finding.text for finding in row.findings[:1])) + more)
        table.add_row(*(Text(shown(cell, out)) for cell in cells))
    try:
        out.print(table)
    except BrokenPipeError:
        discard_stdout()
    for row in rows:
        if len(row.findings) > wide:
            write(f"{plain(row.session)}\n" + "".join(f"  - {plain(one.text)}\n" for one in row.findings))
    counts = ", ".join(
        f"{count} {IN_WORDS[state]}" for state in STATES if (count := sum(row.state == state for row in rows))
    )
    figures_all, reproduced = sum(row.figures for row in rows), sum(row.figures_reproduced for row in rows)
    write(
        f"{len(rows)} sessions: {counts}; "
        f"{reproduced} of {figures_all} published figures are reproduced to the last digit.\n"
    )


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
