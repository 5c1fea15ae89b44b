# SPDX-License-Identifier: Apache-2.0
"""The single inferences in one window, found by what repeats in its trace.

The period is measured first without looking at the number of inferences that the facts state, and the two are
compared; then every repetition is aligned with the template of all (`template`), and the ends of the train show
where in the template an inference begins (`anchor`). What the trace does not show is not made up: a window
that is not resolved says why.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.inferences.anchor import Anchor, find_anchor
from energy_runner.analysis.inferences.count import WindowTrace, choices, fits, parts_differ
from energy_runner.analysis.inferences.period import (
    LEAST_REPETITIONS,
    LEAST_SAMPLES,
    Period,
    find_period,
    flattened,
    repeating,
)
from energy_runner.analysis.inferences.template import Aligned, align

FloatArray = npt.NDArray[np.float64]

_VAGUE = 0.1  # of a period: boundaries less certain than this are not reported
_MOST_OUTSIDE = 1e6  # times the largest power inside the window: samples outside are clipped to it
_SYSTEMATIC_U = 0.2  # samples: left open by the mixed samples at the ends, the same in all windows


@dataclass(frozen=True)
class Train:
    """The inferences of a window.

    `boundaries` holds the beginning of each inference and the end of the last, in samples, `u` their standard
    uncertainties. `free` is the period that the trace showed by itself, before the stated count was looked at
    (None if only the count led to it). `disagreements` name what does not fit the facts.
    """

    window: WindowTrace
    aligned: Aligned
    anchor: Anchor
    free: Period | None
    strength: float
    disagreements: tuple[str, ...] = ()
    boundaries: FloatArray = field(default_factory=lambda: np.zeros(0))
    u: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def count(self) -> int:
        """Return the number of inferences that the trace shows."""
        return len(self.aligned.starts) - 1

    @property
    def low(self) -> float:
        """Return the least shift of `aligned` that the window's edges allow."""
        return self.window.start - self.window.slack - float(self.aligned.starts[0])

    @property
    def high(self) -> float:
        """Return the largest shift of `aligned` that the window's edges allow."""
        return self.window.stop + self.window.slack - float(self.aligned.starts[-1])

    def moved(self, anchor: Anchor) -> "Train":
        """Return this train with its boundaries where `anchor` says."""
        common_u = math.hypot(anchor.u, _SYSTEMATIC_U)
        return replace(
            self,
            anchor=anchor,
            boundaries=self.aligned.starts + anchor.shift,
            u=np.hypot(self.aligned.u, common_u),
        )


@dataclass(frozen=True)
class NotResolved:
    """A window whose inferences cannot be told apart, and why."""

    reason: str


def find_train(window: WindowTrace) -> Train | NotResolved:
    """Return the inferences in `window`, or why they are not resolved."""
    if window.stated < LEAST_REPETITIONS:
        return NotResolved(f"{window.stated} inferences are too few, at least {LEAST_REPETITIONS} are needed")
    each = (window.stop - window.start) / window.stated
    if not each >= LEAST_SAMPLES:
        what = f"{each:.3g} samples an inference at {1 / window.period_s:.6g} samples a second"
        return NotResolved(f"{what}, at least {LEAST_SAMPLES:g} are needed")
    first = max(0, math.ceil(window.start + window.slack))
    last = min(len(window.power_w), math.floor(window.stop - window.slack))
    known = np.isfinite(window.power_w[first:last])
    if last - first < (LEAST_REPETITIONS - 1) * each or np.count_nonzero(known) < 0.5 * (last - first):
        return NotResolved("too few samples of the window are there")
    unit = float(np.max(np.abs(window.power_w[first:last][known])))
    if not unit > 0:
        return NotResolved("there is no power in the window")
    # Divided by the largest, so that no square can be too large or too small for a float.
    power = np.clip(window.power_w / unit, -_MOST_OUTSIDE, _MOST_OUTSIDE)
    train = _found(window, power, first, last)
    return train if isinstance(train, NotResolved) else replace(train, aligned=train.aligned.times(unit))


def _found(window: WindowTrace, power: FloatArray, first: int, last: int) -> Train | NotResolved:
    """Return the inferences; the samples [first, last) are certainly inside the window."""
    free = find_period(power[first:last])
    likely = choices(window, power[first:last], free)
    for number, choice in enumerate(likely):
        guess = window.stop - (choice.count - np.arange(choice.count + 1.0)) * choice.period
        quiet = power.copy()
        if choice.disturbed_by is not None:
            quiet[first:last] -= repeating(flattened(power[first:last]), choice.disturbed_by)
        if choice.parts > 1 and not parts_differ(window, quiet[first:last], first, choice):
            continue
        aligned = align(quiet[first:last], first, guess)
        if number == len(likely) - 1 or fits(window, float(np.ptp(aligned.starts)), aligned.period):
            break
    else:  # nothing was chosen
        return NotResolved("nothing in the trace repeats as the inferences should")
    if not np.median(aligned.u) < _VAGUE * aligned.period:
        return NotResolved("what repeats in the trace is too faint to tell where an inference begins")
    train = Train(window, aligned, Anchor(0.0, 0.0, seen=False), free, choice.strength, choice.disagreements)
    train = train.moved(find_anchor(quiet, 0, aligned, train.low, train.high))
    # Now that the ends are known, the first and last inferences help, too.
    aligned = align(quiet, 0, train.boundaries, roughly_known=True)
    if not np.all(np.isfinite(aligned.u)):
        return NotResolved("what repeats in the trace is too faint to tell where an inference begins")
    train = replace(train, aligned=aligned)
    return train.moved(find_anchor(quiet, 0, aligned, train.low, train.high))


# --- energy and duration of each ------------------------------------------------------------------------


def energies_j(train: Train) -> FloatArray:
    """Return the energy of each inference in joule; NaN where a sample of it is missing.

    A sample that holds a boundary is shared out by the levels on either side of it: those of the template
    just before and just after a boundary, at the ends of the train those of the neighbouring samples. So no
    energy is lost or counted twice between one inference and the next.
    """
    x, bounds = train.window.power_w, train.boundaries
    known = np.isfinite(x)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, x, 0.0))))
    gone = np.concatenate(([0], np.cumsum(~known)))
    index = np.clip(np.floor(bounds).astype(np.intp), 0, len(x) - 1)
    before, after = _levels_at(train, index)
    share = np.clip(bounds - index, 0.0, 1.0)
    left, right = share * before, (1 - share) * after
    of_left = np.where(left + right > 0, left / np.where(left + right > 0, left + right, 1.0), share)
    mixed = np.where(known[index], x[index], 0.0)
    total = mixed[:-1] * (1 - of_left[:-1]) + (sums[index[1:]] - sums[index[:-1] + 1]) + mixed[1:] * of_left[1:]
    energy: FloatArray = total * train.window.period_s
    missing = gone[index[1:] + 1] - gone[index[:-1]]
    return np.where(missing > 0, np.nan, energy)


def durations_s(train: Train) -> FloatArray:
    """Return the duration of each inference in seconds."""
    duration: FloatArray = np.diff(train.boundaries) * train.window.period_s
    return duration


def _levels_at(train: Train, index: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """Return the levels just before and just after each boundary; never below zero."""
    x, aligned = train.window.power_w, train.aligned
    phase = train.anchor.shift / aligned.period
    inner_before, inner_after = aligned.template.at(np.array([phase - 1 / aligned.period, phase]))
    scale = np.concatenate((aligned.scale[:1], aligned.scale))
    before = inner_before * scale
    after = inner_after * np.concatenate((aligned.scale, aligned.scale[-1:]))
    outside = (x[max(0, index[0] - 1)], x[min(len(x) - 1, index[-1] + 1)])
    before[0] = outside[0] if np.isfinite(outside[0]) else before[0]
    after[-1] = outside[1] if np.isfinite(outside[1]) else after[-1]
    return np.maximum(before, 0.0), np.maximum(after, 0.0)
