# SPDX-License-Identifier: Apache-2.0
"""Where the trace itself begins and ends a window: the step from inferences to what is beside them.

Edges that come late all alike, while the DUT's lines come late with them, leave no other witness: the end of every
window then holds what the DUT does after its inferences. The window is cut into blocks of whole inferences, which
are all alike. How many blocks at its end, or at its beginning, are unlike those in its middle says by how much the
edges are late, or early. An edge that is late by less than the time until the DUT does something else, and a start
that follows inferences of warm-up, cannot be told from right ones.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.placing.plausible import LATEST_S, withheld
from energy_runner.session.result import Finding

_LOOK_S = 0.5  # how far into a window; an edge farther off does not belong to its command
_LEAST_SAMPLES = 16  # of a block, so that its mean does not hang on where its first sample begins
_LEAST_S = 1e-3  # of a block: what is shorter does not matter, and there may be thousands in a second
_LEAST_BLOCKS = 10
_MIDDLE_BLOCKS = 40  # for the inferences' scatter, which a few of them would not tell
_INNER, _INNER_SIGMAS = 0.8, 1.2816  # this share of a normal distribution is within so many sigmas
_PARTS, _MOST_OF_IT = 20, 0.8  # of a block, and of what it differs by
_ALIKE = 6  # blocks, of which five say what the part of an inference at an edge usually draws
_AS_BESIDE = 0.5  # as far from the inferences as what is outside, at least
UNLIKE = 0.05  # of the middle blocks' level
UNLIKE_SIGMA = 6.0  # of their scatter
# By how much an edge becomes wider than its lateness: 95 % of a rectangular distribution then hold it, and so does
# the last part of a block.
_INSIDE = 1.25
_RATE_SIGMAS = 3.0  # of the laps' rate
USUAL_S = 0.005  # a DUT may do something else before it pulls its pin, or after


@dataclass(frozen=True)
class Steps:
    """How far edges come after (`late_s`) and before (`early_s`) the step in the trace, of `windows` windows."""

    late_s: float
    early_s: float
    windows: int


def by_trace(source: EnergySource, matching: Matching, alignment: Alignment) -> tuple[Alignment, bool]:
    """Return the alignment as far as the trace agrees with it, and whether the trace could tell."""
    done = [matched.command.inference for matched in matching.windows()]
    steps = find_steps(source, alignment, [one.inferences if one is not None else 1 for one in done])
    return checked_by_steps(alignment, steps, source.step_s), steps is not None


def find_steps(source: EnergySource, alignment: Alignment, inferences: Sequence[int]) -> Steps | None:
    """Return what the trace says of the edges, as the median of all windows; None where it cannot tell.

    `inferences` is the number of inferences in each window. A window of few inferences, with samples missing near
    its ends, or whose power is the same as that after it, says nothing.
    """
    found = [
        one
        for placed, count in zip(alignment.windows, inferences, strict=True)
        if placed is not None and (one := _of_window(source, placed, count)) is not None
    ]
    if not found:
        return None
    late, early = (statistics.median(ends) * source.step_s for ends in zip(*found, strict=True))
    return Steps(late, early, len(found))


def checked_by_steps(alignment: Alignment, steps: Steps | None, step_s: float) -> Alignment:
    """Return the alignment, its windows withheld or widened where the trace contradicts them.

    `step_s` is what a sample lasts.
    """
    if steps is None:
        return alignment
    off_s = max(steps.late_s, steps.early_s)
    known = max((placed.half_width for placed in alignment.windows if placed is not None), default=0.0)
    if off_s <= max(USUAL_S, known * step_s):
        return alignment
    where = "late" if steps.late_s >= steps.early_s else "early"
    detail = f"by the step in the trace, edges come {off_s:.3f} s too {where}"
    if off_s > max(LATEST_S, _drifted_s(alignment, step_s)):
        every = [k for k, placed in enumerate(alignment.windows) if placed is not None]
        return withheld(alignment, every, Finding(id="edges-disagree", detail=detail))
    stop = steps.late_s >= steps.early_s
    windows = [placed and _as_wide_as(placed, _INSIDE * off_s / step_s, stop=stop) for placed in alignment.windows]
    finding = Finding(id="edges-late", detail=f"{detail}; that counts as uncertainty")
    return replace(alignment, windows=windows, findings=[*alignment.findings, finding])


def _drifted_s(alignment: Alignment, step_s: float) -> float:
    """Return how far the rate of the laps may have carried the last window, which its uncertainty counts."""
    last = max((placed.stop for placed in alignment.windows if placed is not None), default=0.0)
    return _RATE_SIGMAS * (alignment.rate_u or 0.0) * last * step_s


def _as_wide_as(placed: Placed, off: float, *, stop: bool) -> Placed:
    """Return the window with edges that are uncertain by `off` samples, all alike or only those that are seen."""
    more = max(0.0, off - placed.half_width)
    starts, stops = (placed.starts, max(placed.stops, off)) if stop else (max(placed.starts, off), placed.stops)
    wider, shared = placed.half_width + more, placed.shared + more
    return replace(placed, half_width=wider, shared=shared, starts=starts, stops=stops)


def _of_window(source: EnergySource, placed: Placed, inferences: int) -> tuple[float, float] | None:
    """Return by how many samples a window's stop is late and its start early; None if that cannot be told."""
    each = (placed.stop - placed.start) / inferences
    if not each > 0 or placed.start < 0 or placed.stop > source.length:
        return None
    block = each * math.ceil(max(_LEAST_SAMPLES, _LEAST_S / source.step_s) / each)
    count = math.floor((placed.stop - placed.start) / block)
    if count < _LEAST_BLOCKS:
        return None
    looked = min(count // 2, math.ceil(_LOOK_S / source.step_s / block) + 2)
    in_middle = min(count // 2, max(looked, _MIDDLE_BLOCKS))
    middle = _means(source, placed.start + (count - in_middle) // 2 * block, block, in_middle)
    level = float(np.median(middle))
    # Not the median: of inferences that alternate between two kinds half or more deviate by nothing.
    scatter = float(np.quantile(np.abs(middle - level), _INNER)) / _INNER_SIGMAS
    unlike = max(UNLIKE * abs(level), UNLIKE_SIGMA * scatter)
    after = _means(source, placed.stop, block, looked) - level
    if not math.isfinite(unlike) or not np.any(np.abs(after) > unlike):
        return None  # what comes after is like the inferences
    before = _means(source, placed.start - block, block / 2, 2) - level
    last = _means(source, placed.stop - looked * block, block, looked)[::-1] - level
    first = _means(source, placed.start, block, looked) - level

    def at_stop(length: float) -> float:
        return _apart([_mean(source, placed.stop - k * block - length, length) for k in range(_ALIKE)])

    def at_start(length: float) -> float:
        return _apart([_mean(source, placed.start + k * block, length) for k in range(_ALIKE)])

    farthest = _LOOK_S / source.step_s + block / 10
    late = _End(last, after, unlike, block, at_stop, either=True).off()
    early = _End(first, before, unlike, block, at_start, either=False).off()
    if not math.isfinite(late + early):
        return None
    return (late if late <= farthest else 0.0), (early if early <= farthest else 0.0)


def _means(source: EnergySource, begin: float, block: float, count: int) -> FloatArray:
    """Return the mean power of `count` blocks from `begin` on, in watt, as far as they were recorded."""
    bounds = np.rint(begin + block * np.arange(count + 1)).astype(np.int64)
    bounds = bounds[(bounds >= 0) & (bounds <= source.length)]
    if len(bounds) < 2:
        return np.zeros(0)
    power_w = np.array(source.power_w(int(bounds[0]), int(bounds[-1])), dtype=np.float64)
    power_w[~np.isfinite(power_w)] = np.nan  # an infinite one is as good as missing
    means: FloatArray = np.add.reduceat(power_w, bounds[:-1] - bounds[0]) / np.diff(bounds)
    return means


def _mean(source: EnergySource, begin: float, length: float) -> float:
    """Return the mean power of `length` samples from `begin` on, at least of one."""
    first = min(max(0, round(begin)), source.length - 1)
    mean_w = float(np.mean(source.power_w(first, max(first + 1, min(round(begin + length), source.length)))))
    return mean_w if math.isfinite(mean_w) else math.nan


def _apart(powers_w: Sequence[float]) -> float:
    """Return by how much the first differs from the middle one of the others."""
    return powers_w[0] - statistics.median(powers_w[1:])


@dataclass(frozen=True)
class _End:
    """The blocks of a window from one end inwards, and those outside it, less the level of the middle in watt.

    `unlike` is what makes one of them unlike the inferences, `block` how many samples each has, and `within` by
    how much so many samples at that end differ from those at the same place in the next blocks.
    `either` allows for blocks outside on the other side of the level: after an edge that is late, the DUT may be
    at its next command.
    """

    blocks: FloatArray
    beside: FloatArray
    unlike: float
    block: float
    within: Callable[[float], float]
    either: bool

    def off(self) -> float:
        """Return how many samples at the end belong to what is beside it; NaN where some are missing.

        A DUT that changes its clock, warms up or begins slowly is unlike its middle too. What lies behind an edge
        in the wrong place is as far from the middle as what is outside, and ends where the inferences begin.
        """
        if not len(self.blocks) or not np.all(np.isfinite(self.blocks)):
            return math.nan
        number = 0
        while number < len(self.blocks) and self._as_beside(self.blocks[number]):
            number += 1
        inner = self.blocks[number : number + 2]  # the first of them may hold the step
        if len(inner) < 2 or (number and inner[1] / self.blocks[number - 1] > _AS_BESIDE):
            return 0.0  # no step: too far from the edge, or a slow change
        rest = float(inner[0])
        if number and not (abs(rest) > self.unlike and rest * self.blocks[number - 1] > 0):
            number -= 1  # the step is in the one before, or hardly beyond it
            rest = float(self.blocks[number]) + (rest if rest * self.blocks[number] > 0 else 0.0)
        if not abs(rest) > self.unlike:
            return 0.0
        if number:
            return (number + rest / float(self.blocks[number - 1])) * self.block
        return self._within_first(rest * self.block)

    def _within_first(self, whole: float) -> float:
        """Return how many samples at the end make the block there unlike the others, which is by `whole`."""
        for step in range(1, _PARTS + 1):
            length = step / _PARTS * self.block
            apart = self.within(length)
            if apart * length / whole >= _MOST_OF_IT:
                return whole / apart if self._as_beside(apart) else 0.0
        return 0.0

    def _as_beside(self, off_w: float) -> bool:
        outside_w = self._outside(off_w)
        return abs(off_w) > self.unlike and off_w / outside_w >= _AS_BESIDE  # not for NaN

    def _outside(self, off_w: float) -> float:
        """Return how far off what is outside lies, on the side of `off_w` if anything does; NaN for nothing."""
        there = self.beside[np.abs(self.beside) > self.unlike]
        if not self.either and len(there) < len(self.beside):
            return math.nan  # the DUT did not do one thing there
        same = there[there * off_w > 0]
        if len(same):
            middle = float(np.median(same))
            at_edge = self.either and same[0] == self.beside[0]
            return min(float(same[0]), middle, key=abs) if at_edge else middle
        return math.copysign(float(np.median(np.abs(there))), off_w) if self.either and len(there) else math.nan
