# SPDX-License-Identifier: Apache-2.0
"""The log of a twin: records of exact means, with the errors of a data sheet, in a FIFO.

Records are made when they are read, from the world's history; the noise is drawn record by record, so the
bytes do not depend on how often the host reads.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.clock import NS_PER_S
from instruments.world.history import CurrentHistory, FloatArray
from instruments.world.world import World

IntArray = npt.NDArray[np.intp]

_STALL_S = 1.0  # how much of the log the fault `drop_buffer_at_ns` takes


@dataclass(frozen=True)
class MeterTable:
    """The limits of a data sheet that a twin draws its errors from.

    A row of `ranges` is the full scale of a current range (A), its limits of gain and of offset (A), and the noise
    of one sample (A); they rise. `voltage` is the same without a full scale. Noise holds for `aperture_s` and
    falls with the square root of the period. `over_range` is what a record holds where the current is above the
    largest range. `name` names the twin's streams of random numbers. A range stays in use for `hold_s` after a
    record that needed it. With `to_top`, a record that needs a larger range is measured in the largest one.
    """

    name: str
    ranges: FloatArray
    voltage: tuple[float, float, float]
    clock: float
    aperture_s: float
    over_range: float
    hold_s: float = 0.0
    to_top: bool = False


class MeterErrors:
    """Gain, offset and clock error of one instrument, drawn once inside the limits; zero in an ideal world."""

    def __init__(self, world: World, table: MeterTable) -> None:
        self.table = table
        self.scale = 0.0 if world.ideal else 1.0
        rng = world.rng(f"{table.name} errors")
        self.gain = self.scale * table.ranges[:, 1] * rng.uniform(-1, 1, len(table.ranges))
        self.offset_a = self.scale * table.ranges[:, 2] * rng.uniform(-1, 1, len(table.ranges))
        self.voltage_gain = self.scale * table.voltage[0] * rng.uniform(-1, 1)
        self.voltage_offset_v = self.scale * table.voltage[1] * rng.uniform(-1, 1)
        self.clock = self.scale * table.clock * rng.uniform(-1, 1)
        self.least = 0  # the smallest range that it may use

    def ranges(self, true_a: FloatArray) -> IntArray:
        """Return the number of the smallest range for each current."""
        return np.maximum(self.least, np.searchsorted(self.table.ranges[:-1, 0], np.abs(true_a)))

    def current(
        self, true_a: FloatArray, noise: FloatArray, period_s: float, used: IntArray | None = None
    ) -> FloatArray:
        """Return what is measured, given standard normal `noise`, in the ranges `used` (None: the smallest)."""
        used = self.ranges(true_a) if used is None else used
        sigma_a = self.scale * self.table.ranges[used, 3] * (self.table.aperture_s / period_s) ** 0.5
        measured: FloatArray = true_a * (1 + self.gain[used]) + self.offset_a[used] + sigma_a * noise
        return measured

    def voltage(self, true_v: FloatArray, noise: FloatArray, period_s: float) -> FloatArray:
        """Return what is measured, given standard normal `noise`."""
        sigma_v = self.scale * self.table.voltage[2] * (self.table.aperture_s / period_s) ** 0.5
        measured: FloatArray = true_v * (1 + self.voltage_gain) + self.voltage_offset_v + sigma_v * noise
        return measured


class VirtualLog:
    """One log: `arm()` it, `trigger()` it, `fetch()` its records, `abort()` it.

    Records become readable in pieces of `piece_s` seconds (0: each at once); `fifo_s` seconds of them are kept. A
    value is the mean over the first `aperture_s` seconds of its period (0: over all of it).
    """

    def __init__(
        self,
        world: World,
        voltage: CurrentHistory,
        errors: MeterErrors,
        *,
        fifo_s: float,
        piece_s: float = 0.0,
        aperture_s: float = 0.0,
    ) -> None:
        self._world = world
        self._voltage = voltage  # the true output voltage in place of a current
        self._errors = errors
        self._fifo_s = fifo_s
        self._piece_s = piece_s
        self._aperture_s = aperture_s
        self._kept: FloatArray | None = None
        self._logs = 0
        self.armed = False
        self.running = False
        self.over_range_seen = False  # latched until the status register is read
        self._lost = False
        self._columns: list[str] = []
        self._period_s = 0.0
        self._start_ns = 0
        self._next = 0

    def arm(self, columns: list[str], period_s: float) -> None:
        """Wait for a trigger; `columns` holds what a record consists of: "CURR", "VOLT" or "STRAY"."""
        self._logs += 1
        self._noise = self._world.rng(f"{self._errors.table.name} noise {self._logs}")
        self._columns, self._period_s = columns, period_s
        self._kept = None
        self.armed, self.running = True, False

    def trigger(self, at_ns: int) -> None:
        """Begin with the record that starts at `at_ns`; ignored unless armed."""
        if self.armed:
            self.armed, self.running = False, True
            self._start_ns, self._next = at_ns, 0

    def abort(self) -> None:
        """End the log; what was not read is gone."""
        self.armed = self.running = False

    def hold(self) -> None:
        """End the log; what is kept stays, if it is complete."""
        self.armed = False

    def length(self) -> int:
        """Return how many records there have been since the trigger."""
        return self._readable() if self.running else 0

    def kept(self, count: int) -> FloatArray:
        """Return the first `count` records, which can be asked for again and again; a row for each."""
        if self._kept is None or len(self._kept) != count:
            self._kept = self.fetch(count)
        return self._kept

    @property
    def waiting(self) -> bool:
        """Return whether there is something to fetch."""
        return self._ready() > 0

    @property
    def piece(self) -> int:
        """Return how many records become readable together."""
        return max(1, round(self._piece_s / self._period_s))

    def take_lost(self) -> bool:
        """Return whether records were lost since the last call."""
        self._ready()
        lost, self._lost = self._lost, False
        return lost

    def fetch(self, most: int) -> FloatArray:
        """Return up to `most` of the oldest records, as an array with a row for each, and forget them."""
        parts = []
        while (count := min(self._ready(), most)) > 0:
            parts.append(self._records(count))
            most -= count
        return np.concatenate(parts) if parts else np.zeros((0, max(1, len(self._columns))))

    def _ready(self) -> int:
        """Return how many records follow each other without a gap, after forgetting what the FIFO cannot hold."""
        if not self.running:
            return 0
        newest = self._readable()
        oldest = newest - int(self._fifo_s * NS_PER_S / self._period_ns)
        stall_first, stall_last = self._stalled()
        if stall_first <= max(self._next, oldest) < stall_last:
            oldest = min(stall_last, newest)
        self._lost |= oldest > self._next
        self._skip_to(oldest)
        return (stall_first if self._next < stall_first < newest else newest) - self._next

    @property
    def _period_ns(self) -> float:
        """The true sample period; the instrument reports the nominal one."""
        return self._period_s * (1 + self._errors.clock) * NS_PER_S

    def _readable(self) -> int:
        """Return how many records of this log have become readable so far."""
        newest = int((self._world.clock.now_ns() - self._start_ns) / self._period_ns)
        return newest - newest % self.piece

    def _stalled(self) -> tuple[int, int]:
        """Return which records the fault switch has swept away: [first, last)."""
        at_ns = self._world.faults.drop_buffer_at_ns
        if at_ns is None or at_ns < self._start_ns:
            return self._next, self._next
        first = int((at_ns - self._start_ns) / self._period_ns)
        return first, first + int(_STALL_S * NS_PER_S / self._period_ns)

    def _skip_to(self, index: int) -> None:
        """Lose records, drawing their noise so that the later ones stay what they would have been."""
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
                true_v = self._means(self._voltage, edges_ns)
                table[:, i] = self._errors.voltage(true_v, noise[:, i], period_ns / NS_PER_S)
            else:
                table[:, i] = self._errors.scale * self._errors.table.voltage[2] * noise[:, i]
        self._next += count
        return table

    def _means(self, history: CurrentHistory, edges_ns: FloatArray) -> FloatArray:
        """Return the mean level of each record, over its period or the aperture at its beginning."""
        if not self._aperture_s:
            return np.diff(history.charge_c(edges_ns)) / (self._period_ns / NS_PER_S)
        begins_ns = edges_ns[:-1]
        ends_ns = begins_ns + self._aperture_s * NS_PER_S
        return (history.charge_c(ends_ns) - history.charge_c(begins_ns)) / self._aperture_s

    def _currents(self, edges_ns: FloatArray, noise: FloatArray) -> FloatArray:
        period_s = self._period_ns / NS_PER_S
        true_a = self._means(self._world.history, edges_ns)
        measured = self._errors.current(true_a, noise, period_s, self._ranges(true_a, edges_ns))
        limit_a = self._world.faults.over_range_above_a or self._errors.table.ranges[-1, 0]
        over = true_a > limit_a
        self.over_range_seen |= bool(over.any())
        measured[over] = self._errors.table.over_range
        return misread(self._world, self._next, measured)

    def _ranges(self, true_a: FloatArray, edges_ns: FloatArray) -> IntArray:
        """Return the range of each record: the largest that it, or one shortly before it, needs."""
        used = self._errors.ranges(true_a)
        hold = math.ceil(self._errors.table.hold_s * NS_PER_S / self._period_ns)
        if not hold:
            return used
        from scipy.ndimage import maximum_filter1d  # here, because it takes half a second to import

        before_ns = np.maximum(0.0, edges_ns[0] - self._period_ns * np.arange(hold + 1, -1, -1.0))
        needed = np.concatenate((self._errors.ranges(self._means(self._world.history, before_ns)), used))
        if self._errors.table.to_top:
            needed[1:][np.diff(needed) > 0] = len(self._errors.table.ranges) - 1
        middle = (hold + 1) // 2
        held: IntArray = maximum_filter1d(needed, hold + 1)[middle + 1 : middle + 1 + len(used)]
        return held


def misread(world: World, first: int, measured: FloatArray) -> FloatArray:
    """Return readings, the first of them number `first`, with those wrong that fault switches ask for."""
    faults, index = world.faults, np.arange(first, first + len(measured)) + 1
    if faults.odd_sample_every:
        measured[index % faults.odd_sample_every == 0] = faults.odd_sample_a
    if faults.flip_sign_every:
        measured[index % faults.flip_sign_every == 0] *= -1.0
    return measured
