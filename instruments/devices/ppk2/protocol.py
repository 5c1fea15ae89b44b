# SPDX-License-Identifier: Apache-2.0
"""Decode the sample stream of a Nordic PPK2: bytes in, runs of words, gaps and garbage out.

A sample is a 32-bit word, little endian: bits 0-13 ADC, 14-16 range, 18-23 a counter modulo 64, 24-31 the logic
inputs D0 to D7 (Nordic pc-nrfconnect-ppk, `src/device/serialDevice.ts`; bit 17 is not used there).

Nothing but the counter shows that the words are aligned and complete. A word is accepted only when the next one
continues its counter, so that no garbage passes for a sample. Where the counter breaks, `CONFIRM` words decide:
if they count on from there, words are missing; if not, bytes are missing, and the first place at which `CONFIRM`
words count on is the next word. The events do not depend on how the stream was divided in transit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

WORD_BYTES = 4
COUNTER_WRAPS = 64
ADC_MASK = 0x3FFF
RANGE_SHIFT, RANGES = 14, 5
COUNTER_SHIFT = 18
LOGIC_SHIFT = 24
# Random bytes count on for so many words with a chance of 64^-7.
CONFIRM = 8
_NEEDED = CONFIRM * WORD_BYTES
# The counter is the upper six bits of the third byte, so it steps by 4 there, modulo 256.
_COUNTER_BYTE, _COUNTER_BITS, _STEP = 2, 0xFC, 4


@dataclass(frozen=True, eq=False)
class Run:
    """Consecutive words."""

    words: Words


@dataclass(frozen=True)
class Gap:
    """Words are missing here: `missing` of them, or that number and a multiple of 64.

    `shifted` says that bytes are missing, so that the next word had to be found again.
    """

    missing: int
    shifted: bool = False


@dataclass(frozen=True)
class Garbage:
    """Bytes that belong to no word, or to one that may be put together of two."""

    data: bytes


Event = Run | Gap | Garbage


class Ppk2Decoder:
    """Turns any bytes, in pieces of any size, into events; keeps less than ten words."""

    def __init__(self) -> None:
        self._rest = b""
        self._passed = False  # over bytes, since the beginning
        self._aligned = False
        self._next: int | None = None  # the counter that the next word should have; None before the first word

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes, in the order of the bytes. Never raises."""
        self._rest += data
        events: list[Event] = []
        while self._words(events) if self._aligned else self._search(events):
            pass
        return events

    def finish(self) -> list[Event]:
        """Return what was held back until more would come: the stream has ended."""
        events: list[Event] = []
        while self._aligned and self._rest:
            count = len(self._rest) // WORD_BYTES
            good = _counting(self._rest, count)
            if not good:
                break
            self._accept(good, events)
            left = len(self._rest) // WORD_BYTES
            if left and _counting(self._rest, left) == left and len(self._rest) % WORD_BYTES == 0:
                self._note_gap(events)
            else:
                break
        whole = len(self._rest) // WORD_BYTES
        unconfirmed = self._next is None and not self._passed and whole and len(self._rest) % WORD_BYTES == 0
        if unconfirmed and _counting(self._rest, whole) == whole:
            self._accept(whole, events)  # fewer words than `CONFIRM` in all
        self._pass(len(self._rest), events)
        self._aligned = False
        return events

    def _words(self, events: list[Event]) -> bool:
        """Accept words up to the last, which nothing confirms yet; return whether there may be more to do."""
        count = len(self._rest) // WORD_BYTES
        if count < 2:
            return False
        good = _counting(self._rest, count)
        if good == count:
            self._accept(count - 1, events)
            return False
        after = self._rest[good * WORD_BYTES :][:_NEEDED]
        if len(after) < _NEEDED:
            self._accept(good - 1, events)
            return False
        if _counting(after, CONFIRM) == CONFIRM:
            self._accept(good, events)
            self._note_gap(events)
        else:
            self._accept(good - 1, events)
            self._next = self._rest[_COUNTER_BYTE] & _COUNTER_BITS  # of the word that nothing confirmed
            self._aligned = False
        return True

    def _search(self, events: list[Event]) -> bool:
        """Find the first place at which `CONFIRM` words count on; return whether it was found."""
        places = len(self._rest) - _NEEDED + 1
        if places <= 0:
            return False
        third = np.frombuffer(self._rest, dtype=np.uint8)[_COUNTER_BYTE:] & _COUNTER_BITS
        counts_on = (third[WORD_BYTES:] - third[:-WORD_BYTES]) == _STEP
        found = np.ones(places, dtype=np.bool_)
        for word in range(CONFIRM - 1):
            found &= counts_on[word * WORD_BYTES :][:places]
        first = int(np.argmax(found)) if found.any() else places
        if first == places:
            self._pass(first, events)
            return False
        self._aligned = True
        if self._next is None:
            self._pass(first, events)
        else:
            self._pass(first + WORD_BYTES, events)  # the beginning of this word may be that of an earlier one
            self._note_gap(events, shifted=True)
        return True

    def _pass(self, count: int, events: list[Event]) -> None:
        """Pass over bytes."""
        if count:
            self._passed = True
            events.append(Garbage(self._rest[:count]))
            self._rest = self._rest[count:]

    def _note_gap(self, events: list[Event], *, shifted: bool = False) -> None:
        """Note how many words are missing before the next one."""
        came = self._rest[_COUNTER_BYTE] & _COUNTER_BITS
        events.append(Gap(((came - (self._next or 0)) & _COUNTER_BITS) // _STEP, shifted))

    def _accept(self, count: int, events: list[Event]) -> None:
        if count:
            size = count * WORD_BYTES
            words = np.frombuffer(self._rest, dtype="<u4", count=count)
            self._next = (self._rest[size - WORD_BYTES + _COUNTER_BYTE] + _STEP) & _COUNTER_BITS
            self._rest = self._rest[size:]
            events.append(Run(words))


def _counting(data: bytes, count: int) -> int:
    """Return how many of the first `count` words count on from the first without a break."""
    data_bytes = np.frombuffer(data, dtype=np.uint8, count=count * WORD_BYTES)
    third = data_bytes[_COUNTER_BYTE::WORD_BYTES] & np.uint8(_COUNTER_BITS)
    breaks = (third[1:] - third[:-1]) != _STEP
    return int(np.argmax(breaks)) + 1 if breaks.any() else count
