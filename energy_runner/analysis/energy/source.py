# SPDX-License-Identifier: Apache-2.0
"""Turn whichever signals a monitor recorded into energy."""

from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.integrate import Read, Samples, WindowSum, window_sum
from energy_runner.errors import SessionError
from energy_runner.session.trace import TraceReader


@dataclass(frozen=True)
class EnergySource:
    """Samples whose sum, times `joule`, is energy. Positions count samples of `period_s` seconds."""

    read: Read
    length: int
    period_s: float
    joule: float

    @property
    def watt(self) -> float:
        """Return the factor from a sample to the mean power during it."""
        return self.joule / self.period_s

    def window(self, start: float, stop: float) -> WindowSum:
        """Return the sum of samples between two positions; see `window_sum`."""
        return window_sum(self.read, self.length, start, stop)

    def power_w(self, start: int, stop: int) -> Samples:
        """Return the mean power of each of the samples [start, stop), in watt; NaN where it is missing."""
        return self.read(start, stop) * np.float64(self.watt)


def energy_source(trace: TraceReader, voltage_set_v: float) -> EnergySource:
    """Return the source of energy in `trace`.

    A trace records `energy` (J in each sample), or `power` (W), or `current` (A) with `voltage` (V) of the same
    sample, or `current` alone, which is multiplied by the set voltage. Raises `SessionError` for others.
    """
    names = {name for name, _ in trace.signals}

    def product(start: int, stop: int) -> Samples:
        current_a, voltage_v = trace.read("current", start, stop), trace.read("voltage", start, stop)
        return np.multiply(current_a, voltage_v, dtype=np.float64)

    def single(name: str) -> Read:
        return lambda start, stop: trace.read(name, start, stop)

    if "energy" in names:
        return EnergySource(single("energy"), trace.length, trace.period_s, 1.0)
    if "power" in names:
        return EnergySource(single("power"), trace.length, trace.period_s, trace.period_s)
    if {"current", "voltage"} <= names:
        return EnergySource(product, trace.length, trace.period_s, trace.period_s)
    if "current" in names:
        return EnergySource(single("current"), trace.length, trace.period_s, trace.period_s * voltage_set_v)
    raise SessionError(f"the trace holds {', '.join(sorted(names))}, from which no energy can be computed")
