# SPDX-License-Identifier: Apache-2.0
"""Repetitions aligned with what they have in common, against traces whose beginnings are known."""

import math

import numpy as np
import pytest

from energy_runner.analysis.inferences.template import (
    Aligned,
    Template,
    _ordered,
    _quietened,
    _within,
    align,
    fold,
    repetition_of,
)

PERIOD = 23.7
FIRST = 20.3


def shape(phase: np.ndarray) -> np.ndarray:
    level: np.ndarray = 1 + 0.3 * np.sin(2 * np.pi * phase) + 0.2 * np.cos(4 * np.pi * phase + 0.5)
    return level


def even(count: int) -> np.ndarray:
    return FIRST + PERIOD * np.arange(count + 1.0)


def trace(starts: np.ndarray, *, scale: np.ndarray | None = None, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Samples of repetitions that begin at `starts`, each as long as to the next."""
    places = np.arange(math.ceil(starts[-1]) + 30.0)
    number = np.clip(np.searchsorted(starts, places, side="right") - 1, 0, len(starts) - 2)
    level = shape((places - starts[number]) / np.diff(starts)[number])
    if scale is not None:
        level = level * scale[number]
    power: np.ndarray = level + np.random.default_rng(seed).normal(0, noise, len(level))
    return power


def errors(found: Aligned, starts: np.ndarray) -> np.ndarray:
    """Return how far the starts are off apart from a common shift."""
    off: np.ndarray = found.starts - starts
    return off - np.median(off)


# --- a template and its repetitions ---------------------------------------------------------------------


def test_a_template_is_linear_between_its_phases_and_periodic():
    template = Template(np.array([0.25, 0.75]), np.array([1.0, 3.0]))
    phases = np.array([0.25, 0.5, 0.75, 0.875, 1.0, 1.125, 1.25, -0.125, -0.25, 7.5])
    assert template.at(phases) == pytest.approx([1, 2, 3, 2.5, 2, 1.5, 1, 2.5, 3, 2])


def test_a_slope_is_the_rise_over_a_step():
    phase = np.arange(100) / 100
    template = Template(phase, np.abs(phase - 0.5))
    assert template.slope(np.array([0.25, 0.75]), 0.1) == pytest.approx([-0.1, 0.1])
    assert template.slope(np.array([0.5, 0.52, 0.48]), 0.1) == pytest.approx([0.0, 0.04, -0.04])


def test_the_place_within_a_repetition():
    """Inside by the length of the repetition, outside by the mean one of ten samples."""
    aligned = Aligned(
        np.array([10.0, 22.0, 32.0, 40.0]), np.zeros(4), Template(np.zeros(1), np.ones(1)), np.ones(3), 0.1
    )
    assert aligned.period == 10.0
    places = np.array([5.0, 10.0, 13.0, 22.0, 27.0, 32.0, 38.0, 40.0, 45.0])
    assert aligned.phase(places) == pytest.approx([-0.5, 0, 0.25, 0, 0.5, 0, 0.75, 1, 1.5])
    assert repetition_of(aligned.starts, places).tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]


def test_another_unit_changes_levels_only():
    aligned = Aligned(
        even(3), np.arange(4.0), Template(np.array([0.5]), np.array([2.0])), np.array([1.0, 1.1, 0.9]), 0.1
    )
    other = aligned.times(10.0)
    assert (other.template.level.tolist(), other.sigma) == ([20.0], 1.0)
    assert other.template.phase is aligned.template.phase
    assert (other.starts is aligned.starts, other.u is aligned.u, other.scale is aligned.scale) == (
        True,
        True,
        True,
    )


def test_folding_takes_the_mean_place_and_level_of_each_part():
    phase = np.array([0.0, 0.1, 0.3, 0.99, 1.2, -0.7])
    template = fold(np.array([1.0, 2.0, 3.0, 4.0, 6.0, 5.0]), phase, 4)
    assert template.phase == pytest.approx([0.1, 0.3, 0.99])
    assert template.level == pytest.approx([3.0, 4.0, 4.0])


# --- alignment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 5, 18])
@pytest.mark.parametrize("roughly_known", [False, True])
def test_without_noise_starts_levels_and_shape_are_exact(first, roughly_known):
    scale = 1 + 0.02 * np.sin(np.arange(60))
    starts = even(60)
    found = align(trace(starts, scale=scale)[first:], first, starts, roughly_known=roughly_known)
    assert np.max(np.abs(errors(found, starts))) < 0.01
    assert found.scale == pytest.approx(scale, abs=4e-3)
    assert found.template.level == pytest.approx(shape(found.template.phase), abs=5e-3)
    assert len(found.template.phase) == round(8 * PERIOD)
    assert found.sigma < 2e-3
    assert found.period == pytest.approx(PERIOD, rel=1e-5)


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_the_scatter_and_what_it_does_to_the_starts(noise):
    off, of_period, said, said_of_period = [], [], [], []
    for seed in range(25):
        found = align(trace(even(100), noise=noise, seed=seed), 0, even(100))
        assert found.sigma == pytest.approx(noise, rel=0.15)
        off.append(np.std(errors(found, even(100))))
        of_period.append(found.period - PERIOD)
        said.append(np.median(found.u))
        said_of_period.append(found.period_u)
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(np.mean(said), rel=0.35)
    assert np.std(of_period) == pytest.approx(np.mean(said_of_period), rel=0.4)


def test_a_period_is_as_uncertain_as_the_curve_through_its_starts():
    """The slope between the ends of a cubic through 401 values that are uncertain by 0.01 each."""
    design = np.polynomial.legendre.legvander(np.linspace(-1, 1, 401), 3)
    covariance = 0.01**2 * np.linalg.inv(design.T @ design)
    ends = design[-1] - design[0]
    of_places = np.sqrt(np.einsum("ij,jk,ik->i", design, covariance, design))
    aligned = Aligned(even(400), of_places, Template(np.zeros(1), np.ones(1)), np.ones(400), 0.1)
    assert aligned.period_u == pytest.approx(math.sqrt(ends @ covariance @ ends) / 400, rel=0.02)


def test_a_start_is_as_uncertain_as_the_slopes_around_it_allow():
    """Least squares over two repetitions, with weights that fall from one to nothing; then a curve."""
    found = align(trace(even(100), noise=0.01), 0, even(100))
    slopes = ((0.3 * 2 * np.pi) ** 2 + (0.2 * 4 * np.pi) ** 2) / 2 / PERIOD**2  # mean square
    alone = 0.01 / math.sqrt(PERIOD * slopes)
    assert np.median(found.u) == pytest.approx(alone * math.sqrt(4 / 101), rel=0.1)


@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_alignment_does_not_depend_on_the_unit(unit):
    power = trace(even(60), noise=0.01)
    one, other = align(power, 0, even(60)), align(unit * power, 0, even(60))
    assert other.starts == pytest.approx(one.starts, abs=1e-6)
    assert other.u == pytest.approx(one.u, rel=1e-6)
    assert other.scale == pytest.approx(one.scale, rel=1e-6)
    assert other.sigma == pytest.approx(unit * one.sigma, rel=1e-6)


@pytest.mark.parametrize(("count", "bins"), [(3, 24), (8, 47), (20, 118), (31, 184), (32, 190), (100, 190)])
def test_the_template_has_parts_of_an_eighth_of_a_sample_where_there_are_enough(count, bins):
    """Four samples for each part on average, which is a sample long at most: 23.7 · count / 4 of them."""
    found = align(trace(even(100), noise=0.001), 0, even(count), roughly_known=True)
    assert 0.9 * bins < len(found.template.phase) <= bins


def test_levels_that_differ_by_a_third_are_taken_out_of_the_template():
    scale = 1 + 0.3 * np.random.default_rng(0).uniform(-1, 1, 60)
    found = align(trace(even(60), scale=scale), 0, even(60))
    assert found.sigma < 0.01
    assert np.max(np.abs(errors(found, even(60)))) < 0.1
    assert np.std(found.scale / scale) < 0.05


def test_a_repetition_without_power_has_no_level():
    """Less than a thousandth of the others' is noise."""
    scale = np.ones(60)
    scale[[20, 40]] = [0.0, 5e-4]
    found = align(trace(even(60), scale=scale), 0, even(60), roughly_known=True)
    assert found.scale[[20, 40]].tolist() == [1.0, 1.0]


def test_gaps_in_every_repetition_are_no_hindrance():
    power = trace(even(60), noise=0.002)
    power[::12] = math.nan
    found = align(power, 0, even(60))
    assert np.max(np.abs(errors(found, even(60)))) < 0.01


def test_samples_within_a_train_whose_ends_may_be_a_sample_off():
    """Those that begin a sample after the first start or later, and end a sample before the last."""
    places = np.arange(40.0)
    power = np.ones(40)
    power[14] = math.nan
    for starts, first, last in (([10.0, 20.0], 11, 18), ([10.5, 20.5], 12, 18), ([9.9, 20.1], 11, 18)):
        within = np.flatnonzero(_within(places, power, np.array(starts)))
        assert within.tolist() == [k for k in range(first, last + 1) if k != 14]


@pytest.mark.parametrize("jitter", [0.1, 0.3])
def test_jitter_is_kept_and_more_than_its_uncertainty(jitter):
    starts = even(100) + np.random.default_rng(1).normal(0, jitter, 101)
    found = align(trace(starts, noise=0.01), 0, even(100))
    off = errors(found, starts)
    assert np.std(off[1:-1]) < 0.05
    assert 0.01 < np.median(found.u) < 0.03


@pytest.mark.parametrize(
    ("name", "moved", "most"),
    [
        ("a pause", 5.0 * (np.arange(61) > 30), 0.05),
        ("a pause of half a repetition", 12.0 * (np.arange(61) > 30), 0.6),
        ("three pauses", 8.0 * np.sum(np.arange(61)[:, None] > [15, 30, 45], axis=1), 0.7),
        ("a period that grows by 2 %", PERIOD * 0.02 * np.arange(61.0) ** 2 / 120, 0.01),
        ("a period that grows by 10 %", PERIOD * 0.1 * np.arange(61.0) ** 2 / 120, 0.25),
        ("a period that shrinks by 10 %", -PERIOD * 0.1 * np.arange(61.0) ** 2 / 120, 0.25),
    ],
)
def test_what_an_even_guess_does_not_know_is_followed(name, moved, most):
    starts = even(60) + moved
    guess = np.linspace(starts[0], starts[-1], 61)
    assert np.max(np.abs(guess - starts)) > 2 * most, name
    found = align(trace(starts, noise=0.002), 0, guess)
    assert np.max(np.abs(errors(found, starts))) < most


@pytest.mark.parametrize("common", [-4.0, 3.3])
def test_a_common_shift_of_the_guess_stays(common):
    found = align(trace(even(60), noise=0.002), 0, even(60) + common)
    assert found.starts - even(60) == pytest.approx(np.full(61, common), abs=0.05)


def test_samples_that_are_missing_are_left_out():
    power = trace(even(60), noise=0.002)
    power[100:110] = math.nan
    power[400:520] = math.nan  # five whole repetitions
    found = align(power, 0, even(60))
    assert np.max(np.abs(errors(found, even(60)))) < 0.01
    assert np.all(np.isfinite(found.u))
    assert found.scale[17:20] == pytest.approx([1.0] * 3, abs=1e-12)  # of which nothing is known


def test_a_few_wild_samples_are_left_out_of_the_template():
    power = trace(even(60), noise=0.002)
    power[[200, 500, 777, 1000]] = [3.0, -2.0, 4.0, 0.0]
    found = align(power, 0, even(60))
    assert np.max(np.abs(errors(found, even(60)))) < 0.25
    assert np.median(np.abs(errors(found, even(60)))) < 0.05
    assert found.template.level == pytest.approx(shape(found.template.phase), abs=0.03)


def test_a_trace_without_shape_has_no_certain_start():
    found = align(np.full(1500, 2.0), 0, even(60))
    assert np.all(np.isinf(found.u))
    assert found.starts == pytest.approx(even(60), abs=1e-9)


# --- noise of the starts --------------------------------------------------------------------------------


CURVE = 100 + 20.0 * np.arange(65) + 3 * np.linspace(-1, 1, 65) ** 3 - 2 * np.linspace(-1, 1, 65) ** 2


def test_starts_on_a_curve_stay_on_it():
    """Four parameters from 65 starts: each is known √(4/65) times as well as by itself."""
    shift = np.full(65, 0.5)
    starts, u = _quietened(CURVE - 0.5, shift, np.full(65, 0.02))
    assert starts == pytest.approx(CURVE, abs=1e-9)
    assert u == pytest.approx(np.full(65, 0.02 * math.sqrt(4 / 65)), rel=1e-9)


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
def test_deviations_are_kept_in_the_share_that_is_not_noise(noise):
    """All deviate by 0.1 to either side: a scatter of 0.148, of which the noise is a part."""
    off = 0.1 * np.resize([1.0, -1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0], 65)
    off[-1] = 0.0
    starts, u = _quietened(CURVE, off, np.full(65, noise))
    real = max(0.0, 0.14826**2 - noise**2)
    kept = real / (real + noise**2)
    assert starts == pytest.approx(CURVE + kept * off, abs=2e-3)
    assert u[:-1] == pytest.approx(
        np.full(64, math.hypot(math.sqrt(real * (1 - kept)), noise * math.sqrt(4 / 65))), rel=0.03
    )


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize(
    ("place", "off", "stays"),
    [(1, 0.5, True), (20, 0.33, True), (20, 0.31, False), (0, 0.5, False), (64, 0.5, False)],
)
def test_a_start_that_stands_out_stays_where_it_is_unless_it_is_the_first_or_last(place, off, stays, sign):
    """It stands out six times its uncertainty of 0.05 beyond a curve that it pulls along by up to a quarter."""
    shift = np.zeros(65)
    shift[place] = sign * off
    starts, u = _quietened(CURVE, shift, np.full(65, 0.05))
    of_curve = 0.05 * math.sqrt(4 / 65)
    moved = sign * (starts[place] - CURVE[place])
    if stays:
        assert moved == pytest.approx(off, abs=1e-9)
        assert u[place] == pytest.approx(math.hypot(0.05, of_curve), rel=1e-9)
    else:
        assert 0 < moved < 0.3 * off
        assert u[place] == pytest.approx(of_curve, rel=1e-9)
    assert np.delete(u, place) == pytest.approx(np.full(64, of_curve), rel=1e-9)


def test_starts_without_evidence_are_put_on_the_curve():
    u_of_each = np.full(65, 0.02)
    u_of_each[[3, 30, 31]] = math.inf
    shift = np.zeros(65)
    shift[[3, 30, 31]] = 7.0
    starts, u = _quietened(CURVE, shift, u_of_each)
    assert starts == pytest.approx(CURVE, abs=1e-9)
    assert u == pytest.approx(np.full(65, 0.02 * math.sqrt(4 / 62)), rel=1e-9)


@pytest.mark.parametrize(("known", "certain"), [(5, False), (6, True)])
def test_evidence_for_fewer_than_six_starts_moves_none(known, certain):
    u_of_each = np.full(65, math.inf)
    u_of_each[np.linspace(0, 64, known).astype(int)] = 0.02
    starts, u = _quietened(CURVE, np.full(65, 0.5), u_of_each)
    assert np.all(np.isfinite(u)) == certain
    assert starts == pytest.approx(CURVE + (0.5 if certain else 0.0), abs=1e-9)


def test_starts_in_order_are_a_tenth_of_the_mean_distance_apart():
    assert _ordered(np.array([5.0, 15.0, 14.0, 35.0])) == pytest.approx([5, 15, 16, 37])
    assert _ordered(np.array([5.0, 15.0, 16.5, 35.0])) == pytest.approx([5, 15, 16.5, 35])
