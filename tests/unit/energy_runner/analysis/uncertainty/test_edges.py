# SPDX-License-Identifier: Apache-2.0
"""What an edge in the wrong place costs: read off the trace, as far as it is there."""

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.uncertainty import edges
from energy_runner.analysis.uncertainty.edges import EdgeView, Share, mean_square_w2, share_above, view_edge

PERIOD_S = 0.5
#       sample  0    1    2    3     4     5     6    7    8
POWER_W = [2.0, 2.0, 3.0, 7.0, 10.0, 10.0, 10.0, 4.0, 1.0, 1.0]


def source(power_w: list[float] | None = None) -> EnergySource:
    samples = np.array(POWER_W if power_w is None else power_w)
    return EnergySource(lambda start, stop: samples[start:stop], len(samples), PERIOD_S, PERIOD_S)


def view(position: float, *, starts: bool, power_w: list[float] | None = None, **more: float) -> EdgeView:
    return view_edge(source(power_w), position, starts=starts, half_width=0.5, **more)


def test_the_level_outside_is_that_of_the_neighbour() -> None:
    start, stop = view(3.4, starts=True), view(7.6, starts=False)
    assert (start.outside_w, start.outside_step_w, start.largest_w) == (3.0, 1.0, 10.0)
    assert (stop.outside_w, stop.outside_step_w, stop.largest_w) == (1.0, 0.0, 10.0)
    assert (start.half_width_s, start.at_s) == (0.25, 1.7)


def test_what_edges_share_and_what_each_has_alone_is_known_in_seconds() -> None:
    seen = view(3.4, starts=True, shared=3.0, alone=2.0)
    assert (seen.shared_s, seen.alone_s) == (1.5, 1.0)


def test_an_edge_between_two_samples_has_no_mixed_one() -> None:
    assert view(3.0, starts=True).outside_w == 3.0
    assert view(7.0, starts=False).outside_w == 4.0


@pytest.mark.parametrize(
    ("by_s", "energy_j"),
    [(0.0, 0.0), (0.5, 10.0 * 0.5), (0.75, 10.0 * 0.5 + 4.0 * 0.25), (-0.25, -10.0 * 0.25), (-1.25, -11.75)],
)
def test_moving_an_edge_takes_in_what_lies_between(by_s: float, energy_j: float) -> None:
    assert view(6.0, starts=False).moved_j(by_s) == pytest.approx(energy_j)


def test_beyond_what_was_read_the_largest_level_counts() -> None:
    near, far = view(1.0, starts=True), view(1.0, starts=True, reach_s=100.0)
    assert near.moved_j(100.0) > far.moved_j(3.0) == pytest.approx((2.0 + 3.0 + 7.0 + 10.0 * 3) * 0.5)
    assert near.moved_j(-100.0) < -2.0 * 0.5


def test_missing_samples_are_passed_over() -> None:
    nan = float("nan")
    seen = view(3.4, starts=True, power_w=[2.0, 2.5, nan, 7.0, 10.0, 10.0])
    assert (seen.outside_w, seen.outside_step_w) == (2.5, 0.0)
    assert np.isfinite(seen.moved_j(-1.0))
    nothing = view(2.0, starts=True, power_w=[nan] * 5)
    assert (nothing.outside_w, nothing.outside_step_w, nothing.moved_j(0.3)) == (0.0, 0.0, 0.0)


def test_at_the_end_of_the_trace_the_level_inside_stands_in() -> None:
    assert view(0.0, starts=True).outside_w == 2.0
    assert view(10.0, starts=False).outside_w == view(10.0, starts=False).outside_step_w == 1.0


def test_the_share_above_a_threshold() -> None:
    found = share_above(source(), 2.3, 6.5, {3.0: 0.0, 9.0: 0.0})
    assert found == {3.0: Share(4 / 5, 37 / 40), 9.0: Share(3 / 5, 30 / 40)}
    assert share_above(source(), 2.3, 6.5, {}) == {}
    assert share_above(source([float("nan")] * 4), 0.0, 4.0, {1.0: 0.0}) == {1.0: Share(0.0, 0.0)}


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 19])
def test_a_range_that_stays_for_a_while_counts_for_as_long(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of half a second: a second after a sample above, the two that follow are in that range still."""
    monkeypatch.setattr(edges, "_BLOCK", block)
    pulses = source([9.0, 1.0, 1.0, 1.0, 1.0, 9.0, 1.0, 9.0, 1.0, 1.0, 1.0, 1.0])
    assert share_above(pulses, 0.0, 12.0, {5.0: 1.0})[5.0] == Share(8 / 12, 32 / 36)
    # A window that begins within that time begins in that range.
    assert share_above(pulses, 2.0, 5.0, {5.0: 1.0})[5.0] == Share(1 / 3, 1 / 3)


@pytest.mark.parametrize("block", [1, 3, 1 << 19])
def test_the_mean_square_is_that_of_the_samples_that_are_there(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "_BLOCK", block)
    power_w = [1.0, 2.0, float("nan"), 4.0, 5.0]
    assert mean_square_w2(source(power_w), 1.5, 3.5) == pytest.approx((4 + 16) / 2)
    assert mean_square_w2(source(power_w), -3.0, 99.0) == pytest.approx((1 + 4 + 16 + 25) / 4)
    assert mean_square_w2(source([float("nan")] * 4), 0.0, 4.0) == 0.0
