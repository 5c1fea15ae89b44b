# SPDX-License-Identifier: Apache-2.0
"""Yokogawa WT310E: samples what a DUT draws from a supply of its own, such as the mains. It feeds nothing.

Its integrator (`INTEG`) runs from before the first sample until after the last, and is read with each sample. The
difference of two such readings is the instrument's own summary of the samples between them (`running_sum.py`).
Sources: see `dialect.py`.
"""

from contextlib import suppress
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.wt310 import dialect
from instruments.devices.wt310.protocol import is_wt310
from instruments.errors import InstrumentError, Refused
from instruments.links.base import ScpiLink
from instruments.roles import AppliedSampling, Identity, Rates, SamplerCapabilities, SamplingSettings, signals
from instruments.scpi.identity import Known
from instruments.scpi.integrator import ScpiIntegrator
from instruments.scpi.sampling import SamplingInstrument
from instruments.scpi.session import SessionDialect
from instruments.scpi.update_meter import UpdateMeter
from instruments.specifications import Specification, load, scaled

DEFAULT_PERIOD_S = 0.5
_PUT_BACK_S = 1.0
_TABLE_W = 15.0 * 0.05  # the product of the ranges for which the table states its limits


class Options(BaseModel):
    """The ranges, which stay: a limit of error is a share of their product."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    voltage_range_v: float = Field(default=15.0, gt=0, description="voltage range in volt")
    current_range_a: float = Field(default=0.05, gt=0, description="current range in ampere")


class Wt310(SamplingInstrument):
    """A `Sampler` of `power`, the true mean of each update, with `current` and `voltage` as means (mode DC)."""

    rates = Rates(0.2, 2.0, only=tuple(1 / period_s for period_s in dialect.UPDATES))
    to_front_panel = "COMM:REM OFF"
    dialect = SessionDialect(errors=dialect.ERRORS)
    known = Known("a Yokogawa WT310E", is_wt310)
    capabilities = SamplerCapabilities(unread_s=DEFAULT_PERIOD_S)  # a reading is overwritten after one update

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock)
        self._options = options or Options()
        self._period_s = DEFAULT_PERIOD_S
        self._integrator = ScpiIntegrator(self._session, dialect.INTEGRATOR)
        self._log = UpdateMeter(self._session, clock, dialect.UPDATE_DIALECT, self._integrator)

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        for command in ("COMM:REM ON", "COMM:HEAD OFF"):
            self._session.send(command, deadline)
        found = self._integrator.take_over(deadline)
        return replace(identity, kind="monitor", detail=(("integrator", found),))

    def close(self) -> None:
        """Leave the integrator as it was found, return control to the front panel and release the link."""
        try:
            if self._is_open:
                with suppress(InstrumentError):
                    self._integrator.put_back(self._clock.deadline(_PUT_BACK_S))
        finally:
            super().close()

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set ranges and update rate; both are read back."""
        rate_hz = self.rates.checked(settings.sample_rate_hz)
        period_s = 1 / rate_hz if rate_hz else DEFAULT_PERIOD_S
        volt, ampere = self._options.voltage_range_v, self._options.current_range_a
        for value, known in ((volt, dialect.VOLTAGE_RANGES_V), (ampere, dialect.CURRENT_RANGES_A)):
            if value not in known:
                listed = ", ".join(f"{one:g}" for one in known)
                raise Refused(f"set the ranges of {self.name}", f"there is no {value:g}", f"one of {listed}")
        self._log.forget()
        self._integrator.end(deadline)  # while it runs, neither ranges nor rate can be changed
        update = next(name for known_s, name in dialect.UPDATES.items() if known_s == period_s)
        words = {"volt": f"{volt:g}V", "ampere": f"{ampere:g}A", "update": update}
        self._set_up(dialect.SET_UP, words, deadline, on_edge=False)
        for query, wanted in (("RATE?", period_s), ("INP:VOLT:RANG?", volt), ("INP:CURR:RANG?", ampere)):
            came = self._session.ask_number(query, deadline)
            if abs(came - wanted) > 1e-6 * wanted:
                raise Refused(f"set {query[:-1]} of {self.name} to {wanted:g}", f"it says {came:g}", "another")
        self._period_s = period_s
        self.capabilities = SamplerCapabilities(unread_s=period_s)
        return AppliedSampling(signals(*dialect.SIGNALS, period_s=period_s))

    def specification(self) -> Specification:
        """Return the limits for the ranges that are set."""
        factor = self._options.voltage_range_v * self._options.current_range_a / _TABLE_W
        return scaled(load("instruments.devices.wt310"), factor, "W")
