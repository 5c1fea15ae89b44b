# SPDX-License-Identifier: Apache-2.0
"""Parse what the enhanced interface board sends: its own lines, and the DUT's lines that it relays.

Source: the board's firmware (github.com/mlcommons/tiny, benchmark/interface: Application/CLI, Application/IO/Uart,
Application/Test), in protocols "Enhanced interface board". Lines end with CRLF or with LF alone. An `m-ready` may
stand on the line of the values before it (`print_dutycycle`), so it is looked for inside a line.
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation

NAME = "tinyML Enhanced Interface Board"
RELAY_PREFIX = "[dut]: "
RELAY_ENDS = "m-ready"  # the one line of the DUT that ends a relay, if nothing else stands in it
QUEUE_BYTES = 100  # each UART's receive queue; what comes beyond is dropped, and nothing tells of it
LONGEST_RELAYED = 80  # characters: the DUT's own buffer; with "dut " and "%" it fits the board's queue, too
DEFAULT_BAUD = 9600
MOST_BAUD = 2_000_000  # from a larger one in its flash, the board makes the default


@dataclass(frozen=True)
class Ready:
    """`m-ready` of the board itself."""


@dataclass(frozen=True)
class Relayed:
    """A line of the DUT."""

    line: str

    @property
    def ends(self) -> bool:
        """Return whether the board's relay ends with this line."""
        return self.line == RELAY_ENDS


@dataclass(frozen=True)
class PassThrough:
    """`m-dut-passthrough(CMD)`: the board received CMD and passes it on."""

    command: str


@dataclass(frozen=True)
class BaudIs:
    """`baud is: N`: the speed of the DUT's UART, in bits per second."""

    baud: int


@dataclass(frozen=True)
class BaudSet:
    """`set baud to: N`: the speed is in the flash, and the board restarts after its next `m-ready`."""

    baud: int


@dataclass(frozen=True)
class Text:
    """Any other line, such as the board's name."""

    text: str


BoardEvent = Ready | Relayed | PassThrough | BaudIs | BaudSet | Text

_OWN = re.compile(
    r"(?P<ready>m-ready)"
    r"|m-dut-passthrough\((?P<command>.*)\)"
    r"|baud is: (?P<is>\d{1,10})(?=\s|$)"  # followed by anything else, a digit was damaged
    r"|set baud to: (?P<set>\d{1,10})(?=\s|$)"
)


def parse_line(line: str) -> list[BoardEvent]:
    """Return the events in one line, in order; every character ends up in an event."""
    own, prefix, relayed = line.partition(RELAY_PREFIX)
    events: list[BoardEvent] = []
    end = 0
    for match in _OWN.finditer(own):
        if match.start() > end:
            events.append(Text(own[end : match.start()]))
        end = match.end()
        events.append(_event(match))
    if end < len(own):
        events.append(Text(own[end:]))
    if prefix:
        events.append(Relayed(relayed))
    return events


def encode_command(command: str) -> bytes:
    """Return a command with its end mark; raise `ProtocolViolation` for one that the board would not answer.

    It says nothing to a known word that ends with a space, and passes a bare `%` on to the DUT after `dut` alone.
    """
    if not command.strip() or "%" in command or not (command.isascii() and command.isprintable()):
        raise ProtocolViolation(
            f"send the command {command!r}", "it is empty or contains a character that garbles it"
        )
    if command == "dut" or command.endswith(" "):
        raise ProtocolViolation(f"send the command {command!r}", "the board never answers such a command")
    return command.encode("ascii") + b"%"


def _event(match: re.Match[str]) -> BoardEvent:
    if match["ready"]:
        return Ready()
    if match["is"]:
        return BaudIs(int(match["is"]))
    if match["set"]:
        return BaudSet(int(match["set"]))
    return PassThrough(match["command"])
