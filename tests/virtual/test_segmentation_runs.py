"""Whole virtual runs: every boundary between inferences lies where the twin says, within 1 % of the period."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from energy_runner import api
from energy_runner.analysis.segmentation import Segmentation, segment_session
from energy_runner.bench import load_bench_spec, open_bench
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.session.folder import Session
from instruments.virtual.dut import PIN_HOLD_NS
from instruments.virtual.lpm01a_stream import ShieldStream
from instruments.virtual.n6705_elog import VirtualElog
from tests.virtual.small import small_stimuli

SupplyTime = Callable[[float], float]


@dataclass
class Case:
    """A run with what the twin knows: for each window the places (in seconds of the trace) of all boundaries."""

    session: Session
    found: Segmentation
    truth: list[np.ndarray]


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
        bench = open_bench(load_bench_spec(bench_name), "energy", seed=seed, benchmark=benchmark)
        out = tmp_path / f"{bench_name}-{seed}"
        session = api.run(bench, api.plan(benchmark, stimuli=folder, seed=seed), out=out)
        truth = _truth(session, bench.twin, _places(bench.twin.monitor, streams))
        return Case(session, segment_session(session), truth)

    return go


def _places(monitor: object, streams: list[ShieldStream]) -> tuple[float, float] | None:
    """Return the true start of the trace and the true over the stated sample period; None for an ideal monitor."""
    for value in vars(monitor).values():
        if isinstance(value, VirtualElog):
            return value._start_ns, 1 + value._errors.clock
    return (streams[-1]._plan.start_ns, 1 + streams[-1]._errors.clock) if streams else None


def _truth(session: Session, twin, clock: tuple[float, float] | None) -> list[np.ndarray]:
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


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bench", ["virtual-lpm01a", "virtual-n6705c"])
def test_every_boundary_within_a_hundredth_of_the_period(bench, seed, run):
    case = run(bench, seed)
    assert max(worst(case)) < 0.01
    for window, truth in zip(case.found.windows, case.truth, strict=True):
        assert window.stated == window.inferences == len(truth) - 1
        assert not window.disagreements
        assert window.period_s == pytest.approx(truth[1] - truth[0], rel=1e-4)
