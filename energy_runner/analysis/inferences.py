"""The single inferences in one window, found by what repeats in its trace.

The period is measured first without looking at the number of inferences that the facts state, and the two are
compared; then every repetition is aligned with the template of all (`template`), and the ends of the train tell
where in the template an inference begins (`anchor`). What the trace does not show is not made up: a window
that is not resolved says why.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.anchor import Anchor, find_anchor
from energy_runner.analysis.periodicity import (
    LEAST_REPETITIONS,
    LEAST_SAMPLES,
    Period,
    explained,
    find_period,
    flattened,
    repeating,
)
from energy_runner.analysis.template import Aligned, align, repetition_of

FloatArray = npt.NDArray[np.float64]

LEAD_S = 0.02  # what a DUT may do between an edge and the inferences: hold its pin, tell its UART
_LEAD_SHARE = 0.5  # of a period, for the same
_ROUNDING = 1.0  # samples by which all inferences together may seem longer than the window
_GUIDED_SIGMAS = 8.0
_MOST_GUIDED = 400
_PARTS_RATIO = 30.0  # of variances between and within parts; sampling in step with them reaches 20
_PARTS_SHARE = 1e-4  # of the variance of the shape, which the parts must differ by as well
_NEAR = 0.03  # of the stated count: so close another count is tried second
_VAGUE = 0.1  # of a period: boundaries less sure than this are none
_ALIKE = 0.95  # correlation of two windows' templates that show the same program
_MOST_OUTSIDE = 1e6  # times the largest power inside the window: what is outside matters no more
_GRID = 2048  # phases at which templates are compared
_SYSTEMATIC_U = 0.2  # samples: what the mix in the samples at the ends hides, the same in all windows


@dataclass(frozen=True)
class WindowTrace:
    """The samples around one window.

    `power_w` is the mean power of each sample (NaN where it is missing) of `period_s` seconds; sample i covers
    the places i to i + 1. The window's edges lie at `start` and `stop`, each within `slack` samples, and
    `stated` inferences ran between them by the facts. Samples before and after the window should be there, at
    least `slack` and a few more, for they tell where the inferences begin.
    """

    power_w: FloatArray
    period_s: float
    start: float
    stop: float
    slack: float
    stated: int


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
    """Return the inferences; of the samples, [first, last) are surely inside the window."""
    free = find_period(power[first:last])
    choices = _choices(window, power[first:last], free)
    for number, choice in enumerate(choices):
        guess = window.stop - (choice.count - np.arange(choice.count + 1.0)) * choice.period
        quiet = power.copy()
        if choice.disturbed_by is not None:
            quiet[first:last] -= repeating(flattened(power[first:last]), choice.disturbed_by)
        if choice.parts > 1 and not _parts_differ(window, quiet[first:last], first, choice):
            continue
        aligned = align(quiet[first:last], first, guess)
        if number == len(choices) - 1 or _fits(window, float(np.ptp(aligned.starts)), aligned.period):
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


# --- the period, and the number of inferences that it means ---------------------------------------------


@dataclass(frozen=True)
class _Choice:
    """How many repetitions there may be, their period in samples, and in what that disagrees with the facts.

    `disturbed_by` is a clearer period that has nothing to do with them. Each may consist of `parts` so alike that
    only they were seen at first; several times as many inferences look almost like that, so it must be shown.
    """

    count: int
    period: float
    strength: float
    disagreements: tuple[str, ...] = ()
    disturbed_by: float | None = None
    parts: int = 1


def _choices(window: WindowTrace, inner: FloatArray, free: Period | None) -> list[_Choice]:
    """Return what the window may hold, the likeliest first; nothing if nothing repeats."""
    y = flattened(inner)
    if free is None:
        guided = _guided(window, y)
        return [] if guided is None else [guided]
    as_stated = _Choice(window.stated, free.samples, free.strength)
    if _fits(window, window.stated * free.samples, free.samples):
        return [as_stated]
    duration = window.stop - window.start
    count = round(duration / free.samples)
    count -= not _fits(window, count * free.samples, free.samples)
    what = f"the trace repeats {count} times in the window, {window.stated} inferences are stated"
    otherwise = [_Choice(count, free.samples, free.strength, (what,))] if count >= LEAST_REPETITIONS else []
    ratio = duration / window.stated / free.samples
    if abs(ratio - 1) < _NEAR:  # inferences of varying length may be as many as stated after all
        return [as_stated, *otherwise]
    return [*_other_period(window, y, free, ratio), *otherwise]


def _other_period(window: WindowTrace, y: FloatArray, free: Period, ratio: float) -> list[_Choice]:
    """Return the stated inferences if the clearest period is not theirs, but they repeat too; else nothing.

    `ratio` is that of the stated inferences' mean period to the clearest one.
    """
    several = round(ratio)
    if several >= 2 and _fits(window, several * window.stated * free.samples, free.samples):
        return [_Choice(window.stated, several * free.samples, free.strength, parts=several)]
    nearest = max(ratio, 1 / ratio)
    if abs(nearest - round(nearest)) <= _NEAR * nearest:
        return []
    # Something else repeats more clearly: a tick of the board, a beat of its supply.
    guided = _guided(window, y - repeating(y, free.samples))
    what = f"a period of {free.samples * window.period_s * 1e3:.6g} ms is clearer than that of the inferences"
    return [] if guided is None else [replace(guided, disagreements=(what,), disturbed_by=free.samples)]


def _fits(window: WindowTrace, length: float, period: float) -> bool:
    """Return whether a train of `length` samples fills the window, but for what a DUT does around it."""
    lead = window.stop - window.start - length
    most = max(LEAD_S / window.period_s, _LEAD_SHARE * period)
    return -2 * window.slack - _ROUNDING <= lead <= most + 2 * window.slack


def _parts_differ(window: WindowTrace, power: FloatArray, first: int, choice: _Choice) -> bool:
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
    bins = max(3, round(2 * length))
    bin_of = np.clip((phase * bins).astype(np.intp), 0, bins - 1)
    bin_and_part = bin_of * choice.parts + number % choice.parts

    def explained_by(groups: npt.NDArray[np.intp]) -> tuple[float, int]:
        size = np.bincount(groups)
        total = np.bincount(groups, weights=rest)
        return float(np.sum(total[size > 0] ** 2 / size[size > 0])), int(np.count_nonzero(size))

    by_bin, free_bins = explained_by(bin_of)
    by_both, free_both = explained_by(bin_and_part)
    left = len(rest) - free_both
    if left < 1 or free_both <= free_bins:
        return False
    between = (by_both - by_bin) / (free_both - free_bins)
    within = (float(np.sum(rest**2)) - by_both) / left
    shape = float(np.var(aligned.template.at(phase)))
    return between > _PARTS_RATIO * within and by_both - by_bin > _PARTS_SHARE * shape * len(rest)


def _guided(window: WindowTrace, y: FloatArray) -> _Choice | None:
    """Return the stated number of inferences with the period near theirs with which the trace repeats."""
    duration = window.stop - window.start
    each = duration / window.stated
    most = max(LEAD_S / window.period_s, _LEAD_SHARE * each) + window.slack
    least = -window.slack - _ROUNDING
    steps = int(min(_MOST_GUIDED, math.ceil(8 * (most - least) / each) + 1))
    best: _Choice | None = None
    sigmas = _GUIDED_SIGMAS
    for lead in np.linspace(least, most, steps):
        period = float(duration - lead) / window.stated
        folded = explained(y, period)
        if folded.sigmas > sigmas:
            best, sigmas = _Choice(window.stated, period, folded.strength), folded.sigmas
    return best


# --- all windows of a run together ----------------------------------------------------------------------


def share_anchor(trains: Sequence[Train]) -> list[Train]:
    """Return the trains with one common place in the template at which an inference begins.

    All windows of a run execute the same program, and a capture's quantisation is another at each edge; so
    together the windows tell better where an inference begins than each alone: by the weighted mean of what
    their ends show, and because no window's inferences may lie outside its edges. The uncertainty is that of
    the mean, widened where the windows differ by more than theirs (Birge ratio).
    """
    seen = [train for train in trains if train.anchor.seen]
    if len(seen) < 2:
        return list(trains)
    leader = min(seen, key=lambda train: train.anchor.u / train.aligned.period)
    lags = {id(train): _lag(leader, train) for train in trains}
    alike = [train for train in seen if lags[id(train)] is not None]
    lag = np.array([lags[id(train)] for train in alike], dtype=np.float64)
    period = np.array([train.aligned.period for train in alike])
    # In periods after the leader's own anchor, as each window sees it.
    where = np.array([train.anchor.shift for train in alike]) / period - lag
    weight = (period / np.array([train.anchor.u for train in alike])) ** 2
    middle = float(np.sum(weight * where) / np.sum(weight))
    birge = math.sqrt(float(np.sum(weight * (where - middle) ** 2)) / max(1, len(alike) - 1))
    u = max(1.0, birge) / math.sqrt(float(np.sum(weight)))
    low = float(np.max(np.array([train.low for train in alike]) / period - lag))
    high = float(np.min(np.array([train.high for train in alike]) / period - lag))
    if low < high:
        middle = min(max(middle, low), high)
    return [_with_common(train, lags[id(train)], middle, u) for train in trains]


def _with_common(train: Train, lag: float | None, middle: float, u: float) -> Train:
    """Return a train anchored where all are, unless it shows something else or its edges forbid it."""
    if lag is None:
        return train
    shift = (middle + lag) * train.aligned.period
    if not train.low - _ROUNDING <= shift <= train.high + _ROUNDING:
        return train
    return train.moved(Anchor(shift, u * train.aligned.period, seen=True))


def _lag(leader: Train, train: Train) -> float | None:
    """Return how much later than the leader's anchor, in periods, the same place lies in another's template.

    Of all equal places, one a period, it is the nearest to the other's own anchor. None if they are not alike.
    """
    offset = _offset(leader.aligned, train.aligned)
    if offset is None:
        return None
    lag = leader.anchor.shift / leader.aligned.period - offset
    return lag + round(train.anchor.shift / train.aligned.period - lag)


def _offset(leader: Aligned, other: Aligned) -> float | None:
    """Return by how much of a period `leader`'s template lies behind `other`'s; None if they are not alike."""
    grid = np.arange(_GRID) / _GRID
    first, second = leader.template.at(grid), other.template.at(grid)
    first, second = first - np.mean(first), second - np.mean(second)
    size = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    if not size > 0:
        return None
    alike = np.fft.irfft(np.fft.rfft(first) * np.conj(np.fft.rfft(second)), _GRID) / size
    top = int(np.argmax(alike))
    if alike[top] < _ALIKE:
        return None
    left, right = float(alike[top - 1]), float(alike[(top + 1) % _GRID])
    bend = left - 2 * float(alike[top]) + right
    return (top + (0.5 * (left - right) / bend if bend < 0 else 0.0)) / _GRID


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
