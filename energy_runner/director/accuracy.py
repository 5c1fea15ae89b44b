# SPDX-License-Identifier: Apache-2.0
"""Accuracy mode: one inference for every stimulus of the label file."""

from energy_runner.director.energy import FIRST_TRIAL_S
from energy_runner.director.loading import LoadTime, load
from energy_runner.director.performance import prepare
from energy_runner.director.plan import PlannedInput
from energy_runner.director.stage import Stage
from instruments.clock import NS_PER_S
from instruments.devices.dut.driver import Inference
from instruments.devices.dut.wording import advice_on_results
from instruments.errors import ProtocolViolation

CLASSIFY_TRIES = 3
# An answer may take so many times the longest one so far, and never less than that many seconds, before the DUT
# counts as silent: there are thousands of inputs of one size, and a network takes the same time for each.
PATIENCE = 5.0
LEAST_PATIENCE_S = 2.0
_SCALES = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
UART_ADVICE = "flash a firmware with the benchmark's network; if the number varies, check the UART"


def measure_accuracy(stage: Stage) -> None:
    """Execute one accuracy run."""
    inputs = stage.plan.inputs
    prepare(stage)
    stage.phase("classify", f"{len(inputs)} inputs")
    started_ns = stage.clock.now_ns()
    limit_s, longest_s = FIRST_TRIAL_S, 0.0
    for index, planned in enumerate(inputs):
        took = load(stage, planned, read_back=stage.plan.read_back)
        longest_s = max(longest_s, _classify(stage, planned, limit_s))
        limit_s = max(LEAST_PATIENCE_S, PATIENCE * longest_s)
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


def _classify(stage: Stage, planned: PlannedInput, limit_s: float) -> float:
    """Let the DUT infer once and record its answer; return how long that took, in seconds.

    It is asked again if the answer was damaged on the link.
    """
    wanted = stage.plan.benchmark.outputs
    for _ in range(CLASSIFY_TRIES):
        asked_ns = stage.clock.now_ns()
        with stage.recorder.bulk():  # one command and one answer for every stimulus
            result = stage.bench.dut.infer(1, 0, stage.deadline(limit_s))
        answered_ns = stage.clock.now_ns()
        if len(result.results) == wanted:
            stage.note_inference("accuracy", planned.number, planned.offset, result)
            return (answered_ns - asked_ns) / NS_PER_S
        stage.recorder.remark(
            "dut", f"{planned.file}: {len(result.results)} numbers instead of {wanted}", suspicious=True
        )
    raise ProtocolViolation(
        f"let the DUT classify {planned.file}",
        f"{len(result.results) or 'no'} numbers in place of {wanted}, {CLASSIFY_TRIES} times; the last answer: "
        f"{_last_words(result)}",
        advice_on_results(result.answer.events, wanted) or UART_ADVICE,
    )


def _last_words(result: Inference) -> str:
    """Return the end of an answer, where the results are."""
    return result.answer.excerpt(last=True)
