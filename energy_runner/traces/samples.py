# SPDX-License-Identifier: Apache-2.0
"""Samples from an opened trace file into the trace of a session, with the events of what is missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.errors import BenchFault
from energy_runner.session.journal import JournalWriter
from energy_runner.session.trace import TraceWriter
from energy_runner.traces.journal import mishap_event
from energy_runner.traces.model import Chunk, Float32Array, Mishap, Opened, Signal, TraceFileError

_MOST_MISHAPS = 100_000
_SUMMED = 1000  # samples of energy that never fall, and end at twice the first, are a running sum
_MOST_LOST, _LOST_TIMES = 100_000_000, 100  # samples missing beside those that are there
# No monitor of a DUT delivers such readings; some write 9.9e37 where they have none.
_BEYOND = {"current": 1e3, "voltage": 1e4, "power": 1e6, "energy": 1e3}


@dataclass
class Samples:
    """Writes the chunks of a file; the fields count what was written."""

    path: Path
    opened: Opened
    trace: TraceWriter
    journal: JournalWriter
    length: int = 0
    received: int = 0
    mishaps: int = 0
    lost: int = 0
    over_range: int = 0
    _until: int = 0
    _rises: bool = True
    _bounds_j: tuple[float, float] | None = None

    def write(self, chunks: Iterator[Chunk], progress: Callable[[float], None]) -> None:
        """Write all chunks; raises `TraceFileError` for samples that cannot be."""
        for chunk in chunks:
            self._take(chunk)
            progress(self.opened.done)
        self._report()
        if self.length < self._until:  # the last samples are among those that the file says it lost
            self.trace.append(self._until - 1, [np.full(1, np.nan, np.float32) for _ in self.opened.head.signals])
            self.length = self._until
        if not self.length:
            raise TraceFileError(f"{self.path}: holds no samples")
        if self._rises and self._bounds_j is not None and self.received >= _SUMMED:
            first, last = self._bounds_j
            if last > 2 * first:
                raise TraceFileError(
                    f"{self.path}: the joules of {self.received} samples never fall, from {first:.3g} to "
                    f"{last:.3g} J, as a running sum does; joules in each sample are needed. Try: a column of "
                    "power or current, or the differences from row to row"
                )

    def findings(self) -> list[str]:
        """Return what was wrong with the file, in words."""
        found = list(self.opened.findings)
        if self.lost:
            found.append(f"{self.lost} of {self.length} samples are missing")
        if self.over_range:
            found.append(f"{self.over_range} readings are beyond what such an instrument delivers")
        return found

    def _take(self, chunk: Chunk) -> None:
        """Write one chunk, and the events of what is missing in it or before it."""
        if not chunk.count:
            return
        self._report()
        if chunk.first > self.length and not self.opened.head.tells_losses:
            self._note(self._lost(self.length, chunk.first, "rows are missing in the file"))
        values = []
        missing: npt.NDArray[np.bool_] | None = None
        for one in self.opened.head.signals:
            array = np.asarray(chunk.values[one.name], dtype=np.float32)
            # Two passes find out that nothing is odd; a NaN makes the first comparison false.
            if not max(float(array.max()), -float(array.min())) < _BEYOND[one.name]:
                array = self._within(one, array, chunk.first)
                gone = np.isnan(array)
                missing = gone if missing is None else missing | gone
            values.append(array)
            if self._rises and one.name == "energy":
                self._follow_sum(array)
        gone_here = 0
        if missing is not None:
            gone_here = int(np.sum(missing))
            for begin, stop in _runs(missing):
                self._note(self._lost(chunk.first + begin, chunk.first + stop, "no reading in the file"))
        self.received += chunk.count - gone_here
        if self.lost > _MOST_LOST and self.lost > _LOST_TIMES * self.received:
            raise TraceFileError(
                f"{self.path}: {self.lost} samples are missing up to sample {chunk.first}, and {self.received} "
                f"are there: its times do not fit {self._rate()}"
            )
        try:
            self.trace.append(chunk.first, values)
        except BenchFault as error:
            raise TraceFileError(f"{self.path}: {error}") from None
        self.length = chunk.first + chunk.count

    def _within(self, one: Signal, array: Float32Array, first: int) -> Float32Array:
        """Return readings without those that no instrument delivers, which are reported as over range."""
        wrong = np.abs(array) >= _BEYOND[one.name]
        for begin, stop in _runs(wrong):
            value = f"{one.name} {float(array[begin]):.4g} {one.unit}"
            detail = f"{value} is no reading of such an instrument"
            self._note(Mishap("over-range", first + begin, first + stop, stop - begin, detail))
        # Also a NaN becomes an ordinary one: bytes of strangers hold such as signal in arithmetic.
        return np.where(wrong | np.isnan(array), np.float32(np.nan), array)

    def _follow_sum(self, array: Float32Array) -> None:
        """Note whether joules have never fallen yet; looked at up to the first that fall, so at no cost."""
        there = array[np.isfinite(array)]
        if not len(there):
            return
        before = there[0] if self._bounds_j is None else self._bounds_j[1]
        self._rises = bool(there[0] >= before and np.all(there[1:] >= there[:-1]))
        self._bounds_j = (float(before) if self._bounds_j is None else self._bounds_j[0], float(there[-1]))

    def _report(self) -> None:
        """Note the mishaps that the file itself reports."""
        for mishap in self.opened.mishaps:
            self._note(mishap)
        self.opened.mishaps.clear()

    def _note(self, mishap: Mishap) -> None:
        self.mishaps += 1
        if self.mishaps > _MOST_MISHAPS:
            raise TraceFileError(
                f"{self.path}: more than {_MOST_MISHAPS} gaps up to sample {mishap.first}: the times of the rows "
                f"do not fit {self._rate()}, or most readings are none"
            )
        if mishap.kind == "lost":
            self.lost += mishap.count
            self._until = max(self._until, mishap.stop)
        else:
            self.over_range += mishap.count
        self.journal.write(mishap_event(mishap, self.opened.head.period_s))

    def _lost(self, first: int, stop: int, detail: str) -> Mishap:
        # Where rows can only be guessed to be missing, so can their number.
        return Mishap("lost", first, stop, stop - first, detail, modulo=1 if self.opened.head.uncounted else 0)

    def _rate(self) -> str:
        return f"{1 / self.opened.head.period_s:.6g} samples a second"


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the stop of each run of true."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return list(zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True))
