# SPDX-License-Identifier: Apache-2.0
"""The part that drivers of SCPI instruments share if these feed the DUT."""

from instruments.clock import Deadline
from instruments.roles import Supply
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.logger import Logger
from instruments.scpi.supply import ScpiSupply, SupplyDialect


class FeedingInstrument(ScpiInstrument):
    """Base of drivers that play supply: they call `_feed_by` when they are made."""

    _supply: ScpiSupply

    def supply(self, channel: str = "") -> Supply:
        """Return the supply, of the configured channel if there are several."""
        return self._supply

    def _feed_by(self, dialect: SupplyDialect, log: Logger | None = None) -> None:
        """Feed with these commands; `log` is the acquisition that ends when the output goes off."""
        self._supply = ScpiSupply(self._session, self._link, self._clock, dialect)
        self._supply.reason = self._questionable
        if log is not None:
            self._supply.before_off = log.forget

    def _output(self, deadline: Deadline) -> tuple[str, str]:
        """Return a detail of the identity: whether the output is on."""
        return "output", "on" if self._supply.is_on(deadline) else "off"
