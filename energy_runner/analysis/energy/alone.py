# SPDX-License-Identifier: Apache-2.0
"""Single samples far from both their neighbours: which cannot be, and which are only in doubt.

A load that changes is seen in two samples in a row somewhere. A sample more than twice what two in a row reach
anywhere, or less than half of what they fall to, is either a pulse shorter than a sample or a reading that is
wrong. Ten times both its neighbours it is refused. Nearer than that, and below its neighbours, it may be either,
so that the energy by which it differs from them is in doubt and counts as uncertainty.

Ten pairs make a level usual, not one: a fault that comes twice in a row once would excuse all the others.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.sums import Samples

Indices = npt.NDArray[np.int64]

TIMES = 10.0  # both neighbours
ABOVE = 2.0  # times what two samples in a row reach; a pulse across two samples is at least half in one of them
USUAL = 10  # pairs of samples that make a level usual
_MOST_EACH = 4  # pulses of an inference
_FEWEST = 10  # fewer may come evenly by chance
_EVEN = 1.5  # the longest distance between such pulses over the usual one
MOST = 1 << 16  # kept of a signal; a trace with more is refused by these


def in_step(at: Indices, inferences: int) -> bool:
    """Return whether pulses come with the inferences: evenly, and a whole number of them with each."""
    each = round(len(at) / inferences) if inferences else 0
    if not 1 <= each <= _MOST_EACH or abs(len(at) - each * inferences) > 1 or len(at) < _FEWEST:
        return False
    apart = np.diff(at[::each])
    return float(np.max(apart)) <= _EVEN * float(np.median(apart))


class Alone:
    """The samples that stand alone on one side of a signal: above their neighbours, or below them.

    Levels are compared by their size, so below zero nothing is found; `bounds` refuse what is there.
    """

    def __init__(self, *, above: bool) -> None:
        self._above = above
        self._tail = np.zeros(0)  # the last two samples of the block before
        self._levels = np.zeros(0)  # the USUAL farthest that two samples in a row reach
        self._kept: list[tuple[Indices, Samples, Samples]] = []  # places, values, and the neighbour next in size

    @property
    def _limit(self) -> float:
        """Return beyond which value a sample is unusual."""
        if len(self._levels) < USUAL:
            return 0.0 if self._above else math.inf
        level = float(self._levels.min() if self._above else self._levels.max())
        if self._above:
            return ABOVE * max(0.0, level)
        return level / ABOVE if level > 0 else -math.inf

    def take(self, begin: int, values: Samples, beyond: float) -> None:
        """Look at a block of samples, of which `beyond` is the largest, or the least.

        Missing samples are infinite, to the side of this search, so that none beside them stands alone.
        """
        before = len(self._tail)
        joined = np.concatenate((self._tail.astype(values.dtype), values[:2]))
        if before:
            self._look(begin - before, joined, math.inf if self._above else -math.inf, joined_at=before)
        self._look(begin, values, beyond)
        self._tail = np.concatenate((self._tail.astype(values.dtype), values[-2:]))[-2:]

    def _look(self, begin: int, values: Samples, beyond: float, *, joined_at: int = 0) -> None:
        """Look at all samples but the first and the last, which lack a neighbour, from the place `begin` on.

        Where two blocks are joined, `joined_at` of the samples are the first one's, and only the pair in the
        middle is new.
        """
        if len(values) < 2:
            return
        self._reach(values[joined_at - 1 : joined_at + 1] if joined_at else values, beyond)
        limit = self._limit
        if not (beyond > limit if self._above else beyond < limit):
            return
        inner = values[1:-1]
        far = (inner > limit) & (inner < np.inf) if self._above else (inner < limit) & (inner > -np.inf)
        at = np.flatnonzero(far) + 1
        sides = values[at - 1], values[at + 1]
        beside = np.maximum(*np.abs(sides)) if self._above else np.minimum(*sides)
        apart = values[at] >= ABOVE * beside if self._above else ABOVE * values[at] <= beside
        at, beside = at[apart], beside[apart]
        if len(at):
            self._kept.append((begin + at, values[at].copy(), beside))
            if sum(len(indices) for indices, _, _ in self._kept) > MOST:
                self._drop_usual()

    def found(self) -> tuple[Indices, Samples, Samples]:
        """Return places, values and neighbours of the samples that stand alone in the whole trace."""
        self._drop_usual()
        if not self._kept:
            nothing = np.zeros(0)
            return np.zeros(0, dtype=np.int64), nothing, nothing
        places, values, beside = zip(*self._kept, strict=True)
        return _joined(places), np.concatenate(values), np.concatenate(beside)

    def _reach(self, values: Samples, beyond: float) -> None:
        """Keep the levels of pairs that are farther than those known, of which missing samples are none."""
        known = len(self._levels) == USUAL
        edge = float(self._levels.min() if self._above else self._levels.max()) if known else 0.0
        if known and not (beyond > edge if self._above else beyond < edge):
            return
        levels = (np.minimum if self._above else np.maximum)(values[:-1], values[1:])
        if known:
            farthest = float(levels.max() if self._above else levels.min()) if len(levels) else edge
            if not (farthest > edge if self._above else farthest < edge):
                return  # as in almost all blocks
            levels = levels[levels > edge] if self._above else levels[levels < edge]
        every = np.concatenate((self._levels, levels[np.isfinite(levels)]))
        if len(every) > USUAL:
            part = np.partition(every, -USUAL if self._above else USUAL - 1)
            every = part[-USUAL:] if self._above else part[:USUAL]
        self._levels = every

    def _drop_usual(self) -> None:
        """Forget what two samples in a row have reached since, and what is beyond the number kept."""
        kept: list[tuple[Indices, Samples, Samples]] = []
        left, limit = MOST, self._limit
        for at, values, beside in self._kept:
            far = values > limit if self._above else values < limit
            if left > 0 and np.any(far):
                kept.append((at[far][:left], values[far][:left], beside[far][:left]))
                left -= len(kept[-1][0])
        self._kept = kept


def _joined(places: Sequence[Indices]) -> Indices:
    return np.concatenate(places).astype(np.int64)
