# SPDX-License-Identifier: Apache-2.0
"""Samples and edges made of pieces: the same however they are cut, and every loss to its exact number."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import ProtocolViolation
from instruments.joulescope.assembly import Assembly
from instruments.joulescope.messages import Piece
from instruments.roles import Edge, Lost, Samples, StreamItem

START, STEP, COUNTS = 1000, 2, 6  # three elements to a sample


def current(first: int, stop: int, step: int = STEP) -> Piece:
    """Return elements that hold where they are."""
    at = np.arange(first, stop, step)
    return Piece(first, step, at.astype(np.float32))


def assembly() -> Assembly:
    return Assembly(("current", "voltage"), COUNTS)


def summary(items: list[StreamItem]) -> tuple[dict[int, tuple[float, ...]], list[tuple[int, int]]]:
    """Return the samples by their index, and the stretches that were lost, joined."""
    values: dict[int, tuple[float, ...]] = {}
    gone: list[tuple[int, int]] = []
    at = 0
    for item in items:
        if isinstance(item, Samples):
            assert item.first == at
            for k in range(item.count):
                values[at + k] = tuple(float(one[k]) for one in item.values)
            at += item.count
        elif isinstance(item, Lost):
            assert item.after == at
            assert item.before - item.after == item.missing > 0
            at = item.before
            gone.append((item.after, item.before))
    joined: list[tuple[int, int]] = []
    for after, before in gone:
        if joined and joined[-1][1] == after:
            joined[-1] = (joined[-1][0], before)
        else:
            joined.append((after, before))
    return values, joined


def pieces_of(spans: list[tuple[int, int]], cuts: list[int]) -> list[Piece]:
    found = []
    for start, stop in spans:
        places = sorted({start, stop, *(cut - cut % STEP for cut in cuts if start < cut - cut % STEP < stop)})
        found += [current(a, b) for a, b in pairwise(places)]
    return found


SPANS = [(START, 1124), (1150, 1300), (1308, 1600)]


@settings(deadline=None)
@given(
    st.lists(st.integers(START, 1600)),
    st.lists(st.integers(START, 1600)),
    st.lists(st.booleans(), min_size=8, max_size=200),
)
def test_pieces_may_be_cut_and_come_in_any_way(cuts: list[int], others: list[int], turns: list[bool]) -> None:
    """Two signals of which each misses something; the loss is what either misses, and the rest is what it was."""
    waiting = {"current": pieces_of(SPANS, cuts), "voltage": pieces_of([(1006, 1420), (1422, 1600)], others)}
    made, items = assembly(), list[StreamItem]()
    order = [*turns, *[True] * 300, *[False] * 300]
    for turn in order:
        name = "current" if turn else "voltage"
        if waiting[name]:
            made.add(name, waiting[name].pop(0))
            items += made.take()
    values, gone = summary(items)
    # Sample k covers [1006 + 6k, 1012 + 6k): 19 whole ones up to 1120; then 1120 to 1150 is cut, and so on.
    assert gone == [(19, 24), (49, 51), (69, 70)]
    assert sorted(values) == [k for k in range(99) if k not in (*range(19, 24), 49, 50, 69)]
    for k, (mean, other) in values.items():
        assert mean == other == 1006 + 6 * k + 2


def test_a_sample_is_the_mean_of_what_was_streamed_in_it() -> None:
    made = assembly()
    made.add("current", current(START, START + 12))
    made.add("voltage", Piece(START, STEP, np.full(6, 3.0, np.float32)))
    [found] = made.take()
    assert isinstance(found, Samples)
    assert found.values[0].tolist() == [1002, 1008]
    assert found.values[1].tolist() == [3, 3]
    assert found.values[0].dtype == np.float32


def test_missing_samples_before_the_first_whole_one_are_none() -> None:
    made, first = assembly(), current(START, START + 60)
    first.values[:4] = np.nan
    made.add("current", first)
    made.add("voltage", current(START, START + 60))
    values, gone = summary(made.take())
    assert gone == []
    assert values[0] == (1014, 1014)  # the third sample is the first that is whole
    assert len(values) == 8


def test_missing_samples_later_are_lost_exactly() -> None:
    made, first = assembly(), current(START, START + 60)
    first.values[[7, 14]] = np.nan
    made.add("current", first)
    made.add("voltage", current(START, START + 60))
    values, gone = summary(made.take())
    assert gone == [(2, 3), (4, 5)]
    assert len(values) == 8


def test_signals_that_are_decimated_elsewhere_are_put_side_by_side() -> None:
    made = Assembly(("current", "voltage"), 10)
    made.add("voltage", Piece(1003, 10, np.full(4, 3.0, np.float32)))
    made.add("current", Piece(1009, 10, np.arange(4, dtype=np.float32)))
    values, gone = summary(made.take())
    assert gone == []
    assert [one[0] for one in values.values()] == [0, 1, 2]


def test_a_count_that_goes_back_is_a_violation() -> None:
    made = assembly()
    made.add("current", current(START, START + 12))
    with pytest.raises(ProtocolViolation, match="sample_id 1006 after 1012"):
        made.add("current", current(START + 6, START + 12))


def test_a_jump_as_large_as_the_count_costs_no_memory() -> None:
    made = assembly()
    for name in ("current", "voltage"):
        made.add(name, current(START, START + 12))
        made.add(name, current(START + (1 << 61), START + (1 << 61) + 12))
    values, [gone] = summary(made.take())
    assert len(values) >= 3
    assert gone[1] - gone[0] > 1 << 57


# --- edges --------------------------------------------------------------------------------------------------


def begun() -> Assembly:
    made = assembly()
    for name in ("current", "voltage"):
        made.add(name, current(START, START + 60))
    made.take()
    return made


def pin(first: int, bits: list[int]) -> Piece:
    return Piece(first, 1, np.array(bits, np.uint8))


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_fall_lies_between_two_samples_of_the_input(cut: int) -> None:
    bits = [0, 1, 1, 0, 0, 1, 1, 1, 0]
    made = begun()
    made.add_pin(pin(START + 10, bits[:cut]))
    made.add_pin(pin(START + 10 + cut, bits[cut:]))
    assert made.take_edges() == [Edge(12.5 / 6, 0.5 / 6), Edge(17.5 / 6, 0.5 / 6)]
    assert made.take_edges() == []


def test_an_edge_in_a_gap_is_as_uncertain_as_the_gap_is_long() -> None:
    made = begun()
    made.add_pin(pin(START + 10, [1, 1]))
    made.add_pin(pin(START + 22, [0, 0]))
    assert made.take_edges() == [Edge(16.5 / 6, 5.5 / 6)]


def test_an_input_that_goes_back_is_a_violation() -> None:
    made = begun()
    made.add_pin(pin(START + 10, [1, 1, 0]))
    with pytest.raises(ProtocolViolation, match="the input of a Joulescope: sample_id 1011 after 1013"):
        made.add_pin(pin(START + 11, [1, 0]))


def test_edges_before_the_first_sample_are_none_and_wait_for_it() -> None:
    made = assembly()
    made.add_pin(pin(START - 4, [1, 0, 1, 1, 1, 0]))
    assert made.take_edges() == []
    for name in ("current", "voltage"):
        made.add(name, current(START, START + 60))
    made.take()
    assert made.take_edges() == [Edge(0.5 / 6, 0.5 / 6)]
