# SPDX-License-Identifier: Apache-2.0
"""Regular wake-ups of an idle DUT, whose energy belongs to idle: a radio's beacon, a sensor's second."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LEAST = 4  # wake-ups, so that there are three intervals: two may be alike by chance
_APART = 0.05  # of the level between: less is no state of its own
_SIGMAS = 6.0
_ALIKE = 1.5  # the longest interval over the shortest; blocks cut each at most by one of them


@dataclass(frozen=True)
class WakeUps:
    """Mean power over whole `intervals`, its standard uncertainty by their scatter, and how long they are."""

    mean_w: float
    u_w: float
    intervals: int
    every_blocks: float


def find_wake_ups(means_w: npt.NDArray[np.float64]) -> WakeUps | None:
    """Return the wake-ups in equal blocks that follow each other; None unless they recur at like intervals.

    A run of blocks away from the middle one is a wake-up, upwards or downwards. One that touches either end may be
    something else: what the DUT still did after its answer, or did already before the next command.
    """
    if not len(means_w):
        return None
    middle = float(np.median(means_w))
    scatter = 1.4826 * float(np.median(np.abs(means_w - middle)))
    away = np.abs(means_w - middle) > max(_APART * abs(middle), _SIGMAS * scatter)
    begins = np.flatnonzero(away[1:] & ~away[:-1]) + 1
    if away[-1] and len(begins):
        begins = begins[:-1]
    if len(begins) < _LEAST:
        return None
    lengths = np.diff(begins)
    if np.max(lengths) > _ALIKE * np.min(lengths) + 1:
        return None
    sums = np.add.reduceat(means_w[: begins[-1]], begins[:-1])
    each = sums / lengths
    count = len(lengths)
    return WakeUps(
        mean_w=float(np.sum(sums) / np.sum(lengths)),
        u_w=float(np.std(each, ddof=1)) / math.sqrt(count),
        intervals=count,
        every_blocks=float(np.mean(lengths)),
    )
