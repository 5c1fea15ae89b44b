# SPDX-License-Identifier: Apache-2.0
"""Samples that cannot be: beyond what instrument and supply can deliver, of the wrong sign, or one alone far off.

A misread digit, a flipped bit or a value of another channel is no measurement, and a single one may move a window
by more than its uncertainty. Each counts as over range, and its window is withheld. Three things tell them:

* No sample is beyond the largest reading, or below zero by more than offset and noise (`bounds`).
* No current stays above the limit of the supply for longer than a limiter takes to act (`SHORT_S`).
* No single sample is ten times both its neighbours *and* twice what any two samples in a row reach anywhere in the
  trace. Only the pulses of a load that wakes for less than a sample look like that. Those of a DUT that sleeps
  between its inferences come as often as these, or a few times as often, and evenly: then they are its own.

Everything is found in one pass over the trace, block by block.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.bounds import Bounds, signal_bounds, usual_reading
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.sums import BLOCK, Read, Samples
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import Alignment
from energy_runner.analysis.placing.edges import Matching
from energy_runner.session.record import Record

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

TIMES = 10.0  # both neighbours
ABOVE = 2.0  # times what two samples in a row reach anywhere: a load that is usual lasts for two of them somewhere
# UM2243, section 10: for "less than few milliseconds"; that is the slowest limiter, an SMU's acts within 0.1 ms
SHORT_S = 0.01
_MOST_EACH = 4  # pulses of an inference
_FEWEST = 10  # fewer may come evenly by chance
_EVEN = 1.5  # the longest distance between such pulses over the usual one
_MOST_ALONE = 1 << 16  # kept of a signal; a trace with more is refused by these
_UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}


@dataclass
class Impossible:
    """The impossible samples of one window: their number, and the first of them in words."""

    count: int = 0
    index: int = -1
    why: str = ""

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
    for _, search in searches:
        search.end(length)
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


def _extremes(values: Samples) -> tuple[float, float]:
    """Return the least and the largest of the samples that are there; NaN for none."""
    low, high = float(np.min(values)), float(np.max(values))
    if math.isnan(low):
        low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    return low, high


def _without(values: Samples, some: Mask) -> Samples:
    """Return the values with some of them as zero, which is neither beyond any bound nor alone."""
    left = values.copy()
    left[some] = 0
    return left


def _in_step(at: Indices, inferences: int) -> bool:
    """Return whether pulses come with the inferences: evenly, and a whole number of them with each."""
    each = round(len(at) / inferences) if inferences else 0
    if not 1 <= each <= _MOST_EACH or abs(len(at) - each * inferences) > 1 or len(at) < _FEWEST:
        return False
    apart = np.diff(at[::each])
    return float(np.max(apart)) <= _EVEN * float(np.median(apart))


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
        self._run: tuple[int, float] | None = None  # where readings above what lasts began, and the first of them
        self._tail = np.zeros(0)  # the last two samples of the block before
        self._usual = 0.0  # ABOVE times the largest reading that two samples in a row reach
        self._alone: list[tuple[Indices, Samples]] = []  # candidates

    def take(self, begin: int, samples: Samples, told: Mask | None) -> Mask | None:
        """Look at a block; return which of its samples are over range by now."""
        values = samples if told is None else _without(samples, told)
        low, high = _extremes(values)
        beyond = self._beyond(values, low, high)
        if beyond is not None:
            at = np.flatnonzero(beyond)
            self._count(begin + at, values[at])
            values = _without(values, beyond)
            told = beyond if told is None else told | beyond
            low, high = _extremes(values)
        self._look_for_runs(begin, values, high)
        joint = np.concatenate((self._tail.astype(values.dtype), values[:2]))
        self._look_for_alone(begin - len(self._tail), joint)
        self._look_for_alone(begin, values)
        self._tail = np.concatenate((self._tail.astype(values.dtype), values[-2:]))[-2:]
        return told

    def end(self, length: int) -> None:
        """Count what could be told only at the end of the trace."""
        self._end_run(length)
        self._drop_usual()
        if not self._alone:
            return
        at = np.concatenate([indices for indices, _ in self._alone])
        values = np.concatenate([parts for _, parts in self._alone])
        for number, span in enumerate(self._spans):
            inside = (at >= span.first) & (at < span.stop)
            count = int(np.count_nonzero(inside))
            if count and not _in_step(at[inside], span.inferences):
                value = float(values[inside][0])
                why = f"{self._words(value)}, ten times the samples beside it and far above all others"
                self._found[number].add(count, int(at[inside][0]), why)

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
        steps = np.flatnonzero(np.diff(above, prepend=self._run is not None))
        for step in steps.tolist():
            if self._run is None:
                self._run = (begin + step, float(values[step]))
            else:
                self._end_run(begin + step)

    def _end_run(self, stop: int) -> None:
        run, self._run = self._run, None
        if run is None or stop - run[0] <= self._most:
            return
        lasting = self._number(self._bounds.lasting or 0.0)
        why = f"{self._words(run[1])}, and for {stop - run[0]} samples above the {lasting} that can last"
        for number, span in enumerate(self._spans):
            first, beyond = max(run[0], span.first), min(stop, span.stop)
            if beyond > first:
                self._found[number].add(beyond - first, first, why)

    # --- one alone --------------------------------------------------------------------------------------

    def _look_for_alone(self, begin: int, values: Samples) -> None:
        """Look at all samples but the first and the last, which lack a neighbour."""
        if len(values) < 2:
            return
        # A missing neighbour may have been anything: it never makes a sample stand alone.
        if not math.isfinite(float(np.min(values))) or not math.isfinite(float(np.max(values))):
            values = np.where(np.isfinite(values), values, np.inf)
        pairs = np.minimum(values[:-1], values[1:])
        highest = float(np.max(pairs))
        if not math.isfinite(highest):
            highest = float(np.max(pairs, where=pairs < np.inf, initial=0.0))
        self._usual = max(self._usual, ABOVE * highest)
        inner = values[1:-1]
        if not len(inner) or not float(np.max(inner)) > self._usual:
            return
        at = np.flatnonzero((inner > self._usual) & (inner < np.inf)) + 1
        beside = np.maximum(np.abs(values[at - 1]), np.abs(values[at + 1]))
        at = at[values[at] >= TIMES * beside]
        if len(at):
            self._alone.append((begin + at, values[at].copy()))
            if sum(len(indices) for indices, _ in self._alone) > _MOST_ALONE:
                self._drop_usual()

    def _drop_usual(self) -> None:
        """Forget candidates that two samples in a row have reached since, and those beyond what is kept."""
        kept: list[tuple[Indices, Samples]] = []
        left = _MOST_ALONE
        for at, values in self._alone:
            high = values > self._usual
            if left > 0 and np.any(high):
                kept.append((at[high][:left], values[high][:left]))
                left -= len(kept[-1][0])
        self._alone = kept

    def _words(self, value: float) -> str:
        return f"a reading of {self._signal} of {self._number(value)}"

    def _number(self, value: float) -> str:
        return f"{value:.4g} {_UNITS.get(self._signal, '')}".rstrip()
