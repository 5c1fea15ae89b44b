# SPDX-License-Identifier: Apache-2.0
"""Thinning out an envelope again loses no extreme, no gap and no energy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.report.charts.decimate import decimate
from energy_runner.report.figures.columns import thinned


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(float("nan"))), min_size=1, max_size=200),
    st.integers(1, 60),
    st.integers(1, 20),
)
def test_extremes_missing_samples_and_means_stay(values, buckets, columns):
    power = np.array(values)
    fine = decimate([(0, power)], len(power), buckets)
    coarse = thinned(fine, 0, len(power), columns)
    assert len(coarse) <= columns
    assert coarse.missing.sum() == np.isnan(power).sum()
    for k, start in enumerate(coarse.starts):
        part = power[start : start + coarse.width]
        if np.isnan(part).all():
            assert np.isnan([coarse.low[k], coarse.high[k], coarse.mean[k]]).all()
        else:
            assert coarse.low[k] == np.nanmin(part)
            assert coarse.high[k] == np.nanmax(part)
            assert coarse.mean[k] == pytest.approx(np.nanmean(part), abs=1e-9)


def test_a_stretch_takes_the_buckets_that_it_overlaps():
    fine = decimate([(0, np.arange(100.0))], 100, 10)
    part = thinned(fine, 15.5, 30, 100)
    assert (part.first, part.samples, part.low.tolist()) == (10, 20, [10.0, 20.0])


def test_a_stretch_outside_has_no_columns():
    fine = decimate([(0, np.arange(100.0))], 100, 10)
    assert thinned(fine, 200, 300, 10) is None
    assert thinned(fine, -20, -10, 10) is None
