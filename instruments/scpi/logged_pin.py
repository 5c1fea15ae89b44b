# SPDX-License-Identifier: Apache-2.0
"""Falling edges of the timestamp pin, found in its voltage, which an instrument logs on an auxiliary input."""

from collections.abc import Sequence

import numpy as np

from instruments.clock import Deadline
from instruments.roles import Edge, Float32Array, Samples, StreamItem, Timebase

_LOW = 0.5  # share of the high level


class PinEdges:
    """Finds where the pin falls; a sample is the mean of the pin's voltage over its period.

    A pin that falls in the first half of a sample leaves a mean below half of its high level there, one that falls
    in the second half leaves that only in the next sample: so the edge lies within half a sample of the beginning
    of the first low sample. Pulses shorter than half a sample period are not seen.
    """

    def __init__(self, high_v: float) -> None:
        self._threshold_v = _LOW * high_v
        self._last: int | None = None  # the last sample with a value
        self._high = False

    def feed(self, first: int, volts: Float32Array) -> list[Edge]:
        """Return the edges in the samples from index `first` on; beside missing ones they are less certain."""
        known = np.flatnonzero(np.isfinite(volts))
        if not len(known):
            return []
        high = volts[known] > self._threshold_v
        places = known + first
        before = np.concatenate(([self._high], high[:-1]))
        previous = np.concatenate(([places[0] if self._last is None else self._last], places[:-1]))
        self._last, self._high = int(places[-1]), bool(high[-1])
        return [
            Edge(float(low + last + 1) / 2, float(low - last) / 2)
            for low, last in zip(places[before & ~high], previous[before & ~high], strict=True)
        ]


class LoggedPin:
    """An `EdgeSource` for a log whose last signal is the pin's voltage; `told` takes it out of the samples."""

    timebase: Timebase = "samples"

    def __init__(self) -> None:
        self._pin = PinEdges(1.0)
        self._edges: list[Edge] = []

    def begin(self, high_v: float) -> None:
        """Forget what came before: a log begins, with a pin at `high_v` while it is high."""
        self._pin, self._edges = PinEdges(high_v), []

    def told(self, items: Sequence[StreamItem]) -> Sequence[StreamItem]:
        """Return the items of the log, those of the pin as edges and not as samples."""
        told: list[StreamItem] = []
        for item in items:
            if isinstance(item, Samples):
                self._edges += self._pin.feed(item.first, item.values[-1])
                told.append(Samples(item.first, item.values[:-1]))
            else:
                told.append(item)
        return told

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: edges are found in what is logged."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges in what was logged up to the last `poll`."""
        edges, self._edges = self._edges, []
        return edges

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: without a log there are no edges."""
