# SPDX-License-Identifier: Apache-2.0
"""The output watchdog of an N6700C mainframe: without SCPI activity for some time, it disables all its outputs.

Since it acts on the whole mainframe, it is armed only while no other channel is on. Source: Keysight N6700C
Operating and Service Guide, "Watchdog Timer Protection". The guide of the N6705C does not describe one, so none is
used there.
"""

from collections.abc import Sequence

from instruments.clock import Deadline
from instruments.devices.n6705.dialect import WATCHDOG_OFF, WATCHDOG_ON
from instruments.errors import Refused
from instruments.scpi.session import ScpiSession


class OutputWatchdog:
    """The watchdog of a mainframe, for the one who switches a channel; `others` are its other channels."""

    def __init__(self, session: ScpiSession) -> None:
        self.there = False
        self.others: Sequence[int] = ()
        self._session = session
        self._armed = False

    def arm(self, deadline: Deadline) -> None:
        """Arm it, unless there is none or it would switch off somebody else's output."""
        self._armed = False
        if not self.there or self._others_are_on(deadline):
            return
        for command in WATCHDOG_ON:
            self._session.send(command, deadline)
        try:
            self._session.check("arm the output watchdog", deadline)
        except Refused:  # an earlier firmware: the supply is no worse off than without a watchdog
            return
        self._armed = True

    def keep_alive(self, deadline: Deadline) -> None:
        """Let it begin anew to wait, if it is armed."""
        if self._armed:
            self._session.send(WATCHDOG_ON[-1], deadline)

    def disarm(self, deadline: Deadline) -> None:
        """Disarm it: our own, and one that a killed run has left, but not that of another channel."""
        if self.there and (self._armed or not self._others_are_on(deadline)):
            self._session.send(WATCHDOG_OFF, deadline)
        self._armed = False

    def _others_are_on(self, deadline: Deadline) -> bool:
        channels = ",".join(str(channel) for channel in self.others)
        return bool(channels) and any(self._session.ask_numbers(f"OUTP? (@{channels})", deadline))
