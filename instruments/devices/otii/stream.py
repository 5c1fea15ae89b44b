# SPDX-License-Identifier: Apache-2.0
"""Keep account of one recording: the index of each sample, edges on the same axis, and what is missing.

The server reports no lost reading. Three witnesses stand in for that: the time stamp of each block, the time up to
which the channel was recorded (`recording_get_channel_info`) against the number of readings, and the host's clock
against the same (`SampleCounter`).
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from instruments.devices.otii.protocol import Analog, averages
from instruments.roles import Edge, Lost, Note, OverRange, Samples, StreamItem

# Between the two questions, or by rounding, a few readings may come.
_SLACK_SAMPLES = 3
_AWRY = 0.5  # of a sample by which a block's time stamp may differ from its place


class RecordingAccount:
    """One recording, in samples of `period_s`, each the mean of `readings` readings of the current.

    `next_index` is the index of the next sample to come. Edges are dated in steps of `period_s / readings`.
    """

    def __init__(self, period_s: float, readings: int, pin_high: bool) -> None:
        self.origin_s: float | None = None
        self._period_s = period_s
        self._readings = readings
        self._pin_high = pin_high
        self._changes: list[tuple[float, bool]] = []

    def block(self, index: int, current: Analog, voltage: Analog) -> Iterator[StreamItem]:
        """Yield the samples of a block that is to begin at `index`; what is missing before it comes first."""
        if self.origin_s is None:
            self.origin_s = current.start_s
            if abs(voltage.start_s - current.start_s) > self._period_s:
                apart = f"voltage begins {voltage.start_s - current.start_s:+.6f} s after current"
                yield Note(apart, suspicious=True, about="error", after=index, before=index)
        ahead = (current.start_s - self.origin_s) / self._period_s - index
        if ahead > _AWRY:
            missing = math.ceil(ahead - _AWRY)
            yield Lost(index, index + missing, missing, f"its time stamp is {ahead * self._period_s:.6f} s ahead")
            index += missing
        elif ahead < -_AWRY:
            text = f"a block's time stamp is {-ahead * self._period_s:.6f} s behind its place, sample {index}"
            yield Note(text, suspicious=True, about="surplus-samples", after=index, before=index)
        values = (averages(current.values, self._readings), voltage.values)
        yield Samples(index, (values[0].astype(np.float32), values[1].astype(np.float32)))
        bad = np.flatnonzero(~(np.isfinite(values[0]) & np.isfinite(values[1])))
        for run in np.split(bad, np.flatnonzero(np.diff(bad) > 1) + 1):
            if len(run):
                yield OverRange(index + int(run[0]), len(run), "the server gave no number")

    def shortage(self, first: int, accounted: int, recorded_s: float) -> Lost | None:
        """Return what is missing of `recorded_s` seconds, of which `accounted` samples are accounted for.

        It was lost somewhere since sample `first`; the last sample may not be complete.
        """
        missing = math.floor(recorded_s / self._period_s) - accounted
        if missing <= _SLACK_SAMPLES:
            return None
        detail = f"{recorded_s:.4f} s were recorded, and {accounted} samples of {self._period_s:g} s came of them"
        return Lost(first, accounted + missing, missing, detail)

    def changes(self, found: Sequence[tuple[float, bool]]) -> None:
        """Take the next changes of the timestamp pin."""
        self._changes += found

    def edges(self) -> Iterator[Edge]:
        """Yield the falling edges among the changes so far, once the axis is known.

        No document says how finely a digital input is dated; ± one reading of the current is assumed.
        """
        if self.origin_s is None:
            return
        changes, self._changes = self._changes, []
        for at_s, high in changes:
            if self._pin_high and not high:
                yield Edge(max(0.0, (at_s - self.origin_s) / self._period_s), 1.0 / self._readings)
            self._pin_high = high
