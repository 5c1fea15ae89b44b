# SPDX-License-Identifier: Apache-2.0
"""The mean inference: the shape that was put in comes out, finer than the samples, with its spread."""

from dataclasses import dataclass

import numpy as np
import pytest

from energy_runner.analysis.facts import gather
from energy_runner.analysis.inferences.segment import WindowInferences, segment_session
from energy_runner.report.charts.power import PowerTrace
from energy_runner.report.figures.fold import fold
from energy_runner.session.events import SamplesArrived
from tests.support.synthetic import host_ns, make_run
from tests.support.traces import TRAIN_W, train

PERIOD_S, INFERENCE_S, COUNT = 1e-3, 0.0503, 200


@dataclass
class Trace:
    power_mw: np.ndarray
    step_s: float = PERIOD_S

    @property
    def samples(self):
        return len(self.power_mw)

    def chunks(self, start=0, stop=None):
        yield start, self.power_mw[start:stop].copy()


def window(**change):
    bounds = tuple(0.1 + INFERENCE_S * k for k in range(COUNT + 1))
    values = {"index": 2, "stated": COUNT, "resolved": True, "inferences": COUNT, "boundaries_s": bounds}
    return WindowInferences(**(values | change))


def power():
    """30 mW for 40 % of each inference, then 10 mW; one inference in five is 1 mW higher."""
    middle_s = (np.arange(11_000) + 0.5) * PERIOD_S - 0.1
    which, since = np.divmod(middle_s, INFERENCE_S)
    higher = np.random.default_rng(3).random(which.astype(int).max() + 3) < 0.2
    return np.where(since < 0.4 * INFERENCE_S, 30.0, 10.0) + higher[which.astype(int)]


def test_the_shape_comes_out_with_its_spread():
    mean = fold(Trace(power()), window())
    assert (mean.index, mean.inferences) == (2, COUNT)
    assert mean.at_s[0] == 0
    assert mean.at_s[-1] == pytest.approx(INFERENCE_S)
    assert len(mean.mean_mw) > 1.9 * INFERENCE_S / PERIOD_S
    middle_s = (mean.at_s[1:] + mean.at_s[:-1]) / 2
    early = middle_s < 0.38 * INFERENCE_S
    late = middle_s > 0.42 * INFERENCE_S
    assert mean.mean_mw[early] == pytest.approx(30.2, abs=0.2)
    assert mean.mean_mw[late] == pytest.approx(10.2, abs=0.2)
    assert mean.low_mw[late] == pytest.approx(10.0)
    assert mean.high_mw[late] == pytest.approx(11.0)


def test_missing_samples_count_for_nothing():
    holed = power()
    holed[500:2000] = np.nan
    mean = fold(Trace(holed), window())
    assert np.isfinite(mean.mean_mw).all()
    assert mean.mean_mw.max() < 31.1


def test_inferences_in_step_with_the_samples_leave_no_empty_bins():
    bounds = tuple(0.1 + 0.05 * k for k in range(COUNT + 1))
    mean = fold(Trace(power()), window(boundaries_s=bounds))
    assert np.isfinite(mean.mean_mw).all()
    assert len(mean.mean_mw) >= 49


@pytest.mark.parametrize("change", [{"resolved": False}, {"boundaries_s": ()}, {"boundaries_s": (5.0,)}])
def test_without_inferences_there_is_no_mean(change):
    assert fold(Trace(power()), window(**change)) is None


def test_a_window_outside_the_trace_has_no_mean():
    bounds = tuple(100 + INFERENCE_S * k for k in range(10))
    assert fold(Trace(power()), window(boundaries_s=bounds)) is None


def test_samples_last_as_long_as_the_run_found():
    slow = 1.003
    bounds = tuple(slow * bound for bound in window().boundaries_s)
    mean = fold(Trace(power(), PERIOD_S * slow), window(boundaries_s=bounds))
    assert mean.at_s[-1] == pytest.approx(INFERENCE_S * slow)
    middle_s = (mean.at_s[1:] + mean.at_s[:-1]) / 2
    assert mean.mean_mw[middle_s < 0.38 * INFERENCE_S] == pytest.approx(30.2, abs=0.2)
    assert mean.mean_mw[middle_s > 0.42 * INFERENCE_S] == pytest.approx(10.2, abs=0.2)


def test_a_power_trace_says_how_long_its_samples_last(tmp_path):
    run = make_run(windows=2)

    def slow(_, event):
        return event.model_copy(update={"t_ns": host_ns(event.end * 1e-3 * 1.003, 0.002)})

    session = run.change(SamplesArrived, slow).write(tmp_path / "s")
    with session.trace() as reader:
        trace = PowerTrace(reader, gather(session.journal(exchanges=False)))
        assert trace.step_s == pytest.approx(1.003e-3, rel=1e-4)
        assert trace.period_s == 1e-3


def test_inferences_are_where_the_corrected_clock_has_them(tmp_path):
    """Their boundaries are in seconds of that clock; by the stated period the last ones would be 7 ms off."""
    session = train(tmp_path / "s", clock=1.003)
    facts = gather(session.journal(exchanges=False))
    with session.trace() as trace:
        mean = fold(PowerTrace(trace, facts), segment_session(session).windows[0])
    middle = (mean.at_s[1:] + mean.at_s[:-1]) / 2 / mean.at_s[-1]
    for level, (begin, end) in zip(TRAIN_W, ((0.05, 0.35), (0.45, 0.95)), strict=True):
        flat = (middle > begin) & (middle < end)
        for drawn in (mean.low_mw, mean.mean_mw, mean.high_mw):
            assert drawn[flat] == pytest.approx(level * 1e3, rel=5e-3)
