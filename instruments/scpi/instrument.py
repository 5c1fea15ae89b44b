# SPDX-License-Identifier: Apache-2.0
"""Opening and closing, the same for all SCPI instruments; `feeding.py` and `sampling.py` add the roles."""

from contextlib import suppress

from instruments.clock import Clock, Deadline
from instruments.errors import InstrumentError, Refused
from instruments.links.base import ScpiLink
from instruments.roles import Identity, Instrument
from instruments.scpi.identity import Known, parse_identity
from instruments.scpi.session import ScpiSession, SessionDialect
from instruments.scpi.status import StatusDialect, questionable

_LOCAL_S = 1.0


class ScpiInstrument(Instrument):
    """Base of drivers that speak SCPI; `to_front_panel` is the command that ends remote control, if there is one.

    `dialect` says how the instrument's answers are kept in step, where it is not by the book. `known` says which
    instruments the driver drives, `status` where the instrument tells that something is questionable.

    In `_examined`, a driver checks module and channel and ends what an earlier run left running.
    """

    to_front_panel = "SYST:LOC"
    dialect = SessionDialect()
    known = Known()
    status: StatusDialect | None = None

    def __init__(self, link: ScpiLink, clock: Clock) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._session = ScpiSession(link, link.name, self.dialect)
        self._is_open = False

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end an acquisition that an earlier run left running, and return the instrument's identity.

        The output stays as it was found. Raises `Refused` for another make or model.
        """
        self._link.open(deadline)
        try:
            self._greet(deadline)
            # Read out errors of an earlier run; `*CLS` would clear the status of other channels too.
            self._session.errors(deadline)
            said = parse_identity(self._session.ask("*IDN?", deadline))
            self._session.model = said.model
            self.known.check(said, self.name)
            identity = self._examined(said, deadline)
        except BaseException:
            self._link.close()
            raise
        self._is_open = True
        return identity

    def close(self) -> None:
        """Return control to the front panel and release the link; safe to call twice."""
        was_open, self._is_open = self._is_open, False
        try:
            if was_open and self.to_front_panel:
                with suppress(InstrumentError):
                    self._session.send(self.to_front_panel, self._clock.deadline(_LOCAL_S))
        finally:
            self._link.close()

    def _greet(self, deadline: Deadline) -> None:
        """Make sure that answers belong to their queries, before anything else is asked."""
        self._session.synchronise(deadline)

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        """Return the identity, completed by the driver, or raise `Refused`."""
        raise NotImplementedError

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words what is questionable now or was since the last call; "" if nothing is, or is asked."""
        return questionable(self._session, self.status, deadline) if self.status is not None else ""

    def _no_channel(self, channel: int, came: str) -> Refused:
        return Refused(f"use channel {channel}", came, "change `channel`")
