# SPDX-License-Identifier: Apache-2.0
"""To be deleted when `api.audit` returns `AuditRow`: rows of the first version as those of the second."""

from typing import TYPE_CHECKING

from energy_runner.published.row import AuditFinding, AuditRow, State

if TYPE_CHECKING:
    from energy_runner.published.report import Row


def as_audit_row(row: "Row | AuditRow") -> AuditRow:
    """Return a row as the second version has it; its state is only as good as the words of the first."""
    if isinstance(row, AuditRow):
        return row
    parts = row.session.split("/")
    tree = parts if len(parts) > 4 and parts[1] in ("closed", "open") and parts[3] == "results" else [""] * 5
    lost = row.published is None or row.reproduced is None
    state: State = "cannot-be-judged" if lost else "doubtful"
    if row.good:
        state = "holds"
    elif not lost and not row.exact:
        state = "does-not-reproduce"
    elif not lost and any(": " in text and ", required" in text for text in row.findings):
        state = "breaks-a-rule"
    return AuditRow(
        session=row.session,
        root=row.root,
        round=tree[0],
        division=tree[1],
        submitter=tree[2],
        system=tree[4],
        benchmark=row.benchmark,
        mode=row.mode,
        runner=row.runner,
        unit=row.unit,
        published=row.published,
        reproduced=row.reproduced,
        ours=row.ours,
        ours_u=row.ours_expanded_u,
        corrected=row.corrected,
        corrected_u=row.ours_expanded_u if row.corrected is not None else None,
        state=state,
        findings=[AuditFinding(id="finding", severity="doubtful", state=state, text=text) for text in row.findings]
        + [AuditFinding(id="note", severity="informs", text=text) for text in row.notes],
        figures=row.figures,
        figures_reproduced=row.figures_reproduced,
        throughput_per_s=row.throughput_per_s,
        rule_set=row.rule_set,
        basis=row.basis,
    )
