# SPDX-License-Identifier: Apache-2.0
"""Reference points gathered into nights: what a night's points share does not shrink with their number."""

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy_runner.sweep.trust.points import ReferencePoint

# From six in the evening to ten in the morning. A bench that is watched without a pause has nights of this length.
NIGHT_S = 16 * 3600.0
# Relative. A fifth of the shift that is to be found: a point that states a smaller u gets no more weight than with
# this one, and a bench that scatters less is judged as if it scattered as much.
FLOOR = 0.001
MEDIAN_LOSS = math.sqrt(math.pi / 2)  # u of the median over that of the mean, for many normal values


@dataclass(frozen=True)
class NightValue:
    """The points of a night as one: the logarithm of the energy, its relative u, and how many points there are."""

    log_value: float
    u: float
    points: int


@dataclass(frozen=True)
class Series:
    """The value of each night after each of its points: `nights` numbers them, `counts` the points in them."""

    log_values: NDArray[np.float64]
    u: NDArray[np.float64]
    counts: NDArray[np.int64]
    nights: NDArray[np.int64]

    @property
    def last_of_night(self) -> NDArray[np.bool_]:
        """Return for each entry whether it is the value of its whole night."""
        return np.append(self.nights[1:] != self.nights[:-1], True)[: len(self.nights)]

    def part(self, part: slice) -> "Series":
        """Return some of the entries, which begin and end with a night."""
        return Series(self.log_values[part], self.u[part], self.counts[part], self.nights[part])

    def whole(self) -> list[NightValue]:
        """Return the values of the whole nights."""
        places = np.flatnonzero(self.last_of_night)
        return [
            NightValue(float(self.log_values[at]), float(self.u[at]), int(self.counts[at]))
            for at in places.tolist()
        ]


def split_nights(points: Sequence[ReferencePoint]) -> list[list[ReferencePoint]]:
    """Return points, sorted by time, in nights: a night begins with a point and lasts `NIGHT_S`."""
    nights: list[list[ReferencePoint]] = []
    for point in points:
        if nights and point.utc_s - nights[-1][0].utc_s < NIGHT_S:
            nights[-1].append(point)
        else:
            nights.append([point])
    return nights


def series_of(nights: Sequence[Sequence[ReferencePoint]]) -> Series:
    """Return what nights of at least one point were worth after each of their points."""
    rows: list[tuple[float, float, int, int]] = []
    for number, points in enumerate(nights):
        _Night(rows, number).add(points)
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    return Series(
        np.array(columns[0], dtype=np.float64),
        np.array(columns[1], dtype=np.float64),
        np.array(columns[2], dtype=np.int64),
        np.array(columns[3], dtype=np.int64),
    )


class _Night:
    """One night, point by point.

    Up to two points its value is their mean, from three on their median, which one wild point does not move far;
    both are weighted by the inverse variance.
    """

    def __init__(self, rows: list[tuple[float, float, int, int]], number: int) -> None:
        self._rows = rows
        self._number = number

    def add(self, points: Sequence[ReferencePoint]) -> None:
        """Add the value after each point to the rows."""
        ordered: list[tuple[float, float]] = []
        total = spread = 0.0
        for count, point in enumerate(points, 1):
            variance = (point.u_independent_j / point.value_j) ** 2
            weight = 1.0 / (variance + FLOOR * FLOOR)
            insort(ordered, (math.log(point.value_j), weight))
            total += weight
            spread += weight * weight * variance
            u = math.sqrt(spread) / total
            if count <= 2:
                value = sum(log * w for log, w in ordered) / total
            else:
                value, u = _median(ordered, total), MEDIAN_LOSS * u
            self._rows.append((value, u, count, self._number))


def _median(ordered: Sequence[tuple[float, float]], total: float) -> float:
    """Return the weighted median; half-way between two values where exactly half of the weight lies below."""
    below, half = 0.0, 0.5 * total
    for place, (value, weight) in enumerate(ordered):
        below += weight
        if below > half * (1.0 + 1e-9):
            return value
        if below > half * (1.0 - 1e-9) and place + 1 < len(ordered):
            return 0.5 * (value + ordered[place + 1][0])
    return ordered[-1][0]
