# SPDX-License-Identifier: Apache-2.0
"""Keep account of one PPK2 acquisition: the index of each sample, the edges, and what is missing.

A loss that the counter shows is `missing` modulo 64; the index advances by that number. What the second clock
finds comes later, and its place is only known to lie between the last look that was right and now: samples and
edges in between have an index too low by the number missing, and the `Lost` covers exactly that stretch.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from instruments.devices.ppk2.calibration import SATURATED, Table, currents
from instruments.devices.ppk2.protocol import (
    ADC_MASK,
    COUNTER_WRAPS,
    LOGIC_SHIFT,
    RANGE_SHIFT,
    RANGES,
    Event,
    Gap,
    Garbage,
    Run,
    Words,
)
from instruments.devices.ppk2.second_clock import SecondClock
from instruments.roles import Edge, Lost, Note, OverRange, Samples, StreamItem
from instruments.scpi.records import runs

RATE_HZ = 100_000.0
PERIOD_S = 1e-5
# No document says when in its period a word reads the inputs; taken to be at its end, so the pin fell during it.
EDGE_OFFSET, EDGE_HALF_WIDTH = 0.5, 0.5
NEWEST = 250  # samples whose mean is kept, 2.5 ms
_SHOWN = 8
_NO_RANGE = np.uint32(RANGES << RANGE_SHIFT)
_RANGE_BITS = np.uint32(7 << RANGE_SHIFT)


class Ppk2Stream:
    """One acquisition from its first word; `table` holds the currents, `edge_input` is the number of D0 to D7."""

    def __init__(self, table: Table, edge_input: int) -> None:
        self.index = 0
        self._table = table
        self._mask = np.uint32(1 << (LOGIC_SHIFT + edge_input))
        self._high: bool | None = None  # the input in the last word; None before the first
        self._unseen = 0  # words missing since then
        self._clock = SecondClock(PERIOD_S)
        self._newest = np.empty(0, dtype=np.float32)

    def take(self, events: Sequence[Event]) -> Iterator[StreamItem | Edge]:
        """Yield the items for decoded events."""
        for event in events:
            match event:
                case Run(words):
                    yield from self._samples(words)
                case Gap():
                    yield from self._gap(event)
                case Garbage(data):
                    yield self._unreadable(
                        f"{len(data)} bytes that belong to no sample, the first {data[:_SHOWN].hex(' ')}"
                    )

    def look(self, now_ns: int, *, final: bool = False) -> Iterator[StreamItem]:
        """Compare the number of samples with the host's clock; all that had arrived by `now_ns` was taken."""
        sure = self._clock.sure
        missing = self._clock.missing(now_ns, self.index, final=final)
        if missing:
            detail = (
                f"about {missing} samples late by the host's clock, and the counter modulo 64 shows no gap: "
                "the exact number cannot be known, only that it is a multiple of 64"
            )
            yield Lost(sure, self.index + missing, missing, detail, COUNTER_WRAPS)
            self.index += missing
            self._unseen += missing
            self._clock.found(self.index)

    def newest_a(self) -> float:
        """Return the mean of the newest samples (A); NaN before there are enough."""
        return float(self._newest.mean()) if len(self._newest) == NEWEST else math.nan

    def _samples(self, words: Words) -> Iterator[StreamItem | Edge]:
        values = currents(words, self._table)
        yield Samples(self.index, (values,))
        self._newest = np.concatenate((self._newest, values[-NEWEST:]))[-NEWEST:]
        full = words & np.uint32(ADC_MASK) == np.uint32(SATURATED)
        if full.any():
            for start, count in runs(full):
                yield OverRange(self.index + start, count, "the converter is at its end, so the current is larger")
        bad = words & _RANGE_BITS >= _NO_RANGE
        if bad.any():
            yield self._unreadable(f"{int(bad.sum())} samples of a range that a PPK2 does not have", len(words))
        yield from self._edges((words & self._mask) != 0)
        self.index += len(words)

    def _edges(self, high: npt.NDArray[np.bool_]) -> Iterator[Edge]:
        if self._high and not high[0]:
            # It fell during this word, or during any of those that are missing before it.
            yield Edge(self.index + EDGE_OFFSET - self._unseen / 2, EDGE_HALF_WIDTH + self._unseen / 2)
        for place in np.flatnonzero(high[:-1] & ~high[1:]):
            yield Edge(self.index + int(place) + 1 + EDGE_OFFSET, EDGE_HALF_WIDTH)
        self._high, self._unseen = bool(high[-1]), 0

    def _gap(self, gap: Gap) -> Iterator[StreamItem]:
        multiple = gap.missing or COUNTER_WRAPS
        what = "bytes are missing, and by the counter" if gap.shifted else "by the counter"
        detail = f"{what} {multiple} samples; that number, or a multiple of {COUNTER_WRAPS} more"
        yield Lost(self.index, self.index + multiple, multiple, detail, COUNTER_WRAPS)
        self.index += multiple
        self._unseen += multiple

    def _unreadable(self, text: str, count: int = 0) -> Note:
        return Note(text, suspicious=True, about="unreadable", after=self.index, before=self.index + count)
