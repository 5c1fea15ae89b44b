# SPDX-License-Identifier: Apache-2.0
"""An ideal instrument: exact samples, exact edges, no link.

It tests the runner's own arithmetic: each sample is the true energy of its period, and the position of an edge is
exact to the nanosecond, so any remaining error is the estimator's.
"""

from collections.abc import Sequence

import numpy as np

from instruments.clock import Deadline
from instruments.errors import Refused
from instruments.roles import (
    AppliedSampling,
    AppliedSupply,
    Edge,
    EdgeSource,
    Identity,
    Instrument,
    Sampler,
    SamplerCapabilities,
    Samples,
    SamplingSettings,
    StreamItem,
    Supply,
    SupplyLimits,
    SupplySettings,
    Switch,
    Temperature,
    Thermometer,
    Timebase,
    signals,
)
from instruments.specifications import Specification
from instruments.world.cable import HostPort
from instruments.world.world import World

# Ten samples fit into the millisecond for which the reference firmware holds its timestamp pin; at 1 kHz the
# change of level at the end of that hold is not resolved, and a window is up to 14 ppm off.
DEFAULT_RATE_HZ = 10_000.0


class VirtualIdeal(Instrument):
    """An instrument that plays all roles but the DUT link and reads the world directly."""

    limits = SupplyLimits(voltage_min_v=0.5, voltage_max_v=20.0)
    capabilities = SamplerCapabilities()
    timebase: Timebase = "samples"

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.name = name
        self.port = HostPort(world, name, lambda data: None)
        self._world = world
        self._supply = IdealSupply(world)
        self._switch = IdealSwitch()
        self._period_ns = 0
        self._start_ns: int | None = None
        self._done = 0
        self._edges: list[Edge] = []
        world.on_edge(self._edge)

    def supply(self, channel: str = "") -> Supply:
        """Return a supply that feeds the DUT with exactly the voltage set."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return a sampler of the true energy."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the exact edges."""
        return self

    def thermometer(self, channel: str = "") -> Thermometer:
        """Return a thermometer that shows the world's temperature."""
        return IdealThermometer(self._world)

    def switch(self, channel: str = "") -> Switch:
        """Return a switch that is connected to nothing; it is on at first."""
        return self._switch

    def open(self, deadline: Deadline) -> Identity:
        """Return its identity."""
        return Identity(kind="monitor", make="energy-runner", model="ideal monitor", virtual=True)

    def close(self) -> None:
        """Do nothing: there is no link."""

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Apply the rate exactly; raise `Refused` unless the period is a whole number of nanoseconds."""
        rate_hz = settings.sample_rate_hz or DEFAULT_RATE_HZ
        period_ns = 1e9 / rate_hz
        if rate_hz < 0.0 or period_ns != round(period_ns):
            raise Refused(
                f"sample at {settings.sample_rate_hz} Hz", "its period is not a whole number of ns", "1000 Hz"
            )
        self._period_ns = round(period_ns)
        return AppliedSampling(signals("energy", period_s=self._period_ns / 1e9))

    def specification(self) -> Specification:
        """Return no limits: there is no error."""
        return Specification(document="none: this monitor is ideal, and exists only in software")

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition: sample 0 starts now."""
        self._start_ns = self._world.clock.now_ns()
        self._done = 0
        self._edges.clear()

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return all samples that are complete by now."""
        if self._start_ns is None:
            return []
        complete = (self._world.clock.now_ns() - self._start_ns) // self._period_ns
        if complete <= self._done:
            return []
        bounds = self._start_ns + np.arange(self._done, complete + 1, dtype=np.float64) * self._period_ns
        energy_j = np.diff(self._world.history.energy_j(bounds)).astype(np.float32)
        first, self._done = self._done, complete
        return [Samples(first, (energy_j,))]

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest."""
        items = self.poll(deadline)
        self._start_ns = None
        return items

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: edges are captured while it samples."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges since the last call."""
        edges, self._edges = self._edges, []
        return edges

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: edges are captured while it samples."""

    def _edge(self, at_ns: int) -> None:
        if self._start_ns is not None:
            self._edges.append(Edge((at_ns - self._start_ns) / self._period_ns, 0.0))


class IdealSupply:
    """A supply without resistance, noise or error."""

    limits = VirtualIdeal.limits

    def __init__(self, world: World) -> None:
        self._world = world
        self._voltage_v = 0.0

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Apply the settings exactly, with the output off."""
        self._world.set_supply(False, 0.0)
        self._voltage_v = settings.voltage_v
        return AppliedSupply(settings.voltage_v)

    def on(self, deadline: Deadline) -> None:
        """Feed the DUT with exactly the voltage set."""
        self._world.set_supply(True, self._voltage_v)

    def off(self, deadline: Deadline) -> None:
        """Switch the DUT's supply off."""
        self._world.set_supply(False, 0.0)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the true voltage at the DUT (V)."""
        return self._world.voltage_v


class IdealThermometer:
    """Measures the temperature of the world without error."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self, deadline: Deadline) -> Temperature:
        """Return the true temperature."""
        return Temperature(self._world.temperature_c, 0.0)


class IdealSwitch:
    """A switch that is always in the state last set."""

    def __init__(self) -> None:
        self._on = True

    def turn(self, on: bool, deadline: Deadline) -> None:
        """Switch."""
        self._on = on

    def is_on(self, deadline: Deadline) -> bool:
        """Return the state."""
        return self._on
