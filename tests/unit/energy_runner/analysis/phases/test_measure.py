# SPDX-License-Identifier: Apache-2.0
"""Named phases from pins, estimated ones from levels; what is odd about either is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.phases.measure import (
    PinEdge,
    Span,
    estimated_phases,
    measure_phases,
    spans_of_marks,
    spans_of_pin,
)
from energy_runner.errors import ConfigurationError
from tests.support.synthetic import Curve

PERIOD_S = 1e-3
NAMES = ("pre-processing", "inference", "post-processing")
LEVELS = {"pre-processing": 0.03, "inference": 0.05, "post-processing": 0.02}
LENGTHS = {"pre-processing": 12.4, "inference": 43.7, "post-processing": 5.3}
REPETITIONS = 20


def bench(noise: float = 0.0) -> tuple[EnergySource, dict[str, list[Span]]]:
    """Twenty repetitions of three phases with pauses of 10 mW between them; energy is in joule a sample."""
    curve = Curve([(-1.0, 0.01)])
    spans: dict[str, list[Span]] = {name: [] for name in NAMES}
    at = 30.3
    for _ in range(REPETITIONS):
        for name in NAMES:
            spans[name].append(Span(at, at + LENGTHS[name]))
            curve.level(at, at + LENGTHS[name], LEVELS[name], 0.01)
            at += LENGTHS[name]
        at += 7.7
        curve.steps[-1] = (curve.steps[-1][0], 0.01)
    energy = np.diff(curve.energy_j(np.arange(float(int(at) + 30)))) * PERIOD_S
    energy += np.random.default_rng(0).normal(0, noise * PERIOD_S, len(energy))
    return EnergySource(lambda a, b: energy[a:b], len(energy), PERIOD_S, 1.0), spans


def edges(spans: list[Span], *, active_high: bool = True) -> list[PinEdge]:
    return [
        PinEdge(place, rising == active_high)
        for s in spans
        for place, rising in ((s.start, True), (s.stop, False))
    ]


def test_each_phase_of_each_repetition_is_measured():
    source, spans = bench()
    result = measure_phases(source, spans)
    assert not result.estimated
    assert not result.findings
    assert len(result.phases) == 3 * REPETITIONS
    assert [phase.repetition for phase in result.phases[:REPETITIONS]] == list(range(REPETITIONS))
    for summary in result.summaries:
        assert summary.count == REPETITIONS
        assert summary.mean_power_w == pytest.approx(LEVELS[summary.name], rel=2e-3)
        assert summary.energy.median == pytest.approx(
            LEVELS[summary.name] * LENGTHS[summary.name] * PERIOD_S, rel=2e-3
        )
        assert summary.duration.median == pytest.approx(LENGTHS[summary.name] * PERIOD_S)
    assert sum(summary.energy_share for summary in result.summaries) == pytest.approx(1)
    whole = sum(LEVELS[name] * LENGTHS[name] for name in NAMES)
    assert result.summaries[1].energy_share == pytest.approx(0.05 * 43.7 / whole, rel=1e-3)


@pytest.mark.parametrize("active_high", [True, False])
def test_a_pin_for_each_phase(active_high):
    _, spans = bench()
    for name in NAMES:
        found, findings = spans_of_pin(name, edges(spans[name], active_high=active_high), active_high=active_high)
        assert found == spans[name]
        assert not findings


@given(st.lists(st.tuples(st.floats(-1e3, 1e6), st.booleans()), max_size=40))
def test_a_phase_is_never_made_up_from_odd_edges(items):
    given_edges = [PinEdge(place, rising) for place, rising in items]
    found, findings = spans_of_pin("x", given_edges, active_high=True)
    ups = [edge.place for edge in given_edges if edge.rising]
    downs = [edge.place for edge in given_edges if not edge.rising]
    for span in found:
        assert span.start in ups
        assert span.stop in downs
        assert span.start <= span.stop
    assert len(given_edges) == 2 * len(found) or findings


def test_a_missing_edge_leaves_out_its_phase_only():
    _, spans = bench()
    seen = edges(spans["inference"])
    del seen[9]  # the end of the fifth
    found, findings = spans_of_pin("inference", seen, active_high=True)
    assert found == [span for number, span in enumerate(spans["inference"]) if number != 4]
    assert [finding.id for finding in findings] == ["phase-edge-missing"]
    alone, findings = spans_of_pin("inference", seen[:9], active_high=True)
    assert len(alone) == 4
    assert "no end" in findings[0].detail


def test_marks_on_one_pin():
    places = [10.0, 22.0, 65.5, 71.0, 83.0, 126.5, 132.0]
    spans, findings = spans_of_marks(NAMES, places)
    assert not findings
    assert spans["inference"] == [Span(22.0, 65.5), Span(83.0, 126.5)]
    assert spans["post-processing"][-1] == Span(126.5, 132.0)
    one, findings = spans_of_marks(["all"], [1.0, 2.0, 4.0])
    assert (one["all"], findings) == ([Span(1.0, 2.0), Span(2.0, 4.0)], [])


@pytest.mark.parametrize(
    ("places", "name"),
    [
        ([1.0, 2.0, 3.0], "phase-edge-missing"),
        ([1.0, 3.0, 2.0, 4.0], "phase-edge-order"),
        ([], "phase-edge-missing"),
    ],
)
def test_marks_that_do_not_come_out_even_give_nothing(places, name):
    spans, findings = spans_of_marks(NAMES, places)
    assert all(not of_name for of_name in spans.values())
    assert findings[0].id == name


@pytest.mark.parametrize("names", [[], ["a", "a"]])
def test_marks_need_names(names):
    with pytest.raises(ConfigurationError, match="different names"):
        spans_of_marks(names, [1.0, 2.0])


def test_what_is_odd_is_found():
    source, spans = bench()
    bent = {name: list(of_name) for name, of_name in spans.items()}
    del bent["post-processing"][3]
    bent["pre-processing"][5] = Span(bent["pre-processing"][5].start, bent["inference"][5].start + 3)
    bent["inference"][-1] = Span(bent["inference"][-1].start, source.length + 5.0)
    result = measure_phases(source, bent)
    assert [finding.id for finding in result.findings] == [
        "phase-counts-differ",
        "phases-overlap",
        "phase-not-recorded",
    ]
    # What two phases share was charged to both, so neither has an uncertainty.
    unsure = [(phase.name, phase.repetition) for phase in result.phases if phase.u_j is None]
    assert unsure == [("pre-processing", 5), ("inference", 5)]
    repetitions = [phase.repetition for phase in result.phases if phase.name == "post-processing"]
    assert repetitions == [number for number in range(REPETITIONS) if number != 3]


def test_missing_samples_have_no_energy():
    source, spans = bench()
    energy = source.read(0, source.length).copy()
    energy[60] = np.nan
    holed = EnergySource(lambda a, b: energy[a:b], len(energy), PERIOD_S, 1.0)
    result = measure_phases(holed, spans)
    assert [finding.id for finding in result.findings] == ["phase-samples-missing"]
    gone = [phase for phase in result.phases if phase.energy_j is None]
    assert [(phase.name, phase.repetition) for phase in gone] == [("inference", 0)]
    assert result.summaries[1].count == REPETITIONS - 1


def test_phases_without_edges_are_estimated():
    source, spans = bench(noise=2e-4)
    # Samples 20 to 120 hold a little of the pause, one repetition, a pause, and the beginning of the next.
    found, powers_w = estimated_phases(source, 20.0, 120.0)
    assert powers_w == pytest.approx([0.01, 0.03, 0.05, 0.02, 0.01, 0.03, 0.05], rel=0.03)
    changes = [span.start for span in found[1:]]
    first, second = ([spans[name][k].start for name in NAMES] for k in (0, 1))
    assert changes == pytest.approx([*first, spans["post-processing"][0].stop, *second[:2]], abs=0.1)
    assert (found[0].start, found[-1].stop) == (20.0, 120.0)
    result = measure_phases(source, {"a": found[1:2], "b": found[2:3]}, estimated=True)
    assert result.estimated
    assert result.summaries[1].energy_j == pytest.approx(0.05 * 43.7 * PERIOD_S, rel=0.01)


@pytest.mark.parametrize(("start", "stop"), [(50.2, 50.7), (50.2, 51.6)])
def test_a_window_without_a_whole_sample_is_one_level_and_said_so(start, stop):
    source, _ = bench()
    found, powers_w = estimated_phases(source, start, stop)
    assert found == [Span(start, stop)]
    assert powers_w == pytest.approx([LEVELS["inference"]], rel=0.01)
    result = measure_phases(source, {"level 1": found}, estimated=True)
    assert [finding.id for finding in result.findings] == ["phase-short"]


def test_a_short_phase_is_not_charged_for_its_neighbours_and_says_how_sure_it_is():
    curve = Curve([(-1.0, 0.01)])
    curve.level(30.3, 33.7, 0.06, 0.01)
    curve.level(33.7, 35.9, 0.03, 0.01)
    curve.level(35.9, 36.35, 0.055, 0.01)
    energy = np.diff(curve.energy_j(np.arange(80.0))) * PERIOD_S
    energy += np.random.default_rng(0).normal(0, 1e-5 * PERIOD_S, len(energy))
    source = EnergySource(lambda a, b: energy[a:b], len(energy), PERIOD_S, 1.0)
    spans = {"a": [Span(30.3, 33.7)], "b": [Span(33.7, 35.9)], "c": [Span(35.9, 36.35)]}
    result = measure_phases(source, spans)
    assert [finding.id for finding in result.findings] == ["phase-short"]
    assert "c: 1 times shorter than two samples (least 0.45)" in result.findings[0].detail
    for phase, expected in zip(result.phases, (0.06 * 3.4, 0.03 * 2.2, 0.055 * 0.45), strict=True):
        assert phase.energy_j == pytest.approx(expected * PERIOD_S, abs=3 * phase.u_j)
        assert 0 < phase.u_j < 0.05 * phase.energy_j
    assert result.summaries[2].u_j == result.phases[2].u_j


def test_a_phase_that_its_neighbours_leave_nothing_is_clipped_and_said_so():
    curve = Curve([(-1.0, 0.01)])
    curve.level(30.0, 33.2, 0.06, 0.01)  # its edge says 33.5
    energy = np.diff(curve.energy_j(np.arange(80.0))) * PERIOD_S
    source = EnergySource(lambda a, b: energy[a:b], len(energy), PERIOD_S, 1.0)
    result = measure_phases(source, {"loud": [Span(30.0, 33.5)], "quiet": [Span(33.5, 33.9)]})
    assert [finding.id for finding in result.findings] == ["phase-short", "phase-clipped"]
    assert result.phases[1].energy_j == 0.0


def test_phases_are_sought_in_the_trace_only():
    source, _ = bench()
    with pytest.raises(ConfigurationError, match="not in the trace"):
        estimated_phases(source, -1.0, 50.0)
    with pytest.raises(ConfigurationError, match="too many"):
        estimated_phases(source, 0.0, 500.0, most_samples=100)


def test_no_phases_at_all():
    source, _ = bench()
    result = measure_phases(source, {})
    assert (result.phases, result.summaries, result.findings) == ((), (), ())
