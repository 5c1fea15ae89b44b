"""An ideal power monitor: exact samples, exact edges, no bytes in between.

It is the measure for the runner's own arithmetic. Each sample is the true mean power of its period, and an
edge's position is known to the nanosecond, so whatever error remains is the estimator's.
"""

from collections.abc import Sequence

import numpy as np

from instruments.clock import Deadline
from instruments.errors import Refused
from instruments.roles import (
    ENERGY,
    Accuracy,
    Applied,
    Capabilities,
    Edge,
    Identity,
    MonitorSettings,
    Samples,
    StreamItem,
)
from instruments.world.cable import HostPort
from instruments.world.world import World

# Ten samples fit into the millisecond for which the reference firmware holds its timestamp pin; at 1 kHz the
# change of level at the end of that hold is not resolved, and a window is up to 14 ppm off.
DEFAULT_RATE_HZ = 10_000.0


class VirtualIdeal:
    """A `PowerMonitor` that looks straight into the world."""

    capabilities = Capabilities(captures_edges=True, starts_on_edge=False, voltage_min_v=0.5, voltage_max_v=20.0)

    def __init__(self, world: World) -> None:
        self._world = world
        self.port = HostPort(world, "monitor", lambda data: None)
        self._period_ns = 0
        self._voltage_v = 0.0
        self._start_ns: int | None = None
        self._done = 0
        self._edges: list[int] = []
        world.on_edge(self._edge)

    def open(self, deadline: Deadline) -> Identity:
        """Say who it is."""
        return Identity(kind="monitor", make="energy-runner", model="ideal monitor", virtual=True)

    def configure(self, settings: MonitorSettings, deadline: Deadline) -> Applied:
        """Take the settings as they are; the period must be a whole number of nanoseconds."""
        rate_hz = settings.sample_rate_hz or DEFAULT_RATE_HZ
        period_ns = 1e9 / rate_hz
        if rate_hz < 0.0 or period_ns != round(period_ns):
            raise Refused(f"sample at {settings.sample_rate_hz} Hz", "no whole number of ns", "1000 Hz")
        self._period_ns = round(period_ns)
        self._voltage_v = settings.voltage_v
        return Applied(settings.voltage_v, self._period_ns / 1e9, (ENERGY,))

    def accuracy(self) -> Accuracy:
        """Return no limits of error: there is no error."""
        return Accuracy(document="none: this monitor is ideal, and exists only in software")

    def power_on(self, deadline: Deadline) -> None:
        """Feed the DUT with exactly the voltage set."""
        self._world.set_supply(True, self._voltage_v)

    def power_off(self, deadline: Deadline) -> None:
        """Cut the DUT off."""
        self._world.set_supply(False, 0.0)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the true voltage."""
        return self._world.voltage_v

    def start(self, deadline: Deadline) -> None:
        """Begin with sample 0 now."""
        self._start_ns = self._world.clock.now_ns()
        self._done = 0
        self._edges.clear()

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return all samples that are complete by now, and the edges so far."""
        if self._start_ns is None:
            return []
        complete = (self._world.clock.now_ns() - self._start_ns) // self._period_ns
        items: list[StreamItem] = [Edge((at_ns - self._start_ns) / self._period_ns, 0.0) for at_ns in self._edges]
        self._edges.clear()
        if complete > self._done:
            bounds = self._start_ns + np.arange(self._done, complete + 1, dtype=np.float64) * self._period_ns
            energy_j = np.diff(self._world.history.energy_j(bounds)).astype(np.float32)
            items.append(Samples(self._done, (energy_j,)))
            self._done = complete
        return items

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return the rest and end."""
        items = self.poll(deadline)
        self._start_ns = None
        return items

    def close(self) -> None:
        """Do nothing: there is no port."""

    def _edge(self, at_ns: int) -> None:
        if self._start_ns is not None:
            self._edges.append(at_ns)
