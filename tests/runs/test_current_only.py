# SPDX-License-Identifier: Apache-2.0
"""Whole runs with samplers of current alone: energy is current times the voltage set."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_HOST, BY_MONITOR
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.errors import ConfigurationError
from energy_runner.report.terminal import print_session
from energy_runner.session.events import MonitorConfigured, SamplesLost
from energy_runner.session.folder import Session
from instruments.clock import to_ns
from instruments.devices.ppk2.twin_stream import INVISIBLE
from tests.support.coverage_study import short_plan
from tests.support.places import ROOT

SUPPORT = ROOT / "tests" / "support"
AMPERE = SUPPORT / "benches" / "ppk2-behind-supply.toml"
SOURCE = SUPPORT / "monitor_benches" / "virtual-ppk2.toml"
BINARY = SUPPORT / "benches" / "shield-binary.toml"
Run = Callable[..., tuple[Bench, Session]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run five windows of half a second on a bench."""
    plan = short_plan(tmp_path / "stimuli")

    def go(file: Path, seed: int = 0, lose_at_s: float | None = None) -> tuple[Bench, Session]:
        bench = build_bench(load_bench_spec(str(file)), "energy", seed=seed)
        assert bench.twin is not None
        bench.twin.world.faults.lose_block_at_ns = None if lose_at_s is None else to_ns(lose_at_s)
        return bench, api.run(bench, plan, out=tmp_path / f"{file.stem}-{seed}-{lose_at_s}")

    return go


def ratio(session: Session) -> tuple[float, float]:
    """Return the score's error and its U, both relative to the truth."""
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None, session.result().findings
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    return score.median / true_j - 1, score.U / true_j


def configured(session: Session) -> MonitorConfigured:
    [found] = [event for event in session.journal() if isinstance(event, MonitorConfigured)]
    return found


@pytest.mark.parametrize("file", [SOURCE, AMPERE], ids=lambda file: file.stem)
@pytest.mark.parametrize("seed", range(3))
def test_a_ppk2_is_right_within_its_uncertainty_which_is_large(file, seed, run, capsys):
    bench, session = run(file, seed)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_MONITOR
    error, u = ratio(session)
    assert abs(error) <= u
    assert 0.08 < u < 0.15
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered
    assert session.result().energy_per_inference_j.complete is False
    print_session(session)
    stated_uj = float(f"{session.result().energy_per_inference_j.U * 1e6:.2g}")
    assert f"µJ per inference ± {stated_uj:.0f} µJ" in capsys.readouterr().out


def test_an_ampere_meter_says_who_fed_the_dut_and_counts_the_limits_of_its_voltage(run):
    _, session = run(AMPERE, 1)
    found = configured(session)
    assert (found.sampler, found.supply, found.voltage_set_v) == ("meter", "psu", 3.0)
    result = session.result()
    assert not [doubt for doubt in result.energy_per_inference_j.incomplete if "supply voltage" in doubt]
    [row] = [one for one in result.uncertainty.components if one.name.startswith("supply voltage")]
    assert row.source.startswith("psu: ")
    # 0.025 % + 1.8 mV of 3 V, and the median of five windows has all of it.
    assert row.relative == pytest.approx((0.00025 + 1.8e-3 / 3.0) / 3**0.5, rel=1e-6)


def test_a_limit_of_that_voltage_may_be_stated(run, tmp_path):
    table = (
        '\n[[instruments.meter.specification.term]]\nname = "supply_voltage"\nrelative = 0.001\nsource = "mine"\n'
    )
    text = AMPERE.read_text("utf-8") + table
    file = tmp_path / "stated.toml"
    file.write_text(text, "utf-8")
    _, session = run(file, 1)
    names = [one.name for one in session.result().uncertainty.components]
    assert any("supply voltage" in name for name in names)
    assert not [doubt for doubt in session.result().energy_per_inference_j.incomplete if "supply voltage" in doubt]


@pytest.mark.parametrize("seed", range(2))
def test_a_shield_in_binary_with_the_laps_of_an_io_manager(seed, run):
    _, session = run(BINARY, seed)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_HOST
    assert configured(session).period_s == 1e-5
    error, u = ratio(session)
    assert abs(error) <= u < 0.06


def test_a_loss_that_the_counter_cannot_show_is_missing_from_its_window(run):
    _, clean = run(SOURCE)
    third = clean.record.truth[2]
    _, session = run(SOURCE, 0, third.start_s + 0.1)
    [lost] = [event for event in session.journal() if isinstance(event, SamplesLost)]
    assert "cannot be known" in lost.detail
    assert lost.missing == pytest.approx(INVISIBLE, abs=64)
    missing = [window.samples_missing for window in session.result().windows]
    assert [bool(one) for one in missing] == [False, False, True, False, False]
    assert missing[2] == lost.missing
    assert lost.modulo == 64
    assert [window.samples_missing_known for window in session.result().windows] == [True, True, False, True, True]
    assert session.result().windows[2].energy_j is None
    [found] = [one for one in session.result().findings if one.id == "loss-size-unknown"]
    assert "or a multiple of 64" in found.detail
    assert "multiple of 64" not in str(clean.result().findings)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('supply = "psu"', 'supply = "meter"', "plays sampler, edges with mode = 'ampere'"),
        ('options = { mode = "ampere" }', "", "measures only what it feeds itself"),
    ],
)
def test_roles_that_its_mode_excludes_are_refused_before_anything_opens(old, new, says, tmp_path):
    file = tmp_path / "bench.toml"
    file.write_text(AMPERE.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        load_bench_spec(str(file))


def test_edges_of_a_binary_shield_are_refused_before_anything_opens(tmp_path: Any) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(BINARY.read_text("utf-8").replace('edges = "relay"', 'edges = "shield"'), "utf-8")
    with pytest.raises(ConfigurationError, match="format = 'bin_hexa'"):
        load_bench_spec(str(file))
