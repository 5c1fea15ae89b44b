# SPDX-License-Identifier: Apache-2.0
"""CSV: comments, a header with units, one row a sample or a row for several; nothing where a sample is missing.

A recorded sample is written with nine significant digits, which are a 32-bit float exactly; a computed one with
twelve. Times have as many decimals as put each within a thousandth of a sample.
"""

import csv
import math
from pathlib import Path
from typing import TextIO

import numpy as np

from energy_runner.errors import SessionError
from energy_runner.text_file import as_cell
from energy_runner.traces.writers.model import (
    BLOCK,
    Options,
    Outgoing,
    OutSignal,
    Progress,
    Written,
    blocks,
    clean,
)

SPREADSHEET_ROWS = 1_048_576  # of Excel and LibreOffice Calc
_SEPARATORS = str.maketrans({",": " ", ";": " ", "\t": " ", '"': "'"})
_DIGITS = {"recorded": "%.9g", "converted": "%.12g", "as set": "%.12g"}
_MOST_DECIMALS = 15


def write(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    """Write the file; `options` say how many samples a row stands for."""
    every = options.step(out.length)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        above, written = _whole(out, file, progress) if every == 1 else _means(out, file, every, progress)
    if written.rows + above > SPREADSHEET_ROWS:
        fitting = -(-out.length // max(1, SPREADSHEET_ROWS - above))
        written.remarks.append(
            f"{written.rows} rows are more than a spreadsheet opens ({SPREADSHEET_ROWS} with the lines above "
            f"them). Try: one row for {fitting} samples"
        )
    return written


def decimals(step_s: float) -> int:
    """Return how many decimals a time needs."""
    for count in range(_MOST_DECIMALS):
        units = step_s * 10.0**count
        if units >= 1 and abs(units - round(units)) <= 1e-9 * units:
            return count
    return min(_MOST_DECIMALS, max(0, math.ceil(-math.log10(step_s)) + 3))


def _head(out: Outgoing, file: TextIO, names: list[str], notes: list[str]) -> int:
    """Write the lines above the rows, and return how many these are."""
    for note in notes:
        file.write(f"# {note.translate(_SEPARATORS)}\n")
    for number, start, stop in out.windows:
        file.write(f"# window {number}: {start * out.step_s:.12f} s to {stop * out.step_s:.12f} s\n")
    csv.writer(file, lineterminator="\n").writerow(as_cell(name) for name in names)
    return len(notes) + len(out.windows) + 1


def _whole(out: Outgoing, file: TextIO, progress: Progress) -> tuple[int, Written]:
    """Write a row for each sample; return how many lines are above the rows, and what was written."""
    signals = out.whole
    places = decimals(out.step_s)
    row = f"%.{places}f," + ",".join(_DIGITS[one.origin] for one in signals) + "\n"
    above = _head(out, file, ["time (s)", *(f"{one.name} ({one.unit})" for one in signals)], out.notes(*signals))
    for first, stop in blocks(out.length):
        _rows(file, row, _times(out, first, stop, 1), [one.read(first, stop) for one in signals])
        progress(stop / out.length)
    return above, Written(out.length, _losses(signals))


def _means(out: Outgoing, file: TextIO, every: int, progress: Progress) -> tuple[int, Written]:
    """Write a row for `every` samples: the mean of those that are there, and how many these are."""
    signals = tuple(one for one in out.whole if one.name != "energy")
    if not signals:
        raise SessionError(
            f"{clean(out.session)}: recorded joules in each sample and nothing that tells a power, so there is no "
            "mean to write. Try: one row for each sample"
        )
    row = f"%.{decimals(out.step_s)}f," + "%.12g," * len(signals) + "%d\n"
    notes = [
        *out.notes(means=True),
        *(f"{one.name}: the mean of {one.about or 'what was recorded'}" for one in signals),
        f"one row stands for {every} samples: the mean of those that are there and how many these are",
    ]
    above = _head(out, file, ["time (s)", *(f"{one.name} ({one.unit})" for one in signals), "samples"], notes)
    step = min(every, out.length)  # the one row of a shorter trace: numpy has no larger numbers
    rows = -(-out.length // step)
    together = max(1, BLOCK // step)
    for begin in range(0, rows, together):
        end = min(begin + together, rows)
        first, stop = begin * step, min(end * step, out.length)
        means, there = zip(*(_mean(one, first, stop, step) for one in signals), strict=True)
        _rows(file, row, _times(out, begin, end, step), [*means, np.min(there, axis=0).astype(np.float64)])
        progress(stop / out.length)
    remarks = [f"each row is the mean of {every} samples"]
    if out.instants:
        remarks.append("the samples are readings at an instant; a mean of them holds for the stretch of its row")
    return above, Written(rows, remarks)


def _mean(signal: OutSignal, first: int, stop: int, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each `every` samples and how many are there, at constant memory."""
    sums = np.zeros(-(-(stop - first) // every))
    counts = np.zeros(len(sums), dtype=np.int64)
    for begin, end in blocks(stop - first):
        values = np.asarray(signal.read(first + begin, first + end), dtype=np.float64)
        there = ~np.isnan(values)
        starts = np.unique(np.concatenate(([begin], np.arange(-(-begin // every) * every, end, every))))
        rows = starts // every
        sums[rows] += np.add.reduceat(np.where(there, values, 0.0), starts - begin)
        counts[rows] += np.add.reduceat(there.astype(np.int64), starts - begin)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, sums / counts, np.nan), counts


def _times(out: Outgoing, first: int, stop: int, every: int) -> np.ndarray:
    return np.arange(first, stop, dtype=np.float64) * every * out.step_s


def _rows(file: TextIO, row: str, times: np.ndarray, columns: list[np.ndarray]) -> None:
    cells = np.column_stack([times, *(np.asarray(one, dtype=np.float64) for one in columns)])
    text = (row * len(times)) % tuple(cells.ravel().tolist())
    file.write(text.replace("nan", "") if np.isnan(cells).any() else text)


def _losses(signals: tuple[OutSignal, ...]) -> list[str]:
    computed = [one.name for one in signals if one.origin != "recorded"]
    return [f"{name} has 12 digits; what was recorded is exact" for name in computed]
