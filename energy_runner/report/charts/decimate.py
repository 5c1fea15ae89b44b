# SPDX-License-Identifier: Apache-2.0
"""Thin out a trace for drawing without losing a spike: each bucket keeps its true minimum, maximum and mean.

Samples arrive in chunks of any size, and memory depends only on the number of buckets and the largest chunk, not
on the length of the trace. Missing samples are NaN: they count as missing, never as zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Chunk = tuple[int, npt.NDArray[np.floating]]

BUCKETS = 4000


@dataclass(frozen=True)
class Envelope:
    """A thinned-out trace: bucket `k` covers `width` samples from index `first + k * width` on.

    `low`, `high` and `mean` are NaN where a bucket holds no sample; `missing` counts the samples that a bucket
    should hold and does not. The last bucket may be shorter: `samples` is the length of the whole stretch.
    """

    first: int
    width: int
    samples: int
    low: FloatArray
    high: FloatArray
    mean: FloatArray
    missing: IntArray

    def __len__(self) -> int:
        return len(self.low)

    @property
    def starts(self) -> IntArray:
        """Return the sample index at which each bucket begins."""
        return self.first + self.width * np.arange(len(self), dtype=np.int64)

    def gaps(self) -> list[tuple[int, int]]:
        """Return [begin, end) sample indices of each run of buckets from which samples are missing."""
        holed = np.concatenate(([0], (self.missing > 0).astype(np.int8), [0]))
        turns = np.flatnonzero(np.diff(holed))
        end = self.first + self.samples
        return [
            (self.first + int(begin) * self.width, min(self.first + int(stop) * self.width, end))
            for begin, stop in zip(turns[::2], turns[1::2], strict=True)
        ]


class Decimator:
    """Collect chunks of a stretch of `samples` samples into at most `buckets` buckets.

    Raises `ValueError` for a stretch without samples and for a chunk outside it.
    """

    def __init__(self, samples: int, buckets: int = BUCKETS, *, first: int = 0) -> None:
        if samples <= 0 or buckets <= 0:
            raise ValueError(f"cannot thin {samples} samples out to {buckets} buckets")
        self._first = first
        self._samples = samples
        self._width = -(-samples // buckets)
        count = -(-samples // self._width)
        self._low = np.full(count, np.nan)
        self._high = np.full(count, np.nan)
        self._sum = np.zeros(count)
        self._received = np.zeros(count, dtype=np.int64)

    def add(self, first: int, values: npt.NDArray[np.floating]) -> None:
        """Add consecutive samples, the first at index `first`; NaN or infinity means missing."""
        begin = first - self._first
        if begin < 0 or begin + len(values) > self._samples:
            end = self._first + self._samples
            raise ValueError(f"samples {first}..{first + len(values)} are outside {self._first}..{end}")
        if len(values) == 0:
            return
        bucket = begin // self._width
        beyond = (begin + len(values) - 1) // self._width + 1
        # Where each bucket begins inside the chunk; the chunk's first one may have begun before it.
        starts = np.arange(bucket, beyond) * self._width - begin
        starts[0] = 0
        part = slice(bucket, beyond)
        received = np.diff(np.append(starts, len(values)))
        low, high, total = _reduce(values, starts)
        if not np.isfinite(total).all():
            present = np.isfinite(values)
            low, _, total = _reduce(np.where(present, values, np.inf), starts, present)
            _, high, _ = _reduce(np.where(present, values, -np.inf), starts)
            received = np.add.reduceat(present, starts, dtype=np.int64)
            low, high = np.where(received > 0, low, np.nan), np.where(received > 0, high, np.nan)
        np.fmin(self._low[part], low, out=self._low[part])
        np.fmax(self._high[part], high, out=self._high[part])
        self._sum[part] += total
        self._received[part] += received

    def envelope(self) -> Envelope:
        """Return what was collected so far; samples that were not added count as missing."""
        due = np.full(len(self._low), self._width, dtype=np.int64)
        due[-1] = self._samples - self._width * (len(due) - 1)
        mean = np.full(len(self._low), np.nan)
        np.divide(self._sum, self._received, out=mean, where=self._received > 0)
        return Envelope(
            first=self._first,
            width=self._width,
            samples=self._samples,
            low=self._low.copy(),
            high=self._high.copy(),
            mean=mean,
            missing=due - self._received,
        )


def _reduce(
    values: npt.NDArray[np.floating], starts: IntArray, present: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating], FloatArray]:
    """Return minimum, maximum and sum of each run that begins at `starts`; only `present` ones are summed."""
    summed = values if present is None else np.where(present, values, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        return (
            np.minimum.reduceat(values, starts),
            np.maximum.reduceat(values, starts),
            np.add.reduceat(summed, starts, dtype=np.float64),
        )


def decimate(chunks: Iterable[Chunk], samples: int, buckets: int = BUCKETS, *, first: int = 0) -> Envelope:
    """Return the envelope of (index, values) chunks that lie inside [first, first + samples)."""
    collector = Decimator(samples, buckets, first=first)
    for index, values in chunks:
        collector.add(index, values)
    return collector.envelope()
