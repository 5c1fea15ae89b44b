# SPDX-License-Identifier: Apache-2.0
"""Samples that are means over their period: power is a piecewise polynomial of degree 0, integrated exactly.

The sample that holds an edge is a mix of the level outside and the level inside. Taking a linear share of it would
charge the mean of both: wrong by up to a quarter of a sample times the step in power, which for a 10 s window at
1 kHz is 25 millionths for each end. So that sample is cut into two pieces at the edge: the part outside has the
level of the neighbouring sample outside, and the part inside has what remains. With the fraction f of sample i
outside, its part inside is x[i] - f * x[i-1], and at the other end with x[j+1]. That is exact for a level that
steps at the edge. The part inside is kept between 0 and x[i]; where there is no neighbour the share is linear.
"""

import math
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.sums import Read, sum_present


@dataclass(frozen=True)
class MeanSum:
    """What `sum_means` finds, in units of the samples; see `integrate.Integral` for the fields."""

    total: float
    second: float
    expected: int
    missing: int
    missing_share: float
    unexplained: tuple[float, float]


@dataclass(frozen=True)
class _End:
    """The sample that holds an edge: its value, its share inside the window, its neighbours out- and inside.

    The share lies between 0 and 1, both excluded: an edge between two samples divides none of them.
    """

    sample: float
    share: float
    outside: float
    inside: float

    @property
    def missing(self) -> bool:
        return math.isnan(self.sample)

    @property
    def total(self) -> float:
        """Return the integral of the part inside."""
        if math.isnan(self.outside):
            return self.sample * self.share
        part = self.sample - (1 - self.share) * self.outside
        part = min(max(part, min(0.0, self.sample)), max(0.0, self.sample))
        from scipy.interpolate import PPoly  # here, because it takes half a second to import

        cut = 1 - self.share
        pieces = PPoly(np.array([[(self.sample - part) / cut, part / self.share]]), np.array([0.0, cut, 1.0]))
        return float(pieces.integrate(cut, 1.0))

    @property
    def unexplained(self) -> float:
        """Return by how much the sample differs from a mix of both neighbours' levels, as an integral."""
        if self.missing:
            return 0.0
        mix = (1 - self.share) * self.outside + self.share * self.inside
        return abs(self.sample - mix) if math.isfinite(mix) else 0.0


def sum_means(read: Read, length: int, start: float, stop: float) -> MeanSum:
    """Integrate samples between two positions; sample i is the mean over [i, i + 1). See `integrate`."""
    first, last = int(start), int(stop)
    before, after = start - first, 1 - (stop - last)  # shares outside; 1 if the window ends with a sample

    def sample(index: int) -> float:
        value = float(read(index, index + 1)[0]) if 0 <= index < length else math.nan
        return value if math.isfinite(value) else math.nan

    total, missing, present = 0.0, 0, 0.0
    left = right = None
    if first == last:
        left = _End(sample(first), stop - start, math.nan, math.nan)
    else:
        whole = first + 1 if before else first
        total, missing = sum_present(read, whole, last)
        present = float(last - whole - missing)
        if before:
            left = _End(sample(first), 1 - before, sample(first - 1), sample(first + 1))
        if after < 1:
            right = _End(sample(last), 1 - after, sample(last + 1), sample(last - 1))
    second = total
    for end in (left, right):
        if end is None:
            continue
        if end.missing:
            missing += 1
        else:
            total += end.total
            second += end.sample * end.share
            present += end.share
    duration = stop - start
    if missing:
        scale = duration / present if present else math.nan
        total, second = total * scale, second * scale
    return MeanSum(
        total=total,
        second=second,
        expected=math.ceil(stop) - first,
        missing=missing,
        missing_share=(duration - present) / duration if missing else 0.0,
        unexplained=(left.unexplained if left else 0.0, right.unexplained if right else 0.0),
    )
