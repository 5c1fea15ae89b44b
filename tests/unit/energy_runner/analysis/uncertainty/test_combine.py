# SPDX-License-Identifier: Apache-2.0
"""What budgets are combined with: the factor of a median, canonical figures, and GTC at a bearable cost."""

import subprocess
import sys

import numpy as np
import pytest

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


_LATE = """
import sys
from energy_runner.analysis.uncertainty.gtc import gtc
assert gtc() is gtc()
tree = gtc()
number = tree.ureal(1, 0.1, 4) + tree.ureal(2, 0.1)
assert tree.dof(number) > 4
assert "scipy.optimize._optimize" not in sys.modules, "scipy was imported"
import scipy.stats, scipy.optimize
from scipy.special import erf
assert scipy.optimize.brentq(lambda x: x - 0.5, 0, 1) == 0.5 and erf(0) == 0
assert abs(tree.rp.k_factor(4) - 2.776) < 1e-3
"""


def test_gtc_comes_without_the_second_that_scipy_takes() -> None:
    subprocess.run([sys.executable, "-W", "error::ImportWarning", "-c", _LATE], check=True)


def test_nothing_of_it_is_needed_for_help() -> None:
    code = "import sys, energy_runner.cli.app; assert not {'GTC', 'scipy', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
