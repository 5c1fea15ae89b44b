# SPDX-License-Identifier: Apache-2.0
"""Sessions that earlier versions wrote are read for ever, and their figures do not move.

An uncertainty may: it grows when a cause is found that was not counted before.
"""

from pathlib import Path
from typing import Any

import pytest

from energy_runner.rules import evaluate
from energy_runner.session.folder import Session
from tests.support.places import ROOT

SESSIONS = sorted(path for path in (ROOT / "fixtures" / "sessions").glob("*/*") if path.is_dir())
FIGURES = ("throughput_per_s", "accuracy", "edges", "layers")
# By how much uncertainties may have grown since: causes between the samples, which were not counted in 0.1.0.
GROWN = 0.03


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("folder", SESSIONS, ids=_name)
def test_the_figures_of_an_old_session_are_those_it_was_written_with(folder: Path) -> None:
    session = Session.open(folder)
    stored, again = session.result(), evaluate(session)
    for figure in FIGURES:
        assert _plain(getattr(again, figure)) == _plain(getattr(stored, figure)), figure
    assert [window.model_copy(update={"uncertainty": None}) for window in again.windows] == [
        window.model_copy(update={"uncertainty": None}) for window in stored.windows
    ]
    scores = [(stored.energy_per_inference_j, again.energy_per_inference_j)]
    scores += [
        (then.uncertainty, now.uncertainty) for then, now in zip(stored.windows, again.windows, strict=True)
    ]
    for then, now in scores:
        assert (then is None) == (now is None)
        if then is not None and now is not None:
            assert getattr(now, "median", 0.0) == getattr(then, "median", 0.0)
            assert then.U * (1 - 1e-3) <= now.U <= then.U * (1 + GROWN)
    if stored.alignment is not None and again.alignment is not None:
        assert again.alignment.method == stored.alignment.method
        assert again.alignment.rate_correction == stored.alignment.rate_correction
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
