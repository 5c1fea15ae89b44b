# SPDX-License-Identifier: Apache-2.0
"""The answers of an accuracy session of the MLCommons runner: the mean output of each file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.published.findings import seen
from energy_runner.published.model import Answers, InferCommand, Note

DOCUMENT = "results.json"


@dataclass(frozen=True)
class ReadAnswers:
    """The answers, or None, with `notes` that say why no figures can be computed.

    `labels_from` says where their classes come from.
    """

    answers: Answers | None = None
    notes: tuple[Note, ...] = ()
    labels_from: str = ""


def read_answers(commands: Sequence[InferCommand], benchmark: Benchmark | None) -> ReadAnswers:
    """Return a row for each file, in the order of their first use; none for a benchmark that is not ours.

    Several outputs are first scaled so that their sum is 1.
    """
    outputs: dict[str, list[list[float]]] = {}
    labels: dict[str, int] = {}
    for command in commands:
        if command.label is None or not command.results:
            return _missing(f"no answer or no class for {command.file[:80]!r}")
        values = command.results
        if len(values) > 1:
            total = sum(values)
            values = [value / total if total else math.nan for value in values]
        outputs.setdefault(command.file, []).append(values)
        labels[command.file] = command.label
    if not outputs or benchmark is None:
        return ReadAnswers()
    if len({len(row) for rows in outputs.values() for row in rows}) != 1:
        return _missing("answers of different lengths, so nothing can be reproduced")
    means = np.array([np.mean(rows, axis=0) for rows in outputs.values()])
    if not np.all(np.isfinite(means)):
        count = int(np.count_nonzero(~np.isfinite(means).all(axis=1)))
        detail = f"{count} of {len(means)} answers are not numbers, so nothing can be reproduced"
        note = Note("answers-not-numbers", detail, measured=count, limit=0, seen=(seen(DOCUMENT),))
        return ReadAnswers(notes=(note,), labels_from=DOCUMENT)
    notes: tuple[Note, ...] = ()
    if means.shape[1] > benchmark.classes > 1:
        surplus = f"{means.shape[1]} outputs for {benchmark.classes} classes"
        detail = f"{surplus}: comparable after leaving out the last {means.shape[1] - benchmark.classes}"
        notes = (Note("outputs-surplus", detail, wrong=False, measured=means.shape[1], limit=benchmark.classes),)
    return ReadAnswers(Answers(means, np.array(list(labels.values())), len(means)), notes, DOCUMENT)


def _missing(detail: str) -> ReadAnswers:
    return ReadAnswers(notes=(Note("answers-missing", detail, seen=(seen(DOCUMENT),)),))
