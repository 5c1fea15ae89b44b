# SPDX-License-Identifier: Apache-2.0
"""Whole virtual runs whose idle level is known in closed form, also on a board that waits with more power."""

import pytest

from energy_runner import api
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.benchmarks.catalogue import load_benchmark
from instruments.devices.dut.twin_profile import Levels
from tests.support.small import small_stimuli

VOLTAGE_V = 3.0
USUAL = Levels()
# As on the L4R5 of the published sessions: the core sleeps while it sends, and polls while it waits.
POLLING = Levels(idle_a=14.0e-3, uart_receive_a=13.5e-3, uart_send_a=5.0e-3, infer_a=11.2e-3)


@pytest.mark.parametrize("bench", ["virtual-lpm01a", "virtual-n6705c", "virtual-ideal"])
@pytest.mark.parametrize("levels", [USUAL, POLLING], ids=["usual", "polling"])
def test_levels_and_energy_above_idle_are_those_of_the_world(bench, levels, tmp_path):
    (tmp_path / "stimuli").mkdir()
    small_stimuli(tmp_path / "stimuli", load_benchmark("kws01"))
    built = build_bench(load_bench_spec(bench), "energy", seed=3, benchmark="kws01")
    built.twin.dut.levels_at_start = levels
    session = api.run(built, api.plan("kws01", stimuli=tmp_path / "stimuli", seed=3), out=tmp_path / "s")
    result = session.result()
    found = result.levels
    assert "by the bytes exchanged with the DUT" in found.searched
    for level, current_a in (
        (found.idle, levels.idle_a),
        (found.transmit, levels.uart_send_a),
        (found.receive, levels.uart_receive_a),
    ):
        assert level.power_w == pytest.approx(current_a * VOLTAGE_V, rel=0.02)
    net = result.net_energy_per_inference_j
    window = result.windows[2]
    each_s = window.duration_s / window.inferences
    true_j = built.twin.world.truth()[-3].energy_j / window.inferences - levels.idle_a * VOLTAGE_V * each_s
    assert net.value_j == pytest.approx(true_j, abs=net.U_j + 1e-6 * abs(true_j))  # the ideal one has no U
    assert (net.value_j > 0) == (levels is USUAL)
    assert abs(net.value_j) > 2 * net.U_j or bench == "virtual-lpm01a"
    assert not [finding for finding in result.findings if "idle" in finding.id]
