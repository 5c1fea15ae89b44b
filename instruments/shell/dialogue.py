# SPDX-License-Identifier: Apache-2.0
"""The dialogue with a command shell: send a command and find its answer among the samples of a running stream.

The shell acknowledges each command with its echo and refuses one with an error, after which the reason may follow.
Only the command that ends an acquisition is not acknowledged.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, Refused, TimedOut, shown
from instruments.links.base import Link
from instruments.roles import Note, Summary
from instruments.shell.events import Ack, Decoder, ErrorDetail, ErrorReply, SampleRun, SummaryText
from instruments.strangers import stranger

ANSWER_S = 3.0
DETAIL_S = 0.3
OPEN_S = 10.0
QUIET_S = 0.2
STOP_AGAIN_S = 1.0
READS_AT_ONCE = 64
KEPT_BYTES = 64  # of what came, for messages


@dataclass(frozen=True)
class ShellDialect:
    """What is particular to one instrument's shell.

    `decoder` makes a decoder without memory of earlier bytes. `start` and `stop` begin and end an acquisition,
    `take_control` and `give_back` turn the host's control on and off. `remark` puts into words an event that
    belongs to no acquisition, `summed_up` reads a summary. `last_resort` is what a person can do when the shell is
    stuck.
    """

    decoder: Callable[[], Decoder]
    start: str
    stop: str
    take_control: str
    give_back: str
    remark: Callable[[object], Note]
    summed_up: Callable[[SummaryText], Summary | Note]
    last_resort: str
    prompt: str = ""  # what only this shell says, if anything


class Dialogue:
    """The dialogue with one instrument; every event that is not an answer is passed to `account(event)`, in order.

    `is_streaming()` says whether an acquisition is running, in which `error` lines may arrive without a command.
    """

    def __init__(
        self,
        link: Link,
        dialect: ShellDialect,
        account: Callable[[object], None],
        is_streaming: Callable[[], bool],
    ) -> None:
        self.name = link.name
        self.dialect = dialect
        self._link = link
        self._account = account
        self._is_streaming = is_streaming
        self._decoder = dialect.decoder()
        self._inbox: deque[object] = deque()
        self._unread = b""  # the first bytes since the last command, for messages

    def send(self, command: str, deadline: Deadline) -> None:
        """Send a command without waiting."""
        self._unread = b""
        self._link.write(command.encode("ascii") + b"\n", deadline)

    def ask(self, command: str, deadline: Deadline) -> str:
        """Send a command and return the data after its echo.

        Raises `Refused` for an error, `TimedOut` for silence and `ProtocolViolation` for the echo of another
        command.
        """
        limit = deadline.at_most(ANSWER_S)
        other_echoes: list[str] = []

        def is_answer(event: object) -> bool:
            match event:
                case Ack(echo) if _data(echo, command) is None:
                    other_echoes.append(echo)
                    return False
                case ErrorReply(echo):
                    return not self._is_streaming() or echo == "" or echo.startswith(command)
                case _:
                    return isinstance(event, Ack)

        self.send(command, limit)
        event = self.wait_for(is_answer, limit)
        if isinstance(event, Ack):
            return _data(event.command, command) or ""
        if isinstance(event, ErrorReply):
            raise self.refusal(command, limit)
        asked, last_resort = f"ask {self.name} for `{command}`", self.dialect.last_resort
        if other_echoes:
            raise ProtocolViolation(asked, f"it acknowledged '{other_echoes[-1]}' instead", last_resort)
        came = f"no answer, but {shown(self._unread)}" if self._unread else "no answer"
        raise TimedOut(
            asked,
            came,
            stranger(self._unread, self.dialect.prompt)
            or f"check that the port is this instrument's, or {last_resort}",
        )

    def refusal(self, command: str, deadline: Deadline) -> Refused:
        """Return the error to raise after an `error` line, with its detail if that arrives."""
        detail = self.wait_for(lambda event: isinstance(event, ErrorDetail), deadline.at_most(DETAIL_S))
        reason = detail.text if isinstance(detail, ErrorDetail) else "it gives no reason"
        return Refused(f"ask {self.name} for `{command}`", f"it refused: {reason}")

    def wait_for(self, wanted: Callable[[object], bool], deadline: Deadline) -> object | None:
        """Return the first event that is wanted, or None at the deadline; account for all events before it."""
        while True:
            while self._inbox:
                event = self._inbox.popleft()
                if wanted(event):
                    return event
                self._account(event)
            if deadline.expired():
                return None
            data = self._link.read(deadline)
            self._unread += data[: KEPT_BYTES - len(self._unread)]
            self._inbox.extend(self._decoder.feed(data))

    def receive(self, deadline: Deadline) -> None:
        """Read and account for what has arrived, without waiting for more."""
        for _ in range(READS_AT_ONCE):
            data = self._link.read(deadline.at_most(0.0))
            if not data:
                break
            self._inbox.extend(self._decoder.feed(data))
        while self._inbox:
            self._account(self._inbox.popleft())

    def end_leftovers(self, deadline: Deadline) -> int:
        """End acquisitions until an earlier run's stream is silent; return how many samples it still sent.

        Raises `ProtocolViolation` if the stream continues, `TimedOut` if the deadline left no time to listen.
        """
        limit, stop = deadline.at_most(OPEN_S), self.dialect.stop
        leftover = times = 0
        heard = b""
        while not limit.expired():
            times += 1
            self.send(f"\n{stop}", limit)  # the first line end finishes a command cut short
            again = limit.at_most(STOP_AGAIN_S)
            while not again.expired():
                data = self._link.read(limit.at_most(QUIET_S))
                heard += data[: KEPT_BYTES - len(heard)]
                events = self._decoder.feed(data)
                leftover += sum(len(event.values) for event in events if isinstance(event, SampleRun))
                if not data and not limit.expired():
                    self._decoder = self.dialect.decoder()
                    self._inbox.clear()
                    return leftover
        asked = f"end what an earlier run left running on {self.name}"
        if not heard:
            raise TimedOut(asked, f"less than {QUIET_S} s were left to check for silence", "a later deadline")
        raise ProtocolViolation(
            asked,
            f"{leftover} samples arrived, and no silence of {QUIET_S} s, after sending `{stop}` {times} times; "
            f"it began with {shown(heard)}",
            stranger(heard, self.dialect.prompt)
            or f"check that the port is this instrument's, or {self.dialect.last_resort}",
        )


def _data(echo: str, command: str) -> str | None:
    """Return what follows the echo of `command`, or None if it is another command's."""
    if echo == command or echo.startswith((f"{command} ", f"{command}:")):
        return echo.removeprefix(command).strip(" :")
    return None
