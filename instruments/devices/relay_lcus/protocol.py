# SPDX-License-Identifier: Apache-2.0
"""The bytes of an LCUS relay board: frames out, states in.

A frame is A0, channel, operation, and the sum of the three modulo 256: `A0 01 01 A2` closes relay 1. The board
answers no frame. What it answers to a query depends on its firmware: LCUS-2 to LCUS-8 answer FF with the state of
every relay in words (`CH1: ON`), boards "with feedback" answer the operation 05 with a frame that holds the state,
and most LCUS-1 answer nothing.

Source: LC Technology (Shenzhen), product pages of LCUS-1 (frames, 9600 baud) and LCUS-4 ("status inquiry: FF").
The words of the answer and the operation 05 are as published programs read them; no document of the maker that is
at hand states them: assumed.
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, shown

START, INQUIRE = 0xA0, 0x05
QUERY = b"\xff"
MOST_CHANNELS = 8
_FRAME_BYTES = 4
_LONGEST = 16  # characters of `CH1: OFF`, with blanks
_STATE = re.compile(rb"CH(\d{1,2})[ ]*:[ ]*(ON|OFF)")
_BETWEEN = b" \r\n\t\0,;"
_BEGUN = re.compile(rb"C(H(\d{1,2}([ ]*(:[ ]*(O(F)?)?)?)?)?)?")


@dataclass(frozen=True)
class RelayState:
    """The state of one relay, as the board tells it: closed or released."""

    channel: int
    closed: bool


def frame(channel: int, operation: int) -> bytes:
    """Return the frame for a relay; the operation is 1 to close it, 0 to release it, 5 to inquire."""
    body = bytes((START, channel, operation))
    return body + bytes((sum(body) & 0xFF,))


class RelayAnswers:
    """Takes bytes and returns the states in them, however the bytes were divided in transit."""

    def __init__(self) -> None:
        self._rest = b""

    def clear(self) -> None:
        """Drop an incomplete answer."""
        self._rest = b""

    def feed(self, data: bytes) -> list[RelayState]:
        """Return the states completed by `data`; raise `ProtocolViolation` for anything that is no answer.

        What precedes the violation in the same data is dropped with it: a state beside noise is not believed.
        """
        self._rest += data
        found: list[RelayState] = []
        while self._rest:
            if self._rest[0] in _BETWEEN:
                self._rest = self._rest[1:]
                continue
            state, used = self._first()
            if state is None:
                break
            found.append(state)
            self._rest = self._rest[used:]
        return found

    def _first(self) -> tuple[RelayState | None, int]:
        """Return the first state and its length; None while it is incomplete."""
        if self._rest[0] == START:
            if len(self._rest) < _FRAME_BYTES:
                return None, 0
            channel, operation = self._rest[1:3]
            if self._rest[:_FRAME_BYTES] != frame(channel, operation) or operation > 1:
                raise self._violation()
            return RelayState(channel, operation == 1), _FRAME_BYTES
        words = _STATE.match(self._rest)
        if words is not None:
            return RelayState(int(words[1]), words[2] == b"ON"), words.end()
        if _BEGUN.fullmatch(self._rest) and len(self._rest) <= _LONGEST:
            return None, 0
        raise self._violation()

    def _violation(self) -> ProtocolViolation:
        said, self._rest = self._rest, b""
        return ProtocolViolation(
            "read the state of a relay", f"{shown(said)} is none", "check the port, and the option read_back"
        )
