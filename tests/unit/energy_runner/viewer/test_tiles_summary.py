# SPDX-License-Identifier: Apache-2.0
"""Sums, counts and extremes of parts are those that numpy finds of the samples, whatever is missing."""

from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from energy_runner.viewer.summary import BLOCK, Summary, Sums, narrow, reduced

SAMPLES = arrays(
    np.float32,
    st.integers(1, 300),
    elements=st.floats(-(2.0**100), 2.0**100, width=32) | st.sampled_from([np.nan, np.inf, -np.inf]),
)


def by_hand(samples: np.ndarray, width: int) -> list[tuple[float, int, float, float]]:
    """The same, one part after the other."""
    found = []
    for at in range(0, len(samples), width):
        part = samples[at : at + width].astype(np.float64)
        there = part[np.isfinite(part)]
        low, high = (float(np.min(there)), float(np.max(there))) if len(there) else (np.inf, -np.inf)
        found.append((float(np.sum(there)), len(there), low, high))
    return found


def same(sums: Sums, samples: np.ndarray, width: int) -> bool:
    total, count, low, high = (np.array(column) for column in zip(*by_hand(samples, width), strict=True))
    scale = np.abs(samples[np.isfinite(samples)]).astype(np.float64).sum()
    return (
        np.allclose(sums.total, total, rtol=0, atol=1e-12 * scale + 1e-300)
        and np.array_equal(sums.count, count)
        and np.array_equal(sums.low, low.astype(np.float32))
        and np.array_equal(sums.high, high.astype(np.float32))
    )


@given(SAMPLES, st.integers(1, 310))
def test_parts_are_what_numpy_says_of_them(samples: np.ndarray, width: int) -> None:
    assert same(reduced(samples, width), samples, width)
    assert same(reduced(samples.astype(np.float64), width), samples, width)


@given(SAMPLES, st.integers(1, 20), st.integers(1, 20))
def test_parts_put_together_are_parts_of_more_samples(samples: np.ndarray, width: int, together: int) -> None:
    assert same(reduced(samples, width).merged(together), samples, width * together)


@given(SAMPLES, st.integers(1, 20), st.integers(1, 15))
def test_pieces_are_joined_in_their_order(samples: np.ndarray, width: int, parts: int) -> None:
    piece = parts * width
    pieces = [reduced(samples[at : at + piece], width) for at in range(0, len(samples), piece)]
    assert same(Sums.joined(pieces), samples, width)


def test_a_mean_counts_the_samples_that_exist_and_not_the_parts() -> None:
    samples = np.array([1.0, 1.0, 1.0, 1.0, np.nan, np.nan, np.nan, 11.0, np.nan, np.nan, np.nan, np.nan])
    sums = reduced(samples, 4)
    assert sums.means()[:2].tolist() == [1.0, 11.0]
    assert np.isnan(sums.means()[2])
    assert sums.merged(3).means().tolist() == [3.0]  # not (1 + 11) / 2


def test_what_float32_cannot_hold_is_its_largest() -> None:
    assert narrow(np.array([1e60, -1e60, np.nan, 0.5])).tolist()[:2] == [
        float(np.finfo(np.float32).max),
        -float(np.finfo(np.float32).max),
    ]
    sums = reduced(np.array([1e60, np.nan, 1.0]), 3)
    assert np.all(np.isfinite([*sums.low, *sums.high]))


def made(samples: np.ndarray, length: int | None = None, most: int = 1 << 20, step: int = 7 * BLOCK) -> Summary:
    return Summary(lambda start, stop: samples[start:stop], len(samples) if length is None else length, most, step)


def fill(one: Summary, stop: int) -> int:
    steps = 1
    while one.step(stop):
        steps += 1
    return steps


NOISE = np.random.default_rng(1).standard_normal(100 * BLOCK + 77).astype(np.float32)


def test_a_summary_holds_the_whole_blocks_after_some_steps() -> None:
    one = made(NOISE)
    assert one.filled.end == 0
    assert one.step(len(NOISE))
    assert one.filled.end == 7 * BLOCK
    fill(one, len(NOISE))
    assert one.filled.end == 100 * BLOCK
    assert same(one.filled.sums, NOISE[: 100 * BLOCK], BLOCK)


def test_a_summary_grows_with_its_trace() -> None:
    one = made(NOISE, 3 * BLOCK + 5)
    for stop in (0, 100, 3 * BLOCK + 5, 3 * BLOCK + 6, 50 * BLOCK - 1, len(NOISE)):
        fill(one, stop)
        assert one.filled.end == stop // BLOCK * BLOCK
    assert same(one.filled.sums, NOISE[: 100 * BLOCK], BLOCK)


@pytest.mark.parametrize("begun", [0, 5, 9])
def test_memory_is_bounded_because_blocks_get_larger(begun: int) -> None:
    """Ten blocks at most: of 100 times the samples of a block, blocks are 16 times as large."""
    one = made(NOISE, begun * BLOCK, most=10)
    fill(one, begun * BLOCK)
    early = one.filled
    fill(one, len(NOISE))
    assert one.filled.block == 16 * BLOCK
    assert len(one.filled.sums) == 6
    assert same(one.filled.sums, NOISE[: 96 * BLOCK], 16 * BLOCK)
    assert made(NOISE, most=10).filled.block == 16 * BLOCK
    assert early.block == BLOCK
    assert same(early.sums, NOISE[: begun * BLOCK], BLOCK) if begun else not len(early.sums)


def test_two_threads_fill_one_summary_without_a_hole() -> None:
    one = made(NOISE, step=BLOCK)
    threads = [Thread(target=fill, args=(one, len(NOISE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same(one.filled.sums, NOISE[: 100 * BLOCK], BLOCK)
