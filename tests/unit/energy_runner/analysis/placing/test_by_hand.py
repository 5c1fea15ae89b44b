# SPDX-License-Identifier: Apache-2.0
"""Lines, dates and edges in closed form, each on the limits of what it accepts."""

import math
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.facts import Command, gather
from energy_runner.analysis.placing.clock import clock_findings
from energy_runner.analysis.placing.edges import (
    Edge,
    _anchors,
    _doubt,
    _fits,
    _in_order,
    _match,
    _near,
    dated,
    lap_edges,
    match_edges,
    match_laps,
    monitor_edges,
)
from energy_runner.analysis.placing.line import _thinned, lower_line
from energy_runner.session import events as ev
from tests.support.hand_made import fake, lost
from tests.support.synthetic import Setup, make_run

LAPS = Setup(period_s=0.01, by_laps=True)
HOST = 100e-6 / math.sqrt(3)


# --- lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 6, 9])
def test_the_uncertainty_of_a_line_is_that_of_its_typical_latency_and_of_its_steps(count: int) -> None:
    x = 100.0 + 10.0 * np.arange(count)
    late = 0.01 * np.abs(np.sin(np.arange(count) * 2.0))
    late[0] = late[-1] = 0.0
    line = lower_line(x, 7.0 + 1.5 * x + late, 1e-3)
    assert line is not None
    spread = math.sqrt(float(np.sum((x - x.mean()) ** 2)))
    scatter = 1.44 * float(np.median(late)) * count / (count - 3)
    in_step = 1e-3 / math.sqrt(3) / (x[-1] - x[0])
    assert line.slope == pytest.approx(1.5)
    assert line.at(20.0) == pytest.approx(37.0)
    assert line.slope_u == pytest.approx(math.hypot(math.hypot(scatter, 0.5e-3) / spread, in_step))
    assert lower_line(x[:4], x[:4]) is None


def test_the_line_is_the_edge_of_the_lower_hull_at_the_centre() -> None:
    """Against every pair of points: the line has all others above it, and an end on either side of the centre."""
    rng = np.random.default_rng(2)
    for _ in range(200):
        x = np.sort(rng.integers(0, 8, 9)).astype(float)
        y = rng.integers(0, 10, 9).astype(float)
        line = lower_line(x, y)
        if line is None:
            assert x[0] == x[-1]
            continue
        centre = x.mean()
        below = [
            (y[j] - y[i]) / (x[j] - x[i])
            for i, j in combinations(range(9), 2)
            if x[i] < centre <= x[j] and np.all((y - y[i]) * (x[j] - x[i]) >= (y[j] - y[i]) * (x - x[i]) - 1e-9)
        ]
        assert line.slope in below


@pytest.mark.parametrize(("count", "size"), [(1024, 1), (1025, 2), (2048, 2), (2500, 3)])
def test_of_many_points_the_least_late_of_each_group_is_kept(count: int, size: int) -> None:
    x = 50.0 + np.arange(count)
    late = np.random.default_rng(3).uniform(0.1, 1.0, count)
    late[0] = late[-1] = 0.0
    kept_x, kept_y = _thinned(x, 7.0 + 3.0 * x + late)
    groups = range(0, count // size * size, size)
    best = [begin + int(np.argmin(late[begin : begin + size])) for begin in groups]
    assert kept_x.tolist() == x[best].tolist()
    assert kept_y == pytest.approx(7.0 + 3.0 * x[best] + late[best])


def test_many_points_at_one_place_are_thinned_by_their_height() -> None:
    y = np.array([3.0, 1.0] * 1024)
    x, kept = _thinned(np.ones(2048), y)
    assert (set(x), set(kept), len(kept)) == ({1.0}, {1.0}, 1024)


@pytest.mark.parametrize(("zeros", "better"), [(1, 1), (3, 3), (2047, 2047)])
def test_points_at_two_places_are_thinned_by_the_slope_between_them(zeros: int, better: int) -> None:
    x = np.array([0.0] * zeros + [1.0] * (2048 - zeros))
    late = np.full(2048, 0.9)
    late[[0, -1]] = 0.5
    late[better] = min(late[better], 0.1 if better < 2047 else 0.5)
    kept_x, kept_y = _thinned(x, 5.0 * x + late)
    assert kept_x[better // 2] == 1.0
    assert kept_y[better // 2] == 5.0 + late[better]


@pytest.mark.parametrize("x", [[0, 0, 0, 0, 1.0], [0, 1, 1, 1, 1.0], [0, 0, 1, 1, 1.0]])
def test_two_places_make_a_line(x: list[float]) -> None:
    line = lower_line(np.array(x), 3.0 + 2.0 * np.array(x))
    assert line is not None
    assert line.slope == pytest.approx(2.0)


# --- dates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "ns"), [(10.0, 1e9), (15.0, 1.25e9), (20.0, 1.5e9), (5.0, 0.5e9), (22.0, 1.7e9), (0.0, 0.0)]
)
def test_samples_are_dated_by_the_arrivals_around_them_and_by_their_period_beyond(
    position: float, ns: float
) -> None:
    ends, times = np.array([10.0, 20.0]), np.array([1e9, 1.5e9])
    assert dated(position, ends, times, 1e8) == pytest.approx(ns)
    assert math.isnan(dated(position, ends[:0], times[:0], 1e8))


@pytest.mark.parametrize(
    ("position", "half_width"),
    [(9.0, 0.5), (10.0, 3.5), (15.0, 3.5), (20.0, 8.5), (22.0, 5.5), (25.0, 5.5), (26.0, 0.5)],
)
def test_an_edge_among_lost_samples_may_be_off_by_as_many(position: float, half_width: float) -> None:
    facts = fake(
        monitor=SimpleNamespace(period_s=0.1, accuracy={}),
        lost=[lost(10, 20, 3), lost(20, 25, 5)],
        edges=[SimpleNamespace(position=position, half_width=0.5)],
        arrival_line=lambda: (np.array([0.0]), np.array([7e9])),
    )
    (edge,) = monitor_edges(facts)
    assert (edge.place, edge.half_width, edge.host_ns) == (
        position,
        half_width,
        pytest.approx(7e9 + position * 1e8),
    )


def lap(t_us: float, lap_us: int) -> ev.LapCaptured:
    return ev.LapCaptured(t_ns=round(t_us * 1000), lap_us=lap_us)


def test_laps_count_on_over_the_wraps_of_their_counter() -> None:
    wrap = 2**32
    laps = [lap(0, wrap - 5), lap(8, 3), lap(wrap + 12, 7), lap(3 * wrap + 20, 15), lap(3 * wrap + 21, 11)]
    places = [edge.place - (wrap - 5) for edge in lap_edges(laps)]
    assert places == [0, 8, wrap + 12, 3 * wrap + 20, 3 * wrap + 16]
    assert {edge.half_width for edge in lap_edges(laps)} == {8.0}
    half = [lap(0, 0), lap(wrap // 2 + 9, wrap // 2 + 9)]
    assert lap_edges(half)[1].place == wrap // 2 + 9


# --- commands -------------------------------------------------------------------------------------------

S = 1_000_000_000
SLACK = S // 2


def command(count: int = 2, purpose: ev.Purpose = "window", next_ns: int | None = None, **lines: Any) -> Command:
    done = None
    if lines:
        known = {"sent_ns": 10 * S, "t_ns": 30 * S, "start_line_ns": 12 * S, "done_line_ns": 25 * S} | lines
        done = ev.InferenceDone(
            purpose=purpose, stimulus=0, inferences=1, warmups=0, results=[], dut_laps_us=[], **known
        )
    return Command(purpose, count, 10 * S, True, next_ns, done)


@pytest.mark.parametrize(
    ("given", "spans"),
    [
        (command(next_ns=20 * S), [(10, 20)] * 2),
        (command(), [(10, math.inf)] * 2),
        (command(1, "sync"), [(10, 11)]),
        (command(1, "sync", 10 * S + 7), [(10, 10 + 7e-9)]),
        (command(sent_ns=10 * S), [(12, 12), (25, 25)]),
        (command(start_line_ns=None), [(10, 30), (25, 25)]),
        (command(done_line_ns=None), [(12, 12), (12, 30)]),
        (command(start_line_ns=None, done_line_ns=None), [(10, 30), (10, 30)]),
        (command(1, sent_ns=10 * S), [(10, 30)]),
        (command(3, sent_ns=10 * S), [(12, 12), (10, 30), (25, 25)]),
        (command(4, sent_ns=10 * S), [(12, 12), (10, 30), (10, 30), (25, 25)]),
    ],
)
def test_each_edge_of_a_command_has_its_time(given: Command, spans: list[tuple[float, float]]) -> None:
    assert _anchors(given) == [pytest.approx((low * S - SLACK, high * S + SLACK)) for low, high in spans]


def edge(at_s: float, place: float = 0.0) -> Edge:
    return Edge(place, 8.0, at_s * S)


def test_an_edge_fits_from_the_first_to_the_last_moment() -> None:
    spans = [(1.0 * S, 2.0 * S)]
    for at_s, fits in ((1.0, True), (2.0, True), (0.999, False), (2.001, False), (math.nan, False)):
        assert _fits([edge(at_s)], spans) is fits
    assert not _fits([], spans)


@pytest.mark.parametrize(
    ("edges", "shared", "name", "words"),
    [
        ([edge(12)], False, "edge-missing", "window: 1 of 2 edges seen"),
        ([edge(12), edge(13), edge(25)], False, "edge-surplus", "window: 3 of 2 edges seen"),
        ([edge(13), edge(25)], False, "edge-out-of-place", "window: an edge is more than 0.5 s from its command"),
        ([edge(12), edge(25)], True, "edge-out-of-place", "window: an edge may belong to the command beside it"),
        ([edge(12), edge(25)], False, "", ""),
    ],
)
def test_doubts_about_edges_are_named(edges: list[Edge], shared: bool, name: str, words: str) -> None:
    given = command(sent_ns=10 * S)
    assert _doubt(given, edges, _anchors(given), shared) == (name, words)


def test_edges_in_order_are_those_of_the_commands_and_no_others() -> None:
    facts = fake(commands=[command(sent_ns=10 * S)], outcome="completed")
    good = [edge(12, 1.0), edge(25, 2.0)]
    (matched,) = _in_order(facts, good) or []
    assert matched.edges == tuple(good)
    assert _in_order(facts, [edge(12, 1.0), edge(25, 1.0)]) is not None
    assert _in_order(facts, [edge(12, 2.0), edge(25, 1.0)]) is None
    assert _in_order(facts, [*good, edge(26, 3.0)]) is None
    assert _in_order(facts, good[:1]) is None
    broken = fake(commands=[command(next_ns=None)], outcome="interrupted")
    (stopped,) = _in_order(broken, good[:1]) or []
    assert (stopped.edges, stopped.doubt) == ((), "the run stopped before the command ended")
    assert _in_order(broken, [edge(9, 1.0)]) is None


def test_edges_that_do_not_match_are_told_in_order() -> None:
    first = command(sent_ns=10 * S)
    second = Command("window", 2, 40 * S, True, None, None)
    second.inference = ev.InferenceDone(
        purpose="window", stimulus=0, inferences=1, warmups=0, results=[], dut_laps_us=[],
        sent_ns=40 * S, t_ns=60 * S, start_line_ns=42 * S, done_line_ns=55 * S,
    )  # fmt: skip
    facts = fake(commands=[first, second], outcome="completed")
    good = [edge(12, 1.0), edge(25, 2.0), edge(42, 3.0), edge(55, 4.0)]

    def told(edges: list[Edge]) -> tuple[list[str], list[int]]:
        matching = _match(facts, edges, by_monitor=False)
        assert (matching.expected, matching.seen, matching.by_monitor) == (4, len(edges), False)
        return [f"{one.id} {one.window} {one.detail}" for one in matching.findings], [
            len(one.edges) for one in matching.commands
        ]

    assert told(good) == ([], [2, 2])
    counted = "None {} edges seen, 4 expected"
    assert told(good[:3]) == (
        [f"edge-missing {counted.format(3)}", "edge-missing 1 window: 1 of 2 edges seen"], [2, 0],
    )  # fmt: skip
    stray = edge(35, 2.5)
    assert told([*good[:2], stray, *good[2:]]) == (
        [f"edge-surplus {counted.format(5)}", "edge-out-of-place None an edge at 2.500 belongs to no command"],
        [2, 2],
    )  # fmt: skip
    assert told([*good[:3], stray]) == (
        [
            "edge-missing 1 window: 1 of 2 edges seen",
            "edge-out-of-place None an edge at 2.500 belongs to no command",
        ],
        [2, 0],
    )
    swapped = [edge(12, 2.0), edge(25, 1.0), *good[2:]]
    assert told(swapped) == ([f"edge-out-of-place {counted.format(4)}"], [2, 2])
    second.inference = second.inference.model_copy(update={"start_line_ns": round(25.6 * S)})
    doubt = "edge-out-of-place {} window: an edge may belong to the command beside it"
    assert told([edge(12, 1.0), edge(25.2, 2.0), edge(55, 3.0)]) == (
        [f"edge-missing {counted.format(3)}", doubt.format(0), doubt.format(1)], [0, 0],
    )  # fmt: skip


def test_an_edge_is_near_a_command_from_its_first_to_its_last_moment() -> None:
    spans = [(1.0 * S, 2.0 * S), (3.0 * S, 4.0 * S)]
    for at_s, near in ((1.0, True), (2.5, True), (4.0, True), (0.999, False), (4.001, False)):
        assert _near(edge(at_s), spans) is near
    assert not _near(edge(1.0), [])


def test_laps_are_matched_as_laps_and_no_clock_has_no_findings() -> None:
    facts = gather(make_run(Setup(period_s=0.01, laps=True)).events)
    assert (match_edges(facts).by_monitor, match_laps(facts).by_monitor) == (True, False)
    assert clock_findings(None) == []
