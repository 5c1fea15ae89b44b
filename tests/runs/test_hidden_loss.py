# SPDX-License-Identifier: Apache-2.0
"""Every sampler of the registry loses a block that its stream does not show: no wrong number is called valid."""

from statistics import median

import pytest

from energy_runner import api
from energy_runner.bench import build_bench
from energy_runner.session.events import SamplesLost
from instruments.registry import BUILT_IN
from tests.support.any_bench import any_bench
from tests.support.no_report import no_report
from tests.support.small import small_plan

SAMPLERS = [spec for spec in BUILT_IN if "sampler" in spec.roles and spec.driver is not None]


@pytest.mark.parametrize("spec", SAMPLERS, ids=lambda spec: spec.name)
def test_a_block_lost_unnoticed_makes_no_wrong_number_valid(spec, tmp_path):
    plan = small_plan(tmp_path / "stimuli")

    def run(name, lose_at_s=None):
        bench = build_bench(any_bench(spec), "energy", seed=3)
        if lose_at_s is not None:
            bench.twin.world.faults.lose_block_at_ns = round(lose_at_s * 1e9)
        with no_report():
            return api.run(bench, plan, out=tmp_path / name)

    truth = run("clean").record.truth
    assert truth
    session = run("lossy", (truth[-1].start_s + truth[-1].stop_s) / 2)
    result = session.result()
    lost = [event for event in session.journal() if isinstance(event, SamplesLost)]
    for window in result.windows:
        assert window.samples_missing_known or not result.valid
    if any(event.modulo for event in lost):
        assert any(
            finding.id in ("loss-size-unknown", "loss-size-by-laps", "samples-skipped")
            for finding in result.findings
        )
    score = result.energy_per_inference_j
    if result.valid and score is not None:
        true_j = median(one.energy_j / one.inferences for one in truth)
        assert abs(score.median - true_j) <= max(2.0 * score.U, 1e-5 * true_j)
