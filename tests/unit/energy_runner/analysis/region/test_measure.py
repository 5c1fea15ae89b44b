# SPDX-License-Identifier: Apache-2.0
"""Regions of sessions: against closed forms, against the windows of the result, and where something is wrong."""

import math

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.region.measure import RegionMeter
from energy_runner.session import events as ev
from energy_runner.session.folder import write_result
from tests.support.synthetic import ACCURACY, VOLTAGE_V, Setup, make_run
from tests.support.traces import PERIOD_S, TRAIN_J, TRAIN_PERIOD, traced, train

OF_EDGES = ("edge", "lap", "IO manager", "host clock", "late", "start of the log")
GAIN, OFFSET_W, NOISE_W = 0.01, 1e-5, 1e-4  # of the made-up data sheet


def judged(run, folder):
    session = run.write(folder)
    result = analyze(session)
    write_result(session.path, result)
    return session, result


def of_window(session, result, index, off_s=0.0):
    window = result.windows[index]
    ratio = result.sample_clock.ratio if result.sample_clock and result.sample_clock.corrected else 1.0
    return RegionMeter(session).region(window.start_s * ratio + off_s, window.stop_s * ratio - off_s)


# --- closed forms ---------------------------------------------------------------------------------------


def test_a_constant_power_and_what_its_data_sheet_leaves_open(tmp_path):
    found = RegionMeter(traced(tmp_path / "s", {"power": np.full(4000, 0.5)})).region(0.5, 2.5)
    assert found.energy_j == pytest.approx(1.0, rel=1e-7)
    assert (found.duration_s, found.samples, found.missing, found.over_range) == (2.0, 2000, 0, 0)
    assert found.mean_power_w == pytest.approx(0.5)
    assert (found.min_w, found.max_w, found.median_w, found.std_w) == (0.5, 0.5, 0.5, 0.0)
    limits = (GAIN * 1.0, OFFSET_W * 2.0)
    expected = math.hypot(*(limit / math.sqrt(3) for limit in limits), NOISE_W * 2.0 / math.sqrt(2000))
    assert found.u_j == pytest.approx(expected, rel=1e-6)
    assert found.U_j == pytest.approx(found.k * found.u_j)
    assert found.complete
    assert found.inferences == 0
    assert found.energy_per_inference_j is None


def test_a_ramp(tmp_path):
    power = (np.arange(4000) + 0.5) * 1e-4
    found = RegionMeter(traced(tmp_path / "s", {"power": power})).region(1.0, 3.0)
    assert found.energy_j == pytest.approx(1e-4 * (3000**2 - 1000**2) / 2 * PERIOD_S, rel=1e-6)
    assert found.median_w == pytest.approx(0.2, rel=1e-6)
    assert found.min_w == pytest.approx(0.10005, rel=1e-6)
    assert found.std_w == pytest.approx(0.2 / math.sqrt(12), rel=1e-6)
    assert found.histogram.counts == pytest.approx([2000 / 64] * 64, abs=1)


def test_a_square_wave_of_current_and_voltage(tmp_path):
    current = np.tile(np.repeat([0.01, 0.03], 50), 40)
    session = traced(tmp_path / "s", {"current": current, "voltage": np.full(4000, 2.0)})
    found = RegionMeter(session).region(0.1, 2.1)
    assert found.energy_j == pytest.approx(0.02 * 2.0 * 2.0, rel=1e-6)
    assert found.charge_c == pytest.approx(0.04, rel=1e-6)
    assert found.mean_current_a == pytest.approx(0.02, rel=1e-6)
    assert found.mean_voltage_v == pytest.approx(2.0)
    assert (found.median_w, found.std_w) == (pytest.approx(0.04), pytest.approx(0.02))
    assert (found.min_w, found.max_w) == (pytest.approx(0.02), pytest.approx(0.06))


def test_current_alone_is_charge_and_times_the_voltage_set_energy(tmp_path):
    found = RegionMeter(traced(tmp_path / "s", {"current": np.full(1000, 0.01)})).region(0.2, 0.7)
    assert found.charge_c == pytest.approx(0.005)
    assert found.energy_j == pytest.approx(0.005 * VOLTAGE_V)
    assert found.mean_voltage_v is None


def test_energy_alone_has_neither_current_nor_voltage(tmp_path):
    found = RegionMeter(traced(tmp_path / "s", {"energy": np.full(1000, 2e-5)})).region(0.2, 0.7)
    assert found.energy_j == pytest.approx(0.01)
    assert (found.charge_c, found.mean_current_a, found.mean_voltage_v) == (None, None, None)


@pytest.mark.parametrize("kind", ["mean", "instant"])
def test_regions_that_meet_add_up(kind, tmp_path):
    power = np.random.default_rng(4).uniform(0.01, 0.02, 1000)
    meter = RegionMeter(traced(tmp_path / "s", {"power": power}, kind=kind))
    parts = [meter.region(*ends).energy_j for ends in ((0.1, 0.41237), (0.41237, 0.8))]
    assert sum(parts) == pytest.approx(meter.region(0.1, 0.8).energy_j, rel=1e-9)


@pytest.mark.parametrize("level", [0.0, -2e-6])
def test_a_supply_that_is_off_draws_nothing_within_the_offset(level, tmp_path):
    found = RegionMeter(traced(tmp_path / "s", {"power": np.full(1000, level)})).region(0.0, 1.0)
    assert found.energy_j == pytest.approx(level)
    assert found.U_j >= OFFSET_W
    assert not any("cannot be counted" in doubt for doubt in found.incomplete)


def test_an_error_of_the_voltage_counts_where_less_than_nothing_was_read(tmp_path):
    volt = {"name": "supply_voltage", "relative": 0.0, "absolute": 0.018, "unit": "V", "source": "page 2"}
    accuracy = ACCURACY | {"terms": [*ACCURACY["terms"], volt]}
    for level in (0.0, -1e-6):
        session = traced(tmp_path / str(level), {"current": np.full(1000, level)}, accuracy=accuracy)
        found = RegionMeter(session).region(0.0, 1.0)
        assert found.complete
        assert found.energy_j == pytest.approx(level * VOLTAGE_V)
        of_voltage = dict(found.parts).get("supply voltage (as set, not measured)", 0.0)
        assert of_voltage == pytest.approx(abs(level) * 0.018 / math.sqrt(3), abs=1e-15)


def test_a_marker_in_a_sample_that_may_hold_a_step_makes_a_short_region_less_certain(tmp_path):
    power = np.where(np.arange(100) < 50, 0.01, 0.03)
    power[50] = 0.02
    meter = RegionMeter(traced(tmp_path / "s", {"power": power}))
    step = meter.region(0.0505, 0.060)
    assert step.energy_j == pytest.approx((0.5 * 0.02 + 9 * 0.03) * PERIOD_S)
    by_levels = 0.02 - 0.5 * 0.01
    differs_j = (by_levels - 0.5 * 0.02) * PERIOD_S
    assert dict(step.parts)["method of integration"] == pytest.approx(differs_j / math.sqrt(3), rel=1e-5)
    assert "method of integration" not in dict(meter.region(0.0605, 0.070).parts)


# --- calibration and clock ------------------------------------------------------------------------------


def test_a_calibration_in_force_corrects_the_region_and_counts_in_it(tmp_path):
    point = {"quantity": "current", "unit": "A", "low": 0.0, "high": 1.0, "value": 0.01, "correction": 0.001}
    point |= {"U": 2e-4, "k": 2.0, "certificate": "C1", "laboratory": "lab", "date": "2025-01-01"}
    accuracy = ACCURACY | {"points": [point]}
    session = traced(tmp_path / "s", {"current": np.full(1000, 0.01)}, accuracy=accuracy)
    found = RegionMeter(session).region(0.25, 0.75)
    assert found.charge_c == pytest.approx(0.011 * 0.5)
    assert found.energy_j == pytest.approx(0.011 * VOLTAGE_V * 0.5)
    parts = dict(found.parts)
    assert parts["calibration of the current: certificate C1"] == pytest.approx(1e-4 * VOLTAGE_V * 0.5, rel=1e-6)


def test_a_voltage_is_corrected_by_its_calibration(tmp_path):
    point = {"quantity": "voltage", "unit": "V", "low": 0.0, "high": 5.0, "value": 2.0, "correction": 0.1}
    point |= {"U": 2e-4, "k": 2.0, "certificate": "C1", "laboratory": "lab", "date": "2025-01-01"}
    samples = {"current": np.full(1000, 0.01), "voltage": np.full(1000, 2.0)}
    session = traced(tmp_path / "s", samples, accuracy=ACCURACY | {"points": [point]})
    found = RegionMeter(session).region(0.25, 0.75)
    assert found.mean_voltage_v == pytest.approx(2.1)
    assert found.energy_j == pytest.approx(0.021 * 0.5)


def test_a_clock_that_the_run_corrected_says_how_long_the_region_is(tmp_path):
    ratio = 1.003
    run = make_run(Setup())
    run.setup.period_s /= ratio
    power = [{"name": "power", "unit": "W"}]
    run.change(
        ev.MonitorConfigured,
        lambda _, e: e.model_copy(update={"period_s": run.setup.period_s, "signals": power}),
    )
    run.signals, run.samples = [("power", "W")], [run.samples[0] / 1e-3]
    session, result = judged(run, tmp_path / "s")
    assert result.sample_clock.corrected
    found = of_window(session, result, 1)
    assert found.on_edges
    assert found.energy_j == result.windows[1].energy_j
    assert found.duration_s == pytest.approx(result.windows[1].duration_s, rel=1e-12)
    assert found.duration_s == pytest.approx(run.truth[1].stop_s - run.truth[1].start_s, rel=4e-4)
    assert "clock of the monitor, as corrected" in dict(found.parts)


# --- windows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off_s", [0.0, 0.0006, -0.0006])
@pytest.mark.parametrize("setup", [{}, {"by_laps": True}, {"laps": True}])
def test_markers_on_a_window_give_its_figures(setup, off_s, tmp_path):
    session, result = judged(make_run(**setup), tmp_path / "s")
    for index, window in enumerate(result.windows):
        found = of_window(session, result, index, off_s)
        assert found.on_edges
        assert found.energy_j == window.energy_j
        assert found.duration_s == pytest.approx(window.duration_s, rel=1e-12)
        assert found.mean_power_w == pytest.approx(window.mean_power_w, rel=1e-12)
        assert (found.samples, found.missing, found.over_range) == (window.samples_expected, 0, 0)
        assert (found.inferences, found.windows) == (window.inferences, (index,))
        assert found.energy_per_inference_j == pytest.approx(window.energy_per_inference_j, rel=1e-12)
        assert found.U_per_inference_j == pytest.approx(window.uncertainty.U, rel=1e-11)


@pytest.mark.parametrize("by_laps", [False, True])
def test_the_uncertainty_is_that_of_the_window_but_for_its_edges(by_laps, tmp_path):
    session, result = judged(make_run(by_laps=by_laps), tmp_path / "s")
    window, found = result.windows[2], of_window(session, result, 2)
    theirs = {
        row.name: row.value_j * window.inferences for row in window.uncertainty.components if row.value_j > 0
    }
    assert {name for name in theirs if not any(word in name for word in OF_EDGES)} <= set(dict(found.parts))
    for name, u_j in found.parts:
        if "what else is in its sample" not in name:
            assert u_j == pytest.approx(theirs[name], rel=1e-9)
    edges = [u_j for name, u_j in theirs.items() if name not in dict(found.parts)]
    assert math.hypot(found.u_j, *edges) == pytest.approx(window.uncertainty.u * window.inferences, rel=1e-6)
    assert "nothing is in it of the edges" in " ".join(found.notes)


def test_without_a_result_windows_lie_at_their_edges_and_have_no_figures(tmp_path):
    run = make_run()
    session = run.write(tmp_path / "s")
    truth = run.truth[0]
    found = RegionMeter(session).region(truth.start_s, truth.stop_s)
    assert found.on_edges
    assert found.energy_j == pytest.approx(truth.energy_j, rel=1e-6)
    assert (found.inferences, found.energy_per_inference_j) == (100, None)
    assert any("has no result" in note for note in found.notes)


def test_over_two_windows_an_inference_takes_the_mean_of_both_and_not_what_lies_between(tmp_path):
    session, result = judged(make_run(), tmp_path / "s")
    first, second = result.windows[1:3]
    found = RegionMeter(session).region(first.start_s - 0.1, second.stop_s + 0.1)
    assert (found.inferences, found.windows) == (200, (1, 2))
    mean_j = (first.energy_j + second.energy_j) / 200
    assert found.energy_per_inference_j == pytest.approx(mean_j, rel=1e-12)
    assert found.energy_per_inference_j < found.energy_j / 200
    limit = max(first.uncertainty.U, second.uncertainty.U)
    assert found.U_per_inference_j == pytest.approx(limit, rel=1e-3)


def test_an_edge_a_rounding_before_a_sample_is_in_the_sample_that_the_result_had_it_in(tmp_path):
    """Its time, as the result states it, is that of the sample's beginning; the energy hangs on the difference."""
    power = np.random.default_rng(8).uniform(0.01, 0.03, 2000)
    edges = (float(np.nextafter(251.0, 0)), float(np.nextafter(1002.0, 0)), 20)
    session = traced(tmp_path / "s", {"power": power}, windows=[edges])
    result = analyze(session)
    write_result(session.path, result)
    assert result.windows[0].start_s / PERIOD_S == 251.0
    assert of_window(session, result, 0).energy_j == result.windows[0].energy_j


def test_a_result_that_the_samples_contradict_has_no_say(tmp_path):
    session, result = judged(make_run(), tmp_path / "s")
    windows = [one.model_copy(update={"energy_j": one.energy_j * 0.9}) for one in result.windows]
    write_result(session.path, result.model_copy(update={"windows": windows}))
    found = of_window(session, result, 2)
    assert found.energy_j == result.windows[2].energy_j
    assert found.energy_per_inference_j is None
    assert any("analyse the session again" in note for note in found.notes)


def test_of_a_window_that_a_marker_cuts_the_whole_inferences_count(tmp_path):
    period, each_j = TRAIN_PERIOD, TRAIN_J
    session = train(tmp_path / "s")
    start, stop = 100 + 10.4 * period, 100 + 30.7 * period
    found = RegionMeter(session).region(start * PERIOD_S, stop * PERIOD_S)
    assert found.inferences == 19
    assert found.windows == (0,)
    assert found.energy_per_inference_j == pytest.approx(each_j, rel=2e-3)
    assert abs(found.energy_per_inference_j - each_j) <= found.U_per_inference_j
    stretch = RegionMeter(session).region((100 + 11 * period) * PERIOD_S, (100 + 30 * period) * PERIOD_S)
    assert found.U_per_inference_j > 1.0001 * stretch.U_j / 19  # the places of the boundaries count, too
    assert any("window 1 is cut by a marker" in note for note in found.notes)
    none = RegionMeter(session).region(start * PERIOD_S, (start + 0.9 * period) * PERIOD_S)
    assert (none.inferences, none.energy_per_inference_j) == (0, None)


def test_inferences_that_cannot_be_told_apart_do_not_count_and_the_note_says_why(tmp_path):
    session, result = judged(make_run(), tmp_path / "s")
    window = result.windows[0]
    found = RegionMeter(session).region(window.start_s + 1, window.stop_s - 1)
    assert (found.inferences, found.energy_per_inference_j) == (0, None)
    assert any("not resolved" in note for note in found.notes)
