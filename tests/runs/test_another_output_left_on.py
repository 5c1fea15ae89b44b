# SPDX-License-Identifier: Apache-2.0
"""Every box of the registry with several outputs: what another program left on elsewhere feeds no DUT of ours."""

import pytest

from energy_runner import api
from energy_runner.bench import build_bench
from instruments.registry import BUILT_IN
from tests.support.any_bench import any_bench
from tests.support.no_report import no_report
from tests.support.small import small_plan

SEVERAL = [spec for spec in BUILT_IN if spec.feeding_option]


def outputs_are_told(spec) -> bool:
    """Return whether a driver has an option that its own words call the channel that feeds."""
    field = spec.options_model().model_fields.get("channel")
    return "supply" in spec.roles and field is not None


def test_no_supply_with_a_choice_of_outputs_is_left_out():
    assert {spec.name for spec in BUILT_IN if outputs_are_told(spec)} == {spec.name for spec in SEVERAL}
    assert SEVERAL


@pytest.mark.parametrize(("ours", "left_on"), [(2, 1), (1, 2), (2, 2), (1, 0)])
@pytest.mark.parametrize("spec", SEVERAL, ids=lambda spec: spec.name)
def test_the_dut_hangs_on_the_output_of_the_bench_file(spec, ours, left_on, tmp_path):
    bench = build_bench(any_bench(spec, **{spec.feeding_option: ours}), "energy", seed=3)
    bench.twin.world.faults.left_on = left_on
    with no_report():
        session = api.run(bench, small_plan(tmp_path / "stimuli"), out=tmp_path / "run")
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.supply_off_confirmed
    assert not bench.twin.world.powered
    assert session.result().energy_per_inference_j is not None
