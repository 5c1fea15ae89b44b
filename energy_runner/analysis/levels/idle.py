# SPDX-License-Identifier: Apache-2.0
"""What the DUT draws while it waits: the lowest stable level between windows.

Between windows a DUT waits, receives its next stimulus, answers and warms up. On many boards receiving draws
more than inferring, so the mean between windows is not an idle level, and none is assumed: the trace is cut into
constant levels, and the lowest one that lasts counts, with the places where it was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.levels.changepoints import Levels, find_levels

FloatArray = npt.NDArray[np.float64]

LEAST_S = 0.01
LEAST_SAMPLES = 8
LEAST_TOTAL_S = 0.05
_STEADY = 0.05  # of the level: samples that scatter more are no stable level
_SAME = 0.02  # of the level: levels closer than this are one


@dataclass(frozen=True)
class Stretch:
    """Samples without gap, from place `first` on; `power_w` is NaN where one is missing."""

    first: float
    power_w: FloatArray


@dataclass(frozen=True)
class IdleLevel:
    """The lowest stable level: `power_w` ± `u_w` (scatter of what was found; the meter's own errors apart).

    It lasted `total_s` altogether in `places` places; the longest began at `start_s` and lasted `duration_s`.
    """

    power_w: float
    u_w: float
    total_s: float
    places: int
    start_s: float
    duration_s: float


def find_idle(stretches: Sequence[Stretch], period_s: float) -> IdleLevel | None:
    """Return the lowest level that is stable for 10 ms at a time and 50 ms altogether; None if there is none."""
    levels: list[tuple[float, float, float]] = []  # power, first place, samples
    for stretch in stretches:
        if len(stretch.power_w) >= LEAST_SAMPLES:
            levels += _stable(stretch, find_levels(stretch.power_w), period_s)
    levels.sort()
    for k, (lowest, _, _) in enumerate(levels):
        alike = [level for level in levels[k:] if level[0] <= lowest + _SAME * abs(lowest)]
        samples = np.array([level[2] for level in alike])
        if float(np.sum(samples)) * period_s < LEAST_TOTAL_S:
            continue
        power = np.array([level[0] for level in alike])
        mean = float(np.sum(power * samples) / np.sum(samples))
        # Where the places differ, each counts as one observation.
        scatter = float(np.sqrt(np.sum(samples * (power - mean) ** 2) / np.sum(samples) / max(1, len(alike) - 1)))
        longest = max(alike, key=lambda level: level[2])
        return IdleLevel(
            power_w=mean,
            u_w=scatter,
            total_s=float(np.sum(samples)) * period_s,
            places=len(alike),
            start_s=longest[1] * period_s,
            duration_s=longest[2] * period_s,
        )
    return None


def _stable(stretch: Stretch, levels: Levels, period_s: float) -> list[tuple[float, float, float]]:
    """Return power, first place and number of samples of each level that lasts, its ends left out."""
    found = []
    least = max(LEAST_SAMPLES, LEAST_S / period_s)
    for first, last in zip(levels.edges[:-1], levels.edges[1:], strict=True):
        # The samples beside an edge may be mixed with another level.
        begin, end = int(np.ceil(first)) + 1, int(last) - 1
        if end - begin < least:
            continue
        inner = stretch.power_w[begin:end]
        inner = inner[np.isfinite(inner)]
        if len(inner) < least:
            continue
        mean = float(np.mean(inner))
        if float(np.std(inner)) <= _STEADY * abs(mean):
            found.append((mean, stretch.first + begin, float(len(inner))))
    return found
