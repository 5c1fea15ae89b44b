# SPDX-License-Identifier: Apache-2.0
"""The figures of a window's inferences, worked out by hand, and the samples that they are found in."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.inferences.anchor import Anchor
from energy_runner.analysis.inferences.averaged import averaged
from energy_runner.analysis.inferences.count import WindowTrace
from energy_runner.analysis.inferences.distribution import describe
from energy_runner.analysis.inferences.period import Period
from energy_runner.analysis.inferences.segment import (
    WindowInferences,
    _phases_inside,
    _resolved,
    _traced,
    segment_windows,
)
from energy_runner.analysis.inferences.template import Aligned, Template
from energy_runner.analysis.inferences.train import Train
from energy_runner.analysis.levels.idle import PowerLevel
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.session.events import InferenceDone
from tests.support.synthetic import Curve
from tests.support.trains import LAYERS

IDLE = PowerLevel(power_w=0.1, u_w=0.002, total_s=1.0, places=1, start_s=0.0, duration_s=1.0)
STEP_S = 1e-3
FRAME = WindowInferences(3, 10, resolved=False)


def source_of(power_w: np.ndarray) -> EnergySource:
    """Samples of energy, which a clock that is a quarter slow says to last 0.8 ms instead of 1 ms."""
    energy_j = power_w * STEP_S
    return EnergySource(lambda a, b: energy_j[a:b], len(energy_j), 0.8e-3, 1.0, clock=1.25)


def counted(length: int) -> EnergySource:
    """Samples of power whose number each one is."""
    return EnergySource(lambda a, b: np.arange(a, b, dtype=np.float64), length, STEP_S, STEP_S)


def aligned_by(*windows: Placed | None, rate_u: float | None = None) -> Alignment:
    return Alignment("by hand", list(windows), rate_u=rate_u)


# --- samples around a window ----------------------------------------------------------------------------


def test_the_samples_around_a_window():
    """Either edge may be off by 2 samples and thrice a thousandth of 3000; 24 more are taken."""
    traced, first = _traced(counted(10_000), Placed(1000.5, 3000.0, 2.0), aligned_by(rate_u=1e-3), 100)
    assert (traced.slack, traced.stated, traced.period_s) == (pytest.approx(11.0), 100, STEP_S)
    assert first == 965
    assert traced.power_w == pytest.approx(np.arange(965.0, 3035.0))
    assert (traced.start, traced.stop) == (35.5, 2035.0)


def test_the_samples_around_a_window_end_with_the_trace():
    traced, first = _traced(counted(1010), Placed(5.0, 1005.0, 0.5), aligned_by(), 100)
    assert (first, traced.slack) == (0, 0.5)
    assert traced.power_w == pytest.approx(np.arange(1010.0))
    assert (traced.start, traced.stop) == (5.0, 1005.0)


@pytest.mark.parametrize(
    ("stop", "count", "factor"),
    [
        (11_000.0, 10, 1),  # 1000 samples of each
        (11_230.0, 10, 1),
        (11_250.0, 10, 2),  # 1024 and more
        (16_400.0, 10, 3),
        (1500.0, 0, 1),
        (1512.0 + 1024.0, 0, 3),
    ],
)
def test_long_inferences_are_averaged(stop, count, factor):
    traced, first = _traced(counted(20_000), Placed(1000.0, stop, 2.0), aligned_by(), count)
    assert traced.period_s == pytest.approx(factor * STEP_S)
    assert traced.slack == pytest.approx(2.0 / factor)
    assert first == 1000 - 2 - 24 * factor
    assert traced.start == pytest.approx((1000 - first) / factor)
    assert traced.stop == pytest.approx((stop - first) / factor)
    assert traced.power_w[:3] == pytest.approx(first + (factor - 1) / 2 + factor * np.arange(3))
    assert 23 < len(traced.power_w) - traced.stop - 2 / factor < 25.01


def test_two_million_samples_are_averaged():
    length = 2 * 2_097_152
    traced, _ = _traced(counted(length + 2), Placed(1.0, length + 1.0, 0.0), aligned_by(), 1_000_000)
    assert traced.period_s == pytest.approx(2 * STEP_S)
    traced, _ = _traced(counted(length + 2), Placed(2.0, length + 1.0, 0.0), aligned_by(), 1_000_000)
    assert traced.period_s == pytest.approx(STEP_S)


@pytest.mark.parametrize("beyond", [0, 1, 2, 3, 5, 100])
@pytest.mark.parametrize(("factor", "missing"), [(1, 3), (2, 2), (3, 2)])
def test_means_of_several_samples_across_the_blocks_that_are_read(factor, missing, beyond):
    """A mean with a missing sample is missing, and samples that fill no mean are left out."""
    power_w = np.random.default_rng(0).standard_normal(5 + (1 << 20) // factor * factor + beyond)
    power_w[[71, 72, 1 << 19]] = [math.nan, math.inf, -math.inf]
    whole = (len(power_w) - 5) // factor
    used = np.where(np.isfinite(power_w), power_w, math.nan)[5 : 5 + whole * factor]
    found = averaged(
        EnergySource(lambda a, b: power_w[a:b], len(power_w), STEP_S, STEP_S), 5, len(power_w), factor
    )
    assert np.allclose(found, used.reshape(-1, factor).mean(axis=1), rtol=1e-12, atol=0, equal_nan=True)
    assert np.count_nonzero(np.isnan(found)) == missing


def test_no_samples_have_no_mean():
    assert len(averaged(counted(10), 5, 6, 2)) == 0


# --- the figures of a window ----------------------------------------------------------------------------

PERIOD = 10.0
SHAPE = Template(np.arange(20) / 20, np.repeat([2.0, 4.0], 10))  # half an inference earlier: 2 W, then 4 W


def train(power: np.ndarray | None = None, *, free: Period | None = None) -> Train:
    """Nine inferences of ten samples of 2 ms from sample 11.5 on, of which each has 4 W and then 2 W."""
    edges = np.arange(1201) / 10
    level = np.where((edges[:-1] + 0.05 - 11.5) % 10 < 5, 4.0, 2.0)
    power = level.reshape(120, 10).mean(axis=1) if power is None else power
    aligned = Aligned(6.5 + PERIOD * np.arange(10), np.full(10, 0.3), SHAPE, np.full(9, 1.0), 0.01)
    return Train(
        window=WindowTrace(power, 0.002, 11.0, 103.0, 1.0, 9),
        aligned=aligned,
        anchor=Anchor(0.0, 0.0, seen=False),
        free=free,
        strength=0.75,
        disagreements=("something",),
    ).moved(Anchor(5.0, 0.1, seen=True))


def test_every_figure_of_a_window():
    found = _resolved(FRAME, train(free=Period(9.2, 0.8)), 7.0)
    assert (found.index, found.stated, found.resolved, found.reason) == (3, 10, True, "")
    assert (found.inferences, found.anchored, found.strength) == (9, True, 0.75)
    assert found.disagreements == ("something",)
    assert found.counted == pytest.approx(10.0)
    assert found.period_s == pytest.approx(0.02)
    assert found.period_u_s == pytest.approx(0.002 * math.sqrt(10) * 0.3 / 9)
    assert found.lead_s == pytest.approx(0.001)
    assert found.tail_s == pytest.approx(0.003)
    assert found.boundaries_s == pytest.approx(7.0 + 0.023 + 0.02 * np.arange(10))
    assert found.boundary_u_s == pytest.approx([0.002 * math.sqrt(0.3**2 + 0.1**2 + 0.2**2)] * 10)
    assert found.energy_j == pytest.approx([0.06] * 9, rel=1e-9)
    assert found.duration_s == pytest.approx([0.02] * 9)
    middles = 0.033 + 0.02 * np.arange(9)
    for of_window, values in ((found.energy, found.energy_j), (found.duration, found.duration_s)):
        wanted = describe(np.array(values), middles)
        assert wanted is not None
        assert of_window == replace(
            wanted,
            drift=pytest.approx(wanted.drift, abs=1e-12),
            drift_u=pytest.approx(wanted.drift_u, abs=1e-9),
            drift_per_s=pytest.approx(wanted.drift_per_s, abs=1e-12),
            drift_per_s_u=pytest.approx(wanted.drift_per_s_u, abs=1e-9),
        )
    assert found.shape_w == pytest.approx([4.0] * 5 + [2.0] * 5)
    phases = [(one.start_s, one.duration_s, one.power_w) for one in found.estimated_phases]
    assert phases == [pytest.approx((0.0, 0.01, 4.0)), pytest.approx((0.01, 0.01, 2.0))]


def test_a_drift_of_the_energies_is_one_per_second():
    """Each takes a hundredth of the first one's 60 mJ more than the one before it, 20 ms earlier."""
    one = train()
    growth = 1 + 0.01 * np.clip((np.arange(120) - 11) // 10, 0, 8)
    power = one.window.power_w * growth
    found = _resolved(FRAME, replace(one, window=replace(one.window, power_w=power)), 0.0)
    assert found.energy is not None
    assert found.energy.drift_per_s == pytest.approx(0.06 * 0.01 / 0.02, rel=0.02)


def test_energies_are_resolved_to_what_the_boundaries_allow():
    """Each is off by 0.3 samples of 3 W at either end, and by a seventh of a sample's step of 2 W."""
    found = _resolved(FRAME, train(), 0.0)
    wanted = math.sqrt(2) * math.hypot(0.3 * 0.002 * 3.0, 0.14 * 2.0 * 0.002)
    assert found.energy_resolution_j == pytest.approx(wanted, rel=1e-9)
    assert found.counted is None


def test_the_step_between_inferences_is_that_from_the_last_sample_to_the_first():
    """A level that rises from 2 W by a fifth of a watt a sample ends 1.8 W higher than it began."""
    one = train()
    rising = Template(np.arange(20) / 20, 2.0 + 2.0 * ((np.arange(20) / 20 + 0.5) % 1))
    found = _resolved(FRAME, replace(one, aligned=replace(one.aligned, template=rising)), 0.0)
    assert found.shape_w == pytest.approx(2.0 + 0.2 * np.arange(10))
    power_w = np.median(found.energy_j) / 0.02
    wanted = math.sqrt(2) * math.hypot(0.3 * 0.002 * power_w, 0.14 * 1.8 * 0.002)
    assert found.energy_resolution_j == pytest.approx(wanted, rel=1e-9)


def test_without_a_whole_inference_there_is_no_resolution():
    power = np.full(120, 3.0)
    power[15::10] = math.nan
    found = _resolved(FRAME, train(power), 0.0)
    assert found.energy_resolution_j is None
    assert np.all(np.isnan(found.energy_j))
    assert (found.energy, found.resolved) == (None, True)


def test_some_lost_inferences_do_not_change_the_resolution():
    power = train().window.power_w.copy()
    power[[15, 25, 35]] = math.nan
    lost = _resolved(FRAME, train(power), 0.0)
    assert lost.energy_resolution_j == pytest.approx(_resolved(FRAME, train(), 0.0).energy_resolution_j, rel=1e-9)


def test_the_typical_inference_has_the_typical_level():
    one = train()
    scaled = replace(one, aligned=replace(one.aligned, scale=np.repeat([0.5, 1.5, 9.0], [3, 5, 1])))
    assert _resolved(FRAME, scaled, 0.0).shape_w == pytest.approx([6.0] * 5 + [3.0] * 5)


@pytest.mark.parametrize(("period", "steps"), [(3.0, 4), (6.6, 7)])
def test_the_shape_has_a_step_for_each_sample_but_four_at_least(period, steps):
    one = train()
    aligned = replace(one.aligned, starts=6.5 + period * np.arange(10))
    found = _resolved(FRAME, replace(one, aligned=aligned).moved(Anchor(period / 2, 0.1, seen=True)), 0.0)
    assert len(found.shape_w) == steps
    assert found.shape_w[0] == pytest.approx(4.0)


def test_levels_inside_an_inference():
    """Of 40 ms in 80 steps 15, 10 and 15 ms are at one level each."""
    phases = _phases_inside(np.repeat([1.0, 1.5, 0.5], [30, 20, 30]), 0.04)
    assert [one.start_s for one in phases] == pytest.approx([0.0, 0.015, 0.025])
    assert [one.duration_s for one in phases] == pytest.approx([0.015, 0.010, 0.015])
    assert [one.power_w for one in phases] == pytest.approx([1.0, 1.5, 0.5])
    assert [one.energy_j for one in phases] == pytest.approx([0.015, 0.015, 0.0075])


@pytest.mark.parametrize(
    ("step", "sign", "phases"), [(0.007, 1, 1), (0.014, 1, 2), (0.007, -1, 1), (0.014, -1, 2)]
)
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_steps_below_a_hundredth_of_the_power_are_no_levels(step, sign, phases, unit):
    shape_w = unit * sign * np.repeat([1.0, 1.0 + step], 40)
    assert len(_phases_inside(shape_w, 0.04)) == phases


@pytest.mark.parametrize(("samples", "phases"), [(2, 2), (3, 3)])
def test_two_samples_between_levels_are_an_edge(samples, phases):
    shape_w = np.repeat([1.0, 1.5, 2.0], [30, samples, 30])
    assert len(_phases_inside(shape_w, 0.04)) == phases


# --- windows of a trace ---------------------------------------------------------------------------------


def facts_of(*stated: int) -> Facts:
    """Facts of as many windows, with other commands between them."""
    facts = Facts()
    for number, count in enumerate(stated):
        for purpose, inferences in (("trial", 3), ("window", count)):
            facts.inferences.append(
                InferenceDone(
                    t_ns=0,
                    purpose=purpose,
                    stimulus=number,
                    inferences=inferences,
                    warmups=1,
                    sent_ns=0,
                    start_line_ns=0,
                    done_line_ns=0,
                    results=[],
                    dut_laps_us=[],
                )
            )
    return facts


def scene(*begins: float, period: float = 43.38, count: int = 40, noise: float = 0.001) -> np.ndarray:
    """Power of trains that begin at some samples, with 0.1 W between."""
    curve = Curve([(-1.0, 0.1)])
    for begin in begins:
        for k in range(count):
            at = begin + k * period
            for share, level in LAYERS:
                curve.steps.append((at, level))
                at += share * period
        curve.steps.append((begin + count * period, 0.1))
    length = int(begins[-1] + count * period) + 200
    power: np.ndarray = np.diff(curve.energy_j(np.arange(length + 1.0)))
    return power + np.random.default_rng(0).normal(0, noise, length)


def test_windows_are_told_in_the_time_of_the_trace():
    begins, period = (200.3, 2300.8), 43.38
    ends = [begin + 40 * period for begin in begins]
    power = scene(*begins)
    windows = [Placed(begin - 0.4, end + 0.3, 0.5) for begin, end in zip(begins, ends, strict=True)]
    found = segment_windows(source_of(power), facts_of(40, 40), aligned_by(*windows), IDLE, "somewhere")
    assert (found.idle, found.idle_searched) == (IDLE, "somewhere")
    energy_j = period * STEP_S * sum(share * level for share, level in LAYERS)
    for index, (one, begin) in enumerate(zip(found.windows, begins, strict=True)):
        assert (one.index, one.stated, one.resolved, one.inferences) == (index, 40, True, 40)
        assert one.disagreements == ()
        assert np.array(one.boundaries_s) == pytest.approx(STEP_S * (begin + period * np.arange(41)), abs=2e-4)
        assert one.period_s == pytest.approx(period * STEP_S, rel=1e-4)
        assert one.counted == pytest.approx(40.0, abs=0.05)
        assert one.lead_s == pytest.approx(0.4 * STEP_S, abs=2e-4)
        assert one.tail_s == pytest.approx(0.3 * STEP_S, abs=2e-4)
        assert one.energy_j == pytest.approx([energy_j] * 40, rel=2e-2)
        assert one.energy_per_inference_j == pytest.approx(energy_j + 0.7 * 0.1 * STEP_S / 40, rel=1e-3)
        each_s = (40 * period + 0.7) / 40 * STEP_S
        assert one.above_idle_j == pytest.approx(one.energy_per_inference_j - 0.1 * each_s, rel=1e-9)
        assert one.above_idle_u_j == pytest.approx(0.002 * each_s, rel=1e-9)
        levels = [phase.power_w for phase in one.estimated_phases if phase.duration_s > 4 * STEP_S]
        assert levels == pytest.approx([0.93, 1.02, 1.01], abs=0.03)


def test_windows_in_doubt_or_outside_the_trace_are_left_out():
    power = scene(200.3)
    good = Placed(200.0, 1936.0, 0.5)
    bad = [None, Placed(-0.1, 1936.0, 0.5), Placed(200.0, 200.0, 0.5), Placed(200.0, len(power) + 0.1, 0.5)]
    alignment = aligned_by(*bad, good)
    found = segment_windows(source_of(power), facts_of(40, 40, 40, 40, 40), alignment, IDLE, "")
    assert [one.resolved for one in found.windows] == [False] * 4 + [True]
    assert [one.index for one in found.windows] == list(range(5))
    assert {one.reason for one in found.windows[:4]} == {"not resolved: the window's edges are in doubt"}
    assert [one.above_idle_j is None for one in found.windows] == [True] * 4 + [False]
    assert [(one.inferences, one.anchored) for one in found.windows] == [(0, False)] * 4 + [(40, True)]


def test_a_window_from_the_first_to_the_last_sample_is_in_the_trace():
    power = scene(0.0)[: int(40 * 43.38)]
    found = segment_windows(
        source_of(power), facts_of(40), aligned_by(Placed(0.0, float(len(power)), 0.5)), None, ""
    )
    assert found.windows[0].resolved
    assert found.windows[0].above_idle_j is None


def test_samples_of_power_give_the_same():
    power = scene(200.3)
    watts = EnergySource(lambda a, b: power[a:b], len(power), STEP_S, STEP_S)
    alignment = aligned_by(Placed(200.0, 1936.0, 0.5))
    one = segment_windows(source_of(power), facts_of(40), alignment, IDLE, "").windows[0]
    other = segment_windows(watts, facts_of(40), alignment, IDLE, "").windows[0]
    assert other.energy_per_inference_j == pytest.approx(one.energy_per_inference_j, rel=1e-9)
    assert other.energy_j == pytest.approx(one.energy_j, rel=1e-9)


def test_a_window_without_any_sample_has_no_energy():
    power = np.full(2000, math.nan)
    found = segment_windows(source_of(power), facts_of(40), aligned_by(Placed(100.0, 1900.0, 0.5)), IDLE, "")
    only = found.windows[0]
    assert (only.energy_per_inference_j, only.above_idle_j) == (None, None)
    assert only.reason == "not resolved: too few samples of the window are there"


def test_windows_share_where_an_inference_begins():
    """The edges of the second may be off by 20 samples, and samples are missing at its ends."""
    begins = (200.3, 2300.8, 4400.6)
    power = scene(*begins)
    power[4300:4420] = math.nan
    power[6120:] = math.nan
    windows = [Placed(begin - 0.4, begin + 40 * 43.38 + 0.3, 0.5) for begin in begins]
    windows[2] = replace(windows[2], half_width=15.0)
    source, facts = source_of(power), facts_of(40, 40, 40)
    alone = segment_windows(source, facts_of(40), aligned_by(windows[2]), IDLE, "").windows[0]
    found = segment_windows(source, facts, aligned_by(*windows), IDLE, "").windows[2]
    assert alone.boundary_u_s[20] > 1e-3
    assert found.boundary_u_s[20] < 4e-4
    assert found.boundaries_s[20] == pytest.approx(STEP_S * (4400.6 + 20 * 43.38), abs=3e-4)
