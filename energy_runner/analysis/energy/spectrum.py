# SPDX-License-Identifier: Apache-2.0
"""Whether readings at an instant are close enough together for the load that they are taken of."""

import math

import numpy as np

from energy_runner.analysis.energy.source import EnergySource

# A load that switches less than once in a dozen readings has less than a quarter of its variance above an eighth
# of the rate of readings; white noise, and a load faster than the readings, have three quarters there.
_SLOW = 0.125  # of the rate
LARGEST_SHARE = 0.25
LEAST_RIPPLE = 0.01  # of the mean power; less changes no energy that anyone states
_MOST = 1 << 17
_SEGMENT = 1024


def too_coarse(source: EnergySource, start: float, stop: float) -> bool:
    """Return whether the trace's own spectrum says that the readings do not follow the load.

    A load that repeats in step with the readings cannot be seen by any spectrum.
    """
    if source.kind != "instant":
        return False
    middle, half = (start + stop) / 2, min(_MOST, stop - start) / 2
    power_w = np.asarray(source.power_w(math.ceil(middle - half), math.floor(middle + half)), dtype=np.float64)
    power_w = power_w[np.isfinite(power_w)]
    if len(power_w) < 16:
        return True
    from scipy.signal import welch  # here, because it takes a second to import

    frequency, density = welch(power_w, nperseg=min(_SEGMENT, len(power_w)))
    whole, upper = float(np.sum(density)), float(np.sum(density[frequency > _SLOW]))
    fast_w = math.sqrt(upper / whole * float(np.var(power_w))) if whole > 0 else 0.0
    return upper > LARGEST_SHARE * whole and fast_w > LEAST_RIPPLE * abs(float(np.mean(power_w)))
