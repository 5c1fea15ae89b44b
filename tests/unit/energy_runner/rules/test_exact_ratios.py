# SPDX-License-Identifier: Apache-2.0
"""Clock rules in closed form, and what rule sets and rules accept up to the last value that is allowed."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.errors import ConfigurationError
from energy_runner.rules import load_rule_set
from energy_runner.rules.base import Case, not_known
from energy_runner.rules.clocks import _edges_by_host, _line, dut_clock, sample_clock
from energy_runner.rules.instrument import _window_voltages, instrument_known, voltage
from energy_runner.rules.modes import _answers, _rounded, accuracy_target, throughput_agrees
from energy_runner.rules.rule_sets import AuditRow, Row
from energy_runner.session import events as ev
from energy_runner.session.result import SampleClock
from tests.support.bent_runs import FAST, bench, calibrated, edit, monitor, one, volts
from tests.support.synthetic import Run, Setup, host_ns, make_run

ROW = Row(binding="always", clause="c", limit=0.005)
BY_LAPS = Setup(period_s=2048e-6, by_laps=True)


def case_of(run: Run, folder: Path) -> Case:
    return Case.of(run.write(folder / "s"), load_rule_set("mlperf-tiny-1.4"))


def without_arrivals(run: Run, folder: Path) -> Case:
    """A session with its windows in place that does not tell when samples arrived, as imported ones do not."""
    case = case_of(run, folder)
    return replace(case, result=case.result.model_copy(update={"sample_clock": None}))


# --- ratios of clocks -----------------------------------------------------------------------------------


def test_edges_that_keep_step_leave_the_duts_resolution_open() -> None:
    x = [10.0 * k for k in range(6)]
    line = _line([(at, 1.5 + at) for at in x])
    assert line is not None
    spread = math.sqrt(sum((at - 25) ** 2 for at in x))
    assert line.slope == pytest.approx(1.0)
    assert line.slope_u == pytest.approx(math.hypot(0.5e-6 / spread, 1e-6 / math.sqrt(3) / 50), rel=1e-4)


def test_pairs_that_do_not_rise_make_no_line() -> None:
    assert _line([(1.0, 1.0), (1.0, 2.0), *((float(k), float(k)) for k in range(2, 8))]) is None
    assert _line([]) is None


def test_a_clock_by_the_windows_lines_has_the_hosts_own_limit_beside_their_scatter(tmp_path: Path) -> None:
    case = without_arrivals(make_run(FAST), tmp_path)
    line = _edges_by_host(case)
    assert line is not None
    judged = sample_clock(case, ROW)
    assert judged.u == pytest.approx(math.hypot(line.slope_u, HOST_CLOCK_LIMIT / math.sqrt(3)), rel=1e-9)
    assert judged.u > HOST_CLOCK_LIMIT / math.sqrt(3)


@pytest.mark.parametrize("start_on_edge", [True, False])
def test_windows_that_times_placed_say_nothing_of_the_clock(tmp_path: Path, start_on_edge: bool) -> None:
    run = make_run(BY_LAPS).change(
        ev.MonitorConfigured, lambda _, e: e.model_copy(update={"starts_on_edge": start_on_edge})
    )
    case = without_arrivals(run, tmp_path)
    assert _edges_by_host(case) is None
    assert not sample_clock(case, ROW).known


def test_a_window_without_its_edge_leaves_the_others_to_judge_by(tmp_path: Path) -> None:
    run = make_run(FAST).drop(ev.EdgeCaptured, [3])
    judged = sample_clock(without_arrivals(run, tmp_path), ROW)
    assert (judged.known, judged.passed) == (True, True)
    assert judged.value == pytest.approx(1.0, abs=1e-3)


def test_a_run_by_laps_without_loss_is_not_said_to_have_lost_samples(tmp_path: Path) -> None:
    case = case_of(make_run(BY_LAPS), tmp_path)
    judged = sample_clock(case, ROW)
    assert (judged.passed, judged.note) == (True, "")
    few = case_of(make_run(BY_LAPS).drop(ev.SamplesArrived, range(10, 10_000)), tmp_path / "few")
    assert sample_clock(
        replace(few, result=case.result), ROW
    ).passed  # too few arrivals to compare parts of the run


def test_a_run_that_is_off_as_a_whole_is_not_said_to_have_lost_samples(tmp_path: Path) -> None:
    case = case_of(make_run(BY_LAPS), tmp_path)
    off = case.result.model_copy(update={"sample_clock": SampleClock(ratio=1.01, u=1e-5)})
    judged = sample_clock(replace(case, result=off), ROW)
    assert (judged.passed, judged.value, judged.note) == (False, 1.01, "")


def test_a_ratio_on_the_threshold_is_no_remark(tmp_path: Path) -> None:
    case = case_of(make_run(FAST), tmp_path)
    row = ROW.model_copy(update={"remark_above": 2.0**-10})
    for ratio, remarked in ((1 + 2.0**-10, False), (1 + 2.0**-10 + 2.0**-40, True)):
        at = case.result.model_copy(update={"sample_clock": SampleClock(ratio=ratio, u=0.0)})
        assert bool(sample_clock(replace(case, result=at), row).note) == remarked


@pytest.mark.parametrize("first_us", [5_000_000, 2**32 - 7])
@pytest.mark.parametrize("length_s", [10.3, 2_200.0])
def test_the_duts_laps_are_those_of_a_counter_of_32_bits(tmp_path: Path, first_us: int, length_s: float) -> None:
    case = case_of(make_run(FAST), tmp_path)
    assert dut_clock(case, ROW) is None
    laps = [first_us, (first_us + round(length_s * 1.001e6)) % 2**32]
    inferences = [
        one.model_copy(update={"dut_laps_us": laps if one.purpose == "window" else []})
        for one in case.facts.inferences
    ]
    windows = [window.model_copy(update={"duration_s": length_s}) for window in case.result.windows]
    told = replace(case, result=case.result.model_copy(update={"windows": windows}))
    told.__dict__["facts"] = replace(case.facts, inferences=inferences)
    judged = dut_clock(told, ROW)
    assert judged is not None
    assert judged.value == pytest.approx(1.001, abs=1e-6)
    assert (judged.low, judged.high, judged.note) == (0.995, 1.005, "the median of 5 windows")


# --- what is accepted -----------------------------------------------------------------------------------


def test_what_is_not_known_has_not_passed() -> None:
    judged = not_known("limit", "why", low=1.0, high=2.0)
    assert (judged.passed, judged.known, judged.low, judged.high) == (False, False, 1.0, 2.0)


@pytest.mark.parametrize(("days", "known"), [(36_500, True), (36_501, False), (1, True), (0, False)])
def test_an_interval_of_calibration_is_a_century_at_most(tmp_path: Path, days: int, known: bool) -> None:
    run = calibrated(calibrated_on="2024-12-31", interval_days=days)(make_run(FAST))
    verdict = one(run, tmp_path, "calibration")
    assert verdict.passed
    assert (verdict.measured == "until 2025-12-31") is not known  # twelve months by the rule set


def test_a_row_has_a_clause_and_limits_that_end() -> None:
    for bad in ({"clause": ""}, {"limit": math.inf}, {"limit": math.nan}):
        with pytest.raises(ValidationError):
            Row.model_validate({"binding": "always", "clause": "c"} | bad)
        with pytest.raises(ValidationError):
            AuditRow.model_validate({"limit": 1.0, "clause": "c"} | bad)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('based_on = "lab"\n[rules]\nspread = { limit = 1e12 }', ""),
        (
            'based_on = "lab"\n[rules]\nspread = { limit = 1.001e12 }',
            "rules.spread.limit = 1001000000000.0: must be",
        ),
        (
            'based_on = "lab"\n[rules]\nspread = { limit = -1.001e12 }',
            "rules.spread.limit = -1001000000000.0: must",
        ),
        ('based_on = "lab"\n[rules]\nspread = { clause = "x" }', ""),
        ('based_on = "lab"\n[rules]\nspread = { clause = "" }', "rules.spread.clause = ''"),
        ('based_on = "lab"\n[benchmarks.kws01]\ntarget = inf', "benchmarks.kws01.target = inf"),
        ('based_on = "mlperf-tiny-1.4"\n[audit]\nsame-figure = { limit = 1e12, clause = "c" }', ""),
        (
            'based_on = "mlperf-tiny-1.4"\n[audit]\nsame-figure = { limit = 1.1e12, clause = "c" }',
            "audit.same-fig",
        ),
        (
            'based_on = "mlperf-tiny-1.4"\n[audit]\nsame-figure = { limit = 1.0, clause = "" }',
            "audit.same-figure.",
        ),
    ],
)
def test_a_set_of_your_own_is_bounded(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    if not wrong:
        assert load_rule_set(path).id == "mine"
        return
    with pytest.raises(ConfigurationError) as refused:
        load_rule_set(path)
    assert wrong in str(refused.value)


# --- the monitor and its surroundings -------------------------------------------------------------------


def test_the_lowest_temperature_measured_counts(tmp_path: Path) -> None:
    run = bench()(make_run(FAST))
    for t_s, temperature_c in ((1.0, 25.0), (2.0, 20.5), (3.0, 26.0)):
        run.insert(ev.TemperatureMeasured(t_ns=host_ns(t_s), temperature_c=temperature_c, u_k=0.1))
    assert one(run, tmp_path, "temperature").measured == "20.5 °C"


@pytest.mark.parametrize(("set_v", "known"), [(0.0, False), (0.5, True)])
def test_a_voltage_is_judged_against_one_that_was_set(tmp_path: Path, set_v: float, known: bool) -> None:
    run = edit(ev.MonitorConfigured, voltage_set_v=set_v)(volts(0.5)(make_run(FAST)))
    verdict = one(run, tmp_path, "voltage")
    assert (verdict.known, verdict.passed) == (known, known)
    assert known or verdict.note == "the session does not tell which voltage was set"


def test_one_voltage_that_is_no_number_leaves_the_rule_without_an_answer(tmp_path: Path) -> None:
    verdict = one(volts(1.8, float("nan"))(make_run(FAST)), tmp_path, "voltage")
    assert (verdict.known, verdict.note) == (False, "a measured voltage is not a number")


@pytest.mark.parametrize(
    ("measured_v", "note"),
    [(2 + 2**-6, ""), (2.02, "off by +1 %"), (1.98, "off by -1 %"), (2.0, "")],
)
def test_a_voltage_is_remarked_upon_beyond_its_threshold_on_either_side(
    tmp_path: Path, measured_v: float, note: str
) -> None:
    run = edit(ev.MonitorConfigured, voltage_set_v=2.0)(volts(measured_v)(make_run(FAST)))
    case = case_of(run, tmp_path)
    judged = voltage(case, Row(binding="always", clause="c", limit=0.02, remark_above=2**-7))
    assert (judged.passed, judged.note) == (True, note)


def test_voltages_of_windows_are_those_of_windows_that_lie_within_the_trace(tmp_path: Path) -> None:
    run = make_run(Setup(period_s=0.01, by_laps=True))
    run.samples[1][:] = np.arange(len(run.samples[1]), dtype=np.float32)
    case = case_of(run, tmp_path)
    length = len(run.samples[1])
    places = [
        (0.0, 0.02),
        ((length - 3) / 100, length / 100),
        (0.05, 0.05),
        (-0.01, 0.01),
        (0.1, length / 100 + 1),
    ]
    windows = [
        window.model_copy(update={"start_s": start_s + 1e-6, "stop_s": stop_s + 1e-6})
        for window, (start_s, stop_s) in zip(case.result.windows, places, strict=True)
    ]
    windows[3] = windows[3].model_copy(update={"start_s": -0.01})
    placed = replace(case, result=case.result.model_copy(update={"windows": windows}))
    assert _window_voltages(placed) == [0.5, length - 2.0]


def test_the_last_answer_of_the_instrument_that_sampled_counts(tmp_path: Path) -> None:
    run = monitor(serial="old")(make_run(FAST))
    monitor(serial="new")(run)
    assert one(run, tmp_path, "instrument-known").measured == "M P1 new 1.2"
    other = ev.DeviceIdentified(t_ns=host_ns(-3), box="other", identity={"make": "O", "model": "2", "serial": "1"})
    first = next(event for event in run.events if isinstance(event, ev.MonitorConfigured))
    run.insert(other).insert(first.model_copy(update={"t_ns": host_ns(-2), "sampler": "other"}))
    case = replace(case_of(make_run(FAST), tmp_path), session=run.write(tmp_path / "two"))
    assert instrument_known(case, ROW).measured == "O 2 1"


# --- sessions of one DUT --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "target", "told"),
    [(89.96, 90.0, True), (89.94, 90.0, False), (0.8496, 0.85, True), (0.8494, 0.85, False), (0.96, 1.0, False)],
)
def test_rounding_is_that_of_earlier_runners(value: float, target: float, told: bool) -> None:
    assert bool(_rounded(value, target)) == told


def test_an_accuracy_that_no_figure_is_given_for_is_withheld(tmp_path: Path) -> None:
    case = case_of(make_run(mode="accuracy"), tmp_path)
    assert case.result.accuracy is not None
    accuracy = case.result.accuracy.model_copy(update={"value": None})
    judged = accuracy_target(replace(case, result=case.result.model_copy(update={"accuracy": accuracy})), ROW)
    assert judged is not None
    assert (judged.passed, judged.note) == (False, "not every stimulus was answered once")


@pytest.mark.parametrize(("there", "known"), [(0.0, False), (0.5, True), (None, False)])
def test_a_throughput_is_compared_with_one_above_zero(tmp_path: Path, there: float | None, known: bool) -> None:
    case = case_of(make_run(FAST), tmp_path)
    other = case_of(make_run(FAST, mode="performance"), tmp_path / "p")
    other = replace(other, result=other.result.model_copy(update={"throughput_per_s": there}))
    here = case.result.model_copy(update={"throughput_per_s": 0.5})
    judged = throughput_agrees(replace(case, result=here, performance=other), ROW)
    assert judged is not None
    assert (judged.known, judged.passed) == (known, known)


def test_answers_to_stimuli_that_the_record_does_not_have_are_left_out(tmp_path: Path) -> None:
    case = case_of(make_run(FAST), tmp_path)
    windows = case.facts.windows()
    odd = [windows[0].model_copy(update={"stimulus": stimulus}) for stimulus in (-1, 0, 4, 5)]
    case.__dict__["facts"] = replace(case.facts, inferences=odd)
    assert [file for file, _ in _answers(case)] == ["stimulus_0.bin", "stimulus_4.bin"]


# --- words and sets of your own -------------------------------------------------------------------------


def test_a_verdict_is_a_sentence_that_begins_with_its_demand(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "supply-off")
    assert verdict.text == "The supply is known to be off after the run: passed; found confirmed."


def test_an_unknown_key_is_told_before_a_wrong_value(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('based_on = "lab"\ntitle = 1\n[rules]\nspread = { limit = "x", lim = 2 }\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"unknown key 'rules.spread.lim'"):
        load_rule_set(path)


@pytest.mark.parametrize(("limit", "remark"), [(0.005, None), (0.00501, 0.005)])
def test_a_limit_as_tight_as_the_remark_leaves_no_remark(
    tmp_path: Path, limit: float, remark: float | None
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'based_on = "lab"\n[rules]\nspread = {{ limit = {limit} }}\n', "utf-8")
    assert load_rule_set(path).rules["spread"].remark_above == remark


def test_a_rule_that_only_your_set_asks_has_no_clause_of_the_base_set(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'based_on = "lab"\n[benchmarks.kws01]\ntarget = 91.0\n[rules]\nbenchmark = { binding = "always" }\n',
        "utf-8",
    )
    assert load_rule_set(path).rules["benchmark"].clause == "mine: demanded by this rule set"
