# SPDX-License-Identifier: Apache-2.0
"""The SCPI side of a twin: a table of commands, headers in short and long form, an error queue.

A pattern such as `[SOURce:]VOLTage[:LEVel]` names a command: capitals are the short form, parts in brackets are
optional, `#` stands for an optional number, and a final `?` makes it a query. Source: SCPI-1999, volume 1 (syntax)
and volume 2, 21.8 (error numbers).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.clock import VirtualClock

MAX_INPUT_BYTES = 65536
QUEUE_LENGTH = 20
MAX_CHANNELS = 1000

_NODE = re.compile(r"\*?[A-Za-z]+")
_CHANNELS = re.compile(r"\(@(\d{1,3}(?::\d{1,3})?(?:,\d{1,3}(?::\d{1,3})?)*)\)")

TEXTS = {
    -101: "Invalid character",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -221: "Settings conflict",
    -222: "Data out of range",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -310: "System error",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
}


class ScpiError(Exception):
    """A command that the instrument refuses; `code` goes to the error queue."""

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text or TEXTS[code]
        super().__init__(f'{code},"{self.text}"')


@dataclass
class Call:
    """One command with its parameters."""

    numbers: tuple[int | None, ...]  # the numeric suffixes in the header, such as the 1 of PIN1
    arguments: list[str]
    channels: list[int] | None

    def word(self, index: int = 0) -> str:
        """Return a parameter as text in capitals."""
        if index >= len(self.arguments):
            raise ScpiError(-109)
        return self.arguments[index].upper()

    def number(self, index: int = 0) -> float:
        """Return a parameter as a finite number."""
        try:
            value = float(self.word(index))
        except ValueError:
            raise ScpiError(-104) from None
        if not math.isfinite(value):
            raise ScpiError(-104)
        return value

    def switch(self, index: int = 0) -> bool:
        """Return a parameter as on or off."""
        word = self.word(index)
        if word not in ("0", "1", "ON", "OFF"):
            raise ScpiError(-224)
        return word in ("1", "ON")

    def one_of(self, *words: str) -> str:
        """Return the parameter if it is one of `words` in long or short form (capitals), else refuse it."""
        given = self.word()
        for word in words:
            if given in (word.upper(), "".join(letter for letter in word if not letter.islower())):
                return given
        raise ScpiError(-224)


Handler = Callable[[Call], str | bytes | None]


class ScpiCore:
    """Takes bytes, calls handlers, returns their answers as bytes. `refuses(command)` is the fault switch."""

    def __init__(self, handlers: Mapping[str, Handler], refuses: Callable[[str], bool]) -> None:
        common: dict[str, Handler] = {
            "*CLS": lambda call: self.clear(),
            "*ESE": lambda call: self._set_event_enable(int(call.number())),
            "*ESE?": lambda call: f"{self._event_enable:+d}",
            "*OPC?": lambda call: "1",
            "SYSTem:ERRor[:NEXT]?": lambda call: self._next_error(),
        }
        table = {**common, **handlers}
        self._table = [(header_pattern(pattern), handler) for pattern, handler in table.items()]
        self._refuses = refuses
        self._queue: list[ScpiError] = []
        self._event_enable = 0
        self._input = bytearray()

    def another(self) -> "ScpiCore":
        """Return the same instrument at the end of another connection: its error queue is the same."""
        other = ScpiCore({}, self._refuses)
        other._table, other._queue = self._table, self._queue
        return other

    def clear(self) -> None:
        """Empty the error queue."""
        self._queue.clear()

    def push(self, error: ScpiError) -> None:
        """Add an error to the queue; when it is full, its last entry becomes "Queue overflow"."""
        if len(self._queue) < QUEUE_LENGTH:
            self._queue.append(error)
        else:
            self._queue[-1] = ScpiError(-350)

    def push_at(self, clock: VirtualClock, at_ns: int | None) -> None:
        """Plan a system error at a time to come; None plans none."""
        if at_ns is not None and at_ns > clock.now_ns():
            clock.call_at(at_ns, lambda: self.push(ScpiError(-310)))

    def feed(self, data: bytes) -> bytes:
        """Return the answers to the command lines completed by `data`; input without a line end is bounded."""
        self._input += data
        answers = b""
        while (end := self._input.find(b"\n")) >= 0:
            line = bytes(self._input[:end])
            del self._input[: end + 1]
            answers += self._run_line(line)
        if len(self._input) > MAX_INPUT_BYTES:
            self._input.clear()
            self.push(ScpiError(-363))
        return answers

    def _run_line(self, line: bytes) -> bytes:
        answers: list[bytes] = []
        path = ""
        try:
            text = line.decode("ascii")
        except UnicodeDecodeError:
            self.push(ScpiError(-101))
            return b""
        for command in split_outside(text, ";"):
            try:
                answer, path = self._run(command, path)
            except ScpiError as error:
                self.push(error)
                continue
            if answer is not None:
                answers.append(answer if isinstance(answer, bytes) else answer.encode())
        return b";".join(answers) + b"\n" if answers else b""

    def _run(self, command: str, path: str) -> tuple[str | bytes | None, str]:
        """Execute one command; return its answer and the header path at which the next one in the line starts."""
        header, _, rest = command.strip().partition(" ")
        if not header:
            return None, path
        if self._refuses(command.strip()):
            raise ScpiError(-222)
        absolute = header.startswith((":", "*"))
        full = header.removeprefix(":") if absolute or not path else path + header
        for pattern, handler in self._table:
            match = pattern.fullmatch(full)
            if match:
                numbers = tuple(int(text) if text else None for text in match.groups())
                answer = handler(_parse_call(numbers, rest))
                if not header.startswith("*"):
                    path = full.rpartition(":")[0] + ":" * (":" in full)
                return answer if full.endswith("?") else None, path
        raise ScpiError(-113)

    def _next_error(self) -> str:
        if not self._queue:
            return '+0,"No error"'
        error = self._queue.pop(0)
        return f'{error.code:+d},"{error.text}"'

    def _set_event_enable(self, value: int) -> None:
        if not 0 <= value <= 255:
            raise ScpiError(-222)
        self._event_enable = value


def header_pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression for every spelling of the header that `pattern` describes."""

    def node(match: re.Match[str]) -> str:
        long = match[0]
        short = re.sub("[a-z]", "", long)
        return f"(?:{re.escape(long)}|{re.escape(short)})"

    body = pattern.replace("?", r"\?")
    body = _NODE.sub(node, body)
    return re.compile(body.replace("[", "(?:").replace("]", ")?").replace("#", r"(\d{0,3})"), re.IGNORECASE)


def split_outside(text: str, separator: str) -> list[str]:
    """Split at every `separator` outside quotes and parentheses."""
    parts, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == '"'
        if not quoted:
            depth += (character == "(") - (character == ")")
        if character == separator and not quoted and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def parse_channels(text: str) -> list[int]:
    """Return the channels in a list such as `(@1,3:4)`."""
    match = _CHANNELS.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ScpiError(-104)
    channels: list[int] = []
    for part in match[1].split(","):
        first, _, last = part.partition(":")
        channels.extend(range(int(first), int(last or first) + 1))
        if len(channels) > MAX_CHANNELS:
            raise ScpiError(-222)
    return channels


def _parse_call(numbers: tuple[int | None, ...], rest: str) -> Call:
    arguments = [part.strip() for part in split_outside(rest, ",")] if rest.strip() else []
    channels = None
    if arguments and arguments[-1].startswith("(@"):
        channels = parse_channels(arguments.pop())
    return Call(numbers, arguments, channels)
