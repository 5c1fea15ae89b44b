# SPDX-License-Identifier: Apache-2.0
"""The benchmark's metric over all stimuli: Top-1 in percent, or the area under the ROC curve."""

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.facts import Facts
from energy_runner.session.record import Record
from energy_runner.session.result import AccuracyResult, Finding

FloatArray = npt.NDArray[np.float64]
# By number of the stimulus: offset and outputs of each answer. Whole events would take ten times the memory.
Answers = dict[int, list[tuple[int, tuple[float, ...]]]]


def measure_accuracy(facts: Facts, record: Record) -> tuple[AccuracyResult, list[Finding]]:
    """Return the value of the metric, unrounded; None unless every stimulus was answered exactly once."""
    answers: Answers = defaultdict(list)
    for inference in facts.inferences:
        if inference.purpose == "accuracy":
            answers[inference.stimulus].append((inference.offset, tuple(inference.results)))
    findings = _coverage(answers, record)
    complete = not findings and bool(record.stimuli)
    value: float | None = None
    if record.benchmark.metric == "top1":
        correct, odd = _top1(answers, record)
        findings += odd
        value = 100 * correct / len(record.stimuli) if complete else None
    else:
        scores, odd = _mean_errors(answers)
        findings += odd
        if complete and not odd:
            labels = np.array([stimulus.label for stimulus in record.stimuli])
            value = auc(np.array([scores[k] for k in range(len(labels))]), labels)
            if value is None:
                detail = "the stimuli are all of one class, so there is no area to compute"
                findings.append(Finding(id="class-missing", detail=detail))
    result = AccuracyResult(
        metric=record.benchmark.metric,
        value=value,
        target=record.benchmark.target,
        stimuli=len(answers),
        stimuli_expected=len(record.stimuli),
    )
    return result, findings


def auc(scores: FloatArray, labels: npt.NDArray[np.int_]) -> float | None:
    """Return the exact area under the ROC curve; None unless both classes (label 0 and any other) occur.

    It is the share of pairs (anomalous, normal) in which the anomalous file scores higher, ties counting half
    (the Mann-Whitney statistic), computed from ranks.
    """
    from scipy.stats import rankdata  # imported here: it takes a second, and only this metric needs it

    anomalous = labels != 0
    positives, negatives = int(np.count_nonzero(anomalous)), int(np.count_nonzero(~anomalous))
    if not positives or not negatives:
        return None
    rank_sum = float(np.sum(rankdata(scores)[anomalous]))
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def top_class(results: Sequence[float]) -> int | None:
    """Return the index of the largest output, the first among equals, as published results are computed.

    Return None for outputs that are all zero or not finite: they name no class.
    """
    if not any(results) or not all(map(math.isfinite, results)):
        return None
    return results.index(max(results))


def _coverage(answers: Answers, record: Record) -> list[Finding]:
    """Return a finding unless each input of each stimulus was answered exactly once."""
    stride = record.benchmark.stride_bytes or 0
    wrong: list[str] = []
    for number, stimulus in enumerate(record.stimuli):
        room = stimulus.size - stimulus.offset - record.benchmark.input_bytes
        inputs = 1 + max(0, room // stride) if stride > 0 else 1
        offsets = sorted(offset for offset, _ in answers.get(number, ()))
        if offsets != [stimulus.offset + k * stride for k in range(min(inputs, len(offsets) + 1))]:
            wrong.append(stimulus.file)
    wrong += [f"number {number}" for number in answers if not 0 <= number < len(record.stimuli)]
    if not wrong:
        return []
    detail = f"{len(wrong)} of {len(record.stimuli)} stimuli not answered exactly once, first {wrong[0]}"
    return [Finding(id="answers-missing", detail=detail)]


def _top1(answers: Answers, record: Record) -> tuple[int, list[Finding]]:
    correct, odd = 0, []
    for number, stimulus in enumerate(record.stimuli):
        for _, results in answers.get(number, ())[:1]:
            named = top_class(results) if len(results) == record.benchmark.classes else None
            correct += named == stimulus.label
            if named is None:
                odd.append(stimulus.file)
    if not odd:
        return correct, []
    detail = f"{len(odd)} answers name no class and count as wrong, first that to {odd[0]}"
    return correct, [Finding(id="answer-without-class", detail=detail)]


def _mean_errors(answers: Answers) -> tuple[dict[int, float], list[Finding]]:
    """Return the mean error over the windows of each file."""
    means: dict[int, float] = {}
    odd = 0
    for number, given in answers.items():
        errors = [results[0] for _, results in given if len(results) == 1]
        usable = len(errors) == len(given) and math.isfinite(sum(errors))
        odd += not usable
        means[number] = sum(errors) / len(errors) if usable else math.nan
    if not odd:
        return means, []
    detail = f"{odd} files have answers that are not one number, so the metric is withheld"
    return means, [Finding(id="answer-without-class", detail=detail)]
