# SPDX-License-Identifier: Apache-2.0
"""One channel of a Rigol DP800: a `Supply` and no more; its readings are too slow and too coarse for energy.

Source: RIGOL DP800 Programming Guide; `protocol.py` says which pages. LAN instruments listen on port 5555.
"""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.dp800.dialect import SESSION, TRIPS, supply_dialect
from instruments.devices.dp800.protocol import is_on, limits, series
from instruments.links.base import ScpiLink
from instruments.roles import Identity
from instruments.scpi.feeding import FeedingInstrument
from instruments.scpi.identity import Known


class Options(BaseModel):
    """`options` of a DP800 in a bench file: the channel that feeds the DUT, from 1."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=3, description="the output that feeds the DUT")


class Dp800(FeedingInstrument):
    """One positive channel of a DP811, DP821, DP831 or DP832, with or without A."""

    to_front_panel = ":SYST:LOC"
    dialect = SESSION
    known = Known("a Rigol DP800", series)

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock)
        self._channel = (options or Options()).channel
        self._feed_by(supply_dialect(self._channel))

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if limits(identity.model, self._channel) is None:
            raise self._no_channel(self._channel, f"a {identity.model} has no positive channel {self._channel}")
        self._supply.use(supply_dialect(self._channel, identity.model))
        return replace(identity, detail=(("channel", str(self._channel)), self._output(deadline)))

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words which protection has switched the output off; empty if none has."""
        ours = f"CH{self._channel}"
        asked = [(text, self._session.ask(question.format(ours=ours), deadline)) for text, question in TRIPS]
        return "; ".join(text for text, answer in asked if is_on(answer))
