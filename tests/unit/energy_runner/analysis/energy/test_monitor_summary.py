# SPDX-License-Identifier: Apache-2.0
"""The monitor's own summary against the trace: agreement is stated, a contradiction leaves no valid score."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.energy.monitor_summary import check_summary
from energy_runner.analysis.facts import gather
from energy_runner.report.sections.bench import settings
from energy_runner.report.story import tell
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.result import SummaryCheck
from tests.support.bent_runs import FAST, edit, insert, lose
from tests.support.results import figures
from tests.support.synthetic import ACCURACY, Run, Setup, host_ns, make_run

SMALL = Setup(period_s=0.01, windows=2, window_s=1.0)


@dataclass
class Sums:
    """The true sums of a made-up run, from its samples as they were before any were lost or misread."""

    samples: int
    least: float
    largest: float
    energy_j: float
    charge_coulomb: float

    @staticmethod
    def of(run: Run) -> "Sums":
        values = [signal.astype(np.float64) for signal in run.samples]
        first, period_s = values[0], run.setup.period_s
        total = math.fsum(first)
        return Sums(len(first), float(first.min()), float(first.max()), total, total * period_s)


def stated(run: Run, **figures: object) -> Run:
    """Let the monitor state figures after its acquisition."""
    end_ns = next(event.t_ns for event in run.events if isinstance(event, ev.AcquisitionStopped))
    return run.insert(ev.MonitorSummary(t_ns=end_ns - 1, **figures))


def in_full(run: Run, sums: Sums, **other: object) -> Run:
    figures = {"samples": sums.samples, "signal": "energy", "least": sums.least, "largest": sums.largest}
    return stated(run, **(figures | {"energy_j": sums.energy_j} | other))


def checked(run: Run, folder: Path) -> SummaryCheck:
    session = run.write(folder / "s")
    check, findings = check_summary(session, gather(session.journal()))
    assert check is not None
    assert [finding.id for finding in findings] == ["summary-contradicts"] * (check.agrees is False)
    return check


def agreeing(check: SummaryCheck, verdict: bool | None = True) -> list[str]:
    return [figure.name for figure in check.figures if figure.agrees is verdict]


def note(check: SummaryCheck, name: str) -> str:
    return next(figure.note for figure in check.figures if figure.name == name)


# --- what follows from it -------------------------------------------------------------------------------


def test_without_a_summary_nothing_is_claimed(tmp_path: Path) -> None:
    result = evaluate(make_run(FAST).write(tmp_path))
    assert (result.valid, result.monitor_summary, result.findings) == (True, None, [])


def test_a_summary_that_agrees_is_stated_and_changes_no_figure(tmp_path: Path) -> None:
    without = evaluate(make_run(FAST).write(tmp_path / "without"))
    run = make_run(FAST)
    result = evaluate(in_full(run, Sums.of(run)).write(tmp_path / "with"))
    assert result.monitor_summary is not None
    assert agreeing(result.monitor_summary) == ["samples", "least", "largest", "energy"]
    assert figures(result.model_copy(update={"monitor_summary": None})) == figures(without)


@pytest.mark.parametrize("rule_set", ["lab", "mlperf-tiny-1.3", "mlperf-tiny-1.4"])
def test_no_valid_score_stands_on_samples_that_it_contradicts(tmp_path: Path, rule_set: str) -> None:
    run = make_run(FAST)
    sums = Sums.of(run)
    session = in_full(run, sums, samples=sums.samples + 1).write(tmp_path / "s")
    result = evaluate(session, rule_set=rule_set)
    assert (result.valid, result.energy_per_inference_j) == (False, None)
    (verdict,) = [one for one in result.verdicts if one.id == "no-lost-samples"]
    assert (verdict.passed, verdict.binding, verdict.known) == (False, True, True)
    assert f"is {sums.samples + 1} by the monitor's summary, {sums.samples} as recorded" in verdict.text
    assert "contradicts the samples: samples; agrees: least, largest, energy" in str(
        settings(tell(session, result))
    )


def test_the_report_says_that_it_agrees(tmp_path: Path) -> None:
    run = make_run(FAST)
    session = in_full(run, Sums.of(run)).write(tmp_path / "s")
    assert "agrees: samples, least, largest, energy" in str(settings(tell(session, evaluate(session))))


# --- each figure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "factor"),
    [
        ("samples", 1.001),
        *(("least", factor) for factor in (0.99, 1.01, -math.inf)),
        *(("largest", factor) for factor in (0.99, 1.01, math.inf)),
        *(("energy_j", factor) for factor in (1 - 1e-6, 1 + 1e-6, math.nan)),
    ],
)
def test_one_figure_that_differs_is_a_contradiction(tmp_path: Path, figure: str, factor: float) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    wrong = factor * getattr(sums, figure)
    check = checked(in_full(run, sums, **{figure: int(wrong) if figure == "samples" else wrong}), tmp_path)
    assert agreeing(check, False) == [figure.removesuffix("_j")]


@pytest.mark.parametrize("digits", [1.001, 1e-7])
def test_the_digits_of_a_figure_are_its_allowance(tmp_path: Path, digits: float) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    off = {"least": sums.least - 1e-6, "largest": sums.largest + 1e-6, "energy_j": sums.energy_j + 1e-6}
    steps = {"least_step": 1e-6 * digits, "largest_step": 1e-6 * digits, "energy_step_j": 1e-6 * digits}
    assert (checked(in_full(run, sums, **off, **steps), tmp_path).agrees is False) == (digits < 1)


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_one_misread_exponent_anywhere_contradicts_the_extremes_and_the_sum(tmp_path: Path, factor: float) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    run.samples[0][20] *= np.float32(factor)
    check = checked(in_full(run, sums), tmp_path)
    beyond = "largest" if factor > 1 else "least"
    assert agreeing(check, False) == [beyond, "energy"]


def test_a_block_that_was_lost_unnoticed_is_missed_in_the_count(tmp_path: Path) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    run.samples = [np.delete(signal, np.s_[-30:-20]) for signal in run.samples]
    count = len(run.samples[0])
    edit(ev.AcquisitionStopped, samples=count, received=count)(run)
    check = checked(in_full(run, sums), tmp_path)
    assert agreeing(check, False) == ["samples", "energy"]


# --- samples that are in the summary only ---------------------------------------------------------------


def test_losses_that_were_noticed_contradict_nothing(tmp_path: Path) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    check = checked(in_full(lose(1, 5)(run), sums), tmp_path)
    assert (check.agrees, check.not_recorded) == (True, 5)
    assert "5 samples are not recorded" in note(check, "energy")


@pytest.mark.parametrize(("name", "share"), [("least", 0.5), ("largest", 2.0)])
@pytest.mark.parametrize("inwards", [False, True])
def test_a_lost_sample_may_be_the_extreme_one_but_only_outwards(
    tmp_path: Path, name: str, share: float, inwards: bool
) -> None:
    run = make_run(SMALL)
    value = getattr(Sums.of(run), name) * (1 / share if inwards else share)
    check = checked(stated(lose(1, 5)(run), signal="energy", **{name: value}), tmp_path)
    assert (check.agrees is False) == inwards


@pytest.mark.parametrize(("more", "contradicts"), [(4.9, False), (5.1, True), (-0.1, True)])
def test_lost_samples_explain_no_more_than_so_many_of_the_extreme_ones(
    tmp_path: Path, more: float, contradicts: bool
) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    kept_j = math.fsum(lose(1, 5)(run).samples[0][np.isfinite(run.samples[0])].astype(np.float64))
    energy_j = kept_j + more * sums.largest
    lowest = stated(run, samples=sums.samples, signal="energy", least=0.0, largest=sums.largest, energy_j=energy_j)
    assert (checked(lowest, tmp_path).agrees is False) == contradicts


def test_a_sum_with_lost_samples_is_not_judged_where_nothing_bounds_them(tmp_path: Path) -> None:
    check = checked(stated(lose(1, 5)(make_run(SMALL)), energy_j=1e6), tmp_path)
    assert (agreeing(check, None), check.agrees) == (["energy"], None)
    assert "nothing bounds them" in note(check, "energy")


def test_a_sample_over_range_is_not_held_against_the_monitor(tmp_path: Path) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    run.samples[0][20] *= np.float32(10.0)
    check = checked(
        in_full(insert(ev.SamplesOverRange(t_ns=host_ns(1), at=20, count=1, detail=""))(run), sums), tmp_path
    )
    assert (check.agrees, check.not_recorded) == (True, 1)


def test_samples_over_range_are_found_in_every_block_of_a_long_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("energy_runner.analysis.energy.sums.BLOCK", 64)
    run = make_run(SMALL)
    sums = Sums.of(run)
    spoilt = [*range(60, 70), 128, *range(190, 330), len(run.samples[0]) - 1]
    run.samples[0][spoilt] *= np.float32(10.0)
    for at, count in ((60, 10), (128, 1), (190, 140), (spoilt[-1], 50)):  # the last goes on behind the trace
        insert(ev.SamplesOverRange(t_ns=host_ns(1), at=at, count=count, detail=""))(run)
    check = checked(in_full(run, sums), tmp_path)
    assert (check.agrees, check.not_recorded) == (True, len(spoilt))


# --- which sums can be compared -------------------------------------------------------------------------


@pytest.mark.parametrize(("factor", "contradicts"), [(1.0, False), (1 + 1e-6, True)])
def test_charge_is_compared_with_samples_of_current(tmp_path: Path, factor: float, contradicts: bool) -> None:
    run = make_run(SMALL, by_laps=True)
    sums = Sums.of(run)
    check = checked(stated(run, charge_coulomb=sums.charge_coulomb * factor, energy_j=1.0), tmp_path)
    assert (check.agrees is False) == contradicts
    assert agreeing(check, None) == ["energy"]  # current times voltage is not the mean of their product
    assert "no energy or power is recorded" in note(check, "energy")


def test_readings_at_an_instant_are_not_held_against_an_integral(tmp_path: Path) -> None:
    run = make_run(SMALL, by_laps=True)
    signals = [
        {"name": name, "unit": unit, "kind": "instant"} for name, unit in (("current", "A"), ("voltage", "V"))
    ]
    check = checked(stated(edit(ev.MonitorConfigured, signals=signals)(run), charge_coulomb=1e3), tmp_path)
    assert (agreeing(check, None), check.agrees) == (["charge"], None)


@pytest.mark.parametrize(
    ("term", "agrees"),
    [
        ({"relative": 1e-4}, True),
        ({"relative": 1e-6}, False),
        ({"absolute": 1e-3, "unit": "W"}, True),
        ({"absolute": 1e-9, "unit": "W"}, False),
        ({"absolute": 1e-3, "unit": "V"}, None),
    ],
)
def test_rounded_samples_may_all_be_rounded_alike(tmp_path: Path, term: dict, agrees: bool | None) -> None:
    accuracy = ACCURACY | {"terms": [*ACCURACY["terms"], {"name": "quantisation", **term}]}
    run = edit(ev.MonitorConfigured, accuracy=accuracy)(make_run(SMALL))
    sums = Sums.of(run)
    check = checked(in_full(run, sums, energy_j=sums.energy_j * (1 + 5e-5)), tmp_path)
    assert "energy" in agreeing(check, agrees)


def test_extremes_of_a_signal_that_is_not_recorded_are_not_judged(tmp_path: Path) -> None:
    check = checked(stated(make_run(SMALL), signal="current", least=7.0, largest=8.0), tmp_path)
    assert (agreeing(check, None), check.agrees) == (["least", "largest"], None)


@pytest.mark.parametrize(
    ("off", "agrees"), [((1.0, 1.0), None), ((0.97, 1.0), None), ((10.0, 1.0), False), ((10.0, 10.0), False)]
)
def test_extremes_of_the_current_behind_the_energy_are_no_contradiction(
    off: tuple[float, float], agrees: bool | None, tmp_path: Path
) -> None:
    run = make_run(SMALL)
    sums = Sums.of(run)
    joule = next(e.voltage_set_v for e in run.events if isinstance(e, ev.MonitorConfigured)) * SMALL.period_s
    figures = {"least": off[0] * sums.least / joule, "largest": off[1] * sums.largest / joule}
    check = checked(stated(run, signal="energy", **figures), tmp_path)
    assert check.agrees is agrees
    assert [figure.unit for figure in check.figures] == ["A" if agrees is None else "J"] * 2


def test_lost_samples_may_be_beyond_extremes_that_are_stated_in_few_digits(tmp_path: Path) -> None:
    """Idle without noise: each lost sample is the least one, which the monitor rounds up."""
    run = make_run(SMALL)
    sums = Sums.of(run)
    lost = ev.SamplesLost(t_ns=host_ns(0.4), after=20, before=30, missing=10, detail="")
    run.samples[0][20:30] = np.nan
    run.insert(lost)
    stated_j = sums.least * 1.02
    check = checked(in_full(run, sums, least=stated_j, least_step=sums.least * 0.05), tmp_path)
    assert check.agrees is True
