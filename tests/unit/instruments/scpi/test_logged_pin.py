# SPDX-License-Identifier: Apache-2.0
"""Edges of the timestamp pin in its logged voltage, and what remains of the samples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.roles import Edge, Lost, Samples
from instruments.scpi.logged_pin import LoggedPin, PinEdges

HIGH_V = 3.0


def volts(count: int, falls: list[float], width: float) -> np.ndarray:
    """Return the means over `count` samples of a pin that is low for `width` samples from each of `falls`."""
    edges = np.arange(count + 1, dtype=float)
    low = sum((np.clip(edges, fall, fall + width) for fall in falls), np.zeros(count + 1))
    return (HIGH_V * (1 - np.diff(low))).astype(np.float32)


@given(st.lists(st.floats(1.0, 8.0), min_size=1, max_size=5), st.floats(1.6, 9.0), st.integers(1, 40))
def test_each_fall_is_one_edge_within_its_half_width_however_the_samples_come(gaps, width, piece) -> None:
    falls, at = [], 2.0
    for gap in gaps:
        at += gap
        falls.append(at)
        at += width + 2.0
    samples = volts(int(at) + 5, falls, width)
    pin, found = PinEdges(HIGH_V), []
    for first in range(0, len(samples), piece):
        found += pin.feed(first, samples[first : first + piece])
    assert len(found) == len(falls)
    for edge, fall in zip(found, falls, strict=True):
        assert edge.half_width == 0.5
        assert abs(edge.position - fall) <= edge.half_width + 1e-6


def test_beside_missing_samples_an_edge_is_less_certain() -> None:
    pin = PinEdges(HIGH_V)
    samples = volts(30, [12.3], 10.0)
    samples[10:15] = np.nan
    assert pin.feed(0, samples) == [Edge(12.5, 3.0)]
    pin = PinEdges(HIGH_V)
    whole = volts(30, [12.3], 10.0)
    assert pin.feed(0, whole[:10]) == []
    assert pin.feed(15, whole[15:]) == [Edge(12.5, 3.0)]


def test_a_pin_that_is_low_from_the_first_has_not_fallen() -> None:
    assert PinEdges(HIGH_V).feed(0, np.zeros(10, np.float32)) == []
    assert PinEdges(HIGH_V).feed(0, np.full(10, np.nan, np.float32)) == []


def test_the_pin_is_told_as_edges_and_not_as_samples() -> None:
    pin, now = LoggedPin(), VirtualClock().deadline(1.0)
    pin.begin(HIGH_V)
    current, voltage = np.ones(30, np.float32), volts(30, [12.3], 10.0)
    lost = Lost(30, 31, 1, "gone")
    first, second = pin.told([Samples(0, (current, voltage)), lost])
    assert isinstance(first, Samples)
    assert len(first.values) == 1
    assert first.values[0] is current
    assert second is lost
    assert pin.take(now) == [Edge(12.0, 0.5)]
    assert pin.take(now) == []


def test_a_log_that_begins_knows_nothing_of_the_one_before() -> None:
    pin, now = LoggedPin(), VirtualClock().deadline(1.0)
    pin.begin(HIGH_V)
    pin.told([Samples(0, (volts(30, [12.3], 10.0),))])
    pin.begin(HIGH_V)
    assert pin.take(now) == []
    pin.told([Samples(0, (np.zeros(10, np.float32),))])  # low from the first: nothing fell in this log
    assert pin.take(now) == []
