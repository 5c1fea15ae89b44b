# SPDX-License-Identifier: Apache-2.0
"""CSV of any tool: LPM01A, PPK2, Joulescope, Otii, Keithley and R&S buffers, and others whose units are told."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.errors import Argument
from energy_runner.traces.grid import Fit, Grid, StampError, fit, resolution, rounded
from energy_runner.traces.model import (
    INSTANTS,
    Chunk,
    Edges,
    EdgeTracker,
    Float32Array,
    Float64Array,
    Head,
    Mishap,
    Options,
    SignalName,
    TraceFileError,
    signal,
    spread,
)
from energy_runner.traces.text.blocks import Block, Lines
from energy_runner.traces.text.cells import is_number, number, shown, split
from energy_runner.traces.text.columns import choose, edge_column, edge_names, is_bits
from energy_runner.traces.text.dialects import Dialect, dialect_of, stated_period
from energy_runner.traces.text.layout import Layout, head_of, read_layout
from energy_runner.traces.text.rows import SLOW, Rows, Wanted

_SIMULATED = "SIMULATED"  # what files of ours say of virtual sessions, in a comment
_SAME = 0.01  # relative, of two rates
_MOST_FITTED = 8  # blocks from which the period is found
_TAIL = 1 << 14
_PPK2_RATE_HZ = 100_000.0
_SHORTEST_S, _LONGEST_S = 1e-9, 3600.0  # of a sample
_UNTIMED = "the table has no times, so rows that are missing cannot be seen"
_SCATTERED = {  # why rows that are missing cannot be counted, by the way in which the time stamps are read
    "jittering": "the time stamps scatter, so rows that are missing cannot be counted",
    "rounded": "the time stamps are too coarse to count the rows that are missing: more than one rate fits them",
}


class TextTrace:
    """An opened table in text."""

    def __init__(self, path: Path, options: Options) -> None:
        self.findings: list[str] = []
        self.mishaps: list[Mishap] = []
        self._path = path
        self._size = max(1, path.stat().st_size)
        self._layout = layout = read_layout(path, head_of(path))
        dialect = dialect_of(layout)
        self._columns = choose(layout, _with_time(layout, dialect, options))
        self._names = list(self._columns.signals)
        wanted = [Wanted(meaning.place) for meaning in self._columns.signals.values()]
        if self._columns.time is not None:
            wanted.append(Wanted(self._columns.time.place))
        self._edges = edge_column(layout, options.edges) if options.edges else None
        self._tracker = EdgeTracker(options.edges) if options.edges else None
        wanted += [self._edges] if self._edges is not None else []
        self._rows = Rows(layout, wanted, plain=options.plain)
        self._lines = Lines(path, layout.offset)
        self._blocks = iter(self._lines)
        self._read = 0
        self._zero = 0.0  # the time of the first row, in the unit of its column
        try:
            self._ready: list[tuple[Block, list[Float64Array]]] = []
            self._read_on()
            self._grid, self.head = self._begin(dialect, options)
        except BaseException:
            self.close()
            raise

    @property
    def done(self) -> float:
        """Return the share of the file that was read, 0 to 1."""
        return self._read / self._size

    def chunks(self) -> Iterator[Chunk]:
        """Yield all samples in order; raises `TraceFileError` that names the line where they are damaged."""
        while self._ready or self._read_on():
            block, columns = self._ready.pop(0)
            self._read = block.end
            yield from self._chunks(block, columns)
        self._end()

    def edges(self, name: str) -> Edges:
        """Return the edges of the column that the options named."""
        if self._tracker is None:
            raise TraceFileError(f"{self._path}: no column of edges was asked for")
        return self._tracker.edges(f"column {name!r} of {self._path.name}")

    def close(self) -> None:
        """Release the file."""
        self._lines.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _begin(self, dialect: Dialect, options: Options) -> tuple[Grid, Head]:
        layout = self._layout
        stated = stated_period(layout)
        known_s = 1 / options.rate_hz if options.rate_hz is not None else stated
        if self._columns.time is None and known_s is None:
            raise TraceFileError(
                f"{self._path}: neither a column of time nor a sample rate is stated. There are: "
                f"{layout.there()[:300]}. Try: ",
                Argument("columns", "NAME=ms"),
                " with the column of the time, or ",
                Argument("rate_hz", "HZ"),
            )
        remarks = [dialect.remark] if dialect.remark else []
        step_s, found = self._fitted(known_s)
        self._timed = found is not None
        uncounted = _UNTIMED if found is None else "" if found.counts else _SCATTERED[found.way]
        blur_s = 0.0
        if found is None:
            grid = Grid(known_s or 0.0, step_s, "steady")
        else:
            blur_s = 2 * found.scatter * found.period_s if found.way == "jittering" else 0.0
            period_s = rounded(found, step_s, self._last_stamp(), 0.0)
            grid = Grid(period_s, step_s, found.way, found.scatter, found.ties)
            remarks += self._about(found, dialect, period_s, stated)
        remarks += [uncounted] if uncounted else []
        if not self._rows.fast:
            remarks.append(SLOW)
        says_instants = any(INSTANTS in text for text in layout.comments)
        head = Head(
            format=dialect.name,
            title=dialect.title,
            signals=tuple(signal(name) for name in self._names),
            period_s=grid.period_s,
            instrument=dialect.instrument,
            remarks=tuple(remarks),
            kind="instant" if says_instants else dialect.kind,
            kind_known=says_instants or dialect.kind_known,
            edge_names=edge_names(layout),
            virtual=any(_SIMULATED in text for text in layout.comments),
            start_s=self._zero * (self._columns.time.factor if self._columns.time is not None else 0.0),
            resolution_s=max(step_s, blur_s),
            uncounted=uncounted,
        )
        return grid, head

    def _fitted(self, known_s: float | None) -> tuple[float, Fit | None]:
        """Return the resolution of the times (s), and what they say of the rate; None where rows only count."""
        time, layout = self._columns.time, self._layout
        if time is None:
            return 0.0, None
        texts = [row[time.place] for row in layout.rows if len(row) > time.place]
        step_s = resolution([text for text in texts if is_number(text)], time.factor)
        first = next((columns[len(self._names)] for _, columns in self._ready if len(columns[0])), np.zeros(1))
        self._zero = float(first[0]) if math.isfinite(first[0]) else 0.0
        # A date in nanoseconds has more digits than a 64-bit float.
        step_s = max(step_s, 2 * float(np.spacing(abs(self._zero))) * time.factor)
        found = fit(self._first_stamps(), step_s)
        # A clock that counts seconds may need more rows to show its steps.
        while found is None and len(self._ready) < _MOST_FITTED and self._read_on():
            found = fit(self._first_stamps(), step_s)
        if found is not None and not _SHORTEST_S <= found.period_s <= _LONGEST_S:
            found, known_s = None, None
        if found is None and known_s is None:
            raise TraceFileError(
                f"{self._path}: line {layout.first_line} and those after it have no times in column "
                f"{shown(layout.names[time.place])} that tell a sample rate"
            )
        return step_s, found

    def _about(self, found: Fit, dialect: Dialect, period_s: float, stated: float | None) -> list[str]:
        said = []
        if found.way == "jittering":
            said.append(
                f"the time stamps scatter by {found.scatter - 0.5:.3g} samples: rows are taken as evenly spaced"
            )
        if stated is not None and abs(stated / period_s - 1) > _SAME:
            words = f"the times in the file give {1 / period_s:.9g} samples a second, and {1 / stated:.9g}"
            said.append(f"{words} are stated before the table")
        if dialect.name == "ppk2-csv" and period_s * _PPK2_RATE_HZ > 1.01:
            said.append(
                f"a PPK2 takes 100000 samples a second, this export has {1 / period_s:.9g}: it was resampled"
            )
        return said

    def _read_on(self) -> bool:
        """Read one more block; return whether there was one."""
        block = next(self._blocks, None)
        if block is not None:
            self._ready.append((block, self._rows.read(block)))
        return block is not None

    def _first_stamps(self) -> Float64Array:
        return np.concatenate([np.empty(0), *(self._stamps(columns) for _, columns in self._ready)])

    def _stamps(self, columns: list[Float64Array]) -> Float64Array:
        assert self._columns.time is not None  # noqa: S101
        if not columns:
            return np.empty(0)
        # From the first row on, before the product rounds them.
        return (columns[len(self._names)] - self._zero) * self._columns.time.factor

    def _last_stamp(self) -> float | None:
        """Return the time in the last whole line of the file; None where the end does not tell."""
        time, layout = self._columns.time, self._layout
        assert time is not None  # noqa: S101
        with self._path.open("rb") as file:
            file.seek(max(layout.offset, self._size - _TAIL))
            lines = file.read(_TAIL).decode("latin-1").splitlines(keepends=True)
        for line in reversed(lines[1:]):
            cells = split(line.rstrip("\r\n"), layout.delimiter)
            if line.endswith(("\n", "\r")) and len(cells) == len(layout.names):
                try:
                    last_s = (number(cells[time.place], layout.decimal) - self._zero) * time.factor
                except ValueError:
                    return None
                return last_s if math.isfinite(last_s) else None
        return None

    def _chunks(self, block: Block, columns: list[Float64Array]) -> Iterator[Chunk]:
        if not columns or not len(columns[0]):
            return
        kept: npt.NDArray[np.bool_] | None = None
        if self._timed:
            try:
                index, keep = self._grid.place(self._stamps(columns))
            except StampError as error:
                raise self._stamp_error(block, error) from None
            kept = None if keep.all() else keep
        else:
            index = np.arange(self._grid.next, self._grid.next + len(columns[0]), dtype=np.int64)
            self._grid.next += len(index)
        if not len(index):
            return
        own: dict[SignalName, Float32Array] = {}
        for (name, meaning), column in zip(self._columns.signals.items(), columns, strict=False):
            read = column if kept is None else column[kept]
            if meaning.factor != 1.0:
                read = read * meaning.factor
            with np.errstate(over="ignore"):  # beyond any instrument; it becomes infinite, and over range
                own[name] = read.astype(np.float32)
        if self._tracker is not None and self._edges is not None:
            states = columns[-1] if kept is None else columns[-1][kept]
            self._track(self._tracker, self._edges, index, states, block)
        yield from spread(index, own)

    def _track(
        self,
        tracker: EdgeTracker,
        wanted: Wanted,
        index: npt.NDArray[np.int64],
        states: Float64Array,
        block: Block,
    ) -> None:
        known = ~np.isnan(states)
        if is_bits(self._layout, wanted):
            bits = np.where(known, states, 0).astype(np.int64)
            states = np.where(known, (bits >> wanted.input) & 1, np.nan).astype(np.float64)
        odd = np.flatnonzero(known & (states != 0) & (states != 1))
        if len(odd):
            raise TraceFileError(
                f"{self._path}: column {tracker.name!r} is for edges, and holds {states[odd[0]]:g} "
                f"({self._line(block, int(odd[0]))}); 0 and 1 are needed. There are: "
                f"{', '.join(self.head.edge_names) or 'no columns of states'}"
            )
        tracker.take(index[known], states[known] == 1)

    def _stamp_error(self, block: Block, error: StampError) -> TraceFileError:
        time = self._columns.time
        assert time is not None  # noqa: S101
        where = self._line(block, error.row)
        return TraceFileError(
            f"{self._path}: {where}: the time in column {shown(self._layout.names[time.place])} {error.what}"
        )

    def _line(self, block: Block, row: int) -> str:
        """Return the line in which a row of a block stands, and what is there."""
        rows = -1
        first = self._lines.line_at(block.begin)
        for line, text in enumerate(block.data.splitlines(), start=first):
            rows += bool(text.strip())
            if rows == row:
                return f"line {line} ({shown(text.decode('latin-1').strip())})"
        return f"line {first} or after it"

    def _end(self) -> None:
        grid, lines = self._grid, self._lines
        if lines.cut.strip():
            self.findings.append(
                f"line {lines.line_at(lines.end)}, the last one, has no end: it may be cut off, and is left out "
                f"({shown(lines.cut)})"
            )
        if lines.comments:
            self.findings.append(f"{lines.comments} lines among the data are comments")
        if grid.repeated:
            self.findings.append(f"{grid.repeated} rows repeat the time of the row before them, and are left out")
        if grid.coarser_s:
            self.findings.append(
                f"the times lose digits: their step becomes {grid.coarser_s:g} s, and a few of the rows that are "
                "missing there may not be seen"
            )
        if grid.crowded:
            self.findings.append(
                f"{grid.crowded} times more rows share a time than there can have been samples: rows may be there "
                "twice"
            )
        if grid.way == "steady" and grid.uneven:
            self.findings.append(
                f"{grid.uneven} rows are unevenly spaced, by up to {grid.worst:.2g} samples: "
                "they are taken for the nearest sample"
            )
        if grid.back:
            self.findings.append(f"{grid.back} time stamps go back, by no more than they scatter")


def _with_time(layout: Layout, dialect: Dialect, options: Options) -> dict[str, str]:
    """Return the declared columns; of two time columns that a tool writes, the one to use."""
    if options.columns or not dialect.time:
        return dict(options.columns)
    times = [name for name in layout.names if name.lower().startswith(dialect.time)]
    units = {name: name.rpartition("(")[2].rstrip(") ") for name in layout.names if "(" in name}
    currents = [name for name in layout.names if name.lower().startswith("current")]
    return {name: units[name] for name in (*times[:1], *currents[:1]) if name in units}


def open_text(path: Path, options: Options) -> TextTrace:
    """Open a table in text; raises `TraceFileError` for any other file."""
    try:
        return TextTrace(path, replace(options))
    except OSError as error:
        raise TraceFileError(f"{path}: cannot be read ({error.strerror or error})") from None
