# SPDX-License-Identifier: Apache-2.0
"""Each kind of sample by its own method, against closed forms and against scipy on the whole row at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import simpson, trapezoid
from scipy.interpolate import PPoly

from energy_runner.analysis.energy.instant_samples import _INTERVALS
from energy_runner.analysis.energy.integrate import METHODS, Integral, integrate
from energy_runner.analysis.energy.sums import mean_present, range_present

phases = st.floats(0.0, 1.0, exclude_max=True)


def integral(samples: np.ndarray, start: float, stop: float, kind: str) -> Integral:
    return integrate(lambda a, b: samples[a:b], len(samples), start, stop, kind)  # type: ignore[arg-type]


@given(phases, phases, st.integers(0, 2**32 - 1))
def test_the_block_sum_is_the_definite_integral_of_the_piecewise_polynomial(f: float, g: float, seed: int) -> None:
    """The whole row as one `PPoly`: a piece for each sample, two for each sample that holds an edge."""
    x = np.random.default_rng(seed).uniform(0.5, 2.0, 40)
    start, stop = 5 + f, 30 + g
    f, g = start % 1, stop % 1
    cuts, levels = [0.0], []
    for k, value in enumerate(x):
        if k == int(start) and f:
            inside = min(max(value - f * x[k - 1], 0.0), value)
            cuts += [start, k + 1.0]
            levels += [(value - inside) / f, inside / (1 - f)]
        elif k == int(stop) and g:
            inside = min(max(value - (1 - g) * x[k + 1], 0.0), value)
            cuts += [stop, k + 1.0]
            levels += [inside / g, (value - inside) / (1 - g)]
        else:
            cuts.append(k + 1.0)
            levels.append(value)
    whole = PPoly(np.array([levels]), np.array(cuts))
    assert float(whole.integrate(0, len(x))) == pytest.approx(float(np.sum(x)))
    assert integral(x, start, stop, "mean").total == pytest.approx(float(whole.integrate(start, stop)), rel=1e-12)


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_instants_are_integrated_as_by_scipy(count: int, seed: int) -> None:
    x = np.random.default_rng(seed).uniform(0.5, 2.0, count + 1)
    found = integral(x, 0.0, float(count), "instant")
    assert found.total == pytest.approx(float(trapezoid(x)), rel=1e-12)
    assert found.second == pytest.approx(float(simpson(x)), rel=1e-12)
    assert (found.expected, found.missing) == (count + 1, 0)


@pytest.mark.parametrize(
    "count", [_INTERVALS - 1, _INTERVALS, _INTERVALS + 1, _INTERVALS + 2, _INTERVALS + 3, 2 * _INTERVALS + 3]
)
def test_blocks_change_nothing(count: int) -> None:
    x = np.random.default_rng(1).uniform(0.5, 2.0, count + 1)
    found = integral(x, 0.0, float(count), "instant")
    assert found.total == pytest.approx(float(trapezoid(x)), rel=1e-12)
    assert found.second == pytest.approx(float(simpson(x)), rel=1e-12)


@given(phases, phases)
def test_an_instantaneous_monitor_is_right_to_10_ppm_on_a_load_that_it_follows(f: float, g: float) -> None:
    """A step at each edge and a ripple of one hundred samples inside, in closed form."""
    start, stop = 5 + f, 10_005 + g
    at = np.arange(10_012.0)
    inside = (at >= start) & (at <= stop)
    x = np.where(inside, 1.0 + 0.3 * np.sin(2 * np.pi * (at - start) / 100), 0.02)
    ripple = 0.3 * 100 / (2 * np.pi) * (1 - np.cos(2 * np.pi * (stop - start) / 100))
    truth = stop - start + ripple
    found = integral(x, start, stop, "instant")
    assert found.total == pytest.approx(truth, rel=10e-6)
    assert found.second == pytest.approx(truth, rel=10e-6)


def test_the_wrong_kind_would_have_been_noticed() -> None:
    """Readings at an instant taken for means are off by what this is for."""
    at = np.arange(1_012.0)
    x = np.where((at >= 5.25) & (at <= 1_005.75), 1.0, 0.02)
    assert abs(integral(x, 5.25, 1_005.75, "instant").total / 1000.5 - 1) < 1e-9
    assert abs(integral(x, 5.25, 1_005.75, "mean").total / 1000.5 - 1) > 100e-6


def test_missing_readings_are_counted_once_and_bridged_by_the_others() -> None:
    x = np.ones(2 * _INTERVALS + 20)
    x[[7, 8, _INTERVALS + 2, _INTERVALS + 3, 2 * _INTERVALS + 11]] = np.nan
    found = integral(x, 2.5, 2 * _INTERVALS + 15.25, "instant")
    assert found.missing == 5
    assert found.total == pytest.approx(2 * _INTERVALS + 12.75)
    assert 0 < found.missing_share < 1e-3


@pytest.mark.parametrize("gone", [3, 12])
def test_a_missing_reading_beside_an_edge_is_missing(gone: int) -> None:
    x = np.full(20, 2.0)
    x[gone] = np.inf
    found = integral(x, 2.5, 12.5, "instant")
    assert (found.expected, found.missing) == (10, 1)
    assert found.total == pytest.approx(20.0)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_an_edge_sample_that_is_no_number_is_missing(bad: float) -> None:
    x = np.full(20, 2.0)
    x[[4, 10]] = bad
    found = integral(x, 4.5, 10.5, "mean")
    assert found.missing == 2
    assert found.total == pytest.approx(12.0)


def test_between_two_readings_there_is_no_energy() -> None:
    found = integral(np.ones(10), 3.25, 3.75, "instant")
    assert found.expected == 0
    assert np.isnan(found.total)


def test_what_readings_do_not_follow_is_their_variance() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(1.0, 0.1, 20_000)
    assert integral(noise, 0.0, 19_999.0, "instant").change == pytest.approx(0.01, rel=0.05)
    slow = 1.0 + 0.1 * np.sin(np.arange(20_000) / 500)
    assert integral(slow, 0.0, 19_999.0, "instant").change < 1e-7


def test_an_edge_sample_that_is_no_mix_of_its_neighbours_is_told() -> None:
    """A pulse within the sample that holds the edge may lie on either side of it."""
    x = np.array([1.0] * 5 + [4.0] + [2.0] * 10 + [1.0] * 5)
    assert integral(x, 5.5, 15.5, "mean").unexplained == (pytest.approx(2.5), 0.5)
    clean = np.array([1.0] * 5 + [1.5] + [2.0] * 10 + [1.0] * 5)
    assert integral(clean, 5.5, 16.0, "mean").unexplained == (0.0, 0.0)


def test_each_kind_has_two_methods() -> None:
    assert set(METHODS) == {"mean", "instant"}
    assert all(len(set(pair)) == 2 for pair in METHODS.values())


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=50), st.data())
def test_the_mean_of_any_span_is_the_mean_of_its_samples(values: list[float], data: st.DataObject) -> None:
    x = np.array(values)
    start = data.draw(st.integers(0, len(x) - 1))
    stop = data.draw(st.integers(start + 1, len(x)))
    there = x[start:stop][np.isfinite(x[start:stop])]
    found = mean_present(lambda a, b: x[a:b], start, stop)
    if len(there):
        assert found == pytest.approx(float(np.mean(there)), rel=1e-9, abs=1e-6)
        assert range_present(lambda a, b: x[a:b], start, stop) == float(np.max(there) - np.min(there))
    else:
        assert np.isnan(found)
