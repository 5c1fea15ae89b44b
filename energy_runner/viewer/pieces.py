# SPDX-License-Identifier: Apache-2.0
"""Sums of small blocks of the parts of a signal that are looked at just now, for signals that are slow to compute.

A calibration costs 55 ns a sample, so a range of 2^21 samples would hold a picture up for 0.1 s each time that it
is moved. What was computed once is kept for a while.
"""

from collections import OrderedDict
from threading import Lock

from energy_runner.analysis.energy.sums import Read
from energy_runner.viewer.summary import Sums, reduced

# The narrowest range that comes from pieces has 68 samples a column of 1920, so a column has two blocks at least.
FINE = 32
PIECE = 1 << 16  # samples: 4 ms of a calibrated signal
# 41 kB each: 8 MB a signal. The longest range (`tiles.EXACT`) has 33, so some views to and fro are kept.
MOST_PIECES = 200


class Pieces:
    """The sums of blocks of `FINE` samples, in the parts of a signal of `length` samples that were wanted last."""

    def __init__(self, read: Read, length: int) -> None:
        self._read = read
        self._length = length
        self._lock = Lock()
        self._kept: OrderedDict[int, Sums] = OrderedDict()
        self._wanted: list[int] = []

    def sums(self, start: int, stop: int) -> Sums | None:
        """Return the sums of the blocks in [start, stop), or None if they are not all there.

        `start` is the begin of a block, and `stop` the end of one or of the signal. What is missing is computed
        next by `step`.
        """
        first = start // PIECE
        numbers = range(first, -(-stop // PIECE))
        with self._lock:
            missing = [number for number in numbers if number not in self._kept]
            if missing:
                self._wanted = missing
                return None
            for number in numbers:
                self._kept.move_to_end(number)
            found = [self._kept[number] for number in numbers]
        at = first * PIECE
        return Sums.joined(found)[(start - at) // FINE : -(-(stop - at) // FINE)]

    def step(self) -> bool:
        """Compute one piece that is wanted; return whether there was one."""
        with self._lock:
            if not self._wanted:
                return False
            number = self._wanted.pop(0)
        begin = number * PIECE
        sums = reduced(self._read(begin, min(begin + PIECE, self._length)), FINE)
        with self._lock:
            self._kept[number] = sums
            while len(self._kept) > MOST_PIECES:
                self._kept.popitem(last=False)
        return True
