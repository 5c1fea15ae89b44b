# SPDX-License-Identifier: Apache-2.0
"""The answers of an accuracy session of the EEMBC runner, put in rows for its arithmetic."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.published.findings import seen
from energy_runner.published.model import Answers, FloatArray, InferCommand, Note


@dataclass(frozen=True)
class ReadAnswers:
    """The answers, or None, with `notes` that say why no figures can be computed."""

    answers: Answers | None = None
    notes: tuple[Note, ...] = ()


def read_answers(commands: Sequence[InferCommand], benchmark: Benchmark, log: str = "log.txt") -> ReadAnswers:
    """Return a row for each command; for anomalies, one for each file, the mean over its windows.

    `log` is the name of the file in which the answers stand.
    """
    if not commands:
        return ReadAnswers()
    unknown = [command for command in commands if command.label is None]
    if unknown:
        detail = f"classes of {len(unknown)} of {len(commands)} stimuli unknown, so nothing can be reproduced"
        where = (seen(log, unknown[0].line, unknown[0].sent_ms, unknown[0].file),)
        told = f"{detail}; name the folder of their label file"
        return ReadAnswers(notes=(Note("labels-unknown", told, seen=where, measured=len(unknown), limit=0),))
    silent = [command for command in commands if not command.results]
    widths = {len(command.results) for command in commands if command.results}
    if silent or len(widths) != 1:
        lengths = ", ".join(str(width) for width in sorted(widths))
        count = f"{len(silent)} of {len(commands)} answers are missing"
        detail = count if silent else f"answers of {lengths} numbers"
        places = tuple(seen(log, command.line, command.sent_ms, command.file) for command in silent[:3])
        return ReadAnswers(
            notes=(Note("answers-missing", f"{detail}, so nothing can be reproduced", seen=places),)
        )
    notes = tuple(odd_answers(commands, benchmark.classes, log))
    outputs = _comparable(np.array([command.results for command in commands]))
    labels = np.array([command.label for command in commands if command.label is not None])
    place = {name: number for number, name in enumerate(dict.fromkeys(command.file for command in commands))}
    if benchmark.metric == "auc":
        owner = np.array([place[command.file] for command in commands])
        outputs = (np.bincount(owner, outputs[:, 0]) / np.bincount(owner))[:, np.newaxis]
        labels = (np.bincount(owner, labels) > 0).astype(np.int_)
    return ReadAnswers(Answers(outputs, labels, len(place)), notes)


def odd_answers(commands: Sequence[InferCommand], classes: int, log: str) -> Iterator[Note]:
    """Note answers that are not numbers, and answers with more outputs than the benchmark has classes."""
    odd = [command for command in commands if not all(map(math.isfinite, command.results))]
    if odd:
        detail = f"{len(odd)} of {len(commands)} answers hold NaN or infinity, first that to {odd[0].file[:80]}"
        where = (seen(log, odd[0].line, odd[0].sent_ms, odd[0].file),)
        yield Note("answers-not-numbers", detail, measured=len(odd), limit=0, seen=where)
    widest = max((len(command.results) for command in commands), default=0)
    if widest > classes > 1:
        filled = sum(any(command.results[classes:]) for command in commands)
        how = f"which {filled} answers fill" if filled else "which are zero in every answer"
        detail = (
            f"{widest} outputs for {classes} classes: comparable after leaving out the last {widest - classes}"
        )
        yield Note("outputs-surplus", f"{detail}, {how}", wrong=False, measured=widest, limit=classes)


def _comparable(outputs: FloatArray) -> FloatArray:
    """Return outputs in which NaN compares as in JavaScript, where nothing is larger than it nor smaller.

    So a first output that is NaN stays the largest, and any other one never becomes it.
    """
    missing = np.isnan(outputs)
    if not missing.any():
        return outputs
    plain = np.where(missing, -np.inf, outputs)
    if outputs.shape[1] > 1:
        plain[missing[:, 0], 0] = np.inf
    return plain
