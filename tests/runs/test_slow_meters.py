# SPDX-License-Identifier: Apache-2.0
"""Whole runs with meters of a few samples a second: long windows are right, short ones unsure, and say so."""

import math
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_HOST
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.errors import ExitStatus
from energy_runner.session.folder import Session
from instruments.devices.ptdaemon.twin import STATED
from tests.support.coverage_study import short_plan, whole_plan
from tests.support.places import ROOT

BENCHES = ROOT / "tests" / "support" / "benches"


def run(bench: str, folder: Path, seed: int, inferences: int | None = None) -> Session:
    """Run windows of half a second, of `inferences`, or by the rules."""
    plan = whole_plan(folder / "stimuli") if inferences is None else short_plan(folder / "stimuli")
    plan = plan if inferences is None else replace(plan, inferences=inferences)
    built = build_bench(load_bench_spec(str(BENCHES / f"{bench}.toml")), "energy", seed=seed)
    return api.run(built, plan, out=folder / "s", rule_set="lab")


def errors(session: Session) -> tuple[float, float]:
    """Return the score's error and its U, relative to the truth."""
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None, session.result().findings
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    return score.median / true_j - 1, score.U / true_j


@pytest.mark.parametrize("bench", ["slow-meter", "slowest-meter"])
@pytest.mark.parametrize("seed", range(2))
def test_windows_of_ten_seconds_are_right_within_their_uncertainty(bench: str, seed: int, tmp_path: Path) -> None:
    session = run(bench, tmp_path, seed)
    assert api.exit_status(session) is ExitStatus.VALID
    assert session.record.alignment == BY_HOST
    error, u = errors(session)
    assert abs(error) <= u < 0.05
    assert session.record.supply_off_confirmed is None  # it is not ours


@pytest.mark.parametrize("bench", ["slow-meter", "slowest-meter"])
def test_the_trial_is_timed_by_the_laps_and_finds_windows_of_ten_seconds(bench: str, tmp_path: Path) -> None:
    # An inference of 43 ms is far shorter than a sample, which is nothing to a clock of microseconds.
    built = build_bench(load_bench_spec(str(BENCHES / f"{bench}.toml")), "energy", seed=0)
    session = api.run(
        built, replace(whole_plan(tmp_path / "stimuli"), inferences=None), out=tmp_path / "s", rule_set="lab"
    )
    assert all(10 < (window.duration_s or 0.0) < 11 for window in session.result().windows)


@pytest.mark.parametrize(("bench", "inferences"), [("slow-meter", 12), ("slow-meter", 48), ("slowest-meter", 48)])
def test_of_short_windows_the_samples_at_both_ends_are_in_the_uncertainty(
    bench: str, inferences: int, tmp_path: Path
) -> None:
    error, u = errors(run(bench, tmp_path, 0, inferences))
    assert abs(error) <= u
    assert u > 0.07


def test_what_the_edges_of_few_updates_leave_open_is_in_each_windows_uncertainty(tmp_path: Path) -> None:
    # A meter without errors of its own: what is left are the updates that hold an edge, and when they came.
    built = build_bench(load_bench_spec(str(BENCHES / "slow-meter.toml")), "energy", seed=42)
    assert built.twin is not None
    meter = built.twin.twins["meter"]
    meter._offset = meter._gain = meter._noise = meter._clock = 0.0
    plan = replace(short_plan(tmp_path / "stimuli"), inferences=42)
    session = api.run(built, plan, out=tmp_path / "s", rule_set="lab")
    offset = "offset of the power measurement"
    worst = 0.0
    for window, truth in zip(session.result().windows, session.record.truth or [], strict=True):
        assert window.energy_j is not None
        assert window.uncertainty is not None
        assert 1.5 < (window.duration_s or 0.0) < 2.5
        of_edges = [one.value_j for one in window.uncertainty.components if not one.name.startswith(offset)]
        error_j = abs(window.energy_j / window.inferences - truth.energy_j / truth.inferences)
        assert error_j <= 2 * math.hypot(*of_edges)
        worst = max(worst, error_j * truth.inferences / truth.energy_j)
    assert worst > 0.03  # so it is no small thing


def test_a_daemons_own_statement_of_its_readings_is_in_the_budget(tmp_path: Path) -> None:
    result = run("slowest-meter", tmp_path, 0, 48).result()
    assert result.monitor_summary is not None
    assert {one.name: one.agrees for one in result.monitor_summary.figures} == dict.fromkeys(
        ("samples", "least", "largest", "energy"), True
    )
    assert result.uncertainty is not None
    [gain] = [one for one in result.uncertainty.components if one.name.startswith("gain")]
    assert gain.limit == STATED
    assert "own statement" in gain.source


def test_a_window_within_one_sample_has_no_energy_and_says_which_window_is_needed(tmp_path: Path) -> None:
    session = run("slowest-meter", tmp_path, 0, 12)
    result = session.result()
    assert result.energy_per_inference_j is None
    [finding, *_] = [one for one in result.findings if one.id == "window-in-one-sample"]
    assert "make it 10 s or longer" in finding.detail
    assert api.exit_status(session) is not ExitStatus.VALID


@pytest.mark.parametrize("bench", ["slow-meter", "slowest-meter"])
def test_lost_samples_withhold_their_window(bench: str, tmp_path: Path) -> None:
    built = build_bench(load_bench_spec(str(BENCHES / f"{bench}.toml")), "energy", seed=0)
    twin = built.twin
    assert twin is not None
    twin.world.faults.drop_buffer_at_ns = 40_000_000_000
    session = api.run(built, whole_plan(tmp_path / "stimuli"), out=tmp_path / "s", rule_set="lab")
    result = session.result()
    assert sum(window.samples_missing or 0 for window in result.windows) >= 1
    assert any(finding.id == "samples-missing" for finding in result.findings)
    assert any(window.energy_j is None for window in result.windows)
