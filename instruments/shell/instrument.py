# SPDX-License-Identifier: Apache-2.0
"""Opening, polling and closing, the same for all instruments with a command shell."""

from collections.abc import Sequence
from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.errors import TimedOut
from instruments.links.base import Link, fell_back
from instruments.roles import EdgeSource, Identity, Instrument, StreamItem
from instruments.shell.acquisition import Acquisition, StreamEdges
from instruments.shell.dialogue import ShellDialect

CLOSE_S = 1.0


class ShellInstrument(Instrument):
    """Base of drivers that speak to a shell over a byte link; `_ask(command, deadline)` returns an answer.

    In `_examined`, a driver asks who answers. It begins an acquisition with `_acquisition.start`.
    """

    def __init__(self, link: Link, clock: Clock, dialect: ShellDialect) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._dialect = dialect
        self._is_open = False
        self._acquisition = Acquisition(link, clock, dialect)
        self._ask = self._acquisition.dialogue.ask

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges that are part of the sample stream."""
        return StreamEdges(self._acquisition)

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end a stream that an earlier run left running, take host control and return the identity.

        Raises `ProtocolViolation` if the stream cannot be ended, `Refused` if the driver refuses what answers,
        `TimedOut` for silence.
        """
        self._link.open(deadline)
        self._is_open = True
        speed = fell_back(self._link)
        try:
            leftover = self._acquisition.dialogue.end_leftovers(deadline)
            self._ask(self._dialect.take_control, deadline)
        except TimedOut as error:
            if not speed:
                raise
            came = f"{error.came}; its port runs at {speed}"
            raise TimedOut(error.asked, came, f"set `baud` in the bench file, or {error.try_this}") from error
        identity = self._examined(leftover, deadline)
        return replace(identity, detail=(*identity.detail, ("port_speed", speed))) if speed else identity

    def close(self) -> None:
        """End an acquisition, give back host control if the shell still answers, and release the link."""
        if not self._is_open:
            return
        self._is_open = False
        deadline = self._clock.deadline(CLOSE_S)
        try:
            self._acquisition.attempt(self._acquisition.end, deadline)
            self._acquisition.attempt(lambda limit: self._ask(self._dialect.give_back, limit), deadline)
        finally:
            self._link.close()

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what has arrived, without waiting for more."""
        return self._acquisition.poll(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest; raise `TimedOut` if it does not end."""
        return self._acquisition.stop(deadline)

    def _examined(self, leftover: int, deadline: Deadline) -> Identity:
        """Return the identity, or raise `Refused`; `leftover` samples of an earlier run were still sent."""
        raise NotImplementedError
