# SPDX-License-Identifier: Apache-2.0
"""Decode the format `bin_hexa` of an LPM01A: bytes in, the same events out as from its text.

UM2269 Rev 6, "Binary format": a sample is two bytes, big endian, exponent e and mantissa m, for the current
m · 16^-e (A); a first byte F0 begins a message instead, `F0 tt ... FF FF`. Messages with a fixed payload are taken
by their length, since FF may be part of it. How edges are encoded is not documented.

Nothing marks a sample, so a lost byte shifts all that follow. Only the next message shows, at its place, that they
were aligned; a time stamp comes after every 1000. If none does, the samples since the last one are said to be
`Misaligned`, and the bytes up to the next time stamp or end that can be found are garbage.
"""

import re
from collections.abc import Callable

import numpy as np

from instruments.devices.lpm01a.protocol import (
    SAMPLES_PER_TIME_STAMP,
    Event,
    FloatArray,
    Garbage,
    Information,
    Lpm01aDecoder,
    Misaligned,
    PowerState,
    TimeStamp,
)
from instruments.shell.events import End, ErrorReply, SampleRun

SAMPLE_BYTES = 2
MESSAGE = 0xF0
TAIL = b"\xff\xff"
ERROR, INFORMATION, STAMP, ENDED, OVER_CURRENT, POWER_DOWN, VOLTAGE, TEMPERATURE, POWER = range(0xF1, 0xFA)
# Bytes between the tag and `FF FF`.
PAYLOAD = {STAMP: 5, ENDED: 0, OVER_CURRENT: 0, POWER_DOWN: 0, VOLTAGE: 2, TEMPERATURE: 2, POWER: 1}
OVERFLOWED = 1 << 31
FULL = 100  # percent of the transmit buffer
MOST_TEXT_BYTES = 256
MOST_SAMPLES = SAMPLES_PER_TIME_STAMP + 64  # without a message between them: more than there can be
STARTED = b"ack start\r\n"
# What can follow the acknowledgement before the first time stamp, and says nothing.
PADDING = b"\0\r\n"
_STAMP_OR_END = re.compile(rb"\xf0(?:\xf3.{4}[\x00-\x64]|\xf4)\xff\xff", re.DOTALL)
_LONGEST = 9  # bytes of what is searched for

_STAMP_AT = SAMPLES_PER_TIME_STAMP * SAMPLE_BYTES
_FRAME_BYTES = _STAMP_AT + _LONGEST
_FIXED, _STAMP_BYTES, _PERCENT = [0, 1, 7, 8], np.array([0xF0, 0xF3, 0xFF, 0xFF], np.uint8), 6

# The current for each pair of bytes as they lie in memory, the first one the lower byte of a word.
_PAIRS = np.arange(1 << 16, dtype=np.uint32)
_WORDS = (_PAIRS & 0xFF) << 8 | _PAIRS >> 8
_VALUES: FloatArray = (_WORDS & 0xFFF) * 16.0 ** -(_WORDS >> 12).astype(np.float64)


class BinaryDecoder:
    """Turns the bytes of one binary acquisition into events; keeps less than one message.

    `ended` says that its end has come; `rest()` then returns the bytes after it.
    """

    def __init__(self) -> None:
        self.ended = False
        self._rest = b""
        self._at = 0  # the next byte of it
        self._since = 0  # samples since the last message
        self._aligned = False
        self._began = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes, in the order of the bytes. Never raises."""
        self._rest = self._rest[self._at :] + data
        self._at = 0
        events: list[Event] = []
        while not self.ended and (self._block(events) if self._aligned else self._search(events)):
            if self._aligned and not self._since:
                self._frames(events)
        return events

    def rest(self) -> bytes:
        """Return the bytes that came after the end."""
        return self._rest[self._at :]

    def _block(self, events: list[Event]) -> bool:
        """Take samples, and the message after them; return False if more must come first."""
        data = self._rest
        count = min((len(data) - self._at) // SAMPLE_BYTES, MOST_SAMPLES - self._since)
        pairs = np.frombuffer(data, dtype="<u2", count=count, offset=self._at)
        is_message = (pairs & MESSAGE) == MESSAGE  # the first byte is the lower one
        first = int(is_message.argmax()) if count else 0
        there = bool(count) and bool(is_message[first])
        taken = first if there else count
        if taken:
            events.append(SampleRun(_VALUES[pairs[:taken]]))
            self._at += taken * SAMPLE_BYTES
            self._since += taken
        if there:
            message = _message(data, self._at)
            if message is None:
                return False
            event, end = message
            if event is not None:
                events.append(event)
                self._at, self._since, self.ended = end, 0, isinstance(event, End)
                return True
        elif self._since < MOST_SAMPLES:
            return False
        events.append(Misaligned())
        self._aligned = False
        return True

    def _frames(self, events: list[Event]) -> None:
        """Take all whole frames, of 1000 samples and a time stamp each: nothing else comes usually."""
        count = (len(self._rest) - self._at) // _FRAME_BYTES
        if not count:
            return
        frames = np.frombuffer(self._rest, np.uint8, count * _FRAME_BYTES, self._at).reshape(count, _FRAME_BYTES)
        pairs = np.ascontiguousarray(frames[:, :_STAMP_AT]).view("<u2")
        stamps = frames[:, _STAMP_AT:]
        good = (stamps[:, _FIXED] == _STAMP_BYTES).all(axis=1) & (stamps[:, _PERCENT] <= FULL)
        good &= ~((pairs & MESSAGE) == MESSAGE).any(axis=1)
        whole = count if good.all() else int(good.argmin())
        values = _VALUES[pairs[:whole]]
        at = self._at + _STAMP_AT + 2
        for row in values:
            stamp = _event(STAMP, self._rest[at : at + PAYLOAD[STAMP]])
            if stamp is not None:
                events += (SampleRun(row), stamp)
            at += _FRAME_BYTES
        self._at += whole * _FRAME_BYTES

    def _search(self, events: list[Event]) -> bool:
        """Find the next time stamp or end; return whether it has come."""
        found = _STAMP_OR_END.search(self._rest, self._at)
        stop = found.start() if found else max(self._at, len(self._rest) - _LONGEST + 1)
        skipped = self._rest[self._at : stop]
        if not self._began:
            skipped = skipped.lstrip(PADDING)
        if skipped:
            events.append(Garbage(skipped))
        self._at = stop
        self._aligned, self._since = found is not None, 0
        self._began |= self._aligned
        return self._aligned


class SwitchingDecoder:
    """Text, and from the acknowledgement of `start` to the end of the acquisition binary."""

    def __init__(self) -> None:
        self._text = Lpm01aDecoder()
        self._binary: BinaryDecoder | None = None
        self._last = b""

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes, in the order of the bytes. Never raises."""
        events: list[Event] = []
        while data:
            if self._binary is None:
                seen = self._last + data
                place = seen.find(STARTED)
                end = len(data) if place < 0 else place + len(STARTED) - len(self._last)
                events += self._text.feed(data[:end])
                self._last = seen[-len(STARTED) + 1 :] if place < 0 else b""
                self._binary = None if place < 0 else BinaryDecoder()
                data = data[end:]
            else:
                events += self._binary.feed(data)
                data = b""
                if self._binary.ended:
                    data, self._binary = self._binary.rest(), None
        return events


def _message(data: bytes, begin: int) -> tuple[Event | None, int] | None:
    """Return the message that begins there and where it ends; (None, ...) if it is none, None for "wait"."""
    if len(data) < begin + 2:
        return None
    tag = data[begin + 1]
    if data[begin] != MESSAGE or not ERROR <= tag <= POWER:
        return None, begin
    payload = begin + 2
    if tag in (ERROR, INFORMATION):
        end = data.find(TAIL, payload, payload + MOST_TEXT_BYTES)
        if end < 0:
            return None if len(data) < payload + MOST_TEXT_BYTES else (None, begin)
    else:
        end = payload + PAYLOAD[tag]
        if len(data) < end + len(TAIL):
            return None
        if data[end : end + len(TAIL)] != TAIL:
            return None, begin
    return _event(tag, data[payload:end]), end + len(TAIL)


def _event(tag: int, payload: bytes) -> Event | None:
    """Return what a message says; None if it cannot be one."""
    number = int.from_bytes(payload, "big")
    if tag == STAMP:
        ms, percent = number >> 8, number & 0xFF
        flag = "overflow" if ms & OVERFLOWED else " "
        return TimeStamp(ms & ~OVERFLOWED, percent, flag) if percent <= FULL else None
    return _SAYS[tag](payload, number)


def _text(payload: bytes) -> str:
    return payload.strip(b"\r\n\0").decode("latin-1")


_SAYS: dict[int, Callable[[bytes, int], Event]] = {
    ERROR: lambda payload, _: ErrorReply(_text(payload)),
    INFORMATION: lambda payload, _: Information(_text(payload)),
    ENDED: lambda *_: End("end of the acquisition"),
    OVER_CURRENT: lambda *_: ErrorReply("overcurrent"),
    POWER_DOWN: lambda *_: PowerState(on=False),
    VOLTAGE: lambda _, mv: Information(f"voltage {mv} mV"),
    TEMPERATURE: lambda payload, _: Information(f"temperature {int.from_bytes(payload, 'big', signed=True)} °C"),
    POWER: lambda _, state: PowerState(on=bool(state)),
}
