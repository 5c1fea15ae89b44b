# SPDX-License-Identifier: Apache-2.0
"""A meter's own integrator: started before the first sample, read with each, and left as it was found."""

from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, shown
from instruments.scpi.session import ScpiSession


@dataclass(frozen=True)
class IntegratorDialect:
    """One meter's commands.

    The answer to the query `state` begins with a key of `states`; its value says in words why the integrator is
    idle, and is empty while it runs. `runs` are the states in which it takes `stop`, `clear` is the one in which
    it holds no sum. `settings`, a command's header and its value, let it run until it is stopped; the values that
    were found there are put back.
    """

    start: str
    stop: str
    reset: str
    state: str
    states: dict[str, str]
    runs: tuple[str, ...]
    clear: str
    settings: dict[str, str]

    def state_of(self, answer: str) -> str:
        """Return the state in an answer, by its first letters; raise `ProtocolViolation` for an unknown one."""
        word = answer.strip().upper()
        for known in self.states:
            if word.startswith(known):
                return known
        raise ProtocolViolation("ask for the state of the integrator", shown(answer), "check the model")


class ScpiIntegrator:
    """The integrator behind one session."""

    def __init__(self, session: ScpiSession, dialect: IntegratorDialect) -> None:
        self._session = session
        self._dialect = dialect
        self._found: dict[str, str] = {}

    def take_over(self, deadline: Deadline) -> str:
        """End what another program left running; return the state that was found. Its settings are noted."""
        self._found = {}
        found = self._state(deadline)
        self.end(deadline)
        self._found = {name: self._session.ask(f"{name}?", deadline).strip() for name in self._dialect.settings}
        self._set(self._dialect.settings, deadline)
        self._session.check("take over the integrator", deadline)
        return found

    def start(self, deadline: Deadline) -> None:
        """Begin from zero."""
        self.end(deadline)
        self._session.send(self._dialect.start, deadline)

    def why_idle(self, deadline: Deadline) -> str:
        """Return in words why it does not run; "" if it does."""
        return self._dialect.states[self._state(deadline)]

    def end(self, deadline: Deadline) -> None:
        """Stop it if it runs, and forget its sum; errors stay in the meter's queue."""
        now = self._state(deadline)
        if now in self._dialect.runs:
            self._session.send(self._dialect.stop, deadline)
        if now != self._dialect.clear:
            self._session.send(self._dialect.reset, deadline)

    def put_back(self, deadline: Deadline) -> None:
        """End it and put back the settings that were found; the sum of another program cannot be put back."""
        if self._found:
            self.end(deadline)
            self._set(self._found, deadline)
            self._found = {}

    def _state(self, deadline: Deadline) -> str:
        return self._session.ask_word(self._dialect.state, deadline, self._dialect.state_of)

    def _set(self, values: dict[str, str], deadline: Deadline) -> None:
        for name, value in values.items():
            self._session.send(f"{name} {value}", deadline)
