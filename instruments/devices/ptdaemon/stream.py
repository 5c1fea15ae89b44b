# SPDX-License-Identifier: Apache-2.0
"""Keep account of one measurement: the index of each sample by its time stamp, and what is missing."""

from collections.abc import Iterator

import numpy as np

from instruments.devices.ptdaemon.protocol import Event, Notice, Reading, periods
from instruments.roles import Lost, Note, OverRange, Samples, StreamItem


class MeasurementAccount:
    """One measurement with a sample each `period_s`; those with another mark than `mark` are of another one."""

    def __init__(self, period_s: float, mark: str) -> None:
        self.next_index = 0
        self._period_s = period_s
        self._mark = mark
        self._stamp_s: float | None = None
        self._host_s = 0.0

    def take(self, event: Event, host_s: float) -> Iterator[StreamItem]:
        """Yield the items for one line that came at `host_s` of the host's clock."""
        match event:
            case Reading(mark=mark) if mark == self._mark:
                yield from self._reading(event, host_s)
            case Notice(kind, text):
                bad = kind == "ERROR"
                after, before = max(0, self.next_index - 1), self.next_index + 1
                yield Note(f"{kind}: {text}", bad, "error" if bad else "", after=after, before=before)
                if event.beyond:
                    # Whether it is about the sample before it or the one to come, no source says.
                    yield OverRange(after, before - after, f"the daemon says: {text}")

    def _reading(self, reading: Reading, host_s: float) -> Iterator[StreamItem]:
        index = self.next_index
        if self._stamp_s is not None:
            steps = periods(self._stamp_s, reading.at_s, self._period_s, host_s - self._host_s)
            if steps < 1:
                text = f"a sample {reading.at_s - self._stamp_s:+.3f} s after the one before"
                yield Note(text, suspicious=True, about="surplus-samples", after=index - 1, before=index)
                return
            if steps > 1:
                detail = f"{steps} s between the time stamps of two samples"
                yield Lost(index, index + steps - 1, steps - 1, detail)
                index += steps - 1
        self._stamp_s, self._host_s = reading.at_s, host_s
        if reading.power_w is None:
            yield Lost(index, index + 1, 1, "the analyzer gave nothing (-1): it was off, or did not answer")
        else:
            yield Samples(index, (np.array([reading.power_w], dtype=np.float32),))
        self.next_index = index + 1
