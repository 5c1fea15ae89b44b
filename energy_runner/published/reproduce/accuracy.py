# SPDX-License-Identifier: Apache-2.0
"""The accuracy that the two earlier runners computed: Top-1, and their areas under a ROC curve; pure functions.

These rules are theirs, and some of them are odd: a curve of 101 points, the mean of precision and recall called
Top-1. They serve only to reproduce what was published; our own metric is `analysis/accuracy.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.accuracy import auc as exact_auc
from energy_runner.published.model import PublishedSession

FloatArray = npt.NDArray[np.float64]

_THRESHOLDS: FloatArray = np.arange(101, dtype=np.float64) * 0.01
_LEAST = 1e-8


@dataclass(frozen=True)
class Accuracy:
    """What a runner computes from the answers, unrounded: what it calls Top-1, in percent, and its AUC."""

    top1_percent: float
    area: float


def eembc_accuracy(session: PublishedSession) -> Accuracy | None:
    """Return what the EEMBC runner computes; None without the answers to all stimuli."""
    answers, benchmark = session.answers, session.definition
    if answers is None or benchmark is None:
        return None
    outputs, labels = answers.outputs, answers.labels
    if benchmark.metric == "auc":
        errors, anomalous = outputs[:, 0], labels > 0
        return Accuracy(anomaly_accuracy_percent(errors, anomalous), anomaly_auc_101(errors, anomalous))
    return Accuracy(top1_percent(outputs, labels), auc_101(outputs, labels, benchmark.classes))


def mlcommons_accuracy(session: PublishedSession) -> Accuracy | None:
    """Return what the MLCommons runner computes; None without the answers to all stimuli."""
    answers, benchmark = session.answers, session.definition
    if answers is None:
        return None
    return exact_accuracy(answers.outputs, answers.labels, benchmark.classes if benchmark is not None else 0)


def top1_percent(results: FloatArray, labels: npt.NDArray[np.int_]) -> float:
    """Return the share of rows of `results` (stimuli by classes) whose first maximum is the label, in percent."""
    if not len(labels):
        return math.nan
    return float(100 * np.count_nonzero(np.argmax(results, axis=1) == labels) / len(labels))


def auc_101(results: FloatArray, labels: npt.NDArray[np.int_], classes: int) -> float:
    """Return the mean over the classes of the area under a ROC curve of 101 points, one against the rest.

    The points are the thresholds 0.00, 0.01 … 1.00; a score counts if it is above its threshold, and the
    first point is put at (1, 1). This is not the area under the true curve.
    """
    areas = [_area(results[:, k], labels == k, _THRESHOLDS) for k in range(min(classes, results.shape[1]))]
    return float(np.mean(areas)) if areas else math.nan


def anomaly_auc_101(errors: FloatArray, anomalous: npt.NDArray[np.bool_]) -> float:
    """Return the area of the 101-point curve for reconstruction errors, its thresholds spread over their range."""
    if not len(errors):
        return math.nan
    low, high = float(np.min(errors)), float(np.max(errors))
    return _area(errors, anomalous, low + _THRESHOLDS * (high - low))


def anomaly_accuracy_percent(errors: FloatArray, anomalous: npt.NDArray[np.bool_], least: float = 0.0) -> float:
    """Return the largest mean of precision and recall over 100 thresholds, in percent; runners call it Top-1.

    `least` is added to the denominators (the MLCommons runner does so to avoid a division by zero).
    """
    if not len(errors):
        return math.nan
    low, high = float(np.min(errors)), float(np.max(errors))
    best = 0.0
    for threshold in low + _THRESHOLDS[:100] * (high - low):
        above = errors > threshold
        hits = float(np.count_nonzero(above & anomalous))
        precision = _ratio(hits, float(np.count_nonzero(above)) + least)
        recall = _ratio(hits, float(np.count_nonzero(anomalous)) + least)
        best = max(best, 100 * (precision + recall) / 2)
    return best


def exact_accuracy(results: FloatArray, labels: npt.NDArray[np.int_], classes: int = 0) -> Accuracy:
    """Return Top-1 and the exact AUC of `results`, the mean output of each file, as the MLCommons runner does.

    With two outputs the AUC is that of the second one, with more it is the mean over the classes, one against
    the rest; NaN where a class has no file (the runner then stopped with an error). Outputs beyond the `classes`
    of the benchmark have no file ever and are left out.
    """
    outputs = min(classes, results.shape[1]) if classes > 1 else results.shape[1]
    if outputs == 1:
        top1 = anomaly_accuracy_percent(results[:, 0], labels == 1, _LEAST)
        judged = [(results[:, 0], labels)]
    else:
        top1 = top1_percent(results, labels)
        judged = [(results[:, k], (labels == k).astype(np.int_)) for k in range(outputs)]
        judged = [(results[:, 1], labels)] if outputs == 2 else judged
    areas = [exact_auc(scores, positive) for scores, positive in judged]
    return Accuracy(top1, float(np.mean([math.nan if area is None else area for area in areas])))


def _area(scores: FloatArray, positive: npt.NDArray[np.bool_], thresholds: FloatArray) -> float:
    positives, negatives = int(np.count_nonzero(positive)), int(np.count_nonzero(~positive))
    if not positives or not negatives:
        return math.nan
    above = np.sort(scores[positive]), np.sort(scores[~positive])
    true = 1 - np.searchsorted(above[0], thresholds, side="right") / positives
    false = 1 - np.searchsorted(above[1], thresholds, side="right") / negatives
    true[0], false[0] = 1.0, 1.0
    return float(np.sum(0.5 * (true[:-1] + true[1:]) * (false[:-1] - false[1:])))


def _ratio(dividend: float, divisor: float) -> float:
    return dividend / divisor if divisor else math.nan
