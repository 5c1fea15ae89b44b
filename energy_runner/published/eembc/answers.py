# SPDX-License-Identifier: Apache-2.0
"""The answers of an accuracy session of the EEMBC runner, put in rows for its arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.published.model import Answers, InferCommand, Note


@dataclass(frozen=True)
class ReadAnswers:
    """The answers, or None, with `notes` that say why no figures can be computed."""

    answers: Answers | None = None
    notes: tuple[Note, ...] = ()


def read_answers(commands: Sequence[InferCommand], benchmark: Benchmark) -> ReadAnswers:
    """Return a row for each command; for anomalies, one for each file, the mean over its windows."""
    if not commands:
        return ReadAnswers()
    unknown = sum(command.label is None for command in commands)
    if unknown:
        detail = f"classes of {unknown} of {len(commands)} stimuli unknown, so nothing can be reproduced"
        return ReadAnswers(notes=(Note("labels-unknown", f"{detail}; name the folder of their label file"),))
    silent = sum(not command.results for command in commands)
    widths = {len(command.results) for command in commands if command.results}
    if silent or len(widths) != 1:
        lengths = ", ".join(str(width) for width in sorted(widths))
        detail = f"{silent} of {len(commands)} answers are missing" if silent else f"answers of {lengths} numbers"
        return ReadAnswers(notes=(Note("answers-missing", f"{detail}, so nothing can be reproduced"),))
    outputs = np.array([command.results for command in commands])
    labels = np.array([command.label for command in commands if command.label is not None])
    if benchmark.metric == "auc":
        place = {name: number for number, name in enumerate(dict.fromkeys(command.file for command in commands))}
        owner = np.array([place[command.file] for command in commands])
        outputs = (np.bincount(owner, outputs[:, 0]) / np.bincount(owner))[:, np.newaxis]
        labels = (np.bincount(owner, labels) > 0).astype(np.int_)
    return ReadAnswers(Answers(outputs, labels))
