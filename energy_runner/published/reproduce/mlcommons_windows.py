# SPDX-License-Identifier: Apache-2.0
"""The windows of the MLCommons runner, digit by digit; pure functions.

Its rules are its own: time is the number of samples, and the last two edges of a pass make its window. They
serve only to reproduce what was published.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.published.model import WAKE_WORDS, PublishedSession

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MlcommonsWindow:
    """What the MLCommons runner computes for one pass, unrounded. Energies in joule, times in seconds.

    `power_mw` is the mean power in milliwatt, `per_inference_uj` the energy of one inference in microjoule, scaled
    as it is for printing.
    """

    number: int
    inferences: int
    elapsed_s: float
    energy_j: float
    power_mw: float
    per_inference_uj: float


def energy_windows(session: PublishedSession, *, other_order: bool = False) -> list[MlcommonsWindow]:
    """Return the windows of an energy session; none unless every pass has samples."""
    windows = [
        cut_window(number, one.samples_j, one.edges, one.inferences, pairwise=not other_order)
        for number, one in enumerate(session.passes)
        if one.samples_j is not None
    ]
    return [window for window in windows if window is not None]


def runtimes(session: PublishedSession) -> list[tuple[int, int]]:
    """Return (inferences, elapsed microseconds) of each window of a performance session."""
    if session.mode != "performance" or session.benchmark == WAKE_WORDS:
        return []
    return [(one.inferences, one.elapsed_us or 0) for one in session.passes]


def cut_window(
    number: int, samples_j: FloatArray, edges: Sequence[int], inferences: int, *, pairwise: bool = True
) -> MlcommonsWindow | None:
    """Return the window between the last two of `edges`, counted in samples of 1 ms; None for fewer than two.

    Time is the number of samples: lost ones make the window shorter, and a spurious edge after the stop moves it.
    """
    if len(edges) < 2:
        return None
    start, stop = edges[-2], edges[-1]
    inside = samples_j[max(start, 0) : max(stop, 0)]
    total_j = np.sum(inside) if pairwise or not len(inside) else np.add.accumulate(inside)[-1]
    energy_j = float(total_j) if 0 <= start <= stop else math.nan
    elapsed_s = stop / 1000 - start / 1000
    return MlcommonsWindow(
        number=number,
        inferences=inferences,
        elapsed_s=elapsed_s,
        energy_j=energy_j,
        power_mw=_ratio(1e3 * energy_j, elapsed_s),
        per_inference_uj=_ratio(energy_j, inferences) * 1e6,
    )


def _ratio(dividend: float, divisor: float) -> float:
    return dividend / divisor if divisor else math.nan
