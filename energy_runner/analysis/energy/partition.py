# SPDX-License-Identifier: Apache-2.0
"""Share the samples of a trace out to parts that follow each other: one least-squares fit under constraints.

Sample i is the mean of the powers in it, x_i = Σ f_ik p_k, where f_ik is the share of the sample that part k took.
Whole samples belong to their part as they are. Only those that hold a boundary are unknown: their powers are
fitted to the samples beside the boundary, so that each boundary sample is shared out completely (energy is
conserved) and no part gets a negative power (C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, 1995,
chapter 23). A part without a whole sample has no neighbour of its own; it may take any power that its samples
allow, and that range is its prior knowledge (rectangular, JCGM 101:2008, 6.4.2). The covariance of the fit gives
each part's uncertainty.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear

from energy_runner.analysis.energy.sums import Read, sum_present

FloatArray = npt.NDArray[np.float64]

_NEIGHBOURS = 4  # whole samples beside a boundary that say what its level is
_AROUND = 64  # samples before the first and after the last boundary, for the level there and for the noise
_FIRM = 1e-3  # of the noise: how exactly a boundary sample is shared out by the fit; the rest follows
_MOST_CHAINED = 48  # parts without whole samples that are solved together
_BLOCK = 1 << 16
_FIRM_TOTAL = 1e6
_ROUNDED = 1e-9


@dataclass(frozen=True)
class Parts:
    """What the parts between neighbouring boundaries come to, in units of the samples; one entry for each part.

    `u` is the standard uncertainty by noise and by sharing out, and `repeated` the part of it that is the same
    again where the same parts lie in the same way: what is assumed of their powers, not noise. `samples` counts
    the whole samples, `missing` those that are NaN among all samples that the part touches (then `total` is NaN).
    `clipped` says that the constraint held a power at zero. `noise` is that of one sample.
    """

    total: FloatArray
    u: FloatArray
    repeated: FloatArray
    samples: npt.NDArray[np.int64]
    missing: npt.NDArray[np.int64]
    clipped: npt.NDArray[np.bool_]
    noise: float


def constrained_levels(matrix: FloatArray, right: FloatArray, weights: FloatArray, total: float) -> FloatArray:
    """Return the levels ≥ 0 that satisfy the normal equations best, with `weights` · levels = `total`.

    `matrix` must be positive definite; a `total` that is not finite or not positive is no constraint. Raises
    `numpy.linalg.LinAlgError` for a matrix that is not positive definite.
    """
    upper = np.linalg.cholesky(matrix).T
    wanted = np.linalg.solve(upper.T, right)
    if not (math.isfinite(total) and total > 0):
        return bounded(upper, wanted)
    firm = _FIRM_TOTAL * float(np.max(np.abs(upper))) / float(np.max(weights))
    levels = bounded(np.vstack([upper, firm * weights]), np.append(wanted, firm * total))
    reached = float(weights @ levels)
    return levels * (total / reached) if reached > 0 else levels


def bounded(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return the x ≥ 0 that makes |matrix · x - right| smallest."""
    free: FloatArray = np.linalg.lstsq(matrix, right, rcond=None)[0]
    if np.all(free >= 0):
        return free
    x: FloatArray = lsq_linear(matrix, right, bounds=(0.0, np.inf), method="bvls").x
    return np.maximum(x, 0.0)


def partition(read: Read, length: int, boundaries: Sequence[float]) -> Parts:
    """Return the parts between each two of `boundaries`, which rise strictly within 0..`length`.

    `read(a, b)` returns the samples [a, b); sample i covers [i, i + 1). Raises `ValueError` for other boundaries.
    """
    bounds = np.asarray(boundaries, dtype=np.float64)
    if len(bounds) < 2 or not (bounds[0] >= 0 and bounds[-1] <= length and np.all(np.diff(bounds) > 0)):
        raise ValueError(f"{len(bounds)} boundaries do not rise within 0..{length}")
    return _Partition(_Blocks(read, length), bounds).solve()


class _Blocks:
    """Samples of a trace, read in blocks: boundaries are visited in order, often many in a block."""

    def __init__(self, read: Read, length: int) -> None:
        self.read, self.length = read, length
        self._first, self._held = 0, np.zeros(0)

    def get(self, first: int, last: int) -> FloatArray:
        first, last = max(0, first), min(self.length, last)
        if first < self._first or last > self._first + len(self._held):
            self._first = first
            self._held = np.asarray(
                self.read(first, min(self.length, max(last, first + _BLOCK))), dtype=np.float64
            )
        return self._held[first - self._first : last - self._first]


@dataclass
class _Level:
    """The power of a part near a boundary: `mean` ± `u` by its own samples or by what is possible at all."""

    part: int
    mean: float
    u: float
    shares: list[tuple[int, float]]  # boundary sample, share of it
    assumed: bool = False  # not by own samples


class _Partition:
    """The parts, one before the first boundary and one after the last included: those give levels, no result."""

    def __init__(self, trace: _Blocks, bounds: FloatArray) -> None:
        self.trace = trace
        first = max(0.0, math.floor(bounds[0]) - _AROUND)
        last = min(float(trace.length), math.ceil(bounds[-1]) + _AROUND)
        outer = [first] if first < bounds[0] else []
        self.lead = len(outer)
        self.bounds = np.concatenate([outer, bounds, [last] if last > bounds[-1] else []])
        self.count = len(bounds) - 1
        self.first = np.ceil(self.bounds[:-1]).astype(np.int64)
        self.whole = np.maximum(0, np.floor(self.bounds[1:]).astype(np.int64) - self.first)
        self.total = np.zeros(len(self.whole))
        self.missing = np.zeros(len(self.whole), dtype=np.int64)
        self.clipped = np.zeros(len(self.whole), dtype=np.bool_)
        self.noise = self._noise()
        self.variance = self.whole * self.noise**2
        self.repeated = np.zeros(len(self.whole))  # variance, not of noise

    def solve(self) -> Parts:
        for k, count in enumerate(self.whole):
            if count:
                begin = int(self.first[k])
                self.total[k], self.missing[k] = sum_present(self.trace.get, begin, begin + int(count))
        chain: list[_Level] = []
        for level in self._levels():
            # A level with a mean of its own ends a chain; the next one then begins in the same boundary sample.
            shared = chain and {i for i, _ in chain[-1].shares} & {i for i, _ in level.shares}
            if chain and (not shared or len(chain) >= _MOST_CHAINED):
                self._share_out(chain)
                chain = []
            chain.append(level)
        if chain:
            self._share_out(chain)
        inner = slice(self.lead, self.lead + self.count)
        total = np.where(self.missing > 0, np.nan, self.total)
        return Parts(
            total=total[inner],
            u=np.sqrt(self.variance + self.repeated)[inner],
            repeated=np.sqrt(self.repeated)[inner],
            samples=self.whole[inner],
            missing=self.missing[inner],
            clipped=self.clipped[inner],
            noise=self.noise,
        )

    def _noise(self) -> float:
        """Return the scatter of a sample within parts, by the differences of neighbours in the same part."""
        steps, largest = [], 0.0
        for first, count in zip(self.first, self.whole, strict=True):
            here = self.trace.get(int(first), int(first) + min(int(count), 2 * _AROUND))
            here = here[np.isfinite(here)]
            steps.append(np.abs(np.diff(here)))
            largest = max(largest, float(np.max(np.abs(here), initial=0.0)))
        every = np.concatenate(steps)
        scatter = 1.4826 * float(np.median(every)) / math.sqrt(2) if len(every) else 0.0
        moved = every[every > 0]
        # The scatter of a few differences is itself uncertain; that of equal ones is the rounding.
        few = math.sqrt((len(every) + 2) / len(every)) if len(every) else 1.0
        rounding = float(np.min(moved)) / math.sqrt(12) if len(moved) and not scatter else 0.0
        return max(few * scatter, rounding, 1e-9 * largest)

    def _levels(self) -> list[_Level]:
        """Return the levels of all parts in order; a part of several whole samples has one at either end."""
        found: list[_Level] = []
        for k, count in enumerate(self.whole):
            start, stop = float(self.bounds[k]), float(self.bounds[k + 1])
            left, right = math.floor(start), math.floor(stop)
            if left == right:  # inside one sample
                found.append(self._possible(k, [(left, stop - start)]))
                continue
            at_left = [(left, left + 1 - start)] if start > left else []
            at_right = [(right, stop - right)] if stop > right else []
            if count == 0:
                found.append(self._possible(k, [*at_left, *at_right]))
            elif count == 1:
                found.append(self._seen(k, int(self.first[k]), 1, [*at_left, *at_right]))
            else:
                size = min(_NEIGHBOURS, int(count) // 2)
                begin = int(self.first[k])
                found.append(self._seen(k, begin, size, at_left))
                found.append(self._seen(k, begin + int(count) - size, size, at_right))
        return [level for level in found if level.shares]

    def _seen(self, part: int, first: int, size: int, shares: list[tuple[int, float]]) -> _Level:
        """Return the level of a part by `size` whole samples of it."""
        here = self.trace.get(first, first + size)
        here = here[np.isfinite(here)]
        if not len(here):
            return self._possible(part, shares)
        # With n samples the scatter s is itself uncertain: variance s²(n - 1)/(n - 3) (JCGM 101:2008, 6.4.9.2).
        n = len(here)
        local = float(np.var(here, ddof=1)) * (n - 1) / (n - 3) if n > 3 else 0.0
        apart = float(np.ptp(here)) / 2 if 1 < n <= 3 else 0.0
        return _Level(part, float(np.mean(here)), math.sqrt(max(self.noise**2, local, apart**2)), shares)

    def _possible(self, part: int, shares: list[tuple[int, float]]) -> _Level:
        """Return any level between none and as much as its samples hold."""
        highest = [float(x) / share for i, share in shares for x in self.trace.get(i, i + 1) if np.isfinite(x)]
        most = max(min(highest, default=0.0), self.noise)
        return _Level(part, most / 2, most / math.sqrt(12), shares, assumed=True)

    def _share_out(self, chain: list[_Level]) -> None:
        """Share out the boundary samples of levels that depend on each other."""
        samples = sorted({i for level in chain for i, _ in level.shares})
        x = np.array([float(self.trace.get(i, i + 1)[0]) if i < self.trace.length else math.nan for i in samples])
        share = np.zeros((len(samples), len(chain)))
        for k, level in enumerate(chain):
            for i, part in level.shares:
                share[samples.index(i), k] += part
        gone = ~np.isfinite(x)
        for k, level in enumerate(chain):
            self.missing[level.part] += int(np.sum(gone & (share[:, k] > 0)))
        share, x = share[~gone], x[~gone]
        if not len(x):
            return
        full = np.sum(share, axis=1)  # less than 1 where the other parts of the sample are in another chain
        mean, u = np.array([level.mean for level in chain]), np.array([level.u for level in chain])
        firm = 1 / (_FIRM * self.noise)
        matrix = np.vstack([np.diag(1 / u), share * firm])
        right = np.concatenate([mean / u, x * full * firm])
        gain = np.linalg.pinv(matrix) * np.concatenate([1 / u, np.full(len(x), firm)])
        free = gain @ np.concatenate([mean, x * full])
        power = free if np.all(free >= 0) else bounded(matrix, right)
        # A sample that two chains hold was divided by duration, which may be off by the smaller part.
        divided = np.abs(x) * np.minimum(full, 1 - full) / math.sqrt(3)
        assumed = np.where(full < 1 - _ROUNDED, divided, 0.0)
        true_u = np.concatenate([u, np.where(full < 1 - _ROUNDED, divided, self.noise)])
        covariance = (gain * true_u**2) @ gain.T
        # Of a level by its own samples the noise differs from time to time; what it rests on otherwise does not.
        own = np.array([0.0 if level.assumed else self.noise for level in chain])
        same_u = np.concatenate([np.sqrt(np.maximum(0.0, u**2 - own**2)), assumed])
        same = (gain * same_u**2) @ gain.T
        parts = share * power
        parts += (x * full - np.sum(parts, axis=1))[:, None] * _weights(parts, share)
        owners = [level.part for level in chain]
        for owner in sorted(set(owners)):
            mine = np.array([owner == one for one in owners])
            self.total[owner] += float(np.sum(parts[:, mine]))
            took = np.where(mine, np.sum(share, axis=0), 0.0)
            repeated = float(took @ same @ took)
            # Whole samples are in the total and in the mean of the level: their noise counts in both at once.
            twice = 2 * float(np.sum((took @ gain[:, : len(chain)])[mine] * own[mine] ** 2))
            self.variance[owner] += float(took @ covariance @ took) - repeated + twice
            # What the constraint added is never taken away again another time.
            self.repeated[owner] += repeated + float(took @ np.abs(power - free)) ** 2
            self.clipped[owner] |= bool(np.any(mine & (free < -2 * np.sqrt(np.diag(covariance)))))


def _weights(parts: FloatArray, share: FloatArray) -> FloatArray:
    """Return who takes what the fit leaves of each sample: all in proportion; by duration where all are zero."""
    base = np.where(np.sum(parts, axis=1)[:, None] > 0, parts, share)
    weights: FloatArray = base / np.sum(base, axis=1)[:, None]
    return weights
