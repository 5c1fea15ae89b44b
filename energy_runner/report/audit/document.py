# SPDX-License-Identifier: Apache-2.0
"""The JSON document of an audit, and its model."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from energy_runner.published.row import SCHEMA, AuditRow, State
from energy_runner.report.audit.since import AuditChange
from energy_runner.session.json_text import finite
from energy_runner.session.schemas import Document


class AuditDocument(BaseModel):
    """What an audit found."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: str = Field(default=SCHEMA, alias="schema")
    """Schema of this document."""
    rows: list[AuditRow] = []
    """What was found out about each session, by round, submitter and system."""
    counts: dict[State, int] = {}
    """How many sessions have each state, before `--only`."""
    changes: list[AuditChange] | None = None
    """What differs from an earlier audit; null where none was given."""


AUDIT = Document(
    "audit",
    "Output of `audit --json`",
    "What was found out about published sessions: one row each, with one state and its findings.",
    AuditDocument,
    int(SCHEMA.rpartition("/")[2]),
)


def document(
    rows: Sequence[AuditRow], counts: dict[State, int], changes: Sequence[AuditChange] | None = None
) -> dict[str, Any]:
    """Return the document as JSON holds it; a figure that is no number is null."""
    return {
        "schema": SCHEMA,
        "rows": [_row(row) for row in rows],
        "counts": dict(counts),
        "changes": None if changes is None else [finite(one.model_dump(mode="json")) for one in changes],
    }


def _row(row: AuditRow) -> dict[str, Any]:
    """Return a row; a curve without a time of its columns is none."""
    found = row.document()
    if found["curve"] is not None and found["curve"]["step_s"] is None:
        found["curve"] = None
    return found
