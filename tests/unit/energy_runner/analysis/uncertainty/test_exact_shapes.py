# SPDX-License-Identifier: Apache-2.0
"""Coverage factors by integrals of their own, probabilities on the grid, views of edges to their last sample."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.uncertainty.combine import Cause
from energy_runner.analysis.uncertainty.coverage import Part, _half_width, _masses, coverage_factor
from energy_runner.analysis.uncertainty.edges import EdgeView, Share, share_above, view_edge
from energy_runner.analysis.uncertainty.evaluate import evaluate
from energy_runner.analysis.uncertainty.sampling import of_integration
from energy_runner.errors import SessionError
from tests.support.budget_windows import DURATION_S, ENERGY_J, ROOT3, given, relative_of, rows, window

# --- coverage -------------------------------------------------------------------------------------------


def factor_beside_a_rectangle(limit: float, other: stats.distributions.rv_frozen, u: float) -> float:
    """k of a rectangular error within ± `limit` and another one: the integral over the rectangle."""

    def covered(k: float) -> float:
        half = k * u
        held, _ = integrate.quad(lambda at: other.cdf(half - at) - other.cdf(-half - at), -limit, limit)
        return held / (2 * limit)

    return float(optimize.brentq(lambda k: covered(k) - 0.95, 0.5, 20))


@pytest.mark.parametrize("dof", [2.0, 3.0, 9.0])
@pytest.mark.parametrize("u_of_t", [0.3, 1.0])
def test_a_rectangle_beside_a_t_distribution(dof: float, u_of_t: float) -> None:
    u = math.hypot(1.0, u_of_t)
    expected = factor_beside_a_rectangle(ROOT3, stats.t(dof, scale=u_of_t), u)
    found = coverage_factor([Part("rectangular", 1.0), Part("t", u_of_t, dof)])
    assert found == pytest.approx(expected, abs=2e-3 if dof == 2.0 else 1e-3)  # wide tails make a coarse grid


@pytest.mark.parametrize("u_of_normal", [0.1, 0.5, 2.0])
def test_a_rectangle_beside_a_normal_distribution(u_of_normal: float) -> None:
    u = math.hypot(1.0, u_of_normal)
    expected = factor_beside_a_rectangle(ROOT3, stats.norm(scale=u_of_normal), u)
    assert coverage_factor([Part("rectangular", 1.0), Part("normal", u_of_normal)]) == pytest.approx(
        expected, abs=6e-4
    )


def test_no_uncertainty_has_the_factor_two() -> None:
    assert coverage_factor([]) == 2.0


@pytest.mark.parametrize("part", [Part("rectangular", 1.0), Part("normal", 1.0), Part("t", 1.0, 5.0)])
def test_the_grid_holds_each_probability_once(part: Part) -> None:
    masses = _masses(part, 0.01)
    assert len(masses) == 8192
    assert masses[1:4096] == pytest.approx(masses[:4096:-1])
    assert math.fsum(masses) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    ("probability", "half_width"), [(0.5, 1.0), (0.7, 2.0), (0.9, 3.0), (0.95, 4.0), (1.0, 5.0), (1.1, 5.0)]
)
def test_the_half_width_is_interpolated_between_the_outer_edges_of_bins(
    probability: float, half_width: float
) -> None:
    masses = np.array([0.5, 0.2, 0.05])  # of bins of width 2: half of all is within 1, nine tenths are within 3
    assert _half_width(masses, 2.0, probability) == pytest.approx(half_width)


# --- what is refused, and what counts -------------------------------------------------------------------


def test_an_error_a_million_times_the_energy_is_refused_whatever_the_energy() -> None:
    for times, refused in ((1.1e6, True), (0.9e6, False)):
        largest_w = times * ENERGY_J * ROOT3  # for one second
        windows = [window(edge_half_width_s=1.0, edge_largest_w=largest_w)]
        if refused:
            with pytest.raises(SessionError, match="beyond all reason"):
                evaluate(windows, given())
        else:
            assert evaluate(windows, given()).score.u > 0


@pytest.mark.parametrize(("times", "counted"), [(0.99, False), (1.01, True)])
def test_a_second_method_matters_from_a_tenth_of_the_other_causes_on(times: float, counted: bool) -> None:
    one = window(second_j=ENERGY_J + times * 0.1 * ROOT3 * 100)
    other = Cause(name="n", source="s", u=(1.0,), sensitivity=(1.0,))
    assert len(list(of_integration([one], [other]))) == counted


def test_what_only_one_window_has_is_a_cause() -> None:
    found = relative_of([window(droop_w=1e-4, change_w=0.01), window()], given())
    assert found["voltage that changes within a sample"] == pytest.approx(
        1e-4 * DURATION_S / ROOT3 / ENERGY_J / 2  # the median is the mean of two
    )
    assert found["power between the readings"] > 0


def test_rows_of_an_even_number_of_windows_belong_together() -> None:
    terms = ({"name": "gain", "relative": 0.01}, {"name": "noise", "absolute": 4e-4, "unit": "W"})
    windows = [window(energy_j=energy) for energy in (0.40, 0.41, 0.42, 0.43)]
    assert relative_of(windows, given(*terms))["gain of the energy measurement"] == pytest.approx(0.01 / ROOT3)
    found = rows(evaluate(windows, given(*terms)))
    assert found["gain of the energy measurement"].correlated
    assert not found["noise of the samples"].correlated


def test_a_threshold_in_watt_is_that_power() -> None:
    term = {"name": "range_changes", "relative": 0.01, "unit": "W", "above": 0.1}
    assert given(term).thresholds_w() == {0.1: 0.0}
    found = relative_of([window(shares_above={0.1: Share(0.75, 0.25)})], given(term))
    assert found["range changes"] == pytest.approx(0.0025 / ROOT3)


# --- edges ----------------------------------------------------------------------------------------------


def ramp(length: int = 10**6, period_s: float = 0.5) -> EnergySource:
    """Samples of as many watt as their number."""
    return EnergySource(lambda start, stop: np.arange(start, stop, dtype=float), length, period_s, period_s)


def view(position: float, reach_s: float = 0.0, source: EnergySource | None = None) -> EdgeView:
    return view_edge(source or ramp(), position, starts=True, half_width=0.5, reach_s=reach_s)


def test_an_edge_is_seen_four_samples_far_or_as_far_as_it_may_have_to_move() -> None:
    near, far, longest = view(100.5), view(100.5, reach_s=1.6), view(500_000.5, reach_s=1e9)
    assert (near.first, len(near.power_w)) == (96, 9)
    assert (far.first, len(far.power_w)) == (92, 17)
    assert (longest.first, len(longest.power_w)) == (500_000 - 65_536, 2 * 65_536 + 1)


@pytest.mark.parametrize("position", [0.5, 1.5])
def test_at_the_first_sample_nothing_before_it_is_seen(position: float) -> None:
    seen = view(position)
    assert seen.first == 0
    assert len(seen.power_w) == math.ceil(position) + 4
    assert seen.outside_w == max(0.0, position - 1.5) + (0.0 if position == 1.5 else seen.largest_w)
    assert seen.largest_w == math.ceil(position) + 1


def test_beyond_the_samples_seen_the_largest_level_counts_from_their_end_on() -> None:
    seen = view(100.0)  # samples 96 to 103; the largest near the edge is 101 W
    assert (seen.first, len(seen.power_w), seen.largest_w) == (96, 8, 101.0)
    inside = (100 + 101 + 102 + 103) * 0.5
    assert seen.moved_j(2.0) == pytest.approx(inside)
    assert seen.moved_j(2.3) == pytest.approx(inside + 0.3 * 101)
    assert seen.moved_j(-2.3) == pytest.approx(-((96 + 97 + 98 + 99) * 0.5 + 0.3 * 101))


def test_where_all_samples_near_an_edge_are_missing_those_farther_off_count() -> None:
    power_w = np.arange(20.0)
    power_w[7:13] = np.nan
    source = EnergySource(lambda start, stop: power_w[start:stop], 20, 0.5, 0.5)
    seen = view(10.0, source=source)
    assert (seen.largest_w, seen.outside_w) == (13.0, 13.0)
    assert seen.power_w.tolist() == [6.0, *[9.5] * 6, 13.0]


def test_the_share_above_a_threshold_is_that_of_samples_within_the_trace() -> None:
    assert share_above(ramp(4), -2.0, 9.0, {0.5: 0.0}) == {0.5: Share(3 / 4, 1.0)}
    assert share_above(ramp(4), 3.0, 4.0, {0.5: 0.0}) == {0.5: Share(1.0, 1.0)}
    assert share_above(ramp(4), 4.0, 4.0, {0.5: 0.0}) == {0.5: Share(0.0, 0.0)}
