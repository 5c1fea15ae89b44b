# SPDX-License-Identifier: Apache-2.0
"""Impossible readings, found before the driver averages them away.

A JS110 streams at its full rate, and a sample is the mean of many readings: one misread reading changes it too
little for the sample itself to look impossible. But the front end has a bandwidth of some 250 kHz at two million
readings a second (`js110/specification.toml`): one reading beside its middle, even the narrowest pulse that passes
is still more than half as high, and a dip likewise. So a reading that is twice both its neighbours, half of them
or of another sign, by more than offset and noise, was misread.
"""

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
TIMES = 2.0  # a reading's neighbours, which no pulse through the front end can exceed


class OddReadings:
    """Compares each reading with its two neighbours, which may come in another call.

    `floor` is how far offset and noise may part neighbours, in the unit of the readings.
    """

    def __init__(self, floor: float) -> None:
        self._floor = floor
        self._kept: Float32Array = np.zeros(0, np.float32)
        self._end = -1  # the count after the last reading

    def find(self, at: int, values: Float32Array, step: int) -> list[int]:
        """Return the counts of impossible readings; `values` are those at `at`, `at` + `step`, ..."""
        if at != self._end:
            self._kept = values[:0]
        y = np.concatenate((self._kept, values)).astype(np.float64)
        first = at - len(self._kept) * step
        self._kept = y[-2:].astype(np.float32)
        self._end = at + len(values) * step
        if len(y) < 3:
            return []
        with np.errstate(invalid="ignore"):  # readings that are missing
            low, high = np.minimum(y[:-2], y[2:]), np.maximum(y[:-2], y[2:])
            above = y[1:-1] > np.where(high > 0, high * TIMES, high / TIMES) + self._floor
            below = y[1:-1] < np.where(low > 0, low / TIMES, low * TIMES) - self._floor
        return [first + (int(place) + 1) * step for place in np.flatnonzero(above | below)]
