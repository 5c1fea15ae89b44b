# SPDX-License-Identifier: Apache-2.0
"""Regions for the viewer: kept between calls, fresh when a file changed, and as a table."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.region.measure import RegionMeter
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.folder import write_result
from energy_runner.viewer import regions
from energy_runner.viewer.regions import region, region_csv
from tests.support.synthetic import make_run
from tests.support.traces import traced


@pytest.fixture(autouse=True)
def nothing_kept():
    regions._meters.clear()
    yield
    regions._meters.clear()


def test_what_all_regions_need_is_derived_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(regions, "RegionMeter", lambda *given: made.append(given) or RegionMeter(*given))
    session = traced(tmp_path / "s", {"power": np.full(1000, 0.02)})
    found = [region(session, 0.1, stop_s, 8) for stop_s in (0.5, 0.6, 0.7)]
    assert len(made) == 1
    assert [one.energy_j for one in found] == pytest.approx([0.008, 0.01, 0.012])
    json.dumps(found[0].document(), allow_nan=False)


def test_a_result_that_is_written_later_is_seen(tmp_path):
    run = make_run()
    session = run.write(tmp_path / "s")
    ends = run.truth[0].start_s, run.truth[0].stop_s
    assert region(session, *ends).energy_per_inference_j is None
    result = analyze(session)
    write_result(session.path, result)
    assert region(session, *ends).energy_per_inference_j == result.windows[0].energy_per_inference_j


def test_a_trace_that_grew_is_measured_to_its_end(tmp_path):
    session = make_run().cut(5.0).write(tmp_path / "s")
    assert region(session, 1.0, 99.0).stop_s == pytest.approx(5.0)
    assert any("has not ended" in note for note in region(session, 1.0, 99.0).notes)
    whole = make_run().write(tmp_path / "whole")
    for path in whole.path.iterdir():
        (session.path / path.name).write_bytes(path.read_bytes())
    found = region(session, 1.0, 99.0)
    assert found.stop_s > 60
    assert not any("has not ended" in note for note in found.notes)


def test_few_sessions_are_kept(tmp_path):
    for number in range(regions._KEPT + 2):
        region(traced(tmp_path / str(number), {"power": np.full(100, 0.02)}), 0.0, 0.1)
    assert len(regions._meters) == regions._KEPT


def test_two_viewers_at_once_get_what_one_gets(tmp_path):
    rng = np.random.default_rng(5)
    samples = {"current": rng.uniform(0, 0.1, 20_000), "voltage": rng.uniform(1.7, 1.9, 20_000)}
    session = traced(tmp_path / "s", samples)
    ends = [(0.1 * k, 0.1 * k + 5.0) for k in range(24)]
    alone = [region(session, *one) for one in ends]
    regions._meters.clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: region(session, *one), ends)) == alone


def test_a_table_has_the_samples_that_the_region_touches(tmp_path):
    current = np.array([0.01, 0.02, np.nan, 0.04, 0.05])
    session = traced(tmp_path / "s", {"current": current, "voltage": np.full(5, 2.0)})
    lines = "".join(region_csv(session, 0.0015, 0.0041)).splitlines()
    assert lines[0] == "time_s,power_w,recorded_current_a,recorded_voltage_v"
    rows = [line.split(",") for line in lines[1:]]
    assert [float(row[0]) for row in rows] == pytest.approx([1.5e-3, 2.5e-3, 3.5e-3, 4.5e-3])
    assert rows[1] == ["0.0025", "", "", "2"]
    assert [float(value) for value in rows[2][1:]] == pytest.approx([0.08, 0.04, 2.0])


def test_a_long_table_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(regions, "_ROWS", 100)
    session = traced(tmp_path / "s", {"power": np.arange(1000.0)})
    pieces = list(region_csv(session, 0.05, 0.951))
    assert len(pieces) == 1 + 10
    assert len("".join(pieces).splitlines()) == 1 + 901


def test_a_table_of_readings_has_their_instants(tmp_path):
    session = traced(tmp_path / "s", {"power": np.arange(10.0)}, kind="instant")
    assert "".join(region_csv(session, 0.003, 0.005)).splitlines()[1:] == ["0.003,3,3", "0.004,4,4"]


def test_a_faulty_request_is_refused_before_the_first_piece(tmp_path):
    session = traced(tmp_path / "s", {"power": np.arange(10.0)})
    with pytest.raises(ConfigurationError, match="Try: "):
        region_csv(session, 5.0, 6.0)
    silent = make_run(mode="performance").write(tmp_path / "silent")
    with pytest.raises(SessionError, match="no power trace"):
        region_csv(silent, 0.0, 1.0)
    with pytest.raises(SessionError, match="no power trace"):
        region(silent, 0.0, 1.0)
