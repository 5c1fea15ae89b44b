# SPDX-License-Identifier: Apache-2.0
"""Keep account of one recording: the place of each reading, edges on the same axis, and what is missing.

The server reports no lost reading. Three witnesses stand in for that: the time stamp of each block, the time up to
which the channel was recorded (`recording_get_channel_info`) against the number of readings, and the host's clock
against the same (`SampleCounter`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from instruments.devices.otii.protocol import Analog
from instruments.errors import ProtocolViolation
from instruments.roles import Edge, Lost, Note, OverRange, Samples, StreamItem

# Between the two questions, or by rounding, a few readings may come.
_SLACK_SAMPLES = 3
_AWRY = 0.5  # of a sample by which a block's time stamp may differ from its place
_INTERVAL_AWRY = 1e-3  # by which the interval of a block may differ from the rate that was read back, relative
# The fields of each item that count samples or hold an index: they grow with the number of samples.
_PLACES: dict[type, tuple[str, ...]] = {
    Samples: ("first",),
    Lost: ("after", "before", "missing"),
    OverRange: ("at", "count"),
    Note: ("after", "before"),
    Edge: ("position", "half_width"),
}


def in_readings[T: StreamItem | Edge](item: T, each: int) -> T:
    """Return an item, counted in readings of the voltage, as one counted in readings of the current.

    `each` is how many readings of the current come with one of the voltage. Every one of them is a sample: their
    mean would hide a misread one.
    """
    fields = {name: getattr(item, name) for name in _PLACES[type(item)]}
    return replace(item, **{name: value * each for name, value in fields.items() if value is not None})


class RecordingAccount:
    """One recording, in readings of the voltage, one each `period_s`, and `readings` of the current beside each.

    Edges are dated in steps of `period_s / readings`. A time more than `latest_s` seconds after the first reading
    would lie in the future, and raises `ProtocolViolation`.
    """

    def __init__(self, period_s: float, readings: int, pin_high: bool) -> None:
        self.origin_s: float | None = None
        self.latest_s = math.inf
        self._period_s = period_s
        self._readings = readings
        self._pin_high = pin_high
        self._changes: list[tuple[float, bool]] = []
        self._changed_s = -math.inf

    def block(self, index: int, current: Analog, voltage: Analog) -> Iterator[StreamItem]:
        """Yield the samples of a block that is to begin at `index`; what is missing before it comes first."""
        self._check_interval("current", current, self._period_s / self._readings)
        self._check_interval("voltage", voltage, self._period_s)
        if self.origin_s is None:
            self.origin_s = current.start_s
        if abs(voltage.start_s - current.start_s) > self._period_s:
            apart = f"voltage begins {voltage.start_s - current.start_s:+.6g} s after current"
            end = index + len(voltage.values)
            yield Note(apart, suspicious=True, about="error", after=index, before=end)
        ahead = self._since_origin_s(current.start_s, "a block") / self._period_s - index
        if ahead > _AWRY:
            missing = math.ceil(ahead - _AWRY)
            yield Lost(index, index + missing, missing, f"its time stamp is {ahead * self._period_s:.6f} s ahead")
            index += missing
        elif ahead < -_AWRY:
            text = f"a block's time stamp is {-ahead * self._period_s:.6f} s behind its place, sample {index}"
            yield Note(text, suspicious=True, about="surplus-samples", after=index, before=index)
        with np.errstate(over="ignore", invalid="ignore"):
            both = current.values, np.repeat(voltage.values, self._readings)
            values = tuple(one.astype(np.float32) for one in both)
        finite = np.isfinite(values[0]) & np.isfinite(values[1])
        yield Samples(index, tuple(np.where(np.isfinite(one), one, np.float32(np.nan)) for one in values))
        bad = np.flatnonzero(~finite.reshape(-1, self._readings).all(axis=1))
        for run in np.split(bad, np.flatnonzero(np.diff(bad) > 1) + 1):
            if len(run):
                yield OverRange(index + int(run[0]), len(run), "the server gave no number")

    def shortage(self, first: int, accounted: int, recorded_s: float) -> Lost | None:
        """Return what is missing of `recorded_s` seconds, of which `accounted` samples are accounted for.

        It was lost somewhere since sample `first`; the last sample may not be complete.
        """
        if not 0.0 <= recorded_s <= self.latest_s:
            raise _violation(f"{recorded_s:g} s are said to be recorded, after at most {self.latest_s:.3f} s")
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

        No document says how finely a digital input is dated; ± one reading of the current is assumed. Edges before
        sample 0 are left out. Raises `ProtocolViolation` for changes that are out of order or in the future.
        """
        if self.origin_s is None:
            return
        changes, self._changes = self._changes, []
        for at_s, high in changes:
            if at_s < self._changed_s:
                raise _violation(f"a change of the input at {at_s:g} s after one at {self._changed_s:g} s")
            self._changed_s = at_s
            position = self._since_origin_s(at_s, "a change of the input") / self._period_s
            half = 1.0 / self._readings
            if self._pin_high and not high and position >= -half:
                yield Edge(max(0.0, position), half)
            self._pin_high = high

    def _since_origin_s(self, at_s: float, what: str) -> float:
        since_s = at_s - (self.origin_s or 0.0)
        if not since_s <= self.latest_s:
            raise _violation(f"{what} at {since_s:g} s, after at most {self.latest_s:.3f} s")
        return since_s

    def _check_interval(self, name: str, block: Analog, wanted_s: float) -> None:
        if abs(block.interval_s - wanted_s) > _INTERVAL_AWRY * wanted_s:
            raise _violation(f"{name} every {block.interval_s:g} s, and by its sample rate it is {wanted_s:g} s")


def _violation(came: str) -> ProtocolViolation:
    return ProtocolViolation("read a recording of an Otii", came, "restart the Otii application")
