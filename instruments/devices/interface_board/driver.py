# SPDX-License-Identifier: Apache-2.0
"""The enhanced interface board: the relay to the DUT, and edges from its record.

Source: the board's firmware, in protocols "Enhanced interface board". Three of its habits decide how it is used:

- It listens to the DUT only while it relays a command, up to a line that is `m-ready` and nothing else, however
  long that takes: there is no time-out. If the line never comes, only a reset of the board helps.
- What the DUT says meanwhile waits in a queue of 100 bytes, and the rest is dropped. The boot lines of a DUT that
  was just fed fit into it, so their `m-ready` ends the first relay, and every answer would come one command late.
  So the first command is `help`, whose long answer overflows the queue if it comes late, and so loses its end.
- `setbaud` writes the flash and resets the board each time, so it is sent only where the speed differs.

The board keeps two records of edges. `print_dutycycle` is the `EdgeSource` in `edges.py`. `print_detections` is
not used: its times are in ms, and an edge within 10 ms of the one before is left out without being counted.
"""

from collections import deque
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.interface_board.edges import RecordedEdges
from instruments.devices.interface_board.protocol import (
    DEFAULT_BAUD,
    LONGEST_RELAYED,
    MOST_BAUD,
    NAME,
    RELAY_PREFIX,
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
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, shown
from instruments.links.base import Link
from instruments.links.lines import LineSplitter
from instruments.roles import DutLink, EdgeSource, Identity, Instrument
from instruments.strangers import stranger

ANSWER_S = 3.0
FOUND_S = 15.0  # a relay for a program that died may still end within this time
RESTART_S = 8.0  # assumed: no document says how long it starts
ASK_AGAIN_S = 1.0  # fifteen questions of five bytes fit into its queue while it relays
QUIET_S = 0.1
SETTLE_S = 2.0
TURN_S = 0.05
LONGEST_HELP = 1200  # bytes of the DUT's answer to `help`, at most
ALIGN_TRIES = 2
BOOTED = "m-init-done"
MOST_LOADED = 27_648  # bytes: of more, the DUT's refusal ends with a line feed alone, which the board overlooks
_RESET = (
    "reset the board (its black button, or its supply): it waits for the DUT's 'm-ready' without any time-out, "
    "and takes no command until then"
)


class Options(BaseModel):
    """Options of the interface board.

    `dut_baud` is the speed of the DUT's UART in bits per second; the board keeps it in its flash.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dut_baud: int = Field(default=DEFAULT_BAUD, gt=0, le=MOST_BAUD, description="speed of the DUT's UART")


class InterfaceBoard(Instrument):
    """One board: a `DutLink` that passes on answers only (`AnswersOnly`), and an `EdgeSource` beside it."""

    chunk_bytes = 26  # as the field's runner sends over this board

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._options = options or Options()
        self._lines = LineSplitter()
        self._dut_lines: deque[str] = deque()
        self._own: deque[BoardEvent] = deque()
        self._remarks: list[str] = []
        self._relaying = ""  # the command whose answer has not ended yet
        self._aligned = False
        self._answering = False
        self.relays = 0
        self._edges = RecordedEdges(self, clock)

    def dut_link(self, channel: str = "") -> DutLink:
        """Return the relay to the DUT."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the falling edges of DUT_DUTY_CYCLE, in microseconds of the board's own clock."""
        return self._edges

    def open(self, deadline: Deadline) -> Identity:
        """Find the board, and set the speed of the DUT's UART unless the board has it already.

        Waits for the end of a relay that a program left running. Raises `TimedOut` if it does not end.
        """
        self._forget()
        self._aligned = False
        self._edges.disarm(deadline)
        self._link.open(deadline)
        self._find(deadline.at_most(FOUND_S))
        baud, wanted = self._baud(deadline), self._options.dut_baud
        if baud != wanted:
            self._set_baud(wanted, deadline)
        return Identity(
            kind="interface-board",
            make="STMicroelectronics",
            model="STM32H573I-DK interface board",
            detail=(("dut_baud", str(wanted)), ("dut_baud_found", str(baud))),
        )

    def close(self) -> None:
        """Release the port."""
        self._link.close()

    # --- DUT link -----------------------------------------------------------------------------------------

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended."""
        return self._lines.partial

    @property
    def held_up(self) -> str:
        """Return what helps where the board still waits for the DUT; "" if it does not."""
        return _RESET if self._relaying else ""

    def first_words(self, deadline: Deadline) -> Sequence[str]:
        """Return what the DUT has said since it was fed, up to its `m-ready`; afterwards answers are in step."""
        for attempt in range(1, ALIGN_TRIES + 1):
            said = self._exchange("help", deadline)
            self._pause(10 * LONGEST_HELP / self._options.dut_baud + QUIET_S, deadline)
            name = self._exchange("name", deadline)
            if any("m-name-dut-[" in line for line in name):
                self._aligned = True
                return said
            if attempt == ALIGN_TRIES or deadline.expired():
                break
        raise ProtocolViolation(
            f"ask the DUT behind {self.name} for its name",
            f"it said {_quoted(' '.join(name))}",
            stranger(" ".join(name)) or "check its speed (dut_baud) and its wires, and reset board and DUT",
        )

    def send(self, command: str, deadline: Deadline) -> None:
        """Relay a command to the DUT; raise `ProtocolViolation` unless the board echoes it exactly.

        Raises `TimedOut` if the board still waits for the end of an earlier answer at the deadline.
        """
        if len(command) > LONGEST_RELAYED:
            raise ProtocolViolation(
                f"relay '{command[:20]}…'", f"{len(command)} characters, at most {LONGEST_RELAYED} reach the DUT"
            )
        word, _, size = command.rpartition(" ")
        if word == "db load" and size.isdigit() and int(size) > MOST_LOADED:
            raise Refused(
                f"relay '{command}' through {self.name}",
                f"a DUT refuses more than {MOST_LOADED} bytes in a way that blocks the board for ever",
                "wire the DUT's own port to the computer",
            )
        if not self._aligned:
            self.first_words(deadline)
        self._pass_on(command, deadline)

    def receive(self, deadline: Deadline) -> Sequence[str]:
        """Return complete lines of the DUT, waiting until the deadline for the first; then return none."""
        if not self._dut_lines:
            self._read(deadline)
            self._note_own()
        return self._take_lines()

    def take_remarks(self) -> Sequence[str]:
        """Return the board's own lines since the last call that answer no command."""
        if not self._answering:  # else the lines belong to the wait for an answer that is going on
            self._note_own()
        remarks, self._remarks = self._remarks, []
        return remarks

    # --- the board's own commands -------------------------------------------------------------------------

    def _find(self, limit: Deadline) -> None:
        """Ask for the name until it comes, and discard late answers to earlier questions."""
        self._answering = True
        try:
            heard = self._ask_for_name(limit)
        finally:
            self._answering = False
        if NAME not in heard:
            raise self._not_found(heard + self._lines.partial)
        self._settle(limit)

    def _ask_for_name(self, limit: Deadline) -> str:
        """Return everything heard up to the name, or up to the limit."""
        heard = ""
        while not limit.expired() and NAME not in heard:
            self._link.write(b"name%", limit)
            turn = limit.at_most(ASK_AGAIN_S)
            while not turn.expired() and NAME not in heard:
                self._read(turn)
                self.while_waiting()
                heard += "".join(f"{RELAY_PREFIX}{line} " for line in self._take_lines())
                heard += " ".join(event.text for event in self._take_own() if isinstance(event, Text))
        return heard

    def _not_found(self, heard: str) -> TimedOut:
        asked = f"ask {self.name} for its name"
        came = f"no line '{NAME}'; got {_quoted(heard)}"
        if heard and RELAY_PREFIX not in heard:
            return TimedOut(asked, came, stranger(heard) or "check that the port is the board's")
        return TimedOut(asked, came, f"{_RESET}. A board that never answered may be another device's port")

    def _baud(self, deadline: Deadline) -> int:
        found = next((e.baud for e in self._command("checkbaud", deadline) if isinstance(e, BaudIs)), None)
        if found is None:
            raise ProtocolViolation(
                f"ask {self.name} for the speed of the DUT's UART",
                "its answer holds none",
                "flash it with firmware that knows 'checkbaud' (mlcommons/tiny, benchmark/interface)",
            )
        return found

    def _set_baud(self, baud: int, deadline: Deadline) -> None:
        """Set the speed and wait until the board has restarted; raise `Refused` if it has another afterwards."""
        answer = self._command(f"setbaud {baud}", deadline)
        found = None
        if BaudSet(baud) in answer:
            self._forget()
            self._find(deadline.at_most(RESTART_S))
            found = self._baud(deadline)
        if found != baud:
            said = f"it has {found} afterwards" if found is not None else f"it said {_words(answer)}"
            raise Refused(f"set the speed of the DUT's UART to {baud} on {self.name}", said, "reset the board")

    @property
    def busy(self) -> bool:
        """Return whether the board relays, or owes an answer."""
        return bool(self._relaying) or self._answering

    def ask(self, command: str, deadline: Deadline) -> Sequence[BoardEvent]:
        """Wait for a relay in progress, and return the board's answer to a command of its own.

        Raises `TimedOut` if the relay does not end.
        """
        self._wait(lambda: not self._relaying, deadline)
        if self._relaying:
            raise self._stuck(command)
        return self._command(command, deadline)

    def _command(self, command: str, deadline: Deadline) -> list[BoardEvent]:
        """Send a command to the board itself and return its answer without `m-ready`."""
        self._note_own()
        self._link.write(encode_command(command), deadline)
        return self._answer(command, deadline.at_most(ANSWER_S))

    def _answer(self, command: str, limit: Deadline) -> list[BoardEvent]:
        self._answering = True
        try:
            return self._collect(command, limit)
        finally:
            self._answering = False

    def _collect(self, command: str, limit: Deadline) -> list[BoardEvent]:
        events: list[BoardEvent] = []
        while True:
            while self._own:
                event = self._own.popleft()
                if isinstance(event, Ready):
                    return events
                events.append(event)
            if limit.expired():
                received = _words(events) + self._lines.partial
                raise TimedOut(
                    f"send '{command}' to {self.name}",
                    f"no 'm-ready' within {ANSWER_S:g} s; got {_quoted(received)}",
                    "check the board's cable and power",
                )
            self._read(limit.at_most(TURN_S))
            self.while_waiting()

    # --- relaying -----------------------------------------------------------------------------------------

    def _pass_on(self, command: str, deadline: Deadline) -> None:
        self._wait(lambda: not self._relaying, deadline)
        if self._relaying:
            raise self._stuck(command)
        self._dut_lines.clear()
        self._note_own()
        self._relaying = command
        self.relays += 1
        self._link.write(encode_command(f"dut {command}"), deadline)
        echoed = self._answer(f"dut {command}", deadline.at_most(ANSWER_S))
        if echoed != [PassThrough(command)]:
            raise ProtocolViolation(
                f"relay '{command}' through {self.name}",
                f"it echoed {_quoted(_words(echoed))}",
                "check the cable between host and board",
            )

    def _exchange(self, command: str, deadline: Deadline) -> list[str]:
        """Relay a command and return all up to the end of the relay; raise `TimedOut` if it does not end."""
        self._pass_on(command, deadline)
        self._wait(lambda: not self._relaying, deadline)
        lines = self._take_lines()
        if self._relaying:
            raise self._stuck(command, lines)
        return lines

    def _stuck(self, command: str, lines: Sequence[str] = ()) -> InstrumentError:
        said = " ".join(lines) + self._lines.partial
        return TimedOut(
            f"relay '{command}' through {self.name}",
            f"the DUT's answer to '{self._relaying[:20]}' did not end; it said {_quoted(said)}",
            f"check the DUT's power, wires and speed (dut_baud = {self._options.dut_baud}); then {_RESET}",
        )

    def _pause(self, duration_s: float, deadline: Deadline) -> None:
        self._wait(lambda: False, deadline.at_most(duration_s))

    def _wait(self, condition: Callable[[], bool], limit: Deadline) -> None:
        while not condition() and not limit.expired():
            self._read(limit.at_most(TURN_S))
            self.while_waiting()

    # --- inside -------------------------------------------------------------------------------------------

    def _read(self, deadline: Deadline) -> None:
        """Read once and sort the events: lines of the DUT, and the board's own."""
        for line in self._lines.feed(self._link.read(deadline)):
            for event in parse_line(line):
                if isinstance(event, Relayed):
                    self._dut_lines.append(event.line)
                    if event.ends:
                        self._relaying = ""
                    if BOOTED in event.line:  # its `m-ready` may have ended the relay in the place of an answer's
                        self._aligned = False
                else:
                    self._own.append(event)

    def _take_lines(self) -> list[str]:
        lines = list(self._dut_lines)
        self._dut_lines.clear()
        return lines

    def _take_own(self) -> list[BoardEvent]:
        events = list(self._own)
        self._own.clear()
        return events

    def _note_own(self) -> None:
        """Keep unexpected lines as remarks."""
        text = _words(self._take_own())
        if text.strip():
            self._remarks.append(text)

    def _settle(self, deadline: Deadline) -> None:
        limit = deadline.at_most(SETTLE_S)
        while not limit.expired() and self._link.read(limit.at_most(QUIET_S)):
            continue
        self._forget()

    def _forget(self) -> None:
        """Drop everything received so far: it does not belong to this run."""
        self._lines.clear()
        self._dut_lines.clear()
        self._own.clear()
        self._remarks.clear()
        self._relaying = ""


def _quoted(text: str) -> str:
    return shown(text) if text else "nothing"


def _words(events: Sequence[BoardEvent]) -> str:
    return " ".join(event.text if isinstance(event, Text) else repr(event) for event in events)
