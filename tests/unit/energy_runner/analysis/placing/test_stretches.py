# SPDX-License-Identifier: Apache-2.0
"""The worst stretch of a run against plain loops over all pairs of its parts."""

import math
import statistics
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.stretches import worst_stretch

PERIOD_S = 0.25


def facts(late_s: np.ndarray) -> Facts:
    """Arrivals every ten samples, each so late."""
    ends = 10.0 * np.arange(1, len(late_s) + 1)
    times_ns = 7e9 + (ends * PERIOD_S + late_s) * 1e9
    known: Any = {"monitor": SimpleNamespace(period_s=PERIOD_S), "arrival_line": lambda: (ends, times_ns)}
    return cast(Facts, SimpleNamespace(**known))


@pytest.mark.parametrize(("count", "parts"), [(16, 2), (40, 5), (47, 5), (128, 16), (200, 16)])
@pytest.mark.parametrize(("allowed", "ratio"), [(0.0, 1.0), (0.004, 1.0), (0.0, 1.01)])
def test_the_least_late_arrivals_of_all_parts_are_compared(
    count: int, parts: int, allowed: float, ratio: float
) -> None:
    rng = np.random.default_rng(count)
    late_s = rng.exponential(0.02, count) + np.where(np.arange(count) >= count // 2, 0.3, 0.0)
    late_s[0] = 0.0
    floors = []
    for part in np.array_split(np.arange(count), parts):
        least = min(part, key=lambda k: late_s[k])
        above = [late_s[k] - late_s[least] for k in part]
        floors.append((10.0 * (least + 1) * PERIOD_S, late_s[least], 1.44 * statistics.median(above)))
    scored = []
    for first, second in combinations(floors, 2):
        length_s = second[0] - first[0]
        found = 1 + (second[1] - first[1]) / length_s
        u = math.hypot(math.hypot(first[2], second[2], PERIOD_S / 2) / length_s, 100e-6 / math.sqrt(3))
        scored.append(((abs(found - ratio) - allowed) / u, first[0], second[0], found, u))
    worst = max(scored)
    told = worst_stretch(facts(late_s), allowed, ratio)
    assert told is not None
    assert (told.start_s, told.stop_s) == (worst[1], worst[2])
    assert (told.ratio, told.u) == (pytest.approx(worst[3], rel=1e-9), pytest.approx(worst[4], rel=1e-5))


def test_few_arrivals_have_no_parts_to_compare() -> None:
    assert worst_stretch(facts(np.zeros(15)), 0.0) is None
    assert worst_stretch(facts(np.zeros(16)), 0.0) is not None
    assert worst_stretch(cast(Facts, SimpleNamespace(monitor=None)), 0.0) is None


@pytest.mark.parametrize("side", [1, -1])
def test_a_ratio_is_farthest_from_one_unless_told_otherwise(side: int) -> None:
    """The first half keeps time, the second does not: it counts, whichever side it is off to."""
    late = np.where(np.arange(64) < 32, 0.0, side * np.linspace(-2.0, 2.0, 64))
    assert worst_stretch(facts(late), 0.0) == worst_stretch(facts(late), 0.0, 1.0)
