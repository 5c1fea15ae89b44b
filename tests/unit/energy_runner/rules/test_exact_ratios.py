# SPDX-License-Identifier: Apache-2.0
"""Clock rules in closed form, and what rule sets and rules accept up to the last value that is allowed."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.errors import ConfigurationError
from energy_runner.rules import load_rule_set
from energy_runner.rules.base import Case, not_known
from energy_runner.rules.clocks import _edges_by_host, _line, dut_clock, sample_clock
from energy_runner.rules.rule_sets import AuditRow, Row
from energy_runner.session import events as ev
from energy_runner.session.result import SampleClock
from tests.support.bent_runs import FAST, calibrated, one
from tests.support.synthetic import Run, Setup, make_run

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
