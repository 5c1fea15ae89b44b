# SPDX-License-Identifier: Apache-2.0
"""The coverage factor: known cases in closed form, any mixture against drawn numbers, the same every time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from energy_runner.analysis.uncertainty.coverage import PROBABILITY, WITHOUT_SPREAD, Part, coverage_factor
from tests.support.examples import examples

SHARES = st.floats(0.05, 1.0)
PARTS = st.lists(
    st.one_of(
        st.builds(Part, st.just("rectangular"), SHARES),
        st.builds(Part, st.just("normal"), SHARES),
        st.builds(Part, st.just("t"), SHARES, st.integers(2, 40).map(float)),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(
    ("parts", "k"),
    [
        ([Part("normal", 1.0)], 1.960),
        ([Part("normal", 3.0), Part("normal", 4.0)], 1.960),
        ([Part("rectangular", 1.0)], 0.95 * math.sqrt(3)),
        # Two equal ones make a triangle: of its half-width a, a(1 - √0.05) covers 95 %.
        ([Part("rectangular", 1.0)] * 2, (1 - math.sqrt(0.05)) * 2 * math.sqrt(3) / math.sqrt(2)),
        # 2 % and 1 % make a trapezoid, whose flanks are cut at (3 - x)²/8 = 5 % of its area.
        ([Part("rectangular", 2.0), Part("rectangular", 1.0)], (3 - math.sqrt(0.4)) * math.sqrt(3 / 5)),
        # Student's t, from any table.
        ([Part("t", 1.0, 1.0)], 12.706),
        ([Part("t", 0.1, 2.0)], 4.303),
        ([Part("t", 5.0, 4.0)], 2.776),
        ([Part("t", 1.0, 30.0)], 2.042),
        # So many of equal size are as good as normal.
        ([Part("rectangular", 1.0)] * 40, 1.957),
        # What is very much smaller than the rest changes nothing.
        ([Part("rectangular", 1.0), Part("t", 1e-4, 4.0)], 0.95 * math.sqrt(3)),
    ],
)
def test_cases_that_are_known(parts: list[Part], k: float) -> None:
    assert coverage_factor(parts) == pytest.approx(k, abs=1.1e-3)


@pytest.mark.parametrize("dof", [1.0, 2.5, 4.0, 17.0, 1000.0])
@pytest.mark.parametrize("probability", [0.5, 0.9, 0.95, 0.99])
def test_one_part_has_the_quantile_of_its_distribution(dof: float, probability: float) -> None:
    upper = (1 + probability) / 2
    assert coverage_factor([Part("t", 7.0, dof)], probability) == round(float(stats.t.ppf(upper, dof)), 3)
    assert coverage_factor([Part("normal", 7.0)], probability) == round(float(stats.norm.ppf(upper)), 3)


def test_a_part_as_narrow_as_a_bin_of_a_wide_one_keeps_its_probability() -> None:
    # With two degrees of freedom the grid is so wide that the other four parts have one to thirty bins.
    given = [("t", 0.8833, 2.0), ("t", 0.2395, 4.0), ("rectangular", 0.0654, 9.0), ("t", 0.0281, 4.0)]
    parts = [Part(shape, u, dof) for shape, u, dof in [*given, ("t", 0.0122, 4.0)]]  # type: ignore[arg-type]
    wide = [part for part in parts if part.u > 0.2]
    scale = math.sqrt(sum(p.u**2 for p in wide) / sum(p.u**2 for p in parts))
    assert coverage_factor(parts) == pytest.approx(coverage_factor(wide) * scale, rel=0.01)


def test_without_any_uncertainty_the_usual_factor_is_given() -> None:
    assert coverage_factor([]) == coverage_factor([Part("normal", 0.0)]) == WITHOUT_SPREAD


def test_another_probability() -> None:
    assert coverage_factor([Part("normal", 1.0)], 0.9545) == pytest.approx(2.0, abs=1e-3)
    assert coverage_factor([Part("rectangular", 1.0)], 0.5) == pytest.approx(0.5 * math.sqrt(3), abs=1e-3)


@settings(max_examples=examples(25))
@given(PARTS, st.integers(0, 2**32 - 1))
def test_the_interval_covers_what_it_says(parts: list[Part], seed: int) -> None:
    rng = np.random.default_rng(seed)
    draws = {"rectangular": lambda n: rng.uniform(-1, 1, n) * math.sqrt(3), "normal": rng.standard_normal}
    trials = 100_000
    error = sum(
        part.u
        * (rng.standard_t(part.dof, trials) if part.distribution == "t" else draws[part.distribution](trials))
        for part in parts
    )
    u = math.sqrt(sum(part.u**2 for part in parts))
    held = float(np.mean(np.abs(error) <= coverage_factor(parts) * u))
    assert held == pytest.approx(PROBABILITY, abs=5 * math.sqrt(0.95 * 0.05 / trials))


@given(PARTS, st.floats(1e-12, 1e12), st.randoms())
def test_neither_unit_nor_order_matters(parts: list[Part], factor: float, random) -> None:
    scaled = [Part(part.distribution, part.u * factor, part.dof) for part in parts]
    random.shuffle(scaled)
    assert coverage_factor(scaled) == pytest.approx(coverage_factor(parts), abs=1.1e-3)
    assert 1.64 < coverage_factor(parts) < 6
