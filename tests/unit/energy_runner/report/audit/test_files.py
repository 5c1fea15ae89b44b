# SPDX-License-Identifier: Apache-2.0
"""The audit as CSV, Markdown and JSON: every figure, and no text that acts."""

import csv
import io
import json
import re

from jsonschema import Draft202012Validator

from energy_runner.report.audit import choose, files, since
from energy_runner.report.audit.document import AUDIT, AuditDocument, document
from energy_runner.session.schemas import json_schema
from tests.support.audit_rows import HOSTILE, hostile, one_of_each, row

ROWS = choose.ordered([*one_of_each(), hostile()])


def test_csv_has_every_figure_to_the_last_digit() -> None:
    figure = 0.1 + 0.2
    (one,) = csv.DictReader(io.StringIO(files.csv_of([row(published=figure, ours=figure, ours_u=1e-300)])))
    assert (float(one["published"]), float(one["ours_u"])) == (figure, 1e-300)
    assert (one["corrected"], one["state"], one["deviation"]) == ("", "holds", "0.0")
    assert one["unit"] == "uJ/inf."


def test_no_cell_of_a_csv_is_a_formula() -> None:
    rows = [row(submitter="=1+1", system="@x", session="-2", benchmark="+3", runner="\tx")]
    for one in csv.DictReader(io.StringIO(files.csv_of(rows))):
        assert not [cell for cell in one.values() if cell.startswith(("=", "@", "+", "\t"))]
    read = list(csv.DictReader(io.StringIO(files.csv_of(ROWS), newline="")))
    assert len(read) == len(ROWS)
    assert HOSTILE.encode(errors="backslashreplace").decode() in {one["system"] for one in read}
    files.csv_of(ROWS).encode("utf-8")


def test_csv_says_what_changed_where_that_was_asked() -> None:
    assert "change" not in files.csv_of(ROWS).splitlines()[0].split(",")
    changes = [since.AuditChange(session=ROWS[0].session, kind="new")]
    found = list(csv.DictReader(io.StringIO(files.csv_of(ROWS[:2], changes))))
    assert [one["change"] for one in found] == ["new", ""]


def test_markdown_has_a_table_and_what_was_found() -> None:
    text = files.markdown_of(ROWS[:-1], choose.counts(ROWS[:-1]))
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(ROWS) - 1
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {12}
    assert "6 sessions: 2 hold, 1 does not reproduce" in text
    assert "- Published throughput is 50 % too high: 6.465 inf./sec. where" in text
    assert "  - By the host's clock 3 windows are shorter" in text  # below what it follows from
    assert "performance/log.txt, line 412, at 00156.544" in text


def test_no_text_of_markdown_acts() -> None:
    text = files.markdown_of(ROWS[-1:], choose.counts(ROWS[-1:]))
    assert not re.search(r"(?<!\\)[<>`\[\]]", text)
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 3
    text.encode("utf-8")
    assert files.escaped("see http://x.y www.z.de @me") == r"see http\://x.y www\.z.de \@me"
    assert files.escaped("- x", leading=True) == r"\- x"
    assert files.escaped("1. x", leading=True) == r"1\. x"
    assert files.escaped("30.667 ± 0.19") == "30.667 ± 0.19"
    assert files.escaped("a\nb") == r"a\\nb"


def test_json_is_valid_by_its_schema_and_has_no_nan() -> None:
    changes = since.changes([since.Known(session="gone", ours=1.0)], ROWS)
    for found in (None, changes):
        text = json.dumps(document(ROWS, choose.counts(ROWS), found), allow_nan=False)
        Draft202012Validator(json_schema(AUDIT)).validate(json.loads(text))
    read = json.loads(text)
    assert read["schema"] == "energy-runner/audit/2"
    assert read["rows"][-1]["published"] is None
    assert read["rows"][0]["state"] == "breaks-a-rule"
    assert read["counts"]["holds"] == 2


def test_json_reads_back_into_the_model() -> None:
    plain = ROWS[:-1]
    again = AuditDocument.model_validate(json.loads(json.dumps(document(plain, choose.counts(plain)))))
    assert again.rows == plain
