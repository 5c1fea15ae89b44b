# SPDX-License-Identifier: Apache-2.0
"""Whole runs with the other logs of an N6705: right within U, and withheld where records are missing."""

from pathlib import Path
from statistics import median

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_MONITOR
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.session.folder import Session

BENCHES = Path(__file__).parent.parent / "support" / "monitor_benches"
PLAN = {"seed": 4}


def run(name: str, out: Path, drop_at_s: float | None = None, **changes: object) -> Session:
    spec = load_bench_spec(str(BENCHES / f"virtual-n6705-{name}.toml"))
    assert spec.monitor is not None
    spec = spec.model_copy(update={"monitor": spec.monitor.model_copy(update=changes)})
    bench = build_bench(spec, benchmark="demo-keywords", seed=4)
    assert bench.twin is not None
    if drop_at_s is not None:
        bench.twin.world.faults.drop_buffer_at_ns = round(drop_at_s * 1e9)
    return api.run(bench, api.plan("demo-keywords", **PLAN), out=out)


@pytest.mark.parametrize("name", ["dlog", "array", "aux"])
def test_a_run_is_valid_and_right(name: str, tmp_path: Path) -> None:
    session = run(name, tmp_path / "s")
    result = session.result()
    assert result.valid, [verdict.text for verdict in result.verdicts if not verdict.passed]
    truth_j = median(t.energy_j / t.inferences for t in session.record.truth)
    score = result.energy_per_inference_j
    assert score is not None
    assert abs(score.median - truth_j) <= score.U
    assert score.U / truth_j < 0.002
    assert result.alignment is not None
    captured = name == "aux"
    assert (result.alignment.method == BY_MONITOR) is captured
    assert (result.edges_cross_check is not None) is captured


@pytest.mark.parametrize("name", ["dlog", "aux"])
def test_lost_records_are_noticed_and_the_score_is_withheld(name: str, tmp_path: Path) -> None:
    """A file says nothing of what is missing in it; its length against the first lap does."""
    result = run(name, tmp_path / "s", drop_at_s=30.0).result()
    assert result.energy_per_inference_j is None
    assert not result.valid


def test_an_array_too_short_for_the_run_is_refused_before_power_on(tmp_path: Path) -> None:
    session = run("array", tmp_path / "s", sample_rate_hz=None)
    assert session.result().outcome == "bench-fault"
    (problem,) = (event for event in session.journal(exchanges=False) if event.kind == "problem")
    assert "for 5.369 s with a sample every 10.24 µs, and this run takes more than 52.5 s" in problem.came
    switched = [event.on for event in session.journal(exchanges=False) if event.kind == "supply-switched"]
    assert True not in switched
