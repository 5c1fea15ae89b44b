# SPDX-License-Identifier: Apache-2.0
"""What one phase comes to over many repetitions: an error that is the same in each does not average out."""

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.phases.measure import PhaseSummary, Span, measure_phases

COUNT = 120


def summaries(
    phases: list[tuple[str, float, float]], *, gap: float, noise_w: float, seed: int
) -> tuple[dict[str, PhaseSummary], dict[str, float]]:
    """Measure (name, samples, watt) after each other, with `gap` samples of 1 mW between repetitions."""
    at, edges, watts = 5.37, [0.0], [1e-3]
    spans: dict[str, list[Span]] = {name: [] for name, _, _ in phases}
    for _ in range(COUNT):
        for name, samples, watt in phases:
            spans[name].append(Span(at, at + samples))
            edges.append(at)
            watts.append(watt)
            at += samples
        edges.append(at)
        watts.append(1e-3)
        at += gap
    length = int(at) + 5
    before = np.concatenate([[0.0], np.cumsum(np.diff([*edges, at + 10]) * watts)])
    energy = np.diff(np.interp(np.arange(length + 1.0), [*edges, at + 10], before))
    trace = energy + np.random.default_rng(seed).normal(0, noise_w, length)
    source = EnergySource(lambda start, stop: trace[start:stop], length, 1.0, 1.0)
    found = measure_phases(source, spans)
    truth = {name: COUNT * samples * watt for name, samples, watt in phases}
    return {one.name: one for one in found.summaries}, truth


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("short", [0.15, 0.3, 0.7, 1.2])
def test_a_short_phase_at_the_same_place_of_its_samples_every_time(short: float, seed: int) -> None:
    phases = [("loud", 6.4, 5.0), ("short", short, 0.4), ("middle", 3.1, 2.0)]
    gap = 4 + 11 - (6.4 + short + 3.1) % 1  # whole samples in all, so that each repetition errs alike
    found, truth = summaries(phases, gap=gap, noise_w=0.01, seed=seed)
    for name, summary in found.items():
        assert summary.u_j is not None
        assert abs(summary.energy_j - truth[name]) <= 2 * summary.u_j, name


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("power_w", [0.0, 0.01])
def test_a_phase_that_is_almost_off_is_pushed_up_by_the_constraint_within_its_uncertainty(
    power_w: float, seed: int
) -> None:
    phases = [("loud", 6.43, 5.0), ("off", 0.61, power_w), ("middle", 3.13, 2.0)]
    found, truth = summaries(phases, gap=4.317, noise_w=0.1, seed=seed)
    for name, summary in found.items():
        assert summary.u_j is not None
        assert abs(summary.energy_j - truth[name]) <= 2 * summary.u_j, name


def test_noise_of_long_phases_averages_out() -> None:
    phases = [("loud", 60.4, 5.0), ("middle", 31.1, 2.0)]
    found, truth = summaries(phases, gap=10.317, noise_w=0.05, seed=1)
    for name, summary in found.items():
        assert summary.u_j is not None
        assert summary.u_j < 1e-3 * truth[name]


def test_short_phases_that_overlap_are_not_said_to_be_known_exactly() -> None:
    trace = np.linspace(1.0, 2.0, 40)
    source = EnergySource(lambda start, stop: trace[start:stop], 40, 1.0, 1.0)
    found = measure_phases(source, {"one": [Span(10.0, 11.5)], "two": [Span(11.0, 12.5)]})
    details = [one.detail for one in found.findings if one.id == "phase-short"]
    assert len(details) == 2
    assert all(detail.endswith("at worst not known at all") for detail in details)
