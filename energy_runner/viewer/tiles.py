# SPDX-License-Identifier: Apache-2.0
"""Pictures of a trace: least, mean and largest of equal parts of any range, at any zoom, in milliseconds.

Up to `EXACT` samples are read and reduced. A longer range comes from a summary in memory (`summary.py`), which one
thread fills in the background, for the signals that were asked for. Until it is there, what is missing comes from
the file's own summaries: these lose no spike, but their means are wrong beside gaps, so such a tile is not final.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.facts import Facts, gather
from energy_runner.errors import SessionError
from energy_runner.session.folder import TRACE, Session
from energy_runner.viewer.filling import Filler
from energy_runner.viewer.pieces import FINE, Pieces
from energy_runner.viewer.shown import SharedTrace, Shown, ShownSignals, Signal
from energy_runner.viewer.summary import BLOCK, MOST_BLOCKS, STEP, Filled, Summary, Sums, narrow, reduced

Float32Array = npt.NDArray[np.float32]

__all__ = ["MOST_COLUMNS", "Signal", "Tile", "TraceTiles"]

MOST_COLUMNS = 8192  # more than any screen has; 131 kB a tile
# Reading and reducing so many samples takes 3 ms of one recorded signal and 8 ms of a product of two.
EXACT = 1 << 21
SLOW_EXACT = EXACT >> 4  # of a calibrated signal, in 7 ms; longer ranges come from `pieces.py`
# A trace of so many samples is summarised while the first request waits, in 0.05 to 0.2 s; nobody sees a preview.
AT_ONCE = 1 << 24
# The newest samples of a long trace that is still written are summarised while the request waits, too.
_NEWEST = 1 << 20

_HEAD = struct.Struct("<4sIddII")
_MAGIC = b"ERT1"


@dataclass(frozen=True)
class _Span:
    """Samples [first, stop) in columns of `width` samples; the last one may be shorter."""

    first: int
    width: int
    stop: int

    @classmethod
    def of_blocks(cls, start: int, stop: int, columns: int, block: int, length: int) -> Self:
        """Return the narrowest columns of whole blocks that hold [start, stop), at most `columns` of them."""
        first = start // block * block
        end = min(-(-stop // block) * block, length)
        width = -(-(end - first) // (columns * block)) * block
        return cls(first, width, end)

    @property
    def columns(self) -> int:
        """Return how many columns there are."""
        return -(-(self.stop - self.first) // self.width)

    def lengths(self) -> npt.NDArray[np.int64]:
        """Return how many samples each column has."""
        ends = np.minimum(self.first + self.width * np.arange(1, self.columns + 1), self.stop)
        return np.diff(ends, prepend=self.first)


@dataclass(frozen=True)
class Tile:
    """Columns of `width` samples each from sample `first` on; the last one may be shorter.

    `low`, `mean` and `high` are in the unit of the signal, over the samples that exist; NaN where there is none.
    `present` is the share of the samples that exist, 0 to 1; NaN where it is not known yet. `final` says that all
    are exact; otherwise the tile is a preview, and the same question has a better answer later.
    """

    first: int
    width: int
    low: Float32Array
    mean: Float32Array
    high: Float32Array
    present: Float32Array
    final: bool

    def __len__(self) -> int:
        return len(self.low)

    def packed(self) -> bytes:
        """Return the tile for a browser, little endian.

        `ERT1`, uint32 columns, float64 first, float64 width, uint32 final, uint32 0, then `low`, `mean`, `high`
        and `present` as float32.
        """
        arrays = (self.low, self.mean, self.high, self.present)
        head = _HEAD.pack(_MAGIC, len(self), self.first, self.width, self.final, 0)
        return head + b"".join(array.astype("<f4").tobytes() for array in arrays)


class TraceTiles:
    """The tiles of one session's trace, of one rail (or the first); safe to use from any thread.

    `signals` are the power (W; as the analysis computes it, corrected and calibrated), then the current (A) and
    the voltage (V) as far as they were recorded. Where no power can be computed, they are what was recorded, and
    `problems` says why. `period_s` is what a sample lasts, in seconds, by the clock that the run found. A trace
    that is still being written grows with `refresh`, or with a request beyond its known end; `period_s` stays.

    Raises `SessionError` for a session without a trace, or with one that cannot be read. Close it after use.
    """

    def __init__(self, session: Session, rail: str | None = None, *, facts: Facts | None = None) -> None:
        self._path = session.path
        self._trace = SharedTrace(session.path / TRACE, rail)
        try:
            chosen = rail or (self._trace.rails[0] if self._trace.rails else None)
            self._shown = ShownSignals(
                self._trace, lambda: facts or gather(session.journal(exchanges=False), chosen)
            )
        except BaseException:
            self._trace.close()
            raise
        self._lock = Lock()
        self._summaries: dict[str, Summary] = {}
        self._pieces: dict[str, Pieces] = {}
        self._filler = Filler(self._fill)
        self._closed = False

    @property
    def signals(self) -> list[Signal]:
        """Return what can be asked for, the most useful first."""
        return [shown.signal for shown in self._shown.all]

    @property
    def length(self) -> int:
        """Return the number of samples, missing ones included."""
        return self._trace.length

    @property
    def period_s(self) -> float:
        """Return what a sample lasts, in seconds."""
        return self._shown.period_s

    @property
    def problems(self) -> list[str]:
        """Return what cannot be shown, and why; reading may find more."""
        return list(self._shown.problems)

    @property
    def ready(self) -> float:
        """Return how much of the exact summary exists, 0 to 1, of the signal that was asked for and has least."""
        if self.length <= EXACT:
            return 1.0
        with self._lock:
            summaries = list(self._summaries.values())
        shares = [_share(summary.filled, self.length) for summary in summaries]
        return min(shares, default=0.0)

    def refresh(self) -> int:
        """Take in what was written since, and return the new length."""
        return self._trace.refresh()

    def tile(self, signal: str, start: int, stop: int, columns: int) -> Tile:
        """Return the samples [start, stop) of a signal in at most `columns` columns.

        Up to `EXACT` samples, the tile begins with `start` and ends with `stop`. A longer one consists of whole
        blocks: `first` is up to a block before `start`, and the last column ends up to a block after `stop`.

        Raises `SessionError` for samples, or a signal, that the trace does not hold, and after `close`.
        """
        with self._filler.ahead():
            shown = self._asked(signal, start, stop, columns)
            slow = shown.slow and self._trace.closed
            if stop - start <= (SLOW_EXACT if slow else EXACT):
                tile = _read_tile(shown, start, stop, columns)
            elif stop - start <= EXACT:
                tile = self._fine_tile(shown, start, stop, columns)
            else:
                tile = self._summed_tile(shown, start, stop, columns)
        if self._closed:
            raise SessionError(f"{self._path}: the trace was closed while it was read")
        return tile

    def close(self) -> None:
        """End the thread and release the file and the summaries; safe to call twice."""
        self._closed = True
        self._filler.close()
        self._trace.close()
        with self._lock:
            self._summaries.clear()
            self._pieces.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _asked(self, signal: str, start: int, stop: int, columns: int) -> Shown:
        """Return the signal that was asked for; raise `SessionError` for a question without an answer."""
        if self._closed:
            raise SessionError(f"{self._path}: the trace is closed")
        if stop > self.length and not self._trace.closed:
            self.refresh()
        if not 0 <= start < stop <= self.length:
            raise SessionError(
                f"{self._path}: samples {start}..{stop} were asked for, of {self.length}. Try: a range inside"
            )
        if not 1 <= columns <= MOST_COLUMNS:
            raise SessionError(f"{self._path}: {columns} columns were asked for. Try: 1 to {MOST_COLUMNS}")
        for shown in self._shown.all:
            if shown.signal.name == signal:
                return shown
        known = ", ".join(one.name for one in self.signals)
        raise SessionError(f"{self._path}: the signal {signal[:40]!r} was asked for. Try: {known}")

    def _summed_tile(self, shown: Shown, start: int, stop: int, columns: int) -> Tile:
        summary = self._summary(shown)
        length = self.length
        behind = length - summary.filled.end
        newest = behind <= _NEWEST and not self._trace.closed
        if (length <= AT_ONCE and not shown.slow) or newest:
            while summary.step(length):
                pass
        filled = summary.filled
        block = filled.block
        if stop - start <= EXACT // 4 * (block // BLOCK):  # blocks of a very long trace would be coarse columns
            return _read_tile(shown, start, stop, columns)
        span = _Span.of_blocks(start, stop, columns, block, length)
        if span.stop // block * block <= filled.end:
            return _tile(span, _exact(shown, filled, span), final=True)
        covered = max(0, (filled.end - span.first) // span.width)
        known = _Span(span.first, span.width, span.first + covered * span.width)
        return self._preview(shown, span, _exact(shown, filled, known) if covered else Sums.room(0))

    def _fine_tile(self, shown: Shown, start: int, stop: int, columns: int) -> Tile:
        """Return the tile of samples that take long to compute: exact, if they were looked at just before."""
        with self._lock:
            pieces = self._pieces.setdefault(shown.signal.name, Pieces(shown.read, self.length))
        span = _Span.of_blocks(start, stop, columns, FINE, self.length)
        sums = pieces.sums(span.first, span.stop)
        if sums is None:
            return self._preview(shown, span, Sums.room(0))
        return _tile(span, sums.merged(span.width // FINE), final=True)

    def _preview(self, shown: Shown, span: _Span, exact: Sums) -> Tile:
        """Return the columns that are known, then rough ones; the background then works for the exact ones."""
        self._filler.wake()
        rest = _Span(span.first + len(exact) * span.width, span.width, span.stop)
        unknown = np.full(rest.columns, np.nan, dtype=np.float32)
        mean = low = high = present = unknown
        if self._trace.closed:
            mean, low, high = (narrow(values) for values in shown.rough(rest.first, rest.width, rest.stop))
            present = np.where(np.isnan(mean), np.float32(0), unknown)
        return _tile(span, exact, final=False, after=(low, mean, high, present))

    def _summary(self, shown: Shown) -> Summary:
        step = STEP // 4 if shown.slow else STEP
        with self._lock:
            made = Summary(shown.read, self.length, MOST_BLOCKS, step)
            return self._summaries.setdefault(shown.signal.name, made)

    def _fill(self) -> bool:
        """Compute one piece that is looked at, or else take one step of the newest summary that is not complete.

        Return whether there is more to do.
        """
        with self._lock:
            pieces, summaries = list(self._pieces.values()), list(self._summaries.values())
        if any(one.step() for one in pieces):
            return True
        return any(summary.step(self.length) for summary in reversed(summaries))


def _read_tile(shown: Shown, start: int, stop: int, columns: int) -> Tile:
    """Return the tile of samples that are read one by one, some columns at a time."""
    span = _Span(start, -(-(stop - start) // columns), stop)
    piece = max(1, STEP // span.width) * span.width
    sums = [reduced(shown.read(at, min(at + piece, stop)), span.width) for at in range(start, stop, piece)]
    return _tile(span, Sums.joined(sums), final=True)


def _exact(shown: Shown, filled: Filled, span: _Span) -> Sums:
    """Return the sums of each column of a span whose whole blocks are all filled in."""
    block = filled.block
    sums = filled.sums[span.first // block : span.stop // block]
    rest = span.stop % block  # at the end of the trace
    if rest:
        sums = Sums.joined([sums, reduced(shown.read(span.stop - rest, span.stop), block)])
    return sums.merged(span.width // block)


def _tile(span: _Span, sums: Sums, *, final: bool, after: Sequence[Float32Array] = ()) -> Tile:
    """Return the tile of a span: first the columns that `sums` is of, then `after` (low, mean, high, present)."""
    none = sums.count == 0
    low, high = (np.where(none, np.float32(np.nan), values) for values in (sums.low, sums.high))
    present = (sums.count / span.lengths()[: len(sums)]).astype(np.float32)
    arrays: list[Float32Array] = [low, narrow(sums.means()), high, present]
    if after:
        arrays = [np.concatenate(both) for both in zip(arrays, after, strict=True)]
    low, mean, high, present = arrays
    return Tile(span.first, span.width, low, mean, high, present, final)


def _share(filled: Filled, length: int) -> float:
    """Return how much of the whole blocks is filled in."""
    blocks = length // filled.block
    return min(1.0, len(filled.sums) / blocks) if blocks else 1.0
