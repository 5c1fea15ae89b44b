# SPDX-License-Identifier: Apache-2.0
"""Trains of made-up inferences, sampled by an ideal monitor."""

import math

import numpy as np

from energy_runner.analysis.inferences.count import WindowTrace
from tests.support.synthetic import Curve

# Share of the duration and level of each layer of a made-up network.
LAYERS = [(0.13, 0.93), (0.04, 1.08), (0.34, 1.02), (0.04, 1.07), (0.42, 1.01), (0.03, 0.62)]
PERIOD_S = 1e-3


def train_power(
    starts: np.ndarray,
    *,
    layers: list[tuple[float, float]] = LAYERS,
    scale: np.ndarray | None = None,
    lead: float = 1.0,
    outside: float = 0.8,
    noise: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """Mean power of each sample around a train of inferences, as an ideal monitor would state it."""
    count = len(starts) - 1
    scale = np.ones(count) if scale is None else scale
    curve = Curve([(-1.0, outside), (float(starts[0]) - lead, 1.0)])
    shares = np.concatenate(([0.0], np.cumsum([share for share, _ in layers])[:-1]))
    for k in range(count):
        length = starts[k + 1] - starts[k]
        curve.steps += [
            (float(starts[k] + share * length), level * scale[k])
            for share, (_, level) in zip(shares, layers, strict=True)
        ]
    curve.steps += [(float(starts[-1]), 1.0), (float(starts[-1]) + 1.0, outside)]
    power = np.diff(curve.energy_j(np.arange(float(int(starts[-1]) + 50))))
    return power + np.random.default_rng(seed).normal(0.0, noise, len(power))


def window(starts: np.ndarray, power: np.ndarray, *, stated: int | None = None, lead: float = 1.0) -> WindowTrace:
    """The window of a train, its edges captured to half a sample."""
    edges = (math.floor(starts[0] - lead) + 0.5, math.floor(starts[-1]) + 0.5)
    return WindowTrace(power, PERIOD_S, *edges, 0.5, stated or len(starts) - 1)


def steady(period: float, count: int = 120) -> np.ndarray:
    return 30.3 + period * np.arange(count + 1.0)
