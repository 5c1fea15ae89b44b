# SPDX-License-Identifier: Apache-2.0
"""A run of six hours: what clocks drift apart in that time is more than any margin of a short run."""

from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.director.stage import Stage
from instruments.scpi.twin_log import MeterErrors, MeterTable
from instruments.world.world import World
from tests.support.small import small_plan

HOURS = 6
SLOW = 43e-6  # of the monitor's clock, which its specification allows


@pytest.fixture(autouse=True)
def in_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a long wait read the stream every 15 s, which the monitor's 20 s of memory allow."""
    short = Stage.wait

    def wait(stage: Stage, seconds: float) -> None:
        while seconds > 60:
            stage.clock.sleep(15.0)
            stage.look_after()
            seconds -= 15.0
        short(stage, seconds)

    monkeypatch.setattr(Stage, "wait", wait)


def bench_of(slow: float, monkeypatch: pytest.MonkeyPatch) -> Bench:
    drawn = MeterErrors.__init__

    def init(errors: MeterErrors, world: World, table: MeterTable) -> None:
        drawn(errors, world, table)
        errors.clock = slow

    monkeypatch.setattr(MeterErrors, "__init__", init)
    spec = load_bench_spec("virtual-n6705c")
    assert spec.monitor is not None
    monitor = spec.monitor.model_copy(update={"sample_rate_hz": 50.0})
    return build_bench(spec.model_copy(update={"monitor": monitor}), "energy", seed=3)


@pytest.mark.parametrize("slow", [SLOW])
def test_the_last_window_is_in_the_log_and_right_within_what_is_stated(
    slow: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = replace(small_plan(tmp_path / "stimuli", inferences=60), head_s=HOURS * 3600.0)
    session = api.run(bench_of(slow, monkeypatch), plan, out=tmp_path / "s")
    result = session.result()
    assert not [one.detail for one in result.findings if one.id in {"window-not-recorded", "edges-disagree"}]
    truth = sorted(window.energy_j / window.inferences for window in session.record.truth)
    score = result.energy_per_inference_j
    assert score is not None
    assert truth[0] - score.U <= score.median <= truth[-1] + score.U
