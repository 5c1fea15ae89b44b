# SPDX-License-Identifier: Apache-2.0
"""One channel of a Siglent SPD: a `Supply` and no more; its readings are too slow and too coarse for energy.

Source: Siglent SPD3303X Quick Start Guide; `protocol.py` and `dialect.py` say what else.
"""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.spd.dialect import PAUSE_S, SESSION, supply_dialect
from instruments.devices.spd.protocol import MODELS, is_limited, limits
from instruments.links.base import ScpiLink
from instruments.roles import Identity
from instruments.scpi.feeding import FeedingInstrument
from instruments.scpi.identity import Known
from instruments.scpi.paced import PacedLink


class Options(BaseModel):
    """`options` of an SPD in a bench file: the channel that feeds the DUT, from 1."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=2, description="the output that feeds the DUT")


class Spd(FeedingInstrument):
    """One channel of an SPD3303X, SPD3303X-E, SPD3303C, SPD1168X or SPD1305X."""

    to_front_panel = ""  # there is no such command
    dialect = SESSION
    known = Known("a Siglent SPD", MODELS.__contains__)

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(PacedLink(link, clock, PAUSE_S), clock)
        self._channel = (options or Options()).channel
        self._feed_by(supply_dialect(self._channel))

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if limits(identity.model, self._channel) is None:
            raise self._no_channel(
                self._channel, f"an {identity.model} has no channel {self._channel} that can be set"
            )
        self._supply.use(supply_dialect(self._channel, identity.model))
        channel = ("channel", str(self._channel))
        return replace(identity, detail=(*identity.detail, channel, self._output(deadline)))

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words that the output is at its current limit; empty if it is not, or off."""
        limited = self._session.ask_word("SYST:STAT?", deadline, lambda said: is_limited(said, self._channel))
        return "CC: at the current limit" if limited else ""
