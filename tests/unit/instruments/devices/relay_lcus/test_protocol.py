# SPDX-License-Identifier: Apache-2.0
"""The bytes of an LCUS board: frames, words, and everything that is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.relay_lcus.protocol import RelayAnswers, RelayState, frame
from instruments.errors import ProtocolViolation

WORDS = b"CH1: ON\r\nCH2:OFF\r\n"
STATES = [RelayState(1, True), RelayState(2, False)]


def test_the_frames_of_the_makers_page():
    assert frame(1, 1) == bytes.fromhex("A0 01 01 A2")
    assert frame(1, 0) == bytes.fromhex("A0 01 00 A1")
    assert frame(4, 1) == bytes.fromhex("A0 04 01 A5")


@pytest.mark.parametrize("said", [WORDS, b"CH1:ONCH2:OFF", frame(1, 1) + frame(2, 0), frame(1, 1) + b"CH2: OFF"])
def test_states_whole_and_split_anywhere(said):
    assert RelayAnswers().feed(said) == STATES
    for cut in range(len(said) + 1):
        answers = RelayAnswers()
        assert answers.feed(said[:cut]) + answers.feed(said[cut:]) == STATES, cut
    answers = RelayAnswers()
    assert [one for byte in said for one in answers.feed(bytes([byte]))] == STATES


@pytest.mark.parametrize(
    "said", [b"CH1: OF?", b"\xa0\x01\x01\xa3", b"\xa0\x01\x05\xa6", b"ready", b"CH1: " + b" " * 20]
)
def test_what_is_no_answer_is_refused(said):
    answers = RelayAnswers()
    with pytest.raises(ProtocolViolation):
        answers.feed(said)
    assert answers.feed(WORDS) == STATES  # and it is forgotten


@given(st.lists(st.one_of(st.binary(max_size=9), st.sampled_from([WORDS, frame(1, 0)])), max_size=6))
def test_random_bytes_are_states_or_a_violation(pieces):
    answers = RelayAnswers()
    for piece in pieces:
        try:
            found = answers.feed(piece)
        except ProtocolViolation:
            continue
        assert all(isinstance(one, RelayState) for one in found)
