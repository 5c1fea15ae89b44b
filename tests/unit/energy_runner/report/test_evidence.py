# SPDX-License-Identifier: Apache-2.0
"""A report says what happened: what was read back, and what the stimuli are by their hashes."""

from pathlib import Path

import pytest

from energy_runner.analysis import official
from energy_runner.benchmarks.official import Pins
from energy_runner.report import headline
from energy_runner.report.html import render
from energy_runner.report.story import tell
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.record import LabelFile
from tests.support.bent_runs import FAST, Change, edit, record
from tests.support.pinned import any_stimuli_are_official
from tests.support.synthetic import make_run

NOT_PROVEN = "not proven that the DUT saw what the files hold"


def page(folder: Path, mode: str, *changes: Change) -> str:
    run = make_run(FAST, mode=mode, windows=2, stimuli=3)
    for change in changes:
        run = change(run)
    session = run.write(folder / "s")
    return render(tell(session, evaluate(session))).decode()


@pytest.mark.parametrize(("mode", "count"), [("performance", 2), ("accuracy", 3)])
def test_what_was_read_back_is_told_from_the_events(tmp_path: Path, mode: str, count: int) -> None:
    assert f"{count} of {count}, byte for byte" in page(tmp_path / "all", mode)
    none = page(tmp_path / "none", mode, edit(ev.StimulusLoaded, read_back=False))  # the plan still says true
    assert f"none of {count}: {NOT_PROVEN}" in none
    assert "byte for byte" not in none
    one = page(
        tmp_path / "one",
        mode,
        lambda run: run.change(ev.StimulusLoaded, lambda n, e: e.model_copy(update={"read_back": n == 0})),
    )
    assert f"1 of {count}: {NOT_PROVEN}" in one


def test_stimuli_that_are_not_official_have_a_band_and_a_row_each(tmp_path: Path) -> None:
    labels = LabelFile(file="y_labels.csv", sha256="0" * 64, stimuli=3)
    html = page(tmp_path, "performance", record(label_file=labels))
    assert "UNOFFICIAL STIMULI: 2 of 2 are not the benchmark&#x27;s by name, class or content" in html
    assert "y_labels.csv, 3 files; unofficial byte for byte" in html
    assert html.count(">unofficial</td>") == 3  # two stimuli, and what the rule found


def test_official_stimuli_have_no_band(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    any_stimuli_are_official(monkeypatch)
    assert "STIMULI:" not in page(tmp_path, "accuracy")


@pytest.mark.parametrize(("mode", "told"), [("accuracy", True), ("performance", False)])
def test_an_accuracy_says_too_that_nobody_here_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, told: bool
) -> None:
    class Everything(Pins):
        def status(self, *_: object) -> str:  # type: ignore[override]
            return "unknown"

    monkeypatch.setattr(official, "pins_of", lambda _: Everything(frozenset(), frozenset(), demonstration=False))
    result = evaluate(make_run(FAST, mode=mode, stimuli=3).write(tmp_path / "s"))
    assert headline.stimuli(result).startswith("UNKNOWN STIMULI: ") is told
