# SPDX-License-Identifier: Apache-2.0
"""A straight line between two clocks, from messages that can be late but never early.

A message about an event at `x` on one clock arrives at `y` on the other: true time plus a latency that is
never negative. So the true line lies below all points, and the line through the lower edge of their convex
hull estimates it (S. Moon, P. Skelly, D. Towsley, "Estimation and removal of clock skew from network delay
measurements", IEEE INFOCOM 1999). One late message does not move it, as it would a least squares fit.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LEAST_POINTS = 5
_MOST_POINTS = 1024


@dataclass(frozen=True)
class Line:
    """y = y0 + slope · (x - x0); `slope_u` is the standard uncertainty of the slope."""

    x0: float
    y0: float
    slope: float
    slope_u: float

    def at(self, x: float) -> float:
        """Return the y of the line at `x`."""
        return self.y0 + self.slope * (x - self.x0)


def lower_line(x: FloatArray, y: FloatArray, resolution: float = 0.0) -> Line | None:
    """Return the line below all points (`x` rising), or None for fewer than five or for no spread.

    `resolution` is the step of either clock, in units of y. The uncertainty takes the typical latency above
    the line, 1.44 × its median as for an exponential distribution, for the scatter of one point; the factor
    n/(n-3) allows for few points. Simulated with uniform, exponential, alternating and occasionally
    very late messages, the true slope lies within ±2 u in 91 to 99 % of runs with 7 points or more.
    """
    x, y = _thinned(x, y)
    count = len(x)
    if count < LEAST_POINTS or not x[-1] > x[0]:
        return None
    centre = float(np.mean(x))
    left, right = _edge_below(x, y, centre)
    slope = (y[right] - y[left]) / (x[right] - x[left])
    excess = y - (y[left] + slope * (x - x[left]))
    scatter = 1.44 * float(np.median(excess)) * count / (count - 3)
    spread = float(np.sqrt(np.sum((x - centre) ** 2)))
    # Messages that come in step with the clock's own ticks are late by a share of a tick that hardly changes from
    # one to the next, so that many of them tell no more than the first and the last.
    in_step = resolution / math.sqrt(3) / (x[-1] - x[0])
    slope_u = math.hypot(math.hypot(scatter, resolution / 2) / spread, in_step)
    return Line(float(x[left]), float(y[left]), float(slope), slope_u)


def _thinned(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Keep the least late point of each of many equal groups; only such points can touch the line."""
    size = -(-len(x) // _MOST_POINTS)
    if size <= 1:
        return x, y
    whole = len(x) // size * size
    overall = (y[-1] - y[0]) / (x[-1] - x[0]) if x[-1] > x[0] else 0.0
    lateness = (y[:whole] - overall * x[:whole]).reshape(-1, size)
    best = np.argmin(lateness, axis=1) + np.arange(0, whole, size)
    return x[best], y[best]


def _edge_below(x: FloatArray, y: FloatArray, centre: float) -> tuple[int, int]:
    """Return the indices of the two corners of the lower convex hull on either side of `centre`.

    Not by `scipy.spatial.ConvexHull`, which refuses points that all lie on one line, as those of a good clock do.
    """
    hull: list[int] = []
    for k in range(len(x)):
        if hull and x[k] <= x[hull[-1]]:
            if y[k] >= y[hull[-1]]:
                continue
            hull.pop()
        while len(hull) > 1 and _not_below(x, y, hull[-2], hull[-1], k):
            hull.pop()
        hull.append(k)
    right = next(i for i in range(1, len(hull)) if x[hull[i]] >= centre or i == len(hull) - 1)
    return hull[right - 1], hull[right]


def _not_below(x: FloatArray, y: FloatArray, a: int, b: int, c: int) -> bool:
    return bool((x[b] - x[a]) * (y[c] - y[a]) <= (y[b] - y[a]) * (x[c] - x[a]))
