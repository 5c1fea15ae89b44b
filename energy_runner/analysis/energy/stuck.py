# SPDX-License-Identifier: Apache-2.0
"""Readings that stand still: the same number again and again, from an instrument whose readings scatter.

Noise makes it rare that a reading is the one before it, to the last digit. How rare at a level, the trace itself
says, by its other samples near that level; a row of equal readings that these exclude is no measurement. Where
equal readings are usual, of a DUT asleep below the resolution or of an instrument without noise, nothing is said.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.sums import Read, Samples

LEAST = 20  # equal readings in a row; in published sessions there are five at most
_EIGHT = 8  # comparisons looked at together; LEAST readings hold eight in step with them
_NEAR = 0.01  # of the level
_FEWEST = 100  # pairs of samples near it
BY_CHANCE = 1e-9  # in the whole trace
_MOST = 1000  # rows kept; a trace of more stands still by its nature
_LOOK = 1 << 16  # samples of each window that are asked how much a level scatters


@dataclass(frozen=True)
class Row:
    """Equal readings [first, stop) of one value."""

    first: int
    stop: int
    value: float


class Stuck:
    """The rows of equal readings in a signal, found block by block."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._open: tuple[int, float] | None = None  # since where the last reading has been the same
        self._given_up = False

    def take(self, begin: int, values: Samples) -> None:
        """Look at a block of samples."""
        if self._given_up or not len(values):
            return
        same = values[1:] == values[:-1]
        if self._open is not None and values[0] != self._open[1]:
            self._close(begin)
        since, value = self._open if self._open is not None else (begin, float(values[0]))
        self._open = (since, value)
        first = int(np.argmin(same)) if len(same) else 0
        if not len(same) or same[first]:
            return
        self._close(begin + first + 1)
        whole = same[: len(same) // _EIGHT * _EIGHT].view(np.uint64)
        if np.any(whole == 0x0101010101010101):
            # A converter of coarse steps makes millions of short rows; only long ones are looked at one by one.
            ends = np.flatnonzero(~same)
            for place in np.flatnonzero(np.diff(ends) >= LEAST).tolist():
                first, stop = int(ends[place]) + 1, int(ends[place + 1]) + 1
                self._open = (begin + first, float(values[first]))
                self._close(begin + stop)
        last = len(same) - 1 - int(np.argmin(same[::-1]))
        self._open = (begin + last + 1, float(values[-1]))

    def found(self, read: Read, length: int, spans: Sequence[tuple[int, int]]) -> list[Row]:
        """Return the rows that chance excludes; `spans` are the windows that say how much a level scatters."""
        self._close(length)
        if self._given_up or not self._rows:
            return []
        free: list[Samples] = []
        for first, stop in spans:
            if not 0 <= first < min(stop, length):  # a window that was not recorded
                continue
            values = np.array(read(first, min(stop, length, first + _LOOK)), dtype=np.float64)
            for row in self._rows:
                values[max(0, row.first - first) : max(0, row.stop - first)] = np.nan
            free.append(values)
        return [row for row in self._rows if _excluded(row, free, length)]

    def _close(self, stop: int) -> None:
        opened, self._open = self._open, None
        if opened is None or stop - opened[0] < LEAST or not math.isfinite(opened[1]):
            return
        self._rows.append(Row(opened[0], stop, opened[1]))
        self._given_up = len(self._rows) > _MOST


def _excluded(row: Row, free: Sequence[Samples], length: int) -> bool:
    """Return whether so many equal readings are excluded by the samples near their level."""
    near, same = 0, 0
    for values in free:
        close = np.abs(values - row.value) <= _NEAR * abs(row.value)
        both = close[1:] & close[:-1]  # what comes from another level, and goes to one, scatters by that
        near += int(np.count_nonzero(both))
        same += int(np.count_nonzero(both & (values[1:] == values[:-1])))
    if near < _FEWEST:
        return False
    chance = (row.stop - row.first - 1) * math.log((same + 1) / (near + 1))
    return chance + math.log(max(1, length)) < math.log(BY_CHANCE)
