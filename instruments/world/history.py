# SPDX-License-Identifier: Apache-2.0
"""The supply current of the DUT as a piecewise constant function of time, with its exact integrals.

Charge and energy between any two moments are known in closed form (sums of level × duration): the truth against
which every sampler and every estimator is judged. Times are virtual nanoseconds.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class CurrentHistory:
    """Levels of current and voltage, appended in order of time; levels in the future may be planned."""

    def __init__(self) -> None:
        size = 1024
        self._count = 1
        # Column by column: start of the segment (ns), current (A), voltage (V), charge (C) and energy (J)
        # accumulated up to the start.
        self._table = np.zeros((5, size))
        self._known_ns: float | None = None  # from here on, where older levels were forgotten

    def __len__(self) -> int:
        return self._count

    def forget(self, before_ns: int) -> None:
        """Drop the levels that end before `before_ns` (ns); all integrals from there on stay what they are."""
        first = int(np.searchsorted(self._table[0, : self._count], before_ns, side="right")) - 1
        if first > 0:
            kept = self._count - first
            self._table[:, :kept] = self._table[:, first : self._count].copy()
            self._count = kept
            self._known_ns = float(self._table[0, 0])

    def append(self, at_ns: int, current_a: float, voltage_v: float) -> None:
        """Set the level (A, V) from `at_ns` on; levels planned after that moment are dropped."""
        self.extend(np.array([float(at_ns)]), np.array([current_a]), voltage_v)

    def extend(self, at_ns: FloatArray, current_a: FloatArray, voltage_v: float) -> None:
        """Set many levels at once (A, V; times in ns, rising); levels planned after the first time are dropped."""
        self.truncate(int(at_ns[0]))
        new = len(at_ns)
        self._reserve(self._count + new)
        first, last = self._count, self._count + new
        table = self._table
        table[0, first:last] = at_ns
        table[1, first:last] = current_a
        table[2, first:last] = voltage_v
        before = slice(first - 1, last - 1)
        charge_c = table[1, before] * (table[0, first:last] - table[0, before]) * 1e-9
        table[3, first:last] = table[3, first - 1] + np.cumsum(charge_c)
        table[4, first:last] = table[4, first - 1] + np.cumsum(charge_c * table[2, before])
        self._count = last

    def change_voltage(self, at_ns: int, voltage_v: float) -> None:
        """Change the supply voltage (V) from `at_ns` on; planned currents stay as they are."""
        first = int(np.searchsorted(self._table[0, : self._count], at_ns, side="right")) - 1
        planned = self._table[:2, max(0, first) : self._count].copy()
        planned[0, 0] = at_ns
        self.extend(planned[0], planned[1], voltage_v)

    def truncate(self, at_ns: int) -> None:
        """Drop every level that starts at or after `at_ns`."""
        kept = int(np.searchsorted(self._table[0, : self._count], at_ns, side="left"))
        self._count = max(1, kept)

    def charge_c(self, at_ns: npt.ArrayLike) -> FloatArray:
        """Return the charge in coulomb drawn from the start of the world up to each time (ns)."""
        return self._integral(3, at_ns)

    def energy_j(self, at_ns: npt.ArrayLike) -> FloatArray:
        """Return the energy in joule drawn from the start of the world up to each time (ns)."""
        return self._integral(4, at_ns)

    def voltage_v(self, at_ns: npt.ArrayLike) -> FloatArray:
        """Return the supply voltage (V) at each time (ns)."""
        times = self._table[0, : self._count]
        segment = np.searchsorted(times, np.asarray(at_ns, dtype=np.float64), side="right") - 1
        voltage_v: FloatArray = self._table[2, np.maximum(segment, 0)]
        return voltage_v

    def levels(self, start_ns: int, stop_ns: int) -> tuple[FloatArray, FloatArray]:
        """Return the start times (ns) and currents (A) of the segments that overlap [start, stop)."""
        times = self._table[0, : self._count]
        first = max(0, int(np.searchsorted(times, start_ns, side="right")) - 1)
        last = int(np.searchsorted(times, stop_ns, side="left"))
        return times[first:last].copy(), self._table[1, first:last].copy()

    def _integral(self, row: int, at_ns: npt.ArrayLike) -> FloatArray:
        times = np.asarray(at_ns, dtype=np.float64)
        if self._known_ns is not None and np.any(times < self._known_ns):
            raise ValueError(f"the current before {self._known_ns:.0f} ns was forgotten")
        table = self._table
        segment = np.searchsorted(table[0, : self._count], times, side="right") - 1
        segment = np.maximum(segment, 0)
        rate = table[1, segment] if row == 3 else table[1, segment] * table[2, segment]
        result: FloatArray = table[row, segment] + rate * (times - table[0, segment]) * 1e-9
        return result

    def _reserve(self, size: int) -> None:
        if size > self._table.shape[1]:
            bigger = np.zeros((5, max(size, 2 * self._table.shape[1])))
            bigger[:, : self._count] = self._table[:, : self._count]
            self._table = bigger
