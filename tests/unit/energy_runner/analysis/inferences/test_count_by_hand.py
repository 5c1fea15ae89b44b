# SPDX-License-Identifier: Apache-2.0
"""How many inferences a window may hold, for windows whose numbers are round."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.analysis.inferences.count import Choice, WindowTrace, choices, fits, parts_differ
from energy_runner.analysis.inferences.period import Period

NOISE = np.random.default_rng(0).normal(0, 1, 1000)


def around(stated: int, *, slack: float = 0.0, period_s: float = 1e-3) -> WindowTrace:
    """A window of a thousand samples."""
    return WindowTrace(np.zeros(1100), period_s, 50.0, 1050.0, slack, stated)


def swing(period: float) -> np.ndarray:
    return np.cos(2 * np.pi * np.arange(1000) / period)


@pytest.mark.parametrize(
    ("length", "period", "slack", "period_s", "answer"),
    [
        (1001.0, 60.0, 0.0, 1e-3, True),  # longer than the window by rounding
        (1001.1, 60.0, 0.0, 1e-3, False),
        (1005.0, 60.0, 2.0, 1e-3, True),  # and by what either edge may be off
        (1005.1, 60.0, 2.0, 1e-3, False),
        (970.0, 60.0, 0.0, 1e-3, True),  # shorter by half a period
        (969.9, 60.0, 0.0, 1e-3, False),
        (966.0, 60.0, 2.0, 1e-3, True),
        (965.9, 60.0, 2.0, 1e-3, False),
        (980.0, 10.0, 0.0, 1e-3, True),  # shorter by 20 ms
        (979.9, 10.0, 0.0, 1e-3, False),
        (990.0, 10.0, 0.0, 2e-3, True),
        (989.9, 10.0, 0.0, 2e-3, False),
    ],
)
def test_a_train_fills_its_window_but_for_what_a_dut_does_around_it(length, period, slack, period_s, answer):
    assert fits(around(10, slack=slack, period_s=period_s), length, period) == answer


# --- a period was found ---------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [9.9, 10.0, 10.01])
def test_a_period_that_fits_the_stated_number_decides(samples):
    assert choices(around(100), NOISE, Period(samples, 0.9)) == [Choice(100, samples, 0.9)]


def said(count: int, stated: int) -> tuple[str, ...]:
    return (f"the trace repeats {count} times in the window, {stated} inferences are stated",)


@pytest.mark.parametrize(
    ("samples", "count"),
    [
        (10.2, 98),  # 98 of them take 999.6 samples
        (10.25, 97),  # 98 would take 1004.5: a part of a period is left over
        (10.29, 97),
    ],
)
def test_a_period_near_the_stated_one_may_be_that_of_inferences_that_vary(samples, count):
    """Slower by up to 3 %: the stated number is tried first, then the one that the trace shows."""
    wanted = [Choice(100, samples, 0.9), Choice(count, samples, 0.9, said(count, 100))]
    assert choices(around(100), NOISE, Period(samples, 0.9)) == wanted


@pytest.mark.parametrize("samples", [9.71, 9.75])
def test_a_faster_period_near_the_stated_one_may_be_that_of_inferences_that_vary(samples):
    count = int(1001 // samples)
    wanted = [Choice(100, samples, 0.9), Choice(count, samples, 0.9, said(count, 100))]
    assert choices(around(100), NOISE, Period(samples, 0.9)) == wanted


def test_further_away_only_the_trace_counts():
    for samples in (10.32, 9.6):
        count = int(1001 // samples)
        assert choices(around(100), NOISE, Period(samples, 0.9)) == [Choice(count, samples, 0.9, said(count, 100))]


@pytest.mark.parametrize("several", [2, 3, 5])
def test_inferences_may_consist_of_several_parts(several):
    stated = 60 // several
    wanted = [
        Choice(stated, several * 16.5, 0.9, parts=several),
        Choice(60, 16.5, 0.9, said(60, stated)),
    ]
    assert choices(around(stated), NOISE, Period(16.5, 0.9)) == wanted


def test_parts_that_do_not_fill_the_window_are_none():
    """Two parts of 16 samples each leave 40 samples: more than a DUT spends beside its inferences."""
    assert choices(around(30), NOISE, Period(16.0, 0.9)) == [Choice(62, 16.0, 0.9, said(62, 30))]


def test_more_inferences_than_the_trace_shows():
    assert choices(around(200), NOISE, Period(10.0, 0.9)) == [Choice(100, 10.0, 0.9, said(100, 200))]


@pytest.mark.parametrize(("samples", "found"), [(124.0, 8), (140.0, None)])
def test_fewer_than_eight_are_not_counted(samples, found):
    wanted = [] if found is None else [Choice(found, samples, 0.9, said(found, 100))]
    assert choices(around(100), NOISE, Period(samples, 0.9)) == wanted


@pytest.mark.parametrize("clearer", [14.31, 7.1, 33.0])
def test_something_that_repeats_more_clearly_than_the_inferences(clearer):
    """It is taken away first, and named. The trace's own count comes last."""
    inner = 5 * swing(clearer) + swing(10.0) + 0.1 * NOISE
    first, second = choices(around(100, period_s=2e-3), inner, Period(clearer, 0.9))
    assert (first.count, first.disturbed_by, first.parts) == (100, clearer, 1)
    assert first.period == pytest.approx(10.0, abs=10.0 / 16 / 100)
    assert first.strength > 0.5
    what = f"a period of {2 * clearer:.6g} ms is clearer than that of the inferences"
    assert first.disagreements == (what,)
    assert second.count == int(1001 // clearer)


def test_something_that_repeats_and_nothing_else_is_counted():
    inner = 5 * swing(14.31) + 0.1 * NOISE
    assert choices(around(100), inner, Period(14.31, 0.9)) == [Choice(69, 14.31, 0.9, said(69, 100))]


@pytest.mark.parametrize(
    ("ratio", "near"),
    [(1.5, False), (1 / 1.5, False), (2.05, True), (2.1, False), (1 / 2.05, True), (1 / 2.1, False)],
)
def test_a_multiple_or_a_divisor_is_not_something_else(ratio, near):
    """The inferences' period is `ratio` times the clearest one: within 3 % of a whole number it is the same."""
    inner = 5 * swing(10 / ratio) + swing(10.0) + 0.02 * NOISE
    found = choices(around(100), inner, Period(10.0 / ratio, 0.9))
    assert (found[0].disturbed_by is None) == near


# --- no period was found --------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [9.81, 9.9, 9.95, 10.0])
def test_the_stated_number_leads_to_a_faint_period(period):
    """Every lead from none to 20 samples is tried in steps of an eighth of a period."""
    found = choices(around(100), swing(period) + 0.1 * NOISE, None)
    assert len(found) == 1
    assert (found[0].count, found[0].parts, found[0].disagreements) == (100, 1, ())
    assert found[0].period == pytest.approx(period, abs=2 * 10 / 8 / 100)
    assert 0.85 < found[0].strength < 1


@pytest.mark.parametrize("slack", [0.0, 5.0])
def test_leads_are_tried_as_far_as_the_edges_allow(slack):
    """Longer than the window by what an edge may be off and a sample for rounding, or shorter by it and 20 ms."""
    for period, tried in ((10.01 + slack / 100, True), (9.8 - slack / 100, True), (9.6 - slack / 100, False)):
        found = choices(around(100, slack=slack), swing(period) + 0.1 * NOISE, None)
        assert bool(found and abs(found[0].period - period) < 0.013) == tried, period


def test_a_lead_of_half_a_long_inference_is_tried():
    found = choices(around(10), swing(95.5) + 0.1 * NOISE, None)
    assert len(found) == 1
    assert found[0].period == pytest.approx(95.5, abs=2.0)


def test_noise_leads_to_nothing():
    assert choices(around(100), NOISE, None) == []
    assert choices(around(100), np.zeros(1000), None) == []


# --- parts ----------------------------------------------------------------------------------------------


def halves(apart: float, noise: float) -> tuple[WindowTrace, np.ndarray]:
    """Eighty inferences of two halves of twelve samples, which differ by `apart` at two places of theirs.

    The level is higher at one and lower at the other, so that their mean is the same.
    """
    half = np.array([1.0, 2.0, 1.5, 3.0, 2.0, 1.0, 1.2, 2.5, 3.0, 2.0, 1.4, 1.1])
    other = half.copy()
    other[[3, 4]] += [apart, -apart]
    power = np.tile(np.concatenate((half, other)), 80)
    power = power + np.random.default_rng(1).normal(0, noise, len(power))
    # A quarter of a sample later each sample is in the middle of a bin.
    return WindowTrace(power, 1e-3, 0.0, len(power) - 0.25, 0.0, 80), power


@pytest.mark.parametrize(("ratio", "differ"), [(10.0, False), (22.0, False), (36.0, True), (90.0, True)])
def test_parts_differ_by_more_than_their_samples_scatter(ratio, differ):
    """Twelve bins of 80 samples of each half are used; in two of them the halves are `apart` from each other.

    Between the halves the sum of squares is 2 · 160 · (apart/2)² for 12 degrees of freedom.
    """
    noise = 0.05
    apart = noise * math.sqrt(ratio * 12 / 80)
    window, power = halves(apart, noise)
    assert parts_differ(window, power, 0, Choice(80, 24.0, 0.9, parts=2)) == differ


@pytest.mark.parametrize(("share", "differ"), [(0.8e-4, False), (1.25e-4, True)])
def test_parts_differ_by_a_share_of_their_shape(share, differ):
    """Without noise, two of twelve bins differ: their variance is apart²/4 in a sixth of the samples."""
    half = np.array([1.0, 2.0, 1.5, 3.0, 2.0, 1.0, 1.2, 2.5, 3.0, 2.0, 1.4, 1.1])
    apart = math.sqrt(share * np.var(half) * 24)
    window, power = halves(apart, 1e-9)
    assert parts_differ(window, power, 0, Choice(80, 24.0, 0.9, parts=2)) == differ


def test_levels_that_vary_from_one_inference_to_the_next_are_no_scatter():
    window, power = halves(0.1, 0.01)
    level = 1 + 0.2 * np.random.default_rng(2).standard_normal(80)
    assert parts_differ(window, power * np.repeat(level, 24), 0, Choice(80, 24.0, 0.9, parts=2))


def test_what_is_wild_in_every_part_does_not_make_them_differ():
    """In every tenth inference both halves have the same wild sample, which no template follows."""
    window, power = halves(0.0, 0.01)
    power.reshape(80, 2, 12)[::10, :, 6] += 10.0
    assert not parts_differ(window, power, 0, Choice(80, 24.0, 0.9, parts=2))


@pytest.mark.parametrize(("ratio", "differ"), [(28.0, False), (36.0, True)])
def test_the_scatter_of_few_inferences_counts_the_means_that_were_taken(ratio, differ):
    """Of 8 · 24 samples, half of each kind 0.01 too high, 24 means leave 168 degrees of freedom."""
    window, power = halves(0.01 * math.sqrt(ratio * 12 / 8), 0.0)
    off = np.array([np.random.default_rng(k).permutation(np.resize([0.01, -0.01], 8)) for k in range(24)])
    few = power[: 8 * 24] + off.T.ravel()
    assert parts_differ(replace(window, stop=8 * 24 - 0.25), few, 0, Choice(8, 24.0, 0.9, parts=2)) == differ


def test_parts_that_are_never_sampled_alike_cannot_be_compared():
    """Of two halves of 12.5 samples one is sampled at whole places and the other between."""
    power = np.tile(np.random.default_rng(0).standard_normal(25), 80)
    window = WindowTrace(power, 1e-3, 0.0, len(power) - 0.25, 0.0, 80)
    assert not parts_differ(window, power, 0, Choice(80, 25.0, 0.9, parts=2))


def test_missing_samples_take_no_part():
    window, power = halves(0.5, 0.01)
    power[100:150] = math.nan
    assert parts_differ(window, power, 0, Choice(80, 24.0, 0.9, parts=2))


def test_equal_parts_do_not_differ():
    window, power = halves(0.0, 0.01)
    assert not parts_differ(window, power, 0, Choice(80, 24.0, 0.9, parts=2))
