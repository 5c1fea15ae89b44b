# SPDX-License-Identifier: Apache-2.0
"""Levels outside the windows by hand: which samples are taken, and the uncertainty of the middle block mean."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import gather
from energy_runner.analysis.levels import measure
from energy_runner.analysis.levels.host_line import HostLine
from energy_runner.analysis.levels.idle import PowerLevel, find_idle, find_receive, find_transmit
from energy_runner.analysis.levels.measure import FoundLevels, find_levels_outside, net_energy
from energy_runner.analysis.levels.traffic import Span
from energy_runner.analysis.placing.alignment import Placed, align
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.session.result import Score, WindowResult
from tests.support.synthetic import make_run
from tests.unit.energy_runner.analysis.levels.test_idle import LINE, done, source, span

BLOCK = 50  # samples of a block, of a millisecond each
AFTER_S = 0.0205  # by how much a span ends later than its last sample: the slack of the line, and half a sample
LEVEL_W, STEP_W = 20e-3, 1e-4
SIGMA_W = math.sqrt(math.pi / 2) * 1.4826 * STEP_W  # of a median of one block


def in_blocks(deviations: Sequence[float]) -> PowerLevel:
    """The level of blocks that are so many steps off, from the start of the trace."""
    power_w = np.repeat(LEVEL_W + STEP_W * np.array(deviations), BLOCK)
    whole = span(0.0, len(power_w) * 1e-3 + AFTER_S, at_start=True)
    found = find_idle(source(np.append(power_w, np.full(100, 1.0))), [whole], LINE)
    assert found is not None
    assert found.total_s == pytest.approx(len(power_w) * 1e-3)
    return found


@pytest.mark.parametrize(
    ("deviations", "correlated", "dof"),
    [
        ([1, -1], 1.0, 1),  # what alternates is no better than independent
        ([1, -1] * 8, 1.0, 15),
        ([1, 1, -1, -1] * 2, (1 + 1 / 7) / (1 - 1 / 7), 7),  # four products of 1 and three of -1
        ([1] * 100 + [-1] * 100, 1.95 / 0.05, 199),  # at most 0.95 of it
    ],
)
def test_blocks_that_follow_each_other_are_alike(deviations: list[float], correlated: float, dof: int) -> None:
    found = in_blocks(deviations)
    assert found.power_w == pytest.approx(LEVEL_W, rel=1e-12)
    assert found.u_w == pytest.approx(SIGMA_W * math.sqrt(correlated / len(deviations)), rel=1e-9)
    assert found.dof == dof


def test_one_block_has_no_scatter_and_one_degree_of_freedom() -> None:
    found = in_blocks([0])
    assert (found.u_w, found.dof, found.total_s) == (0.0, 1.0, pytest.approx(0.05))


def coarse(length: int) -> EnergySource:
    power_w = np.full(length, LEVEL_W)
    return EnergySource(lambda a, b: power_w[a:b], length, 0.01, 0.01)


COARSE = HostLine(origin_s=100.0, slope=1.0, period_s=0.01, slack_s=0.02)


@pytest.mark.parametrize(("samples", "enough"), [(7, False), (8, True)])
def test_eight_samples_are_a_block(samples: int, enough: bool) -> None:
    quiet = span(0.105, 0.15 + samples * 0.01)  # 13 to 12.9 + samples, in samples
    quiet = Span(quiet.begin_ns, quiet.end_ns + 5_000_000)
    found = find_idle(coarse(100), [quiet], COARSE)
    received = find_receive(coarse(100), [quiet], COARSE, None)
    for level in (found, received):
        assert (level is not None) is enough
        if level is not None:
            assert (level.start_s, level.duration_s) == (pytest.approx(0.13), pytest.approx(0.08))


@pytest.mark.parametrize(("samples", "enough"), [(49, False), (50, True)])
def test_fifty_milliseconds_in_all_are_a_level(samples: int, enough: bool) -> None:
    quiet = [span(0.0, samples * 1e-3 + AFTER_S, at_start=True)]
    assert (find_idle(source(np.full(900, LEVEL_W)), quiet, LINE) is not None) is enough


@pytest.mark.parametrize("longest_first", [False, True])
def test_the_longest_place_is_named(longest_first: bool) -> None:
    places = [(2.0, 2.6), (3.0, 3.2)] if longest_first else [(1.0, 1.2), (2.0, 2.6)]
    found = find_idle(
        source(np.full(4000, LEVEL_W)), [span(begin - 0.0205, end + AFTER_S) for begin, end in places], LINE
    )
    assert found is not None
    assert (found.start_s, found.duration_s) == (pytest.approx(2.0), pytest.approx(0.6))
    assert (found.total_s, found.places) == (pytest.approx(0.8), 2)


def test_the_longest_place_tells_of_wake_ups() -> None:
    """Awake for a block in every ten; there are five intervals, so four degrees of freedom of their mean."""
    deviations = np.zeros(65)
    deviations[5::10] = 100.0
    power_w = np.append(np.full(500, LEVEL_W), np.repeat(LEVEL_W + STEP_W * deviations, BLOCK))
    spans = [span(0.0, 0.3, at_start=True), span(0.4795, len(power_w) * 1e-3 + AFTER_S)]
    found = find_idle(source(np.append(power_w, np.full(100, LEVEL_W))), spans, LINE)
    assert found is not None
    assert found.power_w == pytest.approx(LEVEL_W + 10 * STEP_W, rel=1e-9)
    assert (found.dof, found.wakes_every_s) == (4.0, pytest.approx(0.5))
    assert found.asleep_w == pytest.approx(LEVEL_W)


@pytest.mark.parametrize(("half_width", "start", "samples"), [(0.5, 1004, 72), (2.25, 1006, 68)])
def test_sending_is_measured_three_samples_from_where_it_may_begin_or_end(
    half_width: float, start: int, samples: int
) -> None:
    found = find_transmit(
        source(np.full(2000, LEVEL_W)), [(done(1000.0, 0.0801), Placed(400.0, 1000.0, half_width))]
    )
    assert found is not None
    assert (found.start_s, found.duration_s) == (pytest.approx(start * 1e-3), pytest.approx(samples * 1e-3))


@pytest.mark.parametrize(("lasts_s", "enough"), [(0.0152, False), (0.0157, True)])
def test_eight_samples_of_sending_are_enough(lasts_s: float, enough: bool) -> None:
    """Samples 1004 to 1012 lie between, if it lasts for 15.5 of them at least."""
    found = find_transmit(source(np.full(2000, LEVEL_W)), [(done(1000.0, lasts_s), Placed(400.0, 1000.0, 0.5))])
    assert (found is not None) is enough


@pytest.mark.parametrize(
    ("begin_s", "end_s", "start", "stop"),
    [(0.4995, 0.9005, 520, 880), (-0.5, 0.5005, 0, 480), (0.4995, 9.0, 520, 1000)],
)
def test_receiving_is_measured_where_the_slack_leaves_no_doubt(
    begin_s: float, end_s: float, start: int, stop: int
) -> None:
    found = find_receive(source(np.full(1000, LEVEL_W)), [span(begin_s, end_s)], LINE, None)
    assert found is not None
    assert (found.start_s, found.duration_s) == (pytest.approx(start * 1e-3), pytest.approx((stop - start) * 1e-3))


@pytest.mark.parametrize(
    ("sending_w", "shares", "level_w"),
    [
        (20.0, {20.0: 60, 21.0: 40}, 20.0),  # 5 % apart is not told from it
        (20.0, {20.0: 60, 21.25: 40}, 21.25),
        (-20.0, {-20.0: 60, -19.5: 40}, -20.0),
        (20.0, {20.0: 20, 22.0: 45, 24.0: 35}, 24.0),  # only what is nearer to the farthest than to sending
    ],
)
def test_what_is_not_sending_is_receiving(sending_w: float, shares: dict[float, int], level_w: float) -> None:
    power_w = np.repeat(list(shares), [10 * share for share in shares.values()])
    found = find_receive(source(power_w), [span(-1.0, 9.0)], LINE, PowerLevel(sending_w, 0.0, 1.0, 1, 0.0, 1.0))
    assert found is not None
    assert found.power_w == level_w


def test_a_load_without_any_sample_has_no_level() -> None:
    assert find_receive(source(np.full(1000, math.nan)), [span(0.0, 1.0)], LINE, None) is None


# --- what a result says of them ---------------------------------------------------------------------------


@pytest.mark.parametrize(("most_w", "differ"), [(21.0, False), (math.nextafter(21.0, 22.0), True)])
def test_places_that_differ_by_more_than_five_percent_are_states(most_w: float, differ: bool) -> None:
    idle = PowerLevel(20.0, 0.0, 1.0, 2, 0.0, 1.0, least_w=20.0, most_w=most_w)
    found = [finding.id for finding in FoundLevels(idle, None, None, "").findings()]
    assert found == (["idle-levels-differ"] if differ else [])


def test_wake_ups_are_told_with_their_interval() -> None:
    idle = PowerLevel(5e-3, 0.0, 1.0, 1, 0.0, 1.0, least_w=1e-3, most_w=9e-3, wakes_every_s=0.5, asleep_w=1e-3)
    (finding,) = FoundLevels(idle, None, None, "").findings()
    assert finding.id == "idle-wakes"
    assert finding.detail == (
        "the idle DUT wakes up every 0.5 s: 5 mW is the mean over whole intervals, 1 mW is drawn between"
    )


def test_idle_lasts_as_long_as_the_middle_window() -> None:
    windows = [
        WindowResult(index=k, stimulus=0, file="a", inferences=10, duration_s=duration_s)
        for k, duration_s in enumerate([5.0, 1.0, 4.0, 2.0, 3.0])
    ]
    net = net_energy(windows, Score(median=10e-3, u=1e-5, U=2e-5, k=2.0), PowerLevel(0.01, 0.0, 1.0, 1, 0.0, 1.0))
    assert net is not None
    assert net.value_j == pytest.approx(10e-3 - 0.01 * 0.3, rel=1e-12)


@pytest.mark.parametrize(("dof", "stated"), [(70_000.0, 70_000.0), (99_000.0, 99_000.0), (101_000.0, None)])
def test_a_hundred_thousand_degrees_of_freedom_are_infinitely_many(dof: float, stated: float | None) -> None:
    windows = [WindowResult(index=0, stimulus=0, file="a", inferences=1, duration_s=1.0)]
    idle = PowerLevel(0.01, 1e-4, 1.0, 1, 0.0, 1.0, dof=dof)
    net = net_energy(windows, Score(median=0.05, u=0.0, U=0.0, k=2.0), idle)
    assert net is not None
    assert net.dof == (None if stated is None else pytest.approx(stated, rel=1e-6))


def test_without_any_uncertainty_there_are_infinitely_many() -> None:
    windows = [WindowResult(index=0, stimulus=0, file="a", inferences=1, duration_s=1.0)]
    idle = PowerLevel(0.01, 0.0, 1.0, 1, 0.0, 1.0, dof=3.0)
    net = net_energy(windows, Score(median=0.05, u=0.0, U=0.0, k=2.0), idle)
    assert net is not None
    assert (net.u_j, net.U_j, net.dof) == (0.0, 0.0, None)


def test_without_a_line_to_the_trace_there_is_no_level_but_that_of_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(windows=1)
    facts = gather(run.events)
    monkeypatch.setattr(measure, "host_line", lambda *_: None)
    alignment = align(facts, match_edges(facts))
    found = find_levels_outside(run.write(tmp_path / "s"), source(np.full(10, LEVEL_W)), facts, alignment)
    assert (found.idle, found.receive) == (None, None)
    assert found.searched.endswith("they cannot be tied to the trace")
