# SPDX-License-Identifier: Apache-2.0
"""What a result says beside the energies, by hand: how a run ended, what was odd, what holds for all windows."""

import math
import statistics
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from energy_runner.analysis.analyze import (
    _general_findings,
    _integration,
    _lap_findings,
    _median_throughput,
    _outcome,
    _rate,
    _throughput_findings,
    _with_uncertainty,
    analyze,
)
from energy_runner.analysis.conditions import clock_of_windows, conditions_of, drift_limit
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.windows import EnergyWindow
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.placing.alignment import BY_HOST, BY_LAPS, Alignment, Placed
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.uncertainty.evaluate import Conditions, evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.result import CrossCheck, SampleClock, WindowResult
from tests.support.bent_runs import edit
from tests.support.budget_windows import given, window
from tests.support.synthetic import Setup, host_ns, make_run

ROOT3 = math.sqrt(3)


def session_of(**record: object) -> Session:
    return cast(Session, SimpleNamespace(path=Path("s"), record=SimpleNamespace(**record)))


def stopped(outcome: str) -> ev.RunStopped:
    told = next(event for event in make_run(Setup(windows=1)).events if isinstance(event, ev.RunStopped))
    return told.model_copy(update={"outcome": outcome})


def timed(index: int = 0, **more: Any) -> WindowResult:
    return WindowResult(index=index, stimulus=0, file="f", inferences=10, **more)


# --- how it ended, and what was odd ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("journal", "record", "outcome"),
    [
        ("completed", "completed", "completed"),
        ("completed", "running", "killed"),
        ("completed", "failed", "failed"),
        ("completed", "interrupted", "interrupted"),
        ("failed", "completed", "failed"),
        ("interrupted", "failed", "interrupted"),
        ("interrupted", "running", "interrupted"),
        (None, "completed", "killed"),
    ],
)
def test_a_run_ended_as_its_journal_says_unless_the_record_says_that_it_went_wrong(
    journal: str | None, record: str, outcome: str
) -> None:
    facts = Facts(ended=stopped(journal) if journal else None)
    assert _outcome(session_of(outcome=record), facts) == outcome


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        ("a", "a (1)"),
        ("abc", "a (1), b (1), c (1)"),
        ("abca", "a (2), b (1), c (1)"),
        ("abcdde", "a (1), b (1), c (1) and 2 more"),
    ],
)
def test_three_kinds_of_unknown_events_are_named(kinds: str, named: str) -> None:
    events = [ev.UnknownEvent(t_ns=0, kind=kind, line=5 + k, fields={}) for k, kind in enumerate(kinds)]
    (finding,) = _general_findings(gather(events))
    assert (finding.id, finding.detail) == (
        "unknown-events",
        f"{len(kinds)} events are of kinds that this version does not know, the first in line 5 of the journal: "
        f"{named}",
    )


def test_odd_messages_are_counted_and_the_first_is_told_in_eighty_letters() -> None:
    odd = [ev.Remark(t_ns=0, box="io", text=letter * 100, suspicious=True) for letter in "xyz"]
    (finding,) = _general_findings(gather([ev.Remark(t_ns=0, box="dut", text="hello"), *odd]))
    assert finding.detail == f"3 odd messages, the first from io: {'x' * 80}"
    assert _general_findings(gather([ev.Remark(t_ns=0, box="dut", text="hello")])) == []


def test_a_torn_journal_and_each_problem_are_found() -> None:
    problems = [ev.Problem(t_ns=0, error="E", asked=asked, came="nothing") for asked in ("a", "b")]
    facts = gather(problems)
    facts.torn = True
    assert [(one.id, one.detail) for one in _general_findings(facts)] == [
        ("problem", "a: nothing"),
        ("problem", "b: nothing"),
        ("journal-torn", "the last line of the journal was cut off"),
    ]


# --- throughput -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "varies"),
    [
        ([100.0, 100.99], False),
        ([100.0, 101.02], True),
        ([100.0, 100.2, 101.1], True),
        ([101.0, 100.5, None, 100.1], False),
        ([99.0, None], False),
        ([99.0], False),
        ([], False),
    ],
)
def test_rates_that_differ_by_more_than_a_percent_are_told(rates: list[float | None], varies: bool) -> None:
    findings = _throughput_findings([timed(throughput_per_s=rate) for rate in rates])
    known = [rate for rate in rates if rate is not None]
    words = [f"{min(known):.6g} to {max(known):.6g} inferences per second"] if varies else []
    assert [finding.detail for finding in findings] == words


@pytest.mark.parametrize(
    ("rates", "median"),
    [([3.0, 1.0, 2.0], 2.0), ([3.0, 1.0], 2.0), ([1.0], 1.0), ([3.0, None, 2.0], None), ([], None)],
)
def test_the_throughput_is_the_median_if_every_window_has_one(
    rates: list[float | None], median: float | None
) -> None:
    windows = [EnergyWindow(timed(throughput_per_s=rate), None, None) for rate in rates]
    assert _median_throughput(windows) == median


def placed_window(duration_s: float | None, half_width: float, shared: float) -> EnergyWindow:
    rate = 10 / duration_s if duration_s else None
    return EnergyWindow(
        timed(duration_s=duration_s, throughput_per_s=rate), None, Placed(0.0, 1.0, half_width, shared)
    )


def test_the_rate_is_uncertain_by_the_edges_that_a_window_has_for_itself() -> None:
    """Samples of 1 ms: an edge within ± (5 - 2) samples, so a duration of 10 s to 3 ms · sqrt(2 / 3)."""
    facts = gather(make_run(Setup(windows=1)).events)
    alone = _rate([placed_window(10.0, 5.0, 2.0)], facts, given())
    assert alone is not None
    assert alone.value == 1.0
    assert alone.u == pytest.approx(0.003 * math.sqrt(2) / ROOT3 / 10, rel=1e-6)
    exact = _rate([placed_window(10.0, 5.0, 5.0)], facts, given())
    assert exact is not None
    assert exact.u == pytest.approx(0.0, abs=1e-12)


def test_the_rate_is_uncertain_by_starts_and_by_stops_that_are_late_alike() -> None:
    """Starts by up to 4 samples of 1 ms and stops by up to 3: a duration of 10 s by up to 7 ms."""
    facts = gather(make_run(Setup(windows=1)).events)
    late = EnergyWindow(
        timed(duration_s=10.0, throughput_per_s=1.0), None, Placed(0.0, 1.0, 2.0, 2.0, starts=4.0, stops=3.0)
    )
    rate = _rate([late], facts, given())
    assert rate is not None
    assert rate.u == pytest.approx(0.007 / ROOT3 / 10, rel=1e-6)


@pytest.mark.parametrize("lacks", [placed_window(None, 1.0, 0.0), EnergyWindow(timed(duration_s=1.0), None, None)])
def test_there_is_no_rate_unless_every_window_has_a_duration(lacks: EnergyWindow) -> None:
    facts, good = gather([]), placed_window(10.0, 1.0, 0.0)
    assert _rate([good], facts, given()) is not None
    assert _rate([good, lacks], facts, given()) is None
    assert _rate([good], facts, None) is None
    assert _rate([], facts, given()) is None


@pytest.mark.parametrize(
    ("changes", "clock", "expected"),
    [
        ({"rate_u": 1e-5, "clock_u": 1e-6}, 1e-4, (1e-5, 0.0, False)),
        ({"clock_u": 1e-6}, 1e-4, (1e-6, 0.0, False)),
        ({}, 1e-4, (0.0, 1e-4, False)),
        ({"virtual": False}, 1e-4, (0.0, 1e-4, False)),
        ({"virtual": True}, 0.0, (0.0, 0.0, False)),
        ({"virtual": False}, 0.0, (0.0, 0.0, True)),
    ],
)
def test_the_clock_that_timed_the_windows_is_that_of_the_laps_or_the_monitors(
    changes: dict[str, Any], clock: float, expected: tuple[float, float, bool]
) -> None:
    terms = [{"name": "gain", "relative": 0.1}, *([{"name": "clock", "relative": clock}] if clock else [])]
    found = clock_of_windows(given(*terms, **changes))
    assert (found.relative_u, found.relative_limit, bool(found.doubts)) == expected


# --- what holds for all windows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "drift"),
    [
        ({}, 0.0),
        ({"clock_u": 1e-6}, 0.0),
        ({"rate_u": 1e-5}, 1e-4 + ROOT3 * 1e-5),
        ({"rate_u": 1e-5, "clock_u": 1e-6}, ROOT3 * 1.1e-5),
    ],
)
def test_windows_placed_by_laps_drift_by_both_clocks(changes: dict[str, Any], drift: float) -> None:
    terms = [{"name": "gain", "relative": 0.1}, {"name": "clock", "relative": 1e-4}]
    assert drift_limit(given(*terms, **changes)) == pytest.approx(drift, rel=1e-12)
    assert drift_limit(None) == 0.0


@pytest.mark.parametrize(("ratio", "told"), [(1.0049, False), (0.9951, False), (1.0051, True), (0.9949, True)])
def test_laps_that_are_half_a_percent_off_are_told(ratio: float, told: bool) -> None:
    findings = _lap_findings(CrossCheck(windows=5, ratio=ratio, spread=0.0))
    words = [f"the windows last {ratio:.4f} times as long by the IO manager's laps"] if told else []
    assert [finding.detail for finding in findings] == words
    assert _lap_findings(None) == []


def test_the_methods_differ_by_the_largest_difference_with_its_sign() -> None:
    source = EnergySource(lambda a, b: a, 1, 1.0, 1.0)  # type: ignore[arg-type, return-value]
    seconds = [2.0, 2.02, 1.9, None]
    windows = [EnergyWindow(timed(), window(energy_j=2.0, second_j=second), None) for second in seconds]
    found = _integration(source, [*windows, EnergyWindow(timed(), None, None)])
    assert found is not None
    assert found.difference == pytest.approx(-0.05, rel=1e-9)
    assert _integration(source, windows[3:]) is None
    assert _integration(source, []) is None
    assert _integration(None, windows) is None


def test_each_window_that_was_measured_has_its_own_uncertainty() -> None:
    measured = [window(energy_j=energy_j) for energy_j in (0.4, 0.5)]
    evaluation = evaluate(measured, given({"name": "gain", "relative": 0.1}))
    windows = [EnergyWindow(timed(k), one, None) for k, one in enumerate([measured[0], None, measured[1]])]
    assert [one.uncertainty for one in _with_uncertainty(windows, evaluation)] == [
        evaluation.windows[0],
        None,
        evaluation.windows[1],
    ]
    assert [one.uncertainty for one in _with_uncertainty(windows, None)] == [None] * 3


def monitored(*, sampler: dict[str, Any] | None, **monitor: Any) -> Facts:
    events = make_run(Setup(windows=1)).events
    configured = next(event for event in events if isinstance(event, ev.MonitorConfigured))
    box = [] if sampler is None else [ev.DeviceIdentified(t_ns=0, box="monitor", identity=sampler)]
    return gather([configured.model_copy(update=monitor), *box])


@pytest.mark.parametrize(
    ("recorded", "sampler", "virtual"),
    [
        (True, None, True),
        (True, {"virtual": True}, True),
        (True, {"virtual": False}, False),
        (True, {"virtual": 1}, False),
        (True, {}, False),
        (False, None, False),
        (False, {"virtual": True}, False),
    ],
)
def test_a_twin_is_one_by_record_and_by_what_the_sampler_says(
    recorded: bool, sampler: dict[str, Any] | None, virtual: bool
) -> None:
    found = conditions_of(
        session_of(virtual=recorded), monitored(sampler=sampler), Alignment(BY_LAPS, []), Clock(), None
    )
    assert found is not None
    assert (found.virtual, found.identified) == (virtual, sampler is not None)


@pytest.mark.parametrize("ratio", [1.001, 0.999])
def test_conditions_are_those_of_monitor_clock_and_laps(ratio: float) -> None:
    signals = [{"name": "current", "unit": "A"}, {"name": "voltage", "unit": "V", "kind": "instant"}]
    facts = monitored(sampler=None, signals=signals, voltage_set_v=2.5, supply="other")
    facts.laps += [ev.LapCaptured(t_ns=k, lap_us=k) for k in range(3)]
    session = session_of(virtual=True)
    clock = SampleClock(ratio=ratio, u=1e-6)
    found = conditions_of(session, facts, Alignment(BY_HOST, [], rate_u=1e-5), Clock(u=1e-6), clock)
    assert found is not None
    assert (found.signals, found.kinds) == (("current", "voltage"), ("mean", "instant"))
    assert (found.voltage_v, found.voltage_of_another) == (2.5, True)
    assert (found.rate_u, found.clock_u, found.laps) == (1e-5, 1e-6, 3)
    assert found.clock_off == pytest.approx(0.001, rel=1e-9)
    assert found.tied_by_host
    other = conditions_of(session, monitored(sampler=None), Alignment(BY_LAPS, []), Clock(), None)
    assert other is not None
    assert (other.clock_off, other.tied_by_host, other.voltage_of_another) == (0.0, False, False)
    assert conditions_of(session, gather([]), Alignment(BY_LAPS, []), Clock(), None) is None


# --- energy ---------------------------------------------------------------------------------------------

SMALL = Setup(period_s=0.01, windows=2, window_s=1.0)


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("seen", [False, True])
def test_edges_are_unwitnessed_if_neither_the_trace_nor_another_clock_tells_of_them(
    told: bool, seen: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwitnessed = []

    def calibrated(conditions: Conditions, *_: object) -> Conditions:
        unwitnessed.append(conditions.unwitnessed)
        return conditions

    monkeypatch.setattr("energy_runner.analysis.analyze.by_trace", lambda source, matching, placed: (placed, told))
    monkeypatch.setattr("energy_runner.analysis.analyze.witnessed", lambda *_: seen)
    monkeypatch.setattr("energy_runner.analysis.analyze.with_calibration", calibrated)
    analyze(make_run(SMALL).write(tmp_path / "s"))
    assert unwitnessed == [not told and not seen]


@pytest.mark.parametrize(
    ("clock", "scored"),
    [
        (None, True),
        (SampleClock(ratio=1.0, u=1e-6), True),
        (SampleClock(ratio=1.02, u=1e-6), False),
        (SampleClock(ratio=1.0, u=1e-6, steady=False), False),
        (SampleClock(ratio=1.02, u=1e-6, steady=False), False),
    ],
)
def test_a_sample_clock_that_is_wrong_or_unsteady_leaves_no_score(
    clock: SampleClock | None, scored: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("energy_runner.analysis.analyze.recorded_clock", lambda _: (clock, Clock()))
    result = analyze(make_run(SMALL).write(tmp_path / "s"))
    assert (result.energy_per_inference_j is not None) == scored
    assert [one.uncertainty is not None for one in result.windows] == [scored] * 2


def test_one_window_without_an_energy_leaves_no_score(tmp_path: Path) -> None:
    run = make_run(SMALL)
    at = int(run.truth[1].start_s / SMALL.period_s) + 20
    run.insert(ev.SamplesOverRange(t_ns=host_ns(3), at=at, count=3, detail="clipped"))
    result = analyze(run.write(tmp_path / "s"))
    assert [one.energy_j is None for one in result.windows] == [False, True]
    assert (result.energy_per_inference_j, result.uncertainty) == (None, None)
    assert result.throughput_per_s == pytest.approx(100.0, rel=1e-2)


@pytest.mark.parametrize(("more", "told"), [(0, False), (1, True), (-1, True), (None, False)])
def test_a_trace_is_as_long_as_the_journal_says(more: int | None, told: bool, tmp_path: Path) -> None:
    run = make_run(SMALL)
    count = len(run.samples[0])
    if more is None:
        run.drop(ev.AcquisitionStopped, [0])
    else:
        edit(ev.AcquisitionStopped, samples=count + more)(run)
    details = [one.detail for one in analyze(run.write(tmp_path / "s")).findings if one.id == "trace-length"]
    assert details == ([f"{count} samples in the trace, {count + (more or 0)} by the journal"] if told else [])


@pytest.mark.parametrize("lacks", ["monitor", "trace"])
def test_without_a_monitor_or_its_trace_no_samples_were_recorded(lacks: str, tmp_path: Path) -> None:
    run = make_run(SMALL)
    if lacks == "monitor":
        run.drop(ev.MonitorConfigured, [0])
    session = run.write(tmp_path / "s")
    if lacks == "trace":
        (session.path / "trace.jls").unlink()
        session = Session.open(session.path)
    result = analyze(session)
    assert ("no-trace", "no samples were recorded") in [(one.id, one.detail) for one in result.findings]
    assert [one.energy_j for one in result.windows] == [None, None]


# --- performance ----------------------------------------------------------------------------------------


def test_a_rate_is_scored_only_if_all_windows_that_were_asked_for_have_one(tmp_path: Path) -> None:
    run = make_run(Setup(mode="performance", windows=3))
    whole = analyze(run.write(tmp_path / "whole"))
    assert whole.throughput is not None
    assert whole.throughput_per_s == pytest.approx(100 / 10.3, rel=1e-6)
    assert [one.throughput_per_s for one in whole.windows] == pytest.approx([100 / 10.3] * 3, rel=1e-6)
    assert statistics.median([one.duration_s or 0.0 for one in whole.windows]) == pytest.approx(10.3, rel=1e-6)
    run.record = run.record.model_copy(update={"run": run.record.run.model_copy(update={"windows": 4})})
    fewer = analyze(run.write(tmp_path / "fewer"))
    assert (fewer.throughput_per_s, fewer.throughput, len(fewer.windows)) == (None, None, 3)
