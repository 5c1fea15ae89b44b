# SPDX-License-Identifier: Apache-2.0
"""Messages of the vendor's library: what they hold, or a violation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import ProtocolViolation
from instruments.joulescope.dialect import version_text
from instruments.joulescope.messages import read_bits, read_floats
from tests.support.joulescope_bench import message

FLOATS = np.arange(4, dtype=np.float32)
BITS = np.array([0b10000001, 0b00000110], np.uint8)


def test_elements_belong_to_the_count_and_every_step_after_it() -> None:
    piece = read_floats(message(1000, FLOATS, decimate=200), 2_000_000, 200)
    assert (piece.first, piece.step, piece.end) == (1000, 200, 1800)
    assert piece.values.tolist() == [0, 1, 2, 3]


def test_bits_come_the_lowest_first() -> None:
    piece = read_bits(message(80, BITS), 2_000_000, 1)
    assert piece.values.tolist() == [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0]
    assert piece.end == 96


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (None, "a NoneType instead of a message"),
        ({}, "sample_id = None"),
        (message(-1, FLOATS), "sample_id = -1"),
        (message(1 << 63, FLOATS), "sample_id = 9223372036854775808"),
        (message(0, FLOATS, rate=1_000_000), "every 1. of 1000000"),
        (message(0, FLOATS, decimate=2), "every 2. of 2000000"),
        (message(0, BITS), "uint8 instead of float32"),
        (message(0, FLOATS.reshape(2, 2)), "not one row"),
        ({**message(0, FLOATS), "data": [1.0]}, "data that are a list"),
        ({**message(0, FLOATS), "sample_id": "7"}, "sample_id = 7"),
    ],
)
def test_what_is_no_such_message_is_a_violation(broken: object, says: str) -> None:
    with pytest.raises(ProtocolViolation, match=says):
        read_floats(broken, 2_000_000, 1)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ODD = [FLOATS.astype(np.float64), np.zeros((2, 2)), np.array(3.0), np.array(["x"])]
ARRAYS = st.sampled_from([FLOATS, BITS, *ODD])
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "sample_id": ANYTHING | st.integers(0, 1 << 40),
        "sample_rate": ANYTHING | st.just(2_000_000),
        "decimate_factor": ANYTHING | st.sampled_from([1, 2, 200]),
        "data": ANYTHING | ARRAYS,
    },
)


@given(MESSAGES | ANYTHING, st.sampled_from([read_floats, read_bits]))
def test_anything_is_a_piece_or_a_violation(found: object, read) -> None:  # type: ignore[no-untyped-def]
    try:
        piece = read(found, 2_000_000, 1)
    except ProtocolViolation:
        return
    assert piece.end == piece.first + len(piece.values)


def test_versions_are_packed_in_one_number() -> None:
    assert version_text(0x01020003) == "1.2.3"
    assert version_text("1.2") == ""
    assert version_text(-1) == ""
