# SPDX-License-Identifier: Apache-2.0
"""Read again what passed one link: commands to the DUT, its answers, and the laps of an IO manager.

The grammar is that of the drivers' own parsers (decision 0015): a second one would contradict them where neither
is wrong. As for the driver, an answer is what came from a command up to the first `m-ready`.
"""

import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from energy_runner.session.stream import Passed
from instruments.devices.dut.protocol import BufferBytes, DutEvent, Lap, Ready, Results, Said, parse_line, word
from instruments.devices.interface_board import protocol as board
from instruments.devices.io_manager.protocol import RELAY_PREFIX, IoLap
from instruments.devices.io_manager.protocol import parse_line as parse_own_line
from instruments.errors import ProtocolViolation
from instruments.links.lines import LineSplitter

_LONGEST = 4096  # bytes of a command without its `%`: beyond it, something else passes this link
_TO_DUT = re.compile(
    r"(?:dut )?"
    r"(?:infer (?P<inferences>\d{1,12})(?: (?P<warmups>\d{1,12}))?|db (?P<word>\S+)|(?P<ask>profile|name)\b)"
)
_TO_MANAGER = ("dut ", "tm ", "enable-timer", "disable-timer", "version", board.RECORD, board.PRINT_EDGES)
_BUFFER = re.compile(r"m-buffer-((?:[0-9a-fA-F]{2}-){0,7}[0-9a-fA-F]{2})")


@dataclass
class Infer:
    """One `infer` command, and what the DUT said to it; None for what it did not say. Times are host ns."""

    t_ns: int
    inferences: int
    warmups: int | None
    warmed: int | None = None
    begun: int | None = None
    begun_ns: int | None = None
    done_ns: int | None = None
    results: tuple[float, ...] = ()
    laps_us: list[int] = field(default_factory=list)


@dataclass
class Told:
    """A command from outside the benchmark, and the DUT's answer before `m-ready`; `t_ns` is host time, ns."""

    t_ns: int
    command: str
    answer: list[str] = field(default_factory=list)


@dataclass
class Dialogue:
    """What passed one link, up to now.

    `infer` is the last such command, and `told` the last one if it was none of the benchmark's; `loaded` the bytes
    since the last `db load`, and `held` the answer to the last `db print` after them (None: none was asked for).
    `said` holds the first text of each topic since its command, and `laps_us` the IO manager's laps that no event
    has claimed.
    """

    infer: Infer | None = None
    told: Told | None = None
    loaded: bytearray = field(default_factory=bytearray)
    held: bytearray | None = None
    said: dict[str, str] = field(default_factory=dict)
    laps_us: deque[int] = field(default_factory=deque)
    with_dut: bool = False
    with_manager: bool = False
    _sent: bytearray = field(default_factory=bytearray)
    _lines: LineSplitter = field(default_factory=LineSplitter)
    _answering: str = ""
    _own: list[board.BoardEvent] = field(default_factory=list)  # since the last command to the manager
    _printing: bool = False  # a record of edges, as an answer to it
    _known: int = 0  # falling edges in the last record

    def passed(self, bytes_: Passed) -> None:
        """Take the next bytes of the link."""
        if bytes_.direction == "tx":
            self._commands(bytes_)
        else:
            try:
                lines = self._lines.feed(bytes_.data)
            except ProtocolViolation:
                return  # a line that no device of a bench sends: the driver dropped it too
            for line in lines:
                self._line(line, bytes_.t_ns)

    # --- to the device ------------------------------------------------------------------------------------

    def _commands(self, bytes_: Passed) -> None:
        self._sent += bytes_.data
        *commands, rest = self._sent.split(b"%")
        self._sent = bytearray() if len(rest) > _LONGEST else bytearray(rest)
        for command in commands:
            self._command(command.decode("latin-1"), bytes_.t_ns)

    def _command(self, text: str, t_ns: int) -> None:
        # A DUT on a port of its own may have commands that are called like those of a manager.
        self.with_manager = self.with_manager or (not self.with_dut and text.startswith(_TO_MANAGER))
        found = _TO_DUT.match(text)
        relayed = text.startswith("dut ")
        self._own.clear()
        self._printing = text == board.PRINT_EDGES
        self._known = 0 if text == board.RECORD else self._known
        if self.with_manager and not relayed:
            return  # to the IO manager itself: the DUT does not answer it
        self._answering = text.removeprefix("dut ").split(" ")[0] or "?"
        if found is None:
            self.told = Told(t_ns, text.removeprefix("dut ") if relayed and self.with_manager else text)
            return
        self.told = None
        self.with_dut = self.with_dut or found["ask"] != "name" or relayed
        if found["inferences"]:
            warmups = int(found["warmups"]) if found["warmups"] is not None else None
            self.infer = Infer(t_ns, int(found["inferences"]), warmups)
        elif found["word"]:
            self._buffer_command(found["word"])
        else:
            for topic in ("name",) if found["ask"] == "name" else ("profile", "model"):
                self.said.pop(topic, None)

    def _buffer_command(self, word: str) -> None:
        if word == "load":
            self.loaded.clear()
            self.held = None
        elif word == "print":
            self.held = bytearray()
        else:
            self.held = None
            with suppress(ValueError):  # no load ends with such a command
                self.loaded += bytes.fromhex(word)

    # --- from the device ----------------------------------------------------------------------------------

    def _line(self, line: str, t_ns: int) -> None:
        if self.with_manager:
            own, relayed, line = line.partition(RELAY_PREFIX)
            if own and self._printing:
                self._of_record(own)
            elif own:
                self.laps_us.extend(event.lap_us for event in parse_own_line(own) if isinstance(event, IoLap))
            if not relayed:
                return
        bytes_ = _BUFFER.fullmatch(line)
        if bytes_ is not None:  # most lines of a long run: without the general parser
            self._heard(BufferBytes(bytes.fromhex(bytes_[1].replace("-", ""))), t_ns)
            return
        for event in (Ready(),) if line == "m-ready" else parse_line(line):
            self._heard(event, t_ns)

    def _of_record(self, line: str) -> None:
        """Take a line of a board's record of edges; with the last one, note the edges that are new in it."""
        self._own += board.parse_line(line)
        if board.Ready() not in self._own:
            return
        self._printing = False
        with suppress(ProtocolViolation):  # the driver dropped it, too
            falls = board.parse_record(self._own[: self._own.index(board.Ready())]).falls
            self.laps_us.extend(board.lap_us(tick) for tick in falls[self._known :])
            self._known = max(self._known, len(falls))

    def _heard(self, event: DutEvent, t_ns: int) -> None:
        if isinstance(event, Said):
            self.said.setdefault(event.topic, event.text)
        if isinstance(event, Ready):
            self._answering = ""
        elif self._answering and self.told is not None:
            self.told.answer.append(word(event))
        elif self._answering == "db" and isinstance(event, BufferBytes) and self.held is not None:
            self.held += event.data
        elif self._answering == "infer" and self.infer is not None:
            _note(self.infer, event, t_ns)


def _note(infer: Infer, event: DutEvent, t_ns: int) -> None:
    """Note what the DUT said to an `infer`: of each message the first, and every lap."""
    if isinstance(event, Lap):
        infer.laps_us.append(event.lap_us)
    elif isinstance(event, Results):
        infer.results = infer.results or event.values
    elif isinstance(event, Said) and event.topic == "warmup-start" and infer.warmed is None:
        infer.warmed = int(event.text)
    elif isinstance(event, Said) and event.topic == "infer-start" and infer.begun is None:
        infer.begun, infer.begun_ns = int(event.text), t_ns
    elif isinstance(event, Said) and event.topic == "infer-done" and infer.done_ns is None:
        infer.done_ns = t_ns
