# SPDX-License-Identifier: Apache-2.0
"""The integrator of a WT310E: started before the first sample, read with each, and left as it was found.

With the mode `NORMal` and a timer of 0 it runs until it is stopped, for 10,000 hours at most (IM WT310E-01EN, page
5-1). While it runs, ranges and update rate cannot be changed; `STOP` of one that does not run is an error.
"""

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, shown
from instruments.scpi.session import ScpiSession

_MODE, _TIMER = "NORM", "0,0,0"  # until it is stopped
# By the first letters of what `INTEG:STAT?` says: why it does not run.
_STATES = {
    "STAR": "",
    "RES": "it was reset",
    "STOP": "it was stopped",
    "TIM": "its timer has ended it",
    "ERR": "it has broken off, as after a loss of mains",
    "READ": "it waits for a time of day",
}
_RUNS = ("STAR", "READ")


def state(answer: str) -> str:
    """Return the state in an answer to `INTEG:STAT?`, by its first letters."""
    word = answer.strip().upper()
    for known in _STATES:
        if word.startswith(known):
            return known
    raise ProtocolViolation("ask for the state of the integrator", shown(answer), "check the model")


class WattHours:
    """The integrator behind one session."""

    def __init__(self, session: ScpiSession) -> None:
        self._session = session
        self._found: dict[str, str] = {}

    def take_over(self, deadline: Deadline) -> str:
        """End what another program left running, and return its state as it was found; settings are noted."""
        self._found = {}
        found = self._state(deadline)
        self.end(deadline)
        self._found = {name: self._session.ask(f"INTEG:{name}?", deadline).strip() for name in ("MODE", "TIM")}
        self._set(_MODE, _TIMER, deadline)
        self._session.check("take over the integrator", deadline)
        return found

    def start(self, deadline: Deadline) -> None:
        """Begin from zero."""
        self.end(deadline)
        self._session.send("INTEG:STAR", deadline)

    def why_still(self, deadline: Deadline) -> str:
        """Return in words why it does not run; "" if it does."""
        return _STATES[self._state(deadline)]

    def end(self, deadline: Deadline) -> None:
        """Stop it if it runs, and forget its sum; errors stay in the meter's queue."""
        now = self._state(deadline)
        if now in _RUNS:
            self._session.send("INTEG:STOP", deadline)
        if now != "RES":
            self._session.send("INTEG:RES", deadline)

    def put_back(self, deadline: Deadline) -> None:
        """End it and set mode and timer as they were found; the sum of another program is gone for good."""
        if self._found:
            self.end(deadline)
            self._set(self._found["MODE"], self._found["TIM"], deadline)
            self._found = {}

    def _state(self, deadline: Deadline) -> str:
        return self._session.ask_word("INTEG:STAT?", deadline, state)

    def _set(self, mode: str, timer: str, deadline: Deadline) -> None:
        self._session.send(f"INTEG:MODE {mode}", deadline)
        self._session.send(f"INTEG:TIM {timer}", deadline)
