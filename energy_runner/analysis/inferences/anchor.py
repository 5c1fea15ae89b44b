# SPDX-License-Identifier: Apache-2.0
"""Where a train of equal repetitions begins and ends.

The repetitions show how long each is, but not where the first one begins. The ends show that: before and after the
train the trace departs from the template. Every common shift of the starts that the window's edges allow is tried
(not only the best one: the width of the likely ones is the uncertainty); samples inside should lie on the
template, samples outside cost a constant each, and the sample that holds an end is the mix that follows from its
neighbour.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.inferences.template import Aligned

FloatArray = npt.NDArray[np.float64]

_RESOLUTION = 0.05  # samples
_MOST_TRIED = 4000
_OUTSIDE = 3.0  # cost of a sample outside the train, in units of half a squared standard deviation
_WORST = 20.0  # the most that a sample inside can cost: a spike must not decide alone
_LEVEL_U = 0.003  # relative: how far a repetition's level may differ from the others'
_PLACE_U = 0.05  # samples: how far its place may
_NEIGHBOUR_U = 0.1  # the level outside may change by this share from one sample to the next ...
_CHANGING_U = 0.5  # ... and by this share of the change from that one to the one after it
_SLOPE = 0.5  # samples; over this distance the slope of a template is taken
_SEEN_BELOW = 0.7  # of the uncertainty that the edges alone leave: the ends must do better to count as seen
_FLOOR = 1e-9  # of the largest level: no trace is more exact
_FLANK = 6  # samples beyond the last shift that is tried
_ENDS = 8  # repetitions that give the level at either end


@dataclass(frozen=True)
class Anchor:
    """A common shift of all starts in samples, with its standard uncertainty.

    `seen` is False if the ends of the train could not be told from its inside: then the shift is only the
    middle of what the window's edges allow.
    """

    shift: float
    u: float
    seen: bool


def find_anchor(power: FloatArray, first: int, aligned: Aligned, low: float, high: float) -> Anchor:
    """Return by how much all starts of `aligned` must move, between `low` and `high` samples.

    `power` holds the samples from place `first` on and should reach beyond the train by the shifts tried.
    """
    if not high > low:  # the train is longer than its window: either end is off by half of that at least
        return Anchor(0.5 * (low + high), 0.5 * (low - high), seen=False)
    count = int(min(_MOST_TRIED, max(2.0, np.ceil((high - low) / _RESOLUTION)))) + 1
    shifts = np.linspace(low, high, count)
    cost = _end_cost(power, first, aligned, shifts, at_end=False) + _end_cost(
        power, first, aligned, shifts, at_end=True
    )
    likely = np.exp(np.min(cost) - cost)
    likely /= np.sum(likely)
    middle = float(np.sum(likely * shifts))
    u = float(np.sqrt(np.sum(likely * (shifts - middle) ** 2) + (shifts[1] - shifts[0]) ** 2 / 12))
    seen = u < _SEEN_BELOW * (high - low) / math.sqrt(12) or high - low < _RESOLUTION
    return Anchor(middle, u, seen=seen)


def _end_cost(power: FloatArray, first: int, aligned: Aligned, shifts: FloatArray, *, at_end: bool) -> FloatArray:
    """Return the cost of each shift by the samples around one end of the train."""
    end = aligned.starts[-1 if at_end else 0]
    begin = max(first, int(np.floor(end + shifts[0])) - _FLANK)
    stop = min(first + len(power), int(np.ceil(end + shifts[-1])) + _FLANK)
    if stop - begin < 3:
        return np.zeros(len(shifts))
    places = begin + np.arange(stop - begin, dtype=np.float64)
    misfit, sigma = _misfit(power[begin - first : stop - first], places, aligned, at_end=at_end)
    if not at_end:  # backwards in time, a beginning is an end
        misfit, sigma = misfit[::-1], sigma[::-1]
    inside = _cost(misfit / sigma)
    saved = np.concatenate(([0.0], np.cumsum(inside - _OUTSIDE)))  # by counting this many samples as inside
    at = end + shifts - begin if at_end else stop - (end + shifts)
    at = np.clip(at, 0.0, len(inside) - 1e-9)
    index = at.astype(np.intp)
    share = 1 - (at - index)  # of the sample, outside the train
    beyond = misfit[np.minimum(index + 1, len(misfit) - 1)]
    further = misfit[np.minimum(index + 2, len(misfit) - 1)]
    expected = share * beyond
    unknown = _NEIGHBOUR_U * np.abs(beyond) + _CHANGING_U * np.abs(beyond - further)
    allowed = np.hypot(sigma[index], share * unknown)
    mixed = _cost((misfit[index] - expected) / allowed)
    cost: FloatArray = 0.5 * (saved[index] + mixed)
    return cost


def _cost(deviation: FloatArray) -> FloatArray:
    """Return squared deviations up to the worst; a missing sample (NaN) costs as much inside as outside."""
    known = np.nan_to_num(np.abs(deviation), nan=math.sqrt(_OUTSIDE))
    cost: FloatArray = np.minimum(_WORST, np.minimum(known, _WORST) ** 2)
    return cost


def _misfit(
    power: FloatArray, places: FloatArray, aligned: Aligned, *, at_end: bool
) -> tuple[FloatArray, FloatArray]:
    """Return how far the samples around an end depart from an endless train, and how far they may."""
    near = aligned.scale[-_ENDS:] if at_end else aligned.scale[:_ENDS]
    level = float(np.median(near))
    phase = aligned.phase(places)
    model = level * aligned.template.at(phase)
    slope = level * aligned.template.slope(phase, _SLOPE / aligned.period) / _SLOPE
    sigma = np.sqrt(aligned.sigma**2 + (_LEVEL_U * model) ** 2 + (_PLACE_U * slope) ** 2)
    misfit = power - model
    largest = max(float(np.max(np.abs(aligned.template.level))), float(np.nanmax(np.abs(misfit), initial=0.0)))
    return misfit, np.maximum(sigma, max(_FLOOR * largest, 1e-300))
