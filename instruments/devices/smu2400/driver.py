# SPDX-License-Identifier: Apache-2.0
"""Keithley 2450, 2460 or 2470 source measure unit: feeds the DUT and reads its current, on one fixed range.

A reading lasts a hundredth of a power line cycle and is started by a timer of the instrument, so that it is taken
at an instant. Good for the mean power of windows of ten seconds; too slow for waveforms. It cannot record edges:
it starts at the first falling edge on line 1 of its digital I/O. Sources: see `dialect.py` and `protocol.py`.
"""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.smu2400.dialect import LOG, LOG_DIALECT, ON_EDGE, READINGS, supply_dialect
from instruments.devices.smu2400.protocol import MODELS, TABLE_MODEL, TABLE_RANGE_A, limits_at
from instruments.links.base import ScpiLink
from instruments.roles import AppliedSampling, Identity, Rates, SamplingSettings, signals
from instruments.scpi.blocks import format_number
from instruments.scpi.feeding import FeedingInstrument
from instruments.scpi.keithley import KeithleySampler, known_models
from instruments.specifications import Specification, assuming, at_range, load

DEFAULT_RATE_HZ = 1e3


class Options(BaseModel):
    """`options` in a bench file: the range of current (A), which is also the highest limit, and remote sensing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    range_a: float = Field(
        default=TABLE_RANGE_A,
        ge=1e-6,
        le=7,
        description="range of current in A, which stays, and the highest current limit",
    )
    four_wire: bool = Field(default=False, description="the sense leads are connected to the DUT")


class Smu2400(FeedingInstrument, KeithleySampler):
    """A `Supply` and a `Sampler` of `current`, NaN where it gave no usable number (`OverRange` says so).

    Each reading is placed by its own time stamp; one that the instrument took late or not at all is `Lost`.
    """

    known = known_models(*MODELS)
    rates = Rates(1.0, 2000.0)
    on_edge = ON_EDGE

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock, LOG_DIALECT, 1 / DEFAULT_RATE_HZ)
        self._options = options or Options()
        dialect = supply_dialect(self._options.range_a, four_wire=self._options.four_wire)
        self._feed_by(dialect, self._log)
        self._supply.busy = lambda: self._log.running  # one meter: current or voltage
        self._words = dialect.words
        self._model = TABLE_MODEL

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        found = super()._examined(identity, deadline)
        self._model = found.model
        return replace(found, detail=(*found.detail, self._output(deadline)))

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up range, timer, buffer and trigger model; the period is the timer's, read back."""
        rate_hz = self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        words = self._words | {"period": format_number(1 / rate_hz), "readings": READINGS}
        self._set_up(LOG, words, deadline, on_edge=settings.on_edge)
        self._period_s = self._ask_period("TRIG:TIM1:DEL?", 1e-4, 2.0, deadline)
        return AppliedSampling(signals("current", period_s=self._period_s, kind="instant"))

    def specification(self) -> Specification:
        """Return the limits of the range, from the 2450's data sheet."""
        range_a = self._options.range_a
        table = at_range(load("instruments.devices.smu2400"), range_a / TABLE_RANGE_A, *limits_at(range_a))
        if self._model == TABLE_MODEL:
            return table
        return assuming(table, f"The limits of the {TABLE_MODEL} are used for the {self._model}.")

    def _questionable(self, deadline: Deadline) -> str:
        limited = self._session.ask_number("SOUR:VOLT:ILIM:TRIP?", deadline)
        return "at the current limit, the voltage is not regulated" if limited else ""
