# SPDX-License-Identifier: Apache-2.0
"""The energy between two edges: right to 10 ppm for any phase, honest about what is missing."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from energy_runner.analysis.energy.integrate import Integral, integrate
from energy_runner.analysis.energy.sums import sum_present, sum_samples
from tests.support.synthetic import Curve

phases = st.floats(0.0, 1.0, exclude_max=True)
powers = st.floats(1e-4, 2.0)


def window(samples: np.ndarray, start: float, stop: float) -> Integral:
    return integrate(lambda a, b: samples[a:b], len(samples), start, stop)


def sampled(curve: Curve, count: int) -> np.ndarray:
    """Energy of each sample, as an ideal monitor would state it."""
    return np.diff(curve.energy_j(np.arange(count + 1.0))).astype(np.float32)


@given(phases, phases, powers, powers, powers)
@example(0.5, 0.5, 0.02, 1.0, 0.02)
@example(0.5, 0.5, 1.0, 0.02, 1.0)
@example(0.0, 0.0, 1.0, 0.02, 1.0)
@example(0.999999, 1e-6, 0.02, 1.0, 2.0)
def test_a_step_at_either_edge_is_right_to_10_ppm_for_any_phase(
    f: float, g: float, before_w: float, inside_w: float, after_w: float
) -> None:
    """10 000 samples, which is 10 s at 1 kHz; outside up to ten thousand times the power inside."""
    start, stop = 5 + f, 10_005 + g
    curve = Curve([(-1.0, before_w), (start, inside_w), (stop, after_w)])
    total = window(sampled(curve, 10_012), start, stop).total
    # float32 samples of thousandfold power cannot tell more than their own resolution
    resolution = 2e-7 * max(before_w, after_w) / (inside_w * 10_000)
    assert total == pytest.approx(inside_w * (stop - start), rel=1e-6 + resolution)


@given(phases, phases, st.integers(0, 2**32 - 1))
def test_layers_inside_the_window_do_no_harm(f: float, g: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, stop = 5 + f, 10_005 + g
    curve = Curve([(-1.0, 0.02), (start, 0.04)])
    curve.steps += [(t, rng.uniform(0.02, 0.06)) for t in np.sort(rng.uniform(start + 2, stop - 2, 500))]
    curve.steps.append((stop, 0.02))
    truth = float(curve.energy_j(stop) - curve.energy_j(start))
    assert window(sampled(curve, 10_012), start, stop).total == pytest.approx(truth, rel=1e-6)


def test_a_linear_share_would_have_been_wrong() -> None:
    """What the estimator is for: here the linear share is off by 25 ppm of a tenfold step at each end."""
    curve = Curve([(-1.0, 0.1), (5.5, 1.0), (10_005.5, 0.1)])
    x = sampled(curve, 10_010).astype(np.float64)
    linear = 0.5 * x[5] + np.sum(x[6:10_005]) + 0.5 * x[10_005]
    assert abs(linear / 10_000.0 - 1) > 40e-6
    assert abs(window(sampled(curve, 10_010), 5.5, 10_005.5).total / 10_000.0 - 1) < 1e-6


def test_whole_samples_are_just_added() -> None:
    x = np.arange(10, dtype=np.float32)
    assert window(x, 2, 7) == Integral(20.0, 20.0, 5, 0, 0.0)
    assert window(x, 0, 10).total == 45.0


def test_the_edge_of_the_record_gets_its_linear_share() -> None:
    x = np.array([4.0, 1.0, 1.0, 8.0], dtype=np.float32)
    assert window(x, 0.25, 3.25).total == 3.0 + 2.0 + 2.0


def test_a_window_inside_one_sample_gets_its_linear_share() -> None:
    x = np.array([4.0, 8.0, 4.0], dtype=np.float32)
    total = window(x, 1.25, 1.5)
    assert (total.total, total.expected, total.missing) == (2.0, 1, 0)


@pytest.mark.parametrize(
    ("samples", "start", "stop", "total"),
    [
        ([10.0, 2.0, 2.0, 2.0], 1.5, 3.0, 2.0),  # outside above the mix: nothing inside, and not less
        ([-10.0, 2.0, 2.0, 2.0], 1.5, 3.0, 4.0),  # not more than the sample itself
        ([0.0, -1.0, 2.0, 2.0], 1.5, 3.0, 1.0),  # a sample below zero stays between itself and zero
        ([2.0, 2.0, 2.0, 10.0], 1.0, 2.5, 2.0),
    ],
)
def test_the_part_inside_stays_between_nothing_and_the_sample(
    samples: list[float], start: float, stop: float, total: float
) -> None:
    assert window(np.array(samples, dtype=np.float32), start, stop).total == total


@pytest.mark.parametrize(
    ("start", "stop"), [(-0.1, 5), (3, 3), (4, 3), (0, 10.1), (float("nan"), 3), (0, float("nan"))]
)
def test_a_window_outside_the_record_is_refused(start: float, stop: float) -> None:
    with pytest.raises(ValueError, match="is not inside"):
        window(np.ones(10, dtype=np.float32), start, stop)


def test_missing_samples_are_counted_and_estimated_by_the_others() -> None:
    x = np.full(1000, 2.0, dtype=np.float32)
    x[400:410] = np.nan
    x[700] = 6.0
    total = window(x, 100, 900)
    assert (total.expected, total.missing) == (800, 10)
    assert total.missing_share == pytest.approx(10 / 800)
    assert total.total == pytest.approx((789 * 2.0 + 6.0) * 800 / 790)


@pytest.mark.parametrize("gone", [10, 20])
def test_a_missing_sample_at_the_edge_is_missing_by_its_share(gone: int) -> None:
    x = np.full(40, 2.0, dtype=np.float32)
    x[gone] = np.nan
    total = window(x, 10.25, 20.5)
    assert (total.expected, total.missing) == (11, 1)
    assert total.missing_share == pytest.approx({10: 0.75, 20: 0.5}[gone] / 10.25)
    assert total.total == pytest.approx(2.0 * 10.25)


def test_a_missing_neighbour_leaves_the_linear_share() -> None:
    x = np.array([np.nan, 4.0, 1.0, 1.0, 8.0, np.nan], dtype=np.float32)
    assert window(x, 1.5, 4.5).total == 2.0 + 2.0 + 4.0


def test_nothing_at_all_is_no_energy() -> None:
    total = window(np.full(20, np.nan, dtype=np.float32), 3.5, 12.5)
    assert np.isnan(total.total)
    assert (total.missing, total.missing_share) == (10, 1.0)


@given(st.lists(st.floats(np.float32(-1e30), np.float32(1e30), width=32), max_size=300), st.integers(0, 300))
def test_a_sum_is_that_of_float64(values: list[float], cut: int) -> None:
    x = np.array(values, dtype=np.float32)
    tolerance = 1e-7 * float(np.sum(np.abs(x), dtype=np.float64))
    assert sum_samples(x[cut:]) == pytest.approx(float(np.sum(x[cut:], dtype=np.float64)), abs=tolerance, rel=0)


@pytest.mark.parametrize("length", [(1 << 19) - 1, 1 << 19, (1 << 20) + 12_345])
@pytest.mark.parametrize("levels", [[1.579e-5], [1.579e-5, 3.3331e-5], [0.1, 0.7, 1e-3, 2.9]])
def test_a_long_sum_is_right_to_1e_7_even_for_few_different_values(length: int, levels: list[float]) -> None:
    """Equal numbers are the worst case of float32 sums: every rounding goes the same way."""
    x = np.random.default_rng(1).choice(np.array(levels, dtype=np.float32), length)
    assert sum_samples(x) == pytest.approx(float(np.sum(x.astype(np.float64))), rel=1e-7)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_long_sum_counts_what_is_missing(bad: float) -> None:
    x = np.ones((1 << 20) + 100, dtype=np.float32)
    x[[5, 1 << 19, -1]] = bad
    assert sum_present(lambda a, b: x[a:b], 0, len(x)) == (len(x) - 3.0, 3)


def test_samples_too_large_for_float32_sums_are_still_summed() -> None:
    x = np.full(1 << 19, 3e38, dtype=np.float32)
    assert sum_present(lambda a, b: x[a:b], 0, len(x)) == (pytest.approx(3e38 * 2**19), 0)
