# SPDX-License-Identifier: Apache-2.0
"""Follow a trace that somebody else writes: new samples only, gathered in cells, at constant memory.

The file is read in place and never copied. Who comes late to a long run sees its last minutes: walking over the
places of 10^9 samples is done in steps, and reading them all is left out.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.director.live import block_samples
from energy_runner.errors import SessionError
from energy_runner.session.trace import TraceReader
from energy_runner.viewer.live.ring import COUNT, LARGEST, LEAST, SUM

Cells = npt.NDArray[np.float64]
_CHUNKS = 20_000  # of the file that one look walks over
_AT_ONCE = 1 << 21  # samples of each signal that are read in one look
_SHORTEST_S = 2.5e-8  # period of a sample; no monitor has one so short
_MOST_BEHIND = 1 << 24  # samples; whoever is further behind leaves some out


class TraceTail:
    """The trace in the file `path`, opened when it is there. Raises `OSError` and `SessionError`.

    `more` says that there is more to be read at once, and `dropped` how many cells were left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._trace: TraceReader | None = None
        self._file: tuple[int, int] | None = None
        self._next = 0  # cell
        self._cell = 1
        self.more = False
        self.dropped = 0

    @property
    def signals(self) -> list[tuple[str, str]]:
        """Return name and unit of each signal of the first rail; none before there is a trace."""
        return [] if self._trace is None else self._trace.signals

    @property
    def period_s(self) -> float:
        """Return the sample period, s; 1 before there is a trace."""
        return 1.0 if self._trace is None else self._trace.period_s

    @property
    def at(self) -> int:
        """Return how many samples there are."""
        return 0 if self._trace is None else self._trace.length

    def open(self) -> bool:
        """Open the trace if it is there and new, or another one; return whether it was opened now."""
        found = self._path.stat()
        file = (found.st_dev, found.st_ino)
        if self._trace is not None and file == self._file:
            return False
        self.close()
        trace = TraceReader(self._path, most=_CHUNKS)
        if trace.period_s < _SHORTEST_S:  # a cell of a hostile file would take all of the memory
            trace.close()
            raise SessionError(f"{self._path}: {1 / _SHORTEST_S:.0e} samples a second and more are not shown live")
        self._trace, self._file, self._next = trace, file, 0
        self._cell = block_samples(trace.period_s)
        return True

    def poll(self, *, whole: bool = False) -> Iterator[tuple[int, Cells]]:
        """Yield number and content of the cells that are new and complete; the last one, too, with `whole`."""
        trace = self._trace
        self.more = False
        if trace is None:
            return
        length = trace.refresh()
        self.more = trace.behind
        end = length // self._cell
        if length - self._next * self._cell > _MOST_BEHIND:
            self._skip_to((length - _MOST_BEHIND // 2) // self._cell)
        stop = min(end, self._next + max(1, _AT_ONCE // self._cell))
        if stop > self._next:
            yield self._next, self._read(trace, self._next * self._cell, stop * self._cell)
            self._next = stop
            trace.forget(stop * self._cell)
        self.more = self.more or stop < end
        if whole and not self.more and length > end * self._cell:
            yield end, self._read(trace, end * self._cell, length)
            self._next = end + 1

    def close(self) -> None:
        """Release the file; safe to call twice."""
        if self._trace is not None:
            self._trace.close()
            self._trace = None

    def _skip_to(self, cell: int) -> None:
        if cell > self._next:
            self.dropped += cell - self._next
            self._next = cell
            if self._trace is not None:
                self._trace.forget(cell * self._cell)

    def _read(self, trace: TraceReader, start: int, stop: int) -> Cells:
        size = min(self._cell, stop - start)
        cells = np.empty(((stop - start) // size, len(trace.signals), 4))
        for number, (name, _) in enumerate(trace.signals):
            values = trace.read(name, start, stop, check=False).reshape(-1, size)
            missing = ~np.isfinite(values)
            if missing.any():
                cells[:, number, SUM] = np.where(missing, 0, values).sum(axis=1, dtype=np.float64)
                cells[:, number, LEAST] = np.where(missing, np.inf, values).min(axis=1)
                cells[:, number, LARGEST] = np.where(missing, -np.inf, values).max(axis=1)
                cells[:, number, COUNT] = size - missing.sum(axis=1)
            else:
                cells[:, number, SUM] = values.sum(axis=1, dtype=np.float64)
                cells[:, number, LEAST] = values.min(axis=1)
                cells[:, number, LARGEST] = values.max(axis=1)
                cells[:, number, COUNT] = size
        return cells
