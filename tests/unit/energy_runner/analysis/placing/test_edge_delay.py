# SPDX-License-Identifier: Apache-2.0
"""The delay of edges among samples: steps of known place are found, and what is no step is not."""

import numpy as np
import pytest

from energy_runner.analysis.placing.edge_delay import (
    EdgeDelayFound,
    NotVisible,
    find_delay,
    find_delay_of_laps,
)

PERIOD_S = 1e-5
LOW_A, HIGH_A = 9.6e-3, 11.2e-3
SAMPLES = 40_000


def stepped(places, *, noise_a=0.0, instant=False, high_a=HIGH_A, seed=1):
    """Return samples of a current that is high for 100 ms/10 from each place (samples) on: means, or instants."""
    edges = np.array(places)
    fine = np.zeros(SAMPLES)
    for place in edges:
        at = np.arange(SAMPLES)
        for sign, where in ((1, place), (-1, place + 1500.0)):
            fine += sign * ((at >= where) if instant else np.clip(at + 1 - where, 0, 1))
    values = LOW_A + (high_a - LOW_A) * fine
    return values + np.random.default_rng(seed).normal(0.0, noise_a, SAMPLES) if noise_a else values


PLACES = [3000.0 + 3500.0 * k + 0.37 * k % 1 for k in range(10)]


@pytest.mark.parametrize("late", [0.0, 0.4, 3.0, -7.25, 120.0])
def test_steps_of_known_place_are_found_exactly_without_noise(late: float) -> None:
    found = find_delay(stepped(PLACES), [place + late for place in PLACES], PERIOD_S, instant=False)
    assert isinstance(found, EdgeDelayFound)
    assert found.count == 10
    assert found.delay_s == pytest.approx(late * PERIOD_S, abs=1e-3 * PERIOD_S)
    # What is left is where all edges may lie alike in a sample: a rectangle of one period.
    assert found.u_s == pytest.approx(PERIOD_S / 12**0.5, rel=0.01)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("instant", [False, True])
def test_the_delay_lies_within_its_uncertainty(instant: bool, seed: int) -> None:
    late = 2.3
    load = stepped(PLACES, noise_a=1e-4, instant=instant, seed=seed)
    found = find_delay(load, [place + late for place in PLACES], PERIOD_S, instant=instant)
    assert isinstance(found, EdgeDelayFound)
    assert abs(found.delay_s - late * PERIOD_S) <= 2 * found.u_s
    assert found.u_s < PERIOD_S


def test_a_clock_of_its_own_is_measured_beside_the_delay() -> None:
    rate, late_s = 1.004, 4e-5  # a ceramic resonator
    laps_s = [place * PERIOD_S * rate + late_s for place in PLACES]
    found = find_delay_of_laps(stepped(PLACES, noise_a=5e-5), laps_s, PERIOD_S, instant=False)
    assert isinstance(found, EdgeDelayFound)
    assert abs(found.delay_s - late_s) <= 2 * found.u_s
    assert found.u_s < PERIOD_S


@pytest.mark.parametrize(
    ("load", "edges", "why"),
    [
        (stepped(PLACES), PLACES[:4], "4 edges came"),
        (stepped([], noise_a=1e-4), PLACES, "above the noise"),
        (stepped(PLACES, noise_a=5e-3), PLACES, "above the noise"),
        (np.full(SAMPLES, np.nan), PLACES, "above the noise"),
        (np.full(SAMPLES, LOW_A), PLACES, "above the noise"),
        (stepped(PLACES[::2]) - stepped(PLACES[1::2]), PLACES, "differ in sign or height"),
        (stepped(PLACES), [p + 40 * (k % 5) for k, p in enumerate(PLACES)], "standard deviation"),
    ],
    ids=["few", "noise alone", "too much noise", "missing", "flat", "signs", "scattered"],
)
def test_what_shows_no_steps_at_the_edges_is_not_taken_for_a_delay(load, edges, why: str) -> None:
    for found in (
        find_delay(load, edges, PERIOD_S, instant=False),
        find_delay_of_laps(load, [edge * PERIOD_S for edge in edges], PERIOD_S, instant=False),
    ):
        assert isinstance(found, NotVisible)
        assert why in found.why


def test_the_step_that_belongs_to_an_edge_is_the_nearest_of_the_large_ones() -> None:
    late = 90.0  # the DUT changes its current again, by half as much, 100 samples after it began
    load = stepped(PLACES) - 0.5 * (stepped([place + 100.0 for place in PLACES]) - LOW_A)
    found = find_delay(load, [place + late for place in PLACES], PERIOD_S, instant=False)
    assert isinstance(found, EdgeDelayFound)
    assert found.delay_s == pytest.approx(late * PERIOD_S, abs=0.1 * PERIOD_S)
