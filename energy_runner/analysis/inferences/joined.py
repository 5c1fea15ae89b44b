# SPDX-License-Identifier: Apache-2.0
"""Few repetitions in each window, counted in all windows laid end to end.

One window of ten inferences does not tell a period from a slow change of the supply and back. But a window begins
and ends with an inference, so that five of them end to end are fifty inferences in a row, nearly in step. A drift
that every window has repeats once in each, and counts as nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.inferences.averaged import averaged
from energy_runner.analysis.inferences.edge_shapes import Shapes, shapes_at_edges
from energy_runner.analysis.inferences.period import find_period
from energy_runner.analysis.inferences.window_length import CLEAR, EACH, FEWEST_ALONE, Repetitions
from energy_runner.analysis.placing.alignment import Placed

_LEAST = 2.0  # repetitions in a window: its own drift repeats once
_LEAST_WINDOWS = 2
_SAMPLES = 4096  # of a window; more are averaged
# Standard uncertainty of the number in one window: what a DUT does beside its inferences breaks their step.
_U = 0.1


@dataclass(frozen=True)
class Joined:
    """The power of all windows end to end, how often one of them repeats, and what repeats at their edges."""

    power_w: FloatArray
    windows: int
    held: Repetitions
    shapes: tuple[Shapes, ...]


def join(source: EnergySource, windows: Sequence[Placed]) -> Joined | None:
    """Return what windows of the same number of inferences repeat together.

    None where nothing repeats clearly, or so often that one window would have told.
    """
    spans = [(max(0, math.ceil(one.start)), min(source.length, math.floor(one.stop))) for one in windows]
    longest = max((stop - first for first, stop in spans), default=0)
    if len(spans) < _LEAST_WINDOWS or min(stop - first for first, stop in spans) <= longest / 2:
        return None
    factor = max(1, longest // _SAMPLES)
    parts = [averaged(source, first, stop, factor) for first, stop in spans]
    power_w = np.concatenate(parts)
    period = find_period(power_w)
    if period is None or period.strength < CLEAR:
        return None
    length = len(power_w) / len(parts)
    count = length / period.samples
    if not _LEAST <= count < FEWEST_ALONE:
        return None
    held = Repetitions(
        count=count, u=_U, coarse=count / length, parts=1, first=period.samples, last=period.samples
    )
    shapes = tuple(
        shapes_at_edges(
            part,
            ((one.start - first) / factor, (one.stop - first) / factor),
            (period.samples, period.samples),
            EACH,
        )
        for one, (first, _), part in zip(windows, spans, parts, strict=True)
    )
    return Joined(power_w, len(parts), held, shapes)
