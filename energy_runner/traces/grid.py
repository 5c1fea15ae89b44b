# SPDX-License-Identifier: Apache-2.0
"""From time stamps to sample indices: the period that a file's stamps have, and the rows that are missing in it.

Stamps are rounded, so their differences scatter by one step of their last digit although the clock is steady; that
is no jitter. Four kinds of stamps are told apart by the first rows:

* *steady*: a step between rows is a whole number of periods, give or take the rounding. A step of several periods
  means that rows are missing, which is how tools write a loss.
* *coarse*: several rows have the same stamp (a clock that counts whole seconds). The rows of a step count; where
  one step has fewer than the others, the rest of them is missing.
* *rounded*: stamps of a steady clock, too coarse for their rows (1024 or 990 a second, in whole milliseconds); see
  `rounding`.
* *jittering*: stamps of a host that dated what it received. Rows count, and are missing only where the stamps run
  away from them by more than they usually scatter, so smaller losses cannot be seen.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from energy_runner.traces.model import Float64Array, TraceFileError
from energy_runner.traces.rounding import COARSE, Band, clock_of

Int64Array = npt.NDArray[np.int64]
Way = Literal["steady", "coarse", "rounded", "jittering"]
MOST_GAP_S = 600.0
MOST_GAP = 100_000_000
_EXACT = 1e-3  # of a step of the stamps: a difference beyond it is not their rounding
_STEADY = 0.3  # of a period, by which a step may differ from whole periods beside the rounding
_ODD = 0.02  # share of the steps that may be odd in a steady file
_FEWEST = 2  # steps of a coarse clock, between which rows are counted
_REPEATED = 1e-3  # share of the rows, above which equal stamps are a coarse clock and no row written twice
_FEWEST_REPEATED = 3
_CROWDED = 16  # rows with one stamp, from which steps are told from scatter by their rows alone
_LAST = 1000  # rows that show in which steps stamps are written now
_WRITTEN = 0.01  # of a step
_ALONE = 0.999  # of a period: a shorter step holds one sample at most


@dataclass(frozen=True)
class Fit:
    """What the first stamps say: the way to read them, the period (s), and by how much it may be off, relative.

    `scatter` is that of a jittering stamp against its row, in periods; `ties` is as for `Band`. `counts` says that
    missing rows can be counted.
    """

    way: Way
    period_s: float
    doubt: float
    scatter: float = 0.5
    ties: bool = False
    counts: bool = True


def resolution(texts: list[str], factor: float) -> float:
    """Return the step of the last digit in which stamps are written (s), from the cells of the first rows."""
    finest = 0
    for text in texts:
        mantissa, _, exponent = text.replace(",", ".").lower().partition("e")
        digits = len(mantissa.partition(".")[2])
        try:
            finest = max(finest, digits - (int(exponent) if exponent else 0))
        except ValueError:
            continue
    return factor * 10.0 ** -min(max(finest, -12), 18)


def fit(stamps_s: Float64Array, step_s: float) -> Fit | None:
    """Return what the first stamps say; None for too few. `step_s` is the resolution of the stamps."""
    stamps_s = stamps_s[np.isfinite(stamps_s)]
    differences = np.diff(stamps_s)
    moved = differences[differences > _EXACT * step_s]
    if len(stamps_s) < 2 or not len(moved):
        return None
    same = int(np.sum(np.abs(differences) <= _EXACT * step_s))
    if same > max(_REPEATED * len(stamps_s), _FEWEST_REPEATED - 1):
        step_s = written(differences, step_s)
        return _rounded(stamps_s, step_s, ()) or _shared(stamps_s, differences > _EXACT * step_s, step_s)
    # The lower median: between a step and a gap there is no period.
    usual = float(np.quantile(moved, 0.5, method="lower"))
    steps = np.rint(moved / usual)
    ones = moved[steps == 1]
    period_s = float(np.mean(ones)) if len(ones) else usual
    # Then all steps together, those of several periods included, which leaves less of the rounding.
    steps = np.rint(moved / period_s)
    total = float(np.sum(steps))
    period_s = float(np.sum(moved)) / total if total else period_s
    if step_s > COARSE * period_s and total != len(moved):
        # A step of two may be a loss, or two samples that the rounding moved apart.
        found = _rounded(stamps_s[np.append(True, differences > _EXACT * step_s)], step_s, (period_s,))
        if found is not None:
            return found
    off = np.abs(moved / period_s - np.maximum(steps, 1)) - 1.01 * step_s / period_s
    if max(float(np.mean(off > _STEADY)), float(np.mean(differences < -_EXACT * step_s))) > _ODD:
        # Times with a fixed number of digits have a step that grows.
        return _rounded(stamps_s, written(differences, step_s), (period_s,)) or _jittering(stamps_s)
    doubt = step_s / (total * period_s) + 4e-16 * abs(float(stamps_s[-1])) / period_s / max(total, 1.0)
    return Fit("steady", period_s, doubt)


def written(differences: Float64Array, step_s: float) -> float:
    """Return the step (s) in which the last stamps are written: `step_s`, or a coarser one that they show."""
    moved = differences[-_LAST:]
    moved = moved[moved > _EXACT * step_s]
    if not len(moved):
        return step_s
    least_s = float(np.min(moved))
    times = moved / least_s
    coarser = least_s > 1.5 * step_s and bool(np.all(np.abs(times - np.rint(times)) < _WRITTEN))
    return float(f"{least_s:.6g}") if coarser else step_s


def _rounded(stamps_s: Float64Array, step_s: float, near: tuple[float, ...]) -> Fit | None:
    found = clock_of(stamps_s, step_s, near)
    if found is None:
        return None
    return Fit("rounded", found.period_s, found.doubt, ties=found.ties, counts=found.counts)


def _shared(stamps_s: Float64Array, moved: npt.NDArray[np.bool_], step_s: float) -> Fit | None:
    """Return what stamps say of which many belong to several rows, by no steady clock that is rounded.

    Each of these rows is a sample. To leave some out would be to sample the load at the beat of two clocks.
    """
    rows = np.diff(np.flatnonzero(moved))
    if not len(rows):
        return None
    usual = float(np.median(rows))
    if usual >= _CROWDED:
        return _coarse(stamps_s, moved)
    found = _jittering(stamps_s)
    if not found.period_s > 0:
        return None
    return replace(found, scatter=max(found.scatter, 0.5 + 0.55 * step_s / found.period_s))


def _coarse(stamps_s: Float64Array, moved: npt.NDArray[np.bool_]) -> Fit | None:
    at = np.flatnonzero(moved) + 1
    if len(at) < _FEWEST:
        return None
    rows = np.diff(at)
    span_s = np.diff(stamps_s[at])
    if not np.all(span_s > 0):
        return None
    rate = float(np.median(rows / span_s))
    return Fit("coarse", 1 / rate, 1 / float(np.sum(rows)))


def _jittering(stamps_s: Float64Array) -> Fit:
    # From rows far apart, by the median: a gap among them moves it by little.
    apart = max(1, len(stamps_s) // 10)
    period_s = float(np.median(stamps_s[apart:] - stamps_s[:-apart])) / apart
    steps = np.abs(np.diff(stamps_s) / period_s - 1) if period_s > 0 else np.zeros(1)
    scatter = 0.5 + 0.6 * float(np.percentile(steps, 99.5))
    return Fit("jittering", period_s, 2 * scatter / len(stamps_s), scatter, counts=False)


def rounded(found: Fit, step_s: float, last_s: float | None, first_s: float) -> float:
    """Return the period as its clock has it: as the whole file says, then a round one that it cannot be told from.

    `last_s` is the last stamp of the file, if it is known.
    """
    period_s, doubt = found.period_s, found.doubt
    if found.way == "steady" and last_s is not None and last_s > first_s:
        periods = round((last_s - first_s) / period_s)
        if periods * doubt < 0.25 and periods > 0:
            period_s, doubt = (last_s - first_s) / periods, step_s / (last_s - first_s)
    near = max(2 * doubt, 1e-12)
    rate = round(1 / period_s)
    if rate > 0 and abs(period_s * rate - 1) <= near:
        return 1 / rate
    steps = round(period_s / step_s)
    if steps > 0 and abs(steps * step_s / period_s - 1) <= near:
        return float(f"{steps * step_s:.12g}")
    return float(f"{period_s:.15g}")


@dataclass
class Grid:
    """Gives each row its sample index, block by block.

    `repeated` counts rows that have the stamp of the row before them and are left out, `uneven` rows whose stamp
    is between two samples, `worst` by how much at most, in periods. `back` counts stamps that go back by jitter.
    `coarser_s` is the step (s) in which the stamps are written at the end, if it is coarser than at first.
    """

    period_s: float
    step_s: float
    way: Way
    scatter: float = 0.5
    ties: bool = False
    next: int = 0
    repeated: int = 0
    uneven: int = 0
    worst: float = 0.0
    back: int = 0
    coarser_s: float = 0.0
    _last_s: float | None = None
    _first_s: float = 0.0
    _rows: int = 0
    _ahead: int = 0
    _since: int = field(default=0)
    _stamp_s: float | None = None
    _band: Band | None = None
    _base: int = 0
    _since_s: float = 0.0
    _surplus: int = 0

    def place(self, stamps_s: Float64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
        """Return the index of each row that is kept, and which are kept.

        Raises `StampError` for a stamp that is missing, goes back, or jumps too far.
        """
        if not len(stamps_s):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
        if not math.isfinite(float(np.sum(stamps_s))):
            wrong = np.flatnonzero(~np.isfinite(stamps_s))
            raise StampError(int(wrong[0]) if len(wrong) else 0, "has no time")
        if self._last_s is None:
            self._first_s = float(stamps_s[0])
        place = {
            "steady": self._steady,
            "coarse": self._coarse,
            "rounded": self._rounded,
            "jittering": self._jittering,
        }[self.way]
        index, kept = place(stamps_s)
        self._last_s = float(stamps_s[-1])
        if len(index):
            self.next = int(index[-1]) + 1
        return index, kept

    def _steady(self, stamps_s: Float64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
        before = self._last_s if self._last_s is not None else float(stamps_s[0]) - self.period_s
        taken = np.diff(stamps_s, prepend=before)
        if float(np.max(taken)) < 1.3 * self.period_s and float(np.min(taken)) > 0.7 * self.period_s:
            # Nothing is missing, as almost everywhere.
            return np.arange(self.next, self.next + len(taken), dtype=np.int64), _all(len(taken))
        self._check(taken, stamps_s)
        periods = taken / self.period_s
        steps = np.rint(periods)
        again = np.abs(taken) <= _EXACT * self.step_s
        if self._last_s is None:
            again[0], steps[0] = False, 1.0
        if np.sum(again) > max(_REPEATED * len(again), _FEWEST_REPEATED - 1):
            self.way = "rounded"  # six digits leave a step of 1 ms from 100 s on, and then rows share stamps
            return self._rounded(stamps_s)
        # Half a period may be rounded down to none although the row is another one.
        steps[~again & (steps < 1)] = 1.0
        steps[again] = 0.0
        off = np.abs(periods - steps)[~again]
        allowed = _STEADY + 1.01 * self.step_s / self.period_s
        if len(off):
            self.uneven += int(np.sum(off > allowed))
            self.worst = max(self.worst, float(np.max(off)))
        self.repeated += int(np.sum(again))
        index = np.cumsum(steps.astype(np.int64)) + (self.next - 1)
        return index[~again], ~again

    def _check(self, taken: Float64Array, stamps_s: Float64Array) -> None:
        back = taken < -_EXACT * self.step_s
        wrong = np.flatnonzero(back | (taken > self._longest()))
        if len(wrong):
            row = int(wrong[0])
            raise self._error(row, stamps_s, "goes back" if back[row] else "jumps")

    def _longest(self) -> float:
        """Return the longest step (s) that may be a loss."""
        return min(MOST_GAP_S, MOST_GAP * self.period_s)

    def _error(self, row: int, stamps_s: Float64Array, what: str) -> "StampError":
        before = stamps_s[row - 1] if row else self._last_s
        return StampError(row, f"{what} from {before:.9g} s to {stamps_s[row]:.9g} s after the first row")

    def _coarse(self, stamps_s: Float64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
        """Rows follow each other; where a step of the stamps ends early, the rest of its rows is missing."""
        before = self._last_s if self._last_s is not None else float(stamps_s[0])
        taken = np.diff(stamps_s, prepend=before)
        self._check(taken, stamps_s)
        index = np.arange(self.next, self.next + len(stamps_s), dtype=np.int64)
        for row in np.flatnonzero(taken > _EXACT * self.step_s):
            at = int(index[row])
            if self._stamp_s is not None:
                due = (float(stamps_s[row]) - self._stamp_s) / self.period_s
                missing = round(due - (at - self._since))
                if missing > (0 if abs(due - round(due)) < 1e-6 else 1):
                    index[row:] += missing
                    at += missing
            self._since, self._stamp_s = at, float(stamps_s[row])
        return index, _all(len(index))

    @property
    def crowded(self) -> int:
        """Return in how many pieces a stamp has more rows than there can have been samples."""
        return self._surplus + (self._band.surplus if self._band is not None else 0)

    def _rounded(self, stamps_s: Float64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
        """Rows follow each other within the band of their clock; below it rows are missing."""
        before = self._last_s if self._last_s is not None else float(stamps_s[0])
        taken = np.diff(stamps_s, prepend=before)
        self._check(taken, stamps_s)
        self._coarsen(stamps_s, taken)
        again = np.zeros(len(taken), dtype=np.bool_)
        if self.step_s < _ALONE * self.period_s:  # two samples cannot have one stamp
            again = taken <= _EXACT * self.step_s
            again[0] &= self._last_s is not None
            self.repeated += int(np.sum(again))
        assert self._band is not None  # noqa: S101
        return self._band.place(stamps_s[~again] - self._since_s) + self._base, ~again

    def _coarsen(self, stamps_s: Float64Array, taken: Float64Array) -> None:
        """Follow a step that grows, as that of times with a fixed number of digits does: the band begins anew."""
        step_s = written(taken, self.step_s)
        if self._band is not None and step_s == self.step_s:
            return
        self.coarser_s = max(self.coarser_s, step_s if step_s != self.step_s else 0.0)
        self.ties |= step_s != self.step_s  # finer stamps before it lie anywhere in the band
        self.step_s = step_s
        if self._last_s is None:
            self._base, self._since_s = 0, self._first_s
        else:
            begun = max(1, round(float(taken[0]) / self.period_s))
            self._base, self._since_s = self.next - 1 + begun, float(stamps_s[0])
        self._surplus += self._band.surplus if self._band is not None else 0
        self._band = Band(self.period_s, self.step_s, ties=self.ties)

    def _jittering(self, stamps_s: Float64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
        before = self._last_s if self._last_s is not None else float(stamps_s[0])
        taken = np.diff(stamps_s, prepend=before)
        if np.any((taken > self._longest()) | (taken < -2 * self.scatter * self.period_s)):
            self._check(taken, stamps_s)
        self.back += int(np.sum(taken < -_EXACT * self.step_s))
        rows = np.arange(self._rows, self._rows + len(stamps_s), dtype=np.float64)
        ahead = (stamps_s - self._first_s) / self.period_s - rows
        offset = np.full(len(rows), self._ahead, dtype=np.int64)
        begin = 0
        while len(over := np.flatnonzero(ahead[begin:] - self._ahead > 2 * self.scatter)):
            begin += int(over[0])
            self._ahead = round(float(ahead[begin]))
            offset[begin:] = self._ahead
        if not begin:  # the period was fitted to the first rows only: follow it, or a loss would be seen one day
            self._first_s += float(np.median(ahead - offset)) * self.period_s
        self._rows += len(stamps_s)
        self.uneven += len(stamps_s)
        self.worst = max(self.worst, float(np.max(np.abs(ahead - offset))))
        index = rows.astype(np.int64) + offset
        return index, _all(len(index))


def _all(count: int) -> npt.NDArray[np.bool_]:
    return np.ones(count, dtype=np.bool_)


class StampError(TraceFileError):
    """A stamp cannot be: `row` is its place among those given, `what` is wrong with it."""

    def __init__(self, row: int, what: str) -> None:
        super().__init__(what)
        self.row, self.what = row, what
