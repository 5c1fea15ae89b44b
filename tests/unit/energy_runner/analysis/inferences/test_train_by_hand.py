# SPDX-License-Identifier: Apache-2.0
"""Energies and durations of a train whose boundaries are given, and what keeps a window from being resolved."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.analysis.inferences.anchor import Anchor
from energy_runner.analysis.inferences.count import WindowTrace, fits
from energy_runner.analysis.inferences.template import Aligned, Template
from energy_runner.analysis.inferences.train import NotResolved, Train, durations_s, energies_j, find_train
from tests.support.trains import PERIOD_S, steady, train_power, window

STEP = Template(np.array([0.0, 0.499, 0.5, 0.999]), np.array([4.0, 4.0, 2.0, 2.0]))  # 4 W, then 2 W
BOUNDS = np.array([10.25, 20.25, 30.25, 40.25])


def made(power: np.ndarray, bounds: np.ndarray = BOUNDS, *, template: Template = STEP) -> Train:
    """A train of two-millisecond samples, aligned a repetition before its boundaries."""
    count = len(bounds) - 1
    period = float(bounds[-1] - bounds[0]) / count
    aligned = Aligned(bounds - period, np.full(count + 1, 0.3), template, np.ones(count), 0.01)
    return Train(
        window=WindowTrace(power, 0.002, 9.0, 41.0, 0.5, count),
        aligned=aligned,
        anchor=Anchor(0.0, 0.0, seen=False),
        free=None,
        strength=0.5,
    ).moved(Anchor(period, 0.15, seen=True))


def sampled(scale: np.ndarray, *, before: float = 0.5, after: float = 1.0) -> np.ndarray:
    """The samples of repetitions at 4 W and then 2 W, times their scale, between two other levels."""
    edges = np.linspace(0, 50, 50 * 20 + 1)[:-1] + 1 / 40
    number = np.floor((edges - BOUNDS[0]) / 10).astype(int)
    level = np.where((edges - BOUNDS[0]) % 10 < 5, 4.0, 2.0) * scale[np.clip(number, 0, 2)]
    level = np.where(edges < BOUNDS[0], before, np.where(edges > BOUNDS[-1], after, level))
    power: np.ndarray = level.reshape(50, 20).mean(axis=1)
    return power


def test_a_moved_train_has_its_boundaries_and_their_uncertainty():
    train = made(sampled(np.ones(3)))
    assert train.count == 3
    assert train.boundaries == pytest.approx(BOUNDS)
    assert train.u == pytest.approx(np.full(4, math.sqrt(0.3**2 + 0.15**2 + 0.2**2)), rel=1e-12)
    assert train.low == pytest.approx(9.0 - 0.5 - 0.25)
    assert train.high == pytest.approx(41.0 + 0.5 - 30.25)
    assert durations_s(train) == pytest.approx([0.02] * 3)


@pytest.mark.parametrize(("before", "after"), [(0.5, 1.0), (0.0, 0.0), (3.0, 8.0)])
@pytest.mark.parametrize("scale", [[1.0, 1.0, 1.0], [1.0, 1.5, 0.8]])
def test_samples_that_hold_a_boundary_are_shared_out_by_the_levels_beside_it(scale, before, after):
    """Each inference takes 5 samples of 4 W and 5 of 2 W, 60 mJ, whatever is before and after the train."""
    train = made(sampled(np.array(scale), before=before, after=after))
    train = replace(train, aligned=replace(train.aligned, scale=np.array(scale)))
    assert energies_j(train) == pytest.approx(0.06 * np.array(scale), rel=1e-9)


@pytest.mark.parametrize(
    ("place", "gone"),
    [(9, []), (10, [0]), (15, [0]), (20, [0, 1]), (21, [1]), (39, [2]), (40, [2]), (41, [])],
)
def test_an_inference_that_lost_a_sample_has_no_energy(place, gone):
    power = sampled(np.ones(3))
    power[place] = math.nan
    energy = energies_j(made(power))
    assert np.flatnonzero(np.isnan(energy)).tolist() == gone
    if place in {9, 41}:  # the level beside the train is missing: that of the other end of an inference stands in
        level = 2.0 if place == 9 else 4.0
        at, share = (10, 0.75) if place == 9 else (40, 0.25)
        inside = 4.0 if place == 9 else 2.0
        own = share * inside / (share * inside + (1 - share) * level)
        wanted = 0.06 - (share * inside - own * power[at]) * 0.002
        assert energy[0 if place == 9 else 2] == pytest.approx(wanted, rel=1e-9)


def test_without_power_or_below_zero_a_sample_is_shared_out_by_its_length():
    nothing = Template(np.array([0.5]), np.array([0.0]))
    power = np.zeros(50)
    power[[10, 20, 30, 40]] = [1.0, 2.0, 3.0, 4.0]
    wanted = 0.002 * np.array([0.75 * 1 + 0.25 * 2, 0.75 * 2 + 0.25 * 3, 0.75 * 3 + 0.25 * 4])
    assert energies_j(made(power, template=nothing)) == pytest.approx(wanted, rel=1e-12)
    below = Template(np.array([0.5]), np.array([-1.0]))
    power[[9, 41]] = -2.0
    assert energies_j(made(power, template=below)) == pytest.approx(wanted, rel=1e-12)


def test_a_train_as_long_as_its_trace():
    """No sample is beside it: the first and the last sample themselves stand in."""
    train = made(np.full(30, 3.0), np.array([0.0, 10.0, 20.0, 30.0]))
    assert energies_j(train) == pytest.approx([0.06] * 3, rel=1e-9)


def test_samples_are_missing_at_either_end_of_a_trace():
    power = np.full(30, 3.0)
    power[[0, 29]] = math.nan
    energy = energies_j(made(power, np.array([0.0, 10.0, 20.0, 30.0])))
    assert np.isnan(energy).tolist() == [True, False, True]


def test_boundaries_a_part_of_a_sample_outside_the_trace():
    """The first and the last sample belong to the inferences as a whole."""
    power = np.arange(30.0) + 1
    energy = energies_j(made(power, np.array([-0.5, 9.0, 20.0, 30.5])))
    assert energy[1] == pytest.approx(np.sum(power[9:20]) * 0.002)
    assert energy[[0, 2]] == pytest.approx([np.sum(power[:9]) * 0.002, np.sum(power[20:]) * 0.002])


@pytest.mark.parametrize(("first", "last"), [(7.0, 1.0), (0.5, 9.0)])
def test_the_first_and_the_last_sample_hold_a_boundary(first, last):
    """Nothing is beside them: each is shared out as if the level outside were its own."""
    power = np.full(30, 3.0)
    power[[0, 29]] = first, last
    energy = energies_j(made(power, np.array([0.25, 10.0, 20.0, 29.75])))
    of_first = 0.75 * 4 / (0.25 * first + 0.75 * 4)
    of_last = 0.75 * 2 / (0.75 * 2 + 0.25 * last)
    assert energy[0] == pytest.approx(0.002 * (of_first * first + 27), rel=1e-3)
    assert energy[2] == pytest.approx(0.002 * (of_last * last + 27), rel=1e-3)


def test_the_level_before_a_boundary_is_that_of_the_last_sample():
    """It has 2 W, all others of an inference have 4 W; boundaries lie a quarter into a sample."""
    late = Template(np.array([0.0, 0.899, 0.9, 0.999]), np.array([4.0, 4.0, 2.0, 2.0]))
    edges = np.linspace(0, 50, 50 * 20 + 1)[:-1] + 1 / 40
    inside = np.where((edges - BOUNDS[0]) % 10 > 9, 2.0, 4.0)
    power = np.where((edges < BOUNDS[0]) | (edges > BOUNDS[-1]), 1.0, inside).reshape(50, 20).mean(axis=1)
    assert energies_j(made(power, template=late)) == pytest.approx([0.002 * (9 * 4 + 2)] * 3, rel=1e-9)


def test_missing_samples_beside_a_train_are_replaced_by_the_nearest_inference():
    scale = np.array([1.0, 2.0, 3.0])
    power = sampled(scale)
    power[[9, 41]] = math.nan
    train = made(power)
    energy = energies_j(replace(train, aligned=replace(train.aligned, scale=scale)))
    of_first, of_last = 3.0 / (0.25 * 2 + 3.0), 1.5 / (1.5 + 0.75 * 12)
    assert energy[0] == pytest.approx(0.06 + 0.002 * (of_first * power[10] - 3.0), rel=1e-9)
    assert energy[2] == pytest.approx(0.18 + 0.002 * (of_last * power[40] - 1.5), rel=1e-9)


# --- what is not resolved -------------------------------------------------------------------------------


def reason(power: np.ndarray, start: float, stop: float, stated: int, slack: float = 0.5) -> str:
    found = find_train(WindowTrace(power, PERIOD_S, start, stop, slack, stated))
    assert isinstance(found, NotResolved)
    return found.reason


NOTHING = "nothing in the trace repeats as the inferences should"
GONE = "too few samples of the window are there"


def test_seven_inferences_are_too_few_and_eight_are_not():
    assert reason(np.ones(500), 10, 490, 7) == "7 inferences are too few, at least 8 are needed"
    assert reason(np.ones(500), 10, 490, 8) == NOTHING


def test_an_inference_of_four_samples_is_long_enough():
    assert reason(np.ones(500), 10, 409.0, 100) == (
        "3.99 samples an inference at 1000 samples a second, at least 4 are needed"
    )
    assert reason(np.ones(500), 10, 410.0, 100) == NOTHING


@pytest.mark.parametrize(("length", "answer"), [(349, GONE), (350, NOTHING)])
def test_all_but_one_inference_must_be_in_the_trace(length, answer):
    """Eight inferences of 50 samples each, of which seven take 350."""
    assert reason(np.ones(length), 0.0, 400.0, 8, slack=0.0) == answer


@pytest.mark.parametrize(("missing", "answer"), [(200, NOTHING), (201, GONE)])
def test_half_of_the_samples_must_be_there(missing, answer):
    power = np.ones(500)
    power[60 : 60 + missing] = math.nan
    power[:50] = math.nan
    assert reason(power, 50.0, 450.0, 10, slack=0.0) == answer


def test_a_window_that_begins_before_its_trace_or_far_into_it():
    assert reason(np.ones(500), -10.0, 440.0, 9, slack=0.0) == NOTHING
    assert reason(np.ones(449), 100.0, 500.0, 8, slack=0.0) == GONE
    assert reason(np.ones(450), 100.0, 500.0, 8, slack=0.0) == NOTHING


def test_evidence_for_too_few_of_the_inferences():
    """Of eight the middle ones are missing: fewer than six starts have samples beside them."""
    starts = 30.3 + 51.3 * np.arange(9)
    power = train_power(starts, noise=0.001)
    power[153:339] = math.nan
    found = find_train(window(starts, power))
    assert isinstance(found, NotResolved)
    assert found.reason == "what repeats in the trace is too faint to tell where an inference begins"


def test_a_window_without_power():
    assert reason(np.zeros(500), 10, 490, 10) == "there is no power in the window"
    only_outside = np.zeros(500)
    only_outside[[9, 10, 489, 490]] = 5.0  # the edges may lie a sample further in
    assert reason(only_outside, 10.0, 490.0, 10, slack=1.0) == "there is no power in the window"


@pytest.mark.parametrize("unit", [1e-12, 1e9, -1.0])
def test_a_train_does_not_depend_on_the_unit_of_power(unit):
    starts = steady(20.37, 40)
    power = train_power(starts, noise=0.003)
    one, other = find_train(window(starts, power)), find_train(window(starts, power * unit))
    assert isinstance(one, Train)
    assert isinstance(other, Train)
    assert other.boundaries == pytest.approx(one.boundaries, abs=1e-6)
    assert other.aligned.template.level == pytest.approx(one.aligned.template.level * unit, rel=1e-6)
    assert np.max(np.abs(one.aligned.template.level)) == pytest.approx(1.08, abs=0.02)
    if unit > 0:
        assert energies_j(other) == pytest.approx(energies_j(one) * unit, rel=1e-6)


@pytest.mark.parametrize("seed", [0, 2, 7])
def test_a_faint_train_that_noise_made_longer_than_its_window_is_not_sure_of_its_ends(seed):
    starts = steady(214.3, 12)
    traced = window(starts, train_power(starts, noise=0.25, seed=seed))
    train = find_train(traced)
    assert isinstance(train, Train)
    assert (train.count, train.disagreements) == (12, ())
    longer = float(np.ptp(train.aligned.starts)) - (traced.stop - traced.start)
    assert longer > 2
    assert not fits(traced, float(np.ptp(train.aligned.starts)), train.aligned.period)
    assert np.min(train.u) > (longer - 1) / 2
    assert np.max(np.abs(train.boundaries - starts)[[0, -1]] / train.u[[0, -1]]) < 4
