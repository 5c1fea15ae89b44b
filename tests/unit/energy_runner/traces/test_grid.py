# SPDX-License-Identifier: Apache-2.0
"""From stamps to indices: a steady clock with rounded stamps is no jitter, and what is missing is counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.traces.grid import Grid, StampError, fit, resolution, rounded


def placed(stamps: np.ndarray, step_s: float, block: int = 1000) -> tuple[np.ndarray, Grid]:
    found = fit(stamps, step_s)
    assert found is not None
    period_s = rounded(found, step_s, float(stamps[-1]), float(stamps[0]))
    grid = Grid(period_s, step_s, found.way, found.scatter, found.ties)
    parts = [grid.place(stamps[first : first + block])[0] for first in range(0, len(stamps), block)]
    return np.concatenate(parts), grid


@pytest.mark.parametrize(
    ("texts", "factor", "step_s"),
    [
        (["0.01", "1.5"], 1e-3, 1e-5),
        (["1,25"], 1.0, 0.01),
        (["7"], 1e-6, 1e-6),
        (["1.5e-3"], 1.0, 1e-4),
        ([], 1.0, 1.0),
    ],
)
def test_the_resolution_is_that_of_the_last_digit(texts: list[str], factor: float, step_s: float) -> None:
    assert resolution(texts, factor) == pytest.approx(step_s)


@pytest.mark.parametrize("rate_hz", [3000.0, 7000.0, 48828.125, 100_000.0, 44_100.0, 1.0])
@pytest.mark.parametrize("digits", [6, 7, 9])
def test_rounded_stamps_of_a_steady_clock(rate_hz: float, digits: int) -> None:
    stamps = np.round(12.5 + np.arange(20_000) / rate_hz, digits)
    index, grid = placed(stamps, 10.0**-digits)
    assert index.tolist() == list(range(20_000))
    assert grid.period_s == pytest.approx(1 / rate_hz, rel=2 * 10.0**-digits / (20_000 / rate_hz))
    assert (grid.way, grid.uneven, grid.repeated) == ("steady", 0, 0)


def test_a_round_rate_is_exact() -> None:
    stamps = np.round(np.arange(5000) / 3000, 6)
    assert placed(stamps, 1e-6)[1].period_s == 1 / 3000


def test_a_clock_that_is_off_is_not_made_round() -> None:
    stamps = np.round(np.arange(100_000) * 1e-3 * (1 + 5e-5), 6)
    assert placed(stamps, 1e-6)[1].period_s == pytest.approx(1e-3 * (1 + 5e-5), rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(1, 4999), st.integers(1, 3000)), max_size=6),
    rate_hz=st.sampled_from([1000.0, 3000.0, 100_000.0]),
    block=st.integers(1, 700),
)
def test_rows_that_are_left_out_are_found_wherever_blocks_end(
    gaps: list[tuple[int, int]], rate_hz: float, block: int
) -> None:
    steps = np.ones(5000, dtype=np.int64)
    for at, missing in gaps:
        steps[at] += missing
    true = np.cumsum(steps) - 1
    index, _ = placed(np.round(true / rate_hz, 6), 1e-6, block)
    assert index.tolist() == true.tolist()


def test_rows_with_one_stamp_each_second_give_their_rate_and_their_losses() -> None:
    true = np.delete(np.arange(2000), np.arange(1210, 1217))  # 200 a second, seven of the seventh second missing
    stamps = np.floor(true / 200)
    index, grid = placed(stamps, 1.0)
    assert grid.way == "coarse"
    assert grid.period_s == pytest.approx(1 / 200, rel=1e-9)
    assert index[-1] == 1999
    assert len(index) == 1993


def test_stamps_of_a_host_scatter_and_rows_count() -> None:
    rng = np.random.default_rng(1)
    stamps = np.arange(5000) * 1e-3 + rng.uniform(0, 3e-3, 5000)
    index, grid = placed(stamps, 1e-6)
    assert grid.way == "jittering"
    assert index.tolist() == list(range(5000))
    assert grid.back > 0


def test_a_gap_among_scattered_stamps_is_found_about_as_long_as_it_is() -> None:
    rng = np.random.default_rng(1)
    true = np.concatenate([np.arange(3000), np.arange(3400, 5000)])
    index, _ = placed(true * 1e-3 + rng.uniform(0, 3e-3, len(true)), 1e-6)
    assert index[-1] == pytest.approx(true[-1], abs=5)


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (0.001, "goes back from 0.009 s to 0.001 s"),
        (1e6, "jumps from 0.009 s to 1000000 s"),
        (np.nan, "has no time"),
    ],
)
def test_stamps_that_cannot_be(stamp: float, words: str) -> None:
    grid = Grid(1e-3, 1e-6, "steady")
    grid.place(np.arange(10) * 1e-3)
    with pytest.raises(StampError, match=words) as caught:
        grid.place(np.array([stamp, 0.011]))
    assert caught.value.row == 0


def test_too_few_stamps_tell_nothing() -> None:
    assert fit(np.array([1.0]), 1e-3) is None
    assert fit(np.full(50, 2.0), 1e-3) is None
    assert fit(np.array([np.nan, np.inf]), 1e-3) is None


@pytest.mark.parametrize("rate_hz", [1003.7, 1024.0, 1250.0, 1700.0, 2000.0, 2048.0, 3906.25, 3990.0])
def test_rows_that_share_a_stamp_are_samples_all_the_same(rate_hz: float) -> None:
    """More rows than milliseconds: leaving some out samples the load at the beat, and was 2 % wrong."""
    stamps = np.round(np.arange(20_000) / rate_hz, 3)
    index, grid = placed(stamps, 1e-3)
    assert index.tolist() == list(range(20_000))
    assert grid.repeated == 0
    assert grid.period_s == pytest.approx(1 / rate_hz, rel=1e-4)


def test_a_loss_among_rows_that_share_a_stamp_is_counted() -> None:
    stamps = np.round(np.delete(np.arange(40_000), np.s_[30_000:30_500]) / 1024, 3)
    found = fit(stamps[:20_000], 1e-3)
    assert found is not None
    grid = Grid(found.period_s, 1e-3, found.way, found.scatter)
    index = np.concatenate([grid.place(stamps[k : k + 1000])[0] for k in range(0, len(stamps), 1000)])
    assert index[29_999] == 29_999
    assert index[30_000] == pytest.approx(30_500, abs=2)


@pytest.mark.parametrize("lost", [0.005, 0.02])
def test_scattered_losses_do_not_stretch_time(lost: float) -> None:
    rows = np.flatnonzero(np.random.default_rng(3).random(30_000) >= lost)
    index, grid = placed(np.round(rows / 1500, 3), 1e-3)
    assert index * grid.period_s == pytest.approx(rows / 1500, abs=0.05)


def test_a_row_that_was_written_twice_is_still_left_out() -> None:
    stamps = np.insert(np.arange(5000) / 1000, 700, 0.7)
    index, grid = placed(stamps, 1e-3)
    assert (len(index), grid.repeated) == (5000, 1)
