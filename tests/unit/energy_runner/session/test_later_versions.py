# SPDX-License-Identifier: Apache-2.0
"""Sessions of later versions: what they add is left out or kept, and said; another major version is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from energy_runner.errors import SessionError
from energy_runner.report.story import tell
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, json_bytes, write_result
from energy_runner.session.journal import read_journal
from tests.support.bent_runs import FAST
from tests.support.results import figures
from tests.support.synthetic import make_run

DOCUMENTS = ["record.json", "result.json"]


def add_to_all(value: Any) -> Any:
    """Add a key that no version knows to every object of a document."""
    if isinstance(value, dict):
        return {key: add_to_all(one) for key, one in value.items()} | {"added_later": [1, {"x": None}]}
    return [add_to_all(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    session = make_run(FAST).write(tmp_path / "s")
    write_result(session.path, evaluate(session))
    return session.path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_fields_that_a_later_version_adds_are_left_out(folder: Path) -> None:
    before = Session.open(folder)
    record, result = before.record, before.result()
    derived = json_bytes(evaluate(before))
    for name in DOCUMENTS:
        path = folder / name
        path.write_text(json.dumps(add_to_all(json.loads(path.read_text("utf-8")))), "utf-8")
    lines = (folder / "journal.jsonl").read_text("utf-8").splitlines()
    added = [json.dumps(json.loads(line) | {"added_later": {"deep": [1]}}) for line in lines]
    (folder / "journal.jsonl").write_text("\n".join(added) + "\n", "utf-8")
    after = Session.open(folder)
    # What is free in form (the bench, identities, specifications) keeps what was added; all else is as it was.
    assert after.record.model_copy(update={"bench": record.bench}) == record
    assert after.result() == result
    assert json_bytes(evaluate(after)) == derived


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(("version", "readable"), [("1", True), ("1.7", True), ("2", False), ("10", False)])
def test_a_minor_version_is_read_and_a_major_one_refused(
    folder: Path, name: str, version: str, readable: bool
) -> None:
    kind = name.removesuffix(".json")
    change(folder / name, f'"energy-runner/{kind}/1"', f'"energy-runner/{kind}/{version}"')
    if readable:
        assert Session.open(folder).result().valid
        return
    words = rf"{name}: is of kind 'energy-runner/{kind}/{version}', .*/1'\. Try: a newer energy-runner"
    with pytest.raises(SessionError, match=words):
        Session.open(folder).result()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_major_version_that_means_something_else_is_refused_for_its_version(folder: Path, name: str) -> None:
    kind = name.removesuffix(".json")
    (folder / name).write_text(json.dumps({"schema": f"energy-runner/{kind}/2", "virtual": "partly"}), "utf-8")
    with pytest.raises(SessionError, match="Try: a newer energy-runner"):
        Session.open(folder).result()


def test_an_event_of_an_unknown_kind_is_kept_counted_and_said(folder: Path) -> None:
    derived = evaluate(Session.open(folder))
    lines = (folder / "journal.jsonl").read_text("utf-8").splitlines()
    lines.insert(3, '{"t_ns":5,"kind":"lid-opened","line":"mine","angle_deg":1.5}')
    lines.insert(9, '{"kind":"cat-seen","t_ns":6}')
    lines.insert(9, '{"t_ns":7,"kind":"lid-opened"}')
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n", "utf-8")

    session = Session.open(folder)
    unknown = [event for event in session.journal() if isinstance(event, ev.UnknownEvent)]
    assert [(event.kind, event.line, event.t_ns) for event in unknown] == [
        ("lid-opened", 4, 5),
        ("lid-opened", 10, 7),
        ("cat-seen", 11, 6),
    ]
    assert unknown[0].fields == {"line": "mine", "angle_deg": 1.5}
    result = evaluate(session)
    (finding,) = [finding for finding in result.findings if finding.id == "unknown-events"]
    assert finding.detail == (
        "3 events are of kinds that this version does not know, the first in line 4 of the journal: "
        "lid-opened (2), cat-seen (1)"
    )
    assert figures(result.model_copy(update={"findings": derived.findings})) == figures(derived)
    tell(session, result)  # and no reader stumbles over them


def test_many_unknown_kinds_are_not_all_named(folder: Path) -> None:
    path = folder / "journal.jsonl"
    more = [json.dumps({"t_ns": n, "kind": f"kind-{n}"}) for n in range(1000)]
    path.write_text(path.read_text("utf-8") + "\n".join(more) + "\n", "utf-8")
    (finding,) = [f for f in evaluate(Session.open(folder)).findings if f.id == "unknown-events"]
    assert finding.detail.endswith("kind-0 (1), kind-1 (1), kind-2 (1) and 997 more")


def test_what_is_known_is_not_taken_for_something_later(tmp_path: Path) -> None:
    """A known kind with a field that is wrong or missing is damage, not a later version."""
    assert "samples-arrived" in ev.KINDS
    (tmp_path / "j").write_text('{"kind": "samples-arrived", "t_ns": 1}\n', "utf-8")
    with pytest.raises(SessionError, match="line 1: not an event"):
        list(read_journal(tmp_path / "j"))
