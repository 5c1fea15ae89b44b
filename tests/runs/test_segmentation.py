# SPDX-License-Identifier: Apache-2.0
"""Whole virtual runs: every boundary between inferences lies where the twin says, within 1 % of the period."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from energy_runner import api
from energy_runner.analysis.inferences.segment import Segmentation, segment_session, segmentation_summary
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.cli.segment_command import segment_command
from energy_runner.cli.use_command import UseOptions, use_command
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session.folder import Session
from instruments.devices.lpm01a.twin_stream import ShieldStream
from instruments.scpi.twin_log import VirtualLog
from instruments.twin_bench.bench import TwinBench
from instruments.world.dut import PIN_HOLD_NS
from tests.support.small import small_stimuli


@dataclass
class Case:
    """A run with what the twin knows: for each window the places (s) of all boundaries."""

    session: Session
    found: Segmentation
    truth: list[np.ndarray]
    twin: TwinBench
    clock: tuple[float, float] | None

    def to_true_ns(self, trace_s: np.ndarray) -> np.ndarray:
        """Return the world's time of places in the trace."""
        start_ns, rate = self.clock
        return start_ns + trace_s * 1e9 * rate


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a benchmark on a virtual bench, and keep what knows the true time of every sample."""
    streams: list[ShieldStream] = []
    begin = ShieldStream.__init__

    def remembered(self: ShieldStream, *args: object, **named: object) -> None:
        begin(self, *args, **named)
        streams.append(self)

    monkeypatch.setattr(ShieldStream, "__init__", remembered)

    def go(bench_name: str, seed: int, benchmark: str = "kws01") -> Case:
        folder = tmp_path / "stimuli"
        if not folder.exists():
            folder.mkdir()
            small_stimuli(folder, load_benchmark(benchmark))
        bench = build_bench(load_bench_spec(bench_name), "energy", seed=seed, benchmark=benchmark)
        out = tmp_path / f"{bench_name}-{seed}"
        session = api.run(bench, api.plan(benchmark, stimuli=folder, seed=seed), out=out)
        clock = _clock(bench.twin.twins["monitor"], streams)
        truth = _truth(session, bench.twin, clock)
        return Case(session, segment_session(session), truth, bench.twin, clock)

    return go


def _clock(monitor: object, streams: list[ShieldStream]) -> tuple[float, float] | None:
    """Return the true start of the trace and the true over the stated sample period; None for an ideal monitor."""
    log = getattr(monitor, "_log", None)
    if isinstance(log, VirtualLog):
        return log._start_ns, 1 + log._errors.clock
    return (streams[-1]._plan.start_ns, 1 + streams[-1]._errors.clock) if streams else None


def _truth(session: Session, twin: TwinBench, clock: tuple[float, float] | None) -> list[np.ndarray]:
    done = [event for event in session.journal() if event.kind == "inference-done"]
    pairs = [w for w, e in zip(twin.world.truth(), done, strict=True) if e.purpose == "window"]
    truth = []
    for window, result in zip(pairs, session.result().windows, strict=True):
        if clock is None:  # its edges are exact
            start_s = result.start_s - window.start_ns / 1e9
            seconds = [start_s + t / 1e9 for t in (window.start_ns + PIN_HOLD_NS, window.stop_ns)]
        else:
            seconds = [(t - clock[0]) / 1e9 / clock[1] for t in (window.start_ns + PIN_HOLD_NS, window.stop_ns)]
        truth.append(np.linspace(*seconds, window.inferences + 1))
    return truth


def worst(case: Case) -> list[float]:
    """Return for each window the largest error of a boundary, relative to the period."""
    errors = []
    for window, truth in zip(case.found.windows, case.truth, strict=True):
        assert window.resolved, window.reason
        found = np.array(window.boundaries_s)
        assert len(found) == len(truth)
        errors.append(float(np.max(np.abs(found - truth)) / (truth[1] - truth[0])))
    return errors


def check(case: Case) -> None:
    assert max(worst(case)) < 0.01
    for window, truth in zip(case.found.windows, case.truth, strict=True):
        assert window.stated == window.inferences == len(truth) - 1
        assert not window.disagreements
        assert window.anchored
        assert window.counted == pytest.approx(window.stated, abs=0.5)
        assert window.period_s == pytest.approx(truth[1] - truth[0], rel=2e-5)
        errors = np.array(window.boundaries_s) - truth
        assert np.all(np.abs(errors) < 4 * np.array(window.boundary_u_s))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("bench", ["virtual-lpm01a", "virtual-n6705c", "virtual-ideal"])
def test_every_boundary_within_a_hundredth_of_the_period(bench, seed, run):
    check(run(bench, seed))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("bench", ["virtual-lpm01a", "virtual-n6705c"])
def test_every_boundary_for_many_instruments(bench, seed, run):
    check(run(bench, seed))


def test_energies_levels_and_layers_are_those_of_the_twin(run):
    case = run("virtual-n6705c", 5)
    history = case.twin.world.history
    for window, truth in zip(case.found.windows, case.truth, strict=True):
        true_ns = case.to_true_ns(truth)
        true_j = np.diff(history.energy_j(true_ns))
        ratio = np.array(window.energy_j) / true_j
        # The monitor's own errors, then the scatter of its noise and of the boundaries.
        assert np.median(ratio) == pytest.approx(1, abs=2e-3)
        assert np.std(ratio) < 2e-4
        assert window.energy.drift == pytest.approx(8e-4, abs=4e-4)
        assert window.energy.warm_up.early < -2 * window.energy.warm_up.early_u
        assert len(window.energy.outliers) <= 2
        lasting = [phase for phase in window.estimated_phases if phase.duration_s > 0.01 * window.period_s]
        shares = [phase.duration_s / window.period_s for phase in lasting]
        layers = case.twin.dut.network.layers
        assert shares == pytest.approx([share for share, _ in layers], abs=0.006)
    idle = case.found.idle
    voltage_v = case.twin.world.history._table[2].max()
    assert idle.power_w == pytest.approx(case.twin.dut.levels.idle_a * voltage_v, rel=3e-3)
    assert idle.duration_s > 0.3
    first = case.found.windows[0]
    rest_j = idle.power_w * case.session.result().windows[0].duration_s / first.stated
    assert first.above_idle_j == pytest.approx(first.energy_per_inference_j - rest_j)


def test_the_summary_holds_every_inference(run):
    case = run("virtual-lpm01a", 3)
    summary = segmentation_summary(case.session, case.found)
    assert summary.window_indices == (0, 1, 2, 3, 4)
    for window, counts, at_s, energy_j in zip(
        case.found.windows,
        summary.histogram_counts,
        summary.drift_at_s,
        summary.drift_energy_j,
        strict=True,
    ):
        assert int(counts.sum()) == window.inferences == len(at_s) == len(energy_j)
        assert np.all(np.diff(at_s) > 0)
        assert 0 < at_s[0] < window.period_s
    assert np.all(np.diff(summary.histogram_edges_j) > 0)
    again = segment_session(api.load_session(case.session.path))
    assert again == case.found
    assert segment_session(case.session, 2).windows == (case.found.windows[2],)


def test_seven_samples_an_inference_are_resolved_and_not_overstated(run):
    case = run("virtual-lpm01a", 2, "ad01")
    for window, truth in zip(case.found.windows, case.truth, strict=True):
        assert window.resolved, window.reason
        assert window.inferences == len(truth) - 1
        errors = np.array(window.boundaries_s) - truth
        assert np.max(np.abs(errors)) < 4 * np.median(window.boundary_u_s) < truth[1] - truth[0]


def test_the_command_shows_them(run, capsys):
    path = run("virtual-lpm01a", 1).session.path
    assert segment_command(path, None, as_json=False) == ExitStatus.VALID
    shown = capsys.readouterr().out
    assert "SIMULATED" in shown
    assert "Idle level: 1" in shown
    assert segment_command(path, 3, as_json=True) == ExitStatus.VALID
    (window,) = json.loads(capsys.readouterr().out)["windows"]
    assert (window["index"], window["resolved"]) == (2, True)
    assert len(window["boundaries_s"]) == window["inferences"] + 1 == len(window["energy_j"]) + 1


def test_what_it_means_in_use(run, capsys):
    path = run("virtual-lpm01a", 1).session.path
    battery = {"capacity_mah": "225+-10", "battery_v": "3.0", "usable": "0.9+-0.03", "self_discharge": "0.01"}
    options = UseOptions(path, per_hour="60", between="sleep", rest_uw="3+-0.2", **battery)
    assert use_command(options, as_json=True) == ExitStatus.VALID
    document = json.loads(capsys.readouterr().out)
    score = api.load_session(path).result().energy_per_inference_j
    assert document["cycle"]["inference_j"] == {"value": score.median, "u": score.u}
    assert document["use"]["day_j"]["value"] == pytest.approx(1440 * score.median + 3e-6 * 86400, rel=1e-3)
    assert 800 < document["life_days"]["value"] < 1000
    assert use_command(UseOptions(path, period_s="60"), as_json=False) == ExitStatus.VALID
    assert "idle 99.9%" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="longer than the period"):
        use_command(UseOptions(path, per_hour="100000"), as_json=True)
    with pytest.raises(ConfigurationError, match="no sleep level"):
        use_command(UseOptions(path, per_hour="6", between="sleep"), as_json=True)
