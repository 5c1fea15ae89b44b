# SPDX-License-Identifier: Apache-2.0
"""What a SCPI twin is sent: bytes into messages, messages into commands, commands into parameters.

Source: SCPI-1999, volume 1 (headers 6.2, numbers 7.2, channel lists 8.3.2); IEEE 488.2-1992, 7.7 (parameters;
7.7.6, arbitrary block program data).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from instruments.scpi.twin_errors import ScpiError

MAX_INPUT_BYTES = 65536
MAX_CHANNELS = 1000

_NODE = re.compile(r"\*?[A-Za-z]+")
_CHANNELS = re.compile(r"\(@(\d{1,3}(?::\d{1,3})?(?:,\d{1,3}(?::\d{1,3})?)*)\)")
_OTHER_BASE = re.compile(r"#(?:H([0-9A-F]{1,8})|Q([0-7]{1,11})|B([01]{1,32}))")
_WITH_UNIT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)\s*([A-Z]*)")
# Multipliers of a suffix; `M` is milli, except before HZ and OHM (IEEE 488.2-1992, 7.7.3).
_SCALE = {"": 1.0, "G": 1e9, "MA": 1e6, "K": 1e3, "M": 1e-3, "U": 1e-6, "N": 1e-9, "P": 1e-12}
_MEGA = ("HZ", "OHM")


@dataclass
class Call:
    """One command with its parameters; `data` is the block among them, without its header."""

    numbers: tuple[int | None, ...]  # the numeric suffixes in the header, such as the 1 of PIN1
    arguments: list[str]
    channels: list[int] | None
    data: bytes = b""

    def word(self, index: int = 0) -> str:
        """Return a parameter as text in capitals."""
        if index >= len(self.arguments):
            raise ScpiError(-109)
        return self.arguments[index].upper()

    def text(self, index: int = 0) -> str:
        """Return a parameter in quotes without them; two of them inside stand for one."""
        self.word(index)
        given = self.arguments[index]
        if len(given) < 2 or given[0] not in "\"'" or given[-1] != given[0]:
            raise ScpiError(-104)
        return given[1:-1].replace(given[0] * 2, given[0])

    def number(self, index: int = 0) -> float:
        """Return a parameter as a finite number; `#H`, `#Q` and `#B` stand for other bases."""
        word = self.word(index)
        if based := _OTHER_BASE.fullmatch(word):
            return float(next(int(d, b) for d, b in zip(based.groups(), (16, 8, 2), strict=True) if d))
        try:
            value = float(word)
        except ValueError:
            raise ScpiError(-104) from None
        if not math.isfinite(value):
            raise ScpiError(-104)
        return value

    def quantity(
        self, low: float, high: float, *, unit: str = "", default: float | None = None, index: int = 0
    ) -> float:
        """Return a number from `low` to `high`, with or without its unit, or what MIN, MAX or DEF stand for."""
        word = self.word(index)
        for words, value in ((("MIN", "MINIMUM"), low), (("MAX", "MAXIMUM"), high), (("DEF", "DEFAULT"), default)):
            if word in words and value is not None:
                return value
        match = _WITH_UNIT.fullmatch(word)
        value = float(match[1]) * _scale(match[2], unit.upper()) if match else self.number(index)
        if not low <= value <= high:
            raise ScpiError(-222)
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


def _scale(suffix: str, unit: str) -> float:
    if suffix in ("", unit):
        return 1.0
    if not unit or not suffix.endswith(unit) or (scale := suffix.removesuffix(unit)) not in _SCALE:
        raise ScpiError(-131)
    return 1e6 if scale == "M" and unit in _MEGA else _SCALE[scale]


class MessageBuffer:
    """Bytes into lines; a block after a header of `blocks` (patterns) may hold line ends."""

    def __init__(self, blocks: Sequence[str] = ()) -> None:
        self._input = bytearray()
        heads = "|".join(header_pattern(pattern).pattern for pattern in blocks)
        pattern = rf"(?i)(?:^|;)\s*:?(?:{heads})[ \t]+(?:[^;\n#]*,[ \t]*)?#(?P<digits>[1-9])"
        self._block = re.compile(pattern.encode()) if blocks else None

    def __len__(self) -> int:
        return len(self._input)

    def clear(self) -> None:
        """Forget what has not become a line."""
        self._input.clear()

    def add(self, data: bytes) -> None:
        """Take what arrives."""
        self._input += data

    def take(self) -> tuple[bytes, list[bytes]] | None:
        """Return the next line, with `#0`, `#1`... for its blocks, and the blocks; None if none is whole."""
        at, text, blocks = 0, bytearray(), list[bytes]()
        while True:
            end = self._input.find(b"\n", at)
            line = bytes(self._input[at : end if end >= 0 else None])
            found = self._block.search(line) if self._block else None
            if found is None:
                break
            first = at + found.end() + int(found["digits"])
            digits = bytes(self._input[at + found.end() : first])
            if digits and not digits.isdigit():
                break  # no length: the line ends where lines do
            if first > len(self._input) or first + int(digits) > len(self._input):
                return None
            text += line[: found.end() - 1] + str(len(blocks)).encode()
            blocks.append(bytes(self._input[first : first + int(digits)]))
            at = first + int(digits)
        if end < 0:
            return None
        text += line
        del self._input[: end + 1]
        return bytes(text), blocks


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
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            depth += (character == "(") - (character == ")")
        if character == separator and not quote and depth <= 0:
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
        several = range(int(first), int(last or first) + 1)
        if not several:
            raise ScpiError(-222)
        channels.extend(several)
        if len(channels) > MAX_CHANNELS:
            raise ScpiError(-222)
    return channels


def parse_call(numbers: tuple[int | None, ...], rest: str, blocks: Sequence[bytes] = ()) -> Call:
    """Return a command with the parameters in `rest`."""
    arguments = [part.strip() for part in split_outside(rest, ",")] if rest.strip() else []
    channels, data = None, b""
    if arguments and arguments[-1].startswith("(@"):
        channels = parse_channels(arguments.pop())
    if blocks and arguments and arguments[-1].startswith("#") and arguments[-1][1:].isdecimal():
        number = int(arguments.pop()[1:])
        if number >= len(blocks):
            raise ScpiError(-161)
        data = blocks[number]
    return Call(numbers, arguments, channels, data)
