# SPDX-License-Identifier: Apache-2.0
"""Lines of the DUT monitor as events: the reference's own, damaged ones, and whatever a cable may deliver."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instruments.devices.dut.protocol import (
    MAX_COMMAND_CHARACTERS,
    BufferBytes,
    Chatter,
    DutEvent,
    Lap,
    Ready,
    Refusal,
    Results,
    Said,
    encode_command,
    parse_line,
)
from instruments.errors import ProtocolViolation
from instruments.links.lines import MAX_LINE_BYTES, LineSplitter

TOKENS = [
    "m-ready",
    "m-lap-us-123",
    "m-timestamp-mode-energy",
    "m-init-done",
    "m-name-dut-[x]",
    "m-model-[kws01]",
    "m-[Expecting 490 bytes]",
    "m-load-done",
    "m-warmup-start-10",
    "m-infer-start-3",
    "m-infer-done",
    "m-results-[0.1,0.9]",
    "m-buffer-00-ff",
    "e-[Unknown command: x]",
]


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("m-timestamp-mode-performance", [Said("timestamp-mode", "performance")]),
        ("m-timestamp-mode-energy", [Said("timestamp-mode", "energy")]),
        ("m-lap-us-29", [Lap(29)]),
        ("m-lap-us-4294967295", [Lap(4294967295)]),
        ("m-init-done", [Said("init-done")]),
        ("m-ready", [Ready()]),
        ("m-name-dut-[unspecified]", [Said("name", "unspecified")]),
        (
            "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
            [Said("profile", "ULPMark for tinyML Firmware V0.0.1")],
        ),
        ("m-model-[kws01]", [Said("model", "kws01")]),
        ("m-[Expecting 490 bytes]", [Said("expecting", "490")]),
        ("m-load-done", [Said("load-done")]),
        ("m-warmup-start-10", [Said("warmup-start", "10")]),
        ("m-warmup-done", [Said("warmup-done")]),
        ("m-infer-start-3", [Said("infer-start", "3")]),
        ("m-infer-done", [Said("infer-done")]),
        ("m-results-[0.008,0.992]", [Results((0.008, 0.992))]),
        ("m-results-[0.5,]", [Results((0.5,))]),
        ("m-results-[-1, +2.5, .5, 1e-3]", [Results((-1.0, 2.5, 0.5, 0.001))]),
        ("m-buffer-00-01-fe-FF", [BufferBytes(b"\x00\x01\xfe\xff")]),
        ("e-[Unknown command: a]b]", [Refusal("Unknown command: a]b")]),
        ("Supplied buffer size -1 exceeds maximum", [Chatter("Supplied buffer size -1 exceeds maximum")]),
        ("", []),
    ],
)
def test_the_references_lines(line: str, events: list[DutEvent]) -> None:
    assert parse_line(line) == events


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("profile%m-profile-[x]", [Chatter("profile%"), Said("profile", "x")]),
        ("m-infer-donerGI[3]", [Said("infer-done"), Chatter("rGI[3]")]),
        ("\x1b[32mm-lap-us-7\x1b[0m", [Chatter("\x1b[32m"), Lap(7), Chatter("\x1b[0m")]),
        ("\0m-ready", [Chatter("\0"), Ready()]),
        ("m-lap-us-7m-ready", [Lap(7), Ready()]),
    ],
)
def test_text_glued_to_a_token_is_chatter(line: str, events: list[DutEvent]) -> None:
    assert parse_line(line) == events


@pytest.mark.parametrize(
    "line",
    [
        "m-lap-us-4294967296",  # more than 32 bits
        "m-lap-us-12345678901",  # a digit too many: its first ten would be a wrong number
        "m-lap-us-12a4",  # a digit garbled
        "m-lap-us-12\xff4",
        "m-lap-us-",
        "m-infer-start-7\xb00",
        "m-results-[]",
        "m-results-[0.1,,0.9]",
        "m-results-[0.1,0.9,,]",  # a number lost, not a trailing comma
        "m-results-[0.1,0.9",
        "m-results-[0.1,nan]",
        "m-results-[0.1,0.9.1]",
        "m-results-[1_0]",
    ],
)
def test_a_damaged_number_never_passes_for_an_answer(line: str) -> None:
    assert parse_line(line) == [Chatter(line)]


def test_a_refusal_that_lost_its_end_is_still_a_refusal() -> None:
    assert parse_line("e-[Unknown comma") == [Refusal("Unknown comma")]


TEMPLATES = {
    "timestamp-mode": "m-timestamp-mode-{}",
    "name": "m-name-dut-[{}]",
    "profile": "m-profile-[{}]",
    "model": "m-model-[{}]",
    "expecting": "m-[Expecting {} bytes]",
    "warmup-start": "m-warmup-start-{}",
    "infer-start": "m-infer-start-{}",
}


def text_of(event: DutEvent) -> str:
    match event:
        case Ready():
            text = "m-ready"
        case Lap(lap_us):
            text = f"m-lap-us-{lap_us}"
        case BufferBytes(data):
            text = f"m-buffer-{data.hex('-')}"
        case Said(topic, value):
            text = TEMPLATES.get(topic, f"m-{topic}").format(value)
        case Refusal(reason):
            text = f"e-[{reason}]"
        case Chatter(text):
            pass
        case _:
            text = "m-results-[0.1,0.9]"
    return text


@given(st.lists(st.sampled_from(TOKENS) | st.text(st.characters(max_codepoint=255), max_size=6)).map("".join))
@example("e-[")
@example("e-[]")
@example("e-[a\nb")
@example("m-[Expecting - bytes]")
def test_the_events_of_any_line_hold_all_its_characters(line: str) -> None:
    if "us-0" in line or "m-buffer-" in line.replace("m-buffer-00-ff", ""):
        return  # leading zeros and capital digits are the only characters that no event repeats
    # A refusal whose end was lost differs from a whole one by that end alone.
    rebuilt = "".join(text_of(event) for event in parse_line(line))
    assert rebuilt.removesuffix("]") == line.removesuffix("]")


CHATTER = st.text(st.characters(codec="latin-1", exclude_characters="-]\n"), max_size=8)


@given(st.lists(st.tuples(CHATTER, st.sampled_from(TOKENS)), max_size=6), CHATTER)
def test_tokens_are_found_between_any_chatter(parts: list[tuple[str, str]], tail: str) -> None:
    # A space behind each token: only there is it sure where a number ends.
    line = "".join(f"{before}{token} " for before, token in parts if "e-[" not in token) + tail
    events = parse_line(line)
    chatter = "".join(event.text for event in events if isinstance(event, Chatter))
    tokens = [parse_line(token)[0] for _, token in parts if "e-[" not in token]
    assert [event for event in events if not isinstance(event, Chatter)] == tokens
    assert chatter == "".join(f"{before} " for before, token in parts if "e-[" not in token) + tail


def events_of(chunks: list[bytes]) -> list[DutEvent | str]:
    lines, events = LineSplitter(), list[DutEvent | str]()
    for chunk in [*chunks, b""]:
        try:
            events += [event for line in lines.feed(chunk) for event in parse_line(line)]
        except ProtocolViolation:
            return [*events, "violation"]
    return [*events, lines.partial]


PIECES = st.sampled_from([*(token.encode() for token in TOKENS), b"\r\n", b"\n", b"%", b" ", b"[dut]: "])


@given(st.lists(PIECES | st.binary(max_size=4), max_size=25).map(b"".join))
def test_bytes_whole_and_split_at_every_byte_give_the_same_events(data: bytes) -> None:
    whole = events_of([data])
    assert events_of([data[i : i + 1] for i in range(len(data))]) == whole
    for cut in range(len(data)):
        assert events_of([data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize("piece", ["e-[", "m-name-dut-[", "m-results-[", "m-buffer-00-", "1,", "m-"])
def test_the_longest_nasty_line_costs_little(piece: str) -> None:
    line = (piece * MAX_LINE_BYTES)[:MAX_LINE_BYTES]
    assert parse_line(line)  # a rule that backtracks without bound would take minutes here


@pytest.mark.parametrize("command", ["name", "db load 490", "infer 70 10", " name", "x" * MAX_COMMAND_CHARACTERS])
def test_commands_end_with_a_percent_sign_and_nothing_else(command: str) -> None:
    assert encode_command(command) == command.encode() + b"%"


@pytest.mark.parametrize(
    "command",
    ["", " ", "x" * (MAX_COMMAND_CHARACTERS + 1), "name\r\n", "na%me", "n\xe4me", "\0", "name\x7f", "nam\u20ac"],
)
def test_what_the_reference_cannot_take_is_never_sent(command: str) -> None:
    with pytest.raises(ProtocolViolation, match="send the command"):
        encode_command(command)
