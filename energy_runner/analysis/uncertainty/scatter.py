# SPDX-License-Identifier: Apache-2.0
"""What windows scatter beyond what their own causes explain: repeatability, and the difference between stimuli.

Windows with one stimulus scatter by repeatability alone. Windows of which each has a stimulus of its own scatter
by repeatability and by how much the DUT's energy depends on its input, which one window a stimulus cannot keep
apart. Where a plan measures each stimulus more than once, the scatter within stimuli is repeatability, and what
their means scatter beyond that is the difference between stimuli (JCGM 100:2008, H.5, analysis of variance).
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.wording import rounded

# From here on the scatter that the windows' own causes explain is subtracted. With fewer windows the difference is
# so uncertain that an interval of 95 % would cover 87 % (two windows) and 92 % (three), by simulation.
FEWEST_FOR_DIFFERENCE = 4


@dataclass(frozen=True)
class Scatter:
    """One type A component of the median: standard uncertainty in the unit of the values, degrees of freedom."""

    name: str
    source: str
    u: float
    dof: float


def find_scatter(
    values: Sequence[float], stimuli: Sequence[int | None], explained: float, factor: float
) -> list[Scatter]:
    """Return what the scatter of `values` adds to the uncertainty of their median; nothing for one value.

    `stimuli` says which stimulus each window had (None: not known, taken as one). `explained` is the mean variance
    of a window by its own causes, and `factor` what the median of the windows has of the deviation of one.
    """
    count = len(values)
    if count < 2:
        return []
    groups: dict[int | None, list[float]] = defaultdict(list)
    for stimulus, value in zip(stimuli, values, strict=True):
        groups[stimulus].append(value)
    if 1 < len(groups) < count:
        return _nested(values, list(groups.values()), explained, factor)
    name = "repeatability of the windows"
    if len(groups) > 1:
        name = "scatter of the windows, each with another stimulus"
    scatter = statistics.stdev(values)
    beyond, less = _beyond(scatter**2, count, explained)
    share = in_words(scatter / statistics.median(values))
    source = (
        f"standard deviation of {count} windows, {share} of the score{less}; {factor:.4g} of it for the median"
    )
    return [Scatter(name, source, factor * beyond, count - 1)]


def _nested(
    values: Sequence[float], groups: Sequence[Sequence[float]], explained: float, factor: float
) -> list[Scatter]:
    """Return repeatability within stimuli, and the difference between stimuli, as two components."""
    count, kinds = len(values), len(groups)
    squares = (statistics.variance(group) * (len(group) - 1) for group in groups if len(group) > 1)
    within = sum(squares) / (count - kinds)
    middle = statistics.median(values)
    beyond, less = _beyond(within, count - kinds + 1, explained)
    repeats = Scatter(
        "repeatability of the windows",
        f"standard deviation of windows with the same stimulus, {in_words(math.sqrt(within) / middle)} of the "
        f"score, pooled over {kinds} stimuli{less}; {factor:.4g} of it for the median of {count}",
        factor * beyond,
        count - kinds,
    )
    of_means = statistics.variance([statistics.fmean(group) for group in groups])
    by_repeats = within * statistics.fmean([1 / len(group) for group in groups])
    between = math.sqrt(max(0.0, of_means - by_repeats))
    differs = Scatter(
        "difference between stimuli",
        f"standard deviation of the means of {kinds} stimuli, less what repeatability explains, "
        f"{in_words(between / middle)} of the score; divided by the square root of {kinds}",
        between / math.sqrt(kinds),
        kinds - 1,
    )
    return [repeats, differs]


def in_words(share: float) -> str:
    """Return the size of a share with two digits, in percent or in parts per million; never with an exponent."""
    size = abs(share)
    factor, unit = (1e6, "ppm") if size < 1e-4 else (1e2, "%")
    return f"{rounded(factor * size, factor * size)[1]} {unit}"


def _beyond(variance: float, count: int, explained: float) -> tuple[float, str]:
    """Return the standard deviation that is left of a variance, and how it is said."""
    if count < FEWEST_FOR_DIFFERENCE:
        return math.sqrt(variance), " (too few windows to subtract what their own causes above explain)"
    return math.sqrt(max(0.0, variance - explained)), ", less what their own causes above explain"
