# SPDX-License-Identifier: Apache-2.0
"""The scatter of windows: of one stimulus, of several, and of several measured more than once."""

import math
import statistics
from functools import cache

import numpy as np
import pytest

from energy_runner.analysis.uncertainty.combine import median_factor
from energy_runner.analysis.uncertainty.coverage import Part, coverage_factor
from energy_runner.analysis.uncertainty.evaluate import evaluate
from energy_runner.analysis.uncertainty.scatter import FEWEST_FOR_DIFFERENCE, find_scatter, in_words
from tests.support.budget_windows import given, rows, window

VALUES = [4.0, 4.2, 3.9, 4.1, 4.05]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (5.3e-5, "53 ppm"),
        (1.26e-6, "1.3 ppm"),
        (1e-4, "0.010 %"),
        (1.5e-4, "0.015 %"),
        (2e-3, "0.20 %"),
        (0.131, "13 %"),
        (-0.131, "13 %"),
        (0.0, "0 ppm"),
    ],
)
def test_a_share_is_written_without_an_exponent(share: float, words: str) -> None:
    assert in_words(share) == words


def test_one_stimulus_scatters_by_repeatability() -> None:
    [found] = find_scatter(VALUES, [3] * 5, 0.0, median_factor(5))
    assert found.name == "repeatability of the windows"
    assert found.u == pytest.approx(median_factor(5) * statistics.stdev(VALUES))
    assert found.dof == 4


def test_the_scatter_is_told_as_a_share_of_the_score() -> None:
    [found] = find_scatter(VALUES, [3] * 5, 0.0, 1.0)
    assert f"{in_words(statistics.stdev(VALUES) / statistics.median(VALUES))} of the score" in found.source


def test_different_stimuli_scatter_by_more_than_repeatability_and_are_called_so() -> None:
    [found] = find_scatter(VALUES, [0, 1, 2, 3, 4], 0.0, median_factor(5))
    assert found.name == "scatter of the windows, each with another stimulus"
    assert found.u == pytest.approx(median_factor(5) * statistics.stdev(VALUES))


def test_stimuli_measured_more_than_once_are_kept_apart_from_repeatability() -> None:
    """In closed form: two stimuli 0.4 apart, each measured twice and 0.02 apart."""
    values = [4.0, 4.02, 4.4, 4.42]
    repeats, differs = find_scatter(values, [0, 0, 1, 1], 0.0, median_factor(4))
    within = 0.02**2 / 2
    assert repeats.name == "repeatability of the windows"
    assert (repeats.dof, differs.dof) == (2, 1)
    assert repeats.u == pytest.approx(median_factor(4) * math.sqrt(within))
    assert differs.u == pytest.approx(math.sqrt(0.4**2 / 2 - within / 2) / math.sqrt(2))


def test_repeats_as_far_apart_as_the_stimuli_leave_no_difference_between_these() -> None:
    _, differs = find_scatter([4.0, 4.4, 4.0, 4.4], [0, 0, 1, 1], 0.0, median_factor(4))
    assert differs.u == 0.0


def test_what_own_causes_explain_is_subtracted_from_four_windows_on() -> None:
    explained = statistics.variance(VALUES) / 2
    [five] = find_scatter(VALUES, [0] * 5, explained, 1.0)
    assert five.u == pytest.approx(math.sqrt(explained))
    three = VALUES[: FEWEST_FOR_DIFFERENCE - 1]
    [few] = find_scatter(three, [0] * 3, statistics.variance(three), 1.0)
    assert few.u == pytest.approx(statistics.stdev(three))


def test_one_window_has_no_scatter() -> None:
    assert find_scatter([4.0], [0], 0.0, 1.0) == []


def test_the_budget_has_both_rows_of_a_nested_plan() -> None:
    windows = [window(energy_j=0.4 + 0.001 * k, stimulus=k // 2) for k in range(6)]
    found = rows(evaluate(windows, given({"name": "gain", "relative": 0.001})))
    assert {"repeatability of the windows", "difference between stimuli"} <= set(found)


@cache
def _factor(share: float, dof: int) -> float:
    """Return the coverage factor where so large a share of u follows a t distribution."""
    parts = [Part("normal", math.sqrt(1 - share**2))] + ([Part("t", share, dof)] if share else [])
    return coverage_factor(parts)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize("repeatability", [0.0, 1.0, 2.0])
def test_a_stated_interval_covers_the_truth(count: int, repeatability: float) -> None:
    """With two and three windows the interval covered 87 and 92 % before; own causes have a deviation of 1."""
    rng, factor, runs = np.random.default_rng(count), median_factor(count), 600
    covered = 0
    for _ in range(runs):
        values = (10.0 + rng.normal(0, math.hypot(1.0, repeatability), count)).tolist()
        [found] = find_scatter(values, [0] * count, 1.0, factor)
        u = math.hypot(factor, found.u)
        share = round(found.u / u, 2)
        covered += abs(statistics.median(values) - 10.0) <= _factor(share, count - 1) * u
    # Three standard deviations of a share of 0.93 in so many runs.
    assert covered / runs >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / runs)
