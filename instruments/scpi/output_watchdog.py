# SPDX-License-Identifier: Apache-2.0
"""The output watchdog of an instrument: without SCPI activity for some time, it disables its outputs by itself.

Where it acts on a whole mainframe, it is armed only while no other channel is on.
"""

import re
from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.errors import ProtocolViolation, Refused
from instruments.scpi.session import ScpiSession

MOST_CHANNELS = 16  # of a mainframe and those grouped with it


@dataclass(frozen=True)
class WatchdogDialect:
    """The commands of a watchdog on the `models` (a regular expression) whose guide describes it.

    `count` asks how many channels there are, `outputs` which of them are on, with `{count}` replaced; `own` is the
    channel of the supply, from 1.
    """

    models: str
    on: tuple[str, ...]
    off: str
    count: str
    outputs: str
    own: int


class OutputWatchdog:
    """The watchdog, as the supply of one channel uses it; without dialect, or on another model, there is none."""

    def __init__(self, session: ScpiSession, dialect: WatchdogDialect | None) -> None:
        self._session = session
        self._dialect = dialect
        self._armed = False

    def arm(self, deadline: Deadline) -> None:
        """Arm it, unless there is none or it would switch off somebody else's output."""
        self._armed = False
        dialect = self._there()
        if dialect is None or self._others_are_on(dialect, deadline):
            return
        for command in dialect.on:
            self._session.send(command, deadline)
        try:
            self._session.check("arm the output watchdog", deadline)
        except Refused:  # an earlier firmware: the supply is no worse off than without a watchdog
            return
        self._armed = True

    def keep_alive(self, deadline: Deadline) -> None:
        """Let it begin anew to wait, if it is armed."""
        if self._armed and self._dialect is not None:
            self._session.send(self._dialect.on[-1], deadline)

    def disarm(self, deadline: Deadline) -> None:
        """Disarm it: our own, and one that a killed run has left, but not that of another channel."""
        dialect = self._there()
        if dialect is not None and (self._armed or not self._others_are_on(dialect, deadline)):
            self._session.send(dialect.off, deadline)
        self._armed = False

    def _there(self) -> WatchdogDialect | None:
        dialect = self._dialect
        return dialect if dialect is not None and re.fullmatch(dialect.models, self._session.model) else None

    def _others_are_on(self, dialect: WatchdogDialect, deadline: Deadline) -> bool:
        count = self._session.ask_whole(dialect.count, deadline, MOST_CHANNELS)
        query = dialect.outputs.format(count=count)
        on = self._session.ask_numbers(query, deadline)
        if len(on) != count or count < dialect.own:
            came = f"{len(on)} states of {count} channels"
            raise ProtocolViolation(f"ask {self._session.name} {query!r}", came, "start again")
        return any(state for channel, state in enumerate(on, start=1) if channel != dialect.own)
