# SPDX-License-Identifier: Apache-2.0
"""Parse what an Arduino-type IO manager sends: its own lines, and the DUT's lines that it relays.

Source: protocols, "Arduino IO manager 1.0.3". Relayed lines have the prefix `[dut]: ` and may arrive at any time;
a lap of the timestamp pin may arrive between any two other lines.
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation

RELAY_PREFIX = "[dut]: "
MAX_LAP_US = 0xFFFFFFFF
# The UNO's receive buffer holds 64 bytes: "dut " + command + "%" must fit.
MAX_RELAYED_CHARACTERS = 64 - len("dut ") - 1


@dataclass(frozen=True)
class IoReady:
    """`m-ready` of the IO manager itself."""


@dataclass(frozen=True)
class IoLap:
    """`m-lap-us-N`: an edge of the timestamp pin, in microseconds of the IO manager's clock, modulo 2^32."""

    lap_us: int


@dataclass(frozen=True)
class Relayed:
    """A line of the DUT."""

    line: str


@dataclass(frozen=True)
class PassThrough:
    """`m-dut-passthrough(CMD)`: the IO manager received CMD and passes it on."""

    command: str


@dataclass(frozen=True)
class IoRefusal:
    """`e-…`: the IO manager refused, or detected a collision of bytes."""

    text: str


@dataclass(frozen=True)
class IoText:
    """Any other line."""

    text: str


IoEvent = IoReady | IoLap | Relayed | PassThrough | IoRefusal | IoText

_OWN = re.compile(
    r"(?P<lap>m-lap-us-(?P<us>\d{1,10})(?=\s|m-|e-|$))"  # followed by anything else, a digit was damaged
    r"|(?P<ready>m-ready)"
    r"|m-dut-passthrough\((?P<command>.*)\)"
    r"|(?P<refusal>e-[\[?].*|e-\S{0,40}\?#args\?)"
)


def parse_line(line: str) -> list[IoEvent]:
    """Return the events in one line, in order; every character ends up in an event."""
    own, prefix, relayed = line.partition(RELAY_PREFIX)
    events: list[IoEvent] = []
    end = 0
    for match in _OWN.finditer(own):
        if match.start() > end:
            events.append(IoText(own[end : match.start()]))
        end = match.end()
        events.append(_event(match))
    if end < len(own):
        events.append(IoText(own[end:]))
    if prefix:
        events.append(Relayed(relayed))
    return events


def encode_command(command: str) -> bytes:
    """Return a command with its end mark; raise `ProtocolViolation` for a character that would garble it."""
    if not command.strip() or "%" in command or not (command.isascii() and command.isprintable()):
        raise ProtocolViolation(
            f"send the command {command!r}", "it is empty or contains a character that garbles it"
        )
    return command.encode("ascii") + b"%"


def _event(match: re.Match[str]) -> IoEvent:
    if match["lap"]:
        return IoLap(int(match["us"])) if int(match["us"]) <= MAX_LAP_US else IoText(match["lap"])
    if match["ready"]:
        return IoReady()
    if match["refusal"]:
        return IoRefusal(match["refusal"])
    return PassThrough(match["command"])
