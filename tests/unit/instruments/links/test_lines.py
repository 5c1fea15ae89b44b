# SPDX-License-Identifier: Apache-2.0
"""Cutting a byte stream into lines: whole or split anywhere, the result is the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instruments.errors import ProtocolViolation
from instruments.links.lines import MAX_LINE_BYTES, LineSplitter

VIOLATION = "violation"
LONG = b"x" * (MAX_LINE_BYTES + 1)


def feed(chunks: list[bytes]) -> tuple[list[str], str]:
    """Return lines up to the first violation (noted as such), and the incomplete rest."""
    splitter, lines = LineSplitter(), list[str]()
    for chunk in [*chunks, b""]:
        try:
            lines += splitter.feed(chunk)
        except ProtocolViolation:
            return [*lines, VIOLATION], ""
    return lines, splitter.partial


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize(
    ("data", "lines", "partial"),
    [
        (b"m-ready\r\n", ["m-ready"], ""),
        (b"a\nb\r\nc\r\r\nd", ["a", "b", "c"], "d"),
        (b"\r\n\n", ["", ""], ""),
        (b"a\rb\r\n", ["a\rb"], ""),
        (b"half\r", [], "half\r"),
        (b"\xff\x80\0\n", ["\xff\x80\0"], ""),
        (b"", [], ""),
    ],
)
def test_lines_without_their_ends(data: bytes, lines: list[str], partial: str) -> None:
    assert feed([data]) == (lines, partial)
    assert feed(bytewise(data)) == (lines, partial)


@given(st.binary(max_size=200), st.integers(0, 200))
@example(b"a\0b\r\n", 2)
def test_whole_and_split_anywhere_give_the_same_and_lose_nothing(data: bytes, cut: int) -> None:
    whole = feed([data])
    assert feed([data[:cut], data[cut:]]) == whole
    assert feed(bytewise(data)) == whole
    lines, partial = whole
    kept = "\n".join([*lines, partial]).replace("\r", "")
    assert kept == data.decode("latin-1").replace("\r", "")


@pytest.mark.parametrize(
    "data",
    [
        LONG,
        LONG + b"\n",
        b"good\r\nalso good\r\n" + LONG,
        b"good\r\n" + LONG + b"\nforgotten\r\n",
        b"a\n" + LONG + b"\n" + LONG,
    ],
)
def test_lines_before_an_endless_one_are_returned_before_the_violation(data: bytes) -> None:
    good = [line.decode() for line in data.split(LONG)[0].splitlines()]
    assert feed([data]) == ([*good, VIOLATION], "")
    assert feed(bytewise(data)) == ([*good, VIOLATION], "")


def test_the_longest_line_allowed_passes() -> None:
    data = b"x" * MAX_LINE_BYTES + b"\n"
    assert feed([data])[0] == feed(bytewise(data))[0] == ["x" * MAX_LINE_BYTES]


def test_the_buffer_stays_bounded_and_works_on_after_a_violation() -> None:
    splitter = LineSplitter()
    for _ in range(50):
        with pytest.raises(ProtocolViolation, match="baud"):
            splitter.feed(LONG)
        assert len(splitter.partial) <= len(LONG)
    assert splitter.feed(b"m-ready\r\n") == ["m-ready"]


def test_what_comes_with_the_late_violation_is_kept() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"good\n" + LONG) == ["good"]
    with pytest.raises(ProtocolViolation):
        splitter.feed(b"next\n")
    assert splitter.feed(b"") == ["next"]


def test_clear_forgets_a_half_line_and_a_violation_to_come() -> None:
    splitter = LineSplitter()
    splitter.feed(b"good\n" + LONG)
    splitter.clear()
    assert splitter.feed(b"half") == []
    assert splitter.partial == "half"
    splitter.clear()
    assert splitter.feed(b"m-ready\n") == ["m-ready"]
