# SPDX-License-Identifier: Apache-2.0
"""Sessions of one DUT in several modes are held against each other: accuracy, firmware, speed, answers."""

from pathlib import Path

import pytest

from energy_runner.rules import check
from energy_runner.session import events as ev
from energy_runner.session.record import Record
from tests.support.bent_runs import FAST, Change, drop, edit, one
from tests.support.synthetic import Run, make_run

TOGETHER = {"accuracy-target", "same-firmware", "throughput-agrees", "same-answers"}


def limited(count: int) -> Change:
    """Let an accuracy run answer its first `count` stimuli only."""

    def change(run: Run) -> Run:
        run.record = run.record.model_copy(update={"stimuli": run.record.stimuli[:count]})
        return run.change(ev.InferenceDone, lambda _, e: e if getattr(e, "stimulus", 0) < count else None)

    return change


def wrong(*numbers: int) -> Change:
    """Let an accuracy run give these stimuli a wrong answer."""

    def bend(number: int, event: ev.AnyEvent) -> ev.AnyEvent:
        assert isinstance(event, ev.InferenceDone)
        results = event.results[1:] + event.results[:1] if number in numbers else event.results
        return event.model_copy(update={"results": results})

    return lambda run: run.change(ev.InferenceDone, bend)


def test_a_session_alone_is_compared_with_nothing(tmp_path: Path) -> None:
    ids = {verdict.id for verdict in check(make_run(FAST).write(tmp_path))}
    assert not ids & TOGETHER


def test_three_modes_of_one_firmware_agree(tmp_path: Path) -> None:
    modes = {mode: make_run(mode=mode).write(tmp_path / mode) for mode in ("accuracy", "performance")}
    verdicts = check(make_run(FAST).write(tmp_path / "s"), None, modes["accuracy"], modes["performance"])
    compared = {verdict.id: verdict for verdict in verdicts if verdict.id in TOGETHER}
    assert compared.keys() == TOGETHER
    assert all(verdict.known for verdict in compared.values())
    # The made-up DUT answers every window with class 7, and the accuracy run rightly.
    assert [verdict.id for verdict in compared.values() if not verdict.passed] == ["same-answers"]


# --- accuracy -------------------------------------------------------------------------------------------


def test_an_accuracy_run_of_the_same_firmware_is_counted(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", accuracy=make_run(mode="accuracy"))
    assert (verdict.passed, verdict.measured, verdict.limit) == (True, 100.0, 90.0)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (edit(ev.DutIdentified, profile="firmware 2"), "another firmware: vendor / firmware 2 / kws01"),
        (edit(ev.DutIdentified, name="other"), "another firmware: other"),
        (edit(ev.RunStopped, outcome="interrupted"), "the accuracy run ended as interrupted"),
        (limited(10), "10 of 1000 stimuli"),
    ],
)
def test_an_accuracy_run_that_does_not_count(tmp_path: Path, change: Change, note: str) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", accuracy=change(make_run(mode="accuracy")))
    assert (verdict.passed, verdict.known) == (False, True)
    assert verdict.note.startswith(note)


def test_the_accuracy_of_a_firmware_that_is_not_named_is_not_known_to_be_that_of_this_run(tmp_path: Path) -> None:
    nameless = drop(ev.DutIdentified)(make_run(mode="accuracy"))
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", accuracy=nameless)
    assert (verdict.passed, verdict.known, verdict.binding) == (False, False, True)
    assert verdict.note.startswith("measured 100.0")
    alone = one(nameless, tmp_path / "alone", "accuracy-target")
    assert (alone.passed, alone.measured) == (True, 100.0)


def test_the_accuracy_of_another_benchmark_is_not(tmp_path: Path) -> None:
    other = make_run(mode="accuracy", benchmark="ic01")
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", accuracy=other)
    assert (verdict.passed, verdict.note) == (False, "the accuracy is that of ic01")


def test_a_session_without_accuracy_is_not_one(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", accuracy=make_run(FAST))
    assert (verdict.passed, verdict.measured) == (False, "a session in energy mode")


def test_a_target_is_met_unrounded_or_not_at_all(tmp_path: Path) -> None:
    ninety = one(wrong(*range(100))(make_run(mode="accuracy")), tmp_path / "90", "accuracy-target")
    assert (ninety.passed, ninety.measured, ninety.note) == (True, 90.0, "")
    less = one(wrong(*range(101))(make_run(mode="accuracy")), tmp_path / "89.9", "accuracy-target")
    assert (less.passed, less.measured, less.note) == (False, pytest.approx(89.9), "")


def almost(value: float) -> Change:
    """Let a run of ad01 have about this AUC: normal files are given errors above some of the anomalous ones."""

    def change(run: Run) -> Run:
        normal = [k for k, stimulus in enumerate(run.record.stimuli) if stimulus.label == 0]
        high = set(normal[: round((1 - value) * len(normal))])

        def bend(_: int, event: ev.AnyEvent) -> ev.AnyEvent:
            assert isinstance(event, ev.InferenceDone)
            return event.model_copy(update={"results": [99.0]}) if event.stimulus in high else event

        return run.change(ev.InferenceDone, bend)

    return change


def test_a_target_that_only_rounding_reaches_is_told(tmp_path: Path) -> None:
    run = almost(0.85)(make_run(mode="accuracy", benchmark="ad01"))
    first = one(run, tmp_path / "first", "accuracy-target")
    assert first.measured == pytest.approx(0.8468, abs=1e-4)
    assert (first.passed, first.note) == (False, "")
    nearly = {"benchmark": run.record.benchmark.model_copy(update={"id": "mine", "target": 0.847})}
    verdict = one(
        _renamed(run, Record.model_validate(run.record.model_copy(update=nearly))), tmp_path, "accuracy-target"
    )
    assert not verdict.passed
    assert "rounded" in verdict.note


def _renamed(run: Run, card: Record) -> Run:
    run.record = card
    return run.change(ev.RunStarted, lambda _, e: e.model_copy(update={"benchmark": card.benchmark.id}))


@pytest.mark.parametrize(("count", "passed"), [(248, True), (72, True), (71, False), (100, False)])
def test_both_label_files_of_ad01_are_whole(tmp_path: Path, count: int, passed: bool) -> None:
    run = limited(count)(make_run(mode="accuracy", benchmark="ad01"))
    verdict = one(run, tmp_path, "accuracy-target")
    assert verdict.passed is passed
    assert verdict.note == ("" if passed else f"{count} of 248 or 72 stimuli")


def test_a_record_cannot_lower_the_target_of_a_suite(tmp_path: Path) -> None:
    run = wrong(*range(300))(make_run(mode="accuracy"))
    run.record = run.record.model_copy(
        update={"benchmark": run.record.benchmark.model_copy(update={"target": 50.0})}
    )
    verdict = one(run, tmp_path, "accuracy-target")
    assert (verdict.passed, verdict.limit) == (False, 90.0)
    assert one(run, tmp_path / "lab", "accuracy-target", "lab").passed


def test_a_withheld_accuracy_is_none(tmp_path: Path) -> None:
    run = make_run(mode="accuracy").drop(ev.InferenceDone, [17])
    verdict = one(run, tmp_path, "accuracy-target")
    assert (verdict.passed, verdict.measured) == (False, "withheld")


# --- firmware, speed, answers ---------------------------------------------------------------------------


def test_the_firmware_is_the_same_by_the_duts_own_words(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "same-firmware", performance=make_run(mode="performance"))
    assert (verdict.passed, verdict.measured) == (True, "vendor / firmware 1 / kws01")


@pytest.mark.parametrize("field", ["name", "profile", "model"])
def test_another_firmware_in_another_mode_fails(tmp_path: Path, field: str) -> None:
    other = edit(ev.DutIdentified, **{field: "x"})(make_run(mode="performance"))
    verdict = one(make_run(FAST), tmp_path, "same-firmware", performance=other)
    assert (verdict.passed, verdict.known, verdict.binding) == (False, True, True)


def test_a_dut_that_changes_within_a_session_fails(tmp_path: Path) -> None:
    run = make_run(FAST)
    first = next(event for event in run.events if isinstance(event, ev.DutIdentified))
    run.insert(first.model_copy(update={"profile": "firmware 2"}))
    assert not one(run, tmp_path, "same-firmware", performance=make_run(mode="performance")).passed


def test_a_firmware_that_is_not_named_is_not_known_to_be_the_same(tmp_path: Path) -> None:
    other = drop(ev.DutIdentified)(make_run(mode="performance"))
    verdict = one(make_run(FAST), tmp_path, "same-firmware", performance=other)
    assert (verdict.passed, verdict.known, verdict.binding) == (False, False, False)
    assert "performance" in verdict.note


@pytest.mark.parametrize(
    ("window_s", "passed", "measured"),
    [(10.3, True, "-0.00194 %"), (10.2, True, "-0.973 %"), (10.0, False, "-2.91 %")],
)
def test_energy_mode_is_as_fast_as_performance_mode(
    tmp_path: Path, window_s: float, passed: bool, measured: str
) -> None:
    other = make_run(mode="performance", window_s=window_s)
    run = make_run(FAST, phase=0.0645)
    verdict = one(run, tmp_path, "throughput-agrees", performance=other)
    assert (verdict.passed, verdict.measured, verdict.limit) == (passed, measured, "± 2 %")


@pytest.mark.parametrize(
    ("other", "measured"),
    [
        (make_run(FAST), "a session in energy mode"),
        (make_run(mode="performance", benchmark="ic01"), "a session of ic01"),
    ],
)
def test_only_a_performance_run_of_the_same_benchmark_tells_the_speed(
    tmp_path: Path, other: Run, measured: str
) -> None:
    verdict = one(make_run(FAST), tmp_path, "throughput-agrees", performance=other)
    assert (verdict.passed, verdict.measured) == (False, measured)


def test_a_run_without_a_throughput_is_not_known_to_be_as_fast(tmp_path: Path) -> None:
    other = make_run(mode="performance").drop(ev.InferenceDone, [2])
    verdict = one(make_run(FAST), tmp_path, "throughput-agrees", performance=other)
    assert (verdict.passed, verdict.known) == (False, False)


def test_the_same_stimulus_has_the_same_answer_in_every_mode(tmp_path: Path) -> None:
    same = one(make_run(FAST), tmp_path / "same", "same-answers", performance=make_run(mode="performance"))
    assert (same.passed, same.measured) == (True, "5 of 5 the same")
    other = make_run(mode="performance", outputs=(1.0, *(0.0,) * 11))
    verdict = one(make_run(FAST), tmp_path / "other", "same-answers", performance=other)
    assert (verdict.passed, verdict.binding, verdict.measured) == (False, False, "0 of 5 the same")
    assert verdict.note == "not for stimulus_0.bin"


def test_damaged_answers_are_not_compared(tmp_path: Path) -> None:
    silent = edit(ev.InferenceDone, results=[])(make_run(mode="performance"))
    verdict = one(make_run(FAST), tmp_path, "same-answers", performance=silent)
    assert (verdict.passed, verdict.known) == (False, False)


@pytest.mark.parametrize(("error", "passed"), [(10.0, True), (10.05, True), (10.2, False)])
def test_a_single_output_may_differ_by_its_last_digit(tmp_path: Path, error: float, passed: bool) -> None:
    energy = make_run(FAST, benchmark="ad01", outputs=(10.0,))
    other = make_run(mode="performance", benchmark="ad01", outputs=(error,))
    assert one(energy, tmp_path, "same-answers", performance=other).passed is passed


# --- what is submitted together -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beside", "passed", "known", "binding"),
    [(None, False, False, False), ([], False, True, True), (["ic01", "kws01"], True, True, True)],
)
def test_ic02_needs_ic01(
    tmp_path: Path, beside: list[str] | None, passed: bool, known: bool, binding: bool
) -> None:
    session = make_run(FAST, benchmark="ic02").write(tmp_path)
    (verdict,) = check(session, ["progressive-sizes"], beside=beside)
    assert (verdict.passed, verdict.known, verdict.binding) == (passed, known, binding)


def test_ic02_is_not_in_the_older_suite(tmp_path: Path) -> None:
    session = make_run(FAST, benchmark="ic02").write(tmp_path)
    assert check(session, ["benchmark"])[0].passed
    (verdict,) = check(session, ["benchmark"], rule_set="mlperf-tiny-1.3")
    assert (verdict.passed, verdict.measured, verdict.limit) == (False, "ic02", "ad01, ic01, kws01, vww01")
    assert check(make_run(FAST).write(tmp_path / "kws"), ["progressive-sizes"], beside=[]) == []


@pytest.mark.parametrize(("limit", "passed"), [(0.01, True), (0.004, False), (0.006, True)])
def test_single_outputs_agree_within_the_limit_of_the_set(tmp_path: Path, limit: float, passed: bool) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(f'based_on = "lab"\n[rules]\nsame-answers = {{ limit = {limit} }}\n', "utf-8")
    energy = make_run(FAST, benchmark="ad01", outputs=(1.0,))
    other = make_run(mode="performance", benchmark="ad01", outputs=(1.005,))
    verdict = one(energy, tmp_path, "same-answers", str(rules), performance=other)
    assert (verdict.passed, verdict.low) == (passed, 5.0)
