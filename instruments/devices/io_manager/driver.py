# SPDX-License-Identifier: Apache-2.0
"""The Arduino-type IO manager: it relays the DUT's UART and times edges of the timestamp pin in microseconds."""

from collections import deque
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from instruments.clock import Clock, Deadline
from instruments.devices.io_manager.protocol import (
    MAX_RELAYED_CHARACTERS,
    IoEvent,
    IoLap,
    IoReady,
    IoRefusal,
    IoText,
    PassThrough,
    Relayed,
    encode_command,
    parse_line,
)
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.links.base import Link, pulse_dtr
from instruments.links.lines import LineSplitter
from instruments.roles import DutLink, EdgeSource, Identity, Instrument, Lap, Timebase
from instruments.strangers import stranger

ANSWER_S = 3.0
# An UNO resets when its port opens; boot loader and firmware need much less than this to start.
BOOT_S = 8.0
ASK_AGAIN_S = 0.5
PULSE_S = 0.25  # the capacitor between DTR and RESET (100 nF, 10 kΩ) is charged within some milliseconds
QUIET_S = 0.1
SETTLE_S = 2.0
TURN_S = 0.05
_NOT_HERE = "check that the port is the IO manager's and that its firmware uses 115200 baud"
_OTHER_FIRMWARE = "check that it runs the benchmark's firmware for the IO manager"
_CR_ALONE = "let its firmware end lines with a line feed, too (`\\r\\n`): they end with a carriage return alone"


class Options(BaseModel):
    """An IO manager has no options other than its baud rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IoManager(Instrument):
    """One IO manager: a `DutLink` and an `EdgeSource` with microsecond laps."""

    timebase: Timebase = "microseconds"

    chunk_bytes = (MAX_RELAYED_CHARACTERS - len("db ")) // 2 - 2  # 26, as the field's runner sends

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._lines = LineSplitter()
        self._dut_lines: deque[str] = deque()
        self._own: deque[IoEvent] = deque()
        self._laps: list[Lap] = []
        self._remarks: list[str] = []
        self._answering = False

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended."""
        return self._lines.partial

    def dut_link(self, channel: str = "") -> DutLink:
        """Return the relay to the DUT."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges on D3, in microseconds of the board's own clock."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Open the port, wait until the board answers `name` (it resets when the port opens), and identify it.

        A board that does not reset (some clones) may still report edges for an earlier run; that is ended.
        """
        self._forget()
        self._link.open(deadline)
        return self._found(deadline)

    def restart(self, deadline: Deadline) -> Identity | None:
        """Open the port afresh, reset the board by DTR whatever the bench file says of it, and do as `open`.

        Return None for a port without that output, such as one behind a TCP server.
        """
        self._link.close()
        self._forget()
        self._link.open(deadline)
        if not pulse_dtr(self._link, lambda: self._clock.sleep(min(PULSE_S, deadline.remaining_s()))):
            return None
        return self._found(deadline)

    def _found(self, deadline: Deadline) -> Identity:
        limit = deadline.at_most(BOOT_S)
        heard: list[str] = []
        while not limit.expired():
            self._link.write(b"name%", limit)
            turn = limit.at_most(ASK_AGAIN_S)
            while not turn.expired():
                self._receive(turn)
                heard += [event.text for event in self._take_own() if isinstance(event, IoText)]
                if any("m-name-io" in text for text in heard):
                    self._settle(limit)
                    self.disarm(limit)
                    self._forget()
                    return self.identify(deadline)
        got = " ".join(heard) + self._lines.partial
        who = "" if "[dut]: " in got else stranger(got)  # else it relays what its DUT says
        raise TimedOut(
            f"ask {self.name} for its name",
            f"no line 'm-name-io' within {BOOT_S:g} s; got {_excerpt(got)}",
            _CR_ALONE if "m-name-io\r" in self._lines.partial else who or _NOT_HERE,
        )

    def identify(self, deadline: Deadline) -> Identity:
        """Return the identity of the board, with the version of its firmware."""
        texts = self.command("version", deadline)
        version = next((text.removeprefix("m-version-") for text in texts if "m-version-" in text), "")
        return Identity(kind="io-manager", model="Arduino-type IO manager", firmware=version)

    def command(self, command: str, deadline: Deadline) -> list[str]:
        """Send a command to the IO manager itself and return the lines of its answer."""
        self._note_own()
        self._link.write(encode_command(command), deadline)
        return self._answer(command, deadline)

    def arm(self, deadline: Deadline) -> None:
        """Make the board report falling edges of the timestamp pin."""
        for command, confirmation in (("tm 0", "-FALLING"), ("enable-timer", "m-timer-enabled")):
            answer = self.command(command, deadline)
            if not any(confirmation in line for line in answer):
                raise ProtocolViolation(
                    f"enable the timestamps of {self.name} with '{command}'",
                    f"'{confirmation}' is missing in its answer {_excerpt(' '.join(answer))}",
                    "check that its firmware is the Arduino IO manager's",
                )

    def disarm(self, deadline: Deadline) -> None:
        """Stop reporting edges."""
        self.command("disable-timer", deadline)

    def take(self, deadline: Deadline) -> Sequence[Lap]:
        """Return the edges reported since the last call, without waiting for more."""
        self._look()
        laps, self._laps = self._laps, []
        return laps

    def take_remarks(self) -> Sequence[str]:
        """Return unexpected lines since the last call, without waiting for more."""
        self._look()
        remarks, self._remarks = self._remarks, []
        return remarks

    def close(self) -> None:
        """Release the port."""
        self._link.close()

    # --- DUT link -----------------------------------------------------------------------------------------

    def send(self, command: str, deadline: Deadline) -> None:
        """Relay a command to the DUT; raise `ProtocolViolation` unless the IO manager echoes it exactly."""
        if len(command) > MAX_RELAYED_CHARACTERS:
            raise ProtocolViolation(
                f"relay '{command[:20]}…'",
                f"{len(command)} characters, at most {MAX_RELAYED_CHARACTERS} fit its buffer",
            )
        self._note_own()
        self._link.write(encode_command(f"dut {command}"), deadline)
        echoed: list[str] = []
        self._answer(f"dut {command}", deadline, echoed)
        if echoed != [command]:
            raise ProtocolViolation(
                f"relay '{command}' through {self.name}",
                f"it echoed {_excerpt(' '.join(echoed))}",
                "check the cable between host and IO manager",
            )

    def receive(self, deadline: Deadline) -> Sequence[str]:
        """Return complete lines of the DUT, waiting until the deadline for the first; then return none."""
        if not self._dut_lines:
            self._receive(deadline)
            self._note_own()
        lines = list(self._dut_lines)
        self._dut_lines.clear()
        return lines

    # --- inside -------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read what has arrived, unless an answer is being awaited: then the lines belong to that wait."""
        if not self._answering:
            self._receive(self._clock.deadline(0.0))
            self._note_own()

    def _answer(self, command: str, deadline: Deadline, echoed: list[str] | None = None) -> list[str]:
        """Collect the answer up to `m-ready`; keep DUT lines and laps that arrive in between for their readers.

        A refusal is raised only after its `m-ready`, which would otherwise be mistaken for that of the next
        answer.
        """
        self._answering = True
        try:
            return self._collect(command, deadline.at_most(ANSWER_S), echoed)
        finally:
            self._answering = False

    def _collect(self, command: str, limit: Deadline, echoed: list[str] | None) -> list[str]:
        texts: list[str] = []
        refusals: list[str] = []
        while True:
            self._receive(limit.at_most(TURN_S))
            self.while_waiting()
            while self._own:
                event = self._own.popleft()
                if isinstance(event, IoReady) and refusals:
                    raise self._refused(command, refusals)
                if isinstance(event, IoReady):
                    return texts
                if isinstance(event, PassThrough) and echoed is not None:
                    echoed.append(event.command)
                elif isinstance(event, IoRefusal):
                    refusals.append(event.text)
                elif isinstance(event, IoText):
                    texts.append(event.text)
            if limit.expired() and refusals:
                raise self._refused(command, refusals)
            if limit.expired():
                received = _excerpt(" ".join(texts) + self._lines.partial)
                raise TimedOut(
                    f"send '{command}' to {self.name}",
                    f"no 'm-ready' within {ANSWER_S:g} s; got {received}",
                    "check the IO manager's cable and power",
                )

    def _refused(self, command: str, refusals: list[str]) -> Refused:
        return Refused(f"send '{command}' to {self.name}", " ".join(refusals), _OTHER_FIRMWARE)

    def _receive(self, deadline: Deadline) -> None:
        """Read once and sort the events: laps, lines of the DUT, the board's own."""
        for line in self._lines.feed(self._link.read(deadline)):
            for event in parse_line(line):
                if isinstance(event, IoLap):
                    self._laps.append(Lap(event.lap_us, self._clock.now_ns()))
                elif isinstance(event, Relayed):
                    self._dut_lines.append(event.line)
                else:
                    self._own.append(event)
                    if isinstance(event, PassThrough):  # what the DUT sent before cannot answer this command
                        self._note_unasked()

    def _take_own(self) -> list[IoEvent]:
        events = list(self._own)
        self._own.clear()
        return events

    def _note_own(self) -> None:
        """Keep unexpected lines as remarks."""
        for event in self._take_own():
            if isinstance(event, IoText | IoRefusal) and event.text.strip():
                self._remarks.append(event.text)

    def _note_unasked(self) -> None:
        """Keep lines that the DUT sent without a command as remarks."""
        for line in self._dut_lines:
            self._remarks.append(f"the DUT said unasked: {line}")
        self._dut_lines.clear()

    def _settle(self, deadline: Deadline) -> None:
        """Discard answers to earlier `name` commands, so that the next answer belongs to its command."""
        limit = deadline.at_most(SETTLE_S)
        while not limit.expired() and self._link.read(limit.at_most(QUIET_S)):
            continue
        self._forget()

    def _forget(self) -> None:
        """Drop everything received so far: it does not belong to this run."""
        self._lines.clear()
        self._dut_lines.clear()
        self._own.clear()
        self._laps.clear()
        self._remarks.clear()


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return repr(text[:60] + ("…" if len(text) > 60 else "")) if text else "nothing"
