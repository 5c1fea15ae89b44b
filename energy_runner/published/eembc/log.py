# SPDX-License-Identifier: Apache-2.0
"""`log.txt` of the EEMBC runner, read line by line and tolerantly.

A line is `SSSSS.mmm source: message`: seconds since the runner's start, with five digits or more, and the source
of the message. Messages of the DUT may hold anything: raw line ends (the rest then comes without a prefix), colour
codes, echoes of the command, bytes garbled on a 9600 baud line. So tokens are searched for anywhere in a line, and
what cannot be read is counted, never guessed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from energy_runner.published.eembc import tokens
from energy_runner.published.model import InferCommand

_RESULTS = (b"ulp-ml", b"ulp-mlperf")
_SILENT = b"pnp"  # a source of the runner that tells nothing of a session
_PRINTABLE = bytes(range(32, 127)) + b"\t"
_LATEST_MS = 10**12  # thirty years; in nanoseconds, of which a journal can write 292 years
_MOST_KEPT = 200
_MOST_OUTPUTS = 4096
MOST_COMMANDS = 60_000  # an accuracy session of ad01 has 48608


@dataclass(frozen=True)
class Mark:
    """A line of the log: its number from 1, its time, and its text."""

    line: int
    ms: int
    text: str


@dataclass
class EembcLog:
    """The facts of one log, times in milliseconds of the runner's clock; None or empty where it has none.

    `counts_differ` are lines that state another number of inferences than their `infer` command: the line, its
    number, and that of the command.
    """

    version: str = ""
    stamp: str = ""
    plugin: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    setting_marks: dict[str, Mark] = field(default_factory=dict)
    profile: str = ""
    model: str = ""
    timestamp_mode: str = ""
    boot_lines: list[str] = field(default_factory=list)
    boot_ms: int | None = None
    commands: list[InferCommand] = field(default_factory=list)
    sync_ms: int | None = None
    dut_marks: list[int] = field(default_factory=list)
    trace_on_ms: int | None = None
    trace_off_ms: int | None = None
    power: list[tuple[int, bool]] = field(default_factory=list)
    voltage_mv: int | None = None
    instrument: str = ""
    registered: list[str] = field(default_factory=list)
    dropped: tuple[int, int] | None = None
    monitor_laps: list[tuple[int, int]] = field(default_factory=list)
    io_laps: list[tuple[int, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    error_marks: list[Mark] = field(default_factory=list)
    model_mark: Mark | None = None
    counts_differ: list[tuple[Mark, int, int]] = field(default_factory=list)
    result_lines: list[str] = field(default_factory=list)
    last_ms: int | None = None
    ended_ms: int | None = None
    lines: int = 0
    prefixed: int = 0
    damaged: int = 0
    backwards: int = 0
    too_many: int = 0


class _Reader:
    """The reader's state: the last source, the loaded file and the command in progress."""

    def __init__(self) -> None:
        self.log = EembcLog()
        self._ms = 0
        self._source = b""
        self._file, self._offset = "", 0
        self._size: int | None = None
        self._load_begun_ms: int | None = None
        self._loaded_ms: int | None = None
        self._command: InferCommand | None = None
        self._planned: tuple[Mark, int] | None = None
        self._booting = False
        self._by_source: dict[bytes, Callable[[bytes], None]] = {
            b"parser": self._parser,
            b"session": self._session,
            b"emon": self._monitor,
            b"dut": self._dut,
            b"io": self._io,
            b"sequencer": self._sequencer,
            **{source: partial(self._result, source) for source in _RESULTS},
        }

    def take(self, line: bytes) -> None:
        """Process one line."""
        log = self.log
        log.lines += 1
        match = tokens.PREFIX.match(line)
        if match is None:
            self._continued(line)
            return
        log.prefixed += 1
        seconds, thousandths, source = match.groups()
        ms = int(seconds + thousandths)
        if ms > _LATEST_MS:
            log.damaged += 1
            return
        log.backwards += log.last_ms is not None and ms < log.last_ms
        self._ms = log.last_ms = ms
        self._source = source
        handle = self._by_source.get(source)
        if handle is not None:
            handle(line[match.end() :])
        elif source != _SILENT:
            log.damaged += 1

    def _mark(self, text: bytes) -> Mark:
        return Mark(self.log.lines, self._ms, _text(text))

    def _continued(self, line: bytes) -> None:
        """Process a line without a prefix: the rest of a DUT's message that held a line end."""
        if self._source in {b"dut", b"io"}:
            self._dut(line)
        else:
            self.log.damaged += not _printable(line)

    def _session(self, text: bytes) -> None:
        match = tokens.SESSION.search(text)
        if match is None:
            return
        if match[1] == b"start":
            self.log.stamp = _text(match[2])
        else:
            self.log.ended_ms = self._ms

    def _sequencer(self, text: bytes) -> None:
        if b"infer " in text and (match := tokens.ASKED.search(text)):
            self._planned = self._mark(text), int(match[1])
        if b"m-sequencer-stop" in text and self.log.ended_ms is None:
            self.log.ended_ms = self._ms

    def _result(self, source: bytes, text: bytes) -> None:
        if len(self.log.result_lines) < _MOST_KEPT:
            self.log.result_lines.append(f"{_text(source)}: {_text(text)}")

    def _parser(self, text: bytes) -> None:
        # Nine lines of ten say nothing that counts: looking for a word first is far cheaper than for each pattern.
        if not tokens.PARSER_WORDS.search(text):
            return
        if b"Command" in text and (match := tokens.COMMAND.search(text)):
            self._sent(match[1])
        elif (b"Sending" in text or b"File size" in text) and (match := tokens.SIZE.search(text)):
            if match[1] == b"Sending" or self._size is None:
                self._size = int(match[2])
        elif b"-done" in text and b"bload" in text:
            self._loaded_ms = self._ms
        elif b"m-bm-cfg" in text and (match := tokens.SETTING.search(text)):
            if len(self.log.settings) < _MOST_KEPT:
                self.log.settings[_text(match[1])] = _text(match[2])
                self.log.setting_marks[_text(match[1])] = self._mark(text)
        elif b"m-version" in text and (match := tokens.VERSION.search(text)):
            self.log.version = _text(match[1])
        elif b"m-bmark" in text and (match := tokens.PLUGIN.search(text)):
            self.log.plugin = _text(match[1])

    def _sent(self, command: bytes) -> None:
        if match := tokens.INFER.match(command):
            warmups = int(match[2]) if match[2] else None
            self._open(int(match[1]), warmups)
            self._compare(self._planned)
            self._planned = None
        elif match := tokens.LOAD.match(command):
            self._command = None
            self._file = re.split(r"[\\/]", _text(match[1]))[-1]
            self._offset = int(match[2]) if match[2] else 0
            self._size, self._load_begun_ms, self._loaded_ms = None, self._ms, None
        elif command in {b"io dut timestamp", b"dut timestamp"}:
            self._command = None
            if self.log.sync_ms is None:
                self.log.sync_ms = self._ms
        elif command == b"emon power on":
            self._booting = True

    def _open(self, inferences: int, warmups: int | None) -> InferCommand:
        command = self._command = InferCommand(
            file=self._file,
            offset=self._offset,
            size=self._size,
            inferences=inferences,
            warmups=warmups,
            sent_ms=self._ms,
            load_begun_ms=self._load_begun_ms,
            loaded_ms=self._loaded_ms,
            line=self.log.lines,
        )
        if len(self.log.commands) < MOST_COMMANDS:
            self.log.commands.append(command)
        else:
            self.log.too_many += 1
        return command

    def _compare(self, stated: tuple[Mark, int] | None) -> None:
        """Keep a line that states another number of inferences than the command in progress."""
        if stated is not None and self._command is not None and stated[1] != self._command.inferences:
            _keep(self.log.counts_differ, (*stated, self._command.inferences))

    def _monitor(self, text: bytes) -> None:
        log = self.log
        for match in tokens.MONITOR.finditer(text):
            kind = match.lastgroup
            if kind == "power":
                del log.power[_MOST_KEPT - 1 :]  # the last one says whether the supply is off
                log.power.append((self._ms, match["power"] == b"on"))
            elif kind == "trace" and match["trace"] == b"on":
                log.trace_on_ms = self._ms if log.trace_on_ms is None else log.trace_on_ms
            elif kind == "trace":
                log.trace_off_ms = self._ms
            elif kind == "voltage":
                log.voltage_mv = int(match["voltage"])
            elif kind == "lap":
                _keep(log.monitor_laps, (self._ms, int(match["lap"])))
            elif kind == "name":
                log.instrument = _text(match["name"])
                _keep(log.registered, _text(match["file"]))
            elif kind == "total":
                log.dropped = (int(match["dropped"]), int(match["total"]))

    def _io(self, text: bytes) -> None:
        if b"[dut]" in text:
            self._dut(text)
            return
        if b"(infer " in text and (passed := tokens.ASKED.search(text)):
            self._compare((self._mark(text), int(passed[1])))
        for match in tokens.DUT.finditer(text):
            if match.lastgroup == "lap":
                _keep(self.log.io_laps, (self._ms, int(match["lap"])))

    def _dut(self, text: bytes) -> None:
        if b"\x1b" in text:
            text = tokens.ANSI.sub(b"", text)
        if self._booting and len(self.log.boot_lines) < _MOST_KEPT:
            self.log.boot_lines.append(_text(text).removeprefix("[dut]: "))
        for match in tokens.DUT.finditer(text):
            self._token(match, text)
        self.log.damaged += not _printable(text)

    def _token(self, match: re.Match[bytes], text: bytes) -> None:
        log, command, kind = self.log, self._command, match.lastgroup
        if kind in {"profile", "model"}:
            setattr(log, kind, _text(match[kind]))
            log.model_mark = self._mark(text) if kind == "model" else log.model_mark
        elif kind == "mode":
            log.timestamp_mode = _text(match["mode"])
        elif kind == "error":
            _keep(log.errors, _text(match["error"]))
            _keep(log.error_marks, self._mark(text))
        elif kind == "lap" and command is None:
            _keep(log.dut_marks, int(match["lap"]))
        elif kind == "ready" and self._booting:
            self._booting, log.boot_ms = False, self._ms
        elif kind == "start" and (command is None or command.start_ms is not None):
            command = self._open(int(match["start"]), None)  # its command is not in the log
            command.start_ms, command.announced = self._ms, int(match["start"])
        elif command is not None:
            self._of_command(command, match, text)

    def _of_command(self, command: InferCommand, match: re.Match[bytes], text: bytes) -> None:
        kind = match.lastgroup
        if kind == "start":
            command.start_ms, command.announced = self._ms, int(match["start"])
        elif kind == "lap":
            _keep(command.laps_us, int(match["lap"]))
            _keep(command.laps_ms, self._ms)
            _keep(command.lap_lines, self.log.lines)
        elif kind == "warm":
            command.warmed = True
        elif kind == "done":
            command.done_ms = self._ms
            command.garbled |= b"[" in text[match.end() :] and b"m-results-[" not in text
        elif kind == "results":
            values = _numbers(match["results"])
            command.results, command.garbled = values or [], command.garbled or not values
        elif kind == "ready" and command.end_ms is None and command.start_ms is not None:
            command.end_ms = self._ms


def read_log(lines: Iterable[bytes]) -> EembcLog:
    """Return the facts in the lines of a log; raise nothing, whatever they hold."""
    reader = _Reader()
    for line in lines:
        reader.take(line)
    for command in reader.log.commands:
        seen = (command.sent_ms, command.start_ms, command.done_ms, command.end_ms)
        command.finished_ms = max(ms for ms in seen if ms is not None)
    return reader.log


def _numbers(text: bytes) -> list[float] | None:
    """Return the numbers of an `m-results` list, which may end with a comma; None if one is damaged."""
    fields = [part.strip() for part in text.split(b",")]
    if fields and not fields[-1]:
        fields.pop()
    try:
        return [float(part) for part in fields[:_MOST_OUTPUTS]]
    except ValueError:
        return None


def _keep[Item](items: list[Item], item: Item) -> None:
    if len(items) < _MOST_KEPT:
        items.append(item)


def _printable(text: bytes) -> bool:
    return not text.translate(None, _PRINTABLE)


def _text(data: bytes) -> str:
    text = data[:400].decode("utf-8", "replace").strip()
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
