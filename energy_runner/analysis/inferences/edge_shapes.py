# SPDX-License-Identifier: Apache-2.0
"""What repeats in a window as it is seen from its edges, compared between windows.

Inferences are at the same place at the beginning of every window, or at its end, whichever edge is right. A tick
of the DUT, or a beat of its supply, is anywhere.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.inferences.period import flattened

ComplexArray = npt.NDArray[np.complex128]

_ORDERS = 8  # harmonics of what repeats


def shape_at(power_w: FloatArray, begin: float, period: float) -> ComplexArray:
    """Return what repeats in samples as harmonics of its shape, of length 1 together.

    The samples begin `begin` samples after the edge from which the shape is seen (before it: negative).
    """
    y = flattened(power_w)
    turns = (begin + np.arange(len(y)) + 0.5) / period
    orders = np.arange(1, _ORDERS + 1)
    shape = np.exp(-2j * math.pi * np.outer(orders, turns)) @ y
    shape[orders > period / 2] = 0  # faster than the samples can show
    return np.asarray(shape / max(float(np.linalg.norm(shape)), 1e-300))


def shapes_at_edges(
    power_w: FloatArray, edges: tuple[float, float], periods: tuple[float, float], most: int
) -> tuple[ComplexArray, ComplexArray]:
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
