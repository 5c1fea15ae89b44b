# SPDX-License-Identifier: Apache-2.0
"""The words of a Numato module: echo, lines, prompt, and everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.relay_numato.protocol import Answer, Answers, command, parse_state
from instruments.errors import ProtocolViolation

SAID = b"relay read 0\n\ron\n\r>relay on 0\n\r>ver\r\n\nA0M08.01\r\n>"
ANSWERS = [Answer("relay read 0", ("on",)), Answer("relay on 0", ()), Answer("ver", ("A0M08.01",))]


def test_commands_end_with_a_carriage_return():
    assert command("relay on 0") == b"relay on 0\r"


def test_answers_whole_and_split_anywhere():
    assert Answers().feed(SAID) == ANSWERS
    for cut in range(len(SAID) + 1):
        answers = Answers()
        assert answers.feed(SAID[:cut]) + answers.feed(SAID[cut:]) == ANSWERS, cut


@pytest.mark.parametrize(("lines", "state"), [(("on",), True), (("off",), False), (("OFF",), False)])
def test_states(lines, state):
    assert parse_state("ask", lines) is state


@pytest.mark.parametrize("lines", [(), ("on", "off"), ("1",), ("invalid command",)])
def test_other_answers_are_no_state(lines):
    with pytest.raises(ProtocolViolation, match="neither 'on' nor 'off'"):
        parse_state("ask", lines)


def test_text_without_an_end_is_refused_and_forgotten():
    answers = Answers()
    with pytest.raises(ProtocolViolation, match="has no end"):
        answers.feed(b"x" * 401)
    assert answers.feed(SAID) == ANSWERS


@given(st.lists(st.one_of(st.binary(max_size=200), st.just(SAID)), max_size=6))
def test_random_bytes_are_answers_or_a_violation(pieces):
    answers = Answers()
    for piece in pieces:
        try:
            assert all(isinstance(one, Answer) for one in answers.feed(piece))
        except ProtocolViolation:
            continue
