# SPDX-License-Identifier: Apache-2.0
"""JSON lines: any bytes are messages or a violation, however they are split; each field is checked."""

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import ProtocolViolation
from instruments.json_lines import messages
from instruments.json_lines.messages import MAX_LINE_BYTES, Message, parse
from instruments.links.lines import LineSplitter

GREETING = {"type": "information", "info": "connected", "data": {"otii_version": "3.5.5"}}
ANSWER = {"type": "response", "cmd": "x", "trans_id": "er-1", "data": {"value": 3.0, "name": "Ärc"}}
ERROR = {"type": "error", "cmd": "x", "trans_id": "er-2", "errorcode": "No license", "data": {}}
STREAM = b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\r\n" for one in (GREETING, ANSWER, ERROR))


def fed(*pieces: bytes) -> list[Message]:
    lines = LineSplitter(MAX_LINE_BYTES)
    return [parse(line) for piece in pieces for line in lines.feed(piece)]


def test_the_messages_are_what_was_sent() -> None:
    greeting, answer, error = fed(STREAM)
    assert (greeting.kind, greeting.trans_id, greeting.data["otii_version"]) == ("information", "", "3.5.5")
    assert (answer.kind, answer.trans_id, answer.data["name"]) == ("response", "er-1", "Ärc")
    assert (error.kind, error.code) == ("error", "No license")


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_split_anywhere_they_are_the_same(at: int) -> None:
    assert fed(STREAM[:at], STREAM[at:]) == fed(STREAM)


@given(st.binary(max_size=400))
def test_any_bytes_are_messages_or_a_violation(data: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        assert all(isinstance(one, Message) for one in fed(data + b"\r\n"))


NO_MESSAGES = ["", "[]", "5", '{"type": "request"}', '{"type": 1}', '{"type": "response", "data": []}', "\xff{}"]
NO_MESSAGES += ["[" * 100_000, '{"type": "response", "trans_id": 5}']
NO_MESSAGES += ['{"type": "response", "data": {"a": ' + "9" * 5000 + "}}"]


@pytest.mark.parametrize("line", NO_MESSAGES, ids=lambda line: line[:12])
def test_what_is_no_message_is_a_violation(line: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(json_values)
@pytest.mark.parametrize("read", ["number", "whole", "flag", "text", "entries"])
def test_a_field_is_of_its_type_or_a_violation(read: str, value: object) -> None:
    try:
        found = getattr(messages, read)({"key": value}, "key")
    except ProtocolViolation:
        return
    assert found == value
    assert read != "number" or math.isfinite(found)
    with pytest.raises(ProtocolViolation):
        getattr(messages, read)({"key": value}, "another")


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=4))
def test_a_request_is_one_line_of_json(command: str, data: dict[str, object]) -> None:
    line = messages.request(command, "er-7", data)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\r\n")
    found = json.loads(line)
    assert (found["type"], found["cmd"], found["trans_id"]) == ("request", command, "er-7")
    assert found.get("data", {}) == data
