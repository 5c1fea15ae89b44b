# SPDX-License-Identifier: Apache-2.0
"""Bounds, median, deviation and histogram of samples: exact, and the same whether they fit into memory or not."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.region import spread
from energy_runner.analysis.region.spread import find_spread


def of(values, bins=8):
    values = np.asarray(values, dtype=np.float64)
    return find_spread(lambda start, stop: values[start:stop], 0, len(values), bins)


@pytest.fixture
def small_memory(monkeypatch):
    """Make every region a long one, whose bins hold too many samples."""
    monkeypatch.setattr(spread, "_KEPT", 3)
    monkeypatch.setattr(spread, "BLOCK", 7)
    monkeypatch.setattr(spread, "_FINE", 16)


def as_numpy(values, bins):
    found, there = of(values, bins), np.asarray(values)[np.isfinite(values)]
    assert found.count == len(there)
    assert (found.least_w, found.largest_w) == (there.min(), there.max())
    assert found.median_w == pytest.approx(float(np.median(there)), rel=1e-15, abs=1e-300)
    assert found.mean_w == pytest.approx(float(there.mean()), rel=1e-12, abs=1e-12)
    assert found.std_w == pytest.approx(float(there.std()), rel=1e-9, abs=1e-12)
    assert sum(found.counts) == len(there)
    assert (len(found.counts), len(found.edges_w)) == (bins, bins + 1)
    return found


numbers = st.lists(
    st.one_of(st.floats(-5, 5), st.sampled_from([0.0, 1.0, 1.0, 2.0, np.nan, np.inf])), min_size=1, max_size=60
).filter(lambda values: np.isfinite(values).any())


@given(values=numbers, bins=st.integers(1, 9))
def test_it_is_what_numpy_finds(values, bins):
    as_numpy(values, bins)


@given(values=numbers, bins=st.integers(1, 9))
@pytest.mark.usefixtures("small_memory")
def test_it_is_what_numpy_finds_at_constant_memory(values, bins):
    as_numpy(values, bins)


def test_a_square_wave_has_two_bins_and_half_its_height_as_deviation():
    found = of(np.tile([1.0, 3.0], 500))
    assert (found.median_w, found.mean_w, found.std_w) == (2.0, 2.0, 1.0)
    assert found.counts == (500, 0, 0, 0, 0, 0, 0, 500)
    assert found.edges_w[0], found.edges_w[-1] == (1.0, 3.0)


def test_equal_samples_lie_in_the_middle_of_a_histogram_that_has_a_width():
    for level in (0.5, 0.0, -2.0):
        found = of([level] * 9)
        assert (found.least_w, found.largest_w, found.median_w, found.std_w) == (level, level, level, 0.0)
        assert found.counts == (0, 0, 0, 0, 9, 0, 0, 0)
        assert np.all(np.diff(found.edges_w) > 0)
        assert found.edges_w[0] < level < found.edges_w[-1]


def test_a_single_spike_is_the_largest_sample_and_does_not_move_the_median():
    values = np.full(100_001, 0.02)
    values[77_777] = 5.0
    found = of(values)
    assert (found.largest_w, found.median_w) == (5.0, 0.02)
    assert found.counts[-1] == 1


def test_nothing_is_said_of_samples_that_are_all_missing():
    assert of([np.nan, np.inf]) is None


def test_a_small_deviation_beside_a_large_level_keeps_its_digits():
    values = 1e6 + np.tile([-1e-3, 1e-3], 5000)
    assert of(values).std_w == pytest.approx(1e-3, rel=1e-6)


def test_memory_does_not_grow_with_the_region():
    """Four times as long takes as much: blocks, a histogram, and what shares the median's bin."""

    def read(start, stop):
        return 0.02 + 1e-3 * np.sin(np.arange(start, stop, dtype=np.float64))

    peaks = []
    for length in (1 << 21, 1 << 23):
        tracemalloc.start()
        found = find_spread(read, 0, length, 64)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.count == length
    assert peaks[1] < 1.5 * peaks[0]
