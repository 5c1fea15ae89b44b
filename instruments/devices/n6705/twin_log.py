"""The twin's external data log: records of exact means plus the errors of the data sheet, in a FIFO of 20 s.

Records are computed when they are read, from the world's history; the noise is drawn record by record, so the
bytes do not depend on how often the host reads. Sources: Keysight N6705C guide, "External Data Logging" (periods,
FIFO), and the specifications guide of the N6700 modules (limits; `specification.toml` says which are confirmed).
"""

import numpy as np

from instruments.clock import NS_PER_S
from instruments.world.history import CurrentHistory, FloatArray
from instruments.world.world import World

TICK_S = 20.48e-6
TICKS_PER_PARAMETER = 5  # 102.4 us
FIFO_S = 20.0
OVER_RANGE = 9.9e37
_STALL_S = 1.0  # how much of the log the fault `drop_buffer_at_ns` takes
_APERTURE_S = 102.4e-6  # the aperture for which the noise figures hold

# Current ranges of an N6781A: full scale (A), limit of gain, limit of offset (A), noise of one sample (A).
RANGES: FloatArray = np.array(
    [
        (10e-6, 0.00025, 8e-9, 306e-9),
        (1e-3, 0.00025, 100e-9, 306e-9),
        (100e-3, 0.00025, 10e-6, 5.4e-6),
        (3.0, 0.0003, 250e-6, 410e-6),
    ]
)
VOLTAGE_GAIN, VOLTAGE_OFFSET_V, VOLTAGE_NOISE_V = 0.00025, 1.2e-3, 0.99e-3  # 20 V range
CLOCK = 50e-6


class MeterErrors:
    """Gain, offset and clock error of one instrument, drawn once within the limits; zero in an ideal world."""

    def __init__(self, world: World) -> None:
        self.scale = 0.0 if world.ideal else 1.0
        rng = world.rng("n6705 errors")
        self.gain = self.scale * RANGES[:, 1] * rng.uniform(-1, 1, len(RANGES))
        self.offset_a = self.scale * RANGES[:, 2] * rng.uniform(-1, 1, len(RANGES))
        self.voltage_gain = self.scale * VOLTAGE_GAIN * rng.uniform(-1, 1)
        self.voltage_offset_v = self.scale * VOLTAGE_OFFSET_V * rng.uniform(-1, 1)
        self.clock = self.scale * CLOCK * rng.uniform(-1, 1)

    def current(self, true_a: FloatArray, noise: FloatArray, period_s: float) -> FloatArray:
        """Return the measured current (A), given standard normal `noise`."""
        used = np.searchsorted(RANGES[:-1, 0], np.abs(true_a))
        sigma_a = self.scale * RANGES[used, 3] * (_APERTURE_S / period_s) ** 0.5
        measured: FloatArray = true_a * (1 + self.gain[used]) + self.offset_a[used] + sigma_a * noise
        return measured

    def voltage(self, true_v: FloatArray, noise: FloatArray, period_s: float) -> FloatArray:
        """Return the measured voltage (V), given standard normal `noise`."""
        sigma_v = self.scale * VOLTAGE_NOISE_V * (_APERTURE_S / period_s) ** 0.5
        measured: FloatArray = true_v * (1 + self.voltage_gain) + self.voltage_offset_v + sigma_v * noise
        return measured


class VirtualElog:
    """One log: `arm()` it, `trigger()` it, `fetch()` its records, `abort()` it."""

    def __init__(self, world: World, voltage: CurrentHistory, errors: MeterErrors) -> None:
        self._world = world
        self._voltage = voltage  # the true output voltage in place of a current
        self._errors = errors
        self._logs = 0
        self.armed = False
        self.running = False
        self.over_range_seen = False  # latched until the status register is read
        self._columns: list[str] = []
        self._ticks = 0
        self._start_ns = 0
        self._next = 0

    def arm(self, columns: list[str], ticks: int) -> None:
        """Wait for a trigger; `columns` names the values of a record: "CURR", "VOLT" or "STRAY"."""
        self._logs += 1
        self._noise = self._world.rng(f"n6705 noise {self._logs}")
        self._columns, self._ticks = columns, ticks
        self.armed, self.running = True, False

    def trigger(self, at_ns: int) -> None:
        """Begin with the record that starts at `at_ns`; ignored unless armed."""
        if self.armed:
            self.armed, self.running = False, True
            self._start_ns, self._next = at_ns, 0

    def abort(self) -> None:
        """End the log; unread records are lost."""
        self.armed = self.running = False

    def fetch(self, most: int) -> FloatArray:
        """Return up to `most` of the oldest records, one per row, and remove them."""
        if not self.running:
            return np.zeros((0, max(1, len(self._columns))))
        newest = int((self._world.clock.now_ns() - self._start_ns) / self._period_ns)
        self._skip_to(max(self._next, newest - int(FIFO_S * NS_PER_S / self._period_ns)))
        parts = []
        stall_first, stall_last = self._stalled()
        for first, last in ((self._next, min(newest, stall_first)), (stall_last, newest)):
            count = min(last - max(first, self._next), most)
            if count > 0:
                self._skip_to(first)
                parts.append(self._records(count))
                most -= count
        return np.concatenate(parts) if parts else np.zeros((0, len(self._columns)))

    @property
    def _period_ns(self) -> float:
        """The true sample period; the instrument reports the nominal one."""
        return self._ticks * TICK_S * (1 + self._errors.clock) * NS_PER_S

    def _stalled(self) -> tuple[int, int]:
        """Return the range of records that the fault switch drops: [first, last)."""
        at_ns = self._world.faults.drop_buffer_at_ns
        if at_ns is None or at_ns < self._start_ns:
            return self._next, self._next
        first = int((at_ns - self._start_ns) / self._period_ns)
        return first, first + int(_STALL_S * NS_PER_S / self._period_ns)

    def _skip_to(self, index: int) -> None:
        """Drop records, but draw their noise, so that later records do not change."""
        while self._next < index:
            count = min(index - self._next, 65536)
            self._noise.standard_normal((count, len(self._columns)))
            self._next += count

    def _records(self, count: int) -> FloatArray:
        period_ns = self._period_ns
        indexes = np.arange(self._next, self._next + count + 1, dtype=np.float64)
        edges_ns = self._start_ns + indexes * period_ns
        noise = self._noise.standard_normal((count, len(self._columns)))
        table = np.zeros((count, len(self._columns)))
        for i, column in enumerate(self._columns):
            if column == "CURR":
                table[:, i] = self._currents(edges_ns, noise[:, i])
            elif column == "VOLT":
                true_v = np.diff(self._voltage.charge_c(edges_ns)) / (period_ns / NS_PER_S)
                table[:, i] = self._errors.voltage(true_v, noise[:, i], period_ns / NS_PER_S)
            else:
                table[:, i] = self._errors.scale * VOLTAGE_NOISE_V * noise[:, i]
        self._next += count
        return table

    def _currents(self, edges_ns: FloatArray, noise: FloatArray) -> FloatArray:
        period_s = self._period_ns / NS_PER_S
        true_a = np.diff(self._world.history.charge_c(edges_ns)) / period_s
        measured = self._errors.current(true_a, noise, period_s)
        limit_a = self._world.faults.over_range_above_a or RANGES[-1, 0]
        over = true_a > limit_a
        self.over_range_seen |= bool(over.any())
        measured[over] = OVER_RANGE
        return measured
