# SPDX-License-Identifier: Apache-2.0
"""Sessions that earlier versions wrote are read for ever, and their figures do not move."""

from pathlib import Path
from typing import Any

import pytest

from energy_runner.rules import evaluate
from energy_runner.session.folder import Session
from tests.support.places import ROOT

SESSIONS = sorted(path for path in (ROOT / "fixtures" / "sessions").glob("*/*") if path.is_dir())
FIGURES = ("energy_per_inference_j", "throughput_per_s", "accuracy", "windows", "edges", "alignment", "layers")


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("folder", SESSIONS, ids=_name)
def test_the_figures_of_an_old_session_are_those_it_was_written_with(folder: Path) -> None:
    session = Session.open(folder)
    stored, again = session.result(), evaluate(session)
    for figure in FIGURES:
        assert _plain(getattr(again, figure)) == _plain(getattr(stored, figure)), figure
    assert again.valid == stored.valid
    assert {verdict.id: verdict.passed for verdict in again.verdicts}.items() >= {
        verdict.id: verdict.passed for verdict in stored.verdicts
    }.items()


@pytest.mark.parametrize("folder", SESSIONS, ids=_name)
def test_reading_an_old_session_changes_nothing_in_its_folder(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    session = Session.open(folder)
    assert len(list(session.journal())) > 10
    if session.has_trace():
        with session.trace() as trace:
            assert trace.length > 0
    evaluate(session)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_each_kind_of_session_is_kept() -> None:
    kinds = {(session.record.run.mode, session.has_trace()) for session in map(Session.open, SESSIONS)}
    assert kinds == {("energy", True), ("performance", False), ("accuracy", False)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.model_dump() if hasattr(value, "model_dump") else value
