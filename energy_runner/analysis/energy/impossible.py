# SPDX-License-Identifier: Apache-2.0
"""Samples that cannot be: beyond what instrument and supply can deliver, of the wrong sign, or one alone far off.

A misread digit, a flipped bit or a value of another channel is no measurement, and a single one may move a window
by more than its uncertainty. Each counts as over range, and its window is withheld. Three things tell them:

* No sample is beyond the largest reading, or below zero by more than offset and noise (`bounds`).
* No current stays above the limit of the supply for longer than a limiter takes to act (`SHORT_S`).
* No single sample is ten times both its neighbours *and* twice what two samples in a row reach anywhere in the
  trace (`alone`). Only the pulses of a load that wakes for less than a sample look like that. Those of a DUT that
  sleeps between its inferences come as often as these, or a few times as often, and evenly: then they are its own.
* No noisy reading of current, power or energy comes again and again to the last digit (`stuck`).

What is odd but may be a load is in doubt, and the energy that hangs on it counts as uncertainty: a sample alone
that is less than ten times its neighbours or half of them, and what is above the limit for less than a limiter
takes.


Everything is found in one pass over the trace, block by block.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.alone import TIMES, Alone, Indices, in_step
from energy_runner.analysis.energy.bounds import Bounds, signal_bounds, usual_reading
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.stuck import Stuck
from energy_runner.analysis.energy.sums import BLOCK, Read, Samples
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import Alignment
from energy_runner.analysis.placing.edges import Matching
from energy_runner.session.record import Record

Mask = npt.NDArray[np.bool_]

# UM2243, section 10: for "less than few milliseconds"; that is the slowest limiter, an SMU's acts within 0.1 ms
SHORT_S = 0.01
_UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}


@dataclass
class Impossible:
    """The impossible samples of one window: their number, and the first of them in words.

    `doubtful` has for each signal by how much the samples that may be wrong differ from those beside them, in its
    unit; `doubts` is the number of these samples, and `doubt` the first of them in words.
    """

    count: int = 0
    index: int = -1
    why: str = ""
    doubtful: dict[str, float] = field(default_factory=dict)
    doubts: int = 0
    doubt: str = ""

    def doubt_of(self, signal: str, count: int, by: float, why: str) -> None:
        """Count more samples in doubt, which differ from those beside them by so much together."""
        self.doubtful[signal] = self.doubtful.get(signal, 0.0) + by
        self.doubts += count
        self.doubt = self.doubt or why

    def add(self, count: int, index: int, why: str) -> None:
        """Count more of them."""
        self.count += count
        if self.index < 0 or index < self.index:
            self.index, self.why = index, why


@dataclass(frozen=True)
class Span:
    """The samples [first, stop) that a window touches, and how many inferences it holds."""

    first: int
    stop: int
    inferences: int


def impossible_samples(
    source: EnergySource, facts: Facts, record: Record, matching: Matching, alignment: Alignment
) -> list[Impossible]:
    """Return for each window of the alignment what of its samples cannot be; see `find_impossible`."""
    spans = [
        Span(int(placed.start), math.ceil(placed.stop), done.inferences)
        if placed is not None and (done := matched.command.inference) is not None
        else Span(0, 0, 0)
        for matched, placed in zip(matching.windows(), alignment.windows, strict=True)
    ]
    signals = {
        name: (read, signal_bounds(facts, record, name, usual_reading(read, alignment.windows, source.length)))
        for name, read in source.signals.items()
    }
    return find_impossible(signals, source.length, source.period_s, spans, facts)


def find_impossible(
    signals: Mapping[str, tuple[Read, Bounds]], length: int, period_s: float, spans: Sequence[Span], facts: Facts
) -> list[Impossible]:
    """Return for each of `spans` what of its samples cannot be, without those that are over range by the facts.

    `signals` has for each signal of the trace its samples, as they were recorded, and its bounds.
    """
    found = [Impossible() for _ in spans]
    over = np.array([(event.at, event.at + event.count) for event in facts.over_range], dtype=np.int64)
    over = over.reshape(-1, 2)
    most = max(1, round(SHORT_S / period_s))
    searches = [(read, _Search(name, bounds, most, spans, found)) for name, (read, bounds) in signals.items()]
    for begin in range(0, length, BLOCK):
        end = min(begin + BLOCK, length)
        told = _within(over, begin, end)
        for read, search in searches:
            told = search.take(begin, read(begin, end), told)
    for read, search in searches:
        search.end(read, length)
    return found


def _within(over: Indices, begin: int, end: int) -> Mask | None:
    """Return which samples of a block are over range; None for none."""
    here = over[(over[:, 0] < end) & (over[:, 1] > begin)]
    if not len(here):
        return None
    mask = np.zeros(end - begin, dtype=np.bool_)
    for first, stop in here:
        mask[max(0, first - begin) : stop - begin] = True
    return mask


def _extremes(values: Samples) -> tuple[float, float, bool]:
    """Return the least and the largest of the samples that are there (NaN for none), and whether all are."""
    low, high = float(np.min(values)), float(np.max(values))
    whole = math.isfinite(low) and math.isfinite(high)
    if math.isnan(low):
        low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    return low, high, whole


def _without(values: Samples, some: Mask) -> Samples:
    """Return the values with some of them as zero, which is neither beyond any bound nor alone."""
    left = values.copy()
    left[some] = 0
    return left


@dataclass
class _Run:
    """Readings above what lasts: where they began, the first of them, the one before it, and their sum."""

    begin: int
    first: float
    beside: float
    total: float = 0.0


class _Search:
    """The search in one signal, block by block; it adds to `found`, in the order of `spans`.

    `most` is the number of samples for which a reading may be above what lasts.
    """

    def __init__(
        self, signal: str, bounds: Bounds, most: int, spans: Sequence[Span], found: Sequence[Impossible]
    ) -> None:
        self._signal = signal
        self._bounds = bounds
        self._most = most
        self._spans = spans
        self._found = found
        self._run: _Run | None = None
        self._last = 0.0  # the sample before this block
        self._high, self._low = Alone(above=True), Alone(above=False)
        # A source's voltage is as quiet as its load, to the last digit of a float while the DUT sleeps; and one
        # that stands still is wrong by no more than it would have moved.
        self._stuck = Stuck() if signal != "voltage" else None
        self._inside = (
            min((span.first for span in spans), default=0),
            max((span.stop for span in spans), default=0),
        )

    def take(self, begin: int, samples: Samples, told: Mask | None) -> Mask | None:
        """Look at a block; return which of its samples are over range by now."""
        if self._stuck is not None:
            self._stuck.take(begin, samples)
        values = samples if told is None else _without(samples, told)
        low, high, whole = _extremes(values)
        beyond = self._beyond(values, low, high)
        if beyond is not None:
            at = np.flatnonzero(beyond)
            self._count(begin + at, values[at])
            values = _without(values, beyond)
            told = beyond if told is None else told | beyond
            low, high, whole = _extremes(values)
        self._look_for_runs(begin, values, high)
        self._last = float(values[-1])
        self._look_for_alone(begin, values, told, low, high, whole=whole)
        return told

    def end(self, read: Read, length: int) -> None:
        """Count what could be told only at the end of the trace."""
        self._end_run(length)
        self._count_high()
        self._count_low()
        windows = [(span.first, span.stop) for span in self._spans if span.stop > span.first]
        for row in self._stuck.found(read, length, windows) if self._stuck is not None else ():
            self._count_row(
                row.first, row.stop, f"{self._words(row.value)}, {row.stop - row.first} times in a row"
            )

    def _count_row(self, first: int, stop: int, why: str) -> None:
        for number, span in enumerate(self._spans):
            begin, end = max(first, span.first), min(stop, span.stop)
            if end > begin:
                self._found[number].add(end - begin, begin, why)

    def _beyond(self, values: Samples, low: float, high: float) -> Mask | None:
        """Return which samples are beyond the bounds; None for none, as in almost all blocks."""
        least, largest = self._bounds.least, self._bounds.largest
        if not (low < least or (largest is not None and high > largest)):
            return None
        with np.errstate(invalid="ignore"):
            mask: Mask = values < least
            return mask if largest is None else mask | (values > largest)

    def _why_beyond(self, value: float) -> str:
        if value < 0:
            return f"{self._words(value)}, which is below zero by more than offset and noise"
        return f"{self._words(value)}, where {self._number(self._bounds.largest or 0.0)} is the most there can be"

    def _count(self, at: Indices, values: Samples) -> None:
        for number, span in enumerate(self._spans):
            first, stop = np.searchsorted(at, (span.first, span.stop))
            if stop > first:
                told = self._why_beyond(float(values[first]))
                self._found[number].add(int(stop - first), int(at[first]), told)

    # --- above what lasts -------------------------------------------------------------------------------

    def _look_for_runs(self, begin: int, values: Samples, high: float) -> None:
        lasting = self._bounds.lasting
        if lasting is None or (self._run is None and not high > lasting):
            return
        with np.errstate(invalid="ignore"):
            above = values > lasting
        since = 0
        for step in np.flatnonzero(np.diff(above, prepend=self._run is not None)).tolist():
            if self._run is None:
                beside = float(values[step - 1]) if step else self._last
                self._run = _Run(begin + step, float(values[step]), beside if math.isfinite(beside) else 0.0)
            else:
                self._run.total += float(np.sum(values[since:step], dtype=np.float64))
                self._end_run(begin + step)
            since = step
        if self._run is not None:
            self._run.total += float(np.sum(values[since:], dtype=np.float64))

    def _end_run(self, stop: int) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        count, lasting = stop - run.begin, self._number(self._bounds.lasting or 0.0)
        why = f"{self._words(run.first)}, and for {count} samples above the {lasting} that can last"
        if count > self._most:
            self._count_row(run.begin, stop, why)
            return
        for number, span in enumerate(self._spans):
            inside = min(stop, span.stop) - max(run.begin, span.first)
            if inside > 0:
                by = (run.total - count * run.beside) * inside / count
                self._found[number].doubt_of(self._signal, inside, by, why)

    # --- one alone --------------------------------------------------------------------------------------

    def _look_for_alone(
        self, begin: int, values: Samples, told: Mask | None, low: float, high: float, *, whole: bool
    ) -> None:
        """Look for samples alone above others, and from the first window to the last for those below."""
        there = None if whole else np.isfinite(values)
        self._high.take(begin, values if there is None else np.where(there, values, math.inf), high)
        first, stop = (min(max(0, end - begin), len(values)) for end in self._inside)
        if told is not None:  # it reads zero here, which is no reading
            there = ~told if there is None else there & ~told
        if there is not None or first > 0 or stop < len(values):
            below = np.full_like(values, -math.inf)
            below[first:stop] = values[first:stop]
            values = below if there is None else np.where(there, below, -math.inf)
        self._low.take(begin, values, low)

    def _count_high(self) -> None:
        at, values, beside = self._high.found()
        refused = values >= TIMES * beside
        lasting = self._bounds.lasting if self._bounds.lasting is not None else math.inf
        doubted = ~refused & (values <= lasting)  # what is above is counted as a run
        for number, span in enumerate(self._spans):
            inside = (at >= span.first) & (at < span.stop)
            if not np.any(inside) or in_step(at[inside], span.inferences):
                continue
            if np.any(inside & refused):
                where = np.flatnonzero(inside & refused)
                told = self._words(float(values[where[0]]))
                why = f"{told}, ten times the samples beside it and far above all others"
                self._found[number].add(len(where), int(at[where[0]]), why)
            self._doubt(number, inside & doubted, values, values - beside, "more than twice any other")

    def _count_low(self) -> None:
        at, values, beside = self._low.found()
        for number, span in enumerate(self._spans):
            inside = (at >= span.first) & (at < span.stop)
            if np.any(inside) and not in_step(at[inside], span.inferences):
                self._doubt(number, inside, values, beside - values, "less than half of any other")

    def _doubt(self, number: int, which: Mask, values: Samples, by: Samples, what: str) -> None:
        where = np.flatnonzero(which & (by > -self._bounds.least))  # beyond offset and noise
        if len(where):
            why = f"{self._words(float(values[where[0]]))}, alone and {what}"
            self._found[number].doubt_of(self._signal, len(where), float(np.sum(by[where])), why)

    def _words(self, value: float) -> str:
        return f"a reading of {self._signal} of {self._number(value)}"

    def _number(self, value: float) -> str:
        return f"{value:.4g} {_UNITS.get(self._signal, '')}".rstrip()
