# SPDX-License-Identifier: Apache-2.0
"""Readings that do not follow the load are found by the trace's own spectrum."""

import numpy as np
import pytest

from energy_runner.analysis.energy.integrate import Kind
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.spectrum import too_coarse

COUNT = 20_000


def readings(power_w: np.ndarray, kind: Kind = "instant") -> EnergySource:
    return EnergySource(lambda a, b: power_w[a:b], len(power_w), 1e-3, 1e-3, kind)


def load(hertz: float) -> np.ndarray:
    """A load that switches between 20 and 60 mW so often a second, read each millisecond."""
    at_s = np.arange(COUNT) * 1e-3
    return np.where((at_s * hertz) % 1.0 < 0.5, 0.02, 0.06)


@pytest.mark.parametrize(("hertz", "coarse"), [(3.3, False), (23.0, False), (3_777.7, True), (12_345.6, True)])
def test_a_load_faster_than_the_readings_is_found(hertz: float, coarse: bool) -> None:
    assert too_coarse(readings(load(hertz)), 0.5, COUNT - 0.5) == coarse


def test_small_noise_is_no_load() -> None:
    power_w = load(3.3) + np.random.default_rng(1).normal(0, 1e-5, COUNT)
    assert not too_coarse(readings(power_w), 0.5, COUNT - 0.5)
    constant = 0.04 + np.random.default_rng(1).normal(0, 1e-4, COUNT)
    assert not too_coarse(readings(constant), 0.5, COUNT - 0.5)


def test_a_mean_misses_nothing() -> None:
    assert not too_coarse(readings(load(12_345.6), "mean"), 0.5, COUNT - 0.5)


def test_too_few_readings_follow_nothing() -> None:
    assert too_coarse(readings(load(3.3)), 0.5, 10.5)
