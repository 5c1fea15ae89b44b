# SPDX-License-Identifier: Apache-2.0
"""Queries to a SCPI instrument, and answers that are certain to belong to them.

SCPI answers do not say which query they belong to. After a time-out, the next answer to arrive may be a late one.
So an interrupted exchange is remembered; before the next query the link is drained and checked with a token that
only the newest query can return.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, Refused, TimedOut, shown
from instruments.links.base import ScpiLink
from instruments.scpi.blocks import (
    BLOCK_PREFIX_BYTES,
    INDEFINITE,
    block_digits,
    block_length,
    parse_error,
    parse_number,
    parse_numbers,
    parse_whole,
)
from instruments.strangers import stranger

_QUIET_S = 0.25  # how long to wait for a late answer; LAN instruments answer within a few milliseconds
_ATTEMPTS = 3
_STALE_LINES = 64
_ERROR_QUEUE = 64  # longer than the error queue of any instrument: after so many errors there will be no end
_KEPT_BYTES = 200  # of what came, for messages
MOST_BITS = 0xFFFF  # status registers have 16 bits (SCPI-1999, volume 1, 9; bit 15 is not used by the book)
_TOKENS = 255  # `*ESE` takes one byte


def _is_telnet(said: bytes) -> bool:
    """Return whether something is said as a telnet server says it: its negotiation, or a greeting (RFC 854)."""
    return said.startswith((b"\xff\xfb", b"\xff\xfd")) or b"welcome to" in said.lower()


@dataclass(frozen=True)
class SessionDialect:
    """How one instrument's answers are kept in step, and how it tells errors.

    `token` holds the lines that store `{token}`, a number from 1 to 255, and ask for it. Where nothing can be
    stored, `known` (a regular expression) is what only the answer to the last of the lines looks like; then
    nothing may follow it. `errors` asks for the oldest error; "" where there is no queue: then settings are
    read back.
    """

    token: tuple[str, ...] = ("*ESE {token};*ESE?",)
    known: str = ""
    errors: str = "SYST:ERR?"


class ScpiSession:
    """A session with one instrument; `name` is what messages call it, `model` what it called itself, if asked."""

    def __init__(self, port: ScpiLink, name: str, dialect: SessionDialect | None = None) -> None:
        self._dialect = dialect or SessionDialect()
        self.name = name
        self.model = ""
        self.in_step = False
        self._port = port
        self._token = 0
        self._said = b""  # what came that answers nothing, while synchronising

    def send(self, command: str, deadline: Deadline) -> None:
        """Send a command that has no answer; this works even when answers may be out of step."""
        self._port.write_line(command, deadline)

    def ask(self, query: str, deadline: Deadline) -> str:
        """Return the answer line to `query`."""
        return self._exchange(query, deadline, self._port.read_line)

    def ask_number(self, query: str, deadline: Deadline, no_value: str = "") -> float:
        """Return the answer to `query` as one number; NaN for `no_value`, if the instrument has such a word."""

        def read(until: Deadline) -> float:
            line = self._port.read_line(until)
            return math.nan if no_value and line.strip().upper() == no_value.upper() else parse_number(line)

        return self._exchange(query, deadline, read)

    def ask_whole(self, query: str, deadline: Deadline, most: int = MOST_BITS) -> int:
        """Return the answer to `query` as a whole number from 0 to `most`, such as a status register's bits."""
        return self._exchange(query, deadline, lambda until: parse_whole(self._port.read_line(until), most))

    def ask_numbers(self, query: str, deadline: Deadline) -> tuple[float, ...]:
        """Return the answer to `query` as numbers, one for each channel."""
        return self._exchange(query, deadline, lambda until: parse_numbers(self._port.read_line(until)))

    def ask_word[T](self, query: str, deadline: Deadline, decode: Callable[[str], T]) -> T:
        """Return what `decode` makes of the answer line to `query`; it may raise `ProtocolViolation`."""
        return self._exchange(query, deadline, lambda until: decode(self._port.read_line(until)))

    def ask_block(self, query: str, limit: int, deadline: Deadline) -> bytes:
        """Return the data of the definite-length block that answers `query`, at most `limit` bytes."""
        return self._exchange(query, deadline, lambda until: self._read_block(limit, until))

    def ask_known_block(self, query: str, length: int, deadline: Deadline) -> bytes:
        """Return the data of the block that answers `query`, which must hold exactly `length` bytes.

        Nothing marks the end of a block of indefinite length (`#0`) on a socket, so its length must be known.
        """
        return self._exchange(query, deadline, lambda until: self._read_block(length, until, known=True))

    def errors(self, deadline: Deadline) -> list[str]:
        """Empty the instrument's error queue and return the errors, oldest first; none where there is no queue."""
        found: list[str] = []
        question = self._dialect.errors
        if not question:
            return found
        for _ in range(_ERROR_QUEUE):
            code, text = self._exchange(question, deadline, lambda until: parse_error(self._port.read_line(until)))
            if code == 0:
                return found
            found.append(f"{code:+d},{text}")
        raise ProtocolViolation(f"empty the error queue of {self.name}", f"no end; the last is {found[-1]}")

    def check(self, asked: str, deadline: Deadline) -> None:
        """Raise `Refused` if the error queue is not empty; `asked` names what was sent before."""
        found = self.errors(deadline)
        if found:
            raise Refused(asked, f"{self.name} answers {'; '.join(found)}", "check the model and its options")

    def synchronise(self, deadline: Deadline) -> None:
        """Discard late answers and make sure that the next answer belongs to the next query.

        The token is the event status enable mask, which every IEEE 488.2 instrument stores and which nothing here
        uses, unless the dialect says otherwise. Raises `TimedOut` or `ProtocolViolation` if it does not come back.
        """
        self.in_step = False
        self._said = b""
        trouble: TimedOut | ProtocolViolation | None = None
        for left in range(_ATTEMPTS, 0, -1):
            attempt = deadline.at_most(deadline.remaining_s() / left)
            self._hear(self._port.drain(attempt.at_most(_QUIET_S)))
            try:
                self.in_step = self._token_returns(attempt)
            except (TimedOut, ProtocolViolation) as error:
                trouble = error
            if self._echoes:  # also where the token came back: every other answer would be mistaken for an echo
                break
            if self.in_step:
                return
        self.in_step = False
        who = stranger(self._said)
        if who:
            raise ProtocolViolation(
                f"synchronise with {self.name}", f"it said {shown(self._said)}", who
            ) from trouble
        if self._echoes or _is_telnet(self._said):
            raise ProtocolViolation(
                f"synchronise with {self.name}",
                f"it greets, prompts or echoes, as a telnet port for people does: {shown(self._said)}",
                "the port for programs, 5025 in place of 5024, or the VISA name TCPIP0::HOST::INSTR; on a serial "
                "port, another port",
            ) from trouble
        came = trouble.came if trouble else "only answers to earlier queries"
        if self._said:
            came += f"; it said {shown(self._said)}"
        kind = type(trouble) if trouble else ProtocolViolation
        raise kind(
            f"synchronise with {self.name}",
            came,
            "check that the port is this instrument's, and that no other program talks to it"
            if self._said
            else "check that it is on, and that no other program talks to it",
        ) from trouble

    def _token_returns(self, deadline: Deadline) -> bool:
        self._token = self._token % _TOKENS + 1
        for question in self._dialect.token:
            self._port.write_line(question.format(token=self._token), deadline)
        known = self._dialect.known
        for _ in range(_STALE_LINES):
            line = self._port.read_line(deadline).strip()
            if known and re.fullmatch(known, line):
                # It may be the late answer to an earlier question: then the one to ours follows it.
                return not self._port.drain(deadline.at_most(_QUIET_S))
            if not known and line.lstrip("+") == str(self._token):
                return True
            self._hear(f"{line}\n".encode("latin-1"))
        return False

    def _hear(self, data: bytes) -> None:
        self._said += data[: _KEPT_BYTES - len(self._said)]

    @property
    def _echoes(self) -> bool:
        """Return whether the instrument repeats our commands: no answer begins like that."""
        return self._dialect.token[-1].partition(" ")[0].encode() in self._said

    def _exchange[T](self, query: str, deadline: Deadline, read: Callable[[Deadline], T]) -> T:
        if not self.in_step:
            self.synchronise(deadline)
        # Anything that ends this exchange early, even Ctrl-C, leaves an answer in transit.
        self.in_step = False
        try:
            self._port.write_line(query, deadline)
            answer = read(deadline)
        except (TimedOut, ProtocolViolation) as error:
            raise type(error)(f"ask {self.name} {query!r}", error.came, error.try_this) from error
        self.in_step = True
        return answer

    def _read_block(self, limit: int, deadline: Deadline, *, known: bool = False) -> bytes:
        prefix = self._port.read_exactly(BLOCK_PREFIX_BYTES, deadline)
        length = limit
        if not (known and prefix == INDEFINITE):
            length = block_length(self._port.read_exactly(block_digits(prefix), deadline), limit)
        if known and length != limit:
            raise ProtocolViolation(
                "read a block", f"{length} bytes announced instead of {limit}", "drain the link"
            )
        data = self._port.read_exactly(length, deadline)
        end = self._port.read_line(deadline)
        if end:
            raise ProtocolViolation("read a block", f"{shown(end)} after its {length} bytes", "drain the link")
        return data
