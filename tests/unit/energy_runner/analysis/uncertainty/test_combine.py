# SPDX-License-Identifier: Apache-2.0
"""What budgets are combined with: the factor of a median, canonical figures; and what loading them takes."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from energy_runner.analysis.uncertainty.combine import canonical, median_factor


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 10, 11, 30])
def test_the_factor_of_the_median_is_right(count: int) -> None:
    drawn = np.random.default_rng(count).standard_normal((100_000, count))
    found = np.median(drawn, axis=1).std()
    assert median_factor(count) == pytest.approx(found, rel=0.01 if count <= 10 else 0.04)


@pytest.mark.parametrize("number", [1.0, 1.859028642811e-05, 1e300, -2.5e-320, 0.0])
def test_the_last_bits_make_no_difference(number: float) -> None:
    neighbours = {canonical(float(np.nextafter(number, side))) for side in (-np.inf, np.inf)}
    assert neighbours == {canonical(number)} or abs(number) < 1e-300


@pytest.mark.parametrize("count", [1, 3, 5, 7, 9])
def test_the_factor_of_an_odd_median_is_the_integral_over_its_order_statistic(count: int) -> None:
    half = count // 2
    ways = math.factorial(count) / math.factorial(half) ** 2

    def moment(z: float) -> float:
        return z * z * ways * (ndtr(z) * ndtr(-z)) ** half * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    variance, _ = quad(moment, -10, 10)
    assert median_factor(count) == pytest.approx(math.sqrt(variance), abs=1e-5)


def test_neither_gtc_nor_scipy_is_needed_for_help() -> None:
    code = "import sys, energy_runner.cli.app; assert not {'GTC', 'scipy', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_takes_long_to_load_is_not_needed_to_load_the_analysis() -> None:
    slow = "{'GTC', 'scipy.stats', 'scipy.signal', 'matplotlib'}"
    code = f"import sys, energy_runner.analysis.analyze; assert not {slow} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
