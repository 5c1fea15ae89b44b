# SPDX-License-Identifier: Apache-2.0
"""Nights of a reference that were never measured: their scatter and their shifts are known."""

import math
import random
from collections.abc import Callable

from energy_runner.sweep.trust.control_chart import Change, Chart
from energy_runner.sweep.trust.nights import series_of, split_nights
from energy_runner.sweep.trust.points import ReferencePoint

DAY_S = 86_400.0
BEGIN_S = 1_793_556_000.0  # 2026-11-01T18:00:00Z
VALUE_J = 1.44e-3
SCATTER = 0.002  # of a night, as this field has it


def reference_points(
    rng: random.Random,
    nights: int,
    *,
    a_night: int = 1,
    scatter: float = SCATTER,
    within: float = 0.0005,
    off: Callable[[int], float] = lambda _: 0.0,
    dof: float = math.inf,
    u: float | None = None,
) -> list[ReferencePoint]:
    """Nights that scatter normally, or by a t distribution; the points of a night scatter by `within` about it."""
    points = []
    for night in range(nights):
        common = scatter * rng.gauss(0, 1)
        if math.isfinite(dof):
            common *= math.sqrt((dof - 2) / (2 * rng.gammavariate(dof / 2, 1)))
        for number in range(a_night):
            value_j = VALUE_J * (1 + common + within * rng.gauss(0, 1) + off(night))
            at_s = BEGIN_S + night * DAY_S + number * 7200
            points.append(
                ReferencePoint(at_s, value_j, value_j * (within if u is None else u), session=f"{night}-{number}")
            )
    return points


def since(first: int, shift: float) -> Callable[[int], float]:
    """A shift that stays, from the night at place `first` on."""
    return lambda night: shift if night >= first else 0.0


def change_in(points: list[ReferencePoint]) -> Change | None:
    """The change that a chart without a past finds."""
    return Chart([], series_of(split_nights(points))).judge().change
