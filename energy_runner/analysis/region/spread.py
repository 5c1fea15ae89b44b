# SPDX-License-Identifier: Apache-2.0
"""How the samples of a region spread: bounds, median, standard deviation and histogram, exact at constant memory.

The samples are read block by block, three times: for their bounds and moments, for a histogram so fine that few of
them share the median's bin, and for these few. A bin with too many is divided again. A bin's number rises with the
sample, whatever is rounded, so that the sample in the middle is the median itself and not the middle of a bin.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Blocks = Callable[[], Iterator[FloatArray]]

BLOCK = 1 << 18  # samples at once: what is made of them stays in the processor's cache
_KEPT = 1 << 20  # samples held in memory; of fewer each is read once only
_FINE = 1 << 16  # bins of the fine histogram, about
_FLAT = 1e-3  # of a level that all samples have: half the width of a histogram that must have one
_LEAST_WIDTH_W = 1e-12


@dataclass(frozen=True)
class Spread:
    """The spread of `count` samples in watt; `std_w` is about their mean, with `count` as divisor.

    The histogram has equal bins from the least sample to the largest, and one edge more than counts. Where all
    samples are equal they lie in the middle of it.
    """

    count: int
    least_w: float
    largest_w: float
    mean_w: float
    std_w: float
    median_w: float
    edges_w: tuple[float, ...]
    counts: tuple[int, ...]


def find_spread(read: Callable[[int, int], npt.ArrayLike], first: int, stop: int, bins: int) -> Spread | None:
    """Return the spread of the samples [first, stop) that are there; None if none is.

    `read` returns samples in watt, NaN where one is missing.
    """
    held = [*_present(read, first, stop)] if stop - first <= _KEPT else None

    def blocks() -> Iterator[FloatArray]:
        return iter(held) if held is not None else _present(read, first, stop)

    moments = _Moments()
    for block in blocks():
        moments.take(block)
    if not moments.count:
        return None
    low, high, count = moments.least, moments.largest, moments.count
    if low == high:
        half = max(_FLAT * abs(low), _LEAST_WIDTH_W)
        edges = np.linspace(low - half, high + half, bins + 1)
        counts = [count if k == bins // 2 else 0 for k in range(bins)]
        return Spread(count, low, high, low, 0.0, low, tuple(edges.tolist()), tuple(counts))
    each = max(1, _FINE // bins)
    fine = _histogram(blocks, low, high, bins * each)
    return Spread(
        count=count,
        least_w=low,
        largest_w=high,
        mean_w=moments.mean,
        std_w=moments.std,
        median_w=_median(blocks, low, high, fine),
        edges_w=tuple(np.linspace(low, high, bins + 1).tolist()),
        counts=tuple(fine.reshape(bins, each).sum(axis=1).tolist()),
    )


def _present(read: Callable[[int, int], npt.ArrayLike], first: int, stop: int) -> Iterator[FloatArray]:
    for begin in range(first, stop, BLOCK):
        values = np.asarray(read(begin, min(begin + BLOCK, stop)), dtype=np.float64)
        there = np.isfinite(values)
        yield values if there.all() else values[there]


class _Moments:
    """Count, bounds, mean and variance, block by block (T. F. Chan, G. H. Golub, R. J. LeVeque, 1983)."""

    def __init__(self) -> None:
        self.count = 0
        self.least, self.largest = float("inf"), float("-inf")
        self.mean = self._squares = 0.0

    @property
    def std(self) -> float:
        return float(np.sqrt(self._squares / self.count))

    def take(self, block: FloatArray) -> None:
        count = len(block)
        if not count:
            return
        self.least, self.largest = min(self.least, float(block.min())), max(self.largest, float(block.max()))
        mean = float(block.mean())
        away = block - mean
        off = mean - self.mean
        whole = self.count + count
        self._squares += float(np.sum(np.square(away, out=away))) + off * off * self.count * count / whole
        self.mean += off * count / whole
        self.count = whole


def _bin_of(values: FloatArray, low: float, high: float, count: int) -> npt.NDArray[np.intp]:
    """Return in which of `count` equal bins from low to high each value is; never falling with the value."""
    index = ((values - low) / (high - low) * count).astype(np.intp)
    return np.minimum(index, count - 1)


def _inside(values: FloatArray, low: float, high: float) -> FloatArray:
    return values[(values >= low) & (values <= high)]


def _histogram(blocks: Blocks, low: float, high: float, count: int) -> npt.NDArray[np.int64]:
    total = np.zeros(count, dtype=np.int64)
    for block in blocks():
        total += np.bincount(_bin_of(_inside(block, low, high), low, high, count), minlength=count)
    return total


def _median(blocks: Blocks, low: float, high: float, fine: npt.NDArray[np.int64]) -> float:
    """Return the median of all samples, given their bounds and their histogram."""
    count = int(fine.sum())
    lower, upper = (count - 1) // 2, count // 2
    middle = _nth(blocks, lower, low, high, fine)
    if upper == lower:
        return middle
    # The next one up is the same number again, or else the least of those above.
    up_to, above = 0, float("inf")
    for block in blocks():
        beyond = block[block > middle]
        up_to += len(block) - len(beyond)
        above = min(above, float(beyond.min())) if len(beyond) else above
    return middle if up_to > upper else (middle + above) / 2


def _nth(blocks: Blocks, rank: int, low: float, high: float, fine: npt.NDArray[np.int64]) -> float:
    """Return the sample of a rank (from 0) among those from low to high, whose histogram is known."""
    while True:
        upto = np.cumsum(fine)
        number = int(np.searchsorted(upto, rank, side="right"))
        rank -= int(upto[number] - fine[number])
        parts: list[FloatArray] = []
        few = fine[number] <= _KEPT
        least, largest = float("inf"), float("-inf")
        for block in blocks():
            values = _inside(block, low, high)
            mine = values[_bin_of(values, low, high, len(fine)) == number]
            if not len(mine):
                continue
            least, largest = min(least, float(mine.min())), max(largest, float(mine.max()))
            if few:
                parts.append(mine)
        if few:
            return float(np.partition(np.concatenate(parts), rank)[rank])
        if least == largest:
            return least
        low, high = least, largest
        fine = _histogram(blocks, low, high, _FINE)
