# SPDX-License-Identifier: Apache-2.0
"""Samples that are readings at an instant: the trapezoidal rule between them, and Simpson's for comparison.

Sample i was read at position i. Between the first and the last reading inside the window power is taken as a
straight line from each to the next. A DUT's power steps at the edges themselves, so from an edge to the reading
next to it inside, the level of that reading counts: a line across the step would charge the level outside.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.sums import Read

_INTERVALS = 1 << 15  # in one block; even, so that Simpson's parabolas are the same as without blocks


@dataclass(frozen=True)
class InstantSum:
    """What `sum_instants` finds, in units of the samples; see `integrate.Integral` for the fields.

    `change` is half the mean square of the difference between neighbours: the variance of what the samples do not
    follow, of white noise and of load changes faster than the samples (J. von Neumann, 1941).
    """

    total: float
    second: float
    expected: int
    missing: int
    missing_share: float
    change: float


def sum_instants(read: Read, length: int, start: float, stop: float) -> InstantSum:
    """Integrate readings between two positions. See `integrate`."""
    from scipy.integrate import trapezoid  # here, because it takes half a second to import

    first, last = math.ceil(start), min(math.floor(stop), length - 1)
    expected = last - first + 1  # 0 for a window between two readings
    total, second, intervals, missing, squares = 0.0, 0.0, 0, 0, 0.0
    for begin, end in _spans(first, last):
        values = np.asarray(read(begin, end + 1), dtype=np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            step = np.diff(values)
            ours = float(trapezoid(values))
        if math.isfinite(ours):
            total += ours
            second += _simpson(values, ours)
        else:
            there = np.isfinite(values)
            whole = there[1:] & there[:-1]
            step = step[whole]
            missing += int(np.count_nonzero(~there[:-1]))
            between = float(np.sum((values[1:] + values[:-1])[whole])) / 2
            total, second = total + between, second + between
        intervals += len(step)
        squares += float(np.sum(np.square(step)))
    present = float(intervals)
    for at, width in ((first, first - start), (last, stop - last)) if expected else ():
        value = float(read(at, at + 1)[0])
        if math.isfinite(value):
            total, second, present = total + value * width, second + value * width, present + width
        elif at == last:
            missing += 1
    duration = stop - start
    if missing or not expected:
        scale = duration / present if present else math.nan
        total, second = total * scale, second * scale
    return InstantSum(
        total=total,
        second=second,
        expected=expected,
        missing=missing,
        missing_share=(duration - present) / duration if missing else 0.0,
        change=squares / (2 * intervals) if intervals else 0.0,
    )


def _simpson(values: npt.NDArray[np.float64], by_trapezoids: float) -> float:
    """Return the integral by Simpson's rule: of an even number of intervals from two trapezoidal ones."""
    from scipy.integrate import simpson, trapezoid

    if len(values) % 2:
        return (4 * by_trapezoids - float(trapezoid(values[::2], dx=2.0))) / 3
    return float(simpson(values))


def _spans(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the ends of the blocks; Simpson's rule needs more than two intervals in the last one."""
    begin = first
    while begin < last:
        end = begin + _INTERVALS if last - begin > _INTERVALS + 2 else last
        yield begin, end
        begin = end
