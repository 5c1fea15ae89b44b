# SPDX-License-Identifier: Apache-2.0
"""The signals of a trace that can be looked at, and how each is read: sample by sample, or in a rough way.

Power comes through the analysis, so what is seen is what was integrated: corrected, calibrated, whichever signals
were recorded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from threading import Lock
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.calibration import CalibratedSource, configured_source
from energy_runner.analysis.energy.recorded import recorded_clock
from energy_runner.analysis.energy.sums import Read, Samples
from energy_runner.analysis.facts import Facts
from energy_runner.errors import SessionError
from energy_runner.session.trace import TraceReader

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

POWER = "power"
RECORDED = ("current", "voltage")
_MEAN, _LOW, _HIGH = 0, 1, 2  # columns of `TraceReader.envelope`
# Around a damaged block of the file, whole ones are looked for in pieces of this size. Blocks are 8192 samples, or
# a smaller power of two where the period is long: no whole one is lost above 2 kHz, below it at most 0.25 s of
# others on each side.
_SMALLEST = 512
_MOST_PROBLEMS = 20  # a broken disk would add one for each block


class Rough(NamedTuple):
    """Mean, least and largest of each column, about; NaN where no sample exists."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Signal:
    """A signal of a trace; `recorded` says that the monitor recorded it as it is, and nothing was computed."""

    name: str
    unit: str
    recorded: bool


@dataclass(frozen=True)
class Shown:
    """A signal and how it is read: `read(start, stop)` gives its samples, NaN where one is missing or damaged.

    `rough(first, width, stop)` gives columns of `width` samples from `first` to `stop` (the last one may be of
    fewer) from the file's own summaries; only a closed trace has them. `slow` says that samples are computed by
    points of a calibration, which takes 55 ns each instead of 1 to 3 ns.
    """

    signal: Signal
    read: Read
    rough: Callable[[int, int, int], Rough]
    slow: bool = False


class SharedTrace(TraceReader):
    """A trace that several threads may read; the readers of pyjls and ours are for one at a time."""

    def __init__(self, path: Path, rail: str | None = None) -> None:
        self._lock = Lock()
        super().__init__(path, rail)

    def refresh(self) -> int:
        """Take in what was written since the trace was opened, and return the new length."""
        with self._lock:
            return super().refresh()

    def read(self, signal: str, start: int, stop: int, *, check: bool = True) -> Float32Array:
        """Return the samples [start, stop) of `signal`; missing ones are NaN."""
        with self._lock:
            return super().read(signal, start, stop, check=check)

    def envelope(self, signal: str, start: int, stop: int, columns: int) -> FloatArray:
        """Return mean, minimum and maximum of `columns` equal parts of [start, stop)."""
        with self._lock:
            return super().envelope(signal, start, stop, columns)

    def close(self) -> None:
        """Release the file; safe to call twice."""
        with self._lock:
            super().close()


class ShownSignals:
    """The signals of an open trace, which are read from any thread; `gathered` gives the facts of the run.

    `period_s` is what a sample lasts by the clock that the run found. `problems` says what could not be read or
    computed; it grows while samples are read.
    """

    def __init__(self, trace: SharedTrace, gathered: Callable[[], Facts]) -> None:
        self._trace = trace
        self.problems: list[str] = []
        self.period_s = trace.period_s
        self.all = list(self._power(gathered))
        wanted = RECORDED if self.all else tuple(name for name, _ in trace.signals)
        units = dict(trace.signals)
        self.all += [self._recorded(Signal(name, units[name], True)) for name in wanted if name in units]

    # --- inside -------------------------------------------------------------------------------------------

    def _power(self, gathered: Callable[[], Facts]) -> Sequence[Shown]:
        """Return the power, or nothing where none can be computed; the problem is then noted."""
        try:
            facts = gathered()
            monitor = facts.monitor
            if monitor is None:
                raise SessionError("no power monitor was configured, so the trace has no unit")
            _, clock = recorded_clock(facts)
            source = configured_source(self._trace, monitor, clock)
        except SessionError as error:
            self.problems.append(f"no power can be shown: {error}")
            return []
        self.period_s = source.step_s

        def rough(first: int, width: int, stop: int) -> Rough:
            columns = _Columns(self._trace, self._envelope, first, width, stop)
            # The analysis's own arithmetic, on columns in the place of samples.
            of_columns = configured_source(cast(TraceReader, columns), monitor, clock)
            mean = np.asarray(of_columns.power_w(0, columns.length), dtype=np.float64)
            names = list(columns.tables)
            corners = []
            for chosen in product((_LOW, _HIGH), repeat=len(names)):
                columns.chosen = dict(zip(names, chosen, strict=True))
                corners.append(of_columns.power_w(0, columns.length))
            return Rough(mean, np.min(corners, axis=0), np.max(corners, axis=0))

        slow = isinstance(source, CalibratedSource)
        return [Shown(Signal(POWER, "W", False), self._careful(source.power_w), rough, slow)]

    def _recorded(self, signal: Signal) -> Shown:
        def rough(first: int, width: int, stop: int) -> Rough:
            table = self._envelope(signal.name, first, width, stop)
            return Rough(table[:, _MEAN], table[:, _LOW], table[:, _HIGH])

        return Shown(signal, self._careful(lambda start, stop: self._trace.read(signal.name, start, stop)), rough)

    def _envelope(self, name: str, first: int, width: int, stop: int) -> FloatArray:
        whole = (stop - first) // width
        at = first + whole * width
        parts = [self._trace.envelope(name, first, at, whole)] if whole else []
        if at < stop:
            parts.append(self._trace.envelope(name, at, stop, 1))
        return np.concatenate(parts)

    def _careful(self, read: Read) -> Read:
        """Return `read` with NaN for samples that are damaged."""

        def careful(start: int, stop: int) -> Samples:
            try:
                with np.errstate(invalid="ignore", over="ignore"):
                    return read(start, stop)
            except SessionError as error:
                middle = (start + stop) // 2 // _SMALLEST * _SMALLEST
                if middle <= start:
                    middle += _SMALLEST
                if middle >= stop:
                    self._note(str(error))
                    return np.full(stop - start, np.nan)
            return np.concatenate([careful(start, middle), careful(middle, stop)])

        return careful

    def _note(self, problem: str) -> None:
        if problem not in self.problems and len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)


class _Columns:
    """Columns of the file's summaries in the place of samples: as much of a `TraceReader` as a source reads.

    `chosen` says by name which of mean, least and largest is read; of a signal that it does not name, the mean.
    """

    def __init__(
        self,
        trace: TraceReader,
        envelope: Callable[[str, int, int, int], FloatArray],
        first: int,
        width: int,
        stop: int,
    ) -> None:
        self.signals = trace.signals
        self.period_s = trace.period_s
        self.length = -(-(stop - first) // width)
        self.tables: dict[str, FloatArray] = {}
        self.chosen: dict[str, int] = {}
        self._envelope = envelope
        self._span = (first, width, stop)

    def read(self, name: str, start: int, stop: int) -> FloatArray:
        """Return the columns [start, stop) of one signal."""
        if name not in self.tables:
            self.tables[name] = self._envelope(name, *self._span)
        return self.tables[name][start:stop, self.chosen.get(name, _MEAN)]
