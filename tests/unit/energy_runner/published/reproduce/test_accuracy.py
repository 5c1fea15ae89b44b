# SPDX-License-Identifier: Apache-2.0
"""The accuracy of the earlier runners, by cases that their odd rules get differently from ours."""

import math
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from energy_runner.published.reproduce.accuracy import (
    Accuracy,
    anomaly_accuracy_percent,
    anomaly_auc_101,
    auc_101,
    exact_accuracy,
    top1_percent,
)


def test_the_first_of_equal_outputs_is_the_answer() -> None:
    results = np.array([[0.473, 0.0, 0.473], [0.1, 0.8, 0.1]])
    assert top1_percent(results, np.array([0, 1])) == 100.0
    assert top1_percent(results, np.array([2, 1])) == 50.0


def test_the_curve_of_101_points_is_not_the_true_one() -> None:
    # Two scores between neighbouring thresholds cannot be told apart: half of the area is lost.
    results = np.array([[0.995, 0.005], [0.991, 0.009]])
    labels = np.array([0, 1])
    assert auc_101(results, labels, 2) == pytest.approx(0.5)


def test_the_curve_counts_scores_above_the_threshold_only() -> None:
    results = np.array([[1.0, 0.0], [0.0, 1.0]])
    # At 1.00 nothing is above, at 0.99 everything right: the area is whole.
    assert auc_101(results, np.array([0, 1]), 2) == pytest.approx(1.0)


def test_scores_above_1_are_above_every_threshold() -> None:
    # The last threshold is 1.00: one of 1.01 would tell these two apart.
    assert auc_101(np.array([[5.0], [1.005]]), np.array([0, 1]), 1) == 0.0
    assert auc_101(np.array([[5.0], [0.995]]), np.array([0, 1]), 1) == 1.0


def test_the_denominators_of_the_other_runner_are_a_little_larger() -> None:
    perfect = exact_accuracy(np.array([[0.0], [1.0]]), np.array([0, 1]))
    assert perfect.top1_percent == pytest.approx(100 / (1 + 1e-8), rel=1e-12)


def test_a_class_without_stimuli_has_no_area() -> None:
    assert math.isnan(auc_101(np.array([[1.0, 0.0]]), np.array([0]), 2))


def test_anomalies_are_told_by_thresholds_over_the_range_of_errors() -> None:
    errors = np.array([1.0, 2.0, 10.0, 11.0])
    anomalous = np.array([False, False, True, True])
    assert anomaly_auc_101(errors, anomalous) == pytest.approx(1.0)
    assert anomaly_accuracy_percent(errors, anomalous) == pytest.approx(100.0)
    assert anomaly_accuracy_percent(errors, anomalous, 1e-8) < 100.0


def test_two_outputs_are_judged_by_the_second_one() -> None:
    results = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    accuracy = exact_accuracy(results, np.array([0, 1, 1]))
    assert accuracy == Accuracy(pytest.approx(200 / 3), 1.0)


def test_one_output_is_an_error_and_class_1_the_anomaly() -> None:
    # Above a threshold of 4.24 both anomalies are found, and one normal file with them: (2/3 + 1) / 2.
    errors = np.array([[1.0], [5.0], [4.9], [10.0]])
    labels = np.array([0, 0, 1, 1])
    accuracy = exact_accuracy(errors, labels)
    assert accuracy.top1_percent == pytest.approx(100 * (2 / 3 + 1) / 2, rel=1e-7)
    assert accuracy.area == pytest.approx(roc_auc_score(labels, errors[:, 0])) == 0.75
    # Another label than 1 is an anomaly of the area, but none of what is called Top-1.
    assert exact_accuracy(errors, 2 * labels).top1_percent == 0.0


def test_a_class_that_no_file_has_leaves_the_exact_area_unknown() -> None:
    accuracy = exact_accuracy(np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]), np.array([0, 1]))
    assert accuracy.top1_percent == 100.0
    assert math.isnan(accuracy.area)


# --- against plain loops --------------------------------------------------------------------------------


def area_by_loops(scores: list[float], positive: list[bool], thresholds: list[float]) -> float:
    points = []
    for threshold in thresholds:
        above = [score > threshold for score in scores]
        true = sum(a and p for a, p in zip(above, positive, strict=True)) / sum(positive)
        false = sum(a and not p for a, p in zip(above, positive, strict=True)) / (len(positive) - sum(positive))
        points.append((true, false))
    points[0] = (1.0, 1.0)
    return sum((a[0] + b[0]) / 2 * (a[1] - b[1]) for a, b in pairwise(points))


def test_areas_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(4)
    results, labels = rng.random((40, 3)), rng.integers(0, 2, 40)
    hundredths = [k * 0.01 for k in range(101)]
    areas = [area_by_loops(results[:, k].tolist(), (labels == k).tolist(), hundredths) for k in (0, 1)]
    assert auc_101(results, labels, 2) == pytest.approx(np.mean(areas))
    assert auc_101(results[:, :2], labels, 5) == pytest.approx(np.mean(areas))
    errors, anomalous = 1.0 + rng.random(40), labels == 1
    spread = [errors.min() + at * (errors.max() - errors.min()) for at in hundredths]
    assert anomaly_auc_101(errors, anomalous) == pytest.approx(
        area_by_loops(errors.tolist(), anomalous.tolist(), spread)
    )


def test_the_accuracy_of_anomalies_is_looked_for_at_a_hundred_thresholds_of_their_range() -> None:
    fine = np.array([1.0, 1.015, 1.025, 2.0])  # of thresholds 0.01 apart, that of 1.02 separates them
    assert anomaly_accuracy_percent(fine, np.array([False, False, True, True])) == 100.0
    assert anomaly_accuracy_percent(np.array([0.0, 1.0]), np.array([True, False])) == 0.0
    assert anomaly_accuracy_percent(np.array([0.0, 0.985, 0.995]), np.array([False, False, True])) == 100.0
    one = anomaly_accuracy_percent(np.array([0.0, 1.0]), np.array([False, True]), 1.0)
    assert one == 50.0  # a hit of one, over one more than one


def test_exact_figures_are_of_the_second_output_or_of_each_against_the_rest() -> None:
    rng = np.random.default_rng(5)
    three, labels = rng.random((30, 3)), rng.integers(0, 3, 30)
    found = exact_accuracy(three, labels)
    assert found.area == pytest.approx(np.mean([roc_auc_score(labels == k, three[:, k]) for k in range(3)]))
    two, halves = rng.random((30, 2)), rng.integers(0, 2, 30)
    assert exact_accuracy(two, halves).area == pytest.approx(roc_auc_score(halves, two[:, 1]))
    assert exact_accuracy(two[:, :1], halves).area == pytest.approx(roc_auc_score(halves, two[:, 0]))


def test_without_answers_there_is_no_figure() -> None:
    nothing, none = np.zeros(0), np.zeros(0, dtype=np.bool_)
    assert math.isnan(top1_percent(np.zeros((0, 2)), np.zeros(0, dtype=np.int_)))
    assert math.isnan(anomaly_auc_101(nothing, none))
    assert math.isnan(anomaly_accuracy_percent(nothing, none))
    assert math.isnan(auc_101(np.zeros((3, 0)), np.zeros(3, dtype=np.int_), 2))
