# SPDX-License-Identifier: Apache-2.0
"""One load for all trace files of the tests: two plateaus, a window inside each, and its joules."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VOLTAGE_V = 3.0
SECONDS = 6.0
IDLE_A = 1e-3
WINDOWS = ((1.0, 2.5, 5e-3), (3.5, 5.0, 7e-3))  # s, s, A
AROUND_S = 0.3  # by which a plateau is longer than its window
JOULES = tuple((stop - start) * level * VOLTAGE_V for start, stop, level in WINDOWS)
EDGES_S = tuple(edge for window in WINDOWS for edge in window[:2])
PULSE_S = 0.05
START_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Wave:
    """The load at a sample rate: its current (A), the pin (True is high), and times (s)."""

    rate_hz: float = 200.0

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        return np.arange(round(SECONDS * self.rate_hz)) / self.rate_hz

    @property
    def current_a(self) -> npt.NDArray[np.float64]:
        middle_s = self.times_s + 0.5 / self.rate_hz
        values = np.full(len(middle_s), IDLE_A)
        for start, stop, level in WINDOWS:
            values[(middle_s > start - AROUND_S) & (middle_s < stop + AROUND_S)] = level
        return values

    @property
    def high(self) -> npt.NDArray[np.bool_]:
        """The pin: low for a while from each edge on."""
        first = np.round(np.array(EDGES_S) * self.rate_hz).astype(int)
        states = np.ones(len(self.times_s), dtype=np.bool_)
        for at in first:
            states[at : at + round(PULSE_S * self.rate_hz)] = False
        return states
