# SPDX-License-Identifier: Apache-2.0
"""Whole runs whose monitor sums up: what was misread or lost unnoticed on the way to the trace gives no score."""

import pytest

from energy_runner import api
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.session.folder import Session
from tests.support.places import ROOT

SLOW = str(ROOT / "tests" / "support" / "benches" / "slow-meter.toml")
AT_NS = 30_000_000_000  # in the second window


def run(name: str, folder, **faults: object) -> Session:
    plan = api.plan("demo-keywords", seed=4)
    bench = build_bench(load_bench_spec(name), "energy", seed=plan.seed)
    for fault, value in faults.items():
        setattr(bench.twin.world.faults, fault, value)
    if name == "virtual-lpm01a":
        bench.twin.twins["monitor"].end_dialect = "end"
    return api.run(bench, plan, out=folder / "s")


def test_a_shield_agrees_with_what_was_recorded_of_it(tmp_path) -> None:
    result = run("virtual-lpm01a", tmp_path).result()
    assert result.valid
    assert [(one.name, one.agrees) for one in result.monitor_summary.figures] == [
        ("least", True),
        ("largest", True),
    ]


def test_a_power_meters_integrator_agrees_with_its_updates(tmp_path) -> None:
    result = run(SLOW, tmp_path).result()
    assert result.valid
    found = {one.name: one for one in result.monitor_summary.figures}
    assert found["energy"].agrees
    assert 0 < found["energy"].allowance < 5e-3 * found["energy"].recorded
    assert found["charge"].agrees is not False


@pytest.mark.parametrize(
    ("name", "faults", "contradicted"),
    [
        ("virtual-lpm01a", {"misread_exponent_at_ns": AT_NS}, ["largest"]),
        ("virtual-lpm01a", {"summary_of_another": True}, ["least", "largest"]),
        ("virtual-ideal", {"misread_exponent_at_ns": AT_NS}, ["largest", "energy"]),
        ("virtual-ideal", {"lose_block_at_ns": AT_NS}, ["samples", "energy"]),
        ("virtual-ideal", {"summary_of_another": True}, ["samples", "energy"]),
        (SLOW, {"misread_exponent_at_ns": AT_NS}, ["energy"]),
    ],
)
def test_samples_that_contradict_the_summary_give_no_score(name, faults, contradicted, tmp_path) -> None:
    result = run(name, tmp_path, **faults).result()
    assert [one.name for one in result.monitor_summary.figures if one.agrees is False] == contradicted
    assert (result.valid, result.energy_per_inference_j) == (False, None)
    assert "summary-contradicts" in {finding.id for finding in result.findings}
    assert [one.passed for one in result.verdicts if one.id == "no-lost-samples"] == [False]


def test_a_loss_that_was_noticed_contradicts_nothing(tmp_path) -> None:
    result = run("virtual-lpm01a", tmp_path, drop_buffer_at_ns=AT_NS).result()
    assert (result.monitor_summary.agrees, result.monitor_summary.not_recorded) == (True, 250)
    assert "summary-contradicts" not in {finding.id for finding in result.findings}
