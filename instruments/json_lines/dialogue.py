# SPDX-License-Identifier: Apache-2.0
"""The dialogue with a JSON server: a request, and the answer that bears its number, by a deadline.

A late answer to an earlier request has another number and is dropped, so a time-out leaves nothing out of step.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from instruments.clock import Deadline
from instruments.errors import InstrumentError, ProtocolViolation, TimedOut, shown
from instruments.json_lines.messages import MAX_LINE_BYTES, Message, parse, request
from instruments.links.base import Link
from instruments.links.lines import LineSplitter
from instruments.links.tap import write_in_secret
from instruments.strangers import stranger

ANSWER_S = 5.0
GREETING_S = 3.0
_KEPT_BYTES = 64  # of what came, for messages
_MOST_UNASKED = 100  # messages; nobody may be there to take them
# Returns the error to raise for an error message: what was asked, the message.
Refusal = Callable[[str, Message], InstrumentError]


class JsonDialogue:
    """The dialogue over one link; what the server said of its own accord is kept until `take_unasked()`."""

    def __init__(self, link: Link, refusal: Refusal) -> None:
        self.name = link.name
        self._link = link
        self._refusal = refusal
        self._number = 0
        self._unasked: list[Message] = []
        self._more = 0  # unasked messages that were too many to be kept
        self._forget()

    def open(self, deadline: Deadline) -> Message:
        """Connect and return the server's greeting; raise what `refusal` makes of an error in its place."""
        self._forget()
        self._link.open(deadline)
        asked = f"connect to the server of {self.name}"
        greeting = self._wait(
            lambda message: message.kind in ("information", "error"), asked, GREETING_S, deadline
        )
        if greeting.kind == "error":
            raise self._refusal(asked, greeting)
        return greeting

    def take_unasked(self) -> list[Message]:
        """Return what the server said of its own accord since the last call, oldest first, without its data."""
        unasked, self._unasked = self._unasked, []
        if self._more:
            text = f"{self._more} more messages that answer no request"
            unasked.append(Message("error", text=text))
        self._more = 0
        return unasked

    def close(self) -> None:
        """Release the link; safe to call twice."""
        self._link.close()

    def ask(
        self, command: str, deadline: Deadline, *, secret: bool = False, within_s: float = ANSWER_S, **data: Any
    ) -> Mapping[str, Any]:
        """Return the data of the answer to `command`; with `secret`, no listener learns what was sent with it.

        Raises what `refusal` makes of an error message, `TimedOut` for silence, `ProtocolViolation` for anything
        that is no message.
        """
        self._number += 1
        trans_id = f"er-{self._number}"
        line = request(command, trans_id, data)
        if secret:
            write_in_secret(self._link, line, request(command, trans_id, dict.fromkeys(data, "***")), deadline)
        else:
            self._link.write(line, deadline)
        asked = f"ask the server of {self.name} for {command}"
        answer = self._wait(lambda message: self._answers(message, trans_id), asked, within_s, deadline)
        if answer.command not in ("", command):
            came = f"{trans_id} is answered as if it had been {shown(answer.command)}"
            raise ProtocolViolation(asked, came, "restart the server")
        if answer.kind == "error":
            raise self._refusal(asked, answer)
        return answer.data

    def _answers(self, message: Message, trans_id: str) -> bool:
        """Return whether a message is the answer; keep those that answer no request at all."""
        if message.trans_id == trans_id and message.kind in ("response", "error"):
            return True
        if not message.trans_id and message.kind in ("information", "error"):
            if len(self._unasked) < _MOST_UNASKED:
                self._unasked.append(replace(message, data={}))
            else:
                self._more += 1
        return False

    def _wait(self, wanted: Callable[[Message], bool], asked: str, within_s: float, deadline: Deadline) -> Message:
        limit = deadline.at_most(within_s)
        self._heard = b""
        while True:
            while self._messages:
                message = parse(self._messages.popleft())
                if wanted(message):
                    return message
            if limit.expired():
                came = f"no answer, but {shown(self._heard)}" if self._heard else "no answer"
                raise TimedOut(asked, came, stranger(self._heard) or "check that the server runs, and its port")
            data = self._link.read(limit)
            self._heard += data[: _KEPT_BYTES - len(self._heard)]
            self._messages.extend(line for line in self._lines.feed(data) if line)

    def _forget(self) -> None:
        self._lines = LineSplitter(MAX_LINE_BYTES)
        self._messages: deque[str] = deque()
        self._unasked, self._more = [], 0
        self._heard = b""
