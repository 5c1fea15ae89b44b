# SPDX-License-Identifier: Apache-2.0
"""The search for changes against the definition of each of its steps, worked out one place at a time."""

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.levels.changepoints import (
    _best,
    _confirmed,
    _layer,
    _narrowest,
    _without_trends,
    find_levels,
)

SEEDS = st.integers(0, 2**32 - 1)
FloatArray = npt.NDArray[np.float64]


def sums_of(x: npt.ArrayLike) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(x)))


def walk(seed: int, count: int) -> FloatArray:
    """Return samples with changes of all sizes and no equal gains."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, 1, count) * (rng.uniform(size=count) < 0.3)) + rng.normal(0, 0.3, count)


def best_change(x: FloatArray) -> tuple[int, float, float]:
    """Return the place of the best change, the root of the sum of squares that it explains, and its step."""
    found = (0, 0.0, 0.0)
    for k in range(1, len(x)):
        before, after = x[:k], x[k:]
        left = sum(np.sum((part - np.mean(part)) ** 2) for part in (before, after))
        gain = math.sqrt(max(0.0, np.sum((x - np.mean(x)) ** 2) - left))
        found = max(found, (k, gain, abs(np.mean(before) - np.mean(after))), key=lambda one: one[1])
    return found


# --- the best change of an interval ---------------------------------------------------------------------


@given(SEEDS, st.integers(1, 40), st.integers(0, 20), st.integers(2, 40))
def test_the_best_change_between_two_places_explains_most(seed: int, count: int, first: int, size: int) -> None:
    x = walk(seed, first + size + count)
    place, gain, step = best_change(x[first : first + size])
    found = _best(sums_of(x), first, first + size)
    assert found[0] == first + place
    assert found[1:] == pytest.approx((gain, step), rel=1e-6, abs=1e-6)


def test_one_sample_holds_no_change() -> None:
    assert _best(sums_of([1.0, 5.0, 1.0]), 1, 2) == (1, 0.0, 0.0)


@given(SEEDS, st.sampled_from([2, 4, 8, 16]), st.integers(0, 40))
def test_intervals_of_one_length_overlap_by_half_and_reach_the_end(seed: int, size: int, more: int) -> None:
    x = walk(seed, size + more)
    firsts, places, gains = _layer(sums_of(x), size)
    expected = {*range(0, more + 1, size // 2), more}
    assert set(firsts.tolist()) == expected
    for first, place, gain in zip(firsts.tolist(), places.tolist(), gains.tolist(), strict=True):
        offset, most, _ = best_change(x[first : first + size])
        assert place == first + offset
        assert gain == pytest.approx(most, rel=1e-6, abs=1e-6)


def test_a_long_trace_is_read_in_blocks_of_whole_intervals() -> None:
    """Intervals of two samples, more than fit in a block; each pair holds a step of its own size."""
    count = (1 << 20) + 6
    x = np.zeros(count)
    x[1::2] = np.arange(count // 2)
    firsts, places, gains = _layer(sums_of(x), 2)
    even = firsts % 2 == 0
    assert np.array_equal(np.unique(firsts[even]), np.arange(0, count, 2))
    assert np.array_equal(places, firsts + 1)
    assert np.allclose(gains[even], firsts[even] / 2 / math.sqrt(2), rtol=1e-6, atol=1e-3)


# --- the narrowest intervals that hold a change ---------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "threshold", "expected"),
    [
        # A change where an interval ends or begins is not inside it.
        ([0, 1, 1, 1, 3, 3, 3, 3], 0.5, [1, 4]),
        ([3, 3, 3, 3, 1, 1, 1, 0], 0.5, [4, 7]),
        # Of intervals of one length the one with the clearest change counts: [4, 12) rather than [0, 8).
        ([0] * 6 + [0.5] + [1] * 5, 0.8, [7]),
        # A step of 1 gains 1 among four samples, sqrt(2) among eight.
        ([0] * 6 + [1] * 6 + [2] * 4, 1.1, [6, 12]),
        ([0] * 6 + [1] * 6 + [2] * 4, 0.5, [6, 12]),
        # Only all ten samples together gain more than 1.5, namely sqrt(5 * 5 / 10).
        ([0] * 5 + [1] * 5, 1.5, [5]),
        ([0] * 5 + [1] * 5, 1.6, []),
        ([0, 0, 1], 0.8, [2]),
        ([7], 0.0, []),
    ],
)
def test_each_change_is_found_in_the_narrowest_interval_that_shows_it(
    x: list[float], threshold: float, expected: list[int]
) -> None:
    assert _narrowest(sums_of(x), threshold) == expected


@given(SEEDS, st.lists(st.integers(3, 9), min_size=1, max_size=12))
def test_levels_of_three_samples_or_more_are_all_seen_once_without_noise(seed: int, lengths: list[int]) -> None:
    steps = np.random.default_rng(seed).choice([-3.0, -1.0, 1.0, 2.0], len(lengths))
    x = np.repeat(np.cumsum(steps), lengths)
    assert _narrowest(sums_of(x), 0.5) == np.cumsum(lengths)[:-1].tolist()


# --- changes between their neighbours -------------------------------------------------------------------


@given(SEEDS, st.integers(20, 120), st.floats(0.5, 3.0))
def test_a_confirmed_change_is_the_best_between_its_neighbours_and_none_is_missed(
    seed: int, count: int, threshold: float
) -> None:
    x = walk(seed, count)
    sums = sums_of(x)
    kept = _confirmed(sums, _narrowest(sums, threshold), threshold, 0.0).tolist()
    if _confirmed(sums, kept, threshold, 0.0).tolist() != kept:  # it would still have moved after its last pass
        return
    for first, place, last in zip([0, *kept], kept, [*kept[1:], count], strict=False):
        offset, gain, _ = best_change(x[first:last])
        assert place == first + offset
        assert gain > threshold
    for first, last in pairwise([0, *kept, count]):
        assert best_change(x[first:last])[1] <= threshold + 1e-9


@pytest.mark.parametrize(
    ("changes", "expected"),
    [([], [6, 14]), ([5, 13], [6, 14]), ([7], [6, 14]), ([3, 6, 10, 14], [6, 14]), ([6, 14], [6, 14])],
)
def test_wrong_changes_are_moved_dropped_or_added(changes: list[int], expected: list[int]) -> None:
    sums = sums_of([0.0] * 6 + [1.0] * 8 + [5.0] * 6)
    assert _confirmed(sums, changes, 0.5, 0.0).tolist() == expected
    assert _confirmed(sums, changes, 0.5, 2.0).tolist() == [14]
    assert _confirmed(sums, changes, 20.0, 0.0).tolist() == []


@pytest.mark.parametrize("backwards", [False, True])
def test_a_change_is_placed_by_all_samples_between_its_neighbours(backwards: bool) -> None:
    """A sample of 0.502 joins five zeros rather than six ones, but would join five ones rather than five zeros."""
    x = [0.0] * 5 + [0.502] + [1.0] * 6
    sums = sums_of(x[::-1] if backwards else x)
    assert _confirmed(sums, [6], 0.5, 0.0).tolist() == [6]


# --- lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1.0, 3.0])
@pytest.mark.parametrize(
    ("threshold", "half", "kept"),
    [
        (10.0, 240, True),
        (10.0, 290, False),
        (20.0, 960, True),
        (20.0, 1160, False),
        (0.5, 18, True),
        (0.5, 24, False),
    ],
)
def test_a_step_is_compared_with_a_line_over_as_many_samples_as_it_needs_to_be_seen(
    threshold: float, half: int, kept: bool, size: float
) -> None:
    """A slope from 0 to `size` over twice `half` samples, between levels as long as needed.

    Among R samples on either side a line explains more than two levels where `half` is above 0.331 R; R is 8 times
    the square of threshold over step, and 64 at least.
    """
    x = size * np.interp(np.arange(40_000) + 0.5, [20_000 - half, 20_000 + half], [0.0, 1.0])
    found = _without_trends(x, sums_of(x), np.array([20_000]), size * threshold)
    assert found.tolist() == ([20_000] if kept else [])


def test_stairs_are_levels_because_a_line_is_tried_between_the_neighbours_of_a_change() -> None:
    x = np.repeat(np.arange(20.0), 10)
    changes = np.arange(10, 200, 10)
    assert _without_trends(x, sums_of(x), changes, 5.0).tolist() == changes.tolist()
    slope = np.arange(200.0)
    assert _without_trends(slope, sums_of(slope), changes, 5.0).tolist() == []


def test_too_few_samples_on_one_side_show_no_slope() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    for change, kept in ((2, True), (3, False), (4, False), (5, True)):
        found = _without_trends(x, sums_of(x), np.array([change]), 1.0)
        assert found.tolist() == ([change] if kept else [])
    slope = np.arange(40.0)
    assert _without_trends(slope, sums_of(slope), np.array([10, 12]), 1.0).tolist() == [10, 12]


# --- levels, without any noise --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "lengths", "least", "edges", "means"),
    [
        # At an end there is one neighbour.
        ([5, 1], [1, 9], 2, [0, 10], [1.4]),
        ([1, 5], [9, 1], 2, [0, 10], [1.4]),
        ([1, 3, 9], [2, 8, 10], 3, [0, 10, 20], [2.6, 9]),
        ([1, 3, 9], [10, 8, 2], 3, [0, 10, 20], [1, 4.2]),
        ([1, 3, 9], [10, 8, 3], 3, [0, 10, 18, 21], [1, 3, 9]),
        ([9, 3, 8], [2, 8, 10], 3, [0, 10, 20], [4.2, 8]),
        ([2], [2], 3, [0, 2], [2]),
        # Between two, the nearer one, above or below.
        ([1, 2, 5], [4, 2, 6], 3, [0, 6, 12], [8 / 6, 5]),
        ([1, 4, 5], [6, 2, 4], 3, [0, 6, 12], [1, 28 / 6]),
        ([-1, -2, -5], [4, 2, 6], 3, [0, 6, 12], [-8 / 6, -5]),
        ([5, 2, 1], [6, 2, 4], 3, [0, 6, 12], [5, 8 / 6]),
        ([3, 1, 9], [4, 2, 6], 3, [0, 6, 12], [14 / 6, 9]),
        ([-9, 1, 3], [6, 2, 4], 3, [0, 6, 12], [-9, 14 / 6]),
        # Where its neighbours are one level, both.
        ([1, 9, 1], [4, 2, 6], 3, [0, 12], [28 / 12]),
        ([7, 1, 9, 1], [10, 4, 2, 6], 3, [0, 10, 22], [7, 28 / 12]),
        ([1, 9, 1, 7], [4, 2, 6, 10], 3, [0, 12, 22], [28 / 12, 7]),
        # One sample that is the mix of its neighbours holds an edge; another one is short.
        ([1, 2, 5], [5, 1, 5], 3, [0, 5.75, 11], [1, 5]),
        ([5, 2, 1], [5, 1, 5], 3, [0, 5.25, 11], [5, 1]),
        ([1, 9, 5], [5, 1, 5], 3, [0, 5, 11], [1, 34 / 6]),
        ([5, -1, 1], [5, 1, 5], 3, [0, 5, 11], [5, 4 / 6]),
        ([2, 3, 1, 2, 7], [5, 1, 1, 5, 9], 1, [0, 5, 6, 7, 12, 21], [2, 3, 1, 2, 7]),
        ([1, 2, 5, 3], [5, 1, 1, 5], 1, [0, 5.75, 7, 12], [1, 5, 3]),
        ([1, 2, 3, 4], [5, 1, 1, 5], 1, [0, 5.5, 7, 12], [1, 3, 4]),
        ([1, 2, 5, 3, 1], [5, 1, 5, 1, 5], 1, [0, 5.75, 11.5, 17], [1, 5, 1]),
        # The shortest first: it may be long enough once joined, and its neighbours wait until it is.
        ([0, 5, 7, 8], [10, 2, 3, 10], 4, [0, 10, 15, 25], [0, 6.2, 8]),
        ([8, 7, 5, 0], [10, 3, 2, 10], 4, [0, 10, 15, 25], [8, 6.2, 0]),
        # Two that share a neighbour come one after the other: 13.2 is nearer to 7, but not to what 7 becomes.
        ([0, 4, 7, 13.2, 20], [10, 2, 4, 3, 10], 4, [0, 10, 16, 29], [0, 6, 239.6 / 13]),
        ([20, 13.2, 7, 4, 0], [10, 3, 4, 2, 10], 4, [0, 13, 19, 29], [239.6 / 13, 6, 0]),
    ],
)
def test_short_levels_join_a_neighbour(
    levels: list[float], lengths: list[int], least: int, edges: list[float], means: list[float]
) -> None:
    found = find_levels(np.repeat(np.array(levels, dtype=np.float64), lengths), noise=0.0, least_samples=least)
    assert found.edges.tolist() == pytest.approx(edges, rel=1e-12)
    assert found.mean.tolist() == pytest.approx(means, rel=1e-12)


@pytest.mark.parametrize(
    ("difference", "one_level"), [(0.120, True), (0.123, False), (-0.120, True), (-0.123, False)]
)
def test_neighbours_are_one_level_if_their_difference_is_within_the_noise_of_both(
    difference: float, one_level: bool
) -> None:
    """0.1 · sqrt(3 ln 52) · sqrt(1/10 + 1/40) = 0.1217."""
    power = np.repeat([1.0, 9.0, 1.0 + difference], [10, 2, 40])
    for row in (power, power[::-1]):
        found = find_levels(row, noise=0.1, least_samples=3)
        assert len(found.mean) == (1 if one_level else 2)


@pytest.mark.parametrize(("step", "count"), [(0.4, 3), (0.5, 1), (0.6, 1)])
def test_without_noise_every_difference_is_a_change_but_those_that_are_too_small(step: float, count: int) -> None:
    found = find_levels(np.repeat([2.0, 2.5, 1.0 + 1.0], [3, 4, 5]), noise=0.0, least_step=step)
    assert len(found.mean) == count
    assert found.edges.tolist() == ([0, 3, 7, 12] if count == 3 else [0, 12])


def test_without_noise_the_last_digits_of_a_sum_are_no_change() -> None:
    power = np.repeat([0.1, 0.3, 0.7, 0.2], [50, 3, 40, 60])
    assert find_levels(power, noise=0.0).edges.tolist() == [0, 50, 53, 93, 153]


def test_the_scatter_of_a_level_is_that_of_its_samples() -> None:
    power = np.concatenate((np.tile([0.9, 1.1], 20), np.tile([4.7, 5.3], 30)))
    found = find_levels(power, noise=0.3)
    assert found.edges.tolist() == [0, 40, 100]
    assert found.mean.tolist() == pytest.approx([1, 5], rel=1e-12)
    assert found.sigma.tolist() == pytest.approx([0.1 * math.sqrt(40 / 39), 0.3 * math.sqrt(60 / 59)], rel=1e-12)
    assert (found.noise, found.long_run) == (0.3, 0.3)


def test_a_level_of_one_sample_has_no_scatter() -> None:
    assert find_levels([1.0, 1.0, 9.0, 1.0], noise=0.0).sigma.tolist() == [0.0, 0.0, 0.0]
    assert find_levels([3.0], noise=1.0).sigma.tolist() == [0.0]
    assert find_levels([3.0, 3.2], noise=1.0).sigma.tolist() == pytest.approx([0.2 / math.sqrt(2)], rel=1e-9)


@pytest.mark.parametrize("values", [[], [math.nan], [math.nan] * 5])
def test_without_a_number_there_is_one_level_that_is_none(values: list[float]) -> None:
    found = find_levels(values)
    assert found.edges.tolist() == [0, len(values)]
    assert np.isnan(found.mean).tolist() == [True]
    assert np.isnan(found.sigma).tolist() == [True]
    assert (found.noise, found.long_run) == (0.0, 0.0)


def test_missing_samples_are_bridged_by_the_levels_around_them() -> None:
    power = np.repeat([1.0, 2.0], [50, 50])
    power[[0, 20, 21, 99]] = math.nan
    found = find_levels(power, noise=0.01)
    assert found.edges.tolist() == [0, 50, 100]
    assert found.mean.tolist() == pytest.approx([1, 2], rel=1e-12)


@pytest.mark.parametrize(("size", "seen"), [(0.99, False), (1.01, True)])
@pytest.mark.parametrize("at", [20, 100])
def test_a_change_counts_that_lowers_the_squares_by_three_log_n_variances(
    size: float, seen: bool, at: int
) -> None:
    """Of n samples with a step d after m, it lowers them by d² m (n - m) / n."""
    count, noise = 200, 0.02
    step = size * noise * math.sqrt(3 * math.log(count) * count / at / (count - at))
    found = find_levels(np.repeat([1.0, 1.0 + step], [at, count - at]), noise=noise)
    assert found.edges.tolist() == ([0, at, count] if seen else [0, count])
