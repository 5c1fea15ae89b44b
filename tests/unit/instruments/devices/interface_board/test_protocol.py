# SPDX-License-Identifier: Apache-2.0
"""Lines of the interface board: its own, and the DUT's that it relays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.interface_board.protocol import (
    LONGEST_RELAYED,
    QUEUE_BYTES,
    BaudIs,
    BaudSet,
    BoardEvent,
    PassThrough,
    Ready,
    Relayed,
    Text,
    encode_command,
    parse_line,
)
from instruments.errors import ProtocolViolation
from instruments.links.lines import MAX_LINE_BYTES, LineSplitter

SESSION = (
    b"tinyML Enhanced Interface Board\r\nm-ready\r\n"
    b"baud is: 115200\nm-ready\r\n"
    b"set baud to: 9600\nm-ready\r\n"
    b"m-dut-passthrough(name)\r\nm-ready\r\n[dut]: m-name-dut-[x]\r\n[dut]: m-ready\r\n"
    b"Duty cycle start times (s)\r\n1, 2, \r\nDuty cycle stop times (s)\r\n3, 4, m-ready\r\n"
)
EVENTS = [
    Text("tinyML Enhanced Interface Board"),
    Ready(),
    BaudIs(115200),
    Ready(),
    BaudSet(9600),
    Ready(),
    PassThrough("name"),
    Ready(),
    Relayed("m-name-dut-[x]"),
    Relayed("m-ready"),
    Text("Duty cycle start times (s)"),
    Text("1, 2, "),
    Text("Duty cycle stop times (s)"),
    Text("3, 4, "),
    Ready(),
]


def events_of(pieces: list[bytes]) -> list[BoardEvent]:
    lines = LineSplitter()
    return [event for piece in pieces for line in lines.feed(piece) for event in parse_line(line)]


def test_a_session_whole() -> None:
    assert events_of([SESSION]) == EVENTS


@pytest.mark.parametrize("at", range(len(SESSION)))
def test_a_session_split_anywhere(at: int) -> None:
    assert events_of([SESSION[:at], SESSION[at:]]) == EVENTS


@pytest.mark.parametrize(
    ("line", "ends"), [("m-ready", True), ("m-ready ", False), ("xm-ready", False), ("", False)]
)
def test_only_a_line_of_its_own_ends_a_relay(line: str, ends: bool) -> None:
    assert Relayed(line).ends is ends


@pytest.mark.parametrize("line", ["baud is: 96x0", "baud is: ", "baud is: 12345678901", "set baud to: 9600]"])
def test_a_damaged_number_is_no_speed(line: str) -> None:
    assert not any(isinstance(event, BaudIs | BaudSet) for event in parse_line(line))


@given(st.binary(max_size=300))
def test_any_bytes_end_in_events_or_a_violation(data: bytes) -> None:
    try:
        events = events_of([data, b"\n"])
    except ProtocolViolation:
        assert len(data) > MAX_LINE_BYTES
        return
    assert all(isinstance(event, BoardEvent) for event in events)


@pytest.mark.parametrize("command", ["", " ", "dut", "name ", "dut ", "a%b", "a\r", "ä"])
def test_what_the_board_would_not_answer_is_not_sent(command: str) -> None:
    with pytest.raises(ProtocolViolation):
        encode_command(command)


def test_the_longest_command_fits_the_queue() -> None:
    assert len(encode_command("dut " + "x" * LONGEST_RELAYED)) <= QUEUE_BYTES
