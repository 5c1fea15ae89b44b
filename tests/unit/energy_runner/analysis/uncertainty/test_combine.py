# SPDX-License-Identifier: Apache-2.0
"""What budgets are combined with: the factor of a median, canonical figures; and what loading them takes."""

import math
import subprocess
import sys

import numpy as np
import pytest

from energy_runner.analysis.uncertainty.combine import canonical, median_factor


@pytest.mark.deep
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 10, 11, 30, 101])
def test_the_factor_of_the_median_is_right(count: int) -> None:
    drawn = np.random.default_rng(count).standard_normal((100_000, count))
    found = np.median(drawn, axis=1).std()
    assert median_factor(count) == pytest.approx(found, rel=0.01)


@pytest.mark.parametrize("number", [1.0, 1.859028642811e-05, 1e300, -2.5e-320, 0.0])
def test_the_last_bits_make_no_difference(number: float) -> None:
    neighbours = {canonical(float(np.nextafter(number, side))) for side in (-np.inf, np.inf)}
    assert neighbours == {canonical(number)} or abs(number) < 1e-300


@pytest.mark.parametrize(
    ("count", "variance"),
    [
        (1, 1.0),
        (2, 0.5),  # the mean of two
        (3, 1 - math.sqrt(3) / math.pi),  # in closed form (H. L. Jones, Ann. Math. Stat. 19, 1948, 270)
        (5, 0.28683),  # tables of order statistics (A. E. Sarhan, B. G. Greenberg, 1956)
    ],
)
def test_the_factor_of_a_median_is_that_of_closed_forms_and_tables(count: int, variance: float) -> None:
    assert median_factor(count) ** 2 == pytest.approx(variance, rel=3e-5)


def test_the_factor_falls_with_the_number_of_windows_and_ends_in_the_asymptotic_one() -> None:
    odd = [median_factor(count) for count in range(1, 103, 10)]
    assert odd == sorted(odd, reverse=True)
    assert median_factor(99) == pytest.approx(math.sqrt(math.pi / 198), rel=5e-3)
    assert median_factor(100) == pytest.approx(median_factor(101), rel=1e-2)


def test_neither_gtc_nor_scipy_is_needed_for_help() -> None:
    code = "import sys, energy_runner.cli.app; assert not {'GTC', 'scipy', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.deep
def test_what_takes_long_to_load_is_not_needed_to_load_the_analysis() -> None:
    slow = "{'GTC', 'scipy.stats', 'scipy.signal', 'matplotlib'}"
    code = f"import sys, energy_runner.analysis.analyze; assert not {slow} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
