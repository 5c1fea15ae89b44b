# SPDX-License-Identifier: Apache-2.0
"""`trace.jls`: the monitor's samples in the Joulescope file format (pyjls), which the Joulescope UI opens too.

A file that a killed process left behind can be read up to its last blocks. The format's sample rate is an
integer, so the true sample period is kept with it as user data, and that is the one that counts. Missing
samples are written as NaN by this module.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyjls
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy_runner.errors import BenchFault, SessionError, in_words
from energy_runner.session import disk
from energy_runner.session.trace_blocks import CHUNK_HEAD, TraceBlocks, is_end
from energy_runner.session.trace_closed import ClosedTrace
from energy_runner.session.trace_source import TraceSource

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]

SCHEMA = "energy-runner/trace/1"
_CARD = 1  # the number of our user data, which holds a `_Card`
_JLS_EPOCH_NS = 1_514_764_800 * 10**9  # JLS counts 2**30 a second from 2018-01-01 (pyjls, time64)
_LARGEST_BLOCK = 8192
_BLOCK_S = 0.25  # what a killed process loses at most
_LONGEST_GAP_S = 3600.0
_NAN_BLOCK = np.full(65536, np.nan, dtype=np.float32)


class _Card(BaseModel):
    """What JLS has no field for."""

    model_config = ConfigDict(extra="ignore")

    schema_: str = Field(default=SCHEMA, alias="schema")
    period_s: float = Field(gt=0, allow_inf_nan=False)


def _block_size(rate_hz: float) -> int:
    """Return how many samples one block of the file holds: about `_BLOCK_S`, and 16 to 8192."""
    wanted = min(max(16.0, rate_hz * _BLOCK_S), float(_LARGEST_BLOCK))
    return 1 << int(math.log2(wanted))


class TraceWriter:
    """Write signals of one common sample period, block by block, at constant memory.

    `signals` are (name, unit) pairs; `groups` says how many of them, in their order, come together, where they are
    of several samplers, each with a timebase of its own. `sources` are what the file says of their instruments:
    one for each group, or one for all. Raises `BenchFault` when the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        signals: Sequence[tuple[str, str]],
        period_s: float,
        groups: Sequence[int] = (),
        *,
        sources: Sequence[TraceSource] = (),
    ) -> None:
        self._path = path
        self._count = len(signals)
        counts = list(groups) or [len(signals)]
        firsts = [1 + sum(counts[:number]) for number in range(len(counts))]
        self._numbers = [range(first, first + count) for first, count in zip(firsts, counts, strict=True)]
        self._period_s = period_s
        self._lengths = [0] * len(counts)
        self._edges = 0
        rate_hz = 1 / period_s
        block = _block_size(rate_hz)
        told = list(sources) or [TraceSource()]
        identifiers = {one: number for number, one in enumerate(dict.fromkeys(told), start=1)}
        of_signal = [
            identifiers[told[min(group, len(told) - 1)]] for group, n in enumerate(counts) for _ in range(n)
        ]
        try:
            self._file = pyjls.Writer(str(path))
            for one, number in identifiers.items():
                self._file.source_def(source_id=number, **vars(one))
            for number, (name, unit) in enumerate(signals, start=1):
                self._file.signal_def(
                    signal_id=number,
                    source_id=of_signal[number - 1],
                    sample_rate=max(1, round(rate_hz)),
                    samples_per_data=block,
                    sample_decimate_factor=min(128, block),
                    name=name,
                    units=unit,
                )
            # After the definitions: user data goes through the queue of the writer's thread, definitions past it.
            # The other way round the faster one came first, and the same samples gave different bytes.
            card = _Card(period_s=period_s).model_dump_json(by_alias=True)
            self._file.user_data(_CARD, card)
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    @property
    def length(self) -> int:
        """Return how many sample periods were written, missing samples included; of the first group."""
        return self._lengths[0]

    def append(self, first: int, values: Sequence[Float32Array], group: int = 0) -> None:
        """Append samples from index `first` on, one equally long array for each signal of a group.

        A gap before `first` is filled with NaN. Raises `BenchFault` for samples that were written already.
        """
        count, length = len(self._numbers[group]), self._lengths[group]
        if len(values) != count or any(len(array) != len(values[0]) for array in values):
            raise ValueError(f"{count} arrays of equal length are needed")
        if first < length:
            raise BenchFault(f"{self._path}: samples from {first} on, but {length} are written already")
        if (first - length) * self._period_s > _LONGEST_GAP_S:
            raise BenchFault(f"{self._path}: the samples jump from {length} to {first}")
        try:
            while (missing := first - self._lengths[group]) > 0:
                self._write([_NAN_BLOCK[:missing]] * count, group)
            self._write(values, group)
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def edge(self, position: float, label: str) -> None:
        """Mark a falling edge at `position` (samples) for display; the journal keeps the exact place."""
        self._edges += 1
        sample = max(0, math.floor(position))
        try:
            self._file.annotation(1, sample, math.nan, pyjls.AnnotationType.VMARKER, 0, str(self._edges))
            self._file.annotation(1, sample, math.nan, pyjls.AnnotationType.TEXT, 0, label)
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def annotate(self, sample: int, text: str) -> None:
        """Put a text at a sample, for display; samples rise from call to call."""
        try:
            self._file.annotation(1, sample, math.nan, pyjls.AnnotationType.TEXT, 0, text)
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def marker(self, sample: int, name: str) -> None:
        """Put a vertical marker at a sample, for display, in order with the texts; `1a` and `1b` are a pair."""
        try:
            self._file.annotation(1, sample, math.nan, pyjls.AnnotationType.VMARKER, 0, name)
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def utc(self, sample: int, utc_ns: int) -> None:
        """Tie sample index `sample` to calendar time (ns since 1970, UTC); two ties make a time axis."""
        ticks = ((utc_ns - _JLS_EPOCH_NS) << 30) // 10**9
        try:
            for number in range(1, self._count + 1):
                self._file.utc(number, sample, ticks)
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def flush(self) -> None:
        """Hand every complete block to the operating system."""
        try:
            self._file.flush()
        except (RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def sync(self) -> None:
        """Wait until the closed file is on the storage device, safe from a power cut."""
        try:
            disk.sync_path(self._path)
        except OSError as error:
            raise self._fault(error) from error

    def close(self) -> None:
        """Complete the file; safe to call twice. Raises `BenchFault` if an earlier write failed."""
        try:
            self._file.close()
        except RuntimeError as error:
            raise self._fault(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, values: Sequence[Float32Array], group: int) -> None:
        for number, array in zip(self._numbers[group], values, strict=True):
            self._file.fsr(number, self._lengths[group], np.ascontiguousarray(array, dtype=np.float32))
        self._lengths[group] += len(values[0])

    def _fault(self, error: Exception) -> BenchFault:
        # The errors of pyjls have no errno, so the reason is not known.
        return BenchFault(
            f"{self._path}: cannot write the trace ({in_words(error)}). "
            "Try: check the free disk space and the folder's permissions"
        )


class TraceReader:
    """Read a trace; one that is still being written, or that a killed run left, is read in place as it is.

    `length` is how many samples all signals hold. Of a trace of several rails, whose signals are called
    `RAIL.SIGNAL`, one rail is read: `rail`, or the first; `rails` names all of them. Raises `SessionError` for a
    file that is not a trace, or for samples that it does not hold.

    Who follows a trace that grows gives `most`: so many chunks of the file are looked at in one `refresh`, and
    `behind` says that there are more.
    """

    def __init__(self, path: Path, rail: str | None = None, *, most: int | None = None) -> None:
        self._path = path
        try:
            closed = is_closed(path)
            self._file: ClosedTrace | TraceBlocks = ClosedTrace(path) if closed else TraceBlocks(path, most)
        except (OSError, RuntimeError, ValueError) as error:
            raise SessionError(f"{path}: cannot be read as a trace ({in_words(error)})") from None
        try:
            self.period_s = self._card().period_s
            found = self._file.signals
            if not found:
                raise SessionError(f"{path}: holds no signal")
            self.rails = list(dict.fromkeys(name.partition(".")[0] for _, name, _ in found if "." in name))
            if self.rails:
                chosen = self.rails[0] if rail is None else rail
                begins = f"{chosen}."
                found = [(n, name.removeprefix(begins), u) for n, name, u in found if name.startswith(begins)]
                if not found:
                    raise SessionError(f"{path}: has no rail {chosen!r}, only {', '.join(self.rails)}")
            self._ids = {name: number for number, name, _ in found}
            self.signals = [(name, unit) for _, name, unit in found]
            self.length = self._length()
        except BaseException:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Return whether the file was closed: it does not grow, and has summaries, so `envelope` is fast."""
        return isinstance(self._file, ClosedTrace)

    def refresh(self) -> int:
        """Take in what was written since the trace was opened, and return the new length."""
        try:
            self._file.refresh()
        except (OSError, RuntimeError, ValueError) as error:
            raise SessionError(f"{self._path}: cannot be read as a trace ({in_words(error)})") from None
        self.length = self._length()
        return self.length

    @property
    def behind(self) -> bool:
        """Return whether the last look ended before the end of the file."""
        return isinstance(self._file, TraceBlocks) and self._file.behind

    def forget(self, before: int) -> None:
        """Hold nothing more of the samples before `before`, of a trace that is still being written."""
        if isinstance(self._file, TraceBlocks):
            self._file.forget(before)

    def read(self, signal: str, start: int, stop: int, *, check: bool = True) -> Float32Array:
        """Return the samples [start, stop) of `signal`; missing ones are NaN.

        Without `check`, for a display that keeps up with a run, blocks of an unclosed trace are not compared with
        their checksums.
        """
        if not 0 <= start <= stop <= self.length:
            raise SessionError(f"{self._path}: samples {start}..{stop} of {self.length} do not exist")
        if start == stop:
            return np.empty(0, dtype=np.float32)
        try:
            if isinstance(self._file, TraceBlocks):
                return self._file.read(self._id(signal), start, stop, check=check)
            return self._file.read(self._id(signal), start, stop)
        except (OSError, RuntimeError, ValueError) as error:
            raise SessionError(
                f"{self._path}: samples {start}..{stop} cannot be read ({in_words(error)})"
            ) from None

    def envelope(self, signal: str, start: int, stop: int, columns: int) -> Float64Array:
        """Return mean, minimum and maximum of `columns` equal parts of [start, stop), for drawing.

        The shape is (columns, 3), and no spike is lost. Where the trace was closed, long parts come from its
        summaries, so that the time taken hardly grows with the length; else from the samples.
        """
        step = max(1, (stop - start) // columns)
        columns = (stop - start) // step
        if columns == 0 or not 0 <= start <= stop <= self.length:
            raise SessionError(f"{self._path}: samples {start}..{stop} of {self.length} cannot be drawn")
        try:
            return self._file.envelope(self._id(signal), start, step, columns)
        except (OSError, RuntimeError, ValueError) as error:
            raise SessionError(
                f"{self._path}: samples {start}..{stop} cannot be read ({in_words(error)})"
            ) from None

    def edges(self) -> list[tuple[int, str]]:
        """Return the marked edges as (sample, label)."""
        try:
            return list(self._file.texts)
        except (OSError, RuntimeError, ValueError) as error:
            raise SessionError(f"{self._path}: the marked edges cannot be read ({in_words(error)})") from None

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _length(self) -> int:
        lengths = self._file.lengths
        return min((lengths[number] for number in self._ids.values()), default=0)

    def _id(self, signal: str) -> int:
        if signal not in self._ids:
            raise SessionError(f"{self._path}: has no signal {signal!r}, only {', '.join(self._ids)}")
        return self._ids[signal]

    def _card(self) -> _Card:
        try:
            cards = [data for number, data in self._file.user_data if number == _CARD]
            card = _Card.model_validate_json(cards[-1])
        except (RuntimeError, ValueError, IndexError, TypeError, ValidationError):
            raise SessionError(f"{self._path}: does not say its sample period") from None
        if card.schema_ != SCHEMA:
            raise SessionError(f"{self._path}: is of kind {card.schema_!r}, this version reads {SCHEMA!r}")
        return card


def is_closed(path: Path) -> bool:
    """Return whether a file was closed: it is as long as its header says, and ends with the chunk that says so.

    pyjls repairs any other file when it opens it, and facts are only read. On a full disk the header may say the
    length although the end is missing.
    """
    with disk.open_file(path) as file:
        header = file.read(24)
        length = file.seek(0, 2)
        if int.from_bytes(header[16:], "little") != length or length < CHUNK_HEAD.size:
            return False
        file.seek(length - CHUNK_HEAD.size)
        return is_end(file.read(CHUNK_HEAD.size))
