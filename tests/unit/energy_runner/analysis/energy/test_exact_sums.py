# SPDX-License-Identifier: Apache-2.0
"""Sums of samples in closed form where two ways of counting part: at ends, at whole samples, in gaps."""

import math

import numpy as np
import pytest
from scipy.integrate import simpson, trapezoid

from energy_runner.analysis.energy import droop as droop_room
from energy_runner.analysis.energy.droop import Droop, find_droop
from energy_runner.analysis.energy.instant_samples import _INTERVALS
from energy_runner.analysis.energy.integrate import Integral, integrate
from energy_runner.analysis.energy.partition import Parts, bounded, constrained_levels, partition
from energy_runner.analysis.energy.source import EnergySource

X = np.array([1.0, 4.0, 2.0, 7.0, 5.0, 3.0, 9.0, 6.0])


def integral(samples: np.ndarray, start: float, stop: float, kind: str = "mean") -> Integral:
    return integrate(lambda a, b: samples[a:b], len(samples), start, stop, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(("start", "stop"), [(-0.5, 3.0), (3.0, 3.0), (4.0, 3.0), (0.0, 8.5), (math.nan, 3.0)])
def test_a_window_that_is_not_inside_the_trace_is_refused(start: float, stop: float) -> None:
    for kind in ("mean", "instant"):
        with pytest.raises(ValueError, match="is not inside"):
            integral(X, start, stop, kind)


# --- means ----------------------------------------------------------------------------------------------


def test_the_sample_of_an_edge_is_what_is_left_of_it_after_the_level_outside() -> None:
    found = integral(X, 3.25, 5.75)
    start = 7.0 - 0.25 * 2.0  # a quarter of it at the level before, 2
    stop = max(0.0, 3.0 - 0.25 * 9.0)
    assert found.total == pytest.approx(start + 5.0 + stop)
    assert found.second == pytest.approx(7.0 * 0.75 + 5.0 + 3.0 * 0.75)
    assert (found.expected, found.missing, found.missing_share) == (3, 0, 0.0)
    assert found.unexplained == pytest.approx((7.0 - (0.25 * 2 + 0.75 * 5), abs(3.0 - (0.25 * 9 + 0.75 * 5))))


def test_at_the_ends_of_the_trace_an_edge_has_its_linear_share() -> None:
    found = integral(X, 0.25, 7.75)
    assert found.total == found.second == pytest.approx(0.75 * 1.0 + X[1:7].sum() + 0.75 * 6.0)
    assert found.unexplained == (0.0, 0.0)
    assert integral(X, 0.0, 8.0).total == pytest.approx(X.sum())


def test_a_window_inside_one_sample_has_its_share_of_it() -> None:
    found = integral(X, 3.25, 3.75)
    assert (found.total, found.second, found.expected, found.unexplained) == (3.5, 3.5, 1, (0.0, 0.0))


@pytest.mark.parametrize(("start", "stop"), [(2.0, 5.0), (2.5, 5.0), (2.0, 4.5), (2.5, 4.5)])
def test_samples_outside_a_window_may_be_missing(start: float, stop: float) -> None:
    x = X.copy()
    x[[1, 5]] = np.nan
    found = integral(x, start, stop)
    assert (found.missing, found.missing_share) == (0, 0.0)
    linear = sum(X[k] * max(0.0, min(stop, k + 1) - max(start, k)) for k in range(8))
    assert found.total == found.second == pytest.approx(linear)
    assert found.unexplained == (0.0, 0.0)


def test_missing_samples_have_the_mean_of_the_others_by_both_methods() -> None:
    x = X.copy()
    x[[2, 4]] = np.nan
    found = integral(x, 1.5, 6.0)
    there = 4.0 - 0.5 * 1.0 + 7.0 + 3.0  # half of sample 1, of which the level before takes 0.5; samples 3 and 5
    assert found.missing == 2
    assert found.missing_share == pytest.approx(2 / 4.5)
    assert found.total == pytest.approx(there * 4.5 / 2.5)
    assert found.second == pytest.approx((4.0 * 0.5 + 7.0 + 3.0) * 4.5 / 2.5)
    x[1] = np.nan
    at_the_edge = integral(x, 1.5, 6.0)
    assert (at_the_edge.missing, at_the_edge.unexplained) == (3, (0.0, 0.0))
    assert math.isnan(integral(np.full(8, np.nan), 1.5, 6.0).total)
    alone = X.copy()
    alone[1] = np.nan
    assert integral(alone, 1.5, 6.0).unexplained == (0.0, 0.0)


# --- instants -------------------------------------------------------------------------------------------


def test_up_to_the_end_of_the_trace_the_last_reading_holds() -> None:
    found = integral(X, 0.0, 8.0, "instant")
    assert found.total == pytest.approx(float(trapezoid(X)) + 6.0)
    assert (found.expected, found.missing) == (8, 0)
    late = integral(X, 7.5, 8.0, "instant")
    assert late.expected == 0
    assert math.isnan(late.total)


def test_from_an_edge_to_the_next_reading_that_reading_holds() -> None:
    found = integral(X, 1.25, 5.5, "instant")
    assert found.total == pytest.approx(0.75 * 2.0 + float(trapezoid(X[2:6])) + 0.5 * 3.0)
    assert found.second == pytest.approx(0.75 * 2.0 + float(simpson(X[2:6])) + 0.5 * 3.0)
    assert found.change == pytest.approx(float(np.mean(np.diff(X[2:6]) ** 2)) / 2)


@pytest.mark.parametrize("gone", [[4], [4, 5], [2], [6]])
def test_missing_readings_are_bridged_by_both_methods(gone: list[int]) -> None:
    x = X.copy()
    x[gone] = np.nan
    found = integral(x, 1.5, 6.5, "instant")
    pairs = [(x[k], x[k + 1]) for k in range(2, 6) if np.isfinite(x[k] + x[k + 1])]
    parts = [(a + b) / 2 for a, b in pairs]
    ends = [x[k] * 0.5 for k in (2, 6) if np.isfinite(x[k])]
    present = len(parts) + 0.5 * len(ends)
    assert found.missing == len(gone)
    assert found.total == found.second == pytest.approx((sum(parts) + sum(ends)) * 5.0 / present)
    assert found.missing_share == pytest.approx(1 - present / 5.0)
    assert found.change == pytest.approx(sum((b - a) ** 2 for a, b in pairs) / 2 / len(pairs) if pairs else 0.0)


@pytest.mark.parametrize("count", [_INTERVALS + 2, _INTERVALS + 3, 2 * _INTERVALS + 2, 2 * _INTERVALS + 3])
def test_blocks_end_with_the_window(count: int) -> None:
    x = np.random.default_rng(1).uniform(0.5, 2.0, count + 300)
    found = integral(x, 0.0, float(count), "instant")
    assert found.total == pytest.approx(float(trapezoid(x[: count + 1])), rel=1e-12)
    assert found.second == pytest.approx(float(simpson(x[: count + 1])), rel=1e-12)


# --- droop ----------------------------------------------------------------------------------------------


def sampled(current_a: np.ndarray, voltage_v: np.ndarray, kind: str = "mean") -> EnergySource:
    return EnergySource(
        read=lambda a, b: current_a[a:b] * voltage_v[a:b],
        length=len(current_a),
        period_s=1.0,
        joule=1.0,
        kind=kind,  # type: ignore[arg-type]
        current_a=lambda a, b: current_a[a:b],
        voltage_v=lambda a, b: voltage_v[a:b],
    )


@pytest.mark.parametrize("block", [4, 1 << 19])
@pytest.mark.parametrize("resistance", [0.7, -0.7])
def test_the_resistance_is_that_of_a_straight_line_and_twice_its_uncertainty(
    monkeypatch: pytest.MonkeyPatch, block: int, resistance: float
) -> None:
    monkeypatch.setattr(droop_room, "BLOCK", block)
    rng = np.random.default_rng(3)
    current_a = rng.uniform(1.0, 2.0, 30)
    voltage_v = 5.0 - resistance * current_a + rng.normal(0.0, 0.02, 30)
    current_a[[1, 4, 5, 6, 7]], voltage_v[[2, 9]] = np.nan, np.nan  # one block of four is missing altogether
    current_a[3] = 2.5
    there = np.isfinite(current_a + voltage_v)
    slope, at_zero = np.polyfit(current_a[there], voltage_v[there], 1)
    left = voltage_v[there] - (at_zero + slope * current_a[there])
    u = math.sqrt(np.mean(left**2) / np.var(current_a[there]) / np.count_nonzero(there))
    found = find_droop(sampled(current_a, voltage_v))
    assert found is not None
    assert found.resistance_ohm == pytest.approx(max(0.0, -slope) + 2 * u, rel=1e-6)
    assert found.largest_a == 2.5


def test_two_samples_tell_no_resistance_and_equal_currents_none_at_all() -> None:
    x = np.array([1.0, 2.0, 3.0])
    assert find_droop(sampled(x[:2], 5 - x[:2])) is None
    found = find_droop(sampled(x, 5 - x))
    assert found is not None
    assert found.resistance_ohm == pytest.approx(1.0)
    assert find_droop(sampled(np.ones(4), np.arange(4.0))) == Droop(0.0, 1.0)
    assert find_droop(sampled(x, 5 - x, "instant")) is None


def test_the_limit_is_that_of_a_current_that_switches_between_zero_and_its_peak() -> None:
    assert Droop(0.5, 0.05).limit_w(0.01) == pytest.approx(0.5 * 0.01 * 0.09)
    assert Droop(0.5, 0.2).limit_w(0.01) == pytest.approx(0.5 * 0.01 * 0.19)


# --- parts ----------------------------------------------------------------------------------------------


def parts(samples: np.ndarray, *boundaries: float) -> Parts:
    return partition(lambda a, b: samples[a:b], len(samples), boundaries)


def test_levels_sum_up_to_the_total_and_none_is_negative() -> None:
    one, weights = np.eye(2), np.array([1.0, 1.0])
    right = np.array([1.0, 2.0])
    for total, levels in (
        (4.0, [1.5, 2.5]),
        (0.5, [0.0, 0.5]),
        (0.0, [1.0, 2.0]),
        (-1.0, [1.0, 2.0]),
        (math.nan, [1.0, 2.0]),
        (math.inf, [1.0, 2.0]),
    ):
        assert constrained_levels(one, right, weights, total) == pytest.approx(levels, abs=1e-9)
    # Lagrange: levels = right + λ · weights, with weights · levels = 20.
    uneven = np.array([2.0, 4.0])
    assert constrained_levels(one, right, uneven, 20.0) == pytest.approx([2.0, 4.0])
    assert constrained_levels(4 * one, 4 * right, uneven, 20.0) == pytest.approx([2.0, 4.0])


def test_a_bounded_fit_has_no_negative_part() -> None:
    assert bounded(np.eye(2), np.array([-1.0, -2.0])).tolist() == [0.0, 0.0]
    assert bounded(np.eye(2), np.array([3.0, -2.0])).tolist() == [3.0, 0.0]
    assert bounded(np.eye(2), np.array([3.0, 2.0])).tolist() == [3.0, 2.0]


@pytest.mark.parametrize(
    "boundaries",
    [(), (3.0,), (-0.5, 3.0), (3.0, 3.0), (5.0, 3.0), (0.0, 8.5), (0.0, 3.0, 8.5), (0.0, 5.0, 3.0)],
)
def test_boundaries_that_do_not_rise_within_the_trace_are_refused(boundaries: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=f"{len(boundaries)} boundaries do not rise within 0..8"):
        parts(X, *boundaries)


def test_parts_between_whole_samples_are_their_sums() -> None:
    found = parts(X, 0.0, 1.0, 4.0, 8.0)
    assert found.total.tolist() == [1.0, 13.0, 23.0]
    assert found.samples.tolist() == [1, 3, 4]
    assert found.missing.tolist() == [0, 0, 0]
    gone = X.copy()
    gone[2] = np.nan
    holed = parts(gone, 0.0, 1.0, 4.0, 8.0)
    assert holed.missing.tolist() == [0, 1, 0]
    assert np.isnan(holed.total).tolist() == [False, True, False]


@pytest.mark.parametrize("at", [4.25, 4.5, 4.9])
def test_a_step_within_a_sample_is_found_by_the_levels_beside_it(at: float) -> None:
    levels = np.array([2.0] * 4 + [(at - 4) * 2.0 + (5 - at) * 6.0] + [6.0] * 4)
    found = parts(levels, 0.0, at, 9.0)
    assert found.total == pytest.approx([2.0 * at, 6.0 * (9 - at)], rel=1e-6)
    assert found.samples.tolist() == [4, 4]
    assert float(np.sum(found.total)) == pytest.approx(float(np.sum(levels)))
    assert not np.any(found.clipped)
