# SPDX-License-Identifier: Apache-2.0
"""`results.json` and `log.txt`: our energy in the structure of the MLCommons runner, and what happened."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.rules import evaluate
from energy_runner.session.folder import Session
from energy_runner.submission.export import export_mlperf
from energy_runner.submission.samples import in_milliseconds
from tests.support.submissions import made, options, result_value, strict, write_all


@pytest.mark.parametrize("by_laps", [False, True])
def test_samples_in_milliseconds_sum_to_our_energy(by_laps, sessions, tmp_path):
    (path,) = write_all(tmp_path, made("energy", by_laps=by_laps))
    export = export_mlperf(options([*sessions[:2], path], tmp_path))
    windows = evaluate(Session.open(path)).windows
    passes = strict((tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.json").read_bytes())
    each = []
    for number, (one, window) in enumerate(zip(passes, windows, strict=True)):
        (first, start), (second, stop) = one["power"]["timestamps"]
        assert (first, second) == (2 * number, 2 * number + 1)
        assert sum(one["power"]["samples"][start:stop]) == pytest.approx(window.energy_j, rel=1e-12)
        assert (stop - start) / 1000 == pytest.approx(window.duration_s, abs=5.1e-4)
        assert one["mode"] == "e"
        assert (one["class"], one["classes"]) == (str(number), "10")
        assert one["power"]["voltage"] == 1.8
        each.append(sum(one["power"]["samples"][start:stop]) / one["infer"]["iterations"])
    figure = next(f for f in export.figures if f.run == "ic01 energy")
    assert np.median(each) * 1e6 == pytest.approx(figure.value, rel=1e-12)
    # Passes follow each other without a gap: together they are the whole acquisition.
    with Session.open(path).trace() as trace:
        whole_s = trace.length * trace.period_s
    assert sum(len(one["power"]["samples"]) for one in passes) == pytest.approx(whole_s * 1000, abs=8)


@given(
    samples=st.lists(st.floats(-1e-3, 1.0) | st.just(math.nan), min_size=4, max_size=60),
    period_s=st.sampled_from([1e-4, 2.048e-4, 1e-3, 0.02]),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_stretch_keeps_its_energy(samples, period_s, ends):
    array = np.array(samples)
    source = EnergySource(lambda a, b: array[a:b], len(array), period_s, 1.0)
    start_s, stop_s = sorted(end * len(array) * period_s for end in ends)
    parts = in_milliseconds(source, start_s, stop_s)
    assert len(parts) == round((stop_s - start_s) * 1000)
    assert np.all(np.isfinite(parts))
    if len(parts) and not np.isnan(array).any():
        grid = np.concatenate(([0.0], np.cumsum(array)))
        start, stop = np.interp([start_s / period_s, stop_s / period_s], np.arange(len(grid)), grid)
        assert np.sum(parts) == pytest.approx(stop - start, rel=1e-9, abs=1e-9)


def test_performance_and_accuracy_passes(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    folder = tmp_path / "out/closed/Acme/results/board_a/ic"
    timed = strict((folder / "performance/results.json").read_bytes())
    result = evaluate(Session.open(sessions[1]))
    rates = [one["infer"]["iterations"] / (one["infer"]["elapsed_time"] / 1e6) for one in timed]
    assert np.median(rates) == pytest.approx(result.throughput_per_s, rel=1e-12)
    assert [one["infer"]["throughput"] for one in timed] == [w.throughput_per_s for w in result.windows]
    assert all(one["infer"]["end_time"] > one["infer"]["start_time"] for one in timed)
    classified = strict((folder / "accuracy/results.json").read_bytes())
    right = [np.argmax(one["infer"]["results"]) == int(one["class"]) for one in classified]
    assert len(right) == 200
    assert 100 * np.mean(right) == result_value(sessions[0])


def test_the_log_tells_what_happened(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    log = (tmp_path / "out/closed/Acme/results/board_a/ic/energy/log.txt").read_text("ascii")
    assert "Device model retrieved: ic01" in log
    assert log.count("Loading file stimulus_") == log.count("Load complete.") == 5
    assert "0101.0000" in log
    assert log.count("window: 1 warm-ups and 100 inferences done") == 5
    assert "run ended: completed" in log
    assert log.endswith((tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.txt").read_text("ascii"))


def test_sliding_windows_of_a_stimulus(shapes, tmp_path):
    export_mlperf(options(shapes["ad01"], tmp_path))
    folder = tmp_path / "out/closed/Acme/results/board_a/ad"
    passes = strict((folder / "accuracy/results.json").read_bytes())
    assert len(passes) == 248 * 3
    assert {(one["bytes_to_send"], one["stride"], one["total_length"]) for one in passes} == {("2560", "512", 3)}
    assert [one["energy_runner"]["offset"] for one in passes[:4]] == [0, 512, 1024, 0]
    assert "segment 2" not in (folder / "energy/log.txt").read_text("ascii")
