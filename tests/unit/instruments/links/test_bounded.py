# SPDX-License-Identifier: Apache-2.0
"""The bounded queue: order, and a count of everything that did not fit."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import RealClock, VirtualClock
from instruments.links.bounded import BoundedQueue, Overflow

NOW = VirtualClock().deadline(0.0)


def queue(capacity: int) -> BoundedQueue[bytes]:
    return BoundedQueue(capacity, len)


def test_items_come_out_in_order() -> None:
    q = queue(100)
    for item in (b"one", b"two", b"three"):
        q.put(item)
    assert q.take(100, NOW) == [b"one", b"two", b"three"]
    assert q.take(100, NOW) == []
    assert q.take_overflow() == []


def test_no_more_items_are_taken_than_needed() -> None:
    q = queue(100)
    for item in (b"aaaa", b"bbbb", b"cccc"):
        q.put(item)
    assert q.take(5, NOW) == [b"aaaa", b"bbbb"]
    assert q.take(1, NOW) == [b"cccc"]


def test_what_does_not_fit_is_counted_where_it_is_missing() -> None:
    q = queue(8)
    q.put(b"aaaa")
    q.put(b"bbbb")
    q.put(b"cc")  # lost
    q.put(b"ddd")  # lost
    assert q.take(100, NOW) == [b"aaaa", b"bbbb"]
    assert q.take_overflow() == []  # the gap lies after these
    q.put(b"ee")
    assert q.take(100, NOW) == [b"ee"]
    assert q.take_overflow() == [Overflow(at=8, dropped=5)]
    assert q.take_overflow() == []


def test_items_on_both_sides_of_a_gap_are_never_taken_together() -> None:
    q = queue(8)
    q.put(b"aaaaaaaa")
    q.put(b"x")
    assert q.take(4, NOW) == [b"aaaaaaaa"]
    q.put(b"bb")
    q.put(b"cccccc")
    q.put(b"y")
    assert q.take(100, NOW) == [b"bb", b"cccccc"]
    assert q.take_overflow() == [Overflow(8, 1)]
    assert q.take(100, NOW) == []
    assert q.take_overflow() == [Overflow(16, 1)]


def test_a_full_queue_takes_nothing_until_half_of_it_is_free() -> None:
    q = queue(10)
    for _ in range(5):
        q.put(b"ab")
    q.put(b"lost")
    q.take(2, NOW)
    q.put(b"x")  # would fit, but would leave one gap more
    q.take(4, NOW)
    q.put(b"y")
    assert q.take(100, NOW) == [b"ab", b"ab"]
    assert q.take(100, NOW) == [b"y"]
    assert q.take_overflow() == [Overflow(10, 5)]


def test_an_item_larger_than_the_queue_is_lost_and_counted() -> None:
    q = queue(3)
    q.put(b"12345")
    assert q.take(10, NOW) == []
    assert q.take_overflow() == [Overflow(0, 5)]


def test_the_end_is_seen_after_what_came_before_it() -> None:
    q = queue(10)
    q.put(b"last")
    q.end(RuntimeError("gone"))
    assert q.take(10, RealClock().deadline(30.0)) == [b"last"]
    assert q.take(10, RealClock().deadline(30.0)) == []
    assert str(q.ended) == "gone"


def test_a_waiting_reader_is_woken() -> None:
    q = queue(10)
    deadline = RealClock().deadline(30.0)
    writer = threading.Timer(0.02, lambda: q.put(b"late"))
    writer.start()
    assert q.take(1, deadline) == [b"late"]
    assert deadline.remaining_s() > 10.0
    writer.join()


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_queue_needs_room(capacity: int) -> None:
    with pytest.raises(ValueError, match="capacity above 0"):
        queue(capacity)


@given(
    st.integers(1, 40),
    st.lists(
        st.one_of(st.integers(1, 12).map(lambda n: ("put", n)), st.integers(1, 60).map(lambda n: ("take", n)))
    ),
)
def test_received_and_dropped_together_are_what_was_sent(capacity: int, steps: list[tuple[str, int]]) -> None:
    q = queue(capacity)
    sent = bytes(1)[:0]
    got: list[bytes] = []
    gaps: list[Overflow] = []

    def take(at_least: int) -> int:
        items = q.take(at_least, NOW)
        gaps.extend(q.take_overflow())
        got.extend(items)
        return len(items)

    for verb, count in steps:
        if verb == "put":
            piece = bytes((len(sent) + i) % 251 for i in range(count))
            sent += piece
            q.put(piece)
        else:
            take(count)
        held = len(sent) - len(b"".join(got)) - sum(gap.dropped for gap in gaps)
        assert held >= 0
    while take(1000):
        pass
    received = b"".join(got)
    assert len(received) + sum(gap.dropped for gap in gaps) == len(sent)
    # With the gaps put back where they are said to be, every byte is in its place.
    rebuilt, at, dropped = b"", 0, 0
    for gap in gaps:
        rebuilt += received[at : gap.at]
        dropped = len(rebuilt)
        rebuilt += sent[dropped : dropped + gap.dropped]
        at = gap.at
    assert rebuilt + received[at:] == sent
