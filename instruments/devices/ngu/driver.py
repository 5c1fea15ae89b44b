# SPDX-License-Identifier: Apache-2.0
"""R&S NGU201 or NGU401 source measure unit: feeds the DUT and logs voltage and current through FastLog.

The instrument cannot record edges; FastLog starts at the first edge on pin 3 of its digital I/O connector, so
sample 0 begins at that edge. It takes rising edges, too: the timestamp pin must be high when the log is armed.

Source: R&S NGU User Manual 1179.2531.02-03, "Data logging commands"; `dialect.py` and `protocol.py` say what else.
"""

from collections.abc import Sequence
from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.devices.ngu.dialect import LOG, LOG_DIALECT, SUPPLY_DIALECT, UNREAD_S
from instruments.devices.ngu.protocol import RATES, SIGNALS, is_ngu, period_s, questionable, rates_from
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
_NOISE_PERIOD_S = 64e-6  # what the noise in the table holds for


class Ngu(ScpiInstrument):
    """A `Supply` and a `Sampler` of `voltage` and `current`, the means over each sample period.

    They are NaN where the instrument gave no usable number (an `OverRange` says so). There is no true power
    integral: the energy of a sample is the product of the two means and the period. No document at hand describes
    a summary of what FastLog recorded.
    """

    rates = Rates(min(RATES.values()), max(RATES.values()))
    capabilities = SamplerCapabilities(starts_on_edge=True, unread_s=UNREAD_S)

    def __init__(self, link: ScpiLink, clock: Clock, options: object = None) -> None:
        super().__init__(link, clock)
        self._log = FifoLogger(self._session, clock, LOG_DIALECT, self._questionable)
        self._supply = ScpiSupply(self._session, link, clock, SUPPLY_DIALECT)
        self._supply.before_off = self._log.forget
        self._supply.reason = self._questionable
        self._period_s = _NOISE_PERIOD_S

    def supply(self, channel: str = "") -> Supply:
        """Return the supply."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return FastLog."""
        return self

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if not is_ngu(identity.model):
            who = f"a {identity.make} {identity.model} answers"
            raise Refused(f"open {self.name} as an R&S NGU201 or NGU401", who, "check the instrument's address")
        self._log.abort(deadline)
        output = "on" if self._supply.is_on(deadline) else "off"
        self._session.check("end an earlier log", deadline)
        return replace(identity, detail=(("output", output),))

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set FastLog to the lowest rate that is at least the one asked for; the period is read back."""
        rate_hz = self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        self._log.forget()
        set_up_in_blocks(self._session, LOG, {"on_edge": str(int(settings.on_edge))}, deadline)
        self.capabilities = replace(self.capabilities, starts_on_edge=settings.on_edge)
        self._set_rate(rates_from(rate_hz), deadline)
        self._period_s = period_s(self._session.ask("FLOG:SRAT?", deadline))
        return AppliedSampling(signals(*SIGNALS, period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the limits of the 100 mA range, with the noise of one sample at our period."""
        return with_noise_at(load("instruments.devices.ngu"), self._period_s, _NOISE_PERIOD_S, power=-0.5)

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
            self._session.send(f"FLOG:SRAT S{name}", deadline)
            refused = self._session.errors(deadline)
            if not refused:
                return
        raise Refused("set the sample rate", f"{self.name} knows none of {', '.join(names)}: {refused[-1]}")

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words what is questionable now or was since the last question; empty if nothing is."""
        now = int(self._session.ask_number("STAT:QUES:INST:ISUM1:COND?", deadline))
        latched = int(self._session.ask_number("STAT:QUES:INST:ISUM1?", deadline))
        return questionable(now | latched)
