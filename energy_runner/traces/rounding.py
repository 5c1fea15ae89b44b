# SPDX-License-Identifier: Apache-2.0
"""Stamps of a steady clock that are written too coarsely for their rows, such as 1024 a second in milliseconds.

The stamp of sample *i* is *i* periods, rounded to a step, so `i - stamp / period` stays within a band that is one
step wide, whatever the phase. A row that is missing shifts those after it by one sample, and the band shows it.

The period is not what the rows of the file give, because some may be missing: it is the longest for which no stamp
has more rows than there were samples, and then what the rows give in which the band finds the losses.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy_runner.traces.model import Float64Array

Int64Array = npt.NDArray[np.int64]
COARSE = 0.3  # of a period: a finer step leaves no doubt which sample a stamp is
REMEMBERED = 1 << 16  # rows in which the band is remembered once the period is known well
_MEMORIES = (REMEMBERED, 1 << 12, 1 << 8)
_PIECE = 1 << 8  # rows
_PHASE = 0.3820  # of the first sample: any that lies at the edge of no simple fraction
_LOOKED_AT = 30_000  # rows from which a period is chosen; all that are there make it better
_TIMES = 3  # that it is made better
_ALLOWED = 50  # losses more, before a period is given up
_AT_ONCE = 1 << 11  # rows after which a period that does not fit is given up
_SURPLUS = 50  # losses that a piece with more rows than samples weighs as much as
_TIED = 5  # losses by which a clock must be the better one if its samples lie between two steps
_RIVAL = 1.1  # times the losses of the best clock, up to which another may be the true one
_OTHER = 1e-6  # relative, from which on two periods are two
_ALIKE = 2  # losses by which two clocks may differ and say the same
_FEWEST = 8  # stamps
_FEW = 4  # clocks that are tried on all rows
_STILL = 0.02  # of a sample, by which the band of a phase that stands still is narrower than a step
_APART = 4  # stamps without a loss, on average, that show the period beyond doubt
_HALF = 0.5
_SURE = 0.2  # of a sample below the band: a row there shows a loss, once the period is known well
_CAUTIOUS = 0.2  # samples by which a loss is rather taken as too small: the next stamps then show the rest
_ODD = 0.02  # share of the pieces with rows outside of the band, above which it is none
_MOST_LOST = 0.12  # share of the samples; with more of them missing anything fits


@dataclass
class Band:
    """Follows the rows of a steady clock and finds which are missing; see the module.

    `surplus` counts pieces in which a stamp has more rows than samples fit. `ties` says that samples lie just
    between two steps, so that each may be rounded to either.
    """

    period_s: float
    step_s: float
    memory: int = REMEMBERED
    margin: float = _SURE
    ties: bool = False
    lost: int = 0
    gaps: int = 0
    surplus: int = 0
    _rows: int = 0

    def __post_init__(self) -> None:
        """Find how wide the band is in the rows that are remembered."""
        width = self.step_s / self.period_s
        rows = np.arange(min(self.memory, 1 << 14))
        # A clock whose phase stands still uses only a part of the step.
        used = float(np.ptp(rows - np.floor((rows + _PHASE) / width) * width))
        self.width = width if self.ties else used
        keep = max(1, self.memory // _PIECE)
        self._tops: deque[float] = deque(maxlen=keep)
        self._bottoms: deque[float] = deque(maxlen=keep)

    def place(self, since_s: Float64Array) -> Int64Array:
        """Return the index of each row by its stamp (s) since the first one."""
        rows = np.arange(self._rows, self._rows + len(since_s), dtype=np.float64)
        self._rows += len(since_s)
        late = rows - since_s / self.period_s
        if self._nothing_odd(late):
            return rows.astype(np.int64) + self.lost
        missing = np.empty(len(rows), dtype=np.int64)
        for begin in range(0, len(rows), _PIECE):
            part = slice(begin, begin + _PIECE)
            missing[part] = self._piece(late[part])
        return rows.astype(np.int64) + missing

    def _nothing_odd(self, late: Float64Array) -> bool:
        """Take rows of which none is missing, as almost always; return whether they are."""
        if not len(late):
            return True
        begins = np.arange(0, len(late), _PIECE)
        tops = (np.maximum.reduceat(late, begins) + self.lost).tolist()
        bottoms = (np.minimum.reduceat(late, begins) + self.lost).tolist()
        if max([*self._tops, *tops]) - min([*self._bottoms, *bottoms]) > self.width + self.margin:
            return False
        self._tops.extend(tops)
        self._bottoms.extend(bottoms)
        return True

    def _piece(self, late: Float64Array) -> Int64Array:
        offset = np.full(len(late), self.lost, dtype=np.int64)
        before = max(self._tops) if self._tops else late[0] + self.lost
        seen = late + self.lost
        begin = 0
        while True:
            tops = np.maximum(np.maximum.accumulate(seen), before)
            gone = np.flatnonzero(seen[begin:] < tops[begin:] - self.width - self.margin)
            if not len(gone):
                break
            begin += int(gone[0])
            # The first row of a stamp is among the earliest in the band.
            due = tops[begin] - self.width + min(self.width, 1.0) / 2 - _CAUTIOUS
            count = max(1, math.ceil(due - seen[begin] - _HALF))
            self.lost += count
            self.gaps += 1
            offset[begin:] += count
            seen[begin:] += count
        bottoms = np.minimum(np.minimum.accumulate(seen), min(self._bottoms, default=np.inf))
        above = np.flatnonzero(seen > bottoms + self.width + _HALF)
        if len(above):  # then the band begins anew
            self.surplus += 1
            self._tops.clear()
            self._bottoms.clear()
            seen = seen[int(above[0]) :]
        self._tops.append(float(np.max(seen)))
        self._bottoms.append(float(np.min(seen)))
        return offset


@dataclass(frozen=True)
class Clock:
    """A steady clock that explains stamps: its period (s), by how much that may be off, relative, and the losses.

    `ties` is as for `Band`. `counts` says that the losses are few enough to be told from a slower clock.
    """

    period_s: float
    doubt: float
    lost: int
    ties: bool
    counts: bool
    cost: int
    still: bool


def clock_of(stamps_s: Float64Array, step_s: float, near: Iterable[float]) -> Clock | None:
    """Return the clock that explains the stamps with the fewest rows missing; None if no steady clock does.

    `near` are periods (s) that others found.
    """
    since_s = stamps_s - stamps_s[0]
    if np.sum(np.diff(since_s) > 0) < _FEWEST:
        return None
    found = _candidates(since_s[:_LOOKED_AT], step_s, near)
    if len(since_s) > _LOOKED_AT:
        again = (_better(since_s, step_s, one.period_s, REMEMBERED, ties=one.ties) for one in found)
        found = sorted((one for one in again if one is not None), key=lambda one: one.cost)
    if not found:
        return None
    rivals = [one for one in found if one.cost <= _RIVAL * found[0].cost + _TIED]
    # Stamps with a phase that stands still say more than those that allow any.
    best = next((one for one in rivals if one.still), rivals[0])
    others = (one for one in rivals if abs(one.period_s / best.period_s - 1) > _OTHER)
    doubtful = any(abs(one.lost - best.lost) > _ALIKE for one in others)
    return replace(best, counts=best.counts and not doubtful)


def _candidates(since_s: Float64Array, step_s: float, near: Iterable[float]) -> list[Clock]:
    """Return the clocks that may be, those that need the fewest losses first."""
    found: list[Clock] = []
    for period_s in _starts(since_s, step_s, near):
        for memory, ties in ((memory, ties) for ties in (False, True) for memory in _MEMORIES):
            most = 2 * min((one.cost for one in found), default=math.inf) + _ALLOWED
            one = _better(since_s, step_s, period_s, memory, ties=ties, most=most)
            if one is not None:
                found.append(one)
            if one is not None and not one.lost:
                break
        if found and min(one.cost for one in found) <= _TIED:
            break
    kept: list[Clock] = []
    for one in sorted(found, key=lambda one: one.cost):
        if all(abs(one.period_s / other.period_s - 1) > _OTHER or one.ties != other.ties for other in kept):
            kept.append(one)
    return kept[:_FEW] + [one for one in kept[_FEW:] if one.still][:1]


def _starts(since_s: Float64Array, step_s: float, near: Iterable[float]) -> Iterator[float]:
    """Yield periods (s) to begin with."""
    given = list(near)
    longest_s, stretch = _longest(since_s, step_s)
    steady_s = _slope(np.arange(len(stretch), dtype=np.float64), stretch) if len(stretch) > 2 else 0.0
    for period_s in (longest_s, steady_s, *given):
        if period_s > 0:
            yield period_s
            rate = round(1 / period_s)
            if rate > 0 and abs(rate * period_s - 1) < 1e-2:
                yield 1 / rate


def _longest(since_s: Float64Array, step_s: float) -> tuple[float, Float64Array]:
    """Return the longest period for which no stamp has too many rows, and the stamps that do not allow more."""
    rows = np.arange(len(since_s), dtype=np.float64)
    low_s, high_s = 0.0, (float(since_s[-1]) + step_s) / (len(since_s) - 1) * (1 + 1e-9)
    at = 0, len(since_s)
    for _ in range(48):
        middle_s = (low_s + high_s) / 2
        ahead = rows * middle_s - since_s
        rise = ahead - np.minimum.accumulate(ahead)
        stop = int(np.argmax(rise))
        if rise[stop] < step_s:
            low_s = middle_s
        else:
            high_s, at = middle_s, (int(np.argmin(ahead[: stop + 1])), stop + 1)
        if high_s - low_s < 1e-12 * high_s:
            break
    return low_s, since_s[at[0] : at[1]]


def _better(
    since_s: Float64Array, step_s: float, period_s: float, memory: int, *, ties: bool, most: float = math.inf
) -> Clock | None:
    """Return the clock near a period (s); None if the rows do not stay in its band, or `most` losses are more."""
    for margin in (*[_HALF] * _TIMES, _SURE):
        band = Band(period_s, step_s, memory, margin, ties)
        parts: list[Int64Array] = []
        for begin in range(0, len(since_s), _AT_ONCE):
            parts.append(band.place(since_s[begin : begin + _AT_ONCE]))
            if band.lost > min(most, _MOST_LOST * (begin + _AT_ONCE) + _ALLOWED):
                return None
        index = np.concatenate(parts).astype(np.float64)
        used_s, period_s = period_s, _slope(index, since_s)
        if not period_s > 0:
            return None
    left = index * period_s - since_s
    if band.surplus > 1 + _ODD * len(index) / _PIECE or float(np.ptp(left)) > step_s + used_s:
        return None
    moved = int(np.sum(np.diff(since_s) > 0))
    beats = min(moved, len(since_s) - 1 - moved)
    doubt = 2 * step_s / float(since_s[-1]) / math.sqrt(max(beats, 1))
    still = not ties and band.width < step_s / used_s - _STILL
    return Clock(
        period_s,
        doubt=doubt,
        lost=band.lost,
        ties=ties,
        counts=not band.lost
        or (
            not band.surplus
            and _APART * band.gaps <= min(len(index), moved)
            and (still or doubt * len(index) <= 2)
        ),
        cost=band.lost + _SURPLUS * band.surplus + _TIED * ties,
        still=still,
    )


def _slope(index: Float64Array, stamps_s: Float64Array) -> float:
    """Return the slope of the best line; by sums, whose order no other thread changes."""
    apart = index - index.mean()
    return float(np.sum(apart * (stamps_s - stamps_s.mean()))) / float(np.sum(apart * apart))
