# SPDX-License-Identifier: Apache-2.0
"""The line between two clocks: late messages do not bend it, and its uncertainty is honest."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.placing.line import lower_line

Latency = Callable[[np.random.Generator, int], np.ndarray]


def _alternating(rng: np.random.Generator, count: int) -> np.ndarray:
    late = 0.002 + rng.exponential(0.0003, count)
    late[1::2] += 0.02
    return late


def _sometimes_very_late(rng: np.random.Generator, count: int) -> np.ndarray:
    late = 0.002 + rng.exponential(0.002, count)
    hit = rng.random(count) < 0.1
    late[hit] += rng.uniform(0.02, 0.3, np.count_nonzero(hit))
    return late


LATENCIES: dict[str, Latency] = {
    "uniform": lambda rng, count: 0.001 + rng.uniform(0, 0.016, count),
    "exponential": lambda rng, count: 0.002 + rng.exponential(0.002, count),
    "alternating": _alternating,
    "sometimes very late": _sometimes_very_late,
    "constant": lambda rng, count: np.full(count, 0.003),
}


@pytest.mark.parametrize("latency", LATENCIES.values(), ids=LATENCIES)
@pytest.mark.parametrize("windows", [2, 5])
def test_the_true_rate_lies_within_two_u(latency: Latency, windows: int) -> None:
    """A resonator 0.3 % too fast, laps of a few windows of 10 s, 300 runs."""
    rng = np.random.default_rng(7)
    inside, us = 0, []
    for _ in range(300):
        gaps = rng.uniform([1.6, 10.0], [2.6, 12.0], (windows + 1, 2)).ravel()
        true_s = np.concatenate(([0.5], 2.0 + np.cumsum(gaps)))
        laps_s = np.floor(true_s * 1.003e6 / 4) * 4e-6
        line = lower_line(laps_s, true_s + latency(rng, len(true_s)), 4e-6)
        assert line is not None
        inside += abs(line.slope - 1 / 1.003) <= 2 * line.slope_u
        us.append(line.slope_u)
    assert inside >= 0.88 * 300
    assert np.median(us) < 600e-6  # far below the 0.5 % that the resonator may be off


def test_one_very_late_message_does_not_bend_the_line() -> None:
    x = np.arange(13.0)
    y = 1.001 * x + 0.002
    y[6] += 5.0
    line = lower_line(x, y)
    assert line is not None
    assert line.slope == pytest.approx(1.001, abs=1e-12)
    assert line.at(100.0) == pytest.approx(100.102)
    assert line.slope_u < 1e-12


def test_the_line_lies_below_all_points() -> None:
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(0, 100, 5000))
    y = 2 * x + rng.exponential(1.0, 5000)
    line = lower_line(x, y)
    assert line is not None
    assert np.min(y - (line.y0 + line.slope * (x - line.x0))) > -0.1  # thinned, so nearly all
    assert line.slope == pytest.approx(2, abs=4 * line.slope_u)


@pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0, 3.0, 4.0], [5.0] * 9])
def test_too_little_gives_no_line(x: list[float]) -> None:
    assert lower_line(np.array(x), np.array(x)) is None


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6)), max_size=40))
def test_any_rising_points_give_a_line_or_none(points: list[tuple[float, float]]) -> None:
    x, y = np.array(sorted(p[0] for p in points)), np.array([p[1] for p in points])
    line = lower_line(x, y)
    if line is not None:
        assert np.isfinite([line.slope, line.slope_u]).all()
        assert line.slope_u >= 0
