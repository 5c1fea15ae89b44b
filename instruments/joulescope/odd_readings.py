# SPDX-License-Identifier: Apache-2.0
"""Readings that cannot be, found before the driver makes means of them, which would hide them.

A JS110 streams at its full rate, and a sample is the mean of many readings: one of them that is misread changes
it by less than what a sample that cannot be is known by. But its front end has a bandwidth of some 250 kHz at two
million readings a second (`js110/specification.toml`): the narrowest pulse that passes is more than half as high
one reading away from its middle, and a dip likewise. A reading that is twice both its neighbours, half of them or
of another sign, by more than offset and noise, is none of the current.
"""

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
TIMES = 2.0


class OddReadings:
    """Looks at each reading with its two neighbours, which may come in another call; `floor` is in their unit."""

    def __init__(self, floor: float) -> None:
        self._floor = floor
        self._kept: Float32Array = np.zeros(0, np.float32)
        self._end = -1  # the count after the last reading

    def find(self, at: int, values: Float32Array, step: int) -> list[int]:
        """Return the counts of readings that cannot be; `values` are those at `at`, `at` + `step`, ..."""
        if at != self._end:
            self._kept = values[:0]
        y = np.concatenate((self._kept, values)).astype(np.float64)
        first = at - len(self._kept) * step
        self._kept, self._end = (
            values[-2:] if len(values) > 1 else y[-2:].astype(np.float32),
            at + len(values) * step,
        )
        if len(y) < 3:
            return []
        with np.errstate(invalid="ignore"):  # readings that are missing
            low, high = np.minimum(y[:-2], y[2:]), np.maximum(y[:-2], y[2:])
            above = y[1:-1] > np.where(high > 0, high * TIMES, high / TIMES) + self._floor
            below = y[1:-1] < np.where(low > 0, low / TIMES, low * TIMES) - self._floor
        return [first + (int(place) + 1) * step for place in np.flatnonzero(above | below)]
