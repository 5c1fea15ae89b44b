# SPDX-License-Identifier: Apache-2.0
"""The sample period between parts of a run, by the host's clock: a loss that was not noticed is a step in it.

Over a whole run a loss may hide: the line below all arrivals (`line.py`) follows the longer part and leaves the
other above it. Here the least late arrival of each part is compared with that of every other part.
"""

import math
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT

_MOST_PARTS = 16
_LEAST_IN_PART = 8  # arrivals; the least late of so few is still near the link's own latency


@dataclass(frozen=True)
class Stretch:
    """Sample period over that stated, from `start_s` to `stop_s` of sample time, with its standard uncertainty."""

    start_s: float
    stop_s: float
    ratio: float
    u: float


def worst_stretch(facts: Facts, allowed: float, ratio: float = 1.0) -> Stretch | None:
    """Return the stretch whose ratio lies farthest beyond `ratio` ± `allowed`, in its own standard uncertainties.

    The uncertainty of the least latency of a part is taken as the typical latency above it, 1.44 × the median,
    which is several times too much for most links. Return None for too few arrivals.
    """
    if facts.monitor is None:
        return None
    period_s = facts.monitor.period_s
    ends, times_ns = facts.arrival_line()
    parts = min(_MOST_PARTS, len(ends) // _LEAST_IN_PART)
    if parts < 2:
        return None
    at_s = ends * period_s
    late_s = (times_ns - times_ns[0]) * 1e-9 - at_s
    floors: list[tuple[float, float, float]] = []
    for part in np.array_split(np.arange(len(ends)), parts):
        least = part[np.argmin(late_s[part])]
        scatter_s = 1.44 * float(np.median(late_s[part] - late_s[least]))
        floors.append((float(at_s[least]), float(late_s[least]), scatter_s))
    found = [_between(first, second, period_s) for k, first in enumerate(floors) for second in floors[k + 1 :]]
    return max(found, key=lambda one: (abs(one.ratio - ratio) - allowed) / one.u)


def _between(first: tuple[float, float, float], second: tuple[float, float, float], period_s: float) -> Stretch:
    length_s = second[0] - first[0]
    scatter = math.hypot(first[2], second[2], period_s / 2) / length_s
    ratio = 1 + (second[1] - first[1]) / length_s
    return Stretch(first[0], second[0], ratio, math.hypot(scatter, HOST_CLOCK_LIMIT / math.sqrt(3)))
