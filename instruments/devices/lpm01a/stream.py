# SPDX-License-Identifier: Apache-2.0
"""Keep account of one LPM01A acquisition: the index of each sample, and what is missing.

The shield prints no sample numbers. It prints a time stamp after every 1000 samples, and the elapsed time
multiplied by the sample rate is the number of samples that there should be (UM2269 Rev 6, "Timestamp"). The stamps
are the authority: where samples are missing, the index is advanced by their number, so that every later index is
right in the shield's own time. Samples and edges between a loss and the stamp that reveals it have an index that
is too low by the number missing; the `Lost` item covers exactly that stretch.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from instruments.devices.lpm01a.protocol import (
    EVENT_COUNTER_WRAPS,
    SAMPLES_PER_TIME_STAMP,
    TIME_STAMP_WRAPS_MS,
    EventMark,
    Garbage,
    Information,
    Misaligned,
    PowerState,
    Text,
    TimeStamp,
)
from instruments.roles import Edge, Lost, Note, OverRange, Samples, StreamItem, Summary, TimeMark
from instruments.shell.events import End, ErrorDetail, ErrorReply, SampleRun, SummaryText

BUFFER_WARNING = 0.9
OVERFLOWED = "overflow"  # what the binary decoder puts in the place of a time stamp's flag
# Words in error lines that mean that a reading is over range.
OVER_RANGE_WORDS = ("current", "range", "overload")
# After a report of overcurrent, samples above this share of the one that was reported count as over range too.
AT_THE_LIMIT = 0.9
# The overcurrent has ended when so many samples in a row, and all for so long, are below that: one alone may be
# low by its noise, or misread.
BELOW, BELOW_S = 3, 1e-3
# A reported sample that is so many times the next one may be misread: then the next one is taken for the limit.
ALONE = 5.0
# An edge line follows the last sample that was complete when the pin fell: the pin fell during the next one.
EDGE_OFFSET = 0.5
EDGE_HALF_WIDTH = 0.5


class Lpm01aStream:
    """One acquisition from `start` to its end.

    `rate_hz` is the sample rate. Samples above `ceiling` (in the unit of the samples) are more than the shield can
    supply and are reported as over range. `answers` says that a command is answered during the acquisition.
    """

    def __init__(self, rate_hz: float, ceiling: float, *, answers: bool = True) -> None:
        self.answers = answers
        self.index = 0
        self.ended = False
        self._rate_hz = rate_hz
        self._ceiling = ceiling
        self._stamp_index = 0
        self._stamp_ms = 0.0
        self._counter: int | None = None
        self._last = 0.0
        self._limited_from: float | None = None
        self._below = 0  # samples in a row below it
        self._reported = False

    def take(self, event: object) -> Iterator[StreamItem | Edge]:
        """Yield the items for one decoded event."""
        match event:
            case SampleRun(values):
                yield from self._samples(values)
            case EventMark():
                yield from self._edge(event)
            case TimeStamp():
                yield from self._time_stamp(event)
            case Misaligned():
                count, why = self.index - self._stamp_index, "bytes were lost: these samples may be misread"
                yield OverRange(self._stamp_index, max(1, count), why)
            case End():
                yield from self._early_end(event)
            case ErrorReply(text) if any(word in text.lower() for word in OVER_RANGE_WORDS):
                self._limited_from, self._below, self._reported = AT_THE_LIMIT * self._last, 0, True
                yield OverRange(max(0, self.index - 1), 1, f"the shield reports: error {text}")
            case _:
                yield replace(note(event), after=self.index, before=self.index)

    def _samples(self, values: npt.NDArray[np.float64]) -> Iterator[StreamItem]:
        with np.errstate(over="ignore"):  # absurd exponents become infinite and are reported below
            yield Samples(self.index, (values.astype(np.float32),))
        above = np.flatnonzero(values > self._ceiling)
        for run in np.split(above, np.flatnonzero(np.diff(above) > 1) + 1):
            if len(run):
                yield OverRange(
                    self.index + int(run[0]),
                    len(run),
                    f"{values[run].max():.4g} in one sample is more than the shield can supply",
                )
        yield from self._limited(values)
        self.index += len(values)
        self._last = float(values[-1]) if len(values) else self._last

    def _limited(self, values: npt.NDArray[np.float64]) -> Iterator[StreamItem]:
        """Yield the samples still at the limit after a report of overcurrent, which the shield makes once."""
        if self._limited_from is None or not len(values):
            return
        if self._reported:
            self._reported = False
            if 0.0 < ALONE * float(values[0]) < self._last:
                self._limited_from = AT_THE_LIMIT * float(values[0])
        index = np.arange(len(values))
        above = values >= self._limited_from
        in_a_row = index - np.maximum.accumulate(np.where(above, index, -1 - self._below))
        needed = max(BELOW, round(BELOW_S * self._rate_hz))
        ended = np.flatnonzero(in_a_row >= needed)
        count = max(0, int(ended[0]) + 1 - needed) if len(ended) else len(values)
        if count:
            yield OverRange(self.index, count, "no lower than when the shield reported overcurrent")
        self._below = int(in_a_row[-1])
        if len(ended):
            self._limited_from = None

    def _edge(self, event: EventMark) -> Iterator[StreamItem | Edge]:
        counter = event.counter % EVENT_COUNTER_WRAPS
        if self._counter is None:
            missing = 0
            if counter:
                yield Note(f"the first event is number {counter}; earlier ones are not in the stream")
        else:
            missing = (counter - self._counter - 1) % EVENT_COUNTER_WRAPS
        if missing:
            yield Note(
                f"lost edge: the event counter went from {self._counter:02d} to {counter:02d}, "
                f"{missing} event(s) are missing before sample {self.index}",
                suspicious=True,
                about="lost-edge",
            )
        self._counter = counter
        yield Edge(self.index + EDGE_OFFSET, EDGE_HALF_WIDTH, event.counter)

    def _time_stamp(self, event: TimeStamp) -> Iterator[StreamItem]:
        received = self.index - self._stamp_index
        expected_ms = self._stamp_ms + received * 1000 / self._rate_hz
        # The stamp counts modulo 1000 s: take the reading nearest to the expected time.
        half = TIME_STAMP_WRAPS_MS / 2
        ahead_ms = (event.ms - expected_ms + half) % TIME_STAMP_WRAPS_MS - half
        missing = round(ahead_ms * self._rate_hz / 1000)
        if missing > 0:
            yield Lost(
                self._stamp_index,
                self.index + missing,
                missing,
                f"{received} samples since the last time stamp instead of {received + missing}",
            )
            self.index += missing
        elif missing < 0:
            yield Note(
                f"{received} samples since the last time stamp, {-missing} more than its time allows, "
                f"before sample {self.index}",
                suspicious=True,
                about="surplus-samples",
                after=self._stamp_index,
                before=self.index,
            )
        elif received % SAMPLES_PER_TIME_STAMP:
            yield Note(f"a time stamp after {received} samples instead of {SAMPLES_PER_TIME_STAMP}")
        self._stamp_index = self.index
        self._stamp_ms = expected_ms + ahead_ms
        if event.flag == OVERFLOWED:
            yield Note(f"the shield's time has overflowed at sample {self.index}", suspicious=True)
        fill = event.buffer_percent / 100
        yield TimeMark(self.index, self._stamp_ms / 1000, fill)
        if fill > BUFFER_WARNING:
            yield Note(
                f"the shield's transmit buffer is {event.buffer_percent} % full at sample {self.index}: "
                "the host reads too slowly, samples are about to be lost",
                suspicious=True,
                about="filling",
            )

    def _early_end(self, event: End) -> Iterator[StreamItem]:
        self.ended = True
        text = f"the acquisition ended by itself ('{event.text}') at sample {self.index}"
        yield Note(text, suspicious=True, about="ended", after=self.index, before=self.index)
        yield Lost(
            self.index, self.index + 1, 1, "the acquisition ended by itself: at least one sample is missing", 1
        )


def summed_up(event: SummaryText) -> Summary | Note:
    """Return what the shield sums up of an acquisition: the smallest sample, then the largest (UM2269 Rev 6)."""
    if len(event.values) != 2:
        return Note(f"a summary of {len(event.values)} figures instead of 2", suspicious=True)
    (least, largest), (least_step, largest_step) = event.values, event.steps
    return Summary(signal="energy", least=least, least_step=least_step, largest=largest, largest_step=largest_step)


def note(event: object) -> Note:
    """Return a remark about an event that is not a sample, edge or time stamp of a running acquisition."""
    remark = Note(str(event))
    match event:
        case SampleRun(values):
            remark = Note(f"{len(values)} samples while no acquisition was running", suspicious=True)
        case SummaryText(values):
            figures = ", ".join(f"{value:g}" for value in values) or "no figures"
            remark = Note(f"the shield sums up no acquisition: {figures}")
        case Text(text):
            remark = Note(f"the shield says '{text}'", suspicious=True, about="unreadable")
        case Information(text):
            remark = Note(f"the shield says '{text}'")
        case ErrorReply(text):
            remark = Note(f"the shield reports: error {text}", suspicious=True, about="error")
        case ErrorDetail(text):
            remark = Note(f"the shield reports: error detail: {text}", suspicious=True, about="error")
        case Garbage(data):
            remark = Note(f"bytes that belong to nothing: {data!r}", suspicious=True, about="unreadable")
        case PowerState(on):
            text = f"the shield switched the supply {'on' if on else 'off'}"
            remark = Note(text, suspicious=not on, about="" if on else "supply-off")
    return remark
