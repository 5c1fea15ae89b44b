# SPDX-License-Identifier: Apache-2.0
"""The answer to `print_dutycycle`: whole, split anywhere, and damaged in every way that can be told."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.interface_board.protocol import (
    FALLS,
    MOST_EDGES,
    MOST_TICK,
    RISES,
    EdgeRecord,
    Ready,
    lap_us,
    parse_line,
    parse_record,
)
from instruments.errors import ProtocolViolation
from instruments.links.lines import LineSplitter

RECORD = EdgeRecord(rises=tuple(range(120, 1020, 100)), falls=tuple(range(20, 920, 100)))


def printed(record: EdgeRecord, per_line: int = 8) -> bytes:
    """Return a record as the board prints it, up to its `m-ready`."""
    rows = []
    for ticks in (record.rises, record.falls):
        lines = [ticks[at : at + per_line] for at in range(0, len(ticks), per_line)]
        rows.append("\r\n".join("".join(f"{tick}, " for tick in line) for line in lines))
    return f"{RISES}\r\n{rows[0]}\r\n{FALLS}\r\n{rows[1]}m-ready\r\n".encode()


def parsed(*pieces: bytes) -> EdgeRecord:
    """Return the record in an answer, as the driver reads it: up to its `m-ready`."""
    lines = LineSplitter()
    events = [event for piece in pieces for line in lines.feed(piece) for event in parse_line(line)]
    if Ready() not in events:
        raise ProtocolViolation("read an answer", "it does not end")  # the driver's time-out
    return parse_record(events[: events.index(Ready())])


@st.composite
def records(draw: st.DrawFn) -> EdgeRecord:
    """Return what a pin can have made, of pulses that may be shorter than a tick."""
    steps = draw(st.lists(st.tuples(st.integers(1, 10_000_000), st.integers(0, 99)), max_size=MOST_EDGES))
    ends = list(accumulate(after + lasts for after, lasts in steps))
    falls = tuple(end - lasts for end, (_, lasts) in zip(ends, steps, strict=True))
    return EdgeRecord(rises=tuple(ends), falls=falls)


def test_a_record_whole() -> None:
    assert parsed(printed(RECORD)) == RECORD


@pytest.mark.parametrize("at", range(len(printed(RECORD))))
def test_a_record_split_at_every_byte(at: int) -> None:
    whole = printed(RECORD)
    assert parsed(whole[:at], whole[at:]) == RECORD


@pytest.mark.parametrize("at", range(len(printed(RECORD)) - len(", m-ready\r\n")))
def test_half_an_answer_is_no_record_even_if_the_end_follows(at: int) -> None:
    half = printed(RECORD)[:at]
    for rest in (b"", b"m-ready\r\n", b"\r\nm-ready\r\n"):
        with pytest.raises(ProtocolViolation):
            parsed(half, rest)


@given(records(), st.integers(1, 200))
def test_any_pulses_are_read_as_they_were_printed(record: EdgeRecord, per_line: int) -> None:
    assert parsed(printed(record, per_line)) == record


@given(st.binary(max_size=400))
def test_random_bytes_end_in_a_record_or_a_violation(data: bytes) -> None:
    for answer in (data, printed(RECORD)[:40] + data, printed(RECORD)[:-9] + data + b"m-ready\r\n"):
        try:
            record = parsed(answer)
        except ProtocolViolation:
            continue
        assert max((*record.rises, *record.falls), default=0) <= MOST_TICK
        assert list(record.falls) == sorted(set(record.falls))
        assert list(record.rises) == sorted(set(record.rises))


@given(st.integers(0, len(printed(RECORD)) - 1), st.integers(0, 255))
def test_a_byte_that_changed_is_noticed_or_leaves_whole_numbers_in_turn(at: int, byte: int) -> None:
    """What a single answer cannot show, such as a digit for another, the second one does."""
    data = bytearray(printed(RECORD))
    data[at] = byte
    try:
        record = parsed(bytes(data))
    except ProtocolViolation:
        return
    assert abs(len(record.rises) - len(record.falls)) <= 1
    differing = sum(one != two for one, two in zip(record.falls, RECORD.falls, strict=False))
    assert differing <= 1 or len(record.falls) != len(RECORD.falls)


@pytest.mark.parametrize(
    ("rises", "falls", "why"),
    [
        ("120, 220, ", "20, 20, ", "a falling edge at tick 20 after one at tick 20"),
        ("120, 220, ", "110, 20, ", "a falling edge at tick 20 after one at tick 110"),
        ("120, 120, ", "20, 110, ", "a rising edge at tick 120 after one at tick 120"),
        ("120, ", "20, 30, ", "do not take turns"),
        ("", "20, 120, ", "do not take turns"),
        ("120, 220, 320, ", "20, ", "do not take turns"),
        ("120, ", "20, 130, 140, ", "do not take turns"),
        ("120, ", "4294967296, ", "beyond 32 bits"),
        ("120, ", "20", "'20' in it"),
        ("120, ", "2 0, ", "'2 0, ' in it"),
        ("120, ", "-20, ", "'-20, ' in it"),
        ("120, ", "20,, ", "'20,, ' in it"),
        ("0.00120, ", "0.00020, ", "'0.00120, ' in it"),
        ("120, ", "12345678901, ", "'12345678901, ' in it"),
    ],
)
def test_what_no_pin_can_have_made_is_refused(rises: str, falls: str, why: str) -> None:
    with pytest.raises(ProtocolViolation, match=why):
        parsed(f"{RISES}\r\n{rises}\r\n{FALLS}\r\n{falls}m-ready\r\n".encode())


@pytest.mark.parametrize(
    "answer",
    [
        b"m-ready\r\n",  # firmware that does not know the command
        f"{RISES}\r\n1, m-ready\r\n".encode(),  # or prints the starts only
        f"{FALLS}\r\n1, \r\n{RISES}\r\n2, m-ready\r\n".encode(),
        f"{RISES}\r\n{RISES}\r\n1, \r\n{FALLS}\r\n2, m-ready\r\n".encode(),
        f"1, \r\n{RISES}\r\n{FALLS}\r\nm-ready\r\n".encode(),
    ],
)
def test_titles_are_all_there_once_and_in_order(answer: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parsed(answer)


def test_more_edges_than_the_firmware_keeps_are_a_violation() -> None:
    ticks = tuple(range(0, 10 * (MOST_EDGES + 1), 10))
    with pytest.raises(ProtocolViolation, match="of which it keeps 100"):
        parsed(printed(EdgeRecord(tuple(tick + 5 for tick in ticks), ticks)))


@pytest.mark.parametrize(("edges", "full"), [(MOST_EDGES - 1, False), (MOST_EDGES, True)])
def test_a_record_of_100_edges_is_full(edges: int, full: bool) -> None:
    ticks = tuple(range(edges))
    assert EdgeRecord(falls=ticks).full is full
    assert EdgeRecord(rises=ticks).full is full


def test_a_pin_that_was_low_at_first_rises_first() -> None:
    record = EdgeRecord(rises=(10, 120), falls=(20, 130))
    assert parsed(printed(record)) == record


@pytest.mark.parametrize(
    ("tick", "us"), [(0, 5), (1, 15), (429_496_729, 4_294_967_295), (429_496_730, 9), (MOST_TICK, 4_294_967_291)]
)
def test_laps_are_the_middles_of_ticks_modulo_32_bits(tick: int, us: int) -> None:
    assert lap_us(tick) == us
