# SPDX-License-Identifier: Apache-2.0
"""An audit as CSV, one row a session, and as Markdown, a table with what was found below it."""

import csv
import io
import math
import re
from collections.abc import Callable, Sequence

from energy_runner.published.row import AuditRow, State
from energy_runner.report.audit import cells, choose, since
from energy_runner.report.units import plain
from energy_runner.text_file import as_cell

# Whatever Markdown, or HTML in it, gives a meaning to inside a line; addresses and mentions would become links.
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|<>&~@]|:(?=//)|\.(?<=www\.))", re.IGNORECASE)
_LEADING = re.compile(r"^(\d*)([-+=.)])")  # what begins a list

Value = str | float | int | None
# The columns in their order: a name that ends with the unit, or whose unit is in `unit`.
COLUMNS: dict[str, Callable[[AuditRow], Value]] = {
    "round": lambda row: row.round,
    "division": lambda row: row.division,
    "submitter": lambda row: row.submitter,
    "system": lambda row: row.system,
    "benchmark": lambda row: row.benchmark,
    "mode": lambda row: row.mode,
    "unit": lambda row: row.unit,
    "published": lambda row: row.published,
    "reproduced": lambda row: row.reproduced,
    "ours": lambda row: row.ours,
    "ours_u": lambda row: row.ours_u,
    "corrected": lambda row: row.corrected,
    "corrected_u": lambda row: row.corrected_u,
    "corrected_how": lambda row: row.corrected_how,
    "deviation": lambda row: row.deviation,
    "state": lambda row: row.state,
    "findings": lambda row: " ".join(one.id for one in row.findings),
    "why": lambda row: next((one.text for one in cells.of_note(row)), ""),
    "figures": lambda row: row.figures,
    "figures_reproduced": lambda row: row.figures_reproduced,
    "throughput_per_s": lambda row: row.throughput_per_s,
    "rule_set": lambda row: row.rule_set,
    "basis": lambda row: row.basis,
    "runner": lambda row: row.runner,
    "session": lambda row: row.session,
    "root": lambda row: row.root,
}


def csv_of(rows: Sequence[AuditRow], changes: Sequence[since.AuditChange] | None = None) -> str:
    """Return the rows as CSV; floats read back exactly, and no spreadsheet takes a text for a formula.

    With `changes`, a column `change` says what is new or differs from the earlier audit.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    kinds = {one.session: one.kind for one in changes or ()}
    writer.writerow([*COLUMNS, *(["change"] if changes is not None else [])])
    for row in rows:
        last = [kinds.get(row.session, "")] if changes is not None else []
        writer.writerow([*(_cell(read(row)) for read in COLUMNS.values()), *last])
    return text.getvalue()


def markdown_of(
    rows: Sequence[AuditRow], counts: dict[State, int], changes: Sequence[since.AuditChange] | None = None
) -> str:
    """Return the rows as Markdown: the counts, a table, and what was found of sessions that do not hold."""
    parts = [f"# Audit\n\n{choose.in_a_sentence(counts)}; {choose.reproduced(rows, counts)}\n"]
    if changes is not None:
        parts.append(f"\nSince the earlier audit: {since.in_a_sentence(changes)}.\n")
    heads = ("Round", "Division", "Submitter", "System", "Benchmark", "Mode", "Published", "Ours ± U", "Unit")
    names = (*heads, "Deviation", "State")
    parts.append(f"\n| {' | '.join(names)} |\n|{''.join(_ruler(name) for name in names)}\n")
    parts += [f"| {' | '.join(_cells(row))} |\n" for row in rows]
    parts.append(f"\nDeviation: {cells.DEVIATION}. \\* corrected: what is known to be wrong is put right.\n")
    for row in rows:
        if row.state != "holds":
            parts.append(f"\n## {escaped(row.session)}: {cells.word(row)}\n\n")
            parts += [_finding(row, index) for index in range(len(row.findings))]
    return "".join(parts)


def escaped(text: str, *, leading: bool = False) -> str:
    """Return a text in one line that Markdown shows as it is, also where it is `leading` in a line."""
    shown = _SPECIAL.sub(r"\\\1", plain(text).encode(errors="backslashreplace").decode())
    return _LEADING.sub(r"\1\\\2", shown) if leading else shown


def _cells(row: AuditRow) -> list[str]:
    names = (row.round, row.division, row.submitter, row.system or row.session, row.benchmark, row.mode)
    figures = (cells.figure(row.published), cells.ours(row), row.unit, cells.deviation(row))
    return [*(escaped(name) for name in (*names, *figures)), cells.word(row)]


def _ruler(name: str) -> str:
    return " ---: |" if name in {"Published", "Ours ± U", "Deviation"} else " --- |"


def _finding(row: AuditRow, index: int) -> str:
    finding = row.findings[index]
    indent = "  " if cells.follows(finding, row) else ""
    seen = [cells.place(one) + (f": {one.text}" if one.text else "") for one in finding.evidence]
    details = "; ".join(escaped(one) for one in (finding.id, finding.severity, finding.clause, *seen) if one)
    return f"{indent}- {escaped(finding.text, leading=True)} ({details})\n"


def _cell(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return as_cell(value) if isinstance(value, str) else repr(value)
