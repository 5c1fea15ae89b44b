# SPDX-License-Identifier: Apache-2.0
"""Regions of which something is missing, wrong or in doubt: what is stated, and what is not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.region import budget
from energy_runner.analysis.region.measure import RegionMeter
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import write_result
from tests.support.synthetic import ACCURACY, host_ns, make_run
from tests.support.traces import traced

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


def test_missing_samples_are_as_the_others_and_count_in_the_uncertainty(tmp_path):
    power = np.tile([0.02, 0.04], 2000)
    whole = RegionMeter(traced(tmp_path / "whole", {"power": power})).region(0.5, 2.5)
    power[1000:1010] = np.nan
    found = RegionMeter(traced(tmp_path / "s", {"power": power})).region(0.5, 2.5)
    assert found.missing == 10
    assert found.energy_j == pytest.approx(whole.energy_j, rel=1e-6)
    lost_j = 10 / 2000 * 0.02 * 2.0 / math.sqrt(3)
    assert dict(found.parts)["lost samples"] == pytest.approx(lost_j, rel=1e-6)
    assert found.U_j > whole.U_j
    assert not found.complete
    assert sum(found.histogram.counts) == 1990


def test_a_region_of_which_much_is_missing_says_that_its_energy_is_no_measurement(tmp_path):
    power = np.full(2000, 0.02)
    power[500:700] = np.nan
    found = RegionMeter(traced(tmp_path / "s", {"power": power})).region(0.4, 1.4)
    assert found.energy_j == pytest.approx(0.02)
    assert any("200 of 1000 samples are missing" in doubt for doubt in found.incomplete)


def test_a_region_of_which_all_is_missing_has_no_figure(tmp_path):
    power = np.full(2000, 0.02)
    power[500:1500] = np.nan
    found = RegionMeter(traced(tmp_path / "s", {"power": power})).region(0.6, 1.4)
    assert (found.energy_j, found.U_j, found.mean_power_w, found.median_w) == (None, None, None, None)
    assert found.missing == 800
    assert "every sample is missing" in found.incomplete[0]
    assert "no energy" in repr(found)
    assert found.document()["energy_j"] is None


def test_samples_lost_where_the_journal_says_count_although_the_trace_has_them(tmp_path):
    lost = ev.SamplesLost(t_ns=host_ns(1.0), after=900, before=1000, missing=7, detail="gap")
    session = traced(tmp_path / "s", {"power": np.full(2000, 0.02)}, events=[lost])
    assert RegionMeter(session).region(0.5, 1.5).missing == 7
    assert RegionMeter(session).region(1.1, 1.5).missing == 0


def test_a_loss_of_unknown_size_leaves_the_duration_unknown(tmp_path):
    lost = ev.SamplesLost(t_ns=host_ns(1.0), after=900, before=1000, missing=7, detail="gap", modulo=16)
    session = traced(tmp_path / "s", {"power": np.full(2000, 0.02)}, events=[lost])
    found = RegionMeter(session).region(0.5, 1.5)
    assert any("cannot be known" in doubt for doubt in found.incomplete)


def test_samples_over_range_are_counted_and_make_it_incomplete(tmp_path):
    over = ev.SamplesOverRange(t_ns=host_ns(1.0), at=990, count=20, detail="beyond")
    session = traced(tmp_path / "s", {"power": np.full(2000, 0.02)}, events=[over])
    assert RegionMeter(session).region(0.5, 1.5).over_range == 20
    part = RegionMeter(session).region(0.5, 1.0)
    assert part.over_range == 10
    assert any("10 samples were beyond" in doubt for doubt in part.incomplete)
    assert RegionMeter(session).region(1.2, 1.5).over_range == 0


@pytest.mark.parametrize("searched", [1 << 24, 100])
def test_a_sample_that_cannot_be_is_found_in_long_traces_too(searched, tmp_path, monkeypatch):
    monkeypatch.setattr("energy_runner.analysis.region.budget.SEARCHED", searched)
    power = np.full(2000, 0.02)
    power[[505, 1495]] = -5.0
    session = traced(tmp_path / "s", {"power": power})
    found = RegionMeter(session).region(0.5, 1.5)
    assert found.over_range == 2
    assert any("2 samples cannot be, the first at 505" in doubt for doubt in found.incomplete)
    assert RegionMeter(session).region(0.506, 1.495).complete


def test_a_region_within_one_sample_says_that_the_sample_shows_nothing_of_it(tmp_path):
    found = RegionMeter(traced(tmp_path / "s", {"power": np.arange(100.0)})).region(0.0502, 0.0508)
    assert found.energy_j == pytest.approx(50 * 0.6e-3)
    assert (found.samples, found.median_w) == (1, 50.0)
    assert any("within one sample" in doubt for doubt in found.incomplete)


def test_beyond_the_trace_nothing_is_invented(tmp_path):
    meter = RegionMeter(traced(tmp_path / "s", {"power": np.full(1000, 0.02)}))
    found = meter.region(-1.0, 9.0)
    assert (found.start_s, found.stop_s) == (0.0, 1.0)
    assert found.energy_j == pytest.approx(0.02)
    assert any("left out" in note for note in found.notes)
    for ends in ((0.5, 0.5), (0.6, 0.5), (1.0, 2.0), (math.nan, 1.0)):
        with pytest.raises(ConfigurationError, match="Try: "):
            meter.region(*ends)


@pytest.mark.parametrize("bins", [0, -1, 5000])
def test_a_histogram_has_some_bins_and_not_too_many(bins, tmp_path):
    meter = RegionMeter(traced(tmp_path / "s", {"power": np.full(100, 0.02)}))
    with pytest.raises(ConfigurationError, match="Try: 1 to 4096"):
        meter.region(0.0, 0.1, bins)


def test_a_session_without_a_power_trace_says_so(tmp_path):
    with pytest.raises(SessionError, match="holds no power trace"):
        RegionMeter(make_run(mode="performance").write(tmp_path / "s"))


def test_a_run_that_was_killed_is_measured_as_far_as_it_goes(tmp_path):
    session = make_run().cut(20.0).write(tmp_path / "s")
    found = RegionMeter(session).region(2.0, 1000.0)
    assert found.stop_s == pytest.approx(20.0)
    assert any("has not ended" in note for note in found.notes)


def test_a_clock_in_doubt_makes_the_region_incomplete(tmp_path):
    run = make_run().change(
        ev.SamplesArrived, lambda _, e: e.model_copy(update={"t_ns": host_ns((e.t_ns - host_ns(0)) * 1.02e-9)})
    )
    found = RegionMeter(run.write(tmp_path / "s")).region(2.0, 3.0)
    assert any("clock of the monitor is in doubt" in doubt for doubt in found.incomplete)


def test_terms_that_are_about_edges_are_not_in_a_region(tmp_path):
    late = {"name": "edge_latency", "relative": 0.0, "absolute": 1e-3, "unit": "s", "source": "page 9"}
    unknown = {"name": "trigger_latency", "source": "page 9"}
    accuracy = ACCURACY | {
        "terms": [*ACCURACY["terms"], late, unknown],
        "delay": {"delay_s": 1e-3, "u_s": 1e-4, "count": 9},
    }
    samples = {"power": np.tile([0.02, 0.04], 500)}
    plain = RegionMeter(traced(tmp_path / "plain", samples)).region(0.1, 0.6)
    found = RegionMeter(traced(tmp_path / "s", samples, accuracy=accuracy)).region(0.1, 0.6)
    assert replace(found, session_id="") == replace(plain, session_id="")


def test_the_document_has_only_what_json_holds(tmp_path):
    found = RegionMeter(traced(tmp_path / "s", {"power": np.full(100, 0.02)})).region(0.0, 0.1, 4)
    document = found.document()
    assert document["schema"] == "energy-runner/region/1"
    assert document["histogram"]["counts"] == [0, 0, 100, 0]
    assert len(document["histogram"]["edges_w"]) == 5
    assert document["parts"][0].keys() == {"name", "u_j"}
    assert document["U_j"] == found.U_j
    assert isinstance(document["notes"], list)


def test_a_rail_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="has no rail 'core', its DUT has one supply"):
        RegionMeter(traced(tmp_path / "s", {"power": np.full(100, 0.02)}), "core")


def drooping(length):
    """A supply of 2 V behind 3 ohm, and a current that changes."""
    current = np.random.default_rng(2).uniform(0.01, 0.05, length)
    return {"current": current, "voltage": 2.0 - 3.0 * current}


def test_the_resistance_of_the_supply_counts_as_it_does_in_windows(tmp_path):
    found = RegionMeter(traced(tmp_path / "s", drooping(4000))).region(0.5, 2.5)
    mean_a = found.mean_current_a
    limit_j = 3.0 * mean_a * (10 * mean_a - mean_a) * 2.0
    assert dict(found.parts)["voltage that changes within a sample"] == pytest.approx(
        limit_j / math.sqrt(3), rel=2e-3
    )


def test_of_a_long_trace_the_resistance_is_found_from_stretches(tmp_path, monkeypatch):
    session = traced(tmp_path / "s", drooping(40_000))
    whole = dict(RegionMeter(session).region(0.5, 2.5).parts)
    monkeypatch.setattr("energy_runner.analysis.region.budget.MOST_OF_DROOP", 1000)
    monkeypatch.setattr("energy_runner.analysis.region.budget.BLOCK", 100)
    monkeypatch.setattr("energy_runner.analysis.energy.droop.BLOCK", 100)
    monkeypatch.setattr("energy_runner.analysis.region.measure.MOST_OF_DROOP", 1000)
    found = RegionMeter(session).region(0.5, 2.5)
    name = "voltage that changes within a sample"
    assert dict(found.parts)[name] == pytest.approx(whole[name], rel=1e-2)
    assert any("stretches of the trace" in note for note in found.notes)


@pytest.mark.parametrize("length", [1000, 1063, 4096])
def test_stretches_are_spread_over_the_whole_trace(length, monkeypatch):
    monkeypatch.setattr(budget, "MOST_OF_DROOP", 100)
    monkeypatch.setattr(budget, "BLOCK", 10)

    def read(start, stop):
        assert 0 <= start < stop <= length
        return np.arange(start, stop, dtype=np.float64)

    source = EnergySource(read, length, 1.0, 1.0, current_a=read, voltage_v=read)
    found = budget.in_stretches(source)
    places = np.concatenate([found.current_a(k, k + 10) for k in range(0, found.length, 10)])
    assert len(np.unique(places)) == len(places) == 640
    assert places[0] == 0
    assert places[-1] > 0.95 * length
