# SPDX-License-Identifier: Apache-2.0
"""Accuracy mode: one inference for every stimulus of the label file."""

from energy_runner.director.energy import FIRST_TRIAL_S
from energy_runner.director.performance import prepare
from energy_runner.director.stage import Stage


def measure_accuracy(stage: Stage) -> None:
    """Execute one accuracy run."""
    inputs = stage.plan.inputs
    prepare(stage)
    stage.phase("classify", f"{len(inputs)} inputs")
    started_ns = stage.clock.now_ns()
    for index, planned in enumerate(inputs):
        stage.load(planned, read_back=False)
        stage.classify(planned, limit_s=FIRST_TRIAL_S)
        mean_s = (stage.clock.now_ns() - started_ns) / 1e9 / (index + 1)
        stage.expect_total(mean_s * (len(inputs) - index - 1))
    stage.phase("finish")
