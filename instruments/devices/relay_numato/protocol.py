# SPDX-License-Identifier: Apache-2.0
"""The words of a Numato Lab USB relay module: commands out, answers in.

The module is a terminal for people: a command ends with a carriage return, every character is echoed, the answer
comes in lines, and `>` says that it is ready. `relay on 0` and `relay off 0` have no answer, `relay read 0` is
answered by `on` or `off`, `ver` by the version of the firmware, `id get` by eight characters. Relays beyond 9 are
called A to V.

Source: Numato Lab, user guides of the USB relay modules, "Command set", and its sample programs, which say that
the echo, a carriage return, the answer and `>` are read back. How line ends are put (LF CR) is as published
programs read them: assumed, and any mixture is understood.
"""

import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, shown

PROMPT = b">"
NAMES = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_LONGEST = 400  # characters up to a prompt; no answer of the module has more than a hundred
_STATES = {"on": True, "off": False}


@dataclass(frozen=True)
class Answer:
    """The lines of one answer, without the echo; `echo` is the first line."""

    echo: str
    lines: tuple[str, ...]


def command(text: str) -> bytes:
    """Return the bytes of a command."""
    return f"{text}\r".encode("ascii")


def parse_state(asked: str, lines: tuple[str, ...]) -> bool:
    """Return whether a relay is on; raise `ProtocolViolation` for any other answer than `on` or `off`."""
    if len(lines) != 1 or lines[0].lower() not in _STATES:
        raise ProtocolViolation(asked, f"{shown(' '.join(lines))} is neither 'on' nor 'off'", "check the module")
    return _STATES[lines[0].lower()]


class Answers:
    """Takes bytes and returns the answers that are complete, however the bytes were divided in transit."""

    def __init__(self) -> None:
        self._rest = b""

    def clear(self) -> None:
        """Drop an incomplete answer."""
        self._rest = b""

    def feed(self, data: bytes) -> list[Answer]:
        """Return the answers that `data` completes; raise `ProtocolViolation` for text without an end."""
        *whole, self._rest = (self._rest + data).split(PROMPT)
        if len(self._rest) > _LONGEST:
            said, self._rest = self._rest, b""
            raise ProtocolViolation(
                "read an answer of a relay module", f"{shown(said)}... has no end", "check what is at the port"
            )
        return [_answer(one.decode("latin-1")) for one in whole]


def _answer(text: str) -> Answer:
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    echo, *rest = [line for line in lines if line] or [""]
    return Answer(echo, tuple(rest))
