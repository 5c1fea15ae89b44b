# SPDX-License-Identifier: Apache-2.0
"""Align the repetitions of a trace with what they have in common.

The samples of all repetitions, each put at its place within its own repetition, draw one common shape far finer
than the sampling: the template (if the period is not a whole number of samples, which it hardly ever is).
Each repetition is then shifted until it lies on the template (least squares), and the template is drawn again.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter1d

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.intp]
ComplexArray = npt.NDArray[np.complex128]

_BINS_A_SAMPLE = 8
_SAMPLES_A_BIN = 4
_COARSEST = 24.0  # parts of a repetition in the first, blurred template
_FINER = 4.0  # how much finer the next one is
_ROUNDS = 5  # at most, with each width
_SETTLED = 0.02  # of a part
_OUTLYING = 6.0  # standard deviations; such samples are left out of the template
_MOST_SCALE = 1e3  # of one repetition relative to the others; beyond it the level is not followed
_LITTLE = 0.2  # of the evidence that a start usually has
_TREND_DEGREE = 3
# From end to end a cubic through n equal uncertainties is uncertain by √(40/n) of one, at its places by √(4/n).
_ENDS_APART = math.sqrt(10.0)
_LEAST_KNOWN = 2 * _TREND_DEGREE
_PARTS = 32  # of a repetition, for the first, coarse search
_TOGETHER = 9  # neighbours averaged in that search, to reduce noise
_MIDDLE_OF = 5  # neighbouring turns whose median counts
_CLEARER = 1.1  # times the power that all repetitions have in common: the least gain from following a drift


@dataclass(frozen=True)
class Template:
    """One repetition: level over phase (0 to 1, rising), where a sample that begins at a phase has that level."""

    phase: FloatArray
    level: FloatArray

    def at(self, phase: FloatArray) -> FloatArray:
        """Return the level of samples that begin at `phase`; phases beyond 0 to 1 belong to neighbours."""
        return _around(self.phase, self.level, phase)

    def slope(self, phase: FloatArray, step: float) -> FloatArray:
        """Return by how much the level rises over `step` of phase, centred."""
        half = step / 2
        rise = self.at(self.phase + half) - self.at(self.phase - half)
        return _around(self.phase, rise, phase)


def _around(phase: FloatArray, level: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return `level` at the phases `wanted`, linear between those known and periodic."""
    known = np.concatenate((phase[-1:] - 1, phase, phase[:1] + 1))
    levels = np.concatenate((level[-1:], level, level[:1]))
    return np.interp(wanted - np.floor(wanted), known, levels)


@dataclass(frozen=True)
class Aligned:
    """Where repetitions begin.

    `starts` holds the first place of each repetition and the end of the last one, in samples; `u` is the
    standard uncertainty of each start among the others (all of them may still be shifted together). `scale`
    is the level of each repetition relative to the template and `sigma` the scatter of one sample about it.
    """

    starts: FloatArray
    u: FloatArray
    template: Template
    scale: FloatArray
    sigma: float

    @property
    def period(self) -> float:
        """Return the mean period in samples."""
        return float(self.starts[-1] - self.starts[0]) / (len(self.starts) - 1)

    def times(self, unit: float) -> "Aligned":
        """Return the same in another unit of power."""
        template = Template(self.template.phase, self.template.level * unit)
        return Aligned(self.starts, self.u, template, self.scale, self.sigma * unit)

    @property
    def period_u(self) -> float:
        """Return the standard uncertainty of the mean period.

        Starts that follow a smooth curve are uncertain together, as the curve is; a longer train then does not
        average that out.
        """
        return _ENDS_APART * float(np.sqrt(np.mean(self.u**2))) / (len(self.starts) - 1)

    def phase(self, places: FloatArray) -> FloatArray:
        """Return how far into its repetition each place is: below 0 before the first, above 1 after the last."""
        index = repetition_of(self.starts, places)
        phase = (places - self.starts[index]) / np.diff(self.starts)[index]
        # Outside, the mean period holds: a single first or last one may be off.
        before = (places - self.starts[0]) / self.period
        after = 1 + (places - self.starts[-1]) / self.period
        return np.where(phase < 0, before, np.where(phase > 1, after, phase))


def repetition_of(starts: FloatArray, places: FloatArray) -> IndexArray:
    """Return the number of the repetition that each place lies in; outside, that of the nearest one."""
    index = np.searchsorted(starts, places, side="right") - 1
    return np.clip(index, 0, len(starts) - 2)


def align(power: FloatArray, first: int, starts: FloatArray, *, roughly_known: bool = False) -> Aligned:
    """Return the repetitions in `power` (samples from place `first` on), starting from the guess `starts`.

    The guess may be off by a common shift, which stays, and by a drift or by pauses, unless the starts are
    `roughly_known` to within about a sample. NaN samples are left out. The trace must hold at least one
    repetition.
    """
    places = first + np.arange(len(power), dtype=np.float64)
    inside = _within(places, power, starts)
    count = len(starts) - 1
    period = float(starts[-1] - starts[0]) / count
    finest = 1.0 / min(_BINS_A_SAMPLE, max(1.0, count / _SAMPLES_A_BIN))
    width = finest
    if not roughly_known:
        # A blurred template first: even a repetition that is far off converges on it.
        width = max(finest, period / _COARSEST)
        starts = _followed(places[inside], power[inside], starts)
        inside = _within(places, power, starts)
    places, power = places[inside], power[inside]
    used = np.ones(len(power), dtype=np.bool_)
    while True:
        for _ in range(_ROUNDS):
            fit = _fitted(places, power, starts, used, width)
            before = starts
            starts, u = _quietened(starts, fit.shift, fit.u)
            used = fit.used if width == finest else used
            if np.std(starts - before) < _SETTLED * width:
                break
        if width == finest:
            return Aligned(starts, u, fit.template, fit.scale, fit.sigma)
        width = max(finest, width / _FINER)


def _within(places: FloatArray, power: FloatArray, starts: FloatArray) -> BoolArray:
    """Return which samples are present and certainly within the train, whose ends may be a sample off."""
    within: BoolArray = np.isfinite(power) & (places >= starts[0] + 1) & (places + 2 <= starts[-1])
    return within


def fold(power: FloatArray, phase: FloatArray, bins: int) -> Template:
    """Return the mean of `power` in `bins` equal parts of a repetition; empty parts are left out."""
    phase = phase - np.floor(phase)
    bin_of = np.minimum((phase * bins).astype(np.intp), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    used = count > 0
    level = np.bincount(bin_of, weights=power, minlength=bins)[used] / count[used]
    middle = np.bincount(bin_of, weights=phase, minlength=bins)[used] / count[used]
    return Template(middle, level)


def _followed(places: FloatArray, power: FloatArray, starts: FloatArray) -> FloatArray:
    """Return `starts` moved to follow a drifting period and pauses, to within a part of a repetition.

    Each repetition, averaged into a few parts, is rotated until it resembles the common one; from one repetition
    to the next the rotation changes by less than half a turn.
    """
    count = len(starts) - 1
    period = float(starts[-1] - starts[0]) / count
    parts = int(min(_PARTS, period))
    turn = (places - starts[0]) / period
    part = (turn * parts).astype(np.intp)
    size = np.bincount(part, minlength=count * parts)
    table = (np.bincount(part, weights=power, minlength=count * parts) / np.maximum(size, 1)).reshape(count, parts)
    whole = np.all(size.reshape(count, parts) > 0, axis=1)
    if np.count_nonzero(whole) < _LEAST_KNOWN:
        return starts
    spectra = np.fft.rfft(table - np.mean(table, axis=1, keepdims=True), axis=1)
    seen = np.flatnonzero(whole)
    near = uniform_filter1d(spectra[seen], min(_TOGETHER, len(seen) // 4), axis=0, mode="constant")
    plain = common = np.mean(spectra[seen], axis=0)
    if not _power(plain) > 0.5 * np.mean(_power(near)):  # rotated too far to have anything in common
        common = near[len(near) // 2]
    for _ in range(2):
        alike = np.fft.irfft(near * np.conj(common), parts, axis=1)
        turned = np.unwrap(np.argmax(alike, axis=1).astype(np.float64), period=parts)
        # Not `scipy.signal.medfilt`: that takes zeros beyond the ends, and these turns are far from zero.
        turned = median_filter(turned, _MIDDLE_OF, mode="nearest")
        back = np.exp(2j * np.pi * np.outer(turned, np.arange(spectra.shape[1])) / parts)
        common = np.mean(spectra[seen] * back, axis=0)
    if not _power(common) > _CLEARER * _power(plain):
        return starts  # steps of a single part are not drift; the finer templates follow them
    shift = np.interp(np.arange(count + 1), seen, turned) * period / parts
    return _ordered(starts + shift - shift[-1])


def _power(spectra: ComplexArray) -> FloatArray:
    return np.sum(np.abs(spectra) ** 2, axis=-1)


@dataclass(frozen=True)
class _Fit:
    """One round: the template, the samples that lie on it, and by how much each repetition is off it."""

    template: Template
    used: BoolArray
    scale: FloatArray
    sigma: float  # of the samples, by their median, so of those at flat places
    shift: FloatArray
    u: FloatArray


def _fitted(places: FloatArray, power: FloatArray, starts: FloatArray, used: BoolArray, width: float) -> _Fit:
    """Draw the template from the `used` samples in parts of `width` samples, and fit each start to it.

    A sample between two starts is evidence for both, more for the nearer one: its weight falls linearly from one
    to the next, as its shift does if one of them moves. Taking each start by itself (instead of solving for all at
    once) needs a few rounds more and is always stable.
    """
    count = len(starts) - 1
    period = float(starts[-1] - starts[0]) / count
    index = repetition_of(starts, places)
    phase = (places - starts[index]) / np.diff(starts)[index]
    weight = used.astype(np.float64)

    def summed(values: FloatArray) -> FloatArray:
        return np.bincount(index, weights=weight * values, minlength=count)

    def at_starts(values: FloatArray) -> FloatArray:
        late = summed(values * phase)
        shares = np.append(summed(values) - late, 0.0)
        shares[1:] += late
        return shares

    scale = np.ones(count)
    for _ in range(2):
        template = fold((power / scale[index])[used], phase[used], round(period / width))
        model = template.at(phase)
        squares = summed(model**2)
        scale = summed(model * power) / np.where(squares > 0, squares, 1.0)
        scale[~((scale > 1 / _MOST_SCALE) & (scale < _MOST_SCALE))] = 1.0
    level = scale[index]
    rest = power - level * model
    slope = level * template.slope(phase, 4 * width / period) / (4 * width)
    sigma = 1.4826 * float(np.median(np.abs(rest)))
    # Steep places scatter more than flat ones; the limit leaves both in.
    limit = np.maximum(_OUTLYING * np.hypot(sigma, slope), 1e-12 * np.abs(model))
    # A start with little evidence (at the ends, or where samples are missing) is less certain than it seems.
    steep = at_starts(slope**2)
    typical = float(np.median(steep))
    known = (steep > _LITTLE * typical) & (at_starts(np.ones(len(power))) > _LITTLE * period)
    steep = np.where(known, steep, 1.0)
    most = max(1.5, 0.05 * period)
    shift = np.clip(np.where(known, -at_starts(slope * rest) / steep, 0.0), -most, most)
    # The scatter of the samples at steep places counts; that of a typical start is taken for each one.
    scatter = float(np.median(at_starts((slope * rest) ** 2)[known])) if np.any(known) else 0.0
    u = np.where(known, np.sqrt(scatter) / steep, np.inf)
    return _Fit(template, np.abs(rest) <= limit, scale, sigma, shift, u)


def _quietened(starts: FloatArray, shift: FloatArray, u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the shifted starts with their noise reduced, and their uncertainty.

    A smooth curve is fitted to them. The deviation of a single start from it is kept in the proportion in which
    all starts deviate by more than their uncertainty (empirical Bayes), and wholly if it stands out. Starts
    without evidence are put on the curve.
    """
    known = np.isfinite(u)
    if np.count_nonzero(known) < _LEAST_KNOWN:
        return starts, np.full(len(starts), np.inf)
    number = np.linspace(-1.0, 1.0, len(starts))
    moved = starts + shift
    fit = np.polynomial.Polynomial.fit(number[known], moved[known], _TREND_DEGREE, domain=[-1.0, 1.0])
    trend = fit(number)
    rest = np.where(known, moved - trend, 0.0)
    noise = float(np.median(u[known]))
    jitter2 = max(0.0, (1.4826 * float(np.median(np.abs(rest[known])))) ** 2 - noise**2)
    kept = np.zeros(len(starts))
    if jitter2 > 0:
        kept[known] = jitter2 / (jitter2 + u[known] ** 2)
    outstanding = known & (np.abs(rest) > _OUTLYING * np.hypot(np.sqrt(jitter2), np.where(known, u, 0.0)))
    outstanding[[0, -1]] = False  # half of the evidence for these lies outside the train
    kept[outstanding] = 1.0
    remains = np.where(kept == 1.0, np.where(known, u, 0.0), np.sqrt(jitter2 * (1 - kept)))
    of_trend = noise * np.sqrt((_TREND_DEGREE + 1) / np.count_nonzero(known))
    return _ordered(trend + kept * rest), np.hypot(remains, of_trend)


def _ordered(starts: FloatArray) -> FloatArray:
    """Return `starts` in order, each at least a tenth of the mean distance after the one before it."""
    least = 0.1 * float(starts[-1] - starts[0]) / (len(starts) - 1)
    steps = np.maximum(np.diff(starts), least)
    ordered: FloatArray = starts[0] + np.concatenate(([0.0], np.cumsum(steps)))
    return ordered
