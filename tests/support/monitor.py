# SPDX-License-Identifier: Apache-2.0
"""One instrument in all its roles of a power monitor, as the tests of drivers talk to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.roles import (
    Edge,
    Identity,
    Instrument,
    SamplerCapabilities,
    SamplingSettings,
    Signal,
    StreamItem,
    SupplySettings,
)
from instruments.specifications import Specification


@dataclass(frozen=True)
class MonitorSettings:
    """What a test asks of supply and sampler at once."""

    voltage_v: float
    sample_rate_hz: float | None = None
    current_limit_a: float | None = None


@dataclass(frozen=True)
class Applied:
    """What supply and sampler answered."""

    voltage_set_v: float
    period_s: float
    signals: tuple[Signal, ...]


class Monitor:
    """Supply, sampler and edge source of one instrument; edges come behind the other items of a poll."""

    def __init__(self, instrument: Instrument, *, edges: bool = False) -> None:
        self.instrument = instrument
        self._supply = instrument.supply()
        self._sampler = instrument.sampler()
        self._edges = instrument.edges() if edges else None

    @property
    def capabilities(self) -> SamplerCapabilities:
        return self._sampler.capabilities

    def open(self, deadline: Deadline) -> Identity:
        return self.instrument.open(deadline)

    def close(self) -> None:
        self.instrument.close()

    def configure(self, settings: MonitorSettings, deadline: Deadline) -> Applied:
        supply = self._supply.configure(SupplySettings(settings.voltage_v, settings.current_limit_a), deadline)
        sampling = self._sampler.configure(SamplingSettings(settings.sample_rate_hz), deadline)
        return Applied(supply.voltage_set_v, sampling.period_s, sampling.signals)

    def specification(self) -> Specification:
        return self._sampler.specification()

    def power_on(self, deadline: Deadline) -> None:
        self._supply.on(deadline)

    def power_off(self, deadline: Deadline) -> None:
        self._supply.off(deadline)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        return self._supply.measured_voltage_v(deadline)

    def start(self, deadline: Deadline) -> None:
        self._sampler.start(deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem | Edge]:
        return [*self._sampler.poll(deadline), *self._taken(deadline)]

    def stop(self, deadline: Deadline) -> Sequence[StreamItem | Edge]:
        return [*self._sampler.stop(deadline), *self._taken(deadline)]

    def _taken(self, deadline: Deadline) -> list[Edge]:
        taken = self._edges.take(deadline) if self._edges is not None else ()
        return [edge for edge in taken if isinstance(edge, Edge)]
