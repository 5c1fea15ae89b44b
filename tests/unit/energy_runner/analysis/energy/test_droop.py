# SPDX-License-Identifier: Apache-2.0
"""Mean current times mean voltage against the mean of the product, in closed form."""

import numpy as np
import pytest

from energy_runner.analysis.energy.droop import find_droop
from energy_runner.analysis.energy.source import EnergySource

SUPPLY_V = 3.0
FINE = 20  # points within a sample


def sampled(resistance_ohm: float, seed: int = 1, noise_v: float = 0.0) -> tuple[EnergySource, float, float]:
    """A load that switches between 0 and 18 mA within each sample, after a stretch at 2 mA; energies in J.

    Return the source, the sum of its products over the switching part, and the true integral there.
    """
    rng = np.random.default_rng(seed)
    idle = np.full((1000, FINE), 2e-3)
    busy = np.where(rng.random((4000, FINE)) < 0.5, 0.0, 18e-3)
    current_a = np.concatenate([idle, busy])
    voltage_v = SUPPLY_V - resistance_ohm * current_a
    mean_a = current_a.mean(axis=1)
    mean_v = voltage_v.mean(axis=1) + rng.normal(0.0, noise_v, len(mean_a))
    source = EnergySource(
        read=lambda a, b: mean_a[a:b] * mean_v[a:b],
        length=len(mean_a),
        period_s=1e-3,
        joule=1e-3,
        current_a=lambda a, b: mean_a[a:b],
        voltage_v=lambda a, b: mean_v[a:b],
    )
    true_j = float(np.sum((current_a * voltage_v).mean(axis=1)[1000:])) * 1e-3
    return source, source.window(1000, 5000).total * source.joule, true_j


@pytest.mark.parametrize("resistance_ohm", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("noise_v", [0.0, 8e-4])
def test_the_limit_holds_and_is_not_far_from_the_truth(resistance_ohm: float, noise_v: float) -> None:
    source, summed_j, true_j = sampled(resistance_ohm, noise_v=noise_v)
    droop = find_droop(source)
    assert droop is not None
    error_w = (summed_j - true_j) / 4.0
    assert error_w / (true_j / 4.0) > 1e-4 if noise_v == 0 else True  # worth a cause of its own
    assert error_w <= droop.limit_w(9e-3)
    if not noise_v:
        assert droop.resistance_ohm == pytest.approx(resistance_ohm, rel=1e-6)
        assert droop.limit_w(9e-3) < 20 * error_w


def test_a_supply_without_resistance_has_no_droop() -> None:
    source, summed_j, true_j = sampled(0.0)
    droop = find_droop(source)
    assert droop is not None
    assert droop.limit_w(9e-3) < 1e-12
    assert summed_j == pytest.approx(true_j)


def test_only_current_and_voltage_that_are_means_have_one() -> None:
    source, *_ = sampled(1.0)
    assert find_droop(EnergySource(source.read, source.length, 1e-3, 1e-3)) is None


def test_missing_samples_are_left_out() -> None:
    source, *_ = sampled(0.5)
    assert source.current_a is not None

    def holed(start: int, stop: int) -> np.ndarray:
        assert source.current_a is not None
        values = source.current_a(start, stop).copy()
        values[::7] = np.nan
        return values

    found = find_droop(
        EnergySource(source.read, source.length, 1e-3, 1e-3, current_a=holed, voltage_v=source.voltage_v)
    )
    assert found is not None
    assert found.resistance_ohm == pytest.approx(0.5, rel=1e-6)
