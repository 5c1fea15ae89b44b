# SPDX-License-Identifier: Apache-2.0
"""Rates, places and the monitor's clock in closed form, each on the limits of what it accepts."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from energy_runner.analysis.facts import Command, Facts, gather
from energy_runner.analysis.placing.alignment import (
    BY_HOST,
    BY_LAPS,
    BY_MONITOR,
    Alignment,
    Placed,
    _start_doubt,
    _until_skipped,
    align,
    cross_check,
    lap_rate,
)
from energy_runner.analysis.placing.clock import Clock, is_wrong, sample_clock
from energy_runner.analysis.placing.edges import (
    Edge,
    Matched,
    Matching,
    match_edges,
)
from energy_runner.analysis.placing.line import lower_line
from energy_runner.session import events as ev
from tests.support.hand_made import fake, lost
from tests.support.synthetic import Run, Setup, make_run

LAPS = Setup(period_s=0.01, by_laps=True)
HOST = 100e-6 / math.sqrt(3)


def lap(t_us: float, lap_us: int) -> ev.LapCaptured:
    return ev.LapCaptured(t_ns=round(t_us * 1000), lap_us=lap_us)


# --- rates ----------------------------------------------------------------------------------------------


def laps_at(lap_s: np.ndarray, host_s: np.ndarray) -> Facts:
    return fake(laps=[lap(t * 1e6, round(at * 1e6)) for at, t in zip(lap_s, host_s, strict=True)])


@pytest.mark.parametrize("bend", [0.0, 2e-5])
@pytest.mark.parametrize("late_s", [0.0, 0.004, 0.1])
def test_the_rate_of_laps_counts_scatter_host_and_drift(bend: float, late_s: float) -> None:
    lap_s = 10.0 * np.arange(1, 14)
    late = late_s * np.array([0.0, 0.7, 0.5, 0.9, 0.3, 0.6, 0.0, 0.8, 0.4, 0.5, 0.9, 0.6, 0.0])
    host_s = np.round(1.001 * lap_s + bend * (lap_s - 70) ** 2 + late, 9)
    rate = lap_rate(laps_at(lap_s, host_s))
    line = lower_line(lap_s, host_s, 4e-6)
    halves = [lower_line(lap_s[:7], host_s[:7], 4e-6), lower_line(lap_s[6:], host_s[6:], 4e-6)]
    assert rate is not None
    assert line is not None
    first, second = halves
    assert first is not None
    assert second is not None
    unsure = math.hypot(first.slope_u, second.slope_u)
    seen = max(0.0, abs(second.slope - first.slope) - 2 * unsure)
    drift_u = math.hypot(seen, min(unsure, 1e-4)) / math.sqrt(3)
    assert rate.slope == pytest.approx(line.slope)
    assert rate.slope_u == pytest.approx(math.sqrt(line.slope_u**2 + drift_u**2 + HOST**2), rel=1e-6)


def test_halves_need_five_laps_of_their_own() -> None:
    lap_s = 10.0 * np.arange(1, 10)
    late = 0.05 * np.array([0, 1, 1, 1, 0, 1, 1, 1, 0.0])
    for count, halved in ((9, True), (8, False)):
        rate = lap_rate(laps_at(lap_s[:count], lap_s[:count] + late[:count]))
        line = lower_line(lap_s[:count], lap_s[:count] + late[:count], 4e-6)
        assert rate is not None
        assert line is not None
        bare = math.hypot(line.slope_u, HOST)
        assert (rate.slope_u > bare * (1 + 1e-9)) is halved


@pytest.mark.parametrize("lap_s", [[1, 2, 3, 4, 5, 6, 100.0], [1, 95, 96, 97, 98, 99, 100.0]])
def test_a_half_without_a_line_tells_no_drift(lap_s: list[float]) -> None:
    at = np.array(lap_s)
    late = 0.05 * np.array([0, 1, 1, 0, 1, 1, 0.0])
    rate, line = lap_rate(laps_at(at, at + late)), lower_line(at, at + late, 4e-6)
    assert rate is not None
    assert line is not None
    assert rate.slope_u == pytest.approx(math.hypot(line.slope_u, HOST))


def test_laps_that_run_backwards_have_no_rate() -> None:
    at = np.arange(1.0, 8.0)
    assert lap_rate(laps_at(np.array([1, 2, 2, 3, 4, 5, 6.0]), at)) is not None
    assert lap_rate(laps_at(np.array([1, 2, 3, 2.9, 4, 5, 6.0]), at)) is None
    assert lap_rate(laps_at(at[:4], at[:4])) is None


# --- places ---------------------------------------------------------------------------------------------


def placed_run(run: Run, clock: Clock | None = None) -> tuple[Facts, Matching, Alignment]:
    facts = gather(run.events)
    matching = match_edges(facts)
    return facts, matching, align(facts, matching, clock)


def by_host(run: Run) -> Run:
    return run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"starts_on_edge": False}))


@pytest.mark.parametrize("host", [False, True])
def test_laps_place_windows_by_their_rate_and_the_clock_of_the_samples(host: bool) -> None:
    run = by_host(make_run(LAPS)) if host else make_run(LAPS)
    _, _, alignment = placed_run(run)
    first_s = 0.5 + LAPS.phase * LAPS.period_s
    assert alignment.method == (BY_HOST if host else BY_LAPS)
    assert alignment.rate_correction == pytest.approx(1 / 1.003, abs=2e-5)
    shared = 2.0 if host else 8e-6 / 1.003 / 0.01  # 20 ms of latency, or one lap's own
    for window, true in zip(alignment.windows, run.truth, strict=True):
        assert window is not None
        for place, at_s in ((window.start, true.start_s), (window.stop, true.stop_s)):
            assert place * 0.01 + first_s == pytest.approx(at_s, abs=4e-3)
        assert window.shared == pytest.approx(shared, rel=1e-3)
        assert window.half_width - window.shared == pytest.approx(8e-6 / 1.003 / 0.01, rel=1e-3)
    _, _, slow = placed_run(run, Clock(1.25, 1e-4))
    if not host:
        starts = [(a.start, b.start) for a, b in zip(alignment.windows, slow.windows, strict=True) if a and b]
        assert [b for _, b in starts] == pytest.approx([a / 1.25 for a, _ in starts])


@pytest.mark.parametrize("host", [False, True])
@pytest.mark.parametrize(
    ("io_rate", "refused"), [(1.015, ""), (0.985, ""), (1.03, "rate-implausible"), (0.97, "rate-implausible")]
)
def test_a_rate_that_no_resonator_has_places_nothing(host: bool, io_rate: float, refused: str) -> None:
    run = make_run(LAPS, io_rate=io_rate)
    _, _, alignment = placed_run(by_host(run) if host else run)
    assert [finding.id for finding in alignment.findings] == ([refused] if refused else [])
    assert all((window is None) == bool(refused) for window in alignment.windows)
    if refused:
        assert f"runs at {io_rate:.4f} of the host's" in alignment.findings[0].detail


@pytest.mark.parametrize(("kept", "refused"), [(4, True), (5, False)])
def test_samples_without_a_rate_of_their_own_are_not_placed_by_the_host(kept: int, refused: bool) -> None:
    run = by_host(make_run(LAPS)).drop(ev.SamplesArrived, [k for k in range(10_000) if k >= kept])
    facts = gather(run.events)
    alignment = align(facts, match_edges(facts))
    assert [finding.id for finding in alignment.findings] == (["log-start-unknown"] if refused else [])


def test_a_window_without_its_laps_is_not_placed() -> None:
    for host in (False, True):
        run = make_run(LAPS).drop(ev.LapCaptured, [3])
        _, _, alignment = placed_run(by_host(run) if host else run)
        assert [window is None for window in alignment.windows] == [True, False, False, False, False]


def test_few_laps_have_no_rate() -> None:
    for host in (False, True):
        run = make_run(LAPS).drop(ev.LapCaptured, range(4, 13))
        _, _, alignment = placed_run(by_host(run) if host else run)
        assert [finding.id for finding in alignment.findings] == ["rate-unknown"]


@pytest.mark.parametrize(
    ("host_ns", "doubted"),
    [(1.5e9, False), (1.5e9 + 1, True), (0.5e9, False), (0.5e9 - 1, True), (math.nan, True)],
)
def test_the_first_lap_comes_with_the_first_sample(host_ns: float, doubted: bool) -> None:
    facts = fake(arrival_line=lambda: (np.array([10.0, 20.0]), np.array([2e9, 3e9])))
    assert bool(_start_doubt(facts, Edge(0.0, 8.0, host_ns), 0.1)) is doubted  # sample 0 was taken at 1 s
    late = _start_doubt(facts, Edge(0.0, 8.0, 3.25e9), 0.1)
    assert late == "the first lap came 2.250 s after the log began"


def test_the_log_begins_with_the_first_lap_that_was_recorded() -> None:
    facts, matching, alignment = placed_run(make_run(LAPS))
    early = Matched(Command("sync", 1, 0, False), (Edge(-9e9, 8.0, -9e12),))
    silent = Matched(Command("sync", 0, 0, True), ())
    more = replace(matching, commands=[early, silent, *matching.commands])
    assert align(facts, more) == alignment
    assert None not in alignment.windows
    assert [one.id for one in align(facts, replace(more, commands=[early])).findings] == ["log-start-unknown"]


def test_windows_behind_a_loss_of_unknown_size_are_withheld() -> None:
    windows = [Placed(0.0, 100.0, 0.0), None, Placed(90.0, 101.0, 0.0), Placed(200.0, 300.0, 0.0)]
    whole = Alignment(BY_LAPS, windows, 1.0, 1e-5)
    assert _until_skipped(fake(lost=[lost(50, 60, 10)]), whole) is whole
    assert _until_skipped(fake(lost=[lost(300, 400, 10)]), whole) is whole
    found = _until_skipped(fake(lost=[lost(50, 60, 10), lost(250, 260, 3), lost(100, 120, 4)]), whole)
    assert found.windows == [windows[0], None, None, None]
    (finding,) = found.findings
    assert (finding.id, finding.detail) == (
        "samples-skipped",
        "4 or more samples were skipped between 100 and 120, so laps cannot place the 2 windows from there on",
    )


# --- the monitor's clock --------------------------------------------------------------------------------


def test_edges_and_laps_check_each_other() -> None:
    run = make_run(Setup(period_s=0.01, laps=True))
    facts, _, alignment = placed_run(run)
    assert alignment.method == BY_MONITOR
    found = cross_check(facts, alignment)
    assert found is not None
    assert (found.windows, found.ratio) == (5, pytest.approx(1.0, abs=3e-5))
    by_clock = cross_check(facts, alignment, Clock(1.25, 1e-4))
    assert by_clock is not None
    assert by_clock.ratio == pytest.approx(found.ratio / 1.25)
    windows = [window for window in alignment.windows if window is not None]
    longer = Placed(windows[0].start, windows[0].start + 1.1 * (windows[0].stop - windows[0].start), 0.0)
    bent = Alignment(BY_MONITOR, [longer, *windows[1:4], Placed(5.0, 5.0, 0.0)])
    told = cross_check(facts, bent)
    assert told is not None
    assert (told.windows, told.ratio) == (4, pytest.approx(1.0, abs=3e-5))
    assert told.spread == pytest.approx(1 - 1 / 1.1, abs=1e-4)
    assert cross_check(facts, Alignment(BY_LAPS, list(windows))) is None
    assert cross_check(facts, Alignment(BY_MONITOR, [None] * 5)) is None
    few = gather(run.drop(ev.LapCaptured, range(4, 13)).events)
    assert cross_check(few, alignment) is None
    two = make_run(Setup(period_s=0.01, laps=True)).drop(ev.LapCaptured, [0, 1, 2, *range(5, 13)])
    assert cross_check(gather(two.events), alignment) is None
    none = gather(run.drop(ev.LapCaptured, range(13)).events)
    assert cross_check(none, alignment) is None


def arriving(ratio: float, late_s: float = 0.002, count: int = 20) -> Facts:
    ends = 100.0 * np.arange(1, count + 1)
    late = late_s * np.array([0.0, *[1.0] * (count - 2), 0.0])
    return fake(
        monitor=SimpleNamespace(period_s=0.01),
        started=[1],
        arrival_line=lambda: (ends, 5e9 + (ends * 0.01 * ratio + late) * 1e9),
    )


@pytest.mark.parametrize("late_s", [0.0, 0.002])
def test_the_clock_of_the_samples_is_as_certain_as_the_hosts_and_the_line(late_s: float) -> None:
    facts = arriving(1.0005, late_s)
    ends, times = facts.arrival_line()
    line = lower_line(ends * 0.01, times * 1e-9, 0.01)
    found = sample_clock(facts, 1e-4)
    assert line is not None
    assert found is not None
    assert (found.ratio, found.specified) == (pytest.approx(1.0005), 1e-4)
    assert found.u == pytest.approx(math.hypot(line.slope_u, HOST))
    assert sample_clock(arriving(1.0, count=4)) is None
    for absent in ({"monitor": None}, {"started": []}, {"started": [1, 2]}):
        assert sample_clock(fake(**(vars(facts) | absent))) is None


@pytest.mark.parametrize("side", [1, -1])
def test_a_clock_is_corrected_beyond_its_limit_and_two_uncertainties(side: int) -> None:
    u = sample_clock(arriving(1.0)).u  # type: ignore[union-attr]
    for limit in (0.0, 1e-3):
        for times, corrected in ((1.99, False), (2.01, True)):
            found = sample_clock(arriving(1 + side * (limit + times * u)), limit)
            assert found is not None
            assert found.corrected is corrected
    none = sample_clock(arriving(1 + side * 2.01 * u), None)
    assert none is not None
    assert none.corrected
    wrong = sample_clock(arriving(1 + side * (0.005 + 2.01 * u)), 1e-3)
    assert wrong is not None
    assert not wrong.corrected


@pytest.mark.parametrize("side", [1, -1])
def test_half_a_percent_is_beyond_any_clock(side: int) -> None:
    for off, wrong in ((0.0049, False), (0.0051, True)):
        assert is_wrong(1 + side * off, 0.0) is wrong
    assert not is_wrong(1 + side * 0.0053, 2e-4)
    assert is_wrong(1 + side * 0.0055, 2e-4)
