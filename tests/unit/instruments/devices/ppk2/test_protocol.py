# SPDX-License-Identifier: Apache-2.0
"""The PPK2's words: whole and split anywhere, lost, shifted, and random."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.devices.ppk2.protocol import CONFIRM, Gap, Garbage, Ppk2Decoder, Run
from tests.support.ppk2_bench import merged, words


def decoded(*pieces: bytes) -> list[object]:
    decoder = Ppk2Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return merged(events + decoder.finish())


def test_a_whole_stream_is_every_word():
    assert decoded(words(500, first=60).tobytes()) == [words(500, first=60).tolist()]


def test_the_last_word_is_held_back_until_the_next_confirms_it():
    decoder = Ppk2Decoder()
    assert merged(decoder.feed(words(100).tobytes())) == [words(99).tolist()]
    assert merged(decoder.finish()) == [words(100).tolist()[-1:]]
    assert decoder.finish() == []


@pytest.mark.parametrize("count", [1, 2, CONFIRM - 1, CONFIRM])
def test_few_words_are_words_if_nothing_speaks_against_it(count):
    assert decoded(words(count).tobytes()) == [words(count).tolist()]


def test_nothing_is_nothing():
    assert decoded() == decoded(b"") == []


@pytest.mark.parametrize("missing", [1, 2, 40, 63])
def test_missing_words_are_counted(missing):
    data = words(100).tobytes() + words(100, first=100 + missing).tobytes()
    assert decoded(data) == [words(100).tolist(), Gap(missing), words(100, first=100 + missing).tolist()]


@pytest.mark.parametrize("missing", [64 + 3, 640 + 3])
def test_they_are_counted_modulo_64(missing):
    data = words(100).tobytes() + words(100, first=100 + missing).tobytes()
    assert decoded(data)[1] == Gap(3)


def test_64_missing_words_cannot_be_seen():
    data = words(100).tobytes() + words(100, first=164).tobytes()
    assert decoded(data) == [words(100).tolist() + words(100, first=164).tolist()]


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7])
def test_after_lost_bytes_the_words_are_found_again(at, count):
    sent = words(200)
    data = sent.tobytes()
    place = 100 * 4 + at
    before, passed, gap, after = decoded(data[:place] + data[place + count :])
    assert isinstance(passed, tuple)
    assert gap.shifted
    assert set(before) | set(after) <= set(sent.tolist()), "no word that was not sent"
    assert len(before) + gap.missing + len(after) == 200
    assert 1 <= gap.missing <= 3 + (count + at + 3) // 4


def test_a_stream_that_begins_in_the_middle_of_a_word():
    assert decoded(words(50).tobytes()[3:]) == [("garbage", words(50).tobytes()[3:4]), words(49, first=1).tolist()]


def test_a_wrong_counter_costs_three_words_and_no_more():
    sent = words(100)
    sent[50] ^= 0b101 << 18
    assert decoded(sent.tobytes()) == [
        words(49).tolist(),
        ("garbage", sent[49:52].tobytes()),
        Gap(3, shifted=True),
        words(48, first=52).tolist(),
    ]


def test_what_follows_the_last_word_is_garbage():
    assert decoded(words(20).tobytes() + b"\x01\x02") == [words(20).tolist(), ("garbage", b"\x01\x02")]


def stream(parts: list[tuple[int, int, int, bytes]]) -> bytes:
    """Return runs of words, each after a gap, with bytes cut off and others put between."""
    data, counter = b"", 0
    for gap, count, cut, between in parts:
        data += words(count, first=counter + gap).tobytes()[cut:] + between
        counter += gap + count
    return data


PARTS = st.lists(
    st.tuples(st.integers(0, 130), st.integers(0, 40), st.integers(0, 5), st.binary(max_size=6)), max_size=6
)


@settings(max_examples=200, deadline=None)
@given(parts=PARTS, cuts=st.lists(st.integers(0, 1000), max_size=5))
def test_however_it_is_split_the_events_are_the_same(parts, cuts):
    data = stream(parts)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places)]
    assert decoded(*pieces) == decoded(data)


def test_split_at_every_byte():
    data = stream([(0, 30, 0, b""), (5, 30, 0, b""), (64, 30, 3, b"\x00\xff"), (1, 30, 1, b"")])
    whole = decoded(data)
    assert len(whole) > 4
    assert decoded(*(data[i : i + 1] for i in range(len(data)))) == whole
    for cut in range(len(data)):
        assert decoded(data[:cut], data[cut:]) == whole


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_random_bytes_are_events_that_hold_them_all(data):
    decoder = Ppk2Decoder()
    events = decoder.feed(data) + decoder.finish()
    size = 0
    for event in events:
        size += event.words.nbytes if isinstance(event, Run) else 0
        size += len(event.data) if isinstance(event, Garbage) else 0
    assert size == len(data)


def test_a_long_stream_of_garbage_needs_no_memory():
    decoder = Ppk2Decoder()
    noise = np.random.default_rng(3).integers(0, 256, 1 << 16, dtype=np.uint8).tobytes()
    for _ in range(20):
        decoder.feed(noise)
    assert len(decoder._rest) < 64
