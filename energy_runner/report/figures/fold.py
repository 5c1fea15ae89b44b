# SPDX-License-Identifier: Apache-2.0
"""Lay the inferences of a window over each other: the mean inference, and how single ones spread around it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from energy_runner.analysis.inferences.segment import WindowInferences
from energy_runner.report.charts.decimate import FloatArray
from energy_runner.report.charts.power import PowerTrace

MOST_SAMPLES = 1 << 21  # more inferences do not change what can be seen
MOST_BINS = 400
# Inferences that begin at any phase of the samples resolve finer steps than one. Where they all begin at the same
# phase they do not, and every other bin would be empty.
BINS_A_SAMPLE = (2.0, 1.0)
LEAST_FILLED = 0.95
LEAST_IN_A_BIN = 4
LOW, HIGH = 5.0, 95.0


@dataclass(frozen=True)
class MeanInference:
    """The mean of `inferences` inferences of window `index` (from 0).

    `at_s` has the edges of the bins, one more than `mean_mw`, `low_mw` and `high_mw`: mean, 5th and 95th
    percentile of the samples whose middle is in the bin, NaN where too few are.
    """

    index: int
    inferences: int
    at_s: FloatArray
    mean_mw: FloatArray
    low_mw: FloatArray
    high_mw: FloatArray


def fold(trace: PowerTrace, window: WindowInferences) -> MeanInference | None:
    """Return the mean inference of a window; None where single inferences were not found in it."""
    bounds = np.asarray(window.boundaries_s)
    if not window.resolved or len(bounds) < 2:
        return None
    most = max(1, int(MOST_SAMPLES * trace.step_s / max(float(np.median(np.diff(bounds))), trace.step_s)))
    bounds = bounds[: most + 1]
    start = max(0, int(bounds[0] / trace.step_s))
    stop = min(trace.samples, int(bounds[-1] / trace.step_s) + 1)
    if stop <= start:
        return None
    power_mw = np.concatenate([part for _, part in trace.chunks(start, stop)])
    middle_s = (np.arange(start, stop) + 0.5) * trace.step_s
    which = np.searchsorted(bounds, middle_s, side="right") - 1
    inside = (which >= 0) & (which < len(bounds) - 1) & np.isfinite(power_mw)
    since_s = middle_s[inside] - bounds[which[inside]]
    longest_s = float(np.median(np.diff(bounds)))
    for bins in BINS_A_SAMPLE:
        count = int(min(MOST_BINS, bins * longest_s / trace.step_s, since_s.size / (2 * LEAST_IN_A_BIN)))
        if count < 2:
            return None
        at_s = np.linspace(0.0, longest_s, count + 1)
        low, mean, high = _binned(power_mw[inside], since_s, at_s)
        if np.mean(np.isfinite(mean)) >= LEAST_FILLED:
            break
    return MeanInference(window.index, len(bounds) - 1, at_s, mean, low, high)


def _binned(
    values: FloatArray, places: FloatArray, edges: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the low percentile, the mean and the high percentile of the values in each bin."""
    order = np.argsort(places, kind="stable")
    ordered = values[order]
    cuts = np.searchsorted(places[order], edges)
    out = np.full((3, len(edges) - 1), np.nan)
    for k, (begin, end) in enumerate(pairwise(cuts)):
        if end - begin >= LEAST_IN_A_BIN:
            part = ordered[begin:end]
            out[:, k] = np.percentile(part, LOW), part.mean(), np.percentile(part, HIGH)
    return out[0], out[1], out[2]
