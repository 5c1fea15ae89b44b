# SPDX-License-Identifier: Apache-2.0
"""Keithley DMM7510 or DMM6500: digitizes the current that flows through it, on one fixed range.

It feeds nothing and measures one quantity: the voltage is what the bench file says. The meter cannot record edges;
it starts at the first falling edge on EXT TRIG IN, so that sample 0 is taken at that edge, and its buffer is read
while it fills. Sources: see `dialect.py` and `protocol.py`.
"""

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.dmm7510.dialect import APERTURES, LOG, LOG_DIALECT, ON_EDGE, READINGS
from instruments.devices.dmm7510.protocol import FASTEST_HZ, MODELS, SLOWEST_HZ, TABLE_RANGE_A, kind, period_s
from instruments.errors import Refused
from instruments.links.base import ScpiLink
from instruments.roles import AppliedSampling, Rates, SamplingSettings, signals
from instruments.scpi.blocks import format_number
from instruments.scpi.keithley import KeithleySampler, known_models
from instruments.specifications import Specification, at_range, load

DEFAULT_RATE_HZ = 10e3


class Options(BaseModel):
    """`options` of the meter in a bench file.

    `range_a` is the range of current (A), which does not change by itself. `readings` is how many the buffer
    holds; when it is full, no more are taken. With `mean`, a reading is to be the mean over its period, not over
    one microsecond.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    range_a: float = Field(default=TABLE_RANGE_A, gt=0, le=10, description="range of current in A, which stays")
    readings: int = Field(default=READINGS, ge=1000, le=27_000_000, description="how many its buffer holds")
    mean: bool = Field(default=False, description="readings are means over their period, not values at instants")


class Dmm7510(KeithleySampler):
    """A `Sampler` of `current`, NaN where the meter gave no usable number (`OverRange` says so)."""

    known = known_models(*MODELS)
    rates = Rates(SLOWEST_HZ, FASTEST_HZ)
    on_edge = ON_EDGE

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock, LOG_DIALECT, 1 / DEFAULT_RATE_HZ)
        self._options = options or Options()
        self._range_a = self._options.range_a

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up range, rate, buffer and trigger; return what is read back of them."""
        rate_hz = self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        words = {
            "range": format_number(self._options.range_a),
            "rate": format_number(rate_hz),
            "aperture": APERTURES[self._options.mean],
            "readings": str(self._options.readings),
        }
        self._set_up(LOG, words, deadline, on_edge=settings.on_edge)
        self._range_a = self._session.ask_number("SENS:DIG:CURR:RANG?", deadline)
        if not self._options.range_a <= self._range_a <= 11:
            raise Refused(f"set the range {self._options.range_a:g} A", f"it is {self._range_a:g} A")
        self._period_s = self._session.ask_word("SENS:DIG:CURR:SRAT?", deadline, period_s)
        told = self._session.ask_word("SENS:DIG:CURR:APER?", deadline, lambda said: kind(said, self._period_s))
        return AppliedSampling(signals("current", period_s=self._period_s, kind=told))

    def specification(self) -> Specification:
        """Return the limits of the applied range."""
        return at_range(load("instruments.devices.dmm7510"), self._range_a / TABLE_RANGE_A)
