# SPDX-License-Identifier: Apache-2.0
"""Performance mode: inferences per second by the DUT's own microsecond clock."""

from energy_runner.director.energy import FIRST_TRIAL_S, SLACK, SLACK_S
from energy_runner.director.laps import seen_by_host_s
from energy_runner.director.loading import load
from energy_runner.director.plan import TRIAL_S
from energy_runner.director.stage import Stage
from energy_runner.director.start_up import start_up
from energy_runner.errors import BenchFault

LONGEST_TRIAL_S = 10.0  # by the host's clock


def measure_performance(stage: Stage) -> None:
    """Execute one performance run."""
    plan = stage.plan
    prepare(stage)
    stage.phase("load", plan.inputs[0].file)
    load(stage, plan.inputs[0], read_back=plan.read_back)
    inferences, inference_s = _find_inferences(stage)
    window_s = inference_s * (inferences + plan.warmups)
    for index, planned in enumerate(plan.inputs):
        stage.expect_total((len(plan.inputs) - index) * window_s)
        if index > 0:
            stage.phase("load", planned.file)
            load(stage, planned, read_back=plan.read_back)
        stage.phase("measure", f"window {index + 1} of {len(plan.inputs)}")
        limit_s = SLACK * window_s + SLACK_S
        stage.infer("window", index, inferences=inferences, warmups=plan.warmups, limit_s=limit_s)
    stage.phase("finish")


def prepare(stage: Stage) -> None:
    """Open, configure and start up: the beginning of the modes without an acquisition."""
    stage.open_instruments()
    voltage_set_v = 0.0  # where nothing is switched nobody asks for it
    if stage.bench.supply is not None:
        supplied = stage.configure_supply()
        voltage_set_v = supplied.voltage_set_v
        if stage.bench.sampler is not None:
            stage.configure_sampler(supplied)
    start_up(stage, voltage_set_v, isolated=False)


def _find_inferences(stage: Stage) -> tuple[int, float]:
    """Return how many inferences fill a window, and how long one takes in seconds, from short trials."""
    plan = stage.plan
    stage.phase("trial")
    tried = 1
    while True:
        warmups = plan.warmups if tried == 1 else 0
        result = stage.infer("trial", 0, inferences=tried, warmups=warmups, limit_s=FIRST_TRIAL_S)
        if len(result.laps_us) != 2:
            raise BenchFault(
                f"the DUT printed {len(result.laps_us)} timestamps instead of 2 in a trial of {tried} inferences; "
                "check that its firmware is the performance build (EE_CFG_ENERGY_MODE 0)"
            )
        trial_s = max(1e-6, ((result.laps_us[1] - result.laps_us[0]) & 0xFFFFFFFF) / 1e6)
        if plan.inferences is not None or trial_s >= TRIAL_S:
            return plan.inferences or plan.inferences_for(trial_s / tried), trial_s / tried
        tried = _more(tried, trial_s, seen_by_host_s(result) or 0.0)


def _more(tried: int, trial_s: float, by_host_s: float) -> int:
    """Return how many inferences the next trial has, after one that was too short.

    A clock that counts something longer than microseconds, such as the milliseconds of a system tick, would
    ask for a trial of hours. So it takes no more than some seconds of the host's time: enough to show that the
    clock is wrong.
    """
    wanted = max(2 * tried, int(1.2 * tried * TRIAL_S / trial_s))
    return wanted if by_host_s <= 0 else max(2 * tried, min(wanted, int(tried * LONGEST_TRIAL_S / by_host_s)))
