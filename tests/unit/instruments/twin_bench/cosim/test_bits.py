# SPDX-License-Identifier: Apache-2.0
"""Bytes to levels and back, as the co-simulated bench has them on its serial wires."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.twin_bench.cosim.bits import BitReceiver, frame_levels, frame_ns

BAUD = 9600
BIT_NS = 1e9 / BAUD


def changes(data: bytes, *, start_ns: int = 1000, baud: float = BAUD, gap_ns: int = 0) -> list[tuple[int, bool]]:
    found = []
    for place, byte in enumerate(data):
        found += frame_levels(byte, start_ns + place * (frame_ns(baud) + gap_ns), baud)
    return found


def received(levels: list[tuple[int, bool]], baud: int = BAUD, until_ns: int = 10**12) -> bytes:
    receiver = BitReceiver(baud)
    found = [frame for at_ns, level in levels for frame in receiver.change(at_ns, level)]
    found += receiver.settle(until_ns)
    return bytes(byte for _, byte in found)


@given(st.binary(max_size=40), st.integers(0, 500_000))
def test_what_goes_in_comes_out(data: bytes, gap_ns: int) -> None:
    assert received(changes(data, gap_ns=gap_ns)) == data


@given(st.binary(min_size=1, max_size=8), st.sampled_from([0.97, 1.03]))
def test_three_percent_of_another_speed_are_tolerated(data: bytes, factor: float) -> None:
    assert received(changes(data, baud=BAUD * factor, gap_ns=200_000)) == data


def test_another_speed_does_not_give_the_bytes() -> None:
    assert received(changes(b"name%", baud=115200)) != b"name%"


def test_a_byte_is_there_in_the_middle_of_its_stop_bit_and_not_before() -> None:
    receiver = BitReceiver(BAUD)
    for at_ns, level in changes(b"U", start_ns=0):
        assert list(receiver.change(at_ns, level)) == []
    middle_ns = round(9.5 * BIT_NS)
    assert list(receiver.settle(middle_ns)) == []
    assert list(receiver.settle(middle_ns + 1)) == [(middle_ns, ord("U"))]


def test_a_glitch_is_no_start_bit() -> None:
    assert received([(0, False), (int(0.3 * BIT_NS), True), *changes(b"x", start_ns=10**6)]) == b"x"


def test_a_frame_without_stop_bit_is_dropped() -> None:
    assert received([(0, False), (int(11.2 * BIT_NS), True), *changes(b"x", start_ns=10**8)]) == b"x"


def test_a_reset_forgets_half_a_frame() -> None:
    receiver = BitReceiver(BAUD)
    list(receiver.change(0, False))
    assert receiver.receiving
    receiver.reset(level=True)
    assert not receiver.receiving
    assert list(receiver.settle(10**9)) == []


@pytest.mark.parametrize("byte", range(256))
def test_a_frame_begins_low_and_ends_high(byte: int) -> None:
    levels = list(frame_levels(byte, 0, BAUD))
    assert levels[0] == (0, False)
    assert levels[-1][1]
    assert all(before[1] != after[1] for before, after in pairwise(levels))
