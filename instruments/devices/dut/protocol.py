# SPDX-License-Identifier: Apache-2.0
"""Parse what a DUT sends: lines of the benchmark's monitor become typed events.

Source: protocols, "DUT monitor". Published logs contain echoed commands, colour codes and text attached to the
answer (`profile%m-profile-[…]`, `m-infer-donerGI[…]`), so tokens are searched for inside the line, and the text
between them is chatter. Nothing is dropped: every character ends up in an event.
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation

MAX_COMMAND_CHARACTERS = 80
MAX_LAP_US = 0xFFFFFFFF


@dataclass(frozen=True)
class Ready:
    """`m-ready`: the DUT is ready for the next command."""


@dataclass(frozen=True)
class Lap:
    """`m-lap-us-N`: the DUT's own microsecond clock, modulo 2^32."""

    lap_us: int


@dataclass(frozen=True)
class Said:
    """A message with a fixed `topic`, e.g. `model` with text `kws01`, or `infer-done` without text."""

    topic: str
    text: str = ""


@dataclass(frozen=True)
class Results:
    """`m-results-[…]`: the numbers of the last inference."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class BufferBytes:
    """`m-buffer-hh-hh-…`: up to eight bytes of the DUT's input buffer."""

    data: bytes


@dataclass(frozen=True)
class Refusal:
    """`e-[…]`: the DUT did not do what it was asked."""

    text: str


@dataclass(frozen=True)
class Chatter:
    """Text of the firmware's port, or noise; logged, never interpreted."""

    text: str


DutEvent = Ready | Lap | Said | Results | BufferBytes | Refusal | Chatter


def word(event: DutEvent) -> str:
    """Return what an event says, for people and for records: text that means nothing here as it came."""
    match event:
        case Said(topic, text):
            return f"{topic} {text}".strip()
        case Chatter(text) | Refusal(text):
            return text
        case Ready():
            return "m-ready"
        case Lap(lap_us):
            return f"m-lap-us-{lap_us}"
        case Results(values):
            return f"{len(values)} results"
        case BufferBytes(data):
            return data.hex("-")


# Topics whose value, if any, is the first group. The order matters only where one token begins another. A number
# ends at a space, a colour code, the next token or the end of the line: followed by anything else, a digit was
# damaged, and the rest would be a different number.
_END = r"(?=\s|\x1b|m-|$)"
_TOPICS = {
    "timestamp-mode": r"m-timestamp-mode-(energy|performance)",
    "init-done": r"m-init-done",
    "name": r"m-name-dut-\[([^\]]*)\]",
    "profile": r"m-profile-\[([^\]]*)\]",
    "model": r"m-model-\[([^\]]*)\]",
    "expecting": r"m-\[Expecting (-?\d{1,12}) bytes\]",
    "load-done": r"m-load-done",
    "warmup-start": r"m-warmup-start-(\d{1,12})" + _END,
    "warmup-done": r"m-warmup-done",
    "infer-start": r"m-infer-start-(\d{1,12})" + _END,
    "infer-done": r"m-infer-done",
    "ready": r"m-ready",
    "lap": r"m-lap-us-(\d{1,10})" + _END,
    "results": r"m-results-\[([^\]]*)\]",
    "buffer": r"m-buffer-((?:[0-9a-fA-F]{2}-)*[0-9a-fA-F]{2})",
    "refusal": r"e-\[(.*\]|[^\]]*$)",  # also one whose end was lost: better a refusal than a false success
}
_TOKEN = re.compile("|".join(_TOPICS.values()))
_RULES = {topic: re.compile(rule) for topic, rule in _TOPICS.items()}
_NUMBER = re.compile(r" *[-+]?(\d{1,18}\.?\d{0,18}|\.\d{1,18})([eE][-+]?\d{1,2})? *")


def parse_line(line: str) -> list[DutEvent]:
    """Return the events in one line, in order."""
    events: list[DutEvent] = []
    end = 0
    for match in _TOKEN.finditer(line):
        if match.start() > end:
            events.append(Chatter(line[end : match.start()]))
        end = match.end()
        events.append(_event(match.group()))
    if end < len(line):
        events.append(Chatter(line[end:]))
    return events


def _event(token: str) -> DutEvent:
    topic, match = next((topic, found) for topic, rule in _RULES.items() if (found := rule.fullmatch(token)))
    text = match.group(1) if match.groups() else ""
    if topic == "ready":
        return Ready()
    if topic == "lap":
        return Lap(int(text)) if int(text) <= MAX_LAP_US else Chatter(token)
    if topic == "buffer":
        return BufferBytes(bytes.fromhex(text.replace("-", "")))
    if topic == "refusal":
        return Refusal(text.removesuffix("]"))
    if topic == "results":
        return _results(token, text)
    return Said(topic, text)


def _results(token: str, text: str) -> DutEvent:
    """Return the numbers, or chatter if the list is damaged."""
    fields = text.removesuffix(",").split(",")  # some ports print a trailing comma
    if all(_NUMBER.fullmatch(field) for field in fields):
        return Results(tuple(float(field) for field in fields))
    return Chatter(token)


def encode_command(command: str) -> bytes:
    """Return a command with its end mark; raise `ProtocolViolation` if the reference monitor cannot accept it.

    There, a bare `%` dereferences a null pointer, more than 80 characters are silently cut off, and a line end
    would become part of the next command.
    """
    if not command.strip(" ") or len(command) > MAX_COMMAND_CHARACTERS:
        raise ProtocolViolation(
            f"send the command '{command[:90]}'", f"1 to {MAX_COMMAND_CHARACTERS} characters are allowed"
        )
    if any(not 32 <= ord(character) < 127 or character == "%" for character in command):
        raise ProtocolViolation(f"send the command {command!r}", "it contains a character that ends or garbles it")
    return command.encode("ascii") + b"%"
