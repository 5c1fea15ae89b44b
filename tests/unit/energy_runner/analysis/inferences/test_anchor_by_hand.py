# SPDX-License-Identifier: Apache-2.0
"""Where a train begins and ends, for ends whose likelihood can be written down."""

import math

import numpy as np
import pytest

from energy_runner.analysis.inferences.anchor import Anchor, find_anchor
from energy_runner.analysis.inferences.template import Aligned, Template

SIGMA = 0.01
NOTHING = (0.0, 0.0)
STARTS = 30 + 10 * np.arange(13.0)


def aligned(
    *, level: float = 1.0, sigma: float = SIGMA, scale: np.ndarray | None = None, template: Template | None = None
) -> Aligned:
    """Twelve repetitions of ten samples each, by default without any shape."""
    flat = Template(np.array([0.5]), np.array([level]))
    return Aligned(STARTS, np.zeros(13), template or flat, np.ones(12) if scale is None else scale, sigma)


def train(shift: float, *beside: tuple[float, float], level: float = 1.0) -> np.ndarray:
    """The samples of a train that is moved by `shift`; `beside` it, before and after, are two levels.

    The first one lasts to the end of the first whole sample, the other for a sample; then there is a third.
    """
    first, last = STARTS[0] + shift, STARTS[-1] + shift
    inside = np.diff(np.clip(np.arange(181.0), first, last))
    (before, long_before), (after, long_after) = beside
    outside = np.full(180, long_before)
    outside[[math.floor(first) - 1, math.floor(first)]] = before
    outside[math.ceil(last) - 1 :] = after
    outside[math.ceil(last) + 1 :] = long_after
    outside[: max(0, math.floor(first) - 2)] += 0.3
    outside[math.ceil(last) + 2 :] += 0.3
    return level * inside + outside * (1 - inside)


def likelihood(share: float, tried: np.ndarray, beside: tuple[float, float], level: float) -> np.ndarray:
    """Return how likely it is that a share `tried` of the mixed sample is outside, where it is `share`."""
    beyond, further = beside
    unknown = 0.1 * abs(beyond - level) + 0.5 * abs(beyond - further)
    allowed = np.hypot(math.hypot(SIGMA, 0.003 * level), tried * unknown)
    likely: np.ndarray = np.exp(-0.5 * np.minimum(((share - tried) * (beyond - level) / allowed) ** 2, 20))
    return likely


@pytest.mark.parametrize("shift", [0.5, 0.3, -1.35, 2.6])
@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ((0.0, 0.0), (0.0, 0.0), 1.0),
        ((0.5, 0.5), (0.0, 0.0), 1.0),
        ((1.5, 1.6), (2.0, 1.8), 1.0),
        ((0.5, 0.3), (1.8, 1.8), 1.0),
        ((5.0, 5.0), (0.0, 1.0), 3.0),
    ],
)
@pytest.mark.parametrize("beside", [20, 2, 1])
def test_the_ends_are_seen_to_a_part_of_a_sample(beside, before, after, level, shift):
    """The trace may hold only two whole samples beside the train, or one: then no change is seen there."""
    power = train(shift, before, after, level=level)
    first = max(0, math.floor(30 + shift) - beside)
    power = power[first : math.ceil(150 + shift) + beside]
    found = find_anchor(power, first, aligned(level=level), -4.0, 4.0)
    if beside == 1:
        before, after = (before[0], before[0]), (after[0], after[0])
    share, tried = shift % 1, np.linspace(0, 1, 2001)
    likely = likelihood(share, tried, before, level) * likelihood(1 - share, 1 - tried, after, level)
    likely /= np.sum(likely)
    mean = float(np.sum(likely * tried))
    variance = float(np.sum(likely * (tried - mean) ** 2))
    assert found.seen
    assert found.shift == pytest.approx(shift - share + mean, abs=4e-3)
    assert found.u == pytest.approx(math.sqrt(variance + 0.05**2 / 12), rel=0.05)


@pytest.mark.parametrize("first", [0, 7, 20])
def test_samples_that_begin_later_are_placed_later(first):
    power = train(0.5, NOTHING, NOTHING)
    assert find_anchor(power[first:], first, aligned(), -4.0, 4.0).shift == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(-4.0, 3.0), (1.0, 9.0)])
def test_without_any_end_the_edges_alone_count(low, high):
    missing = find_anchor(np.full(180, math.nan), 0, aligned(), low, high)
    assert not missing.seen
    assert missing.shift == pytest.approx((low + high) / 2, abs=1e-9)
    assert missing.u == pytest.approx((high - low) / math.sqrt(12), rel=0.01)
    endless = find_anchor(np.ones(180), 0, aligned(), low, high)
    assert not endless.seen
    assert endless.shift == pytest.approx((low + high) / 2, abs=0.05)
    assert endless.u == pytest.approx((high - low) / math.sqrt(12), rel=0.05)


def test_edges_that_allow_one_place_or_none():
    """Edges that contradict the train by two samples leave it uncertain by half of that."""
    power = train(0.5, NOTHING, NOTHING)
    assert find_anchor(power, 0, aligned(), 1.0, 1.0) == Anchor(1.0, 0.0, seen=False)
    assert find_anchor(power, 0, aligned(), 3.0, 1.0) == Anchor(2.0, 1.0, seen=False)


@pytest.mark.parametrize(("high", "seen"), [(0.049, True), (0.051, False)])
def test_edges_closer_than_the_resolution_are_as_good_as_an_end(high, seen):
    found = find_anchor(np.full(180, math.nan), 0, aligned(), 0.0, high)
    assert found.seen is seen
    assert found.shift == pytest.approx(high / 2)
    if seen:  # three places are tried, of which each is as likely and half as wide as all
        assert found.u == pytest.approx(high * math.sqrt(1 / 6 + 1 / 48), rel=1e-6)


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(("step", "goes_on"), [(1.5, True), (2.0, False)])
@pytest.mark.parametrize("noise", [(0.01, 0.0, 0.0), (1e-4, 1.0, 0.0), (1e-4, 0.0, 0.5)])
def test_a_sample_outside_costs_what_a_deviation_of_the_root_of_three_does(noise, step, goes_on, at_end):
    """Outside is off by less or more than √3 of noise, 0.3 % of the level, or a twentieth of the slope."""
    sigma, height, swing = noise
    phase = np.arange(1000) / 1000
    shape = Template(phase, height + swing * np.sin(2 * np.pi * phase))
    turn = 2 * np.pi * (np.arange(180) - 30) / 10
    model = height + swing * np.sin(turn)
    may_be_off = np.sqrt(sigma**2 + (0.003 * model) ** 2 + (0.05 * swing * 2 * np.pi / 10 * np.cos(turn)) ** 2)
    power = np.where(np.abs(np.arange(180) - 89.5) < 60, model, model + step * may_be_off)
    power[slice(None, 90) if at_end else slice(90, None)] = math.nan
    found = find_anchor(power, 0, aligned(template=shape, sigma=sigma), -4.0, 4.0)
    assert (found.shift * (1 if at_end else -1) > 1.5) == goes_on


@pytest.mark.parametrize("at_end", [False, True])
def test_a_spike_inside_does_not_decide_alone(at_end):
    """It costs as much as seven samples outside, and there are nine between it and the end."""
    power = train(0.0, NOTHING, NOTHING)
    power[139 if at_end else 40] = 1e6
    found = find_anchor(power, 0, aligned(), -14.0, 14.0)
    assert found.shift == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("at_end", [False, True])
def test_a_spike_outside_is_outside(at_end):
    power = train(0.0, NOTHING, NOTHING)
    power[153 if at_end else 26] = -1e6
    assert find_anchor(power, 0, aligned(), -4.0, 4.0).shift == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("at_end", [False, True])
def test_the_level_at_an_end_is_that_of_eight_repetitions_there(at_end):
    """Of the eight next to either end four are 5 % higher than the trace and four lower, all others are higher."""
    starts = 30 + 10 * np.arange(41.0)
    scale = np.full(40, 1.05)
    scale[[0, 1, 2, 3, -1, -2, -3, -4]] = 0.95
    flat = Template(np.array([0.5]), np.array([1.0]))
    power = np.repeat([0.0, 1.0, 0.0], [30, 400, 30])
    power[slice(None, 230) if at_end else slice(230, None)] = math.nan
    found = find_anchor(power, 0, Aligned(starts, np.zeros(41), flat, scale, 0.001), -4.0, 4.0)
    assert found.seen
    assert found.shift == pytest.approx(0.0, abs=0.7)


@pytest.mark.parametrize("at_end", [False, True])
def test_rounding_is_no_deviation(at_end):
    """Within a train of nothing and without scatter, a billionth of what is outside is still inside."""
    power = np.where(np.abs(np.arange(180) - 89.5) < 60, 0.3e-9, 1.0)
    power[slice(None, 90) if at_end else slice(90, None)] = math.nan
    found = find_anchor(power, 0, aligned(level=0.0, sigma=0.0), -4.0, 4.0)
    assert found.shift == pytest.approx(0.0, abs=0.7)


def test_an_end_that_was_not_recorded_shows_nothing():
    power = train(0.5, NOTHING, NOTHING)
    for part, first in ((power[:100], 0), (power[100:], 100), (power[:34], 0), (power[147:], 147)):
        found = find_anchor(part, first, aligned(), -4.0, 4.0)
        assert found.seen
        assert found.shift == pytest.approx(0.5, abs=1.0)
    hidden = find_anchor(power[60:100], 60, aligned(), -4.0, 4.0)
    assert (hidden.seen, hidden.shift) == (False, pytest.approx(0.0, abs=1e-9))
