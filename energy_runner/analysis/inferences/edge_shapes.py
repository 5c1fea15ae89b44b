# SPDX-License-Identifier: Apache-2.0
"""What repeats in a window as it is seen from its edges, compared between windows.

Inferences are at the same place at the beginning of every window, or at its end, whichever edge is right. A tick
of the DUT, or a beat of its supply, is anywhere. Where the clock of the edges is known so poorly that both look
alike, what repeats is taken for the inferences, because they cannot be ruled out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.inferences.period import flattened

ComplexArray = npt.NDArray[np.complex128]
Shapes = tuple[ComplexArray, ComplexArray]  # at a window's beginning, and at its end

_ALIKE = 0.5  # correlation between windows of what repeats at an edge; that of a tick is about 0
_ORDERS = 8  # harmonics of what repeats
_RATES = 3.0  # standard uncertainties of the clock's rate that are tried
_FINE = 24  # rates for each turn by which the last window is shifted: the eighth harmonic turns by a third
_MOST_TURNS = 50.0  # with more, anything looks alike at one rate or another


@dataclass(frozen=True)
class AtEdges:
    """What repeats in a window every `each_s`, as seen from its two edges, of which the first is at `start_s`."""

    shapes: Shapes
    start_s: float
    each_s: float


def stand_alike(windows: Sequence[AtEdges], rate_u: float | None) -> bool:
    """Return whether what repeats may be at the same place in each window, as seen from one edge or the other.

    `rate_u` is the relative standard uncertainty of the clock by which the edges are placed, None for that of the
    samples: an edge t seconds into the trace may be off by some three times t · `rate_u`.
    """
    since_s = np.array([one.start_s for one in windows]) - windows[0].start_s
    each_s = float(np.median([one.each_s for one in windows]))
    turns = _RATES * (rate_u or 0.0) * float(np.max(since_s)) / each_s
    if turns > _MOST_TURNS:
        return True
    orders = np.arange(1, _ORDERS + 1)
    rates = np.linspace(-1.0, 1.0, 2 * math.ceil(_FINE * turns) + 1) * _RATES * (rate_u or 0.0)
    for rate in rates.tolist():
        turned = np.exp(2j * math.pi * rate / each_s * np.outer(since_s, orders))
        for end in (0, 1):
            if correlation(list(turned * [one.shapes[end] for one in windows])) > _ALIKE:
                return True
    return False


def shape_at(power_w: FloatArray, begin: float, period: float) -> ComplexArray:
    """Return what repeats in samples as harmonics of its shape, of length 1 together.

    The samples begin `begin` samples after the edge from which the shape is seen (before it: negative).
    """
    y = flattened(power_w)
    turns = (begin + np.arange(len(y)) + 0.5) / period
    orders = np.arange(1, _ORDERS + 1)
    # Each harmonic is the one before it, turned by the first. A product of matrices would give the same to 1e-13,
    # but its library keeps the other processors spinning for as long as it takes.
    once, turned, sums = np.exp(-2j * math.pi * turns), y.astype(np.complex128), []
    for _ in range(_ORDERS):
        turned = turned * once
        sums.append(complex(np.sum(turned)))
    shape = np.array(sums)
    shape[orders > period / 2] = 0  # faster than the samples can show
    return np.asarray(shape / max(float(np.linalg.norm(shape)), 1e-300))


def shapes_at_edges(
    power_w: FloatArray, edges: tuple[float, float], periods: tuple[float, float], most: int
) -> Shapes:
    """Return what repeats at the two ends of `power_w`, as seen from `edges`, which are places in it.

    `periods` are in samples, at the beginning and at the end; up to `most` of them are looked at.
    """
    head, tail = (power_w[: math.ceil(most * periods[0])], power_w[-math.ceil(most * periods[1]) :])
    return (
        shape_at(head, -edges[0], periods[0]),
        shape_at(tail, len(power_w) - edges[1] - len(tail), periods[1]),
    )


def correlation(shapes: Sequence[ComplexArray]) -> float:
    """Return the mean correlation of every two of the shapes: 1 for equal ones, about 0 for any others."""
    count = len(shapes)
    alone = sum(float(np.linalg.norm(shape)) ** 2 for shape in shapes)
    return (float(np.linalg.norm(np.sum(shapes, axis=0))) ** 2 - alone) / (count * (count - 1))
