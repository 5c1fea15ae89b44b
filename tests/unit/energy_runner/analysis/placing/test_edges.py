# SPDX-License-Identifier: Apache-2.0
"""Edges and commands: one to one and in place, or no window that is in doubt and no score at all."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.placing.alignment import (
    BY_LAPS,
    BY_MONITOR,
    Alignment,
    align,
    cross_check,
)
from energy_runner.analysis.placing.clock import sample_clock
from energy_runner.analysis.placing.edges import Matching, lap_edges, match_edges
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from tests.support.examples import examples
from tests.support.synthetic import Run, Setup, host_ns, make_run

MONITOR = Setup(period_s=0.01)
LAPS = Setup(period_s=0.01, by_laps=True)
BOTH = pytest.mark.parametrize("setup", [MONITOR, LAPS], ids=["monitor", "laps"])
SYNC, TRIAL_START, TRIAL_STOP, FIRST_START, FIRST_STOP = range(5)


def facts_of(run: Run) -> Facts:
    return gather(run.events)


def placed(run: Run) -> tuple[Matching, Alignment]:
    facts = facts_of(run)
    matching = match_edges(facts)
    return matching, align(facts, matching)


def edge_kind(run: Run) -> type[ev.Event]:
    return ev.LapCaptured if run.setup.by_laps else ev.EdgeCaptured


def surplus_edge(run: Run, t_s: float) -> ev.AnyEvent:
    """An edge that the DUT did not make."""
    if run.setup.by_laps:
        return ev.LapCaptured(
            t_ns=host_ns(t_s, 0.002), lap_us=run.setup.io_offset_us + round(t_s * run.setup.io_rate * 1e6)
        )
    return ev.EdgeCaptured(
        t_ns=host_ns(t_s, 0.002), position=t_s / run.setup.period_s, half_width=0.0, counter=None
    )


def edge_times(run: Run) -> list[float]:
    """When the 13 edges happened, in seconds."""
    sync = 0.5 + run.setup.phase * run.setup.period_s
    trial = sync + 0.3 + 1.3 + 0.3 + run.setup.phase * run.setup.period_s
    windows = [t for window in run.truth for t in (window.start_s, window.stop_s)]
    return [sync, trial, trial + 0.8, *windows]


def assert_windows_are_true_or_none(run: Run, alignment: Alignment) -> int:
    """Each window is where it truly was, or it is None; return how many there are.

    Edges of the monitor are exact, those by laps within three standard uncertainties of their clock.
    """
    origin_s = edge_times(run)[0] if run.setup.by_laps else 0.0
    for window, true in zip(alignment.windows, run.truth, strict=False):
        if window is not None:
            for place, true_s in ((window.start, true.start_s), (window.stop, true.stop_s)):
                allowed_s = 1e-5 + 3 * (alignment.rate_u or 0.0) * (true_s - origin_s)
                assert place * run.setup.period_s + origin_s == pytest.approx(true_s, abs=allowed_s)
    return sum(window is not None for window in alignment.windows)


@BOTH
def test_a_clean_run_matches_one_to_one(setup: Setup) -> None:
    run = make_run(setup)
    matching, alignment = placed(run)
    assert (matching.exact, matching.seen, matching.expected, matching.findings) == (True, 13, 13, [])
    assert alignment.method == (BY_LAPS if setup.by_laps else BY_MONITOR)
    assert assert_windows_are_true_or_none(run, alignment) == 5


@BOTH
@pytest.mark.parametrize("number", range(13))
def test_without_one_edge_there_is_no_score(setup: Setup, number: int) -> None:
    run = make_run(setup)
    matching, alignment = placed(run.drop(edge_kind(run), [number]))
    assert not matching.exact
    assert any(f.id == "edge-missing" for f in matching.findings)
    kept = assert_windows_are_true_or_none(run, alignment)
    if setup.by_laps and number == SYNC:
        assert kept == 0  # without the edge that started the log nothing can be placed
    else:
        assert kept == (4 if number >= FIRST_START else 5)


@BOTH
@pytest.mark.parametrize("t_s", [1.4, 3.0, 4.0, 9.0, 15.2, 15.3, 16.5, 40.0])
def test_with_one_edge_too_many_there_is_no_score(setup: Setup, t_s: float) -> None:
    run = make_run(setup)
    matching, alignment = placed(run.insert(surplus_edge(run, t_s)))
    assert not matching.exact
    assert matching.findings
    kept = assert_windows_are_true_or_none(run, alignment)
    # Close to the edge that started the log, it cannot be told which of the two did.
    assert kept >= (0 if setup.by_laps and t_s < 2.0 else 3)


@BOTH
def test_a_spurious_pulse_just_after_the_stop_is_never_taken_for_it(setup: Setup) -> None:
    """The existing runner takes the last two edges of a trial, whatever their number."""
    run = make_run(setup)
    matching, alignment = placed(run.insert(surplus_edge(run, run.truth[0].stop_s + 0.05)))
    assert not matching.exact
    assert alignment.windows[0] is None
    assert any(f.id == "edge-surplus" and f.window == 0 for f in matching.findings)


def test_an_edge_reported_late_is_still_in_its_place() -> None:
    """The monitor's position counts, not when the host hears of it; the idle gap is never part of a window."""
    run = make_run(MONITOR, late_s=lambda number: 3.5)
    run.events.sort(key=lambda event: event.t_ns)
    matching, alignment = placed(run)
    assert matching.exact
    assert assert_windows_are_true_or_none(run, alignment) == 5


def test_a_lap_reported_too_late_is_refused() -> None:
    run = make_run(LAPS, late_s=lambda number: 3.5 if number == FIRST_STOP else 0.002)
    run.events.sort(key=lambda event: event.t_ns)
    matching, alignment = placed(run)
    assert not matching.exact
    assert alignment.windows[0] is None
    assert assert_windows_are_true_or_none(run, alignment) <= 4


def test_a_lap_somewhat_late_does_no_harm() -> None:
    run = make_run(LAPS, late_s=lambda number: 0.3 if number == FIRST_STOP else 0.002)
    matching, alignment = placed(run)
    assert matching.exact
    assert assert_windows_are_true_or_none(run, alignment) == 5


@BOTH
def test_an_edge_lost_and_another_gained_elsewhere_do_not_cancel(setup: Setup) -> None:
    """As many edges as expected, yet from the lost one on each is taken for its neighbour."""
    run = make_run(setup)
    run.drop(edge_kind(run), [FIRST_STOP]).insert(surplus_edge(run, 16.5))
    matching, alignment = placed(run)
    assert (matching.exact, matching.seen) == (False, 13)
    assert alignment.windows[0] is None
    assert assert_windows_are_true_or_none(run, alignment) == 4


@BOTH
@settings(max_examples=examples(60))
@given(data=st.data())
def test_whatever_is_lost_or_added_no_window_is_wrong(setup: Setup, data: st.DataObject) -> None:
    run = make_run(setup)
    times = edge_times(run)
    gone = data.draw(st.sets(st.integers(0, 12), max_size=4))
    added = data.draw(st.lists(st.floats(0.6, times[-1] + 0.4), max_size=4))
    # An edge that appears within half a second of one that vanished cannot be told from it; that of the sync
    # command, which nothing dates, may come a second later still.
    added = [t for t in added if all(abs(t - times[k]) > (0.6 if k else 1.6) for k in gone)]
    run.drop(edge_kind(run), gone)
    for t_s in added:
        run.insert(surplus_edge(run, t_s))
    matching, alignment = placed(run)
    assert matching.exact == (not gone and not added)
    assert bool(matching.findings) == (not matching.exact)
    assert_windows_are_true_or_none(run, alignment)


@BOTH
def test_swapped_edges_are_refused(setup: Setup) -> None:
    run = make_run(setup)
    kind = edge_kind(run)
    edges = [event for event in run.events if isinstance(event, kind)]
    swapped = {3: 4, 4: 3}
    run.change(kind, lambda n, event: edges[swapped.get(n, n)].model_copy(update={"t_ns": event.t_ns}))
    matching, alignment = placed(run)
    assert not matching.exact
    assert alignment.windows[0] is None


@BOTH
@pytest.mark.parametrize("t_s", [-6.0, 0.2, 2.0, 3.0, 5.0, 17.5, 30.0, 43.0, 60.0])
def test_a_killed_run_keeps_the_windows_that_ended(setup: Setup, t_s: float) -> None:
    run = make_run(setup).cut(t_s)
    matching, alignment = placed(run)
    assert matching.exact
    ended = sum(host_ns(true.stop_s, 0.15) <= host_ns(t_s) for true in run.truth)
    enough = not setup.by_laps or ended > 0
    assert assert_windows_are_true_or_none(run, alignment) == (ended if enough else 0)


@BOTH
def test_garbled_lines_of_the_dut_leave_the_edges_in_charge(setup: Setup) -> None:
    run = make_run(setup)
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"start_line_ns": None, "done_line_ns": None}))
    matching, alignment = placed(run)
    assert matching.exact
    assert assert_windows_are_true_or_none(run, alignment) == 5


def test_edges_that_no_sample_dates_are_refused() -> None:
    run = make_run(MONITOR)
    run.change(ev.SamplesArrived, lambda n, event: None)
    matching, alignment = placed(run)
    assert not matching.exact
    assert alignment.windows == [None] * 5


def test_the_lap_counter_wraps_in_the_middle_of_a_run() -> None:
    run = make_run(LAPS, io_offset_us=2**32 - 20_000_000)
    matching, alignment = placed(run)
    assert matching.exact
    assert assert_windows_are_true_or_none(run, alignment) == 5


def test_the_lap_counter_may_wrap_more_than_once_between_two_laps() -> None:
    hours = [0.0, 1.5 * 3600, 6.25 * 3600]
    laps = [ev.LapCaptured(t_ns=host_ns(t), lap_us=round(t * 1.003e6) % 2**32) for t in hours]
    assert [lap.place for lap in lap_edges(laps)] == [round(t * 1.003e6) for t in hours]


@pytest.mark.parametrize("rate", [0.995, 1.0, 1.005])
def test_the_rate_of_the_io_managers_clock_is_measured(rate: float) -> None:
    run = make_run(LAPS, io_rate=rate)
    _, alignment = placed(run)
    assert alignment.rate_correction == pytest.approx(1 / rate, abs=100e-6)
    assert alignment.rate_u is not None
    assert 5e-5 < alignment.rate_u < 2e-4
    assert assert_windows_are_true_or_none(run, alignment) == 5


def test_an_impossible_rate_is_refused() -> None:
    _, alignment = placed(make_run(LAPS, io_rate=1.1))
    assert [f.id for f in alignment.findings] == ["rate-implausible"]
    assert alignment.windows == [None] * 5


def test_a_log_that_began_with_another_edge_is_refused() -> None:
    """The trigger missed the first edge and took the next; every window would be shifted by the difference."""
    run = make_run(LAPS)
    late = int(1.9 / run.setup.period_s)
    run.change(
        ev.SamplesArrived, lambda n, e: e.model_copy(update={"end": e.end - late}) if e.end > late else None
    )
    _, alignment = placed(run)
    assert [f.id for f in alignment.findings] == ["log-start-unknown"]
    assert alignment.windows == [None] * 5


def test_two_acquisitions_have_no_common_timebase() -> None:
    run = make_run(MONITOR).insert(ev.AcquisitionStarted(t_ns=host_ns(20.0)))
    _, alignment = placed(run)
    assert [f.id for f in alignment.findings] == ["no-timebase"]
    assert alignment.windows == [None] * 5


def test_samples_lost_around_an_edge_widen_it() -> None:
    run = make_run(MONITOR)
    at = int(run.truth[0].start_s / run.setup.period_s)
    run.insert(ev.SamplesLost(t_ns=host_ns(6.0), after=at - 50, before=at + 50, missing=7, detail="one short"))
    _, alignment = placed(run)
    assert [window and window.half_width for window in alignment.windows] == [7.0, 0.0, 0.0, 0.0, 0.0]


def test_laps_check_the_monitors_own_edges() -> None:
    run = make_run(MONITOR, laps=True)
    facts = facts_of(run)
    checked = cross_check(facts, placed(run)[1])
    assert checked is not None
    assert checked.windows == 5
    assert checked.ratio == pytest.approx(1.0, abs=1e-4)


def test_a_bent_lap_does_not_disturb_the_monitors_edges() -> None:
    run = make_run(MONITOR, laps=True).drop(ev.LapCaptured, [FIRST_STOP])
    facts = facts_of(run)
    matching = match_edges(facts)
    checked = cross_check(facts, align(facts, matching))
    assert matching.exact
    assert checked is not None
    assert checked.windows == 4


@pytest.mark.parametrize(("stretch", "wrong"), [(1.0, False), (1.0003, False), (1.02, True), (4 / 3, True)])
def test_the_sample_clock_shows_samples_lost_unnoticed(stretch: float, wrong: bool) -> None:
    run = make_run(MONITOR)
    run.change(ev.SamplesArrived, lambda n, e: e.model_copy(update={"end": int(e.end / stretch)}))
    clock = sample_clock(facts_of(run))
    assert clock is not None
    assert clock.ratio == pytest.approx(stretch, abs=3e-4)
    assert (abs(clock.ratio - 1) > 0.005 + 2 * clock.u) == wrong


@pytest.mark.parametrize(
    "event",
    [
        ev.EdgeCaptured(t_ns=1, position=math.nan, half_width=0.0, counter=None),
        ev.EdgeCaptured(t_ns=1, position=math.inf, half_width=0.0, counter=None),
        ev.EdgeCaptured(t_ns=1, position=1.0, half_width=-1.0, counter=None),
        ev.LapCaptured(t_ns=1, lap_us=-5),
        ev.SamplesArrived(t_ns=1, end=10**30),
        ev.EdgesExpected(t_ns=1, purpose="window", count=-1),
        ev.EdgesExpected(t_ns=1, purpose="window", count=10**9),
        ev.SamplesLost(t_ns=1, after=0, before=10**20, missing=1, detail=""),
    ],
)
def test_numbers_that_no_run_produces_are_refused(event: ev.AnyEvent) -> None:
    with pytest.raises(SessionError, match="the journal holds a"):
        gather([event])
