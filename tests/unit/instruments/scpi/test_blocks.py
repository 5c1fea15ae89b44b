# SPDX-License-Identifier: Apache-2.0
"""SCPI without a wire: block headers, error answers, numbers, and the port over a stream of bytes."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.errors import InstrumentError, ProtocolViolation, TimedOut, Unavailable
from instruments.links.stream_scpi import MAX_DRAINED_BYTES, MAX_LINE_BYTES, StreamScpiLink
from instruments.scpi import blocks as scpi


class Chunks:
    """A link that delivers given pieces, one a read, and then nothing until the deadline."""

    name = "box"

    def __init__(self, clock: VirtualClock, pieces: list[bytes]) -> None:
        self.clock = clock
        self.pieces = [piece for piece in pieces if piece]
        self.written = b""
        self.is_open = False

    def open(self, deadline: Deadline) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def write(self, data: bytes, deadline: Deadline) -> None:
        self.written += data

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        if not self.pieces:
            self.clock.advance_to(max(deadline.at_ns, self.clock.now_ns()))
            return b""
        piece = self.pieces[0]
        self.pieces[0] = piece[max_bytes:]
        if not self.pieces[0]:
            del self.pieces[0]
        return piece[:max_bytes]


def port_with(pieces: list[bytes]) -> tuple[StreamScpiLink, Chunks, Deadline]:
    clock = VirtualClock()
    chunks = Chunks(clock, pieces)
    port = StreamScpiLink(chunks)
    deadline = clock.deadline(1.0)
    port.open(deadline)
    return port, chunks, deadline


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(at)]


def read_block(port: StreamScpiLink, deadline: Deadline, limit: int = 1000) -> bytes:
    digits = scpi.block_digits(port.read_exactly(scpi.BLOCK_PREFIX_BYTES, deadline))
    return port.read_exactly(scpi.block_length(port.read_exactly(digits, deadline), limit), deadline)


def events(pieces: list[bytes]) -> list[object]:
    """Read blocks where a block begins and lines elsewhere, until the stream ends or breaks the grammar."""
    port, _, deadline = port_with(pieces)
    found: list[object] = []
    while True:
        try:
            found.append(read_block(port, deadline))
            found.append(port.read_line(deadline))
        except (ProtocolViolation, TimedOut) as error:
            return [*found, type(error), error.came, port.drain(deadline)]


# --- blocks ----------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_a_block_survives_the_way_there_and_back(data: bytes) -> None:
    port, _, deadline = port_with([scpi.format_block(data) + b"\n"])
    assert read_block(port, deadline) == data
    assert port.read_line(deadline) == ""


@pytest.mark.parametrize("prefix", [b"", b"#", b"#0", b"#A", b"!9", b"\n#", b"#10", b"  "])
def test_a_hostile_block_prefix_is_a_violation(prefix: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        scpi.block_digits(prefix)


@pytest.mark.parametrize("digits", [b"", b"-1", b"+5", b"1 ", b"0x1", b"1_0", b"\xb2", b"1e3"])
def test_a_length_that_is_not_plain_digits_is_a_violation(digits: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        scpi.block_length(digits, 100)


def test_the_length_of_a_block_is_bounded() -> None:
    assert scpi.block_length(b"100", 100) == 100
    with pytest.raises(ProtocolViolation, match="limit of 100"):
        scpi.block_length(b"101", 100)


@given(st.lists(st.binary(max_size=30), max_size=4), st.binary(max_size=20), st.lists(st.integers(0, 300)))
def test_splits_do_not_matter(blocks: list[bytes], tail: bytes, cuts: list[int]) -> None:
    data = b"".join(scpi.format_block(block) + b"\n" for block in blocks) + tail
    whole = events([data])
    assert events(split(data, cuts)) == whole
    assert events([data[i : i + 1] for i in range(len(data))]) == whole
    assert whole[: 2 * len(blocks)] == [item for block in blocks for item in (block, "")]


# --- answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+0,"No error"', (0, "No error")),
        ('-113,"Undefined header"', (-113, "Undefined header")),
        ('310,"Not supported by this ""model"""', (310, 'Not supported by this "model"')),
        (' -222 , "Data out of range; x" ', (-222, "Data out of range; x")),
    ],
)
def test_error_answers(line: str, expected: tuple[int, str]) -> None:
    assert scpi.parse_error(line) == expected


@given(st.text(max_size=60))
def test_any_error_answer_is_parsed_or_a_violation(line: str) -> None:
    try:
        code, text = scpi.parse_error(line)
    except ProtocolViolation:
        return
    assert scpi.parse_error(f'{code:+d},"{text.replace(chr(34), chr(34) * 2)}"') == (code, text)
    assert code == int(line.partition(",")[0])


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", "1,2", "0x10", "1e", "+", "1e999", "\uff11"])
def test_what_is_no_number_is_a_violation(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        scpi.parse_number(text)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e37, max_value=1e37))
def test_numbers_survive_the_way_there_and_back(value: float) -> None:
    assert math.isclose(scpi.parse_number(scpi.format_number(value)), value, rel_tol=1e-8)
    assert scpi.parse_number(f"{value:+.9E}") == pytest.approx(value, rel=1e-8)


def test_several_numbers_come_one_for_each_channel() -> None:
    assert scpi.parse_numbers("+1.0E+00,0,-2.5") == (1.0, 0.0, -2.5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_instrument_is_sent_a_number_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        scpi.format_number(value)


def test_channel_lists() -> None:
    assert scpi.format_channels([1]) == "(@1)"
    assert scpi.format_channels([1, 3, 4]) == "(@1,3,4)"
    with pytest.raises(ValueError, match="at least one"):
        scpi.format_channels([])


def test_a_message_shows_only_the_beginning_of_a_long_answer() -> None:
    assert len(scpi.shown(b"x" * 5000)) < 80


# --- the port over a stream ------------------------------------------------------------------------------


def test_lines_end_with_a_line_feed_and_may_have_a_carriage_return() -> None:
    port, chunks, deadline = port_with([b"one\r\ntw", b"o\nrest"])
    port.write_line("*IDN?", deadline)
    assert chunks.written == b"*IDN?\n"
    assert port.read_line(deadline) == "one"
    assert port.read_line(deadline) == "two"
    assert port.drain(deadline) == b"rest"


def test_a_missing_answer_times_out_at_the_deadline_and_leaves_what_came_for_the_drain() -> None:
    port, chunks, deadline = port_with([b"half"])
    with pytest.raises(TimedOut, match="beyond 4 bytes"):
        port.read_line(deadline)
    assert chunks.clock.now_ns() == deadline.at_ns
    assert port.drain(deadline) == b"half"


def test_a_short_block_times_out_and_says_how_much_came() -> None:
    port, _, deadline = port_with([b"\n\n\n"])
    with pytest.raises(TimedOut, match="beyond 3 bytes"):
        port.read_exactly(4, deadline)


def test_a_line_without_end_is_a_violation_before_it_fills_the_memory() -> None:
    port, chunks, deadline = port_with([b"x" * 5000] * 1000)
    with pytest.raises(ProtocolViolation, match="without a line end"):
        port.read_line(deadline)
    assert len(chunks.pieces) > 1000 - 3 * MAX_LINE_BYTES // 5000


def test_bytes_outside_ascii_are_a_violation() -> None:
    port, _, deadline = port_with([b"caf\xe9\n"])
    with pytest.raises(ProtocolViolation, match="not ASCII"):
        port.read_line(deadline)


def test_a_drain_returns_a_bounded_part_of_what_it_threw_away() -> None:
    port, chunks, deadline = port_with([b"y" * 50000] * 10)
    assert port.drain(deadline) == b"y" * MAX_DRAINED_BYTES
    assert not chunks.pieces


def test_a_command_is_one_line() -> None:
    port, chunks, deadline = port_with([])
    with pytest.raises(ValueError, match="one line"):
        port.write_line("OUTP OFF\nOUTP ON", deadline)
    assert chunks.written == b""


def test_closing_forgets_what_was_not_read() -> None:
    port, chunks, deadline = port_with([b"a\nb\n"])
    assert port.read_line(deadline) == "a"
    port.close()
    port.close()
    assert not chunks.is_open
    port.open(deadline)
    with pytest.raises(TimedOut):
        port.read_line(deadline)


def test_errors_of_the_link_pass_through() -> None:
    class Gone(Chunks):
        def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
            raise Unavailable("read from box", "the device is gone")

    clock = VirtualClock()
    port = StreamScpiLink(Gone(clock, []))
    with pytest.raises(InstrumentError, match="gone"):
        port.read_line(clock.deadline(1.0))


class Trickle(Chunks):
    """A link on which a byte arrives every 10 ms, for ever."""

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        self.clock.sleep(0.01)
        return b"7"


def test_a_block_that_trickles_in_ends_by_the_deadline() -> None:
    clock = VirtualClock()
    port = StreamScpiLink(Trickle(clock, []))
    deadline = clock.deadline(2.0)
    with pytest.raises(TimedOut, match="only 200 bytes in time"):
        port.read_exactly(1_000_000, deadline)
    assert clock.now_ns() - deadline.at_ns <= 10_000_000


@pytest.mark.parametrize("text", ["-1", "0.5", "65536", "9.9E37", "-9.9E37", "NAN", "", "1,2", "+1.5E+0"])
def test_what_is_no_register_is_a_violation(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        scpi.parse_whole(text, 65535)


@pytest.mark.parametrize(("text", "bits"), [("0", 0), ("+65535", 65535), ("+4.096E+03", 4096), ("8.", 8)])
def test_a_register_is_a_whole_number(text: str, bits: int) -> None:
    assert scpi.parse_whole(text, 65535) == bits
