# SPDX-License-Identifier: Apache-2.0
"""Keysight N6705B/C DC power analyzer (or N6700 mainframe) with an N678xA source/measure unit.

The module feeds the DUT and logs its current and voltage through the external data log (ELOG). The analyzer cannot
record edges; the log starts at the first falling edge on its trigger input (the low-true BNC of the N6705; on an
N6700, pin 1 of the digital port), so sample 0 begins at that edge.

Source of commands and behaviour: Keysight N6705C Operating and Service Guide, chapters "External Data Logging" and
"SCPI Programming Reference".
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.n6705.dialect import FIFO_S, LOG, N6700_TRIGGER_PIN, SIGNALS, log_dialect, supply_dialect
from instruments.devices.n6705.protocol import is_mainframe, is_smu, questionable
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
from instruments.scpi.blocks import format_number
from instruments.scpi.fifo_logger import FifoLogger
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.supply import ScpiSupply, set_up_in_blocks
from instruments.specifications import Specification, load, with_noise_at

DEFAULT_PERIOD_S = 204.8e-6  # the shortest for two parameters, 102.4 us each
_TABLE_MODULE = "N6781A"


class Options(BaseModel):
    """`options` of an N6705 in a bench file; `channel` is that of the source/measure unit, from 1."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=8)


class N6705(ScpiInstrument):
    """One SMU channel of an N6705 or N6700: a `Supply` and a `Sampler`.

    `current` and `voltage` are the means over each sample period, NaN where the instrument gave no usable number
    (an `OverRange` says so). There is no true power integral: the energy of a sample is the product of the two
    means and the period. There is no summary of a log: the minima and maxima that it can log are those of each
    record, and make records and the shortest period longer.
    """

    to_front_panel = "SYST:COMM:RLST LOC"
    rates = Rates(1 / 60, 1e5)
    capabilities = SamplerCapabilities(starts_on_edge=True, unread_s=0.9 * FIFO_S)

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock)
        self._channel = (options or Options()).channel
        self._ours = f"(@{self._channel})"
        self._log = FifoLogger(self._session, clock, log_dialect(self._ours), self._questionable)
        self._supply = ScpiSupply(self._session, link, clock, supply_dialect(self._ours))
        self._supply.before_off = self._log.forget
        self._supply.reason = self._questionable
        self._has_trigger_bnc = True
        self._module = ""
        self._period_s = DEFAULT_PERIOD_S

    def supply(self, channel: str = "") -> Supply:
        """Return the supply of the configured channel."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return the log of the configured channel."""
        return self

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if not is_mainframe(identity.model):
            who = f"a {identity.make} {identity.model} answers"
            raise Refused(f"open {self.name} as a Keysight N6705 or N6700", who, "check the instrument's address")
        self._has_trigger_bnc = identity.model.startswith("N6705")
        count = int(self._session.ask_number("SYST:CHAN?", deadline))
        if self._channel > count:
            raise Refused(f"use channel {self._channel}", f"the mainframe has {count}", "change `channel`")
        self._log.abort(deadline)
        self._module = self._session.ask(f"SYST:CHAN:MOD? {self._ours}", deadline).strip(' "')
        if not is_smu(self._module):
            holds = f"it holds a {self._module or 'module without a name'}, not an N678xA source/measure unit"
            raise Refused(f"use channel {self._channel}", holds, "set `channel` to the one with the SMU")
        output = "on" if self._supply.is_on(deadline) else "off"
        self._session.check("end an earlier log", deadline)
        detail = (("module", self._module), ("channel", str(self._channel)), ("output", output))
        return replace(identity, detail=detail)

    # --- sampler -------------------------------------------------------------------------------------------

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up the log and read it back; return what the instrument reports, not what it was sent."""
        rate_hz = self.rates.checked(settings.sample_rate_hz)
        self._log.forget()
        period_s = DEFAULT_PERIOD_S if rate_hz is None else 1 / rate_hz
        blocks = LOG if self._has_trigger_bnc else LOG + N6700_TRIGGER_PIN
        words = {
            "ours": self._ours,
            "period": format_number(period_s),
            "trigger": "EXT" if settings.on_edge else "IMM",
        }
        set_up_in_blocks(self._session, blocks, words, deadline)
        self.capabilities = replace(self.capabilities, starts_on_edge=settings.on_edge)
        for parameter in ("CURR", "VOLT"):
            query = f"SENS:ELOG:FUNC:{parameter}? {self._ours}"
            if not self._session.ask_number(query, deadline):
                raise Refused(query, "it is not logged", "check the module and its options")
        self._period_s = self._session.ask_number(f"SENS:ELOG:PER? {self._ours}", deadline)
        if not 1e-5 < self._period_s <= 60:
            raise Refused("ask for the sample period", f"{self._period_s} s", "restart the instrument")
        return AppliedSampling(signals(*SIGNALS, period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the limits of the 100 mA range, with the noise of one sample at the applied period."""
        # Noise falls approximately with the square root of the aperture (specifications guide, page 52).
        table = with_noise_at(load("instruments.devices.n6705"), self._period_s, DEFAULT_PERIOD_S, power=-0.5)
        if self._module in ("", _TABLE_MODULE):
            return table
        assumed = f"The limits of the {_TABLE_MODULE} are used for the {self._module}."
        return replace(table, assumptions=(*table.assumptions, assumed), assumed=True)

    def start(self, deadline: Deadline) -> None:
        """Arm the log: it begins at the next falling edge on the trigger input."""
        self._log.start(self._period_s, deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was logged since the last call; nothing arrives before the trigger."""
        return self._log.poll(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Fetch and return the rest, and end the log."""
        return self._log.stop(deadline)

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words what is questionable now or was since the last call; "" for nothing."""
        now = int(self._session.ask_number(f"STAT:QUES:COND? {self._ours}", deadline))
        latched = int(self._session.ask_number(f"STAT:QUES? {self._ours}", deadline))
        return questionable(now | latched)
