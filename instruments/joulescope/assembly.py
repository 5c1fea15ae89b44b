# SPDX-License-Identifier: Apache-2.0
"""Make one sample stream of a Joulescope's: current, voltage and one input, each in messages of its own.

All of them count the same clock, so a position is exact. Sample 0 begins where both signals have begun and are
numbers; where one of them misses anything of a sample, the sample is lost, and their number is exact. The first
messages after a start often hold missing samples, which the library gives as NaN (its maintainer in issue 2 of
jetperch/pyjoulescope_ui): they lie before sample 0.
"""

from itertools import pairwise

import numpy as np

from instruments.joulescope.messages import Piece
from instruments.joulescope.odd_readings import OddReadings
from instruments.joulescope.tracks import PinTrack, Track
from instruments.roles import Edge
from instruments.stream_items import Float32Array, Lost, OverRange, Samples, StreamItem

_JUMPED = "sample_id jumped ahead"
_IMPOSSIBLE = "one of its readings is twice both its neighbours, half of them or of another sign"
_MISSING = "the instrument marked samples as missing"


class Assembly:
    """One acquisition; a sample covers `counts` counts of `sample_id`, and each of `names` is a signal.

    Where a sample is the mean of several readings, `odd` looks for impossible ones in the first signal.
    """

    def __init__(self, names: tuple[str, ...], counts: int, odd: OddReadings | None = None) -> None:
        self._tracks = {name: Track(name) for name in names}
        self._leader = names[0]
        self._phase: int | None = None
        self._early: list[tuple[str, Piece]] = []
        self._pin = PinTrack()
        self._counts = counts
        self._origin: int | None = None
        self._next = 0  # the index of the next sample
        self._falls: list[tuple[float, float]] = []
        self._odd = odd
        self._misread: list[int] = []  # counts of impossible readings not reported yet

    def index_of(self, count: int) -> int:
        """Return the index of the sample in which the count `count` lies; negative before sample 0."""
        return (count - self._origin) // self._counts if self._origin is not None else -1

    def add(self, name: str, piece: Piece) -> None:
        """Take a piece of a signal; raise `ProtocolViolation` if it goes back in time.

        Samples stand where those of the first signal do; another may be decimated elsewhere, by less than a step.
        """
        if self._phase is None and name != self._leader:
            self._early.append((name, piece))
            return
        if self._phase is None:
            self._phase = piece.first % piece.step
        for other, earlier in [(name, piece), *self._early]:
            first = earlier.first - (earlier.first - self._phase) % earlier.step
            self._tracks[other].add(Piece(first, earlier.step, earlier.values))
        self._early.clear()

    def add_pin(self, piece: Piece) -> None:
        """Take a piece of the input."""
        self._falls += self._pin.falls(piece)

    def take(self) -> list[StreamItem]:
        """Return the samples that are complete, and what was lost between them."""
        items: list[StreamItem] = []
        while self._begun():
            at = self._at(self._next)
            for track in self._tracks.values():
                track.forget(at)
            count = min(track.whole_until(at) for track in self._tracks.values()) - at
            if count >= self._counts:
                items += self._samples(at, count // self._counts)
                continue
            missing = self._gap(at)
            if not missing:
                break
            items.append(self._lost(missing, _JUMPED))
        return items

    def take_edges(self) -> list[Edge]:
        """Return the edges since the last call; those before sample 0 are none."""
        if self._origin is None:
            return []
        falls, self._falls = self._falls, []
        places = [((at - self._origin) / self._counts, half / self._counts) for at, half in falls]
        return [Edge(position, half) for position, half in places if position >= 0]

    def _begun(self) -> bool:
        if self._origin is None:
            firsts = [track.first for track in self._tracks.values()]
            known = [first for first in firsts if first is not None]
            self._origin = max(known) if len(known) == len(firsts) else None
        return self._origin is not None

    def _at(self, index: int) -> int:
        return (self._origin or 0) + index * self._counts

    def _gap(self, at: int) -> int:
        """Return how many samples from `at` on a gap has taken; 0 while more may come."""
        resumes = [track.resumes_after(at) for track in self._tracks.values() if self._broken(track, at)]
        ends = [end for end in resumes if end is not None]
        return max((-(-(end - at) // self._counts) for end in ends), default=0)

    def _broken(self, track: Track, at: int) -> bool:
        """Return whether the sample at `at` will never be whole in `track`."""
        return track.whole_until(at) < at + self._counts

    def _samples(self, at: int, count: int) -> list[StreamItem]:
        readings = [track.read(at, at + count * self._counts) for track in self._tracks.values()]
        values = [_means(one, count) for one in readings]
        there = np.logical_and.reduce([np.isfinite(one) for one in values])
        if self._odd is not None and len(readings[0]) > count:
            self._misread += self._odd.find(at, readings[0], self._counts * count // len(readings[0]))
        if there.all():
            self._next += count
            return [Samples(self._next - count, tuple(values)), *self._impossible()]
        if self._next == 0:  # not begun yet
            first = int(np.argmax(there)) if there.any() else count
            self._origin = at + first * self._counts
            values, there = [one[first:] for one in values], there[first:]
        return [*self._in_runs(values, there), *self._impossible()]

    def _impossible(self) -> list[StreamItem]:
        """Return the samples that hold an impossible reading, each once."""
        found, self._misread = sorted({self.index_of(count) for count in self._misread}), []
        return [OverRange(index, 1, _IMPOSSIBLE) for index in found if index >= 0]

    def _in_runs(self, values: list[Float32Array], there: np.ndarray) -> list[StreamItem]:
        items: list[StreamItem] = []
        bounds = [0, *(np.flatnonzero(np.diff(there)) + 1).tolist(), len(there)]
        for start, stop in pairwise(bounds):
            if stop == start:
                continue
            if there[start]:
                items.append(Samples(self._next, tuple(one[start:stop] for one in values)))
                self._next += stop - start
            else:
                items.append(self._lost(stop - start, _MISSING))
        return items

    def _lost(self, missing: int, detail: str) -> Lost:
        self._next += missing
        return Lost(self._next - missing, self._next, missing, detail)


def _means(values: Float32Array, count: int) -> Float32Array:
    """Return `count` means of equally many values each; NaN where any of them is."""
    if len(values) == count:
        return values
    means: Float32Array = values.reshape(count, -1).mean(axis=1, dtype=np.float64).astype(np.float32)
    return means
