# SPDX-License-Identifier: Apache-2.0
"""How long one repetition in a power trace takes, measured without being told what to expect.

The autocorrelation of a trace that repeats has peaks at the multiples of its period. The nearest high peak is
refined at ever longer lags, where the same error in samples is a smaller share of the period. If that lag
is itself a multiple of the period, there are peaks at its divisors, too. Folding the trace at the period shows
whether chance can explain it (epoch folding; D. A. Leahy et al., Astrophysical Journal 266, 1983, 160-170).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

FloatArray = npt.NDArray[np.float64]

LEAST_SAMPLES = 4.0  # a period: fewer cannot hold a shape that shows where it begins
LEAST_REPETITIONS = 8  # in the trace: fewer may be a slow change of the supply and back
_FIRST_PEAK = 0.9  # of the highest peak: the nearest one as high counts ...
_CHANCE = 3.0  # ... less so many standard deviations, by which noise may lift another peak above the nearest one
_AS_HIGH = 0.85  # of the peak at a lag: mean height of those at multiples of its divisor, so that each is > 0.7
_MOST_DIVISOR = 64
_SIGNIFICANCE = 8.0  # standard deviations of what chance gives; a meter's noise is not quite white
_FINE = 3  # bins for each sample, where what repeats is taken out
_FILLED = 4  # samples in each of them, at least
_ROUNDING = 1e-7  # relative: of samples with 24 bits
_LONGEST = 1 << 20  # samples; a longer trace is averaged first


@dataclass(frozen=True)
class Period:
    """A period in samples; `strength` is the share of the trace's variance that repeats with it, 0 to 1."""

    samples: float
    strength: float


@dataclass(frozen=True)
class Folded:
    """What folding at a period explains: the share of the variance, and by how many sigmas beyond chance."""

    strength: float
    sigmas: float


def find_period(power: npt.ArrayLike) -> Period | None:
    """Return the period of `power` (equally spaced, NaN where missing), or None if nothing repeats.

    Only periods of 4 samples or more that repeat at least 8 times are found. The answer does not depend on
    the unit of `power`. A trace longer than a million samples is first averaged by a whole factor.
    """
    x = np.asarray(power, dtype=np.float64)
    factor = math.ceil(len(x) / _LONGEST)
    if factor > 1:
        found = find_period(np.mean(x[: len(x) // factor * factor].reshape(-1, factor), axis=1))
        return None if found is None else Period(found.samples * factor, found.strength)
    y = flattened(x)
    if len(y) < LEAST_SAMPLES * LEAST_REPETITIONS:
        return None
    r = autocorrelation(y, len(y) // 2)
    lag = _nearest_high_peak(r, len(y) // LEAST_REPETITIONS)
    if lag is None:
        return None
    period = _divided(r, lag, _at_longer_lags(r, lag))
    folded = explained(y, period)
    if period < LEAST_SAMPLES or folded.sigmas < _SIGNIFICANCE:
        return None
    return Period(period, folded.strength)


def flattened(power: npt.ArrayLike) -> FloatArray:
    """Return `power` without its slow changes: NaN bridged, single extremes clipped, running mean subtracted.

    The running mean spans a fifth of the trace, which is more than one period wherever one can be found.
    """
    x = np.array(power, dtype=np.float64)
    known = np.isfinite(x)
    if np.count_nonzero(known) < LEAST_SAMPLES:
        return np.zeros(len(x))
    if not np.all(known):
        places = np.arange(len(x))
        x[~known] = np.interp(places[~known], places[known], x[known])
    low, high = np.quantile(x, [0.001, 0.999])
    np.clip(x, low - (high - low), high + (high - low), out=x)
    y = x - running_mean(x, max(3, len(x) // 5))
    # What is left of a constant trace is the rounding of its samples, which repeats in ways of its own.
    return y if np.std(y) > _ROUNDING * np.max(np.abs(x)) else np.zeros(len(x))


def running_mean(x: FloatArray, width: int) -> FloatArray:
    """Return the mean of the `width` samples around each one; an even width takes one more, ends have fewer."""
    size = width // 2 * 2 + 1
    share = uniform_filter1d(np.ones(len(x)), size, mode="constant")  # of the samples around it that are there
    mean: FloatArray = uniform_filter1d(x, size, mode="constant") / share
    return mean


def autocorrelation(y: FloatArray, lags: int) -> FloatArray:
    """Return the autocorrelation of `y` at lags 0 to `lags` - 1, each from as many products as there are.

    The same as `scipy.signal.correlate` with itself, which transforms `y` twice and gives all lags on both sides:
    1.5 to 2.6 times as long for a thousand to a million samples.
    """
    size = fft.next_fast_len(len(y) + lags, real=True)
    spectrum = fft.rfft(y / max(float(np.max(np.abs(y))), 1e-300), size)
    sums = fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[:lags]
    r = sums / (len(y) - np.arange(lags))
    normal: FloatArray = r / r[0] if r[0] > 0 else r
    return normal


def explained(y: FloatArray, period: float) -> Folded:
    """Return what folding `y` (mean zero) at `period` samples explains.

    The trace is folded in up to 16 parts of at least 12 periods each, so that a period that drifts over the
    trace still counts; the share is corrected for the number of bins (as R² is for parameters).
    """
    bin_of, bins = _bins(len(y), period)
    count = np.bincount(bin_of, minlength=bins)
    total = np.bincount(bin_of, weights=y, minlength=bins)
    used = count > 0
    between = float(np.sum(total[used] ** 2 / count[used]))
    whole = float(np.sum(y**2))
    free, left = int(np.count_nonzero(used)), len(y) - int(np.count_nonzero(used))
    if whole <= 0 or left < 1:
        return Folded(0.0, 0.0)
    within = max(whole - between, 1e-12 * whole) / left
    ratio = between / free / within
    sigmas = (ratio - 1) / math.sqrt(2 / free + 2 / left)
    return Folded(max(0.0, 1 - within * len(y) / whole), sigmas)


def repeating(y: FloatArray, period: float, *, fine: bool = False) -> FloatArray:
    """Return what of `y` repeats at `period` samples.

    With `fine`, bins are a third of a sample wide where there are samples enough. Wider ones leave a part of steep
    edges behind that looks like something else that repeats: at 43.33 samples, an edge is at the same place within
    a sample at every third repetition. But then something else that repeats at such a ratio is taken out, too.
    """
    bin_of, bins = _bins(len(y), period, round(_FINE * period) if fine else 0)
    count = np.bincount(bin_of, minlength=bins)
    mean = np.bincount(bin_of, weights=y, minlength=bins) / np.maximum(count, 1)
    repeats: FloatArray = mean[bin_of]
    return repeats


def _bins(length: int, period: float, fine: int = 0) -> tuple[npt.NDArray[np.intp], int]:
    """Return the bin of each sample when folding, and the number of bins: `fine` ones, if the samples suffice."""
    bins = max(3, min(64, round(2 * period)))
    parts = int(min(16, max(1, length / max(12 * period, 8 * bins))))
    bins = max(bins, min(fine, int(length / parts / _FILLED)))
    places = np.arange(length, dtype=np.float64)
    turns = places / period
    bin_of = np.minimum(((turns - np.floor(turns)) * bins).astype(np.intp), bins - 1)
    bin_of += np.minimum((places * (parts / length)).astype(np.intp), parts - 1) * bins
    return bin_of, bins * parts


def _nearest_high_peak(r: FloatArray, longest: int) -> int | None:
    """Return the nearest lag whose peak is as high as the highest one up to `longest`, but for noise."""
    from scipy.signal import find_peaks  # imported here: it takes more than a second

    inner = r[1 : longest + 1]
    below = np.flatnonzero(inner < 0.5)  # beyond the peak at lag zero, which every trace has
    if len(below) == 0:
        return None
    behind = max(int(below[0]), math.ceil(LEAST_SAMPLES) - 2)
    peaks, _ = find_peaks(inner[behind:])
    heights = inner[behind:][peaks]
    if len(peaks) == 0 or not np.max(heights) > 0:
        return None
    # Noise scatters a height h of n samples by √((1 − h²)/n); `r` has half as many lags.
    highest = float(np.max(heights))
    least = _FIRST_PEAK * highest - _CHANCE * math.sqrt(max(0.0, 1 - highest**2) / (2 * len(r)))
    return int(peaks[heights >= least][0]) + behind + 1


def _at_longer_lags(r: FloatArray, lag: int) -> float:
    """Return `lag` refined to a fraction of a sample at its multiples 1, 2, 4, ... as far as they are seen."""
    half = np.flatnonzero(r < 0.5)
    reach = max(2, int(half[0]) // 2) if len(half) else 2
    refined, multiple = _peak_near(r, float(lag), 0), 1
    while (2 * multiple + 0.5) * refined < len(r) - reach - 2:
        multiple *= 2
        place = _peak_near(r, refined * multiple, reach)
        if r[round(place)] < 0.3 * r[lag]:
            break
        refined = place / multiple
    return refined


def _peak_near(r: FloatArray, place: float, reach: int) -> float:
    """Return the place of the highest value near `place`, by a parabola through it and its neighbours."""
    first = round(place) - reach
    top = first + int(np.argmax(r[first : first + 2 * reach + 1]))
    left, middle, right = r[top - 1], r[top], r[top + 1]
    bend = left - 2 * middle + right
    return top + (min(0.5, max(-0.5, 0.5 * float((left - right) / bend))) if bend < 0 else 0.0)


def _divided(r: FloatArray, lag: int, refined: float) -> float:
    """Return the shortest divisor of a lag at whose multiples there are peaks as high as at the lag.

    A peak that falls between two lags is seen lower at both; how much lower is taken from the slopes of the
    peak at `lag`.
    """
    top = r[lag]
    drop = 1 - max(float(r[lag - 1]), float(r[lag + 1])) / top
    top = top / (1 - drop * abs(refined - lag))
    best = refined
    for divisor in range(2, min(_MOST_DIVISOR, int(refined / LEAST_SAMPLES)) + 1):
        wanted = np.arange(1, divisor) * (refined / divisor)
        lags = np.rint(wanted).astype(np.intp)
        height = r[lags] / (top * (1 - drop * np.abs(wanted - lags)))
        if np.mean(height) > _AS_HIGH:
            best = refined / divisor
    return best
