# SPDX-License-Identifier: Apache-2.0
"""Accuracy mode: one inference for every stimulus of the label file."""

from energy_runner.director.energy import FIRST_TRIAL_S
from energy_runner.director.loading import LoadTime, load
from energy_runner.director.performance import prepare
from energy_runner.director.stage import Stage

_SCALES = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


def measure_accuracy(stage: Stage) -> None:
    """Execute one accuracy run."""
    inputs, read_back = stage.plan.inputs, stage.plan.read_back
    prepare(stage)
    stage.phase("classify", f"{len(inputs)} inputs")
    started_ns = stage.clock.now_ns()
    for index, planned in enumerate(inputs):
        took = load(stage, planned, read_back=read_back)
        stage.classify(planned, limit_s=FIRST_TRIAL_S)
        mean_s = (stage.clock.now_ns() - started_ns) / 1e9 / (index + 1)
        stage.expect_total(mean_s * (len(inputs) - index - 1))
        if index == 0:
            _tell_cost(stage, took, mean_s)
    stage.phase("finish")


def _tell_cost(stage: Stage, took: LoadTime, each_s: float) -> None:
    """Say after the first input what reading back costs in the whole run, or what doing without leaves open."""
    count = len(stage.plan.inputs)
    if not stage.plan.read_back:
        stage.recorder.remark("director", "nothing is read back: not proven that the DUT sees what the files hold")
        return
    cost, whole = _words(count * took.read_back_s), _words(count * each_s)
    stage.phase("classify", f"{count} inputs in about {whole}, {cost} of it to read them back")
    stage.recorder.remark(
        "director",
        f"reading all {count} inputs back takes about {cost} of {whole}; a run that does not read back saves that "
        "and does not prove that the DUT saw what the files hold",
    )


def _words(seconds: float) -> str:
    """Return a duration as a person says it: 2.7 h, 36 min."""
    scale, unit = next((one for one in _SCALES if seconds >= 2 * one[0]), _SCALES[-1])
    return f"{seconds / scale:.2g} {unit}"
