# SPDX-License-Identifier: Apache-2.0
"""Turn whichever signals a monitor recorded into energy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from energy_runner.analysis.energy.integrate import Integral, Kind, integrate
from energy_runner.analysis.energy.sums import Read, Samples
from energy_runner.analysis.placing.clock import Clock
from energy_runner.errors import SessionError
from energy_runner.session.trace import TraceReader

_UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}


@dataclass(frozen=True)
class EnergySource:
    """Samples whose integral, times `joule`, is energy. Positions count samples of `period_s` seconds.

    `period_s` is the period that the monitor states, and `clock` what a period really is as a multiple of it.
    `current_a` and `voltage_v` read the two factors of a power where both were measured, and `signals` each signal
    as it was recorded.
    """

    read: Read
    length: int
    period_s: float
    joule: float
    kind: Kind = "mean"
    clock: float = 1.0
    current_a: Read | None = None
    voltage_v: Read | None = None
    signals: Mapping[str, Read] = field(default_factory=dict)

    @property
    def step_s(self) -> float:
        """Return what a sample lasts, in seconds."""
        return self.period_s * self.clock

    @property
    def watt(self) -> float:
        """Return the factor from a sample to the mean power during it."""
        return self.joule / self.step_s

    def window(self, start: float, stop: float) -> Integral:
        """Return the integral of the samples between two positions; see `integrate`."""
        return integrate(self.read, self.length, start, stop, self.kind)

    def power_w(self, start: int, stop: int) -> Samples:
        """Return the power of each of the samples [start, stop), in watt; NaN where it is missing."""
        return self.read(start, stop) * np.float64(self.watt)


def energy_source(
    trace: TraceReader, voltage_set_v: float, kinds: Mapping[str, str] | None = None, clock: Clock | None = None
) -> EnergySource:
    """Return the source of energy in `trace`.

    A trace records `energy` (J in each sample), or `power` (W), or `current` (A) with `voltage` (V) of the same
    sample, or `current` alone, which is multiplied by the set voltage. `kinds` says by name which signals are read
    at an `instant`; all others are means. `clock` corrects the period where energy is computed with it, which is
    not so for samples of energy. Raises `SessionError` for other signals.
    """
    names = {name for name, _ in trace.signals}
    for name, unit in trace.signals:
        if unit and unit != _UNITS.get(name, unit):
            raise SessionError(f"the trace holds {name} in {unit[:20]!r}, where {_UNITS[name]} is needed")
    factor = (clock or Clock()).factor
    step_s = trace.period_s * factor

    def single(name: str) -> Read:
        return lambda start, stop: trace.read(name, start, stop)

    def product(start: int, stop: int) -> Samples:
        current_a, voltage_v = trace.read("current", start, stop), trace.read("voltage", start, stop)
        return np.multiply(current_a, voltage_v, dtype=np.float64)

    def source(read: Read, joule: float, *used: str) -> EnergySource:
        instant = any((kinds or {}).get(name) == "instant" for name in used)
        both = len(used) == 2
        return EnergySource(
            read=read,
            length=trace.length,
            period_s=trace.period_s,
            joule=joule,
            kind="instant" if instant else "mean",
            clock=factor,
            current_a=single("current") if both else None,
            voltage_v=single("voltage") if both else None,
            signals={name: single(name) for name, _ in trace.signals},
        )

    if "energy" in names:
        return source(single("energy"), 1.0, "energy")
    if "power" in names:
        return source(single("power"), step_s, "power")
    if {"current", "voltage"} <= names:
        return source(product, step_s, "current", "voltage")
    if "current" in names:
        return source(single("current"), step_s * voltage_set_v, "current")
    raise SessionError(f"the trace holds {', '.join(sorted(names))}, from which no energy can be computed")
