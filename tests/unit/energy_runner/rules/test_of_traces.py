# SPDX-License-Identifier: Apache-2.0
"""Rules about the run around a trace say that they cannot know; those about its windows judge as usual."""

from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.rules import evaluate
from energy_runner.session.result import Verdict
from tests.support.trace_files.make import FOLDER


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    out = tmp_path_factory.mktemp("traces") / "s"
    session = er.import_trace(FOLDER / "ppk2.csv", out, edges="D0", voltage_v=3.0, inferences=30)
    return {verdict.id: verdict for verdict in evaluate(session).verdicts}


@pytest.mark.parametrize(
    "rule",
    [
        "benchmark",
        "model-string",
        "different-stimuli",
        "first-stimuli",
        "official-stimuli",
        "warm-ups",
        "read-back",
        "edges-match-commands",
        "supply-off",
        "events-agree",
        "not-simulated",
        "sample-clock",
        "calibration",
        "temperature",
    ],
)
def test_it_says_that_it_does_not_know(rule: str, verdicts: dict[str, Verdict]) -> None:
    assert not verdicts[rule].known
    assert verdicts[rule].note


def test_the_windows_are_judged_as_usual(verdicts: dict[str, Verdict]) -> None:
    short = verdicts["window-length"]
    assert short.known
    assert not short.passed
    assert short.measured == pytest.approx(1.5)
    assert verdicts["window-inferences"].passed
    assert verdicts["no-lost-samples"].passed
    assert verdicts["facts-sealed"].passed


def test_the_first_stimuli_of_a_told_benchmark_are_not_known_either(tmp_path: Path) -> None:
    session = er.import_trace(
        FOLDER / "ppk2.csv", tmp_path / "s", edges="D0", voltage_v=3.0, inferences=30, benchmark="kws01"
    )
    verdicts = {verdict.id: verdict for verdict in evaluate(session).verdicts}
    assert verdicts["benchmark"].passed
    assert not verdicts["first-stimuli"].known
