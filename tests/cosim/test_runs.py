# SPDX-License-Identifier: Apache-2.0
"""Whole runs in which both boards run their real firmware: right numbers, the same each time, every mode."""

import json
import subprocess
import sys

import numpy as np
import pytest

from energy_runner import api
from energy_runner.analysis.inferences.segment import segment_session
from energy_runner.errors import ExitStatus
from energy_runner.session.events import InferenceDone, LapCaptured, PhasesMarked
from instruments.devices.dut.twin_profile import Levels
from instruments.twin_bench.cosim.activity import LAYER_LEVEL, LayerKind
from tests.support.cosim_bench import cosim_bench, needs_cosim, short_run
from tests.support.demo_data import KEYWORDS_LAYERS, KEYWORDS_OPERATIONS, network, stimuli
from tests.support.network_oracle import Oracle

pytestmark = needs_cosim()
BENCHES = ("cosim-lpm01a", "cosim-n6705c")
LAYERS = len(KEYWORDS_LAYERS)
PERIOD_S = 0.7295  # of one inference in the emulated DUT at 16 MHz
# What the issue allows between the IO manager's laps and the true window, in seconds.
LAP_LIMIT_S = 20e-6


def laps_s(session) -> list[float]:
    """The durations of the windows by the IO manager's laps: sync, trial and windows in order."""
    laps = [event.lap_us for event in session.journal() if isinstance(event, LapCaptured)]
    pairs = laps[len(laps) % 2 :]
    return [((stop - start) & 0xFFFFFFFF) * 1e-6 for start, stop in zip(pairs[::2], pairs[1::2], strict=True)]


@pytest.mark.deep
@pytest.mark.parametrize("name", BENCHES)
def test_five_whole_windows_are_valid_and_right(name, tmp_path):
    bench = cosim_bench(name, seed=3)
    plan = api.plan("demo-keywords", seed=3)
    session = api.run(bench, plan, out=tmp_path / "s")
    result = session.result()
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in result.verdicts if not v.passed]
    assert result.virtual
    assert [w.inferences for w in result.windows] == [15] * 5
    assert all(w.duration_s >= 10.0 for w in result.windows)
    score, truth = result.energy_per_inference_j, session.record.truth
    exact = sorted(t.energy_j / t.inferences for t in truth)[2]
    assert abs(score.median - exact) <= score.U
    assert [t.inferences for t in truth] == [15] * 5
    true_s = [t.stop_s - t.start_s for t in truth]
    assert laps_s(session)[-5:] == pytest.approx(true_s, abs=LAP_LIMIT_S)
    assert "emulated" in session.record.bench["virtual_dut_answers_from"]
    layers_beside_the_total(bench, session)


def layers_beside_the_total(bench, session):
    layers = session.result().layers
    assert [row.name.split()[1] for row in layers.layers[:3]] == ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D"]
    assert sum(row.operations for row in layers.layers) == pytest.approx(KEYWORDS_OPERATIONS, rel=4e-3)
    mean_j = np.mean([w.energy_per_inference_j for w in session.result().windows])
    assert layers.energy_per_inference_j == pytest.approx(mean_j, rel=2e-4)
    # The monitor's gain is common to all layers; beyond it each is right within what it states.
    gain = mean_j / np.mean([t.energy_j / t.inferences for t in session.record.truth])
    voltage_v = bench.twin.world.history._table[2].max()
    for row in layers.layers:
        level_a = Levels().infer_a * LAYER_LEVEL[LayerKind[row.name.split()[1]]]
        exact_j = level_a * voltage_v * row.duration_s * gain
        assert abs(row.energy_j - exact_j) < 4 * row.u_j + 5e-5 * exact_j, row.name
    assert 'id="layers"' in (session.path / "report.html").read_text("utf-8")


@pytest.mark.parametrize("name", BENCHES)
def test_two_runs_are_the_same_to_the_byte(name, tmp_path):
    facts = []
    for number in range(2):
        session = short_run(cosim_bench(name), tmp_path / str(number))
        assert session.record.outcome == "completed", session.record.reason
        facts.append((session.path / "journal.jsonl").read_bytes())
    assert facts[0] == facts[1]


def test_every_layer_of_every_inference_is_marked(tmp_path):
    session = short_run(cosim_bench(), tmp_path / "s", inferences=2)
    marks = [event for event in session.journal() if isinstance(event, PhasesMarked)]
    assert [one.window for one in marks] == [0, 1, 2, 3, 4]
    for one, true in zip(marks, session.record.truth, strict=True):
        assert len(one.offsets_ns) == 2 * LAYERS
        assert one.stop_ns == round((true.stop_s - true.start_s) * 1e9)
        # One inference takes as long as the other: the same input, the same instructions. Only in the first layer
        # of the first one a timer's interrupt ends the pulse, which takes half a microsecond.
        more_ns = np.diff(one.offsets_ns[:LAYERS]) - np.diff(one.offsets_ns[LAYERS:])
        assert 300 < more_ns[0] < 700
        assert more_ns[1:] == pytest.approx(np.zeros(LAYERS - 2), abs=100)


def test_performance_mode_goes_straight_to_the_dut(tmp_path):
    bench = cosim_bench(mode="performance")
    session = short_run(bench, tmp_path / "s", "performance", inferences=2)
    assert session.record.outcome == "completed", session.record.reason
    throughputs = [w.throughput_per_s for w in session.result().windows]
    assert throughputs == pytest.approx([1 / PERIOD_S] * 5, rel=5e-3)


def test_accuracy_mode_gives_the_interpreters_results(tmp_path):
    bench = cosim_bench(mode="accuracy")
    session = short_run(bench, tmp_path / "s", "accuracy")
    assert session.record.outcome == "completed", session.record.reason
    done = [event for event in session.journal() if isinstance(event, InferenceDone)]
    assert len(done) == 12
    oracle = Oracle(network(), "demo-keywords")
    for stimulus, event in zip(stimuli(), done, strict=False):
        assert event.results == pytest.approx(oracle.values(stimulus), abs=5.1e-4), "three decimals are printed"


def test_the_command_line_drives_it_like_any_bench(tmp_path):
    words = ["run", "demo-keywords", "-b", "cosim-lpm01a", "-n", "1", "--json", "--out", "s"]
    words += ["--model", str(network())]
    done = subprocess.run(
        [sys.executable, "-m", "energy_runner", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitStatus.VALID, done.stderr
    result = json.loads(done.stdout)
    assert result["layers"]["inferences"] == 5
    assert not next(one for one in result["verdicts"] if one["id"] == "window-length")["passed"]


@pytest.mark.deep
@pytest.mark.parametrize("name", BENCHES)
def test_segmentation_finds_every_inference_that_the_firmware_marked(name, tmp_path):
    """Each boundary within 1 % of the period, in the monitor's own time from the window's first edge."""
    session = short_run(cosim_bench(name, seed=8), tmp_path / "s", inferences=13)
    found = segment_session(session)
    marks = [event for event in session.journal() if isinstance(event, PhasesMarked)]
    windows = session.result().windows
    assert len(found.windows) == len(marks) == 5
    for segmented, marked, window in zip(found.windows, marks, windows, strict=True):
        assert segmented.resolved, segmented.reason
        true_s = np.array([0, *marked.offsets_ns[LAYERS::LAYERS], marked.stop_ns]) * 1e-9
        got_s = np.array(segmented.boundaries_s) - window.start_s
        assert len(got_s) == len(true_s)
        assert np.max(np.abs(got_s - true_s)) < 0.01 * PERIOD_S


def test_doctor_and_off_need_no_model(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "energy_runner", "bench", "doctor", "cosim-n6705c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitStatus.VALID, done.stdout + done.stderr
    assert "emulated Cortex-M4" in done.stdout
    assert "All is well." in done.stdout
