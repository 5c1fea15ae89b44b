# SPDX-License-Identifier: Apache-2.0
"""What changed since an earlier audit."""

import json
from pathlib import Path
from typing import Any

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.report.audit import choose, since
from energy_runner.report.audit.document import document
from tests.support.audit_rows import hostile, one_of_each, row


def baseline(folder: Path, value: Any) -> Path:
    path = folder / "before.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def test_the_same_audit_has_no_changes(tmp_path: Path) -> None:
    rows = [*one_of_each(), hostile()]
    path = baseline(tmp_path, document(rows, choose.counts(rows)))
    assert since.changes(since.read_baseline(path)[:-1], rows[:-1]) == []
    assert since.in_a_sentence([]) == "nothing changed"


def test_every_kind_of_change_is_found(tmp_path: Path) -> None:
    old = [row(session=name, published=1.0, ours=1.0) for name in ("same", "state", "figure", "gone", "lost")]
    new = [
        row(session="new"),
        row(session="same", published=1.0, ours=1.0 + 1e-12),
        row(session="state", published=1.0, ours=1.2, state="doubtful"),
        row(session="figure", published=1.0, ours=1.001),
        row(session="lost", published=None, ours=1.0),
    ]
    path = baseline(tmp_path, document(old, choose.counts(old)))
    found = since.changes(since.read_baseline(path), new)
    assert [(one.session, one.kind) for one in found] == [
        ("new", "new"),
        ("state", "other-state"),
        ("figure", "other-figure"),
        ("lost", "other-figure"),
        ("gone", "gone"),
    ]
    assert found[1].figures == {"ours": (1.0, 1.2)}
    assert (found[1].state_before, found[1].state) == ("holds", "doubtful")
    assert since.in_a_sentence(found) == "1 new, 1 gone, 1 with another state, 2 with another figure"
    assert since.differences(found[1]) == ["holds, now doubtful", "ours 1, now 1.2"]
    assert since.differences(found[4]) == ["before: holds"]


def test_a_list_of_the_first_version_is_read_and_only_its_figures_are_compared(tmp_path: Path) -> None:
    old = {"session": "s", "published": 1.0, "reproduced": 1.0, "ours": 2.0, "ours_expanded_u": 0.1, "valid": True}
    path = baseline(tmp_path, [old, {**old, "session": "t"}])
    same = {"published": 1.0, "reproduced": 1.0}
    rows = [row(session="s", ours=2.0, **same, state="doubtful"), row(session="t", ours=3.0, **same)]
    (one,) = since.changes(since.read_baseline(path), rows)
    assert (one.session, one.kind, one.state_before) == ("t", "other-figure", None)


def test_two_folders_with_sessions_of_the_same_path_are_told_apart() -> None:
    rows = [row(session="kws", root="a", ours=1.0), row(session="kws", root="b", ours=2.0)]
    before = [since.Known.model_validate(one.document()) for one in rows]
    assert since.changes(before, rows) == []
    assert [one.kind for one in since.changes(before[:1], rows)] == ["new"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("{}", "it holds no rows"),
        ("7", "it holds no rows"),
        ('{"rows": [{}]}', r"rows\[0\], session: Field required"),
        ('[{"session": "s", "ours": "many"}]', r"rows\[0\], ours"),
        ('[{"session": "s", "state": "valid"}]', r"rows\[0\], state"),
        (
            '{"schema": "energy-runner/result/9", "rows": []}',
            r"it is a document of the schema 'energy-runner/result/9'",
        ),
        (
            '{"schema": "energy-runner/result/9"}',
            r"it is a document of the schema 'energy-runner/result/9', an audit has",
        ),
        (
            '{"schema": "energy-runner/audit/99", "rows": []}',
            r"it is a document of the schema 'energy-runner/audit/99'",
        ),
        ('{"schema": ["x\\n"], "rows": []}', r"it is a document of the schema"),
        ('{"rows": []}', r"it states no schema, an audit has 'energy-runner/audit/2'"),
        ("[7]", r"rows\[0\], row"),
    ],
    ids=[
        "empty",
        "deep",
        "no rows",
        "number",
        "no session",
        "figure",
        "state",
        "result",
        "result without rows",
        "later",
        "odd",
        "no schema",
        "no row",
    ],
)
def test_what_is_no_audit_is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"before.json: {why}.*Try: a file that"):
        since.read_baseline(baseline(tmp_path, text))


def test_a_missing_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"since=.*nowhere\.json: No such file"):
        since.read_baseline(tmp_path / "nowhere.json")
    with pytest.raises(ConfigurationError, match="Try: a file"):
        since.read_baseline(tmp_path)


def test_of_one_submitter_nothing_of_the_others_is_gone() -> None:
    rows = one_of_each()
    before = [since.Known.model_validate(one.document()) for one in rows]
    before.append(since.Known(session="acme/old", submitter="acme"))
    judged = choose.of_submitters(rows, ["acme"])
    found = since.changes(since.of_submitters(before, ["Acme"], judged), judged)
    assert [(one.session, one.kind) for one in found] == [("acme/old", "gone")]
