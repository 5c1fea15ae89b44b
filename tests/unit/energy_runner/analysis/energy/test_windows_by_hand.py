# SPDX-License-Identifier: Apache-2.0
"""A window's samples, joules and doubts on their limits; spectra, clocks and sources in closed form."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.analysis.energy import recorded as recorded_room
from energy_runner.analysis.energy.droop import Droop
from energy_runner.analysis.energy.recorded import clock_limit, recorded_clock, recorded_source
from energy_runner.analysis.energy.source import EnergySource, energy_source
from energy_runner.analysis.energy.spectrum import too_coarse
from energy_runner.analysis.energy.sums import sum_samples
from energy_runner.analysis.energy.windows import (
    EnergyWindow,
    _droop_w,
    _Look,
    _measure,
    power_between,
    window_frame,
)
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.messages import Messages
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.placing.stretches import Stretch
from energy_runner.errors import SessionError
from energy_runner.session.result import Finding, SampleClock, WindowResult

PERIOD_S, INFERENCES, LENGTH = 0.5, 10, 1000
FRAME = WindowResult(index=1, stimulus=0, file="f", inferences=INFERENCES)
LOOK = _Look(0.0, {}, False, 1.0, None)


def facts(**changes: Any) -> Facts:
    known = {"monitor": SimpleNamespace(period_s=PERIOD_S), "lost": [], "over_range": [], "messages": Messages()}
    known |= changes
    return cast(Facts, SimpleNamespace(**known))


def lost(after: int, before: int, missing: int) -> SimpleNamespace:
    return SimpleNamespace(after=after, before=before, missing=missing)


def over(at: int, count: int) -> SimpleNamespace:
    return SimpleNamespace(at=at, count=count)


def joules(samples: np.ndarray, clock: float = 1.0) -> EnergySource:
    return EnergySource(lambda a, b: samples[a:b], len(samples), PERIOD_S, 2.0, clock=clock)


RAMP = np.arange(1.0, LENGTH + 1)


def measure(
    start: float,
    stop: float,
    samples: np.ndarray = RAMP,
    look: _Look = LOOK,
    *,
    half_width: float = 0.0,
    shared: float = 0.0,
    **known: Any,
) -> tuple[EnergyWindow, list[Finding]]:
    placed = Placed(start, stop, half_width, shared)
    return _measure(facts(**known), FRAME, placed, joules(samples, look.clock), look)


def refused(start: float, stop: float, samples: np.ndarray = RAMP, **known: Any) -> str:
    window, (finding,) = measure(start, stop, samples, **known)
    assert (window.measured, window.result.energy_j, finding.window) == (None, None, 1)
    return finding.id


# --- where a window lies --------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "stop"), [(0.0, 1000.0), (0.0, 2.0), (998.0, 1000.0), (3.5, 4.5)])
def test_a_window_within_the_trace_is_measured(start: float, stop: float) -> None:
    window, findings = measure(start, stop)
    assert (findings, window.result.samples_missing) == ([], 0)
    expected = math.ceil(stop) - int(start)
    assert (window.result.samples_expected, window.result.samples_received) == (expected, expected)
    if start == int(start):
        assert window.result.energy_j == pytest.approx(2.0 * RAMP[int(start) : int(stop)].sum())
        assert window.result.mean_power_w == pytest.approx(
            (window.result.energy_j or 0.0) / (stop - start) / PERIOD_S
        )


@pytest.mark.parametrize(
    ("start", "stop", "why"),
    [
        (-0.5, 3.0, "window-not-recorded"),
        (998.0, 1000.5, "window-not-recorded"),
        (3.0, 3.0, "window-not-recorded"),
        (3.0, 2.0, "window-not-recorded"),
        (3.2, 3.8, "window-in-one-sample"),
    ],
)
def test_a_window_that_shows_nothing_is_withheld(start: float, stop: float, why: str) -> None:
    assert refused(start, stop) == why


def test_a_window_lasts_by_the_clock_that_was_found() -> None:
    window, _ = measure(100.0, 300.0, look=_Look(0.0, {}, False, 1.25, None))
    frame = window.result
    assert (frame.start_s, frame.stop_s, frame.duration_s) == (50.0, 150.0, 125.0)
    assert frame.throughput_per_s == pytest.approx(INFERENCES / 125.0)
    assert window.measured is not None
    assert (window.measured.duration_s, window.measured.per_inference_j) == (125.0, (frame.energy_j or 0.0) / 10)
    short, _ = measure(100.0, 101.5)
    assert short.result.throughput_per_s == pytest.approx(INFERENCES / 0.75)
    assert measure(3.0, 3.0)[0].result.throughput_per_s is None


@pytest.mark.parametrize("stimulus", [-1, 5])
def test_a_stimulus_that_the_record_does_not_have_is_damage(stimulus: int) -> None:
    record: Any = SimpleNamespace(stimuli=[SimpleNamespace(file=str(k)) for k in range(5)])
    for good in (0, 4):
        inference: Any = SimpleNamespace(stimulus=good, inferences=3)
        assert window_frame(record, 2, inference).file == str(good)
    bad: Any = SimpleNamespace(stimulus=stimulus, inferences=3)
    with pytest.raises(SessionError, match=f"names stimulus {stimulus}, the record lists 5"):
        window_frame(record, 2, bad)


# --- what is missing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stretches", "missing"),
    [
        ([lost(0, 100, 3)], 0),  # up to the window's start
        ([lost(900, 950, 3)], 0),  # from its stop on
        ([lost(0, 101, 3)], 3),
        ([lost(899, 950, 3)], 3),
        ([lost(200, 210, 3), lost(300, 301, 1)], 4),
    ],
)
def test_losses_reported_for_the_window_count(stretches: list[Any], missing: int) -> None:
    window, findings = measure(100.0, 900.0, lost=stretches)
    assert (window.result.samples_missing, window.result.samples_received) == (missing, 800 - missing)
    assert window.measured is not None
    assert window.measured.missing_share == pytest.approx(missing / 800)
    assert window.measured.spread_w == (pytest.approx(799 * 2.0 / PERIOD_S) if missing else 0.0)
    assert [finding.id for finding in findings] == (["samples-missing"] if missing else [])


def test_a_hundredth_of_a_window_may_be_missing() -> None:
    samples = RAMP.copy()
    samples[200:208] = np.nan
    window, _ = measure(100.0, 900.0, samples)
    assert (window.result.samples_missing, window.measured is not None) == (8, True)
    samples[208] = np.nan
    assert refused(100.0, 900.0, samples) == "samples-missing"
    assert refused(100.0, 900.0, lost=[lost(200, 300, 9)]) == "samples-missing"


@pytest.mark.parametrize(
    ("events", "count"),
    [
        ([over(95, 5)], 0),
        ([over(95, 6)], 1),
        ([over(900, 5)], 0),
        ([over(899, 5)], 1),
        ([over(200, 3), over(300, 2)], 5),
        ([over(0, 1000)], 800),
    ],
)
def test_samples_over_range_withhold_the_window_they_lie_in(events: list[Any], count: int) -> None:
    window, findings = measure(100.25, 899.75, over_range=events)
    assert window.result.samples_over_range == count
    assert [finding.id for finding in findings] == (["over-range"] if count else [])
    assert (window.measured is None) == bool(count)


@pytest.mark.parametrize("level", [0.0, -1e-4, -2.0, math.inf])
def test_an_energy_that_is_not_above_zero_is_no_measurement(level: float) -> None:
    samples = np.full(LENGTH, 1e-6)
    samples[500] = level if level != math.inf else 1e308
    if level == math.inf:
        samples[501:505] = 1e308
    else:
        samples[:] = level / LENGTH
    with np.errstate(over="ignore"):
        assert refused(100.0, 900.0, samples) in {"energy-not-positive", "samples-missing"}


# --- what the budget needs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate_u", "shared", "first"),
    [(0.0, 0.0, 96), (0.01, 0.0, 92), (0.0, 4.0, 96), (0.0, 6.0, 94), (0.01, 6.0, 90)],
)
def test_edges_are_seen_as_far_as_four_uncertainties_of_the_rate_move_them(
    rate_u: float, shared: float, first: int
) -> None:
    window, _ = measure(100.0, 900.0, look=_Look(rate_u, {}, False, 1.0, None), half_width=7.0, shared=shared)
    assert window.measured is not None
    start = window.measured.start
    assert start.first == first
    assert (start.half_width_s, start.shared_s) == ((7.0 - shared) * PERIOD_S, shared * PERIOD_S)


def test_power_between_windows_is_the_mean_of_what_lies_between() -> None:
    places = [(0.0, 10.0), (20.0, 30.0), (29.0, 40.0), None, (50.0, 60.0), (990.0, 1000.0), (1000.0, 1001.0)]
    windows = [EnergyWindow(FRAME, None, Placed(*place, 0.0) if place else None) for place in places]
    samples = RAMP.copy()
    powers = power_between(windows, joules(samples))
    assert powers[0] == pytest.approx(RAMP[10:20].mean() * 2.0 / PERIOD_S)
    assert powers[1:4] == [None, None, None]
    assert powers[4] == pytest.approx(RAMP[60:990].mean() * 2.0 / PERIOD_S)
    assert powers[5] is None
    assert power_between(windows[:2], joules(np.full(LENGTH, np.nan))) == [None]


# --- sources --------------------------------------------------------------------------------------------


class Trace:
    length, period_s = 4, 0.5

    def __init__(self, **signals: str) -> None:
        self.signals = list(signals.items())

    def read(self, name: str, start: int, stop: int) -> np.ndarray:
        return np.full(stop - start, {"current": 3.0, "voltage": 2.0, "power": 5.0, "energy": 7.0}[name])


@pytest.mark.parametrize(
    ("signals", "power_w", "joule"),
    [
        ({"energy": "J"}, 7.0 / 0.625, 1.0),
        ({"power": "W"}, 5.0, 0.625),
        ({"current": "A", "voltage": "V"}, 6.0, 0.625),
        ({"current": "A"}, 12.0, 2.5),
        ({"energy": "", "current": "A"}, 7.0 / 0.625, 1.0),
    ],
)
def test_any_signals_become_power_by_the_clock_that_was_found(
    signals: dict[str, str], power_w: float, joule: float
) -> None:
    source = energy_source(cast(Any, Trace(**signals)), 4.0, {}, Clock(1.25, 1e-4))
    assert (source.step_s, source.joule) == (0.625, pytest.approx(joule))
    assert source.power_w(0, 2).tolist() == pytest.approx([power_w] * 2)
    both = set(signals) == {"current", "voltage"}
    assert (source.current_a is not None, source.voltage_v is not None, source.kind) == (both, both, "mean")


def test_one_signal_at_an_instant_makes_the_product_one() -> None:
    trace: Any = Trace(current="A", voltage="V")
    for kinds, kind in (({"current": "instant", "voltage": "mean"}, "instant"), ({"energy": "instant"}, "mean")):
        assert energy_source(trace, 4.0, kinds).kind == kind
    with pytest.raises(SessionError, match="holds current in 'mA', where A is needed"):
        energy_source(cast(Any, Trace(current="mA", voltage="V")), 4.0)


# --- the clock ------------------------------------------------------------------------------------------


def monitored(accuracy: dict[str, Any], *, captures_edges: bool = True) -> Facts:
    return facts(monitor=SimpleNamespace(accuracy=accuracy, captures_edges=captures_edges, period_s=PERIOD_S))


@pytest.mark.parametrize(
    ("accuracy", "limit"),
    [
        ({"terms": [{"name": "clock", "relative": 1e-4}, {"name": "gain", "relative": 0.5}]}, 1e-4),
        (
            {"terms": [{"name": "clock", "relative": 1e-4}, {"name": "clock", "relative": 2e-4}]},
            pytest.approx(3e-4),
        ),
        ({"terms": [{"name": "clock"}, {"name": "gain", "relative": 0.5}]}, None),
        ({"document": "none: ideal"}, 0.0),
        ({"document": "UM"}, None),
    ],
)
def test_the_limit_of_the_clock_is_what_the_specification_says_of_it(accuracy: dict[str, Any], limit: Any) -> None:
    assert clock_limit(monitored(accuracy)) == limit
    assert clock_limit(facts(monitor=None)) is None
    with pytest.raises(SessionError, match="no power monitor was configured"):
        recorded_source(cast(Any, Trace(energy="J")), facts(monitor=None))


@pytest.mark.parametrize(
    ("captures_edges", "off", "corrected", "steady"),
    [
        (True, 2.99, True, True),
        (True, -2.99, True, True),
        (True, 3.01, False, False),
        (True, -3.01, False, False),
        (True, None, True, True),
        (False, 0.0, False, True),
        (False, 9.0, False, True),
    ],
)
def test_a_clock_is_corrected_where_all_parts_of_the_run_show_it(
    monkeypatch: pytest.MonkeyPatch, captures_edges: bool, off: float | None, corrected: bool, steady: bool
) -> None:
    found = SampleClock(ratio=1.002, u=3e-5, corrected=True)
    worst = None if off is None else Stretch(0.0, 1.0, 1.002 + off * 5e-5, 4e-5)
    monkeypatch.setattr(recorded_room, "sample_clock", lambda *_: found)
    monkeypatch.setattr(recorded_room, "worst_stretch", lambda *_: worst)
    told, clock = recorded_clock(monitored({}, captures_edges=captures_edges))
    assert told is not None
    assert (told.corrected, told.steady) == (corrected, steady)
    assert (clock.factor, clock.u) == ((1.002, 3e-5) if corrected else (1.0, None))


# --- spectra and sums -----------------------------------------------------------------------------------

COUNT = 20_000


def coarse(power_w: np.ndarray, start: float = 0.5, stop: float = COUNT - 0.5) -> bool:
    source = EnergySource(lambda a, b: power_w[a:b], len(power_w), 1e-3, 1e-3, "instant")
    return too_coarse(source, start, stop)


def switched(per_reading: float, low: float = 0.02, high: float = 0.06) -> np.ndarray:
    return np.where((np.arange(COUNT) * per_reading) % 1.0 < 0.5, low, high)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_readings_follow_slow_loads_of_any_size(scale: float) -> None:
    rng = np.random.default_rng(1)
    fast, slow = switched(0.3777), switched(0.0033)
    assert coarse(fast * scale)
    assert not coarse(slow * scale)
    assert not coarse(np.sin(np.arange(COUNT) * 2 * np.pi * 0.09) * scale)
    for share, told in ((0.3, True), (0.2, False)):  # of the variance above an eighth of the rate
        noise = rng.normal(0, math.sqrt(share / 0.75 / (1 - share / 0.75)) * 0.02, COUNT)
        assert coarse((slow + noise) * scale) is told
    for ripple, told in ((0.012, True), (0.008, False)):
        load = 0.04 + rng.normal(0, ripple * 0.04 / math.sqrt(0.75), COUNT)
        assert coarse(load * scale) is told
        assert coarse(-load * scale) is told
    assert not coarse(np.full(COUNT, 0.04) * scale)


def test_only_the_window_is_looked_at() -> None:
    half = COUNT // 2
    load = np.concatenate([switched(0.3777)[:half], switched(0.0033)[half:]])
    assert coarse(load, 0.5, half - 0.5)
    assert not coarse(load, half + 0.5, COUNT - 0.5)


@pytest.mark.parametrize(("count", "told"), [(15, True), (16, False), (17, False)])
def test_sixteen_readings_show_a_load(count: int, told: bool) -> None:
    assert coarse(np.full(COUNT, 0.04), 100.0, 100.0 + count) is told


def test_doubles_are_not_added_up_as_floats() -> None:
    samples = np.full((1 << 19) + 7, 1.0 + 1e-9)
    assert sum_samples(samples) == pytest.approx(len(samples) * (1.0 + 1e-9), rel=1e-12)
    single = np.full((1 << 19) + 7, 0.1, dtype=np.float32)
    assert sum_samples(single) == pytest.approx(len(single) * float(np.float32(0.1)), rel=1e-9)


# --- causes between the samples -------------------------------------------------------------------------


def test_what_the_samples_of_the_edges_hold_is_told_in_joule_of_each() -> None:
    samples = np.array([1.0] * 100 + [5.0] + [2.0] * 100 + [4.0] + [1.0] * 100)
    window, _ = measure(100.5, 201.5, samples)
    assert window.measured is not None
    assert window.measured.unexplained_j == pytest.approx(((5.0 - 1.5) * 2.0, (4.0 - 1.5) * 2.0))
    assert window.measured.second_j == pytest.approx((2.5 + 200.0 + 2.0) * 2.0)
    assert (window.measured.change_w, window.measured.droop_w, window.measured.stimulus) == (0.0, 0.0, 0)


def test_what_readings_do_not_follow_is_told_in_watt() -> None:
    samples = np.array([1.0, 2.0] * 100)
    source = EnergySource(lambda a, b: samples[a:b], 200, PERIOD_S, 2.0, "instant")
    window, (finding,) = _measure(facts(), FRAME, Placed(50.0, 150.0, 0.0), source, LOOK)
    assert window.measured is not None
    assert window.measured.change_w == pytest.approx(math.sqrt(0.5) * 2.0 / PERIOD_S)
    assert (finding.id, finding.detail) == ("sampling-too-coarse", "2 readings a second do not follow this load")


def test_droop_is_that_of_the_windows_mean_current() -> None:
    current_a = np.array([1.0] * 100 + [3.0] * 100)
    current_a[150] = np.nan
    source = replace(joules(np.ones(200)), current_a=lambda a, b: current_a[a:b])
    droop = Droop(0.5, 4.0)
    assert _droop_w(source, Placed(100.5, 199.5, 0.0), droop) == pytest.approx(droop.limit_w(3.0))
    assert _droop_w(source, Placed(99.5, 101.5, 0.0), droop) == pytest.approx(droop.limit_w(7 / 3))
    assert _droop_w(source, Placed(150.0, 151.0, 0.0), droop) == 0.0
    assert _droop_w(source, Placed(100.0, 150.0, 0.0), None) == 0.0
    assert _droop_w(joules(np.ones(200)), Placed(100.0, 150.0, 0.0), droop) == 0.0
