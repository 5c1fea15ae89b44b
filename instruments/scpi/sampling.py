# SPDX-License-Identifier: Apache-2.0
"""The part that drivers of SCPI instruments share if these sample."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from instruments.clock import Deadline
from instruments.errors import Refused
from instruments.roles import Sampler, SamplerCapabilities, StreamItem
from instruments.scpi.fifo_logger import FifoDialect, FifoLogger
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.logger import Logger
from instruments.scpi.supply import set_up_in_blocks
from instruments.scpi.whole_log import WholeDialect, WholeLogger

LogDialect = FifoDialect | WholeDialect
# The kind of dialect decides how records are read.
LOGGERS: dict[type[LogDialect], Callable[..., Logger]] = {
    FifoDialect: FifoLogger,
    WholeDialect: WholeLogger,
}


class SamplingInstrument(ScpiInstrument):
    """Base of drivers that play sampler: they make their `_log`, most by `_log_by`, and set it up by `_set_up`."""

    capabilities = SamplerCapabilities(starts_on_edge=True)
    _log: Logger
    _period_s: float

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler, of the configured channel if there are several."""
        return cast(Sampler, self)

    def start(self, deadline: Deadline) -> None:
        """Arm the acquisition: it begins at the next edge on the trigger input, or at once, as it was set up."""
        self._log.start(self._period_s, deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was sampled since the last call; nothing comes before the trigger."""
        return self._told(self._log.poll(deadline))

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest."""
        return self._told(self._log.stop(deadline))

    def _log_by(self, dialect: LogDialect, period_s: float) -> None:
        """Sample with these commands, every `period_s` seconds until `configure` says otherwise."""
        self._log = LOGGERS[type(dialect)](self._session, self._clock, dialect, self._questionable)
        self._period_s = period_s

    def _set_up(
        self,
        blocks: tuple[tuple[str, tuple[str, ...]], ...],
        words: dict[str, str],
        deadline: Deadline,
        *,
        on_edge: bool,
    ) -> None:
        """Send the set-up of an acquisition, which starts on an edge or at once; one that runs is forgotten."""
        self._log.forget()
        set_up_in_blocks(self._session, blocks, words, deadline)
        self._log.at_once = not on_edge
        self.capabilities = replace(self.capabilities, starts_on_edge=on_edge)

    def _ask_period(self, query: str, least_s: float, most_s: float, deadline: Deadline) -> float:
        """Return the period (s) that the instrument reports; raise `Refused` for one that cannot be."""
        period_s = self._session.ask_number(query, deadline)
        if not least_s < period_s <= most_s:
            raise Refused(f"ask for the sample period ({query})", f"{period_s} s", "restart the instrument")
        return period_s

    def _told(self, items: Sequence[StreamItem]) -> Sequence[StreamItem]:
        """Return the items of the log to hand over; a driver may take out what is no sample: a logged pin."""
        return items
