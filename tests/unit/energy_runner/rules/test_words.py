# SPDX-License-Identifier: Apache-2.0
"""What rules say: remarks before a rule fails, runs that broke off, clocks, stimuli, where figures come from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.rules import check, load_rule_set
from energy_runner.rules.base import NOT_KNOWN, Case, percent
from energy_runner.rules.table import RULES
from energy_runner.session import events as ev
from energy_runner.session.record import Origin
from tests.support.bent_runs import FAST, Change, drop, edit, one, power, record, volts
from tests.support.synthetic import VOLTAGE_V, Run, host_ns, make_run


@pytest.mark.parametrize(
    ("by", "passed", "warned"), [(0.0, True, False), (0.0051, True, True), (0.021, False, True)]
)
def test_the_spread_warns_before_it_fails(tmp_path: Path, by: float, passed: bool, warned: bool) -> None:
    verdict = one(power(1 + by, 1.0, 1.0, 1.0, 1.0)(make_run(FAST)), tmp_path, "spread")
    assert (verdict.passed, bool(verdict.note)) == (passed, warned)


def test_a_steady_drift_is_told_from_scatter(tmp_path: Path) -> None:
    steady = one(power(1.004, 1.003, 1.002, 1.001, 1.0)(make_run(FAST)), tmp_path / "steady", "drift")
    assert (steady.passed, steady.measured) == (True, "-0.399 %")
    assert steady.note.endswith("each is lower than the one before")
    scatter = one(power(1.004, 1.0, 1.004, 1.0, 1.004)(make_run(FAST)), tmp_path / "scatter", "drift")
    assert (scatter.passed, scatter.note) == (True, "")


@pytest.mark.parametrize(
    ("t_s", "measured", "note"),
    [
        (27.0, "5 edges for 5", "the run broke off after 1 of 2 edges of a command"),
        (20.0, "5 edges for 5", "the run broke off after 0 of 2 edges of a command"),
    ],
)
def test_edges_of_a_run_that_broke_off_are_counted_as_far_as_it_went(
    tmp_path: Path, t_s: float, measured: str, note: str
) -> None:
    run = make_run(FAST)
    starts = sorted(event.sent_ns for event in run.events if isinstance(event, ev.InferenceDone))
    inside_s = (starts[2] - host_ns(0)) / 1e9 + (t_s - 20.0)
    run.cut(inside_s + 0.01)
    verdict = one(run, tmp_path, "edges-match-commands")
    assert (verdict.passed, verdict.measured) == (True, measured)
    assert note in verdict.note


def test_a_run_that_broke_off_before_any_command_ended_says_nothing_of_edges(tmp_path: Path) -> None:
    verdict = one(make_run(FAST).cut(0.52), tmp_path, "edges-match-commands")
    assert (verdict.passed, verdict.known, verdict.measured) == (False, False, NOT_KNOWN)


def test_surplus_edges_of_a_run_that_broke_off_are_told_as_such(tmp_path: Path) -> None:
    run = make_run(FAST).cut(20.0)
    extra = next(event for event in run.events if isinstance(event, ev.EdgeCaptured))
    run.insert(extra.model_copy(update={"position": extra.position + 300, "t_ns": extra.t_ns + 3_000_000_000}))
    verdict = one(run, tmp_path, "edges-match-commands")
    assert (verdict.passed, verdict.measured) == (False, "7 edges for 5 to 7")
    assert verdict.note


def test_windows_that_were_planned_and_never_came_are_told(tmp_path: Path) -> None:
    verdict = one(make_run(FAST, windows=4), tmp_path, "five-windows")
    assert (verdict.passed, verdict.measured, verdict.limit, verdict.note) == (False, 4, 5, "")
    run = make_run(FAST)
    run.record = run.record.model_copy(update={"run": run.record.run.model_copy(update={"windows": 6})})
    verdict = one(run, tmp_path / "six", "five-windows")
    assert (verdict.passed, verdict.note) == (False, "6 were planned")


def test_a_voltage_that_is_measured_with_the_current_counts_window_by_window(tmp_path: Path) -> None:
    run = make_run(FAST, by_laps=True)
    run.samples[1][:] = np.float32(VOLTAGE_V * 1.03)
    verdict = one(volts(VOLTAGE_V)(run), tmp_path, "voltage")
    assert (verdict.passed, verdict.measured, verdict.limit) == (False, "1.854 V", "1.8 V ± 2 %")


def test_laps_that_placed_the_windows_do_not_check_them(tmp_path: Path) -> None:
    ids = {verdict.id for verdict in check(make_run(FAST, by_laps=True).write(tmp_path))}
    assert "lap-clock" not in ids


@pytest.mark.parametrize(
    ("share", "words"), [(0.005, "0.5 %"), (-5.69e-7, "-0.569 ppm"), (1e-4, "0.01 %"), (0.0, "0 %")]
)
def test_no_share_is_written_with_an_exponent(share: float, words: str) -> None:
    assert percent(share) == words


def without_arrivals(run: Run) -> Run:
    """Leave so few arrivals of samples that no clock can be told by them, as an imported session has."""
    last = sum(isinstance(event, ev.SamplesArrived) for event in run.events) - 1
    return run.change(ev.SamplesArrived, lambda n, event: event if n in {0, last} else None)


@pytest.mark.parametrize(
    ("period_s", "passed", "ratio"), [(0.01, True, 1.0), (0.00999, True, 1.001), (0.0099, False, 1.0101)]
)
def test_the_duts_lines_tell_the_monitors_clock_where_arrivals_do_not(
    tmp_path: Path, period_s: float, passed: bool, ratio: float
) -> None:
    run = without_arrivals(make_run(FAST))
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"period_s": period_s}))
    verdict = one(run, tmp_path, "sample-clock")
    assert (verdict.passed, verdict.known) == (passed, True)
    assert float(str(verdict.measured).split(" ")[0]) == pytest.approx(ratio, abs=3e-4)
    assert verdict.note.endswith("by the lines in which the DUT told of its windows")


@pytest.mark.parametrize(("rate", "remarked"), [(1.0, False), (1.004, True)])
def test_a_clock_that_is_far_off_for_a_quartz_is_remarked(tmp_path: Path, rate: float, remarked: bool) -> None:
    run = make_run(FAST)
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"period_s": 0.01 / rate}))
    verdict = one(run, tmp_path, "sample-clock")
    assert (verdict.passed, bool(verdict.note)) == (True, remarked)


@pytest.mark.parametrize(("rate", "passed"), [(1.0, True), (1.003, True), (0.99, True)])
def test_the_io_managers_clock_is_corrected_before_it_checks(tmp_path: Path, rate: float, passed: bool) -> None:
    assert one(make_run(FAST, laps=True, io_rate=rate), tmp_path, "lap-clock").passed is passed


def test_windows_that_the_io_manager_times_differently_fail(tmp_path: Path) -> None:
    run = make_run(FAST, laps=True)
    run.change(ev.EdgeCaptured, lambda n, e: e.model_copy(update={"position": e.position + 10 * (n % 2)}))
    verdict = one(run, tmp_path, "lap-clock")
    assert (verdict.passed, verdict.known) == (False, True)


def drifting(rate: float) -> Change:
    """Let the DUT's clock run at `rate` of true time."""

    def bend(_: int, event: ev.AnyEvent) -> ev.AnyEvent:
        assert isinstance(event, ev.InferenceDone)
        laps = [round(lap * rate) % 2**32 for lap in event.dut_laps_us]
        return event.model_copy(update={"dut_laps_us": laps})

    return lambda run: run.change(ev.InferenceDone, bend)


@pytest.mark.parametrize(("rate", "passed"), [(1.0, True), (1.015, True), (0.96, False), (1.04, False)])
def test_the_duts_clock_is_held_against_the_hosts(tmp_path: Path, rate: float, passed: bool) -> None:
    verdict = one(drifting(rate)(make_run(mode="performance")), tmp_path, "dut-clock")
    assert (verdict.passed, verdict.known, bool(verdict.note)) == (passed, True, rate != 1.0)
    assert float(str(verdict.measured).split(" ")[0]) == pytest.approx(1 / rate, abs=2e-3)


def test_the_duts_clock_may_wrap_but_not_begin_anew(tmp_path: Path) -> None:
    wrapping = make_run(mode="performance", io_offset_us=2**32 - 15_000_000)
    assert one(wrapping, tmp_path / "wraps", "dut-clock").passed

    def restart(number: int, event: ev.AnyEvent) -> ev.AnyEvent:
        assert isinstance(event, ev.InferenceDone)
        laps = [lap - 11_000_000 for lap in event.dut_laps_us] if number > 2 else event.dut_laps_us
        return event.model_copy(update={"dut_laps_us": laps})

    anew = make_run(mode="performance").change(ev.InferenceDone, restart)
    verdict = one(anew, tmp_path / "anew", "dut-clock")
    assert not verdict.passed


def test_a_dut_that_prints_laps_in_energy_mode_is_held_against_the_monitor(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"dut_laps_us": [2**32 - 5_000_000, 5_306_000]}))
    verdict = one(run, tmp_path, "dut-clock")
    assert verdict.passed
    assert float(str(verdict.measured)) == pytest.approx(10.306 / 10.301, abs=1e-4)


# --- stimuli, software ----------------------------------------------------------------------------------


def test_a_stimulus_under_two_names_counts_once(tmp_path: Path) -> None:
    run = make_run(FAST)
    twice = [stimulus.model_copy(update={"sha256": "0" * 64}) for stimulus in run.record.stimuli[:2]]
    verdict = one(record(stimuli=[*twice, *run.record.stimuli[2:]])(run), tmp_path, "different-stimuli")
    assert (verdict.passed, verdict.measured, verdict.limit) == (False, 4, 5)


def test_stimuli_without_a_hash_count_by_their_names(tmp_path: Path) -> None:
    run = make_run(FAST)
    unknown = [stimulus.model_copy(update={"sha256": "unknown"}) for stimulus in run.record.stimuli]
    assert one(record(stimuli=unknown)(run), tmp_path, "different-stimuli").passed


OFFICIAL = [
    "tst_000000_Stop_7.bin",
    "tst_000001_Left_2.bin",
    "tst_000002_Right_6.bin",
    "tst_000003_Up_8.bin",
    "tst_000004_On_5.bin",
]


def named(names: list[str]) -> Change:
    def change(run: Run) -> Run:
        listed = zip(run.record.stimuli, names, strict=False)
        stimuli = [stimulus.model_copy(update={"file": name}) for stimulus, name in listed]
        return record(stimuli=stimuli)(run)

    return change


def test_the_first_files_of_the_suites_label_file_are_known(tmp_path: Path) -> None:
    assert one(named(OFFICIAL)(make_run(FAST)), tmp_path / "right", "first-stimuli").passed
    verdict = one(named([*OFFICIAL[:4], "mine.bin"])(make_run(FAST)), tmp_path / "wrong", "first-stimuli")
    assert (verdict.passed, verdict.known, verdict.binding, verdict.measured) == (False, True, False, "mine.bin")


def test_an_accuracy_run_tells_the_order_of_its_label_file(tmp_path: Path) -> None:
    accuracy = make_run(mode="accuracy")
    assert one(make_run(FAST), tmp_path / "first", "first-stimuli", accuracy=accuracy).passed
    backwards = named([f"stimulus_{k}.bin" for k in (9, 1, 2, 3, 4)])(make_run(FAST))
    verdict = one(backwards, tmp_path / "later", "first-stimuli", accuracy=accuracy)
    assert (verdict.passed, verdict.measured) == (False, "stimulus_9.bin")


def test_an_imported_session_is_judged_by_the_runner_that_made_it(tmp_path: Path) -> None:
    origin = Origin(runner="EEMBC EnergyRunner", version="3.0.10", session="a", stamp="", instrument="LPM01A")
    run = record(origin=origin)(make_run(FAST))
    assert one(run, tmp_path / "then", "runner", "mlperf-tiny-1.3").passed
    verdict = one(run, tmp_path / "now", "runner")
    assert (verdict.passed, verdict.measured) == (False, "EEMBC EnergyRunner 3.0.10")
    assert "LPM01A" in one(run, tmp_path / "monitor", "instrument-known").note


def test_a_torn_journal_is_no_completed_run(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.torn = b"{"
    assert not one(run, tmp_path, "run-completed").passed


def test_a_bench_without_supply_needs_no_power_off(tmp_path: Path) -> None:
    verdicts = check(make_run(FAST, mode="performance").write(tmp_path))
    assert "supply-off" not in [verdict.id for verdict in verdicts]


@pytest.mark.parametrize("end", [edit(ev.RunStopped, supply_off_confirmed=None), drop(ev.RunStopped)])
def test_a_dut_fed_from_outside_needs_no_power_off_in_energy_mode_either(tmp_path: Path, end: Change) -> None:
    run = end(drop(ev.SupplySwitched)(make_run(FAST)))
    assert not one(run, tmp_path / "ours", "supply-off").passed, "a supply of ours must be known to be off"
    outside = edit(ev.MonitorConfigured, supply="")(run)
    assert check(outside.write(tmp_path / "outside"), ["supply-off"]) == []


def test_a_run_without_a_supply_that_broke_off_early_needs_none_either(tmp_path: Path) -> None:
    run = drop(ev.SupplySwitched, ev.MonitorConfigured)(make_run(FAST))
    stopped = edit(ev.RunStopped, supply_off_confirmed=None)(run)
    assert check(stopped.write(tmp_path / "stopped"), ["supply-off"]) == []


def test_a_supply_that_was_switched_on_must_be_off_in_every_mode(tmp_path: Path) -> None:
    run = make_run(FAST, mode="performance").insert(ev.SupplySwitched(t_ns=host_ns(-4), on=True))
    assert not one(run, tmp_path, "supply-off").passed


@pytest.mark.parametrize("complete", [True, False])
def test_an_incomplete_uncertainty_says_what_is_missing(tmp_path: Path, complete: bool) -> None:
    rules = load_rule_set("mlperf-tiny-1.4")
    case = Case.of(make_run(FAST).write(tmp_path), rules)
    score = case.result.energy_per_inference_j
    assert score is not None
    missing = [] if complete else ["clock unknown", "range changes unknown"]
    stated = score.model_copy(update={"complete": complete, "incomplete": missing})
    result = case.result.model_copy(update={"energy_per_inference_j": stated})
    rule = RULES["uncertainty-complete"]
    verdict = rule.verdict(replace(case, result=result), rules.rules[rule.id])
    assert verdict is not None
    assert (verdict.passed, verdict.known, verdict.binding) == (complete, True, False)
    assert verdict.note == "; ".join(missing)


@pytest.mark.parametrize("specification", [{}, {"x": 1}, {"document": "UM2243", "terms": []}])
def test_a_run_whose_specification_was_lost_has_no_complete_uncertainty(
    tmp_path: Path, specification: dict[str, object]
) -> None:
    run = edit(ev.MonitorConfigured, accuracy=specification)(make_run(FAST))
    verdict = one(run, tmp_path, "uncertainty-complete")
    assert not verdict.passed
    assert "specification of the monitor unknown" in verdict.note
