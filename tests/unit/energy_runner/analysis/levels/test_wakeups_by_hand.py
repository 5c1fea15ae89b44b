# SPDX-License-Identifier: Apache-2.0
"""Which blocks are wake-ups, at the exact limits, and the mean over whole intervals by hand."""

from itertools import pairwise

import numpy as np
import pytest

from energy_runner.analysis.levels.wakeups import find_wake_ups

BASE_W = np.tile([1.0, 1.02, 0.98, 1.01, 0.99], 20)  # of a hundred blocks


def blocks(begins: list[int], heights: list[float], width: int = 1, length: int = 45) -> np.ndarray:
    means_w = BASE_W[:length].copy()
    for begin, height in zip(begins, heights, strict=True):
        means_w[begin : begin + width] = height
    return means_w


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("first", [1, 5])
def test_whole_intervals_count_and_their_scatter(width: int, first: int) -> None:
    begins = [first, first + 10, first + 22, first + 31]
    means_w = blocks(begins, [50.0, 70.0, 40.0, 90.0], width)
    found = find_wake_ups(means_w)
    assert found is not None
    each = [np.mean(means_w[a:b]) for a, b in pairwise(begins)]
    assert found.mean_w == pytest.approx(np.mean(means_w[begins[0] : begins[-1]]), rel=1e-12)
    assert found.u_w == pytest.approx(np.std(each, ddof=1) / np.sqrt(3), rel=1e-12)
    assert (found.intervals, found.every_blocks) == (3, pytest.approx(31 / 3))


def test_three_wake_ups_are_too_few() -> None:
    assert find_wake_ups(blocks([5, 15, 25], [50.0] * 3)) is None


def test_one_that_touches_the_end_is_left_out() -> None:
    found = find_wake_ups(blocks([5, 15, 25, 35, 44], [50.0] * 5))
    assert found is not None
    assert found.intervals == 3
    assert find_wake_ups(blocks([15, 25, 35, 44], [50.0] * 4)) is None


@pytest.mark.parametrize(("longest", "alike"), [(16, True), (17, False)])
def test_the_longest_interval_is_at_most_half_as_long_again_and_a_block(longest: int, alike: bool) -> None:
    found = find_wake_ups(blocks([3, 13, 13 + longest, 23 + longest], [50.0] * 4, length=60))
    assert (found is not None) is alike


@pytest.mark.parametrize(
    ("between", "height", "away"), [(20.0, 21.0, False), (20.0, 21.25, True), (-20.0, -19.5, False)]
)
def test_five_percent_of_the_level_between_are_no_state_of_its_own(
    between: float, height: float, away: bool
) -> None:
    means_w = np.full(45, between)
    means_w[5::10] = height
    assert (find_wake_ups(means_w) is not None) is away


@pytest.mark.parametrize(("height", "away"), [(18.5, False), (19.0, True)])
def test_six_times_the_scatter_of_the_blocks_is_none(height: float, away: bool) -> None:
    """Blocks of 9, 10 and 11: half of them are 1 from the middle, so the limit is 6 · 1.4826 from it."""
    means_w = np.tile([9.0, 10.0, 11.0], 20)
    means_w[[7, 22, 37, 52]] = height
    assert (find_wake_ups(means_w) is not None) is away
