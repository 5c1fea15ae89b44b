# SPDX-License-Identifier: Apache-2.0
"""Sums, counts and extremes of equal parts of a signal: what a picture of many samples needs, exactly.

The file's own summaries are means of means, in which a block with one sample left counts like a full one. Here
the sum and the count of the samples that exist are kept, so any number of parts can be put together without an
error. A sample exists if it is finite, as everywhere in the analysis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Self

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.sums import Read, Samples

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

# A column of a screen's width (1920) is 1092 samples where samples are no longer read for each picture
# (`tiles.EXACT`), so it has two blocks at least; and 10^9 samples take 39 MB.
BLOCK = 512
# 20 bytes each: 42 MB a signal, however long the trace is; beyond 2^30 samples blocks are merged.
MOST_BLOCKS = 1 << 21
# Samples between two looks at whether a request waits: 0.5 ms of a closed trace, 6 ms of an unclosed one.
STEP = 1 << 18
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Sums:
    """Of each part of a signal: sum and count of the samples that exist, the least and the largest of them.

    Where none exists, `low` is +inf and `high` -inf, which change no minimum and no maximum.
    """

    total: FloatArray
    count: npt.NDArray[np.uint32]
    low: Float32Array
    high: Float32Array

    @classmethod
    def room(cls, parts: int) -> Self:
        """Return sums of so many parts, to be filled in."""
        return cls(
            np.empty(parts, dtype=np.float64),
            np.empty(parts, dtype=np.uint32),
            np.empty(parts, dtype=np.float32),
            np.empty(parts, dtype=np.float32),
        )

    @classmethod
    def joined(cls, pieces: "Sequence[Sums]") -> "Sums":
        """Return the parts of all pieces, in their order."""
        if len(pieces) == 1:
            return pieces[0]
        whole = cls.room(sum(len(piece) for piece in pieces))
        at = 0
        for piece in pieces:
            whole.put(at, piece)
            at += len(piece)
        return whole

    def __len__(self) -> int:
        return len(self.total)

    def __getitem__(self, parts: slice) -> "Sums":
        return Sums(self.total[parts], self.count[parts], self.low[parts], self.high[parts])

    def put(self, at: int, others: "Sums") -> None:
        """Write `others` over the parts from `at` on."""
        here = slice(at, at + len(others))
        self.total[here], self.count[here] = others.total, others.count
        self.low[here], self.high[here] = others.low, others.high

    def merged(self, together: int) -> "Sums":
        """Return the sums of so many neighbouring parts each; the last may be of fewer."""
        if together == 1 or not len(self):
            return self
        at = np.arange(0, len(self), together)
        return Sums(
            np.add.reduceat(self.total, at),
            np.add.reduceat(self.count, at, dtype=np.uint32),
            np.minimum.reduceat(self.low, at),
            np.maximum.reduceat(self.high, at),
        )

    def means(self) -> FloatArray:
        """Return the mean of the samples that exist in each part; NaN where there is none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.total / self.count


def reduced(samples: Samples, width: int) -> Sums:
    """Return the sums of each `width` neighbouring samples; the last part may be of fewer."""
    if not len(samples):
        return Sums.room(0)
    at = np.arange(0, len(samples), width)
    with np.errstate(invalid="ignore", over="ignore"):
        total = np.add.reduceat(samples, at, dtype=np.float64)
    if np.all(np.isfinite(total)):
        count = np.full(len(at), width, dtype=np.uint32)
        count[-1] = len(samples) - at[-1]
        return Sums(
            total, count, narrow(np.minimum.reduceat(samples, at)), narrow(np.maximum.reduceat(samples, at))
        )
    there = np.isfinite(samples)
    count = np.add.reduceat(there, at, dtype=np.uint32)
    low = narrow(np.minimum.reduceat(np.where(there, samples, np.inf), at))
    high = narrow(np.maximum.reduceat(np.where(there, samples, -np.inf), at))
    low[count == 0], high[count == 0] = np.inf, -np.inf
    with np.errstate(over="ignore"):
        total = np.add.reduceat(np.where(there, samples, 0), at, dtype=np.float64)
    return Sums(total, count, low, high)


def narrow(values: npt.NDArray[np.floating]) -> Float32Array:
    """Return `values` as float32; what is beyond its range becomes the largest it has, and NaN stays NaN."""
    clipped: Float32Array = np.clip(values, -_LARGEST, _LARGEST).astype(np.float32)
    return clipped


@dataclass(frozen=True)
class Filled:
    """What a summary holds at one moment: the sums of the first `len(sums)` blocks of `block` samples each."""

    block: int
    sums: Sums

    @property
    def end(self) -> int:
        """Return how many samples it covers."""
        return self.block * len(self.sums)


class Summary:
    """Sums of all whole blocks of one signal, filled from its begin on, step by step, by any thread.

    `most` is how many blocks are kept at most: of a longer trace, or one that grew longer, the blocks are twice as
    large, and so on. A step takes about `step` samples.
    """

    def __init__(self, read: Read, length: int, most: int, step: int) -> None:
        self._read = read
        self._most = most
        self._step = step
        self._filling = Lock()
        self._block = BLOCK
        while length > most * self._block:
            self._block *= 2
        self._room = Sums.room(length // self._block)
        self._done = 0
        self._filled = Filled(self._block, self._room[:0])

    @property
    def filled(self) -> Filled:
        """Return what is there already. It does not change any more; a later look may find more."""
        return self._filled

    def step(self, stop: int) -> bool:
        """Fill in some blocks, up to the last whole block before `stop`; return whether more remains."""
        with self._filling:
            while stop > self._most * self._block:
                self._coarsen()
            blocks = stop // self._block
            if blocks > len(self._room):
                self._grow(blocks)
            begin = self._done * self._block
            end = min(begin + max(self._step, self._block), blocks * self._block)
            if end > begin:
                self._room.put(self._done, reduced(self._read(begin, end), self._block))
                self._done = end // self._block
                self._filled = Filled(self._block, self._room[: self._done])
            return self._done < blocks

    def _coarsen(self) -> None:
        pairs = self._done // 2
        merged = self._room[: 2 * pairs].merged(2)
        self._block *= 2
        self._room = Sums.room(max(pairs, len(self._room) // 2))
        self._room.put(0, merged)
        self._done = pairs
        self._filled = Filled(self._block, self._room[:pairs])

    def _grow(self, blocks: int) -> None:
        """Make room for more; half as much again, so that a trace that grows is rarely copied."""
        larger = Sums.room(min(self._most, max(blocks, len(self._room) * 3 // 2)))
        larger.put(0, self._room[: self._done])
        self._room = larger
        self._filled = Filled(self._block, larger[: self._done])
