# SPDX-License-Identifier: Apache-2.0
"""Phases by hand: units of the samples, spans at their limits, and what findings say of them."""

import math

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.phases.measure import (
    PinEdge,
    Span,
    _Energy,
    _short,
    estimated_phases,
    measure_phases,
    spans_of_marks,
    spans_of_pin,
)
from energy_runner.errors import ConfigurationError
from tests.support.synthetic import Curve

PERIOD_S = 1e-3


def watts(power_w: np.ndarray) -> EnergySource:
    """Samples of power, each of a millisecond."""
    return EnergySource(lambda a, b: power_w[a:b], len(power_w), PERIOD_S, PERIOD_S)


def flat(level_w: float = 0.02, length: int = 100) -> EnergySource:
    return watts(np.full(length, level_w))


@pytest.mark.parametrize("other", [Span(30.0, 40.0), Span(15.0, 25.0)])
def test_energy_and_power_of_samples_of_power(other: Span) -> None:
    """Apart and overlapping: 10 ms of 20 mW are 0.2 mJ."""
    result = measure_phases(flat(), {"a": [Span(10.0, 20.0), Span(60.0, 70.0)], "b": [other]})
    for phase, span in zip(result.phases, [Span(10.0, 20.0), Span(60.0, 70.0), other], strict=True):
        assert phase.start_s == pytest.approx(span.start * PERIOD_S, rel=1e-12)
        assert phase.duration_s == pytest.approx(0.01, rel=1e-12)
        assert phase.energy_j == pytest.approx(2e-4, rel=1e-9)
        assert phase.mean_power_w == pytest.approx(0.02, rel=1e-9)
    sure = [phase.u_j is not None for phase in result.phases]
    assert sure == ([True, True, True] if other.start > 20 else [False, True, False])


def test_uncertainties_are_the_same_in_either_unit() -> None:
    curve = Curve([(-1.0, 0.01)])
    curve.level(30.3, 33.7, 0.06, 0.01)
    power_w = np.diff(curve.energy_j(np.arange(80.0))) + np.random.default_rng(0).normal(0, 1e-5, 79)
    energy_j = power_w * PERIOD_S
    spans = {"a": [Span(30.3, 33.7)], "b": [Span(33.7, 35.4)]}
    by_energy = EnergySource(lambda a, b: energy_j[a:b], len(energy_j), PERIOD_S, 1.0)
    for one, other in zip(
        measure_phases(watts(power_w), spans).phases, measure_phases(by_energy, spans).phases, strict=True
    ):
        assert one.energy_j == pytest.approx(other.energy_j, rel=1e-9)
        assert one.u_j == pytest.approx(other.u_j, rel=1e-6)
        assert one.repeated_u_j == pytest.approx(other.repeated_u_j, rel=1e-6)
        assert one.repeated_u_j


@pytest.mark.parametrize(
    ("span", "recorded"),
    [
        (Span(0.0, 10.0), True),
        (Span(0.5, 10.0), True),
        (Span(90.0, 100.0), True),
        (Span(-0.5, 10.0), False),
        (Span(90.0, 100.5), False),
        (Span(10.0, 10.0), False),
    ],
)
def test_a_phase_is_recorded_from_the_first_sample_to_the_last(span: Span, recorded: bool) -> None:
    result = measure_phases(flat(), {"a": [span]})
    assert [finding.id for finding in result.findings] == ([] if recorded else ["phase-not-recorded"])
    assert len(result.phases) == recorded


@pytest.mark.parametrize("span", [Span(0.0, 1e-9), Span(10.0, 10.0 + 1e-10)])
def test_a_phase_of_no_length_has_no_energy(span: Span) -> None:
    result = measure_phases(flat(), {"a": [span], "b": [Span(50.0, 60.0)]})
    first = result.phases[0]
    assert (first.energy_j, first.u_j, first.repeated_u_j) == (0.0, 0.0, 0.0)
    (finding,) = result.findings
    assert finding.id == "phase-short"
    assert finding.detail.endswith("at worst not known at all")


def test_missing_samples_are_counted_and_withhold_the_shares() -> None:
    power_w = np.full(100, 0.02)
    power_w[12] = math.nan
    spans = {"a": [Span(10.5, 20.25)], "b": [Span(30.0, 40.0)], "c": [Span(50.0, 80.0)]}
    result = measure_phases(watts(power_w), spans)
    (finding,) = result.findings
    assert (finding.id, finding.detail) == ("phase-samples-missing", "a: 1 of 11 samples at 10.50")
    gone, short, long = result.summaries
    assert (gone.count, gone.energy_j, gone.duration_s) == (0, 0.0, 0.0)
    assert math.isnan(gone.mean_power_w)
    assert (short.energy_share, long.energy_share) == (pytest.approx(0.25), pytest.approx(0.75))
    assert (short.duration_share, long.duration_share) == (pytest.approx(0.25), pytest.approx(0.75))
    assert (short.mean_power_w, long.mean_power_w) == (pytest.approx(0.02), pytest.approx(0.02))


def test_missing_samples_where_phases_overlap_withhold_both() -> None:
    power_w = np.full(1000, 0.02)
    power_w[17] = math.nan
    result = measure_phases(watts(power_w), {"a": [Span(10.0, 500.0)], "b": [Span(15.0, 600.0)]})
    assert [phase.energy_j for phase in result.phases] == [None, None]
    assert all(math.isnan(summary.energy_share + summary.duration_share) for summary in result.summaries)


def test_without_energy_there_are_no_shares_of_it() -> None:
    (summary,) = measure_phases(flat(0.0), {"a": [Span(10.0, 20.0)]}).summaries
    assert math.isnan(summary.energy_share)
    assert (summary.mean_power_w, summary.duration_share) == (0.0, 1.0)


def test_two_samples_are_not_short_and_the_worst_of_the_shorter_ones_is_told() -> None:
    curve = Curve([(-1.0, 0.01)])
    for begin, length in ((30.3, 0.45), (50.6, 1.2), (70.0, 2.0)):
        curve.level(begin, begin + length, 0.06, 0.01)
    power_w = np.diff(curve.energy_j(np.arange(100.0))) + np.random.default_rng(0).normal(0, 1e-4, 99)
    spans = [Span(30.3, 30.75), Span(50.6, 51.8), Span(70.0, 72.0)]
    result = measure_phases(watts(power_w), {"a": spans})
    relative = [(phase.u_j or 0.0) / (phase.energy_j or math.nan) for phase in result.phases[:2]]
    assert relative[0] != pytest.approx(relative[1], rel=0.1)
    (finding,) = result.findings
    assert finding.detail.startswith("a: 2 times shorter than two samples (least 0.45)")
    assert finding.detail.endswith(f"± {max(relative):.1%} (standard uncertainty) at worst")


@pytest.mark.parametrize("apart", [[], [Span(40.0, 50.0)]])
def test_the_last_two_that_overlap_are_measured_each_by_itself(apart: list[Span]) -> None:
    spans = {"a": [Span(10.0, 20.0)], "b": [Span(15.0, 25.0)], "c": [Span(2.0, 5.0), *apart]}
    result = measure_phases(flat(), spans)
    assert {(phase.name, phase.u_j is None) for phase in result.phases} == {("a", True), ("b", True), ("c", False)}


@pytest.mark.parametrize(
    ("u_j", "energy_j", "known"),
    [
        (0.3, 2.0, "± 15.0% (standard uncertainty) at worst"),
        (1.98, 2.0, "± 99.0% (standard uncertainty) at worst"),
        (2.1, 2.0, "at worst not known at all"),
        (3.8, 2.0, "at worst not known at all"),
        (0.3, 0.0, "at worst not known at all"),
        (None, 2.0, "at worst not known at all"),
        (0.3, None, "at worst not known at all"),
        (None, None, "at worst not known at all"),
    ],
)
def test_a_short_phase_is_known_to_its_relative_uncertainty_if_that_is_below_one(
    u_j: float | None, energy_j: float | None, known: str
) -> None:
    span, other = Span(3.0, 4.5), Span(7.0, 8.0)
    energies = {span: _Energy(energy_j, u_j, 0), other: _Energy(1.0, 0.1, 0)}
    (finding,) = _short([("a", span), ("a", other)], energies)
    assert finding.detail.endswith(f", {known}")


def test_of_phases_that_overlap_no_sum_is_sure() -> None:
    spans = {"a": [Span(10.0, 20.0), Span(40.0, 50.0)], "b": [Span(15.0, 25.0), Span(60.0, 70.0)], "c": []}
    first, second, none = measure_phases(flat(), spans).summaries
    assert (first.u_j, second.u_j, none.u_j) == (None, None, None)


def test_the_first_overlap_is_named_and_all_are_counted() -> None:
    spans = {"a": [Span(10.0, 20.0), Span(40.0, 50.0)], "b": [Span(15.0, 25.0), Span(45.0, 55.0)]}
    (finding,) = measure_phases(flat(), spans).findings
    assert finding.detail == "2 times; first a and b at sample 20.00: shared energy counts twice"


def test_edges_at_one_place_are_in_order_and_marks_are_not() -> None:
    assert spans_of_pin("a", [PinEdge(5.0, True), PinEdge(5.0, False)], active_high=True) == ([Span(5.0, 5.0)], [])
    spans, findings = spans_of_marks(["a"], [1.0, 2.0, 2.0])
    assert (spans["a"], [finding.id for finding in findings]) == ([], ["phase-edge-order"])


# --- estimated --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "least_step_w", "levels"),
    [(0.0075, None, 1), (0.015, None, 2), (0.05, 0.1, 1), (0.2, 0.1, 2), (0.0075, 0.005, 2)],
)
def test_a_step_of_less_than_one_percent_is_none_unless_another_limit_is_given(
    step: float, least_step_w: float | None, levels: int
) -> None:
    power_w = np.repeat([1.0 - step / 2, 1.0 + step / 2], 50) + np.tile([1e-5, -1e-5], 50)
    found, powers_w = estimated_phases(watts(power_w), 0.0, 100.0, least_step_w=least_step_w)
    assert (len(found), len(powers_w)) == (levels, levels)
    assert (found[0].start, found[-1].stop) == (0.0, 100.0)


@pytest.mark.parametrize(("length", "levels"), [(2, 1), (3, 3)])
def test_a_level_lasts_three_samples_at_least(length: int, levels: int) -> None:
    power_w = np.repeat([1.0, 2.0, 1.0], [50, length, 50])
    power_w += np.resize([1e-5, -1e-5], len(power_w))
    assert len(estimated_phases(watts(power_w), 0.0, float(len(power_w)))[0]) == levels


def test_phases_are_estimated_only_if_that_is_said() -> None:
    assert not measure_phases(flat(), {"a": [Span(10.0, 20.0)]}).estimated
    assert measure_phases(flat(), {"a": [Span(10.0, 20.0)]}, estimated=True).estimated


def test_as_many_samples_as_are_allowed_are_searched() -> None:
    found, _ = estimated_phases(flat(), 20.0, 60.0, most_samples=40)
    assert found == [Span(20.0, 60.0)]
    with pytest.raises(ConfigurationError, match="40 samples are too many to search, at most 39"):
        estimated_phases(flat(), 20.0, 60.0, most_samples=39)


@pytest.mark.parametrize(("start", "stop"), [(50.0, 50.0), (-0.25, 50.0), (50.0, 100.25)])
def test_a_stretch_of_no_length_or_beyond_the_trace_is_refused(start: float, stop: float) -> None:
    with pytest.raises(ConfigurationError, match="are not in the trace of 100"):
        estimated_phases(flat(), start, stop)
