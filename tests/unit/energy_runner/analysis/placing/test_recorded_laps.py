# SPDX-License-Identifier: Apache-2.0
"""Laps out of a record that was read later: dated by their own clock, their rate by the DUT's lines."""

import pytest

from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.placing.alignment import (
    BY_HOST,
    LATENCY_LIMIT_S,
    align,
    lap_rate,
    lap_witnesses,
    recorded_laps,
    zeroed_at,
)
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.analysis.placing.plausible import witnessed
from energy_runner.session import events as ev
from tests.support.synthetic import Run, Setup, make_run

LAPS = Setup(period_s=0.01, by_laps=True, io_rate=1.00005, io_offset_us=0)


def recorded(bracket_ns: int = 3_000_000, setup: Setup = LAPS) -> Run:
    """Return a run whose laps were read out of a record, and whose sampler no edge starts."""
    run = make_run(setup)
    laps = [event for event in run.events if isinstance(event, ev.LapCaptured)]
    zero_ns = round(laps[0].t_ns - laps[0].lap_us * 1e3 / setup.io_rate)

    def read_later(_: int, event: ev.AnyEvent) -> ev.AnyEvent:
        assert isinstance(event, ev.LapCaptured)
        zeroed = (zero_ns - bracket_ns, zero_ns)
        return event.model_copy(update={"t_ns": zero_ns + 1000 * event.lap_us, "zeroed": zeroed})

    run.change(ev.LapCaptured, read_later)
    return run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"starts_on_edge": False}))


def gathered(run: Run) -> Facts:
    return gather(run.events)


def test_their_own_dates_are_no_witness_of_their_rate() -> None:
    facts = gathered(recorded())
    assert recorded_laps(facts)
    lap_s, host_s = lap_witnesses(facts)
    done = [one.done_line_ns for one in facts.inferences if one.done_line_ns is not None]
    assert host_s.tolist() == pytest.approx([t_ns * 1e-9 for t_ns in done])
    assert len(lap_s) == len(done)
    rate = lap_rate(facts)
    assert rate is not None
    assert rate.slope == pytest.approx(1 / LAPS.io_rate, abs=2e-5)
    zeroed = zeroed_at(facts)
    assert zeroed is not None
    assert rate.at(0.0) == pytest.approx(zeroed[1] * 1e-9, abs=1e-6)


def test_laps_with_messages_are_their_own_witnesses() -> None:
    facts = gathered(make_run(LAPS))
    assert not recorded_laps(facts)
    assert zeroed_at(facts) is None
    assert lap_witnesses(facts)[1].tolist() == pytest.approx([lap.t_ns * 1e-9 for lap in facts.laps])


@pytest.mark.parametrize(("bracket_s", "tie_s"), [(0.003, LATENCY_LIMIT_S), (0.5, 0.5)])
def test_a_zero_that_is_known_badly_ties_badly(bracket_s: float, tie_s: float) -> None:
    facts = gathered(recorded(round(bracket_s * 1e9)))
    alignment = align(facts, match_edges(facts))
    assert alignment.method == BY_HOST
    for window in alignment.windows:
        assert window is not None
        assert window.shared == pytest.approx(tie_s / LAPS.period_s)


def test_windows_lie_where_the_edges_were() -> None:
    run = recorded()
    facts = gathered(run)
    alignment = align(facts, match_edges(facts))
    offsets = []
    for window, true in zip(alignment.windows, run.truth, strict=True):
        assert window is not None
        assert (window.stop - window.start) * LAPS.period_s == pytest.approx(true.stop_s - true.start_s, rel=3e-5)
        offsets.append(window.start * LAPS.period_s - true.start_s)
    assert max(offsets) - min(offsets) < 3e-3


def test_without_lines_of_the_dut_there_is_no_rate() -> None:
    run = recorded().change(
        ev.InferenceDone, lambda _, e: e.model_copy(update={"done_line_ns": None, "start_line_ns": None})
    )
    facts = gathered(run)
    alignment = align(facts, match_edges(facts))
    assert lap_rate(facts) is None
    assert [finding.id for finding in alignment.findings] == ["rate-unknown"]
    assert alignment.windows == [None] * len(run.truth)


@pytest.mark.parametrize("zeroed", [None, (0, 1)])
def test_a_record_begun_anew_within_the_run_has_no_rate(zeroed: tuple[int, int] | None) -> None:
    run = recorded().change(ev.LapCaptured, lambda n, e: e.model_copy(update={"zeroed": zeroed}) if n == 5 else e)
    facts = gathered(run)
    assert zeroed_at(facts) is None
    assert lap_rate(facts) is None


def test_recorded_laps_alone_are_no_witness_of_where_they_lie() -> None:
    def started(run: Run) -> Facts:
        run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"starts_on_edge": True}))
        return gathered(run)

    with_lines, without = started(recorded()), started(recorded())
    alignment = align(with_lines, match_edges(with_lines))
    assert witnessed(with_lines, match_edges(with_lines), alignment)
    for command in without.commands:
        if command.inference is not None:
            bare = command.inference.model_copy(update={"done_line_ns": None, "start_line_ns": None})
            command.inference = bare
    assert not witnessed(without, match_edges(without), alignment)
