# SPDX-License-Identifier: Apache-2.0
"""One channel of a Siglent SPD: a `Supply` and no more; its readings are too slow and too coarse for energy.

Source: Siglent SPD3303X Quick Start Guide; `protocol.py` and `dialect.py` say what else.
"""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.spd.dialect import PAUSE_S, SESSION, supply_dialect
from instruments.devices.spd.protocol import MODELS, is_limited, limits
from instruments.errors import Refused
from instruments.links.base import ScpiLink
from instruments.roles import Identity, Supply
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.paced import PacedLink
from instruments.scpi.supply import ScpiSupply


class Options(BaseModel):
    """`options` of an SPD in a bench file: the channel that feeds the DUT, from 1."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=2)


class Spd(ScpiInstrument):
    """One channel of an SPD3303X, SPD3303X-E, SPD3303C, SPD1168X or SPD1305X."""

    to_front_panel = ""  # there is no such command
    dialect = SESSION

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        paced = PacedLink(link, clock, PAUSE_S)
        super().__init__(paced, clock)
        self._channel = (options or Options()).channel
        self._supply = ScpiSupply(self._session, paced, clock, supply_dialect(self._channel))
        self._supply.reason = self._limited

    def supply(self, channel: str = "") -> Supply:
        """Return the supply of the configured channel."""
        return self._supply

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if identity.model not in MODELS:
            who = f"a {identity.make} {identity.model} answers"
            raise Refused(f"open {self.name} as a Siglent SPD", who, "check the instrument's address")
        if limits(identity.model, self._channel) is None:
            said = f"an {identity.model} has no channel {self._channel} that can be set"
            raise Refused(f"use channel {self._channel}", said, "change `channel`")
        self._supply.use(supply_dialect(self._channel, identity.model))
        output = "on" if self._supply.is_on(deadline) else "off"
        detail = (*identity.detail, ("channel", str(self._channel)), ("output", output))
        return replace(identity, detail=detail)

    def _limited(self, deadline: Deadline) -> str:
        """Return in words that the output is at its current limit; empty if it is not, or off."""
        limited = self._session.ask_word("SYST:STAT?", deadline, lambda said: is_limited(said, self._channel))
        return "CC: at the current limit" if limited else ""
