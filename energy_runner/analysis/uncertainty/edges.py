# SPDX-License-Identifier: Apache-2.0
"""What the trace shows around the two edges of a window: how much energy an edge in the wrong place costs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import EnergySource

FloatArray = npt.NDArray[np.float64]

LEAST_REACH = 4
_LONGEST_REACH = 1 << 16
_OUTSIDE = 2  # samples outside the edge whose level is looked at
_BLOCK = 1 << 19


class Share(NamedTuple):
    """A share of a window, by time and by energy."""

    time: float
    energy: float


WHOLE = Share(1.0, 1.0)


@dataclass(frozen=True)
class EdgeView:
    """The surroundings of one edge.

    `half_width_s` is the limit of the error of the edge's own position, `shared_s` that of what it has in common
    with every other edge (a log that was started by an edge inherits the error of that one), `alone_s` that of
    what only all starts, or all stops, have in common. `outside_w` is the power in the sample outside, by which
    the mixed sample is divided, and `outside_step_w` the change of
    power between that sample and the one beyond it. `power_w` holds the samples from index `first` on.
    """

    position: float
    period_s: float
    half_width_s: float
    shared_s: float
    outside_w: float
    outside_step_w: float
    largest_w: float
    first: int
    power_w: FloatArray
    alone_s: float = 0.0

    @property
    def at_s(self) -> float:
        """Return the edge's time since the start of the acquisition."""
        return self.position * self.period_s

    def moved_j(self, by_s: float) -> float:
        """Return the energy from the edge to `by_s` seconds later, negative for earlier."""
        bounds = (self.first + np.arange(len(self.power_w) + 1, dtype=np.float64)) * self.period_s
        total = np.concatenate(([0.0], np.cumsum(self.power_w * self.period_s)))
        to_s = self.at_s + by_s
        inside = float(np.interp(to_s, bounds, total) - np.interp(self.at_s, bounds, total))
        beyond_s = max(0.0, to_s - float(bounds[-1])) - max(0.0, float(bounds[0]) - to_s)
        return inside + beyond_s * self.largest_w


def view_edge(
    source: EnergySource,
    position: float,
    *,
    starts: bool,
    half_width: float,
    shared: float = 0.0,
    alone: float = 0.0,
    reach_s: float = 0.0,
) -> EdgeView:
    """Return the surroundings of the edge at `position` (samples), which starts or ends a window.

    `half_width`, `shared` and `alone` are in samples; `reach_s` says how far the edge may have to be moved.
    """
    reach = min(_LONGEST_REACH, LEAST_REACH + math.ceil(reach_s / source.step_s))
    before, behind = math.floor(position), math.ceil(position)
    first = max(0, before - reach)
    power_w = np.asarray(source.power_w(first, min(source.length, behind + reach)), dtype=np.float64)

    def finite(start: int, stop: int) -> FloatArray:
        part = power_w[max(0, start - first) : max(0, stop - first)]
        return part[np.isfinite(part)]

    there = finite(first, behind + reach)
    near = finite(before - _OUTSIDE, behind + _OUTSIDE)
    outside = finite(before - _OUTSIDE, before)[::-1] if starts else finite(behind, behind + _OUTSIDE)
    largest_w = _largest(near if len(near) else there)
    return EdgeView(
        position=position,
        period_s=source.step_s,
        half_width_s=half_width * source.step_s,
        shared_s=shared * source.step_s,
        alone_s=alone * source.step_s,
        outside_w=float(outside[0]) if len(outside) else largest_w,
        outside_step_w=abs(float(outside[-1] - outside[0])) if len(outside) else largest_w,
        largest_w=largest_w,
        first=first,
        # Where a sample is missing, the level of the others stands for it.
        power_w=np.where(np.isfinite(power_w), power_w, float(np.mean(there)) if len(there) else 0.0),
    )


def share_above(
    source: EnergySource, start: float, stop: float, thresholds_w: Mapping[float, float]
) -> dict[float, Share]:
    """Return for each threshold (W) which share of the samples between two positions counts as above it.

    `thresholds_w` maps each to how long (s) an instrument keeps its larger range after a sample above it: samples
    within that time count, too.
    """
    found = {}
    first, last = max(0, math.floor(start)), min(source.length, math.ceil(stop))
    for threshold_w, hold_s in thresholds_w.items():
        hold = math.ceil(hold_s / source.step_s - 1e-9)
        newest = -math.inf  # the last sample above so far
        count, above_w, all_w = 0, 0.0, 0.0
        for begin in range(max(0, first - hold), last, _BLOCK):
            power_w = np.asarray(source.power_w(begin, min(begin + _BLOCK, last)), dtype=np.float64)
            at = np.arange(begin, begin + len(power_w), dtype=np.float64)
            latest = np.maximum.accumulate(np.maximum(np.where(power_w > threshold_w, at, -math.inf), newest))
            newest = float(latest[-1])
            counts, inside = at - latest <= hold, at >= first
            size_w = np.abs(np.nan_to_num(power_w, posinf=0.0, neginf=0.0))
            count += int(np.count_nonzero(counts & inside))
            above_w += float(np.sum(size_w[counts & inside]))
            all_w += float(np.sum(size_w[inside]))
        found[threshold_w] = Share(count / max(1, last - first), above_w / all_w if all_w else 0.0)
    return found


def mean_square_w2(source: EnergySource, start: float, stop: float) -> float:
    """Return the mean square (W²) of the samples between two positions that are there; 0 if none is."""
    first, last = max(0, math.floor(start)), min(source.length, math.ceil(stop))
    total, count = 0.0, 0
    for begin in range(first, last, _BLOCK):
        power_w = np.asarray(source.power_w(begin, min(begin + _BLOCK, last)), dtype=np.float64)
        power_w = power_w[np.isfinite(power_w)]
        total += float(power_w @ power_w)
        count += len(power_w)
    return total / count if count else 0.0


def _largest(power_w: FloatArray) -> float:
    return float(np.max(np.abs(power_w))) if len(power_w) else 0.0
