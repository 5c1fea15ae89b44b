# SPDX-License-Identifier: Apache-2.0
"""Top-1 and the area under the ROC curve, unrounded, and withheld where an answer is missing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from energy_runner.analysis.accuracy import auc, top_class
from energy_runner.rules import evaluate, load_rule_set
from energy_runner.session import events as ev
from energy_runner.session.result import AccuracyResult, Result
from tests.support.synthetic import Run, make_run


def measured(run: Run, folder: Path) -> tuple[Result, AccuracyResult]:
    suite = load_rule_set("mlperf-tiny-1.4")
    asked = {name: row for name, row in suite.rules.items() if name != "official-set"}  # the stimuli are made up
    result = evaluate(run.write(folder), rule_set=suite.model_copy(update={"rules": asked}))
    assert result.accuracy is not None
    return result, result.accuracy


def answer_wrongly(run: Run, count: int, results: list[float]) -> Run:
    """Replace the first `count` answers whose label is not class 0."""
    labels = [stimulus.label for stimulus in run.record.stimuli]
    wrong = {k for k in range(len(labels)) if labels[k] != 0}
    chosen = set(sorted(wrong)[:count])
    return run.change(
        ev.InferenceDone, lambda n, e: e.model_copy(update={"results": results}) if n in chosen else e
    )


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([0.5, 1.0, 1.25, 2.0, 7.0])), min_size=2, max_size=60
    )
)
def test_the_area_is_that_of_scikit_learn_ties_included(pairs: list[tuple[int, float]]) -> None:
    labels, scores = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    if len(set(labels)) < 2:
        assert auc(scores, labels) is None
    else:
        assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_the_area_of_a_large_set_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 5000)
    scores = rng.normal(labels, 2.0).round(2)
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize(
    ("results", "named"),
    [
        ([0.1, 0.7, 0.2], 1),
        ([0.4, 0.4, 0.2], 0),  # the first of equals
        ([0.5, 0.5], 0),
        ([-3.0, -1.0, -2.0], 1),
        ([0.0, 0.0, 0.0], None),
        ([], None),
        ([float("nan"), 1.0], None),
        ([float("inf"), 1.0], None),
    ],
)
def test_the_largest_output_names_the_class(results: list[float], named: int | None) -> None:
    assert top_class(results) == named


@pytest.mark.parametrize(("wrong", "value", "passed"), [(0, 100.0, True), (100, 90.0, True), (101, 89.9, False)])
def test_top1_is_the_percentage_of_right_answers(tmp_path: Path, wrong: int, value: float, passed: bool) -> None:
    run = answer_wrongly(make_run(mode="accuracy"), wrong, [1.0] + [0.0] * 11)
    result, accuracy = measured(run, tmp_path / "s")
    assert accuracy == AccuracyResult(metric="top1", value=value, target=90.0, stimuli=1000, stimuli_expected=1000)
    assert result.valid == passed


def test_a_value_just_below_the_target_is_not_rounded_up(tmp_path: Path) -> None:
    """The existing runner prints 0.8497 as 0.850, which then passes."""
    run = make_run(mode="accuracy", benchmark="ad01")
    # 124 normal files with the errors 0 to 123; of as many anomalous ones 105 stand out, one beats 45 of them.
    anomalous = [1000.0] * 105 + [44.5] + [-1.0] * 18
    error = {2 * k: float(k) for k in range(124)} | {2 * k + 1: anomalous[k] for k in range(124)}
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"results": [error[e.stimulus]]}))
    result, accuracy = measured(run, tmp_path / "s")
    assert accuracy.value == (105 * 124 + 45) / 124**2
    assert f"{accuracy.value:.3f}" == "0.850"
    assert not result.valid


@pytest.mark.parametrize("results", [[0.0] * 12, [float("nan")] * 12, [1.0] * 11, [1.0] * 13, []])
def test_an_answer_that_names_no_class_is_wrong_and_told(tmp_path: Path, results: list[float]) -> None:
    run = answer_wrongly(make_run(mode="accuracy"), 4, results)
    result, accuracy = measured(run, tmp_path / "s")
    assert accuracy.value == 99.6
    assert [finding.id for finding in result.findings] == ["answer-without-class"]
    assert "4 answers" in result.findings[0].detail


def test_an_answer_of_all_zeros_is_wrong_even_for_class_0(tmp_path: Path) -> None:
    run = make_run(mode="accuracy").change(
        ev.InferenceDone, lambda n, e: e.model_copy(update={"results": [0.0] * 12})
    )
    assert measured(run, tmp_path / "s")[1].value == 0.0


def test_a_missing_answer_withholds_the_value(tmp_path: Path) -> None:
    result, accuracy = measured(make_run(mode="accuracy").drop(ev.InferenceDone, [17]), tmp_path / "s")
    assert (accuracy.value, accuracy.stimuli, result.valid) == (None, 999, False)
    assert "stimulus_17.bin" in result.findings[0].detail


def test_an_answer_given_twice_withholds_the_value(tmp_path: Path) -> None:
    run = make_run(mode="accuracy")
    run.insert(next(event for event in run.events if isinstance(event, ev.InferenceDone)))
    assert measured(run, tmp_path / "s")[1].value is None


def test_an_answer_to_no_stimulus_withholds_the_value(tmp_path: Path) -> None:
    run = make_run(mode="accuracy").change(
        ev.InferenceDone, lambda n, e: e.model_copy(update={"stimulus": -1}) if n == 3 else e
    )
    assert measured(run, tmp_path / "s")[1].value is None


def test_the_errors_of_all_windows_of_a_file_are_averaged(tmp_path: Path) -> None:
    run = make_run(mode="accuracy", benchmark="ad01")
    # One window of each normal file stands out, but not the mean of its three.
    run.change(
        ev.InferenceDone,
        lambda n, e: e.model_copy(update={"results": [14.0 if n % 3 == 0 else 9.0]}) if e.stimulus % 2 == 0 else e,
    )
    result, accuracy = measured(run, tmp_path / "s")
    assert (accuracy.value, result.valid) == (1.0, True)


def test_a_missing_window_of_a_file_withholds_the_value(tmp_path: Path) -> None:
    run = make_run(mode="accuracy", benchmark="ad01").drop(ev.InferenceDone, [100])
    assert measured(run, tmp_path / "s")[1].value is None


@pytest.mark.parametrize("results", [[], [1.0, 2.0], [float("nan")], [-float("inf")]])
def test_an_error_that_is_no_number_withholds_the_value(tmp_path: Path, results: list[float]) -> None:
    run = make_run(mode="accuracy", benchmark="ad01").change(
        ev.InferenceDone, lambda n, e: e.model_copy(update={"results": results}) if n == 3 else e
    )
    result, accuracy = measured(run, tmp_path / "s")
    assert accuracy.value is None
    assert [finding.id for finding in result.findings] == ["answer-without-class"]


@pytest.mark.parametrize("benchmark_id", ["kws01", "ad01"])
def test_stimuli_of_one_class_only_never_crash(tmp_path: Path, benchmark_id: str) -> None:
    """The existing runner crashes after the last inference and loses them all."""
    run = make_run(mode="accuracy", benchmark=benchmark_id)
    one = [stimulus.model_copy(update={"label": 0}) for stimulus in run.record.stimuli]
    run.record = run.record.model_copy(update={"stimuli": one})
    result, accuracy = measured(run, tmp_path / "s")
    if benchmark_id == "ad01":
        assert accuracy.value is None
        assert [finding.id for finding in result.findings] == ["class-missing"]
    else:
        assert accuracy.value == pytest.approx(100 * 84 / 1000)


def test_a_hostile_size_does_not_fill_the_memory(tmp_path: Path) -> None:
    run = make_run(mode="accuracy", benchmark="ad01")
    huge = [stimulus.model_copy(update={"size": 10**18}) for stimulus in run.record.stimuli]
    run.record = run.record.model_copy(update={"stimuli": huge})
    assert measured(run, tmp_path / "s")[1].value is None
