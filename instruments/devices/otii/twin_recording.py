# SPDX-License-Identifier: Apache-2.0
"""A recording of the twin: readings of current and voltage, and changes of GPI1, made as they are asked for.

Readings are exact means with the errors of the tables, drawn reading by reading, so that they do not depend on how
often the host asks. Times on the recording's axis are counted in readings of the current, by the device's clock.
"""

import math
from collections.abc import Mapping

import numpy as np

from instruments.scpi.twin_log import MeterErrors
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.history import CurrentHistory, FloatArray
from instruments.world.world import World

NS_PER_S = 1_000_000_000
HELD_BACK_NS = 5_000_000  # how long a reading takes to the server
_STALL_NS = NS_PER_S  # what the fault `drop_buffer_at_ns` takes
_BLOCK_NS = 20_000_000  # what the fault `lose_block_at_ns` takes


class _Channel:
    """The readings of one channel so far; `done` counts those whose time has come, the lost ones included."""

    def __init__(self, hz: int, noise: np.random.Generator) -> None:
        self.hz = hz
        self.noise = noise
        self.done = 0
        self.values = np.zeros(0, dtype=np.float32)


class VirtualRecording:
    """One recording from `start_ns` on; `rates` are the channels' readings a second."""

    def __init__(
        self, world: World, voltage: CurrentHistory, errors: MeterErrors, rates: Mapping[str, int], number: int
    ) -> None:
        self.start_ns = world.clock.now_ns()
        self.stop_ns: int | None = None
        self.changes: list[tuple[int, float, bool]] = [(self.start_ns, 0.0, True)]
        self._world = world
        self._voltage = voltage
        self._errors = errors
        self._channels = {name: _Channel(hz, world.rng(f"otii {name} {number}")) for name, hz in rates.items()}
        self._tick_hz = max(rates.values())

    @property
    def running(self) -> bool:
        """Return whether it goes on."""
        return self.stop_ns is None

    def edge(self, at_ns: int) -> None:
        """Date a falling edge of the pin, and that it rises again."""
        for when_ns, high in ((at_ns, False), (at_ns + PIN_HOLD_NS, True)):
            seen_ns = when_ns + self._world.faults.late_edge_line_ns
            ticks = math.ceil((when_ns - self.start_ns) / self._true_ns(self._tick_hz))
            self.changes.append((seen_ns, ticks / self._tick_hz, high))

    def changes_so_far(self) -> list[tuple[float, bool]]:
        """Return the changes of the pin that have reached the server."""
        end_ns = self._end_ns()
        return [(at_s, high) for seen_ns, at_s, high in self.changes if seen_ns <= end_ns]

    def recorded_s(self, name: str) -> float:
        """Return up to when a channel is recorded; what no one can know to be missing is not in it."""
        channel = self._filled(name)
        return (channel.done - self._hidden(channel)) / channel.hz

    def values(self, name: str) -> FloatArray:
        """Return the readings of a channel so far."""
        return self._filled(name).values.astype(np.float64)

    def _filled(self, name: str) -> _Channel:
        channel = self._channels[name]
        true_ns = self._true_ns(channel.hz)
        ready = int((self._end_ns() - self.start_ns) / true_ns)
        count = ready - channel.done
        if count <= 0:
            return channel
        bounds = self.start_ns + np.arange(channel.done, ready + 1, dtype=np.float64) * true_ns
        noise, seconds = channel.noise.standard_normal(count), true_ns / NS_PER_S
        if name == "mv":
            made = self._errors.voltage(np.diff(self._voltage.charge_c(bounds)) / seconds, noise, seconds)
        else:
            true_a = np.diff(self._world.history.charge_c(bounds)) / seconds
            made = self._misread(self._errors.current(true_a, noise, seconds), channel.done)
        kept = np.ones(count, dtype=np.bool_)
        for span_ns in self._lost():
            first, beyond = (round((at_ns - self.start_ns) / true_ns) - channel.done for at_ns in span_ns)
            kept[max(0, first) : max(0, beyond)] = False
        channel.done = ready
        channel.values = np.concatenate((channel.values, made[kept].astype(np.float32)))
        return channel

    def _misread(self, made: FloatArray, first: int) -> FloatArray:
        faults, index = self._world.faults, first + np.arange(len(made)) + 1
        if faults.odd_sample_every:
            made[index % faults.odd_sample_every == 0] = faults.odd_sample_a
        if faults.flip_sign_every:
            made[index % faults.flip_sign_every == 0] *= -1.0
        return made

    def _lost(self) -> list[tuple[int, int]]:
        """Return from when to when readings are lost."""
        faults = self._world.faults
        spans = ((faults.drop_buffer_at_ns, _STALL_NS), (faults.lose_block_at_ns, _BLOCK_NS))
        return [(at_ns, at_ns + lasts_ns) for at_ns, lasts_ns in spans if at_ns is not None]

    def _hidden(self, channel: _Channel) -> int:
        """Return how many readings were lost so that not even the recorded time shows it."""
        at_ns, true_ns = self._world.faults.lose_block_at_ns, self._true_ns(channel.hz)
        if at_ns is None or at_ns < self.start_ns:
            return 0
        first, beyond = (round((ns - self.start_ns) / true_ns) for ns in (at_ns, at_ns + _BLOCK_NS))
        return max(0, min(beyond, channel.done) - first)

    def _true_ns(self, hz: int) -> float:
        """Return the true time between two readings; the device counts the nominal one."""
        return NS_PER_S / hz * (1 + self._errors.clock)

    def _end_ns(self) -> int:
        if self.stop_ns is not None:
            return self.stop_ns
        return max(self.start_ns, self._world.clock.now_ns() - HELD_BACK_NS)
