# SPDX-License-Identifier: Apache-2.0
"""Parse what the enhanced interface board sends: its own lines, and the DUT's lines that it relays.

Source: the board's firmware (github.com/mlcommons/tiny, benchmark/interface: Application/CLI, Application/IO/Uart,
Application/Test), in protocols "Enhanced interface board". Lines end with CRLF or with LF alone. An `m-ready` may
stand on the line of the values before it (`print_dutycycle`), so it is looked for inside a line.

The duty-cycle record calls rising edges of DUT_DUTY_CYCLE starts and falling ones stops, and its title says
seconds where it prints ticks of 10 µs. Each column stops at 100 values, and nothing tells of what came later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from instruments.errors import ProtocolViolation

NAME = "tinyML Enhanced Interface Board"
RELAY_PREFIX = "[dut]: "
RELAY_ENDS = "m-ready"  # the one line of the DUT that ends a relay, if nothing else stands in it
QUEUE_BYTES = 100  # each UART's receive queue; what comes beyond is dropped, and nothing tells of it
LONGEST_RELAYED = 80  # characters: the DUT's own buffer; with "dut " and "%" it fits the board's queue, too
DEFAULT_BAUD = 9600
MOST_BAUD = 2_000_000  # from a larger one in its flash, the board makes the default
RECORD = "record_detections"  # zeroes the timer and clears the records
RECORDING = "Now recording detections"
PRINT_EDGES = "print_dutycycle"
RISES, FALLS = "Duty cycle start times (s)", "Duty cycle stop times (s)"
MOST_EDGES = 100  # of either direction
TICK_US = 10
MOST_TICK = 0xFFFF_FFFF
_LAP_WRAP_US = 1 << 32


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


@dataclass(frozen=True)
class EdgeRecord:
    """The edges of DUT_DUTY_CYCLE since the timer was zeroed, in its ticks of 10 µs, in order."""

    rises: tuple[int, ...] = ()
    falls: tuple[int, ...] = ()

    @property
    def full(self) -> bool:
        """Return whether either column is full: then nothing tells whether edges came after it."""
        return max(len(self.rises), len(self.falls)) >= MOST_EDGES

    def continues(self, earlier: "EdgeRecord") -> bool:
        """Return whether this record begins with all that `earlier` holds."""
        pairs = ((self.rises, earlier.rises), (self.falls, earlier.falls))
        return all(now[: len(then)] == then for now, then in pairs)


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


# --- the record of edges ----------------------------------------------------------------------------------

_ROW = re.compile(r"(?:\d{1,10}, ?)*")  # a number without its comma is torn


def lap_us(tick: int) -> int:
    """Return the middle of a tick in microseconds, modulo 2^32: what the board's timer says of an edge in it."""
    return (tick * TICK_US + TICK_US // 2) % _LAP_WRAP_US


def parse_record(answer: Sequence[BoardEvent]) -> EdgeRecord:
    """Return the edges in an answer to `print_dutycycle`, given without its `m-ready`.

    Raises `ProtocolViolation` for an answer that is not whole, holds anything but numbers, or has ticks that no
    pin can have made: edges of one direction in a tick or going back, or two without one of the other between.
    """
    columns: list[list[int]] = []
    for event in answer:
        text = event.text if isinstance(event, Text) else repr(event)
        if text in (RISES, FALLS) and len(columns) == (RISES, FALLS).index(text):
            columns.append([])
        elif columns and _ROW.fullmatch(text):
            columns[-1] += [int(number) for number in text.split(",") if number.strip()]
        else:
            raise _damaged(f"'{text[:40]}' in it")
    if len(columns) != 2:
        raise _damaged("a column is missing")
    record = EdgeRecord(tuple(columns[0]), tuple(columns[1]))
    doubt = _doubt(record)
    if doubt:
        raise _damaged(doubt)
    return record


def _doubt(record: EdgeRecord) -> str:
    """Return why no pin can have made these edges; "" if one can."""
    largest = max((*record.rises, *record.falls), default=0)
    if largest > MOST_TICK:
        return f"tick {largest} is beyond 32 bits"
    if max(len(record.rises), len(record.falls)) > MOST_EDGES:
        return f"{len(record.rises)} rising and {len(record.falls)} falling edges, of which it keeps {MOST_EDGES}"
    for name, ticks in (("rising", record.rises), ("falling", record.falls)):
        back = next(((one, two) for one, two in pairwise(ticks) if two <= one), None)
        if back is not None:
            return f"a {name} edge at tick {back[1]} after one at tick {back[0]}"
    if not (_in_turn(record.falls, record.rises) or _in_turn(record.rises, record.falls)):
        return f"its {len(record.rises)} rising and {len(record.falls)} falling edges do not take turns"
    return ""


def _in_turn(first: Sequence[int], second: Sequence[int]) -> bool:
    """Return whether edges of two directions take turns; a pulse may be shorter than a tick."""
    if len(first) - len(second) not in (0, 1):
        return False
    merged = [tick for pair in zip(first, second, strict=False) for tick in pair]
    merged += first[len(second) :]
    return all(one <= two for one, two in pairwise(merged))


def _damaged(came: str) -> ProtocolViolation:
    return ProtocolViolation(
        "read the board's record of edges (print_dutycycle)",
        came,
        "check that its firmware prints the duty cycle in ticks (mlcommons/tiny of 2025 or later), its USB cable, "
        "and that the timestamp pin on DUT_DUTY_CYCLE does not ring",
    )
