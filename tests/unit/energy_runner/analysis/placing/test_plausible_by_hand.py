# SPDX-License-Identifier: Apache-2.0
"""What the witnesses of an edge withhold and widen, in closed form: each limit, width and text."""

from collections.abc import Sequence
from dataclasses import replace
from math import nan, nextafter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.analysis.facts import Command, Facts
from energy_runner.analysis.placing.alignment import (
    BY_HOST,
    BY_LAPS,
    BY_MONITOR,
    NONE,
    Alignment,
    Placed,
    lap_rate,
)
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.placing.edges import Edge, Matched, Matching
from energy_runner.analysis.placing.plausible import (
    _alone,
    _by_durations,
    _by_host,
    _by_lines,
    _dated_by,
    _excess,
    _impossible,
    _off_the_line,
    _origin,
    checked,
    witnessed,
)
from energy_runner.session import events as ev

S = 1_000_000_000
CLOCK = Clock(1.25, 1e-4)
STEP_S = 0.01 * 1.25
MONITOR = SimpleNamespace(period_s=0.01)
Seen = tuple[float | None, float | None]


def fake(**known: Any) -> Facts:
    return cast(Facts, SimpleNamespace(**({"monitor": MONITOR, "laps": [], "lost": []} | known)))


def command(start_ns: int | None = 0, done_ns: int | None = 0, **known: Any) -> Command:
    done = SimpleNamespace(start_line_ns=start_ns, done_line_ns=done_ns, sent_ns=0, t_ns=1000 * S)
    given: dict[str, Any] = {"purpose": "window", "count": 2, "t_ns": 0, "recorded": True, "inference": done}
    return Command(**(given | known))


def matching(*commands: Matched) -> Matching:
    return Matching(True, True, 0, 0, list(commands))


def told(alignment: Alignment) -> list[str]:
    return [f"{finding.id} {finding.detail}" for finding in alignment.findings]


# --- the DUT's lines ------------------------------------------------------------------------------------


def seen_by_lines(*windows: Seen, method: str = BY_MONITOR, unplaced: int | None = None) -> Alignment:
    """Windows whose start and stop are so late by lines of the DUT (None: no line) at time 0."""
    commands = [
        Matched(
            command(None if start is None else 0, None if stop is None else 0),
            (Edge(start or 0.0, 0.5, 0.0), Edge(stop or 0.0, 0.5, 0.0)),
        )
        for start, stop in windows
    ]
    placed = [None if k == unplaced else Placed(k, k + 1.0, 0.5, 0.25) for k in range(len(windows))]
    return _by_lines(fake(), matching(*commands), Alignment(method, list(placed)), lambda edge: edge.place, CLOCK)


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize(
    ("seen_s", "gone"),
    [(0.1, False), (nextafter(0.1, 1), True), (-0.3, False), (nextafter(-0.3, -1), True), (0.0, False)],
)
def test_an_edge_is_at_most_a_tenth_later_and_three_earlier_than_its_line(
    seen_s: float, gone: bool, end: int
) -> None:
    seen: Seen = (0.0, seen_s) if end else (seen_s, 0.0)
    found = seen_by_lines((0.0, 0.0), seen)
    assert [window is None for window in found.windows] == [False, gone]
    assert ("edges-disagree" in [finding.id for finding in found.findings]) is gone


@pytest.mark.parametrize(
    ("windows", "text"),
    [
        (((0.2, 0.0), (0.0, 0.0), (0.0, -0.35)), "windows 1, 3: an edge is 0.350 s before"),
        (((0.6, -0.4), (0.0, 0.0), (0.2, 0.0)), "windows 1, 3: an edge is 0.600 s after"),
        (((0.0, 0.0), (-0.4, 0.0), (0.0, 0.0)), "window 2: an edge is 0.400 s before"),
        (((0.0, 0.0), (None, 0.5), (0.0, None)), "window 2: an edge is 0.500 s after"),
    ],
)
def test_windows_that_lines_contradict_are_named_with_the_worst_edge(windows: Sequence[Seen], text: str) -> None:
    found = seen_by_lines(*windows)
    assert told(found) == [f"edges-disagree {text} the DUT's line that reports it"]
    gone = text.partition(":")[0]
    assert [window is None for window in found.windows] == [str(k + 1) in gone for k in range(3)]
    assert [window for window in found.windows if window] == [
        Placed(k, k + 1.0, 0.5, 0.25) for k in range(3) if str(k + 1) not in gone
    ]


@pytest.mark.parametrize(
    ("windows", "shared_s", "starts_s", "stops_s", "range_s"),
    [
        ([(0.02, 0.01), (0.02, 0.0)], 0.055, 0.055, 0.0, "+0.000 to +0.020"),
        ([(-0.05, -0.06)], 0.02, 0.0, 0.0, "-0.060 to -0.050"),
        ([(0.0, 0.0), (-0.07, 0.0), (-0.06, 0.0)], 0.03, 0.02, 0.0, "-0.070 to +0.000"),
        ([(0.02, 0.01), (-0.05, -0.06)], 0.06, 0.0, 0.0, "-0.060 to +0.020"),
        ([(0.005, -0.06)], 0.02, 0.0, 0.025, "-0.060 to +0.005"),
        ([(nextafter(0.005, 1), None)], 0.04, 0.0, 0.0, "+0.005 to +0.005"),
    ],
)
def test_what_lines_leave_open_beyond_their_usual_latency_widens_every_edge(
    windows: Sequence[Seen], shared_s: float, starts_s: float, stops_s: float, range_s: str
) -> None:
    found = seen_by_lines(*windows)
    for number, window in enumerate(found.windows):
        assert window is not None
        assert (window.start, window.stop) == (number, number + 1.0)
        assert window.half_width == pytest.approx(0.5 + shared_s / STEP_S)
        assert window.shared == pytest.approx(0.25 + shared_s / STEP_S)
        assert (window.starts, window.stops) == pytest.approx((starts_s / STEP_S, stops_s / STEP_S))
    text = "s after the DUT's lines about them; what is beyond the usual counts as uncertainty"
    assert told(found) == [f"edges-late edges come {range_s} {text}"]


@pytest.mark.parametrize("seen", [(0.005, -0.04), (0.005, None), (None, -0.04), (None, None), (0.0, 0.0)])
def test_the_usual_latency_of_lines_changes_nothing(seen: Seen) -> None:
    assert seen_by_lines(seen) == Alignment(BY_MONITOR, [Placed(0, 1.0, 0.5, 0.25)])


def test_a_window_that_is_not_placed_says_nothing_of_the_others() -> None:
    found = seen_by_lines((0.5, 0.06), (0.0, 0.0), unplaced=0)
    assert found == Alignment(BY_MONITOR, [None, Placed(1, 2.0, 0.5, 0.25)])


@pytest.mark.parametrize(
    ("seen", "shared_s"),
    [((0.0249, -0.0599), 0.0), ((0.03, 0.0), 0.045), ((0.0, -0.07), 0.01), ((0.025, -0.1), 0.04)],
)
def test_the_tie_by_the_host_covers_as_much_as_it_is_wide(seen: Seen, shared_s: float) -> None:
    (window,) = seen_by_lines(seen, method=BY_HOST).windows
    assert window is not None
    assert window.shared == pytest.approx(0.25 + shared_s / STEP_S)


@pytest.mark.parametrize(
    ("starts", "stops", "limits"),
    [
        ([], [0.1], (0.0, 0.0)),
        ([0.02], [0.0], (0.06, 0.0)),
        ([0.0], [0.02], (0.0, 0.06)),
        ([-0.06], [0.0], (0.02, 0.0)),
        ([0.0], [-0.06], (0.0, 0.02)),
        ([0.01], [0.005], (0.0, 0.0)),
        ([nextafter(0.01, 1)], [0.005], (0.045, 0.0)),
        ([0.005], [-0.05], (0.0, 0.015)),
        ([0.02, 0.0, 0.09], [0.0, -0.2, 0.01], (0.06, 0.0)),
    ],
)
def test_starts_or_stops_alone_are_off_by_how_far_they_are_apart(
    starts: list[float], stops: list[float], limits: tuple[float, float]
) -> None:
    assert _alone((starts, stops)) == pytest.approx(limits)


def test_edges_are_dated_by_arrivals_or_by_laps() -> None:
    ends = 10.0 * np.arange(1, 8)
    facts = fake(arrival_line=lambda: (ends, (3.0 + 1.5 * 0.01 * ends) * S), laps=laps(2.0 * np.arange(7), 1.25))
    by = {method: _dated_by(facts, Alignment(method, [])) for method in (BY_MONITOR, BY_LAPS, BY_HOST, NONE)}
    assert by[NONE] is None
    for method, place, at_s in ((BY_MONITOR, 200.0, 6.0), (BY_LAPS, 8e6, 10.0), (BY_HOST, 8e6, 10.0)):
        dated_s = by[method]
        assert dated_s is not None
        assert dated_s(Edge(place, 0.5, nan)) == pytest.approx(at_s)
    few = fake(arrival_line=lambda: (ends[:4], ends[:4]))
    for method in (BY_MONITOR, BY_LAPS):
        assert _dated_by(few, Alignment(method, [])) is None
        assert _dated_by(fake(monitor=None), Alignment(method, [])) is None


# --- durations by laps ----------------------------------------------------------------------------------


def laps(at_s: np.ndarray, rate: float = 1.0, late_s: Sequence[float] | float = 0.0) -> list[ev.LapCaptured]:
    host_s = rate * at_s + np.broadcast_to(late_s, at_s.shape)
    pairs = zip(at_s.tolist(), host_s.tolist(), strict=True)
    return [ev.LapCaptured(t_ns=round(host * S), lap_us=round(at * 1e6)) for at, host in pairs]


def in_windows(count: int, without: Sequence[int] = ()) -> Facts:
    """`count` windows that last 8 s each by laps, every 20 s, on a clock that runs at 1/1.01 of the host's."""
    at_s = np.array([20.0 * (k // 2) + 8.0 * (k % 2) for k in range(2 * count)])
    times = [round(1.01 * float(at) * S) for at in at_s]
    commands = [command(start, done) for start, done in zip(times[::2], times[1::2], strict=True)]
    kept = laps(np.delete(at_s, list(without)), 1.01)
    return fake(laps=kept, commands=commands, outcome="completed")


def lasting(*durations_s: float | None) -> Alignment:
    windows = [None if d is None else Placed(7.0, 7.0 + d / STEP_S, 1.5) for d in durations_s]
    return Alignment(BY_MONITOR, windows)


@pytest.mark.parametrize("side", [1, -1])
def test_a_window_lasts_as_long_by_laps_as_by_edges_within_the_slack_of_both(side: int) -> None:
    facts = in_windows(4)
    rate = lap_rate(facts)
    assert rate is not None
    by_laps_s = 8.0 * rate.slope
    share = 1e-3 + 3 * rate.slope_u
    limit_s = (by_laps_s + side * (5e-3 + 2.5 * 2 * STEP_S)) / (1 - side * share)
    for off_s, gone in ((-1e-6, False), (1e-6, True)):
        found = _by_durations(facts, lasting(8.08, limit_s + side * off_s, 8.08, 8.08), CLOCK)
        assert [window is None for window in found.windows] == [False, gone, False, False]
        assert len(found.findings) == gone


def test_windows_of_another_duration_are_named_with_the_worst() -> None:
    text = "s longer by the IO manager's laps than by the monitor's edges"
    found = _by_durations(in_windows(4), lasting(8.58, 8.08, 7.08, None), CLOCK)
    assert told(found) == [f"edges-disagree windows 1, 3: +1.000 {text}"]
    assert [window is None for window in found.windows] == [True, False, True, True]
    found = _by_durations(in_windows(4), lasting(10.08, 8.08, 7.08, 8.08), CLOCK)
    assert told(found) == [f"edges-disagree windows 1, 3: -2.000 {text}"]


def test_durations_are_compared_where_there_are_both() -> None:
    wrong = lasting(12.0, 12.0, 12.0, 8.08)
    found = _by_durations(in_windows(4, without=[2]), replace(wrong, windows=[None, *wrong.windows[1:]]), CLOCK)
    assert [window is None for window in found.windows] == [True, False, True, False]
    short = lasting(12.0, 12.0)
    assert _by_durations(in_windows(2), short, CLOCK) is short  # four laps have no rate
    known = vars(in_windows(4))
    assert _by_durations(fake(**(known | {"monitor": None})), wrong, CLOCK) is wrong
    assert _by_durations(fake(**(known | {"laps": []})), wrong, CLOCK) is wrong


# --- the host's clock -----------------------------------------------------------------------------------

AT_S = np.array([0.0, 10.0, 18.0, 30.0, 38.0, 50.0, 58.0, 70.0, 78.0, 90.0, 98.0])


def seen_by_host(late: dict[int, float], unplaced: int | None = None, origin: bool = True) -> Alignment:
    """Five windows, whose laps 1 to 10 follow that of the log's start, lap 0; some messages are so late."""
    late_s = [late.get(k, 0.0) for k in range(len(AT_S))]
    edges = [Edge(at * 1e6, 8.0, nan) for at in AT_S.tolist()]
    zero = [Matched(command(purpose="sync", count=1), (edges[0],))] if origin else []
    windows = [Matched(command(recorded=origin), (edges[k], edges[k + 1])) for k in range(1, len(edges), 2)]
    placed = [None if k == unplaced else Placed(k, k + 1.0, 0.5, 0.25) for k in range(5)]
    facts = fake(laps=laps(AT_S, 1.01, late_s))
    return _by_host(facts, matching(*zero, *windows), Alignment(BY_LAPS, list(placed)), CLOCK)


def widths(alignment: Alignment) -> list[tuple[float, float] | None]:
    """By how many seconds each window's edges are wider, and their shared part."""
    return [
        ((one.half_width - 0.5) * STEP_S, (one.shared - 0.25) * STEP_S) if one else None
        for one in alignment.windows
    ]


@pytest.mark.parametrize(
    ("late", "wider", "shared"),
    [
        ({2: 0.004}, {}, 0.0),
        ({2: 0.044}, {0: 0.04}, 0.0),
        ({3: -0.014, 4: 0.034}, {1: 0.03}, 0.0),
        ({3: -0.014, 9: 0.01}, {1: 0.01, 4: 0.006}, 0.0),
        ({0: 0.034}, {}, 0.03),
        ({0: -0.014, 6: 0.024}, {2: 0.02}, 0.01),
    ],
)
def test_late_and_early_messages_of_laps_widen_their_windows_and_the_first_all(
    late: dict[int, float], wider: dict[int, float], shared: float
) -> None:
    found = seen_by_host(late)
    assert found.findings == []
    for number, one in enumerate(widths(found)):
        assert one == pytest.approx((wider.get(number, 0.0) + shared, shared), abs=1e-6)


def test_a_window_whose_lap_contradicts_the_host_is_withheld() -> None:
    text = "than the others say by the host's clock"
    for late, gone, words in (
        ({2: 0.0799}, [], ""),
        ({2: 0.0801}, [0], "window 1: a lap is 0.080 s earlier"),
        ({3: -0.0199}, [], ""),
        ({3: -0.0201}, [1], "window 2: a lap is 0.020 s later"),
        ({3: -0.03, 4: 0.5, 9: 0.1}, [1, 4], "windows 2, 5: a lap is 0.500 s earlier"),
        ({3: 0.1, 9: -0.5, 10: 0.05}, [1, 4], "windows 2, 5: a lap is 0.500 s later"),
    ):
        found = seen_by_host(late)
        assert [k for k, window in enumerate(found.windows) if window is None] == gone
        assert told(found) == ([f"lap-displaced {words} {text}"] if gone else [])
    beside = widths(seen_by_host({2: 0.1, 0: 0.014, 4: 0.024}))
    assert beside[0] is None
    assert beside[1] == pytest.approx((0.03, 0.01), abs=1e-6)


def test_a_first_lap_that_contradicts_the_host_withholds_all_windows() -> None:
    found = seen_by_host({0: 0.1}, unplaced=2)
    assert found.windows == [None] * 5
    text = "the log's first lap is 0.100 s earlier than the others say by the host's clock"
    assert told(found) == [f"lap-displaced {text}"]


def test_windows_not_placed_and_logs_without_a_first_lap_are_left_alone() -> None:
    found = seen_by_host({5: 0.5, 8: 0.014}, unplaced=2)
    assert (found.windows[2], found.findings) == (None, [])
    assert widths(found)[3] == pytest.approx((0.01, 0.0), abs=1e-6)
    alone = seen_by_host({0: 0.5, 8: 0.014}, origin=False)
    assert alone.findings == []
    assert widths(alone)[3] == pytest.approx((0.01, 0.0), abs=1e-6)
    few = Alignment(BY_LAPS, [Placed(0.0, 1.0, 0.5)])
    assert _by_host(fake(laps=laps(AT_S[:4])), matching(), few, CLOCK) is few


@pytest.mark.parametrize("count", [5, 6, 11])
def test_laps_are_late_against_a_line_that_a_wrong_one_does_not_move(count: int) -> None:
    for wrong in (0, 2, count - 1):
        late_s = [0.05 if k == wrong else 0.0 for k in range(count)]
        edges = [
            Edge(3e6 + 1e6 * at, 8.0, (7.0 + 1.5 * at + late) * S)
            for at, late in zip(AT_S[:count].tolist(), late_s, strict=True)
        ]
        assert _off_the_line(edges) == pytest.approx(late_s, abs=1e-9)
        assert _off_the_line(edges[:4]) is None


def test_a_message_is_usually_late_by_milliseconds() -> None:
    for off_s, excess_s in ((0.0, 0.0), (0.004, 0.0), (0.01, 0.006), (0.08, 0.076), (-0.004, 0.0), (-0.02, 0.016)):
        assert not _impossible(off_s, 0.0)
        assert _excess(off_s) == pytest.approx(excess_s)
    assert _impossible(nextafter(0.08, 1), 0.0)
    assert _impossible(nextafter(-0.02, -1), 0.0)


def test_the_first_edge_of_the_first_recorded_command_starts_the_log() -> None:
    first, second = Edge(1.0, 8.0, 0.0), Edge(2.0, 8.0, 0.0)
    boot, silent = Matched(command(recorded=False), (second,)), Matched(command(count=0), ())
    assert _origin(matching(boot, silent, Matched(command(), (first, second)))) == first
    assert _origin(matching(boot, silent, Matched(command(), ()), Matched(command(), (second,)))) is None
    assert _origin(matching(boot, silent)) is None


# --- together -------------------------------------------------------------------------------------------


WITNESSES = {BY_MONITOR: ["edges-disagree"], BY_LAPS: ["lap-displaced"], BY_HOST: [], NONE: []}


@pytest.mark.parametrize(("method", "names"), WITNESSES.items())
def test_each_way_of_placing_has_its_witness(method: str, names: list[str]) -> None:
    """The one lap that is late contradicts the duration by edges, and other laps; those tied by the host wait."""
    facts = in_windows(4)
    facts.laps[3] = facts.laps[3].model_copy(update={"t_ns": facts.laps[3].t_ns + round(0.2 * S)})
    at_s = [lap.lap_us * 1e-6 for lap in facts.laps]
    facts.arrival_line = lambda: (np.zeros(0), np.zeros(0))  # type: ignore[method-assign]
    commands = [
        Matched(one, (Edge(at_s[2 * k] * 1e6, 8.0, 0.0), Edge(at_s[2 * k + 1] * 1e6, 8.0, 0.0)))
        for k, one in enumerate(facts.commands)
    ]
    given = replace(lasting(8.08, 9.08, 8.08, 8.08), method=method)
    found = checked(facts, matching(*commands), given, CLOCK)
    assert [finding.id for finding in found.findings] == names
    assert [window is None for window in found.windows] == [False, bool(names), False, False]


def test_edges_have_a_witness_in_lines_or_laps() -> None:
    with_lines = Matched(command(), (Edge(0.0, 0.5, 0.0), Edge(1.0, 0.5, 0.0)))
    none = Matched(command(None, None), with_lines.edges)
    unended = Matched(command(inference=None), with_lines.edges)
    one_edge = Matched(command(), with_lines.edges[:1])
    by_lap = fake(laps=laps(AT_S))
    placed = Placed(0.0, 1.0, 0.5)
    for facts, method, witnesses in (
        (fake(), BY_LAPS, True),
        (by_lap, BY_LAPS, True),
        (fake(), BY_MONITOR, False),
        (by_lap, BY_MONITOR, True),
        (by_lap, BY_HOST, False),
    ):
        for bare in (none, unended, one_edge):
            given = Alignment(method, [placed, placed])
            assert witnessed(facts, matching(with_lines, bare), given) is witnesses
        assert witnessed(facts, matching(with_lines, with_lines), Alignment(method, [placed, placed]))
        assert witnessed(facts, matching(with_lines, none), Alignment(method, [placed, None]))
