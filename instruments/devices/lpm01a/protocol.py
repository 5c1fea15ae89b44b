# SPDX-License-Identifier: Apache-2.0
"""Decode the text that an ST X-NUCLEO-LPM01A ("PowerShield") sends: bytes in, typed events out.

The grammar is that of UM2269 Rev 6 (shell answers, format `ascii_dec`) plus what firmware 1.0.6 adds: `error` with
a second line `Error detail:`, event lines, NUL bytes and prompts between the lines, and lines run together. A run
of well-formed samples is found by one regular expression and decoded as an array; everything else is decoded line
by line.

A sample is accepted only if its seven characters are complete and nothing else is attached to them; other
sequences of numerals are `Garbage`, and the time stamps then show that samples are missing. Blank lines, NUL
bytes, carriage returns at line ends and prompts are dropped: they carry no information.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.shell.events import Ack, End, ErrorDetail, ErrorReply, SampleRun, SummaryText

FloatArray = npt.NDArray[np.float64]

# A longer line cannot be one of this grammar (the longest, a help line, has about 100 characters).
MAX_LINE_BYTES = 1024
SAMPLE_BYTES = 9
SAMPLES_PER_TIME_STAMP = 1000
TIME_STAMP_WRAPS_MS = 1_000_000  # three digits of seconds
EVENT_COUNTER_WRAPS = 100  # two digits

PROMPT = re.compile(rb"PowerShield ?> ?")
# Possessive: no backtracking into a run, so that the search stays linear and needs no memory.
SAMPLE_LINES = re.compile(rb"(?:[0-9]{4}[+-][0-9]{2}\r\n)++")
NUMERALS = re.compile(rb"[0-9+\-\r ]++")
ONE_SAMPLE = re.compile(rb"[0-9]{4}[+-][0-9]{2}")
SAMPLES_IN_LINE = re.compile(rb"(?:[0-9]{4}[+-][0-9]{2}\r*)++")
PRINTABLE = re.compile(rb"[ -~]*")
TIME_STAMP = re.compile(rb"Time[Ss]tamp:[ <>]([0-9]{1,6})s ([0-9]{3})ms, buff ([0-9]{1,3})%")
EVENT = re.compile(rb"event ([0-9]{1,6}) (ris|fal)")


@dataclass(frozen=True)
class EventMark:
    """An edge on pin D7 at this position among the samples; `word` is the shield's word for it."""

    counter: int
    word: str


@dataclass(frozen=True)
class TimeStamp:
    """The shield's elapsed time, as printed; `flag` is the character after the colon."""

    ms: int
    buffer_percent: int
    flag: str


@dataclass(frozen=True)
class PowerState:
    """The supply of the target was switched."""

    on: bool


@dataclass(frozen=True)
class Text:
    """Any other readable line."""

    text: str


@dataclass(frozen=True)
class Information:
    """What the shield says in binary output that is no sample, error or state."""

    text: str


@dataclass(frozen=True)
class Misaligned:
    """The samples since the last time stamp may be misread: bytes of binary output were lost among them."""


@dataclass(frozen=True)
class Garbage:
    """Bytes that the grammar does not allow here."""

    data: bytes


Event = (
    SampleRun
    | EventMark
    | TimeStamp
    | Ack
    | ErrorReply
    | ErrorDetail
    | PowerState
    | End
    | SummaryText
    | Text
    | Information
    | Misaligned
    | Garbage
)

# From two digits, as stored in memory, to their value.
_PAIR = np.zeros(65536, dtype=np.int16)
for _number in range(100):
    _high, _low = b"%02d" % _number
    _PAIR[_high | _low << 8] = _number
_ROW = np.dtype(
    {
        "names": ["high", "low", "sign", "exponent"],
        "formats": ["<u2", "<u2", "u1", "<u2"],
        "offsets": [0, 2, 4, 5],
        "itemsize": SAMPLE_BYTES,
    }
)
# Powers of ten up to this one are exact in float64, so that a single division or product rounds correctly.
_EXACT_POWER = 22
# From two digits, as stored in memory, to that power of ten; NaN beyond the exact ones.
_POWER = np.full(65536, np.nan)
for _number in range(_EXACT_POWER + 1):
    _high, _low = b"%02d" % _number
    _POWER[_high | _low << 8] = 10.0**_number


def decode_samples(lines: bytes) -> FloatArray:
    """Return the values of well-formed 9-byte sample lines, each the float64 nearest to the printed number."""
    rows = np.frombuffer(lines, dtype=_ROW)
    mantissa = _PAIR[rows["high"]] * 100.0 + _PAIR[rows["low"]]
    power = _POWER[rows["exponent"]]
    negative = rows["sign"] == ord("-")
    values: FloatArray = mantissa / power
    if not negative.all():
        values = np.where(negative, values, mantissa * power)
    for odd in np.flatnonzero(np.isnan(values)):  # far outside anything a shield measures
        values[odd] = number(lines[odd * SAMPLE_BYTES : odd * SAMPLE_BYTES + 7].decode())
    return values


def number(text: str) -> float:
    """Return the value of one number in the notation `DDDDsEE` (`3292-03` is 3.292).

    Raises `ValueError` if the text does not have that form.
    """
    if not re.fullmatch(r"[0-9]{1,4}[+-][0-9]{2}", text):
        raise ValueError(f"{text!r} is not of the form DDDD-EE")
    return float(f"{text[:-3]}e{text[-3:]}")


class Lpm01aDecoder:
    """Turns any bytes, in pieces of any size, into events; keeps at most one unfinished line."""

    def __init__(self) -> None:
        self._tail = b""
        self._overlong = False
        self._summary: list[bytes] | None = None

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes, in the order of the bytes. Never raises."""
        block = self._tail + data.translate(None, b"\0")
        complete = block.rfind(b"\n") + 1
        self._tail = block[complete:]
        events: list[Event] = []
        position = 0
        while position < complete:
            run = None if self._overlong or self._summary is not None else SAMPLE_LINES.match(block, position)
            if run:
                events.append(SampleRun(decode_samples(run.group())))
                position = run.end()
            else:
                end = block.index(b"\n", position) + 1
                events += self._line(block[position : end - 1])
                position = end
        while len(self._tail) > MAX_LINE_BYTES:
            self._overlong = True
            events.append(Garbage(self._tail[:MAX_LINE_BYTES]))
            self._tail = self._tail[MAX_LINE_BYTES:]
        return events

    def _line(self, line: bytes) -> Iterator[Event]:
        if self._overlong or len(line) > MAX_LINE_BYTES:
            self._overlong = False
            for start in range(0, len(line), MAX_LINE_BYTES):
                yield Garbage(line[start : start + MAX_LINE_BYTES])
            return
        for part in PROMPT.split(line):  # a prompt divides a line as a line end would
            if stripped := part.strip(b"\r "):
                yield from self._part(stripped)

    def _part(self, part: bytes) -> Iterator[Event]:
        """Separate the summary from the rest: its two samples have no position in the stream."""
        if part.startswith(b"summary beg"):
            yield from self._end_of_summary(complete=False)
            self._summary = []
        elif self._summary is None:
            yield from _pieces(part)
        elif len(self._summary) < 2 and ONE_SAMPLE.fullmatch(part):
            self._summary.append(part)
        elif part == b"summary end":
            yield from self._end_of_summary(complete=True)
        else:
            yield from self._end_of_summary(complete=False)
            yield from _pieces(part)

    def _end_of_summary(self, *, complete: bool) -> Iterator[Event]:
        if self._summary is not None and complete:
            texts = [line.decode() for line in self._summary]
            yield SummaryText(tuple(map(number, texts)), tuple(number(f"1{text[-3:]}") for text in texts))
        elif self._summary is not None:
            yield Garbage(b" ".join([b"summary beg", *self._summary]))
        self._summary = None


def _pieces(line: bytes) -> Iterator[Event]:
    """Divide a line into samples, events and time stamps in any order, or text up to the end."""
    position = 0
    while position < len(line):
        if found := NUMERALS.match(line, position):
            if _is_unknown(line[found.end() :]):  # unknown characters are attached to the numerals
                yield Garbage(line[position:])
                return
            yield _numerals(found.group())
        elif found := EVENT.match(line, position):
            yield EventMark(int(found[1]), found[2].decode())
        elif found := TIME_STAMP.match(line, position):
            ms = int(found[1]) * 1000 + int(found[2])
            yield TimeStamp(ms, int(found[3]), chr(line[position + len("TimeStamp:")]))
        else:
            yield _text(line[position:])
            return
        position = found.end()


def _is_unknown(rest: bytes) -> bool:
    if not rest or EVENT.match(rest) or TIME_STAMP.match(rest):
        return False
    return isinstance(_text(rest), Text | Garbage)


def _numerals(piece: bytes) -> Event:
    if not SAMPLES_IN_LINE.fullmatch(piece):
        return Garbage(piece)
    digits = piece.replace(b"\r", b"")
    rows = b"".join(digits[i : i + 7] + b"\r\n" for i in range(0, len(digits), 7))
    return SampleRun(decode_samples(rows))


# UM2269 says `err`, firmware 1.0.6 sends `error`.
_TEXTS: tuple[tuple[re.Pattern[str], Callable[[str], Event]], ...] = (
    (re.compile(r"ack(?: (.*))?"), Ack),
    (re.compile(r"Error detail:(.*)"), ErrorDetail),
    (re.compile(r"err(?:or)?[ :]*(.*)"), ErrorReply),
    (re.compile(r"pwr (on|off)"), lambda state: PowerState(state == "on")),
    (re.compile(r"(end|.*Acquisition completed.*)"), End),
)


def _text(line: bytes) -> Event:
    if not line[:1].isalpha() or not PRINTABLE.fullmatch(line):
        return Garbage(line)
    text = line.decode("ascii")
    for pattern, event in _TEXTS:
        if found := pattern.fullmatch(text):
            return event((found[1] or "").strip())
    return Garbage(line) if ONE_SAMPLE.search(line) else Text(text)
