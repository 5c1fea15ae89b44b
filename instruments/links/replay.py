# SPDX-License-Identifier: Apache-2.0
"""Play a device from a recording: it gives the recorded answers when the driver sends the recorded commands.

For regression tests of drivers: the exchanges of a session's journal become `Recorded` pieces, and a driver on a
`ReplayLink` must produce the same stream again.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.errors import Unavailable, shown
from instruments.links.tap import Direction


@dataclass(frozen=True)
class Recorded:
    """Bytes that a tap recorded at `t_ns`; all times of a recording share one arbitrary origin."""

    t_ns: int
    direction: Direction
    data: bytes


class ReplayError(Exception):
    """The driver sent something other than the recording holds. No driver catches this error: it ends the test."""


class ReplayLink:
    """A `Link` to a recorded device.

    Received bytes are returned in their recorded pieces, as long after the last command as in the recording, and
    never before the driver has sent that command. The driver must send the recorded commands in their order,
    divided into writes in any manner. A link that is closed and opened again continues where it stopped.
    """

    def __init__(self, name: str, clock: Clock, recording: Iterable[Recorded]) -> None:
        self.name = name
        self._clock = clock
        self._to_come = deque(recording)
        self._unmatched = b""  # sent, but not yet a whole recorded command
        self._incoming: deque[tuple[int, bytes]] = deque()  # when it is due, and what
        self._is_open = self._started = False

    @property
    def left(self) -> int:
        """Return how many recorded pieces have been neither sent nor received: 0 after a complete replay."""
        return len(self._to_come) + len(self._incoming)

    def open(self, deadline: Deadline) -> None:
        """Begin or continue the replay."""
        self._is_open = True
        if not self._started and self._to_come:
            self._started = True
            self._schedule(self._to_come[0].t_ns)

    def close(self) -> None:
        """Stop reading and writing; keep what has not been replayed."""
        self._is_open = False

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Compare `data` with the recorded command; raise `ReplayError` if it differs."""
        self._check("write to")
        self._unmatched += data
        while self._unmatched:
            if not self._to_come:
                raise self._differs("nothing more")
            recorded = self._to_come[0]
            if not self._unmatched.startswith(recorded.data):
                if recorded.data.startswith(self._unmatched):
                    return
                raise self._differs(shown(recorded.data))
            self._unmatched = self._unmatched[len(recorded.data) :]
            self._to_come.popleft()
            self._schedule(recorded.t_ns)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return the next recorded piece once it is due; b'' if that is after the deadline."""
        self._check("read from")
        due_ns = self._incoming[0][0] if self._incoming else deadline.at_ns + 1
        until_ns = min(due_ns, deadline.at_ns)
        self._clock.sleep(max(0, until_ns - self._clock.now_ns()) / NS_PER_S)
        if not self._incoming or due_ns > self._clock.now_ns():
            return b""
        due_ns, data = self._incoming.popleft()
        if len(data) > max_bytes:
            self._incoming.appendleft((due_ns, data[max_bytes:]))
        return data[:max_bytes]

    def _schedule(self, since_ns: int) -> None:
        """Schedule what was received before the next command, with the delays it had after `since_ns`."""
        now_ns = self._clock.now_ns()
        while self._to_come and self._to_come[0].direction == "rx":
            recorded = self._to_come.popleft()
            self._incoming.append((now_ns + recorded.t_ns - since_ns, recorded.data))

    def _check(self, action: str) -> None:
        if not self._is_open:
            raise Unavailable(f"{action} {self.name}", "the link is not open", "open it first")

    def _differs(self, recorded: str) -> ReplayError:
        return ReplayError(
            f"{self.name} was sent {shown(self._unmatched)} where the recording has {recorded}. "
            "Try: compare the driver's commands with the recording, or make a new recording"
        )
