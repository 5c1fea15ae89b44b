# SPDX-License-Identifier: Apache-2.0
"""R&S NGU201 or NGU401 source measure unit, NGM201 or NGM202 supply: feeds the DUT and logs through FastLog.

The instrument cannot record edges; FastLog starts at the first edge on pin 3 of its digital I/O connector, so
sample 0 begins at that edge. It takes rising edges, too: the timestamp pin must be high when the log is armed.

Source: R&S NGU User Manual 1179.2531.02-03, "Data logging commands"; `dialect.py` and `protocol.py` say what else.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.ngu.dialect import NGM, NGU, UNREAD_S, log_dialect, log_set_up, supply_dialect
from instruments.devices.ngu.protocol import RATES, SIGNALS, period_s, questionable, rates_from
from instruments.errors import Refused
from instruments.links.base import ScpiLink
from instruments.roles import (
    AppliedSampling,
    Identity,
    Rates,
    Sampler,
    SamplerCapabilities,
    SamplingSettings,
    StreamItem,
    Supply,
    signals,
)
from instruments.scpi.fifo_logger import FifoLogger
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.supply import ScpiSupply, set_up_in_blocks
from instruments.specifications import Specification, load, with_noise_at

# 15.625 kHz where the firmware has halves of 500 kHz: a minute makes 7.5 MB. Up to 500 kHz can be asked for.
DEFAULT_RATE_HZ = 10e3


class Options(BaseModel):
    """`options` of an NGM in a bench file: the channel that feeds the DUT; an NGM201 has one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=2)


class Ngu(ScpiInstrument):
    """A `Supply` and a `Sampler` of `voltage` and `current`, the means over each sample period.

    They are NaN where the instrument gave no usable number (an `OverRange` says so). There is no true power
    integral: the energy of a sample is the product of the two means and the period. No document at hand describes
    a summary of what FastLog recorded.
    """

    family = NGU
    rates = Rates(min(RATES.values()), max(RATES.values()))
    capabilities = SamplerCapabilities(starts_on_edge=True, unread_s=UNREAD_S)

    def __init__(self, link: ScpiLink, clock: Clock, options: object = None) -> None:
        super().__init__(link, clock)
        self._channel = options.channel if isinstance(options, Options) else 1
        self._ours = self.family.ours(self._channel)
        log = log_dialect(self.family, self._channel)
        self._log = FifoLogger(self._session, clock, log, self._questionable)
        self._supply = ScpiSupply(self._session, link, clock, supply_dialect(self.family, self._channel))
        self._supply.before_off = self._log.forget
        self._supply.reason = self._questionable
        self._period_s = self.family.noise_period_s

    def supply(self, channel: str = "") -> Supply:
        """Return the supply."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return FastLog."""
        return self

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if not re.fullmatch(self.family.models, identity.model):
            who = f"a {identity.make} {identity.model} answers"
            raise Refused(f"open {self.name} as an {self.family.title}", who, "check the instrument's address")
        if self._channel > self.family.channels[identity.model]:
            raise Refused(f"use channel {self._channel}", f"an {identity.model} has one", "change `channel`")
        self._log.abort(deadline)
        output = "on" if self._supply.is_on(deadline) else "off"
        self._session.check("end an earlier log", deadline)
        return replace(
            identity, detail=(("channel", str(self._channel)),) * bool(self._ours) + (("output", output),)
        )

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set FastLog to the lowest rate that is at least the one asked for; the period is read back."""
        rate_hz = self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        self._log.forget()
        blocks = log_set_up(self.family, self._channel)
        set_up_in_blocks(self._session, blocks, {"on_edge": str(int(settings.on_edge))}, deadline)
        self.capabilities = replace(self.capabilities, starts_on_edge=settings.on_edge)
        self._set_rate(rates_from(rate_hz), deadline)
        self._period_s = self._session.ask_word(f"{self._ours}FLOG:SRAT?", deadline, period_s)
        return AppliedSampling(signals(*SIGNALS, period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the limits of the 100 mA range, with the noise of one sample at our period."""
        table, reference_s = load(self.family.specification), self.family.noise_period_s
        return with_noise_at(table, self._period_s, reference_s, power=-0.5)

    def start(self, deadline: Deadline) -> None:
        """Arm FastLog: it begins at the next edge on the trigger input."""
        self._log.start(self._period_s, deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was logged since the last call; nothing comes before the trigger."""
        return self._log.poll(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Wait for the piece that is being filled, end the log, and return what is left."""
        return self._log.stop(deadline)

    def _set_rate(self, names: list[str], deadline: Deadline) -> None:
        """Set the first rate that the firmware knows: one version has halves of 500 kHz, another decades."""
        for name in names:
            self._session.send(f"{self._ours}FLOG:SRAT S{name}", deadline)
            refused = self._session.errors(deadline)
            if not refused:
                return
        raise Refused("set the sample rate", f"{self.name} knows none of {', '.join(names)}: {refused[-1]}")

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words what is questionable now or was since the last question; empty if nothing is."""
        summary = f"STAT:QUES:INST:ISUM{self._channel}"
        now = self._session.ask_whole(f"{summary}:COND?", deadline)
        latched = self._session.ask_whole(f"{summary}?", deadline)
        return questionable(now | latched)


class Ngm(Ngu):
    """An NGM201 or one channel of an NGM202, with the same log as an NGU."""

    family = NGM
    rates = Rates(100.0, 500e3)
