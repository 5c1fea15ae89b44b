# SPDX-License-Identifier: Apache-2.0
"""Where the windows of a trace begin and end: a column of the file, a table of times, or a logic signal beside."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.errors import Argument
from energy_runner.traces.grid import resolution
from energy_runner.traces.logic import SUFFIXES
from energy_runner.traces.model import MOST_EDGES, Edges, Float64Array, Opened, TraceFileError
from energy_runner.traces.text.blocks import Block, Lines
from energy_runner.traces.text.cells import is_number
from energy_runner.traces.text.layout import Layout, head_of, read_layout
from energy_runner.traces.text.rows import Rows, Wanted
from energy_runner.traces.units import parse_unit, unit_in_name

TABLES = (".csv", ".txt", ".tsv")
TIMES = "times"


@dataclass(frozen=True)
class Place:
    """An edge that counts: its place among the samples, and the half width of where it may be, in samples."""

    position: float
    half_width: float


@dataclass(frozen=True)
class Asked:
    """What `edges` means: a name in the trace file itself, or a file beside it with the name of a signal."""

    inside: str = ""
    file: Path | None = None
    name: str = ""


def understood(trace: Path, edges: str) -> Asked:
    """Return what a user means by `edges`: FILE, FILE:SIGNAL, a signal of a file beside the trace, or a column.

    Raises `TraceFileError` for a file that is not there.
    """
    before, colon, after = edges.rpartition(":")
    for text, name in ((edges, ""), (before, after)) if colon else ((edges, ""),):
        file = Path(text)
        if file.suffix.lower() not in (*SUFFIXES, *TABLES):
            continue
        found = next((one for one in (file, trace.parent / file) if one.is_file()), None)
        if found is not None:
            return Asked(file=found, name=name)
        if name or "/" in text or file.suffix.lower() in SUFFIXES:
            raise TraceFileError(f"{file}: there is no such file with edges")
    return Asked(inside=edges)


def beside(trace: Path) -> Path | None:
    """Return the file of logic signals that has the name of the trace, if it is there."""
    return next((one for suffix in SUFFIXES if (one := trace.with_suffix(suffix)).is_file()), None)


def places(edges: Edges, opened: Opened, which: str) -> list[Place]:
    """Return the edges that count, by sample; `which` is `falling` or `rising`."""
    head = opened.head
    falls = which == "falling"
    chosen = edges.falling if falls else edges.rising
    own = edges.half_widths if falls else edges.rising_half_widths
    widths = np.full(len(chosen), edges.half_width) if own is None else own
    if edges.in_seconds:
        # The stamp of the first sample, too, is only as fine as the file writes it.
        zero_s = head.start_s if edges.by_its_clock else 0.0
        chosen = (chosen - zero_s) / head.period_s
        widths = (widths + head.resolution_s / 2) / head.period_s
    order = np.argsort(chosen, kind="stable")
    return [Place(float(chosen[k]), float(widths[k])) for k in order]


def read_times(path: Path, told: str = "") -> Edges:
    """Return the edges in a table of times: a column of falling edges, or two of starts and stops.

    The unit stands in the name of the column, or was `told`. Raises `TraceFileError` that names the line.
    """
    layout = read_layout(path, head_of(path))
    columns = _columns(layout, told)
    rows = Rows(layout, [Wanted(place) for place, _ in columns], plain=True)
    lines = Lines(path, layout.offset)
    parts: list[list[Float64Array]] = [[] for _ in columns]
    count = 0
    try:
        for block in lines:
            for part, values in zip(parts, rows.read(block), strict=True):
                part.append(values)
                count += len(values)
            if count > MOST_EDGES:
                raise TraceFileError(f"{path}: holds more than {MOST_EDGES} times")
        if lines.cut.strip():  # a table typed by hand often ends without a line end
            parts = [[*part, np.array([value])] for part, value in zip(parts, _last(lines, rows), strict=True)]
    finally:
        lines.close()
    times = [np.concatenate([*part, np.empty(0)]) * columns[k][1] for k, part in enumerate(parts)]
    _check(layout, times)
    texts = [
        row[place] for row in layout.rows for place, _ in columns if len(row) > place and is_number(row[place])
    ]
    step_s = resolution(texts, columns[0][1])
    merged = times[0] if len(times) == 1 else np.stack(times, axis=1).ravel()
    return Edges(merged, np.empty(0), step_s / 2, f"times in {path.name}", in_seconds=True, by_its_clock=True)


def _last(lines: Lines, rows: Rows) -> list[float]:
    values = rows.read(Block(lines.cut.encode("latin-1") + b"\n", lines.end, lines.end))
    return [float(one[0]) if len(one) else float("nan") for one in values]


def _columns(layout: Layout, told: str) -> list[tuple[int, float]]:
    """Return place and factor of the columns with times: the only one, or `start` and `stop`."""
    named = [
        (place, unit[1])
        for place, name in enumerate(layout.names)
        if (unit := unit_in_name(name)) is not None and unit[0] == "time"
    ]
    if not named and told:
        unit = parse_unit(told)
        if unit is None or unit[0] != "time":
            raise TraceFileError(f"{layout.path}: {told[:20]!r} is no unit of time. Try: s, ms, us or ns")
        places = [place for place, name in enumerate(layout.names) if not name or name[0].isdecimal()]
        named = [(place, unit[1]) for place in (places or range(len(layout.names)))]
    if not named:
        raise TraceFileError(
            f"{layout.path}: no column of it states a unit of time, such as `time (s)`. There are: "
            f"{layout.there()[:200]}. Try: ",
            Argument("columns", f"{TIMES}=ms"),
        )
    if len(named) == 1:
        return named
    pair = [one for word in ("start", "stop") for one in named if layout.names[one[0]].lower().startswith(word)]
    if len(pair) != 2 or len(named) != 2:
        raise TraceFileError(
            f"{layout.path}: {len(named)} columns are times ({layout.there()[:200]}). Try: one with the falling "
            "edges, or two that begin with `start` and `stop`"
        )
    return pair


def _check(layout: Layout, times: list[Float64Array]) -> None:
    for number, column in enumerate(times):
        wrong = np.flatnonzero(~np.isfinite(column))
        if len(wrong):
            raise TraceFileError(
                f"{layout.path}: row {int(wrong[0]) + 1} of its data has no time in column {number + 1}"
            )
    if len(times) == 1:
        back = np.flatnonzero(np.diff(times[0]) <= 0)
        _refuse(layout, times[0], back + 1, "is not later than the one before it")
        return
    starts, stops = times
    _refuse(layout, starts, np.flatnonzero(stops <= starts), "stops before it starts")
    # All edges are put in order of time, so windows that overlap would be paired as others than these.
    order = np.argsort(starts, kind="stable")
    early = np.sort(order[1:][starts[order[1:]] < stops[order[:-1]]])
    _refuse(layout, starts, early, "starts before another window has stopped")


def _refuse(layout: Layout, times: Float64Array, rows: npt.NDArray[np.intp], what: str) -> None:
    """Raise `TraceFileError` for the first of `rows`, if there is one."""
    if len(rows):
        row = int(rows[0])
        raise TraceFileError(f"{layout.path}: row {row + 1} of its data {what} ({times[row]:.9g} s)")
