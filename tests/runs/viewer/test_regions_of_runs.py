# SPDX-License-Identifier: Apache-2.0
"""Regions of whole runs: on a window they give its figures, and their interval holds the truth of the twin."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.result import Result
from tests.support.places import ROOT
from tests.support.small import small_plan, twin_bench

OLD = ROOT / "fixtures" / "sessions" / "0.1.0"


def on_windows(session: Session, result: Result) -> None:
    clock = result.sample_clock
    ratio = clock.ratio if clock is not None and clock.corrected else 1.0
    for window in result.windows:
        assert window.start_s is not None
        assert window.stop_s is not None
        found = api.measure_region(session, window.start_s * ratio, window.stop_s * ratio)
        assert found.on_edges
        assert found.energy_j == pytest.approx(window.energy_j, rel=1e-12)
        assert found.duration_s == pytest.approx(window.duration_s, rel=1e-12)
        assert found.energy_per_inference_j == pytest.approx(window.energy_per_inference_j, rel=1e-12)
        assert (found.samples, found.missing) == (window.samples_expected, window.samples_missing)
        assert found.inferences == window.inferences
        if window.uncertainty is not None:
            assert found.U_per_inference_j == pytest.approx(window.uncertainty.U, rel=1e-11)
            assert found.U_j is not None
            assert found.U_j <= window.uncertainty.U * window.inferences * 1.05  # k may be a little larger


def run(bench: str, folder: Path) -> Session:
    found = [*(ROOT / "tests" / "support").glob(f"*benches/{bench}.toml"), bench]
    return api.run(twin_bench(str(found[0])), small_plan(folder / "stimuli"), out=folder / "s", rule_set="lab")


# Captured edges, laps, readings at instants, samples of energy, of power, of current with and without voltage.
@pytest.mark.parametrize(
    "bench",
    ["virtual-lpm01a", "virtual-n6705c", "shield-by-laps", "dmm-behind-supply", "virtual-smu2400", "virtual-ppk2"],
)
def test_a_region_on_a_window_has_its_figures(bench: str, tmp_path: Path) -> None:
    session = run(bench, tmp_path)
    result = session.result()
    on_windows(session, result)
    assert session.record.truth
    for truth, window in zip(session.record.truth, result.windows, strict=True):
        assert window.start_s is not None
        assert window.stop_s is not None
        assert window.uncertainty is not None
        found = api.measure_region(session, window.start_s, window.stop_s)
        assert found.energy_j is not None
        assert abs(found.energy_j - truth.energy_j) <= window.uncertainty.U * window.inferences


def test_each_rail_has_regions_of_its_own_and_none_of_the_sum(tmp_path: Path) -> None:
    session = run("two-rails", tmp_path)
    result = session.result()
    assert [rail.name for rail in result.rails] == ["core", "io"]
    for rail in result.rails:
        window = rail.windows[0]
        assert window.start_s is not None
        assert window.stop_s is not None
        found = api.measure_region(session, window.start_s, window.stop_s, rail=rail.name)
        assert found.rail == rail.name
        assert found.energy_j == pytest.approx(window.energy_j, rel=1e-12)
        assert any(f"this is {rail.name} alone" in note for note in found.notes)
    first = api.measure_region(session, 1.0, 2.0)
    assert first == api.measure_region(session, 1.0, 2.0, rail="core")
    with pytest.raises(ConfigurationError, match="has no rail 'usb', only core, io"):
        api.measure_region(session, 1.0, 2.0, rail="usb")


@pytest.mark.parametrize(
    "name", ["energy-virtual-lpm01a", "energy-virtual-n6705c", "edges-by-laps", "edges-by-monitor"]
)
def test_a_session_of_the_first_version_has_regions(name: str) -> None:
    session = Session.open(OLD / name)
    on_windows(session, session.result())
    whole = api.measure_region(session, -1.0, 1e6)
    assert whole.inferences == sum(window.inferences for window in session.result().windows)
    assert whole.energy_j is not None
    assert whole.energy_j > sum(window.energy_j or 0.0 for window in session.result().windows)
