# SPDX-License-Identifier: Apache-2.0
"""Thinning a trace out loses no spike, whatever the chunks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.report.charts.decimate import Decimator, decimate

SAMPLE = st.floats(-1e6, 1e6, width=32) | st.sampled_from([float("nan"), float("inf"), float("-inf")])


@st.composite
def traces(draw):
    values = np.array(draw(st.lists(SAMPLE, min_size=1, max_size=200)), dtype=np.float32)
    cuts = sorted(draw(st.lists(st.integers(0, len(values)), max_size=6)))
    bounds = [0, *cuts, len(values)]
    first = draw(st.integers(0, 1000))
    chunks = [(first + a, values[a:b]) for a, b in pairwise(bounds)]
    return values, first, chunks, draw(st.integers(1, 250))


@settings(deadline=None)
@given(traces())
def test_every_bucket_keeps_its_true_extremes_mean_and_losses(case):
    values, first, chunks, buckets = case
    envelope = decimate(chunks, len(values), buckets, first=first)
    assert len(envelope) <= buckets
    assert envelope.starts[0] == first
    assert (np.diff(envelope.starts) == envelope.width).all()
    assert len(envelope) * envelope.width >= len(values)
    for k, start in enumerate(envelope.starts - first):
        bucket = values[start : start + envelope.width].astype(np.float64)
        present = bucket[np.isfinite(bucket)]
        assert envelope.missing[k] == len(bucket) - len(present)
        if len(present):
            assert envelope.low[k] == present.min()
            assert envelope.high[k] == present.max()
            assert envelope.mean[k] == pytest.approx(present.mean(), rel=1e-9, abs=1e-6)
        else:
            assert np.isnan([envelope.low[k], envelope.high[k], envelope.mean[k]]).all()


@settings(deadline=None)
@given(traces())
def test_the_global_extremes_survive(case):
    values, first, chunks, buckets = case
    envelope = decimate(chunks, len(values), buckets, first=first)
    present = values[np.isfinite(values)]
    if len(present):
        assert np.nanmin(envelope.low) == present.min()
        assert np.nanmax(envelope.high) == present.max()


@settings(deadline=None)
@given(traces())
def test_gaps_cover_exactly_the_buckets_with_losses(case):
    values, first, chunks, buckets = case
    envelope = decimate(chunks, len(values), buckets, first=first)
    covered = np.zeros(len(values), dtype=bool)
    for begin, end in envelope.gaps():
        assert first <= begin < end <= first + len(values)
        covered[begin - first : end - first] = True
    expected = np.repeat(envelope.missing > 0, envelope.width)[: len(values)]
    assert (covered == expected).all()


def test_one_sample_spike_in_a_long_trace_survives():
    samples = 1_000_000
    spike, dip = 654_321, 123_456
    chunk = np.ones(10_000, dtype=np.float32)

    def chunks():
        for first in range(0, samples, len(chunk)):
            block = chunk.copy()
            for place, value in ((spike, 99.0), (dip, -99.0)):
                if first <= place < first + len(chunk):
                    block[place - first] = value
            yield first, block

    envelope = decimate(chunks(), samples, 4000)
    assert envelope.high[spike // envelope.width] == 99.0
    assert envelope.low[dip // envelope.width] == -99.0
    assert (np.delete(envelope.high, spike // envelope.width) == 1.0).all()


def test_samples_that_never_came_are_missing():
    collector = Decimator(100, 10)
    collector.add(0, np.ones(25, dtype=np.float32))
    collector.add(70, np.ones(30, dtype=np.float32))
    envelope = collector.envelope()
    assert envelope.missing.tolist() == [0, 0, 5, 10, 10, 10, 10, 0, 0, 0]
    assert envelope.gaps() == [(20, 70)]


def test_a_stretch_of_missing_samples_splits_nothing_else():
    values = np.arange(30, dtype=np.float32)
    values[12] = np.nan
    envelope = decimate([(0, values)], 30, 10)
    assert envelope.gaps() == [(12, 15)]
    assert (envelope.low[4], envelope.high[4]) == (13.0, 14.0)


@pytest.mark.parametrize(("first", "count"), [(-1, 5), (96, 5), (100, 1)])
def test_a_chunk_outside_the_stretch_is_refused(first, count):
    with pytest.raises(ValueError, match=r"outside 0\.\.100"):
        Decimator(100).add(first, np.ones(count))


@pytest.mark.parametrize(("samples", "buckets"), [(0, 10), (10, 0)])
def test_nothing_to_thin_out_is_refused(samples, buckets):
    with pytest.raises(ValueError, match="cannot thin"):
        Decimator(samples, buckets)
