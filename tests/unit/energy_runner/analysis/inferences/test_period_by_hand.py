# SPDX-License-Identifier: Apache-2.0
"""The period of a trace where it follows from the trace in closed form, and what folding at it explains."""

import math

import numpy as np
import pytest

from energy_runner.analysis.inferences.period import (
    Folded,
    autocorrelation,
    explained,
    find_period,
    flattened,
    repeating,
    running_mean,
)


def swing(period: float, repetitions: float) -> np.ndarray:
    places = np.arange(int(period * repetitions) + 1)
    return 5 + np.cos(2 * np.pi * places / period + 0.3)


def pulses(period: float, repetitions: int = 400) -> np.ndarray:
    """A pulse of 1.2 samples in each period, as an ideal monitor would state it."""
    edges = np.arange(int(period * repetitions) + 1.0)
    turns = np.floor(edges / period)
    return np.diff(1.2 * turns + np.minimum(edges - turns * period, 1.2))


# --- the period -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "repetitions", "error"),
    [
        (4.0, 200, 5e-6),
        (4.3, 200, 2e-4),
        (7.77, 20, 2e-5),
        (7.77, 200, 4e-5),
        (33.3, 9, 6e-4),
        (33.3, 20, 2e-4),
        (33.3, 200, 2e-6),
        (100.25, 9, 6e-4),
        (100.25, 20, 2e-4),
        (100.25, 200, 3e-6),
    ],
)
def test_a_swing_is_measured_the_better_the_more_often_it_repeats(period, repetitions, error):
    found = find_period(swing(period, repetitions))
    assert found is not None
    assert found.samples == pytest.approx(period, rel=error)
    assert 0.95 < found.strength <= 1


@pytest.mark.parametrize("repetitions", [5, 7])
def test_what_repeats_fewer_than_eight_times_is_not_found(repetitions):
    assert find_period(swing(33.3, repetitions)) is None


@pytest.mark.parametrize(("length", "found"), [(319, False), (328, True)])
def test_a_trace_of_eight_repetitions_is_long_enough(length, found):
    """To be a peak, the value at a lag of 40 samples needs the one at 41, an eighth of the trace."""
    x = np.resize(np.random.default_rng(0).standard_normal(40), length)
    assert (find_period(x) is not None) == found


@pytest.mark.parametrize("period", [3.2, 3.25])
def test_of_a_period_below_four_samples_a_multiple_is_found(period):
    found = find_period(swing(period, 400))
    assert found is not None
    assert found.samples >= 4
    assert found.samples / period == pytest.approx(round(found.samples / period), abs=1e-3)


def test_half_a_turn_is_no_period():
    assert find_period(np.cos(2 * np.pi * 0.5077 * np.arange(1000) / 1000)) is None


@pytest.mark.parametrize("length", range(330, 420, 3))
def test_any_number_of_repetitions_is_measured(length):
    places = np.arange(length)
    found = find_period(np.cos(2 * np.pi * places / 33.3) + 0.5 * np.cos(4 * np.pi * places / 33.3))
    assert found is not None
    assert found.samples == pytest.approx(33.3, rel=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_peak_in_noise_is_looked_for_in_its_width(seed):
    """The first one is some samples off, and the second one twice as many."""
    places = np.arange(60_000)
    x = np.cos(2 * np.pi * places / 1000.7) + 0.3 * np.random.default_rng(seed).standard_normal(60_000)
    found = find_period(x)
    assert found is not None
    assert found.samples == pytest.approx(1000.7, rel=6e-4)


def test_peaks_that_fade_with_the_lag_are_left_where_they_end():
    """Each repetition is 5 % longer or shorter than the one before it: after many nothing is alike."""
    rng = np.random.default_rng(3)
    starts = np.cumsum(40 * (1 + 0.05 * rng.standard_normal(400)))
    turns = 2 * np.pi * np.interp(np.arange(int(starts[-2])), starts, np.arange(400.0))
    found = find_period(np.cos(turns) + 0.3 * np.cos(2 * turns) + 0.02 * rng.standard_normal(len(turns)))
    assert found is not None
    assert found.samples == pytest.approx(np.mean(np.diff(starts)), rel=1e-3)


@pytest.mark.parametrize("unit", [1e-100, 1e-6, 1e6, 1e100])
def test_the_answer_does_not_depend_on_the_unit(unit):
    x = swing(33.3, 20)
    one, other = find_period(x), find_period(x * unit)
    assert one is not None
    assert other is not None
    assert other.samples == pytest.approx(one.samples, rel=1e-9)
    assert other.strength == pytest.approx(one.strength, rel=1e-9)


@pytest.mark.parametrize("divisor", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("whole", [6, 13])
def test_a_period_that_falls_between_two_samples_is_not_taken_for_its_multiple(whole, divisor):
    period = whole + 1 / divisor
    found = find_period(pulses(period))
    assert found is not None
    assert found.samples == pytest.approx(period, rel=2e-4)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_repetitions_that_differ_in_turn_repeat_only_together(noise):
    """Every third one is another: the peaks at one and two of them are too low to be the period."""
    one, other = np.repeat([1.0, 2.0, 1.5, 3.0], 5), np.repeat([1.0, 3.0, 2.5, 1.2], 5)
    x = np.tile(np.concatenate((one, one, other)), 60)
    found = find_period(x + np.random.default_rng(0).normal(0, noise, len(x)))
    assert found is not None
    assert found.samples == pytest.approx(60, rel=1e-4)


@pytest.mark.parametrize(("own", "period"), [(0.3, 20), (0.7, 60), (1.0, 60)])
def test_repetitions_that_are_alike_but_for_a_small_part_are_equal(own, period):
    """Of three in turn each has something of its own: at 0.3 a tenth of their variance, at 0.7 a third."""
    rng = np.random.default_rng(3)
    x = np.tile(np.tile(rng.standard_normal(20), 3) + own * rng.standard_normal(60), 100)
    found = find_period(x)
    assert found is not None
    assert found.samples == pytest.approx(period, rel=1e-4)


@pytest.mark.parametrize(("noise", "period"), [(0.0, 60), (0.5, 60), (1.0, 20)])
def test_only_noise_makes_peaks_of_other_heights_equal(noise, period):
    """Peaks of 0.83 at one and two of three repetitions are lower than the third, but for noise."""
    rng = np.random.default_rng(3)
    x = np.tile(np.tile(rng.standard_normal(20), 3) + 0.52 * rng.standard_normal(60), 16)
    r = autocorrelation(flattened(x), 61)
    assert r[[20, 40, 60]] == pytest.approx([0.83, 0.83, 1.0], abs=0.02)
    found = find_period(x + noise * rng.standard_normal(len(x)))
    assert found is not None
    assert found.samples == pytest.approx(period, rel=1e-2)


@pytest.mark.parametrize(("height", "sigmas"), [(0.4, 4.5), (0.5, 9.4), (0.5, 11.5)])
def test_a_period_must_explain_eight_standard_deviations_more_than_chance(height, sigmas):
    seed = {4.5: 0, 9.4: 1, 11.5: 3}[sigmas]
    x = height * np.cos(2 * np.pi * np.arange(2000) / 12.5) + np.random.default_rng(seed).standard_normal(2000)
    assert explained(flattened(x), 12.5).sigmas == pytest.approx(sigmas, abs=0.1)
    found = find_period(x)
    assert (found is not None) == (sigmas > 8)
    if found is not None:  # so faint, it may be a multiple
        assert abs(found.samples / 12.5 - round(found.samples / 12.5)) < 0.01


def test_a_trace_of_more_than_a_million_samples_is_averaged_to_fewer():
    """Of 1.1 million samples two at a time are averaged: a change from one to the next is lost, a slow one not."""
    places = np.arange(1_100_000)
    fast = np.resize([1.0, -1.0], len(places))
    found = find_period(5 + fast + np.cos(2 * np.pi * places / 2000.0))
    assert found is not None
    assert found.samples == pytest.approx(2000, rel=1e-6)
    assert found.strength == pytest.approx(1, abs=1e-2)


def test_an_empty_trace_has_no_period():
    assert find_period([]) is None
    assert find_period([1.0]) is None


# --- slow changes ---------------------------------------------------------------------------------------


def test_the_running_mean_of_a_fifth_is_taken_away():
    x = np.random.default_rng(0).standard_normal(100)
    assert flattened(x) == pytest.approx(x - running_mean(x, 20), abs=1e-12)
    assert flattened(x[:8]) == pytest.approx(x[:8] - running_mean(x[:8], 3), abs=1e-12)


def test_missing_samples_are_bridged_by_a_line():
    x = np.random.default_rng(0).standard_normal(100)
    x[40:44] = x[39] + (x[44] - x[39]) * np.arange(1, 5) / 5
    x[-1] = x[-2]
    gone = x.copy()
    gone[[40, 41, 42, 43, 99]] = [math.nan, math.inf, -math.inf, math.nan, math.nan]
    assert flattened(gone) == pytest.approx(flattened(x), abs=1e-12)


def test_fewer_than_four_samples_are_nothing():
    x = np.array([math.nan, 1.0, 2.0, 4.0, math.nan, 1.0, math.nan])
    assert np.any(flattened(x))
    x[5] = math.nan
    assert flattened(x).tolist() == [0.0] * 7


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("spikes", "clipped"), [(1, True), (2, True), (3, False)])
def test_single_extremes_are_clipped(sign, spikes, clipped):
    """Of 2001 samples the two most extreme are single ones. The others are 2 or 3: beyond 1 or 4 is cut."""
    x = sign * np.resize([2.0, 3.0], 2001)
    cut = x.copy()
    at = [500, 1000, 1500][:spikes]
    x[at] = sign * 50.0
    cut[at] = sign * (4.0 if clipped else 50.0)
    assert flattened(x) == pytest.approx(cut - running_mean(cut, 400), abs=1e-9)


@pytest.mark.parametrize(("share", "left"), [(0.8e-7, False), (1.3e-7, True)])
def test_what_is_left_of_a_constant_trace_is_rounding(share, left):
    x = -3.0 * (1 + share * np.resize([1.0, -1.0], 4000))
    assert np.any(flattened(x)) == left


# --- folding --------------------------------------------------------------------------------------------


def groups(length: int, period: float, bins: int, parts: int) -> np.ndarray:
    """Return which bin of which part each sample belongs to, by the definition."""
    places = np.arange(length)
    return np.floor(places / period % 1 * bins).astype(int) + bins * (places * parts // length)


@pytest.mark.parametrize("off", [0.5, 0.1, 1e-7])
def test_folding_is_an_analysis_of_variance(off):
    """Four levels of 16 samples each that are off by as much to either side: 60 degrees of freedom are left."""
    y = np.tile([1.0, 2.0, -1.0, -2.0], 16) + off * np.repeat(np.resize([1.0, -1.0], 16), 4)
    within = max(64 * off**2, 1e-12 * (64 * 2.5 + 64 * off**2)) / 60
    ratio = 64 * 2.5 / 4 / within
    found = explained(y, 4.0)
    assert found.sigmas == pytest.approx((ratio - 1) / math.sqrt(2 / 4 + 2 / 60), rel=1e-6)
    assert found.strength == pytest.approx(1 - within / (2.5 + off**2), rel=1e-12)
    assert repeating(y, 4.0) == pytest.approx(np.tile([1.0, 2.0, -1.0, -2.0], 16), abs=1e-12)


def test_what_does_not_repeat_has_no_strength():
    """Two levels that swap in every period: the means of all are zero."""
    y = np.repeat(np.resize([1.0, -1.0], 16), 4)
    found = explained(y, 4.0)
    assert found.strength == 0.0
    assert found.sigmas == pytest.approx(-1 / math.sqrt(2 / 4 + 2 / 60))
    assert not np.any(repeating(y, 4.0))


def test_nothing_or_a_sample_for_each_bin_explains_nothing():
    assert explained(np.zeros(64), 4.0) == Folded(0.0, 0.0)
    assert explained(np.array([1.0, -1.0, 2.0, -2.0]), 4.0) == Folded(0.0, 0.0)
    assert explained(np.array([1.0, -1.0, 2.0, -2.0, 1.0]), 4.0).strength > 0.9


@pytest.mark.parametrize(
    ("period", "length", "bins", "fine", "parts"),
    [
        (1.1, 23, 3, 3, 1),  # at least three bins
        (1.4, 200, 3, 4, 8),
        (10.0, 159, 20, 30, 1),  # two or three for each sample
        (10.0, 319, 20, 30, 1),  # a part has sixteen samples for each sample of the period ...
        (10.0, 320, 20, 30, 2),
        (30.0, 45, 60, 60, 1),  # some bins have a single sample
        (31.9, 2000, 64, 96, 3),  # ... of which there are at most 64, if they are not to be fine
        (100.0, 1000, 64, 250, 1),  # four samples in each of more than that
        (100.0, 100, 64, 64, 1),
        (100.0, 2399, 64, 300, 1),  # a part has at least twelve periods
        (100.0, 2400, 64, 300, 2),
        (100.0, 1200 * 16, 64, 300, 16),  # and there are at most sixteen
        (100.0, 1200 * 20, 64, 300, 16),
    ],
)
def test_bins_and_parts(period, length, bins, fine, parts):
    y = np.random.default_rng(length).standard_normal(length)
    for number, is_fine in ((bins, False), (fine, True)):
        of = groups(length, period, number, parts)
        wanted = [y[of == own].mean() for own in range(number * parts) if np.any(of == own)]
        assert repeating(y, period, fine=is_fine) == pytest.approx(
            np.array(wanted)[np.unique(of, return_inverse=True)[1]], abs=1e-12
        )
