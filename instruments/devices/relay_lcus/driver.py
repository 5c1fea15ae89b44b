# SPDX-License-Identifier: Apache-2.0
"""An LCUS relay board ("USB relay" with a CH340): switches what is wired through one of its relays.

Whether it tells the state of its relays depends on its firmware, and the bench file says which it is. Without a
read-back the switch is turned and nobody knows whether it was: `is_on()` returns None.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.relay_lcus.protocol import INQUIRE, MOST_CHANNELS, QUERY, RelayAnswers, frame
from instruments.errors import Refused, TimedOut
from instruments.links.answers import await_answer, discard
from instruments.links.base import Link
from instruments.roles import Identity, Instrument, Switch

SETTLES_S = 0.05  # assumed: contacts of a small relay bounce for less than 20 ms
QUIET_S = 0.1  # 96 characters at 9600 baud: a late answer has come by then


class Options(BaseModel):
    """Options of a relay board.

    `channel` is the relay. `read_back` is how the board tells its states: `words` (FF is answered `CH1: ON`),
    `frame` (operation 05 is answered by a frame), or `none`. With `normally_closed`, the probe is wired to the
    contact that is closed while the relay is released.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: int = Field(default=1, ge=1, le=MOST_CHANNELS, description="the relay")
    read_back: Literal["words", "frame", "none"] = Field(
        default="words", description="how the board tells its states"
    )
    normally_closed: bool = Field(
        default=False, description="the probe is wired to the contact that is closed at rest"
    )


class LcusRelay(Instrument):
    """One relay of the board: a `Switch`."""

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._options = options or Options()
        self._answers = RelayAnswers()

    def switch(self, channel: str = "") -> Switch:
        """Return the relay."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Open the port and, where the board tells states, ask for one; the relay stays as it is."""
        self._link.open(deadline)
        try:
            closed = self._closed(deadline)
        except BaseException:
            self._link.close()
            raise
        state = {True: "closed", False: "released", None: "not told by this board"}[closed]
        return Identity("relay", model="LCUS relay board", detail=(("relay", state),))

    def close(self) -> None:
        """Release the port; the relay stays as it is."""
        self._link.close()

    def turn(self, on: bool, deadline: Deadline) -> None:
        """Switch, and compare with the read-back where there is one."""
        closed = on != self._options.normally_closed
        self._link.write(frame(self._options.channel, int(closed)), deadline)
        self._clock.sleep(min(SETTLES_S, deadline.remaining_s()))
        if self._closed(deadline) not in (closed, None):
            state = "released" if closed else "closed"
            raise Refused(
                f"turn {self.name} {'on' if on else 'off'}",
                f"the relay reads back as {state}",
                "check the board; take the probe's plug out until then",
            )

    def is_on(self, deadline: Deadline) -> bool | None:
        """Return whether the probe is connected, by read-back; None if the board tells no states."""
        closed = self._closed(deadline)
        return None if closed is None else closed != self._options.normally_closed

    def _closed(self, deadline: Deadline) -> bool | None:
        how, channel = self._options.read_back, self._options.channel
        if how == "none":
            return None
        self._answers.clear()
        discard(self._link, self._clock)
        self._link.write(QUERY if how == "words" else frame(channel, INQUIRE), deadline)
        closed = await_answer(self._link, self._state, deadline, self.while_waiting)
        if closed is None:
            raise TimedOut(
                f"ask {self.name} for the state of relay {channel}",
                "no answer",
                "check the port, and the number of relays; for a board that tells no states, read_back = 'none'",
            )
        discard(self._link, self._clock, QUIET_S if how == "words" else 0.0)  # the states of the other relays
        return closed

    def _state(self, data: bytes) -> bool | None:
        channel = self._options.channel
        return next((one.closed for one in self._answers.feed(data) if one.channel == channel), None)
