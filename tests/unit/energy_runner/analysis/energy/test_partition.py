# SPDX-License-Identifier: Apache-2.0
"""Parts shorter than a sample lie inside their stated uncertainty; all parts add up; none is negative."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from energy_runner.analysis.energy.partition import Parts, bounded, constrained_levels, partition
from tests.support.examples import examples

AROUND = 40


def sampled(bounds: np.ndarray, powers: np.ndarray, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Samples that are the mean of constant `powers` between `bounds`; the first and last power reach the ends."""
    length = int(bounds[-1]) + AROUND
    places = np.concatenate([[0.0], bounds, [length]])
    energy = np.concatenate([[0.0], np.cumsum(np.diff(places) * powers)])
    x = np.diff(np.interp(np.arange(length + 1.0), places, energy))
    return x + np.random.default_rng(seed).normal(0, noise, length) if noise else x


def parted(x: np.ndarray, bounds: np.ndarray) -> Parts:
    return partition(lambda a, b: x[a:b], len(x), bounds.tolist())


def scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two to five parts of half a sample to eight, of 0.2 to 50, anywhere within a sample."""
    count = int(rng.integers(2, 6))
    durations = np.exp(rng.uniform(np.log(0.5), np.log(8), count))
    powers = np.exp(rng.uniform(np.log(0.2), np.log(50), count + 2))
    return AROUND + rng.uniform() + np.concatenate([[0.0], np.cumsum(durations)]), powers


@pytest.mark.deep
def test_random_parts_lie_within_their_uncertainty() -> None:
    rng = np.random.default_rng(3)
    scores, durations, within = [], [], []
    for seed in range(1000):
        bounds, powers = scene(rng)
        x = sampled(bounds, powers, noise=20 * 10 ** rng.uniform(-4, -2), seed=seed)
        found = parted(x, bounds)
        truth = np.diff(bounds) * powers[1:-1]
        scores += list((found.total - truth) / found.u)
        within += list(found.u < 0.5 * truth)
        durations += list(np.diff(bounds))
    z, short = np.abs(scores), np.array(durations) < 2
    for chosen in (short, ~short):
        assert np.sum(chosen) > 1000
        assert 0.93 <= np.mean(z[chosen] < 2) <= 0.995
    # Not by being uncertain of everything: nine in ten are known to better than half of their size.
    assert np.mean(within) > 0.9


@pytest.mark.parametrize("phase", np.linspace(0, 0.95, 20))
def test_three_phases_of_which_the_last_is_shorter_than_a_sample(phase: float) -> None:
    bounds = AROUND + phase + np.cumsum([0, 3.4, 2.2, 0.45])
    powers = np.array([10.0, 30.0, 50.0, 20.0, 10.0])
    found = parted(sampled(bounds, powers, noise=0.01), bounds)
    truth = np.diff(bounds) * powers[1:-1]
    assert np.all(np.abs(found.total - truth) < 4 * found.u)
    # Where it lies alone between whole samples of its neighbours, it is known to a few per cent.
    if phase > 0 and int(bounds[2]) == int(bounds[3]):
        assert found.total[2] == pytest.approx(truth[2], rel=0.1)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=examples(100))
def test_parts_add_up_and_none_is_negative(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bounds, powers = scene(rng)
    bounds = np.round(bounds, 1) if seed % 2 else bounds
    if np.any(np.diff(bounds) <= 0):
        return
    powers[rng.integers(len(powers))] = 0.0
    x = np.maximum(0.0, sampled(bounds, powers, noise=0.05, seed=seed))
    first, last = int(bounds[0]), int(np.ceil(bounds[-1]))
    around = partition(lambda a, b: x[a:b], len(x), [float(first), *bounds[bounds > first], float(len(x))])
    assert np.sum(around.total) == pytest.approx(np.sum(x[first:]), rel=1e-9)
    found = parted(x, bounds)
    assert np.all(found.total >= 0)
    assert np.sum(found.total) <= np.sum(x[first:last]) * (1 + 1e-9)


def test_exact_without_noise_wherever_a_neighbour_has_a_whole_sample() -> None:
    bounds = AROUND + np.cumsum([0.3, 4.5, 0.6, 5.1, 1.7, 3.3])
    powers = np.array([1.0, 5.0, 2.0, 9.0, 0.5, 4.0, 1.0])
    found = parted(sampled(bounds, powers), bounds)
    assert found.total == pytest.approx(np.diff(bounds) * powers[1:-1], rel=1e-6)
    assert not np.any(found.clipped)


def test_what_nothing_can_resolve_is_uncertain_by_its_range() -> None:
    # Two parts in one sample: any division of it explains the sample.
    bounds = AROUND + np.array([0.1, 0.5, 0.9])
    powers = np.array([1.0, 8.0, 2.0, 1.0])
    found = parted(sampled(bounds, powers, noise=0.001), bounds)
    truth = np.array([3.2, 0.8])
    assert np.all(np.abs(found.total - truth) < 2 * found.u)
    assert np.all(found.u > 0.3)
    assert np.sum(found.total) == pytest.approx(4.0, abs=0.01)


def test_a_quiet_part_beside_a_loud_one_is_clipped_and_says_so() -> None:
    bounds = AROUND + np.array([0.0, 3.5, 3.8])
    x = sampled(bounds, np.array([1.0, 50.0, 0.0, 1.0]), noise=0.01)
    x[AROUND + 3] -= 8.0  # the loud part ends earlier than its edge says
    found = parted(x, bounds)
    assert found.total[1] == 0.0
    assert list(found.clipped) == [False, True]


def test_a_part_that_touches_a_missing_sample_has_no_total() -> None:
    bounds = AROUND + np.array([0.5, 3.5, 6.5, 9.5])
    x = sampled(bounds, np.array([1.0, 5.0, 3.0, 2.0, 1.0]))
    x[AROUND + 8] = np.nan
    assert list(parted(x, bounds).missing) == [0, 0, 1]
    x[AROUND + 3] = np.nan  # holds a boundary
    found = parted(x, bounds)
    assert list(found.missing) == [1, 1, 1]
    assert np.all(np.isnan(found.total))


def test_very_many_short_parts_are_solved_in_chains_that_still_add_up() -> None:
    rng = np.random.default_rng(0)
    bounds = AROUND + 0.3 + np.concatenate([[0.0], np.cumsum(rng.uniform(0.5, 0.9, 400))])
    powers = np.concatenate([[1.0], rng.uniform(1, 3, 400), [1.0]])
    x = sampled(bounds, powers, noise=0.01)
    found = parted(x, bounds)
    truth = np.diff(bounds) * powers[1:-1]
    assert np.mean(np.abs(found.total - truth) < 2 * found.u) > 0.9
    assert np.sum(found.total) == pytest.approx(np.sum(truth), rel=2e-3)


@pytest.mark.parametrize("places", [[1.0], [2.0, 1.0], [1.0, 1.0], [-1.0, 2.0], [1.0, 99.0]])
def test_boundaries_must_rise_inside_the_trace(places: list[float]) -> None:
    with pytest.raises(ValueError, match="boundaries"):
        partition(lambda a, b: np.ones(b - a), 10, places)


def test_levels_by_normal_equations_are_those_of_nonnegative_least_squares() -> None:
    rng = np.random.default_rng(1)
    clipped = 0
    for _ in range(50):
        shares, x = rng.uniform(0, 1, (30, 4)), rng.normal(0.4, 1, 30)
        found = constrained_levels(shares.T @ shares, shares.T @ x, np.ones(4), float("nan"))
        oracle = nnls(shares, x)[0]
        assert found == pytest.approx(oracle, abs=1e-9)
        assert bounded(shares, x) == pytest.approx(oracle, abs=1e-9)
        clipped += bool(np.any(oracle == 0))
        weights = rng.uniform(0.5, 2, 4)
        conserved = constrained_levels(shares.T @ shares, shares.T @ x, weights, 3.0)
        assert weights @ conserved == pytest.approx(3.0, rel=1e-12)
        assert np.all(conserved >= 0)
    assert clipped > 5


@pytest.mark.parametrize("durations", [(3.4, 2.2, 0.5), (2.6, 1.7, 1.3), (12.4, 43.7, 5.3)])
@pytest.mark.parametrize("place", [0.1, 0.45, 0.8])
def test_the_noise_of_whole_samples_counts_in_the_level_that_they_give_too(
    durations: tuple[float, ...], place: float
) -> None:
    """Against linear propagation, sample by sample: u was up to 16 % too small, and 2 u held 91 % of the truth."""
    bounds = AROUND + place + np.concatenate([[0.0], np.cumsum(durations)])
    x = sampled(bounds, np.array([10.0, 60.0, 30.0, 55.0, 10.0]), 0.1, 3)
    squares = np.zeros(len(durations))
    for near in range(AROUND - 6, int(bounds[-1]) + 7):
        step = np.zeros(len(x))
        step[near] = 1e-6
        squares += ((parted(x + step, bounds).total - parted(x - step, bounds).total) / 2e-6) ** 2
    found = parted(x, bounds)
    assert np.all(found.u > 0.99 * found.noise * np.sqrt(squares))
