# SPDX-License-Identifier: Apache-2.0
"""Count the inferences in a window by its trace, and find how long each takes.

The clearest period is measured without looking at the stated number of inferences. If it fits that number,
nothing is left to decide. If not, the trace's count and the stated one are both tried, and a count that differs
from the stated one is reported as a disagreement.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.inferences.period import LEAST_REPETITIONS, Period, explained, flattened, repeating
from energy_runner.analysis.inferences.template import align, repetition_of

FloatArray = npt.NDArray[np.float64]

LEAD_S = 0.02  # what a DUT may spend between an edge and the inferences: holding its pin, writing to its UART
_LEAD_SHARE = 0.5  # of a period, for the same
ROUNDING = 1.0  # samples by which all inferences together may seem longer than the window
_GUIDED_SIGMAS = 8.0
_MOST_GUIDED = 400
_PARTS_RATIO = 30.0  # of variances between and within parts; sampling in step with them reaches 20
_PARTS_SHARE = 1e-4  # of the variance of the shape, by which the parts must differ as well
_NEAR = 0.03  # of the stated count: another count this close is tried second


@dataclass(frozen=True)
class WindowTrace:
    """The samples around one window.

    `power_w` is the mean power of each sample (NaN where it is missing) of `period_s` seconds; sample i covers
    the places i to i + 1. The window's edges lie at `start` and `stop`, each within `slack` samples, and
    `stated` inferences ran between them by the facts. Samples before and after the window should be there, at
    least `slack` and a few more: they show where the inferences begin.
    """

    power_w: FloatArray
    period_s: float
    start: float
    stop: float
    slack: float
    stated: int


@dataclass(frozen=True)
class Choice:
    """How many repetitions there may be, their period in samples, and how that disagrees with the facts.

    `disturbed_by` is a clearer period that is not theirs. Each may consist of `parts` so alike that at first only
    the parts were seen; several times as many inferences look almost the same, so the parts must be shown to
    differ.
    """

    count: int
    period: float
    strength: float
    disagreements: tuple[str, ...] = ()
    disturbed_by: float | None = None
    parts: int = 1


def choices(window: WindowTrace, inner: FloatArray, free: Period | None) -> list[Choice]:
    """Return what the window may hold, the likeliest first; empty if nothing repeats."""
    y = flattened(inner)
    if free is None:
        guided = _guided(window, y)
        return [] if guided is None else [guided]
    as_stated = Choice(window.stated, free.samples, free.strength)
    if fits(window, window.stated * free.samples, free.samples):
        return [as_stated]
    duration = window.stop - window.start
    count = round(duration / free.samples)
    count -= not fits(window, count * free.samples, free.samples)
    what = f"the trace repeats {count} times in the window, {window.stated} inferences are stated"
    otherwise = [Choice(count, free.samples, free.strength, (what,))] if count >= LEAST_REPETITIONS else []
    ratio = duration / window.stated / free.samples
    if abs(ratio - 1) < _NEAR:  # inferences of varying length may be as many as stated after all
        return [as_stated, *otherwise]
    return [*_other_period(window, y, free, ratio), *otherwise]


def _other_period(window: WindowTrace, y: FloatArray, free: Period, ratio: float) -> list[Choice]:
    """Return the stated inferences if the clearest period is not theirs, but they repeat too; else nothing.

    `ratio` is that of the stated inferences' mean period to the clearest one.
    """
    several = round(ratio)
    if several >= 2 and fits(window, several * window.stated * free.samples, free.samples):
        return [Choice(window.stated, several * free.samples, free.strength, parts=several)]
    nearest = max(ratio, 1 / ratio)
    if abs(nearest - round(nearest)) <= _NEAR * nearest:
        return []
    # Something else repeats more clearly: a tick of the board, a beat of its supply.
    guided = _guided(window, y - repeating(y, free.samples))
    what = f"a period of {free.samples * window.period_s * 1e3:.6g} ms is clearer than that of the inferences"
    return [] if guided is None else [replace(guided, disagreements=(what,), disturbed_by=free.samples)]


def fits(window: WindowTrace, length: float, period: float) -> bool:
    """Return whether a train of `length` samples fills the window, apart from what a DUT does around it."""
    lead = window.stop - window.start - length
    most = max(LEAD_S / window.period_s, _LEAD_SHARE * period)
    return -2 * window.slack - ROUNDING <= lead <= most + 2 * window.slack


def parts_differ(window: WindowTrace, power: FloatArray, first: int, choice: Choice) -> bool:
    """Return whether the parts that inferences consist of differ from each other, each in its own way.

    The samples are put into bins by their place in a part. If it matters which part of an inference a sample is
    from, the means of a bin differ between parts by more than its samples scatter (analysis of variance).
    """
    count = choice.count * choice.parts
    length = choice.period / choice.parts
    aligned = align(power, first, window.stop - (count - np.arange(count + 1.0)) * length)
    places = first + np.arange(len(power), dtype=np.float64)
    inside = np.isfinite(power) & (places >= aligned.starts[0]) & (places < aligned.starts[-1])
    places, power = places[inside], power[inside]
    number = repetition_of(aligned.starts, places)
    phase = aligned.phase(places)
    rest = power / aligned.scale[number] - aligned.template.at(phase)
    bins = round(2 * length)
    bin_of = np.minimum((phase * bins).astype(np.intp), bins - 1)
    bin_and_part = bin_of * choice.parts + number % choice.parts

    def explained_by(groups: npt.NDArray[np.intp]) -> tuple[float, int]:
        size = np.bincount(groups)
        total = np.bincount(groups, weights=rest)
        return float(np.sum(total[size > 0] ** 2 / size[size > 0])), int(np.count_nonzero(size))

    by_bin, free_bins = explained_by(bin_of)
    by_both, free_both = explained_by(bin_and_part)
    if free_both <= free_bins:  # no bin is met in more than one part
        return False
    between = (by_both - by_bin) / (free_both - free_bins)
    within = (float(np.sum(rest**2)) - by_both) / (len(rest) - free_both)
    shape = float(np.var(aligned.template.at(phase)))
    return between > _PARTS_RATIO * within and by_both - by_bin > _PARTS_SHARE * shape * len(rest)


def _guided(window: WindowTrace, y: FloatArray) -> Choice | None:
    """Return the stated number of inferences with the period near theirs with which the trace repeats.

    Every lead is tried: what folding explains has many narrow peaks, and `scipy.optimize.minimize_scalar` would
    find any one of them.
    """
    duration = window.stop - window.start
    each = duration / window.stated
    most = max(LEAD_S / window.period_s, _LEAD_SHARE * each) + window.slack
    least = -window.slack - ROUNDING
    steps = int(min(_MOST_GUIDED, math.ceil(8 * (most - least) / each) + 1))
    best: Choice | None = None
    sigmas = _GUIDED_SIGMAS
    for lead in np.linspace(least, most, steps):
        period = float(duration - lead) / window.stated
        folded = explained(y, period)
        if folded.sigmas > sigmas:
            best, sigmas = Choice(window.stated, period, folded.strength), folded.sigmas
    return best
