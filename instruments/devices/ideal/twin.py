# SPDX-License-Identifier: Apache-2.0
"""An ideal instrument: exact samples, exact edges, no link.

It tests the runner's own arithmetic: each sample is the true energy of its period, and the position of an edge is
exact to the nanosecond, so any remaining error is the estimator's. After an acquisition it sums up what it
acquired, in 64-bit floats and not from the samples that it handed over, as a monitor with accumulators does.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from instruments.clock import Deadline
from instruments.roles import (
    AppliedSampling,
    AppliedSupply,
    Edge,
    EdgeSource,
    Identity,
    Instrument,
    Rates,
    Sampler,
    SamplerCapabilities,
    Samples,
    SamplingSettings,
    StreamItem,
    Summary,
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

FloatArray = npt.NDArray[np.float64]

# Ten samples fit into the millisecond for which the reference firmware holds its timestamp pin; at 1 kHz the
# change of level at the end of that hold is not resolved, and a window is up to 14 ppm off.
DEFAULT_RATE_HZ = 10_000.0
LOST_BLOCK_NS = 20_000_000  # what the fault `lose_block_at_ns` takes


class VirtualIdeal(Instrument):
    """An instrument that plays all roles but the DUT link and reads the world directly.

    `recorded` names the signals of its samples: `energy`, `power`, `current`.
    """

    limits = SupplyLimits(voltage_min_v=0.5, voltage_max_v=20.0)
    rates = Rates(1e-3, 1e9, whole_ns=True)
    capabilities = SamplerCapabilities(sums_up=True)
    recorded: tuple[str, ...] = ("energy",)
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
        self._lost = 0
        self._sums = self._before = self._nothing()
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
        period_ns = 1e9 / (self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ)
        self._period_ns = round(period_ns)
        return AppliedSampling(signals(*self.recorded, period_s=self._period_ns / 1e9))

    def specification(self) -> Specification:
        """Return no limits: there is no error."""
        return Specification(document="none: this monitor is ideal, and exists only in software")

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition: sample 0 starts now."""
        self._start_ns = self._world.clock.now_ns()
        self._done = self._lost = 0
        self._before = self._sums
        self._sums = self._nothing()
        self._edges.clear()

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return all samples that are complete by now."""
        if self._start_ns is None:
            return []
        complete = (self._world.clock.now_ns() - self._start_ns) // self._period_ns
        if complete <= self._done:
            return []
        history = self._world.history
        bounds = self._start_ns + np.arange(self._done, complete + 1, dtype=np.float64) * self._period_ns
        energy_j, charge_c = (np.diff(total(bounds)) for total in (history.energy_j, history.charge_c))
        values = self._values(energy_j, charge_c)
        self._sums = _with(self._sums, values[0], float(charge_c.sum()), float(energy_j.sum()))
        first, self._done = self._done, complete
        return self._handed_over(self._start_ns, first, values)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest, and what all of it sums up to."""
        if self._start_ns is None:
            return []
        items = [*self.poll(deadline)]
        items.append(self._before if self._world.faults.summary_of_another else self._sums)
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

    def _values(self, energy_j: FloatArray, charge_c: FloatArray) -> list[FloatArray]:
        period_s = self._period_ns / 1e9
        quantities = {"energy": energy_j, "power": energy_j / period_s, "current": charge_c / period_s}
        return [quantities[name] for name in self.recorded]

    def _handed_over(self, start_ns: int, first: int, values: list[FloatArray]) -> Sequence[StreamItem]:
        """Return the samples from `first` on as the host gets them, with the faults of the world."""
        kept = np.ones(len(values[0]), dtype=np.bool_)
        faults, index = self._world.faults, first - self._lost
        if faults.misread_exponent_at_ns is not None:
            at = self._index(start_ns, faults.misread_exponent_at_ns) - first
            if 0 <= at < len(kept):
                values = [np.concatenate((one[:at], 10.0 * one[at : at + 1], one[at + 1 :])) for one in values]
        if faults.lose_block_at_ns is not None:
            begin, end = (self._index(start_ns, faults.lose_block_at_ns + ns) - first for ns in (0, LOST_BLOCK_NS))
            kept[max(0, begin) : max(0, end)] = False
            self._lost += len(kept) - int(np.count_nonzero(kept))
        return [Samples(index, tuple(one[kept].astype(np.float32) for one in values))] if kept.any() else []

    def _nothing(self) -> Summary:
        return Summary(samples=0, signal=self.recorded[0], charge_coulomb=0.0, energy_j=0.0)

    def _index(self, start_ns: int, at_ns: int) -> int:
        return (at_ns - start_ns) // self._period_ns


def _with(sums: Summary, readings: FloatArray, charge_c: float, energy_j: float) -> Summary:
    """Return the sums with further readings in them."""
    low, high = float(readings.min()), float(readings.max())
    return Summary(
        samples=(sums.samples or 0) + len(readings),
        signal=sums.signal,
        least=low if sums.least is None else min(sums.least, low),
        largest=high if sums.largest is None else max(sums.largest, high),
        charge_coulomb=(sums.charge_coulomb or 0.0) + charge_c,
        energy_j=(sums.energy_j or 0.0) + energy_j,
    )


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
        return Temperature(self._world.room_c(), 0.0)


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
