# SPDX-License-Identifier: Apache-2.0
"""What a report draws of a session's inferences: histograms over common bins, and energies over time."""

import math
from typing import cast

import numpy as np
import pytest

from energy_runner.analysis.inferences.segment import Segmentation, WindowInferences, segmentation_summary
from energy_runner.session.folder import Session


def window_of(index: int, energies: list[float], *, resolved: bool = True) -> WindowInferences:
    bounds = tuple(10.0 * index + 0.5 * k * k for k in range(len(energies) + 1))
    return WindowInferences(index, 9, resolved=resolved, energy_j=tuple(energies), boundaries_s=bounds)


def test_a_summary_counts_energies_in_forty_equal_bins():
    """Of the values 0 to 1000 in two windows the middle 99 % are 5 to 995; bins reach a tenth of that beyond."""
    values = [float(value) for value in range(1001)]
    one, other = window_of(0, [*values[:300], math.nan, *values[300:400]]), window_of(2, values[400:])
    given = Segmentation((one, window_of(1, [5.0], resolved=False), other), None, "")
    summary = segmentation_summary(cast(Session, None), given)
    assert summary.segmentation is given
    assert summary.window_indices == (0, 2)
    assert summary.histogram_edges_j == pytest.approx(np.linspace(5 - 99, 995 + 99, 41))
    assert [int(np.sum(counts)) for counts in summary.histogram_counts] == [400, 601]
    for counts, known in zip(summary.histogram_counts, (values[:400], values[400:]), strict=True):
        assert counts.tolist() == np.histogram(known, np.linspace(-94, 1094, 41))[0].tolist()
        assert counts.dtype == np.int64
    assert summary.drift_at_s[0][:3] == pytest.approx([0.25, 1.25, 3.25])
    assert summary.drift_at_s[1][:3] == pytest.approx([0.25, 1.25, 3.25])
    assert len(summary.drift_energy_j[0]) == len(summary.drift_at_s[0]) == 401


def test_outliers_are_counted_in_the_outermost_bins():
    values = [100.0] * 500 + [101.0] * 500
    summary = segmentation_summary(
        cast(Session, None), Segmentation((window_of(0, [*values, 1.0, 900.0]),), None, "")
    )
    edges = summary.histogram_edges_j
    assert (edges[0], edges[-1]) == (1.0, 900.0)
    assert edges[1:-1] == pytest.approx(np.linspace(99.9, 101.1, 41)[1:-1])
    assert np.sum(summary.histogram_counts[0]) == 1002


@pytest.mark.parametrize("energy", [5.0, -5.0])
def test_equal_energies_have_bins_of_a_billionth(energy):
    summary = segmentation_summary(cast(Session, None), Segmentation((window_of(0, [energy] * 9),), None, ""))
    assert summary.histogram_edges_j - energy == pytest.approx(np.linspace(-5e-10, 5e-10, 41), abs=1e-13)


def test_without_energies_there_is_one_empty_bin():
    empty = segmentation_summary(cast(Session, None), Segmentation((), None, ""))
    assert empty.histogram_edges_j.tolist() == [0.0, 1.0]
    lost = segmentation_summary(cast(Session, None), Segmentation((window_of(0, [math.nan] * 9),), None, ""))
    assert lost.histogram_edges_j.tolist() == [0.0, 1.0]
    assert [counts.tolist() for counts in lost.histogram_counts] == [[0]]
    zero = segmentation_summary(cast(Session, None), Segmentation((window_of(0, [0.0] * 9),), None, ""))
    assert np.all(np.diff(zero.histogram_edges_j) > 0)


def test_segmentations_are_told_briefly():
    one = WindowInferences(0, 9, resolved=True, inferences=7)
    other = WindowInferences(4, 9, resolved=False, reason="too dark", inferences=5)
    assert repr(one) == "<WindowInferences 1: 7 inferences>"
    assert repr(other) == "<WindowInferences 5: not resolved, too dark>"
    assert repr(Segmentation((one, one, other), None, "")) == "<Segmentation of 3 windows: 14 inferences found>"
