# SPDX-License-Identifier: Apache-2.0
"""How well the clock of the laps is known, and which durations the host's times allow, at their exact limits."""

import math

import pytest

from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.performance import (
    _agrees,
    _elapsed_s,
    _has_laps_and_times,
    dut_rate,
    timed_by,
    window_durations,
)
from energy_runner.analysis.placing.alignment import LAP_STEP_S
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.session import events as ev
from tests.support.synthetic import Setup, host_ns, make_run


def inference(**changes: object) -> ev.InferenceDone:
    """A window of 10 s by the host, inside a command of 12 s."""
    given = {"sent_ns": 0, "start_line_ns": 10**9, "done_line_ns": 11 * 10**9, "t_ns": 12 * 10**9}
    done = next(event for event in make_run(windows=1).events if isinstance(event, ev.InferenceDone))
    return done.model_copy(update={**given, "dut_laps_us": [0, 10_000_000], **changes})


@pytest.mark.parametrize(
    ("duration_s", "agrees"),
    [(11.0, True), (9.0, True), (11.001, False), (8.999, False), (0.0, False), (-1.0, False)],
)
def test_a_duration_is_that_of_the_host_within_half_a_second_and_five_percent(
    duration_s: float, agrees: bool
) -> None:
    assert _agrees(duration_s, inference()) is agrees


@pytest.mark.parametrize("none", [{"start_line_ns": None}, {"done_line_ns": None}])
@pytest.mark.parametrize(("duration_s", "agrees"), [(12.599, True), (12.601, False), (1e-6, True), (0.0, False)])
def test_without_lines_it_fits_into_its_command_and_five_percent(
    none: dict[str, None], duration_s: float, agrees: bool
) -> None:
    assert _agrees(duration_s, inference(**none)) is agrees


@pytest.mark.parametrize(("host_s", "longest_s"), [(0.5, 1.025), (2.0, 2.6)])
def test_the_slack_is_in_proportion_to_the_window(host_s: float, longest_s: float) -> None:
    done = inference(done_line_ns=10**9 + round(host_s * 1e9))
    assert _agrees(longest_s - 1e-6, done)
    assert not _agrees(longest_s + 1e-6, done)


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        ({}, True),
        ({"dut_laps_us": [0, 2**32 - 1]}, True),
        ({"dut_laps_us": [0, 2**32]}, False),
        ({"dut_laps_us": [-1, 5]}, False),
        ({"dut_laps_us": [1, 2, 3]}, False),
        ({"start_line_ns": None}, False),
        ({"done_line_ns": None}, False),
    ],
)
def test_two_laps_of_32_bits_and_their_lines_compare_the_clocks(
    changes: dict[str, object], complete: bool
) -> None:
    assert _has_laps_and_times(inference(**changes)) is complete


@pytest.mark.parametrize(
    ("laps_us", "elapsed_s"),
    [([7, 7], 0.0), ([7, 8], 1e-6), ([2**32 - 1, 0], 1e-6), ([0, 2**32 - 1], 4294.967295)],
)
def test_a_counter_of_32_bits_wraps_once(laps_us: list[int], elapsed_s: float) -> None:
    assert _elapsed_s(laps_us) == pytest.approx(elapsed_s, rel=1e-6, abs=1e-12)


def by_laps(fast: float, *without: int, **changes: list[int]) -> Facts:
    """Windows whose DUT's clock is `fast`, relative; those in `without` have no laps."""

    def timed(number: int, event: ev.InferenceDone) -> ev.InferenceDone:
        assert event.start_line_ns is not None
        assert event.done_line_ns is not None
        lines = (event.start_line_ns, event.done_line_ns)
        laps = [round((line_ns - host_ns(-100)) / 1e3 * (1 + fast)) for line_ns in lines]
        laps = changes.get(f"window_{number}", laps)
        return event.model_copy(update={"dut_laps_us": [] if number in without else laps})

    return gather(make_run(Setup(mode="performance")).change(ev.InferenceDone, timed).events)


@pytest.mark.parametrize("fast", [HOST_CLOCK_LIMIT, -HOST_CLOCK_LIMIT, 0.0, 1e-2])
def test_what_the_duts_clock_is_off_counts_beside_the_hosts_limit(fast: float) -> None:
    facts = by_laps(fast)
    line, (clock, edge_s) = dut_rate(facts), timed_by(facts)
    assert line is not None
    assert line.slope == pytest.approx(1 / (1 + fast), abs=1e-7)
    expected = math.hypot(line.slope_u, HOST_CLOCK_LIMIT / math.sqrt(3), line.slope - 1)
    assert clock.relative_u == pytest.approx(expected, rel=1e-9)
    assert (clock.relative_limit, clock.doubts, edge_s) == (0.0, (), 0.5e-6)


def test_a_window_without_laps_leaves_the_duts_clock_to_the_others() -> None:
    assert timed_by(by_laps(0.0, 1))[1] == 0.5e-6
    assert timed_by(by_laps(0.0, 0, 1, 2, 3, 4))[1] == LAP_STEP_S / 2


@pytest.mark.parametrize("back_us", [0, 300_000])
def test_a_clock_that_stands_still_or_goes_back_is_compared_with_none(back_us: int) -> None:
    lap_us = by_laps(0.0).windows()[2].dut_laps_us[0]
    assert dut_rate(by_laps(0.0, window_2=[lap_us, lap_us + 300_000])) is not None
    assert dut_rate(by_laps(0.0, window_2=[lap_us, lap_us - back_us])) is None


def test_laps_that_go_back_time_no_window() -> None:
    run = make_run(Setup(by_laps=True, windows=2))
    durations, findings = window_durations(gather(run.events))
    assert durations == pytest.approx([10.3, 10.3], rel=1e-4)
    assert findings == []
    laps = [event for event in run.events if isinstance(event, ev.LapCaptured)]
    run.change(ev.LapCaptured, lambda n, e: e.model_copy(update={"lap_us": laps[1].lap_us + 5}) if n == 0 else e)
    durations, findings = window_durations(gather(run.events))
    assert durations == [None, None]
    assert [(one.id, one.window) for one in findings] == [("duration-in-doubt", 0), ("duration-in-doubt", 1)]


@pytest.mark.parametrize("again", [[5, 6], [200_000_000, 200_000_000]])
def test_a_clock_that_began_anew_is_compared_with_none(again: list[int]) -> None:
    facts = by_laps(0.0, window_2=again)
    clock, edge_s = timed_by(facts)
    assert dut_rate(facts) is None
    assert (clock.relative_u, edge_s) == (0.0, 0.5e-6)
    assert clock.doubts == ("clock of the DUT, which no other clock was compared with",)
