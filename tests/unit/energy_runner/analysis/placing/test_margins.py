# SPDX-License-Identifier: Apache-2.0
"""Margins that stand against a drift of clocks grow with time; those of a run of minutes stay what they were."""

from dataclasses import replace

import numpy as np
import pytest

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import BY_LAPS, BY_MONITOR, Alignment, Placed
from energy_runner.analysis.placing.edges import Edge, match_edges, monitor_edges
from energy_runner.analysis.placing.margins import LEAST_TAIL_S, UNKNOWN_CLOCK, drift, drift_of, tail_s
from energy_runner.analysis.placing.plausible import _impossible
from energy_runner.analysis.placing.steps import Steps, checked_by_steps
from energy_runner.session import events as ev
from tests.support.synthetic import ACCURACY, make_run

HOST = 1e-4
CLOCK = {"name": "clock", "relative": 2e-4}


def monitor(**changes: object) -> ev.MonitorConfigured:
    given = next(event for event in make_run().events if isinstance(event, ev.MonitorConfigured))
    return given.model_copy(update=changes)


def test_clocks_drift_apart_by_both_limits() -> None:
    assert drift([2e-4]) == pytest.approx(HOST + 2e-4)
    assert drift([]) == pytest.approx(HOST + UNKNOWN_CLOCK)


@pytest.mark.parametrize(
    ("accuracy", "relative"),
    [
        (ACCURACY, HOST + UNKNOWN_CLOCK),
        ({"terms": [CLOCK]}, HOST + 2e-4),
        ({"document": "none: only software", "terms": []}, HOST),
    ],
)
def test_the_drift_of_a_session_follows_from_its_specification(
    accuracy: dict[str, object], relative: float
) -> None:
    assert drift_of(Facts(monitor=monitor(accuracy=accuracy))) == pytest.approx(relative)
    assert drift_of(Facts()) == 0.0


@pytest.mark.parametrize(
    ("fixed_s", "elapsed_s", "expected_s"),
    [(0.5, 80.0, 0.5), (0.5, 1300.0, 0.5), (0.5, 6 * 3600.0, 6.48 + LEAST_TAIL_S), (10.0, 6 * 3600.0, 10.0)],
)
def test_what_is_recorded_after_the_last_window_covers_the_drift(
    fixed_s: float, elapsed_s: float, expected_s: float
) -> None:
    assert tail_s(fixed_s, elapsed_s, 3e-4) == pytest.approx(expected_s)


# --- edges and commands ---------------------------------------------------------------------------------


def imported(hours: float, off: float) -> Facts:
    """One arrival at the start, as a log of another runner has it; the monitor's clock is `off`."""
    at_s = hours * 3600
    edge = ev.EdgeCaptured(t_ns=0, position=at_s * 1000 * (1 + off), half_width=0.5, counter=0)
    facts = Facts(monitor=monitor(accuracy={"terms": [CLOCK]}), edges=[edge])
    facts.arrival_ends.append(0)
    facts.arrival_times_ns.append(0)
    return facts


def test_an_edge_far_from_every_known_arrival_is_dated_loosely() -> None:
    (edge,) = monitor_edges(imported(6.0, 0.0))
    assert edge.loose_ns == pytest.approx(6 * 3600e9 * 3e-4)
    facts = imported(6.0, 0.0)
    facts.arrival_ends.append(10**9)
    facts.arrival_times_ns.append(10**15)
    assert monitor_edges(facts)[0].loose_ns == 0.0


def test_such_an_edge_may_be_off_its_command_by_as_much() -> None:
    edge = Edge(0.0, 0.5, 10e9, loose_ns=2e9)
    assert edge.within(12e9, 13e9)
    assert edge.within(7e9, 8e9)
    assert not edge.within(12.1e9, 13e9)
    assert not edge.within(7e9, 7.9e9)
    assert not replace(edge, host_ns=float("nan")).within(0.0, 1e12)


@pytest.mark.deep
def test_an_imported_run_of_hours_has_its_edges_by_a_clock_within_its_limits() -> None:
    """Arrivals are known of the start only, and the monitor's samples last 1e-4 longer than it states."""

    def matched(off: float) -> bool:
        run = make_run(windows=2, window_s=5000.0, period_s=0.1)
        facts = Facts(monitor=monitor(accuracy={"terms": [CLOCK]}, period_s=0.1))
        for event in run.events:
            if isinstance(event, ev.EdgeCaptured):
                facts.edges.append(event.model_copy(update={"position": event.position * (1 - off)}))
        from energy_runner.analysis.facts import gather

        whole = gather([event for event in run.events if not isinstance(event, ev.SamplesArrived)])
        whole.monitor, whole.edges = facts.monitor, facts.edges
        whole.arrival_ends.append(0)
        whole.arrival_times_ns.append(whole.started[0].t_ns)
        return match_edges(whole).exact

    assert matched(0.0)
    assert matched(1e-4)  # off by a second at the end
    assert not matched(1e-3)


# --- laps and steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off_s", "bent_s", "impossible"),
    [
        (0.079, 0.0, False),
        (0.081, 0.0075, True),
        (0.081, 0.1, False),
        (0.11, 0.1, True),
        (-0.021, 0.0075, True),
        (-0.09, 0.1, False),
    ],
)
def test_a_lap_may_be_off_by_what_a_resonator_drifts(off_s: float, bent_s: float, *, impossible: bool) -> None:
    assert _impossible(off_s, bent_s) is impossible


@pytest.mark.parametrize(
    ("method", "rate_u", "stop_s", "kept"),
    [(BY_LAPS, 6e-5, 80.0, False), (BY_LAPS, 6e-5, 3000.0, True), (BY_MONITOR, None, 3000.0, False)],
)
def test_a_step_may_be_off_by_what_the_rate_of_laps_leaves_open(
    method: str, rate_u: float | None, stop_s: float, *, kept: bool
) -> None:
    windows: list[Placed | None] = [Placed((stop_s - 10) * 1000, stop_s * 1000, 0.5)]
    found = checked_by_steps(Alignment(method, windows, rate_u=rate_u), Steps(0.3, 0.0, 1), 1e-3)
    assert (found.windows[0] is not None) is kept
    assert [one.id for one in found.findings] == ["edges-late" if kept else "edges-disagree"]
    if found.windows[0] is not None:
        assert found.windows[0].half_width >= np.float64(300)
