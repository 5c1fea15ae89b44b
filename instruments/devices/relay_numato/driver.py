# SPDX-License-Identifier: Apache-2.0
"""A Numato Lab USB relay module: switches what is wired through one of its relays, and reads it back."""

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.relay_numato.protocol import NAMES, Answers, command, parse_state
from instruments.errors import ProtocolViolation, Refused, TimedOut, shown
from instruments.links.answers import await_answer, discard
from instruments.links.base import Link
from instruments.roles import Identity, Instrument, Switch

QUIET_S = 0.1
_NOT_HERE = "check the port; no other program may use it"


class Options(BaseModel):
    """Options of a relay module: `relay` from 0; `normally_closed` as for any relay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    relay: int = Field(default=0, ge=0, le=len(NAMES) - 1, description="the relay, from 0")
    normally_closed: bool = Field(
        default=False, description="the probe is wired to the contact that is closed at rest"
    )


class NumatoRelay(Instrument):
    """One relay of the module: a `Switch`."""

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._options = options or Options()
        self._relay = NAMES[self._options.relay]
        self._answers = Answers()
        self._in_step = False

    def switch(self, channel: str = "") -> Switch:
        """Return the relay."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Open the port, and ask for version, number and the relay's state; the relay stays as it is."""
        self._link.open(deadline)
        self._in_step = False
        try:
            firmware, serial = (self._ask(word, deadline)[:1] for word in ("ver", "id get"))
            energised = self._energised(deadline)
        except BaseException:
            self._link.close()
            raise
        return Identity(
            "relay",
            make="Numato Lab",
            model="USB relay module",
            serial="".join(serial),
            firmware="".join(firmware),
            detail=(("relay", "energised" if energised else "released"),),
        )

    def close(self) -> None:
        """Release the port; the relay stays as it is."""
        self._link.close()

    def turn(self, on: bool, deadline: Deadline) -> None:
        """Switch and compare with the read-back."""
        wanted = on != self._options.normally_closed
        asked = f"relay {'on' if wanted else 'off'} {self._relay}"
        said = self._ask(asked, deadline)
        if self._energised(deadline) != wanted:
            came = f"it reads back as {'off' if wanted else 'on'}" + (
                f" and says {shown(said[0])}" if said else ""
            )
            raise Refused(f"send '{asked}' to {self.name}", came, "check the number of the relay, and the board")

    def is_on(self, deadline: Deadline) -> bool | None:
        """Return whether the probe is connected, by read-back."""
        return self._energised(deadline) != self._options.normally_closed

    def _energised(self, deadline: Deadline) -> bool:
        asked = f"relay read {self._relay}"
        return parse_state(f"send '{asked}' to {self.name}", self._ask(asked, deadline))

    def _ask(self, text: str, deadline: Deadline) -> tuple[str, ...]:
        """Return the lines of the answer; the echo says that it is that of this command."""
        asked = f"send '{text}' to {self.name}"
        if not self._in_step:  # half a command, or an answer that somebody else left
            self._link.write(command(""), deadline)
            discard(self._link, self._clock, min(QUIET_S, deadline.remaining_s()))
            self._answers.clear()
        self._in_step = False
        self._link.write(command(text), deadline)
        answer = await_answer(
            self._link, lambda data: next(iter(self._answers.feed(data)), None), deadline, self.while_waiting
        )
        if answer is None:
            raise TimedOut(asked, "no answer", _NOT_HERE)
        if answer.echo != text:
            raise ProtocolViolation(asked, f"the echo is {shown(answer.echo)}", _NOT_HERE)
        self._in_step = True
        return answer.lines
