# SPDX-License-Identifier: Apache-2.0
"""What the reference says of verdicts, rule sets, schemas and tables is complete."""

import re

from energy_runner.analysis import tables
from energy_runner.api.schemas import DOCUMENTS
from energy_runner.rules import DEFAULT, load_rule_set
from energy_runner.rules.set_file import RowChange, SetFile
from energy_runner.session.verdict import Verdict
from tests.runs.docs.test_docs import rows, section, text


def test_every_field_of_a_verdict() -> None:
    assert rows(section("reference/rules.md", "## A verdict")).keys() == Verdict.model_fields.keys()
    listed = rows(section("reference/session-folder.md", "## `result.json`"))["verdicts"][1]
    assert set(re.findall(r"`(\w+)`", listed)) == Verdict.model_fields.keys()


def test_every_key_of_a_rule_set_and_every_limit_of_an_audit() -> None:
    listed = rows(section("reference/rules.md", "## A rule set of your own"))
    assert {f"rules.ID.{key}" for key in RowChange.model_fields} <= listed.keys()
    plain = SetFile.model_fields.keys() - {"rules", "benchmarks", "audit"}
    assert plain | {"benchmarks.ID", "audit.ID"} <= listed.keys()
    limits = rows(section("reference/rules.md", "## Limits of an audit"))
    assert limits.keys() == load_rule_set(DEFAULT).audit.keys()


def test_every_column_of_every_table() -> None:
    listed = rows(section("reference/session-folder.md", "## Tables"))
    for what, kind in tables.KINDS.items():
        columns = re.findall(r"`(\w+)`", listed[what][2])
        assert columns == list(kind.about), what


def test_every_schema_is_linked() -> None:
    page = text("reference/session-folder.md")
    assert all(f"(schemas/{document.file})" in page for document in DOCUMENTS)
