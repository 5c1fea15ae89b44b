# SPDX-License-Identifier: Apache-2.0
"""The linear budget against a Monte Carlo calculation (JCGM 101:2008)."""

import math

import numpy as np
import pytest

from energy_runner.analysis.uncertainty.evaluate import evaluate
from tests.support.budget_windows import (
    DURATION_S,
    ENERGY_J,
    INFERENCES,
    OUTSIDE_W,
    PERIOD_S,
    ROOT3,
    given,
    window,
)


def test_the_linear_budget_agrees_with_a_monte_carlo_calculation() -> None:
    """The whole measurement equation, products and all, and a real median; validation as in JCGM 101, 8."""
    gain, supply, offset_w, clock, phase_s, noise_w = 0.008, 0.006, 1e-4, 1e-3, 2e-3, 0.02
    terms = [
        {"name": "gain", "relative": gain},
        {"name": "supply_voltage", "relative": supply},
        {"name": "offset", "absolute": offset_w, "unit": "W"},
        {"name": "clock", "relative": clock},
        {"name": "noise", "absolute": noise_w, "unit": "W"},
    ]
    flat = {"edge_half_width_s": phase_s / 2, "edge_outside_w": OUTSIDE_W}
    own_j = math.hypot(noise_w * DURATION_S / 100, math.sqrt(2) * phase_s / 2 / ROOT3 * OUTSIDE_W)
    # Windows that scatter as their own errors let expect, so that no repeatability is left.
    each = [ENERGY_J + own_j * x for x in (-1.2, -0.5, 0.0, 0.5, 1.2)]
    score = evaluate([window(energy_j=e, **flat, edge_period_s=PERIOD_S * 4) for e in each], given(*terms)).score

    rng = np.random.default_rng(2008)
    trials = 400_000
    shared = rng.uniform(-1, 1, (4, trials))
    start, stop = rng.uniform(-phase_s / 2, phase_s / 2, (2, 5, trials)) * OUTSIDE_W
    noise = rng.standard_normal((5, trials)) * noise_w * DURATION_S / math.sqrt(10_000)
    read_j = ENERGY_J + start + stop + noise - offset_w * shared[2] * DURATION_S
    true_j = (
        np.median(read_j, axis=0) * (1 + supply * shared[1]) * (1 + clock * shared[3]) / (1 + gain * shared[0])
    )
    found = true_j / INFERENCES

    tolerance_j = 0.5 * 10 ** (math.floor(math.log10(score.u)) - 1)  # half a unit of its second digit
    assert score.u == pytest.approx(found.std(), abs=tolerance_j)
    low, high = np.quantile(found, (0.025, 0.975))
    assert score.median - score.U == pytest.approx(low, abs=tolerance_j)
    assert score.median + score.U == pytest.approx(high, abs=tolerance_j)
    assert score.k < 1.95  # and k = 2 would not have done
    assert abs(high - (score.median + 2 * score.u)) > tolerance_j
