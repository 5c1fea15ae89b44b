# SPDX-License-Identifier: Apache-2.0
"""What periods are found with, against scipy and against the definition."""

import numpy as np
import pytest
from scipy import signal, stats

from energy_runner.analysis.inferences.distribution import robust_sigma
from energy_runner.analysis.inferences.period import autocorrelation, running_mean


@pytest.mark.parametrize(("length", "lags"), [(32, 16), (97, 40), (1000, 500), (4099, 4099)])
def test_the_autocorrelation_is_that_of_scipy(length: int, lags: int) -> None:
    y = np.random.default_rng(length).standard_normal(length)
    sums = signal.correlate(y, y)[length - 1 :][:lags]
    mean = sums / (length - np.arange(lags))
    assert autocorrelation(y, lags) == pytest.approx(mean / mean[0], abs=1e-12)


def test_nothing_has_no_autocorrelation() -> None:
    assert not np.any(autocorrelation(np.zeros(50), 20))


@pytest.mark.parametrize("width", [1, 2, 3, 8, 9, 40, 41, 100])
def test_the_running_mean_is_that_of_the_samples_that_are_there(width: int) -> None:
    x = np.random.default_rng(width).standard_normal(40) + 5.0
    half = width // 2
    wanted = [np.mean(x[max(0, i - half) : i + half + 1]) for i in range(len(x))]
    assert running_mean(x, width) == pytest.approx(wanted, rel=1e-12)


def test_the_robust_scatter_is_that_of_a_normal_distribution_or_of_the_few_that_differ() -> None:
    x = stats.norm.ppf((np.arange(10_001) + 0.5) / 10_001, loc=7.0, scale=3.0)
    assert robust_sigma(x) == pytest.approx(3.0, rel=1e-3)
    mostly_equal = np.array([1.0] * 9 + [3.0])
    assert robust_sigma(mostly_equal) == pytest.approx(0.2 * np.sqrt(np.pi / 2))
