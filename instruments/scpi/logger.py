# SPDX-License-Identifier: Apache-2.0
"""The part that all acquisitions over SCPI share, however their records are read."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.errors import InstrumentError, Refused
from instruments.roles import Note, StreamItem
from instruments.scpi.session import ScpiSession

_STATUS_EVERY_S = 1.0


def nothing_questionable(deadline: Deadline) -> str:
    """Return "": the instrument is not asked whether anything is questionable."""
    return ""


class Logger:
    """The log of one channel, from `start` to `stop`; sample 0 is the first record.

    `arm` and `abort` are the commands that begin and end it. `questionable` says in words what was wrong with the
    output since its last call; "" means nothing. `longest_s` is after what time the log ends by itself (s), and
    `at_once` that it waits for no trigger: a driver states both when it has set the log up.
    """

    arming, during = "arm the log", "during the log"  # for messages: what was asked, and when an error happened

    def __init__(
        self,
        session: ScpiSession,
        clock: Clock,
        arm: Sequence[str],
        abort: Sequence[str],
        questionable: Callable[[Deadline], str] = nothing_questionable,
    ) -> None:
        self.running = False
        self.longest_s = math.inf
        self.at_once = False
        self._session = session
        self._clock = clock
        self._arm = arm
        self._abort = abort
        self._questionable = questionable
        self._period_s = 1.0
        self._armed_ns = self._status_ns = 0
        self._ready: list[StreamItem] = []

    def forget(self) -> None:
        """Treat the log as ended without sending anything; the records left in the instrument are not fetched."""
        self.running = False

    def start(self, period_s: float, deadline: Deadline) -> None:
        """Arm the log; raise `Refused` if the instrument reports an error."""
        self._questionable(deadline)  # the query clears what was latched before
        self._period_s, self._ready = period_s, []
        self._armed_ns = self._status_ns = self._clock.now_ns()
        self._reset()
        self.running = True  # before the first command: if one fails on its way, the log may be armed
        for command in self._arm:
            self._session.send(command, deadline)
        try:
            self._session.check(self.arming, deadline)
        except Refused:
            self.running = False
            raise
        self._wait_until_armed(deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was logged since the last call and, once a second, errors and questionable states.

        After an error, the next call returns the items that were already complete.
        """
        if self.running:
            self._fetch(deadline)
            if self._clock.now_ns() - self._status_ns >= _STATUS_EVERY_S * NS_PER_S:
                self._watch(deadline)
        return self._hand_over()

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the log and return the rest of it; safe to call when none is running."""
        if self.running:
            try:
                self._complete(deadline)
            except InstrumentError:
                with suppress(InstrumentError):
                    self.abort(deadline)
                raise
            self._end(deadline)
        return self._hand_over()

    def abort(self, deadline: Deadline) -> None:
        """End the log without fetching the records left in the instrument."""
        self.running = False
        for command in self._abort:
            self._session.send(command, deadline)

    def _reset(self) -> None:
        """Forget the acquisition before; this one is about to be armed."""

    def _wait_until_armed(self, deadline: Deadline) -> None:
        """Wait until the instrument says that the log is armed, where it can say so."""

    def _fetch(self, deadline: Deadline, *, final: bool = False) -> None:
        """Read what there is, where records can be read before the end; `final`: for the last time."""

    def _watch(self, deadline: Deadline) -> None:
        """Ask what is questionable, and for errors."""
        raise NotImplementedError

    def _complete(self, deadline: Deadline) -> None:
        """Read the rest."""
        raise NotImplementedError

    def _end(self, deadline: Deadline) -> None:
        """End a log whose rest was read while it ran."""

    def _say_errors(self, deadline: Deadline, after: int | None = None, before: int | None = None) -> None:
        """Note the instrument's errors, which happened between these samples; None where that is not known."""
        for error in self._session.errors(deadline):
            text = f"error {self.during}: {error}"
            self._ready.append(Note(text, suspicious=True, about="error", after=after, before=before))

    def _hand_over(self) -> Sequence[StreamItem]:
        items, self._ready = self._ready, []
        return items
