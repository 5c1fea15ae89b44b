# SPDX-License-Identifier: Apache-2.0
"""What a trace file of any tool is to us: a head, samples in chunks, and edges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from energy_runner.errors import SessionError

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
SignalName = Literal["current", "voltage", "power", "energy"]
Kind = Literal["mean", "instant"]
UNITS: Mapping[SignalName, str] = {"current": "A", "voltage": "V", "power": "W", "energy": "J"}
MOST_EDGES = 1_000_000
# What a file of ours says of a signal, so that it comes back as it was recorded; energy is joules in each sample.
AS_RECORDED, COMPUTED = "is as recorded", "is computed"
INSTANTS = "samples are readings at an instant and not means"
_WIDE = 1 << 10  # samples missing in a row that are left to the gap between chunks
_ROOM = 1 << 23  # samples that are spread at once
_AT_ONCE = 1 << 13  # rows with gaps among them that cannot take more than that


class TraceFileError(SessionError):
    """A trace file cannot be read as asked; the message names the file, the place in it, and what is there."""


@dataclass(frozen=True)
class Signal:
    """A signal of a trace; `unit` is always the SI unit: A, V, W, or J in each sample."""

    name: SignalName
    unit: str


def signal(name: SignalName) -> Signal:
    """Return a signal with its unit."""
    return Signal(name, UNITS[name])


@dataclass(frozen=True)
class Head:
    """What is known before the samples are read.

    `period_s` is the sample period in seconds, and `length` the number of samples, None where only reading to the
    end tells. `instrument` is the name of our driver for the instrument, None where the format does not tell.
    `kind` says whether a sample is a mean or an instant, `edge_names` what can be asked for edges, `virtual` that
    the file says of itself that it was simulated, `start_s` which time, by the file's own clock, the first sample
    has, and `resolution_s` how fine its times are. `tells_losses` says that skipped samples are among the mishaps,
    `kind_known` that `kind` is the format's or the file's own word. `uncounted` says in words why samples may be
    missing that nobody can count, and is empty where they are counted. `began_told` says that `started_utc_ns` is
    what the user told.
    """

    format: str
    title: str
    signals: tuple[Signal, ...]
    period_s: float
    started_utc_ns: int | None = None
    length: int | None = None
    instrument: str | None = None
    remarks: tuple[str, ...] = ()
    kind: Kind = "mean"
    edge_names: tuple[str, ...] = ()
    virtual: bool = False
    start_s: float = 0.0
    resolution_s: float = 0.0
    tells_losses: bool = False
    kind_known: bool = True
    uncounted: str = ""
    began_told: bool = False


@dataclass(frozen=True)
class Mishap:
    """Samples [`first`, `stop`) of which `count` were lost, or were beyond the instrument's range."""

    kind: Literal["lost", "over-range"]
    first: int
    stop: int
    count: int
    detail: str
    modulo: int = 0  # as in `SamplesLost`: 1 if the count is an estimate


@dataclass(frozen=True)
class Chunk:
    """Samples of all signals from index `first` on, in SI units; missing ones are NaN, skipped ones are lost."""

    first: int
    values: Mapping[SignalName, Float32Array]

    @property
    def count(self) -> int:
        """Return the number of sample periods."""
        return len(next(iter(self.values.values())))


def spread(index: npt.NDArray[np.int64], values: Mapping[SignalName, Float32Array]) -> Iterator[Chunk]:
    """Yield samples at the indices `index`, which rise; missing ones are NaN, or skipped where they are many."""
    cuts = np.flatnonzero(np.diff(index) > _WIDE) + 1
    for begin, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(index)], strict=True):
        first, count = int(index[begin]), int(index[stop - 1]) - int(index[begin]) + 1
        if count == stop - begin:
            yield Chunk(first, {name: array[begin:stop] for name, array in values.items()})
            continue
        rows = stop - begin if count <= _ROOM else _AT_ONCE
        for start in range(begin, stop, rows):
            part = index[start : min(start + rows, stop)]
            room = int(part[-1]) - int(part[0]) + 1
            made = {}
            for name, array in values.items():
                made[name] = np.full(room, np.nan, dtype=np.float32)
                made[name][part - part[0]] = array[start : start + len(part)]
            yield Chunk(int(part[0]), made)


@dataclass(frozen=True)
class Edges:
    """Falling and rising edges, each at its position ± `half_width`: in samples, or in seconds if `in_seconds`.

    `half_widths` are those of the falling edges, and `rising_half_widths` of the others, where they differ.
    Seconds count from the beginning of the file that `source` names, or by the clock of the trace where
    `by_its_clock`.
    """

    falling: Float64Array
    rising: Float64Array
    half_width: float
    source: str
    in_seconds: bool = False
    by_its_clock: bool = False
    half_widths: Float64Array | None = None
    rising_half_widths: Float64Array | None = None


@dataclass(frozen=True)
class Options:
    """What the user told about a file.

    `columns` maps names of columns to units, `rate_hz` is a sample rate that the file does not state, and `edges`
    names what in the file holds the edges, if anything does. `plain` reads text without pyarrow.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    rate_hz: float | None = None
    edges: str = ""
    plain: bool = False


class Opened(Protocol):
    """An opened trace file."""

    @property
    def head(self) -> Head:
        """Return what is known before the samples are read."""

    @property
    def findings(self) -> Sequence[str]:
        """Return what was noticed, in words; complete when all chunks were read."""

    @property
    def done(self) -> float:
        """Return the share of the file that was read, 0 to 1."""

    @property
    def mishaps(self) -> list[Mishap]:
        """Return losses that the file reports by itself; who takes them empties the list.

        Indices that are skipped, and samples that are NaN, are losses without being listed here.
        """

    def chunks(self) -> Iterator[Chunk]:
        """Yield all samples in order, at constant memory; raises `TraceFileError` where they are damaged."""

    def edges(self, name: str) -> Edges:
        """Return the edges in `name`, which `Options.edges` named, after all chunks were read."""

    def close(self) -> None:
        """Release the file; safe to call twice."""


class Reader(Protocol):
    """Opens files of one format."""

    def __call__(self, path: Path, options: Options) -> Opened:
        """Open a file; raises `TraceFileError` for one that is not of the format."""


@dataclass
class EdgeTracker:
    """Finds the edges of a logic signal that comes with the samples, chunk by chunk.

    An input counts as read at the end of its sample, as for our own drivers: it fell during the first sample that
    shows it low, or during one of those missing before it.
    """

    name: str
    _high: bool | None = None
    _last: int = -1
    _falls: list[tuple[Float64Array, Float64Array]] = field(default_factory=list)
    _rises: list[tuple[Float64Array, Float64Array]] = field(default_factory=list)
    _count: int = 0

    def take(self, index: npt.NDArray[np.int64], high: npt.NDArray[np.bool_]) -> None:
        """Take the states at the sample indices `index`, which rise."""
        if not len(index):
            return
        if self._high is None:
            self._high, self._last = bool(high[0]), int(index[0])
        before = np.concatenate(([self._high], high[:-1]))
        last = np.concatenate(([self._last], index[:-1]))
        for falls in (True, False):
            at = np.flatnonzero((before & ~high) if falls else (~before & high))
            unseen = np.maximum(index[at] - last[at] - 1, 0).astype(np.float64)
            if len(at):
                (self._falls if falls else self._rises).append((index[at] + 0.5 - unseen / 2, 0.5 + unseen / 2))
            self._count += len(at)
        if self._count > MOST_EDGES:
            raise TraceFileError(
                f"{self.name!r} changes more than {MOST_EDGES} times, so it is no signal that marks windows. "
                "Try: the column or signal of the timestamp pin"
            )
        self._high, self._last = bool(high[-1]), int(index[-1])

    def edges(self, source: str) -> Edges:
        """Return what was found."""
        falls, falls_widths = _joined(self._falls)
        rises, rises_widths = _joined(self._rises)
        return Edges(falls, rises, 0.5, source, half_widths=falls_widths, rising_half_widths=rises_widths)


def _joined(found: list[tuple[Float64Array, Float64Array]]) -> tuple[Float64Array, Float64Array]:
    """Return all places, and all half widths."""
    none = (np.empty(0), np.empty(0))
    places, widths = zip(none, *found, strict=True)
    return np.concatenate(places), np.concatenate(widths)
