# SPDX-License-Identifier: Apache-2.0
"""Lines of the IO manager: its own, the DUT's that it relays, laps between any two."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instruments.devices.io_manager.protocol import (
    MAX_RELAYED_CHARACTERS,
    IoEvent,
    IoLap,
    IoReady,
    IoRefusal,
    IoText,
    PassThrough,
    Relayed,
    parse_line,
)
from instruments.errors import ProtocolViolation
from instruments.links.lines import MAX_LINE_BYTES, LineSplitter


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("m-ready", [IoReady()]),
        ("m-name-io", [IoText("m-name-io")]),
        ("m-version-1.0.3", [IoText("m-version-1.0.3")]),
        ("m-lap-us-4294967292", [IoLap(4294967292)]),
        ("m-dut-passthrough(db load 490)", [PassThrough("db load 490")]),
        ("m-dut-passthrough(a(b)c)", [PassThrough("a(b)c")]),
        ("m-timestmp-mode-FALLING", [IoText("m-timestmp-mode-FALLING")]),
        ("[dut]: m-ready", [Relayed("m-ready")]),
        ("[dut]: ", [Relayed("")]),
        ("[dut]: m-lap-us-12", [Relayed("m-lap-us-12")]),
        ("[dut]: [dut]: x", [Relayed("[dut]: x")]),
        ("e-[EMON Triggering not supported]", [IoRefusal("e-[EMON Triggering not supported]")]),
        ("e-?m-rea", [IoRefusal("e-?m-rea")]),
        ("e-tm-?#args?", [IoRefusal("e-tm-?#args?")]),
        ("", []),
    ],
)
def test_lines_of_the_firmware(line: str, events: list[IoEvent]) -> None:
    assert parse_line(line) == events


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("m-lap-us-8[dut]: m-ready", [IoLap(8), Relayed("m-ready")]),
        ("m-readym-lap-us-8", [IoReady(), IoLap(8)]),
        ("\0\xffm-ready", [IoText("\0\xff"), IoReady()]),
        ("noise m-lap-us-8 noise", [IoText("noise "), IoLap(8), IoText(" noise")]),
    ],
)
def test_glued_lines_fall_apart_again(line: str, events: list[IoEvent]) -> None:
    assert parse_line(line) == events


@pytest.mark.parametrize("line", ["m-lap-us-4294967296", "m-lap-us-12345678901", "m-lap-us-1x2", "m-lap-us-"])
def test_a_damaged_lap_is_text_and_no_edge(line: str) -> None:
    assert parse_line(line) == [IoText(line)]


def text_of(event: IoEvent) -> str:
    match event:
        case IoReady():
            return "m-ready"
        case IoLap(lap_us):
            return f"m-lap-us-{lap_us}"
        case Relayed(line):
            return f"[dut]: {line}"
        case PassThrough(command):
            return f"m-dut-passthrough({command})"
    return event.text


TOKENS = ["m-ready", "m-lap-us-7", "m-dut-passthrough(x)", "[dut]: ", "e-?", "e-[x]", "m-version-1.0.3", " "]


@given(st.lists(st.sampled_from(TOKENS) | st.text(st.characters(max_codepoint=255), max_size=5)).map("".join))
@example("e-e-#args?")
def test_the_events_of_any_line_hold_all_its_characters(line: str) -> None:
    if "us-0" not in line:  # leading zeros of a lap are its only characters that no event repeats
        assert "".join(text_of(event) for event in parse_line(line)) == line


def events_of(chunks: list[bytes]) -> list[IoEvent | str]:
    lines, events = LineSplitter(), list[IoEvent | str]()
    for chunk in chunks:
        try:
            events += [event for line in lines.feed(chunk) for event in parse_line(line)]
        except ProtocolViolation:
            return [*events, "violation"]
    return [*events, lines.partial]


PIECES = st.sampled_from([*(token.encode() for token in TOKENS), b"\r\n", b"\n"])


@given(st.lists(PIECES | st.binary(max_size=4), max_size=25).map(b"".join))
def test_bytes_whole_and_split_at_every_byte_give_the_same_events(data: bytes) -> None:
    whole = events_of([data])
    assert events_of([data[i : i + 1] for i in range(len(data))]) == whole
    for cut in range(len(data)):
        assert events_of([data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize("piece", ["e-", "e-\\S", "m-dut-passthrough(", "m-lap-us-1", "[dut]: "])
def test_the_longest_nasty_line_costs_little(piece: str) -> None:
    assert parse_line((piece * MAX_LINE_BYTES)[:MAX_LINE_BYTES])


def test_a_chunk_of_the_stimulus_fits_the_unos_buffer() -> None:
    assert len("dut ") + MAX_RELAYED_CHARACTERS + len("%") == 64
