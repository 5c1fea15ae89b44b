# SPDX-License-Identifier: Apache-2.0
"""R&S NGU201 or NGU401 source measure unit, NGM201 or NGM202 supply: feeds the DUT and logs through FastLog.

The instrument cannot record edges; FastLog starts at the first edge on pin 3 of its digital I/O connector, so
sample 0 begins at that edge. It takes rising edges, too: the timestamp pin must be high when the log is armed.

Source: R&S NGU User Manual 1179.2531.02-03, "Data logging commands"; `dialect.py` and `protocol.py` say what else.
"""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.ngu import dialect
from instruments.devices.ngu.protocol import RATES, SIGNALS, period_s, rates_from
from instruments.errors import Refused
from instruments.links.base import ScpiLink
from instruments.roles import AppliedSampling, Identity, Rates, SamplerCapabilities, SamplingSettings, signals
from instruments.scpi.feeding import FeedingInstrument
from instruments.scpi.sampling import SamplingInstrument
from instruments.specifications import Specification, load, with_noise_at

# 15.625 kHz where the firmware has halves of 500 kHz: a minute makes 7.5 MB. Up to 500 kHz can be asked for.
DEFAULT_RATE_HZ = 10e3


class Options(BaseModel):
    """`options` of an NGM in a bench file: the channel that feeds the DUT; an NGM201 has one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=2, description="the output that feeds the DUT")


class Ngu(FeedingInstrument, SamplingInstrument):
    """A `Supply` and a `Sampler` of `voltage` and `current`, the means over each sample period.

    They are NaN where the instrument gave no usable number (an `OverRange` says so). There is no true power
    integral: the energy of a sample is the product of the two means and the period. No document at hand describes
    a summary of what FastLog recorded.
    """

    family = dialect.NGU
    rates = Rates(min(RATES.values()), max(RATES.values()))
    capabilities = SamplerCapabilities(starts_on_edge=True, unread_s=dialect.UNREAD_S)

    def __init__(self, link: ScpiLink, clock: Clock, options: object = None) -> None:
        super().__init__(link, clock)
        self._channel = options.channel if isinstance(options, Options) else 1
        self._ours = self.family.ours(self._channel)
        self.known = self.family.known
        self.status = dialect.status_dialect(self._channel)
        self._log_by(dialect.log_dialect(self.family, self._channel), self.family.noise_period_s)
        self._feed_by(dialect.supply_dialect(self.family, self._channel), self._log)

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if self._channel > self.family.channels[identity.model]:
            raise self._no_channel(self._channel, f"an {identity.model} has one")
        self._log.abort(deadline)
        output = self._output(deadline)
        self._session.check("end an earlier log", deadline)
        return replace(identity, detail=(("channel", str(self._channel)),) * bool(self._ours) + (output,))

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set FastLog to the lowest rate that is at least the one asked for; the period is read back."""
        rate_hz = self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        words = {"on_edge": str(int(settings.on_edge))}
        blocks = dialect.log_set_up(self.family, self._channel)
        self._set_up(blocks, words, deadline, on_edge=settings.on_edge)
        self._set_rate(rates_from(rate_hz), deadline)
        self._period_s = self._session.ask_word(f"{self._ours}FLOG:SRAT?", deadline, period_s)
        return AppliedSampling(signals(*SIGNALS, period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the limits of the 100 mA range, with the noise of one sample at our period."""
        table, reference_s = load(self.family.specification), self.family.noise_period_s
        return with_noise_at(table, self._period_s, reference_s, power=-0.5)

    def _set_rate(self, names: list[str], deadline: Deadline) -> None:
        """Set the first rate that the firmware knows: one version has halves of 500 kHz, another decades."""
        for name in names:
            self._session.send(f"{self._ours}FLOG:SRAT S{name}", deadline)
            refused = self._session.errors(deadline)
            if not refused:
                return
        raise Refused("set the sample rate", f"{self.name} knows none of {', '.join(names)}: {refused[-1]}")


class Ngm(Ngu):
    """An NGM201 or one channel of an NGM202, with the same log as an NGU."""

    family = dialect.NGM
    rates = Rates(100.0, 500e3)
