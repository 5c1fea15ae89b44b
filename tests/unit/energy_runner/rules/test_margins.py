# SPDX-License-Identifier: Apache-2.0
"""What rules say where little is known, and at the very ends of what they allow."""

from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner.analysis.contradictions import STREAM
from energy_runner.rules import check, load_rule_set
from energy_runner.rules.base import Case, shown
from energy_runner.rules.clocks import _line
from energy_runner.rules.run import run_completed
from energy_runner.session import events as ev
from energy_runner.session.result import Finding
from tests.support.bent_runs import FAST, drop, edit, one
from tests.support.synthetic import make_run


@pytest.mark.parametrize(("length", "kept"), [(79, True), (80, True), (81, False)])
def test_a_text_is_shortened_to_eighty_characters(length: int, kept: bool) -> None:
    text = "x" * length
    assert shown(text) == (text if kept else "x" * 77 + "...")
    assert len(shown(text)) <= 80


def test_a_clock_that_stands_still_gives_no_line() -> None:
    rising = [(float(k), 1.001 * k) for k in range(8)]
    assert _line(rising) is not None
    assert _line([*rising[:4], rising[3], *rising[4:]]) is None


def test_a_clock_that_is_not_known_states_the_limits_about_one(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "lap-clock")
    limit = load_rule_set("mlperf-tiny-1.4").limit("lap-clock")
    assert (verdict.known, verdict.low, verdict.high) == (False, 1 - limit, 1 + limit)
    assert ": not known, because there are no edges by both" in verdict.text


def test_throughputs_that_are_not_both_known_state_the_limits_about_zero(tmp_path: Path) -> None:
    silent = edit(ev.InferenceDone, dut_laps_us=[])(make_run(mode="performance"))
    verdict = one(make_run(FAST), tmp_path, "throughput-agrees", performance=silent)
    limit = load_rule_set("mlperf-tiny-1.4").limit("throughput-agrees")
    assert (verdict.known, verdict.low, verdict.high) == (False, -limit, limit)


def test_a_completed_run_whose_stream_is_damaged_is_a_contradiction(tmp_path: Path) -> None:
    case = Case.of(make_run(FAST).write(tmp_path), load_rule_set("mlperf-tiny-1.4"))
    row = case.rules.rules["run-completed"]
    assert run_completed(case, row).passed
    damaged = case.result.model_copy(update={"findings": [Finding(id=STREAM, detail="two bytes are missing")]})
    judgement = run_completed(replace(case, result=damaged), row)
    assert (judgement.passed, judgement.measured, judgement.note) == (
        False,
        "a contradiction",
        "two bytes are missing",
    )
    other = case.result.model_copy(update={"findings": [Finding(id="odd", detail="something else")]})
    assert run_completed(replace(case, result=other), row).passed


@pytest.mark.parametrize("confirmed", [True, False])
def test_an_end_that_speaks_of_a_supply_is_judged_though_none_was_configured(
    tmp_path: Path, confirmed: bool
) -> None:
    run = drop(ev.SupplySwitched)(make_run(FAST))
    outside = edit(ev.MonitorConfigured, supply="")(run)
    told = edit(ev.RunStopped, supply_off_confirmed=confirmed)(outside)
    assert [verdict.id for verdict in check(told.write(tmp_path), ["supply-off"])] == ["supply-off"]


@pytest.mark.parametrize(("count", "remarked"), [(0, True), (1, False)])
def test_windows_without_any_warm_up_are_remarked(tmp_path: Path, count: int, remarked: bool) -> None:
    verdict = one(edit(ev.InferenceDone, warmups=count)(make_run(FAST)), tmp_path, "warm-ups")
    assert verdict.passed
    assert verdict.note.startswith("none: ") == remarked


@pytest.mark.parametrize("name", ["mlperf-tiny-1.3", "mlperf-tiny-1.4", "lab"])
def test_a_remark_of_a_built_in_set_may_be_made_from_another_value_on(tmp_path: Path, name: str) -> None:
    rows = {rule: row for rule, row in load_rule_set(name).rules.items() if row.remark_above is not None}
    for rule, row in rows.items():
        path = tmp_path / f"{rule}.toml"
        half = row.remark_above / 2  # type: ignore[operator]
        path.write_text(f'based_on = "{name}"\n[rules]\n{rule} = {{ remark_above = {half!r} }}\n', "utf-8")
        assert load_rule_set(path).rules[rule].remark_above == half
