# SPDX-License-Identifier: Apache-2.0
"""Power of a stretch of a trace, averaged where there are more samples than inferences need."""

import numpy as np

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray

_CHUNK = 1 << 20


def averaged(source: EnergySource, first: int, last: int, factor: int) -> FloatArray:
    """Return the mean power of every `factor` samples; NaN where one of them is missing. Constant memory."""
    step = _CHUNK // factor * factor
    stop = first + (last - first) // factor * factor
    parts = []
    for begin in range(first, stop, step):
        part = np.asarray(source.power_w(begin, min(begin + step, stop)), dtype=np.float64)
        part[~np.isfinite(part)] = np.nan
        parts.append(np.mean(part.reshape(-1, factor), axis=1))
    return np.concatenate(parts) if parts else np.zeros(0)
