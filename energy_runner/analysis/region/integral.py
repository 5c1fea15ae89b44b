# SPDX-License-Identifier: Apache-2.0
"""The integral between two places that somebody chose, where nothing is known to happen.

At an edge of a window the power of a DUT steps, so the sample that holds it is cut by the levels on both sides
(`mean_samples`), and a reading is not joined to one beyond it (`instant_samples`). A place that was chosen
has no such step. A sample that is a mean is shared out linearly there, and between two readings at an instant the
power is a straight line. So regions that meet add up to the region of both, to the last digit but for rounding.

What either method could have taken amiss is in `second` and `unexplained`, which the uncertainty budget reads.
"""

import math
from dataclasses import replace

from energy_runner.analysis.energy.integrate import Integral, Kind, integrate
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.sums import Read


def between(source: EnergySource, start: float, stop: float, *, on_edges: bool) -> Integral:
    """Return the integral of a source's samples between two positions, edges of windows or chosen ones."""
    if on_edges:
        return source.window(start, stop)
    return integrate_chosen(source.read, source.length, start, stop, source.kind)


def integrate_chosen(read: Read, length: int, start: float, stop: float, kind: Kind = "mean") -> Integral:
    """Return the integral of the samples between two chosen positions; see `integrate` for the arguments."""
    found = integrate(read, length, start, stop, kind)
    if kind == "mean":
        return replace(found, total=found.second, second=found.total)
    first, last = math.ceil(start), min(math.floor(stop), length - 1)

    def value(index: int) -> float:
        return float(read(index, index + 1)[0]) if 0 <= index < length else math.nan

    if first > last:  # between two readings
        return _between_two(found, (value(last), value(last + 1)), (start + stop) / 2 - last, stop - start)
    # A triangle at each end: from the level that `integrate` holds to the line to the reading beyond.
    left = _triangle(value(first), value(first - 1), first - start)
    right = _triangle(value(last), value(last + 1), stop - last)
    return replace(
        found,
        total=found.total + left + right,
        second=found.second + left + right,
        unexplained=(abs(left), abs(right)),
    )


def _between_two(found: Integral, readings: tuple[float, float], middle: float, width: float) -> Integral:
    before, after = readings
    rise = after - before
    level = before + rise * middle if math.isfinite(rise) else before if math.isfinite(before) else after
    unsure = abs(rise) * width / 2 if math.isfinite(rise) else 0.0
    return replace(found, total=level * width, second=level * width, unexplained=(unsure, unsure))


def _triangle(here: float, beyond: float, width: float) -> float:
    """Return the area between a level that is held and the line to the reading beyond; 0 where that is missing."""
    area = width * width * (beyond - here) / 2
    return area if math.isfinite(area) else 0.0
