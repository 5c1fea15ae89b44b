# SPDX-License-Identifier: Apache-2.0
"""HiSLIP as bytes in and bytes out: messages however they are split, any bytes at all, long answers in pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.twin_bench import hislip
from instruments.twin_bench.hislip import HislipSession, Message, Received
from instruments.world.cable import HostPort
from instruments.world.world import World

payloads = st.binary(max_size=40)
messages = st.builds(Message, st.integers(0, 30), st.integers(0, 255), st.integers(0, 2**32 - 1), payloads)


def session(answer: bytes = b"", heard: list[bytes] | None = None) -> HislipSession:
    """Return a session with an instrument that always gives one answer."""

    def receive(data: bytes) -> None:
        if heard is not None:
            heard.append(data)
        port.emit(answer)

    port = HostPort(World(VirtualClock()), "monitor", receive)
    port.open()
    return HislipSession(port)


@given(st.lists(messages, max_size=6), st.lists(st.integers(0, 400), max_size=6))
def test_messages_arrive_however_they_are_split(sent: list[Message], cuts: list[int]) -> None:
    data = b"".join(message.encoded() for message in sent)
    at = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    received = Received()
    assert [message for a, b in pairwise(at) for message in received.add(data[a:b])] == sent
    assert not received.broken


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_messages_or_break_the_connection(pieces: list[bytes]) -> None:
    received, one = Received(), session(b"1\n")
    for piece in pieces:
        for message in received.add(piece):
            one.synchronous(message)
            one.asynchronous(message)
            one.answers()
    data = b"".join(pieces)
    assert received.broken or len(data) < hislip.HEADER.size or data.startswith(b"HS")


def test_a_command_ends_where_its_message_ends() -> None:
    heard: list[bytes] = []
    one = session(b"+1\n", heard)
    one.synchronous(Message(hislip.DATA, 0, 2, b"*ID"))
    assert heard == []
    one.synchronous(Message(hislip.DATA_END, 0, 4, b"N?"))
    one.synchronous(Message(hislip.DATA_END, 0, 6, b"X?\n"))
    assert heard == [b"*IDN?\n", b"X?\n"]
    assert one.answers() == [Message(hislip.DATA_END, 0, 6, b"+1\n+1\n")]
    assert one.answers() == []


@pytest.mark.parametrize("most", [20, 100, 1 << 20])
def test_a_long_answer_comes_in_pieces_that_the_client_takes(most: int) -> None:
    data = b"#41000" + b"\n" * 1000 + b"\n"
    one = session(data)
    [size] = one.asynchronous(Message(hislip.MAXIMUM_SIZE, 0, 0, most.to_bytes(8)))
    assert size.payload == hislip.MOST_BYTES.to_bytes(8)
    one.synchronous(Message(hislip.DATA_END, 0, 8, b"FETC?"))
    *begun, end = one.answers()
    assert {message.kind for message in begun} <= {hislip.DATA}
    assert end.kind == hislip.DATA_END
    assert {message.parameter for message in (*begun, end)} == {8}
    assert b"".join(message.payload for message in (*begun, end)) == data
    assert all(len(message.encoded()) <= max(most, hislip.HEADER.size + 1) for message in (*begun, end))


def test_an_answer_that_was_cut_off_has_no_end() -> None:
    one = session(b"#41000" + bytes(10))
    one.synchronous(Message(hislip.DATA_END, 0, 8, b"FETC?"))
    assert [message.kind for message in one.answers()] == [hislip.DATA]


def test_a_device_clear_forgets_both_directions() -> None:
    heard: list[bytes] = []
    one = session(b"+1\n", heard)
    one.synchronous(Message(hislip.DATA_END, 0, 2, b"A?"))
    one.synchronous(Message(hislip.DATA, 0, 4, b"B"))
    assert [answer.control for answer in one.asynchronous(Message(hislip.STATUS_QUERY, 0, 0))] == [16]
    [cleared] = one.asynchronous(Message(hislip.ASYNC_CLEAR, 0, 0))
    assert cleared.kind == hislip.ASYNC_CLEAR_ACKNOWLEDGE
    assert [a.kind for a in one.synchronous(Message(hislip.CLEAR_COMPLETE, 0, 0))] == [hislip.CLEAR_ACKNOWLEDGE]
    assert one.answers() == []
    one.synchronous(Message(hislip.DATA_END, 0, 2, b"C?"))
    assert heard == [b"A?\n", b"C?\n"]


def test_a_trigger_is_one_and_an_unknown_message_is_an_error() -> None:
    heard: list[bytes] = []
    one = session(heard=heard)
    one.synchronous(Message(hislip.TRIGGER, 0, 2))
    assert heard == [b"*TRG\n"]
    assert [a.kind for a in one.synchronous(Message(99, 0, 0))] == [hislip.ERROR]
    assert [a.kind for a in one.asynchronous(Message(99, 0, 0))] == [hislip.ERROR]
