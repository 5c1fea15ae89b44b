"""Every rule passes where it should and fails where it should, with measured value, limit and clause."""

from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner.benchmarks.catalogue import list_benchmarks
from energy_runner.errors import ConfigurationError
from energy_runner.rules import check, evaluate
from energy_runner.rules.mlperf_tiny import MIN_INFERENCES, MIN_WINDOW_S, RULES, WINDOWS
from energy_runner.session import events as ev
from energy_runner.session.result import Verdict
from tests.unit.synthetic import Run, Setup, host_ns, make_run

FAST = Setup(period_s=0.01)
ENERGY_RULES = [
    "run-completed",
    "supply-off",
    "model-string",
    "five-windows",
    "window-length",
    "window-inferences",
    "edges-match-commands",
    "no-lost-samples",
    "not-over-range",
    "sample-clock",
    "spread",
    "read-back",
]


def one(run: Run, folder: Path, rule: str, accuracy: Run | None = None) -> Verdict:
    other = accuracy.write(folder / "accuracy") if accuracy else None
    (verdict,) = check(run.write(folder / "s"), [rule], other)
    assert verdict.id == rule
    return verdict


def edit(kind: type[ev.Event], **update: object) -> Callable[[Run], Run]:
    return lambda run: run.change(kind, lambda n, event: event.model_copy(update=update))


def uneven(by: float) -> Callable[[Run], Run]:
    """Let the first window draw `by` more power than the others."""

    def change(run: Run) -> Run:
        first, last = (int(t / run.setup.period_s) for t in (run.truth[0].start_s + 1, run.truth[0].stop_s - 1))
        run.samples[0][first:last] *= 1 + by * 10.3 / 8.3
        return run

    return change


@pytest.mark.parametrize(
    ("mode", "rules"),
    [
        ("energy", ENERGY_RULES),
        (
            "performance",
            [
                "run-completed",
                "model-string",
                "five-windows",
                "window-length",
                "window-inferences",
                "spread",
                "read-back",
            ],
        ),
        ("accuracy", ["run-completed", "model-string", "accuracy-target"]),
    ],
)
def test_a_good_run_passes_the_rules_of_its_mode(tmp_path: Path, mode: str, rules: list[str]) -> None:
    verdicts = check(make_run(FAST, mode=mode).write(tmp_path))
    assert [verdict.id for verdict in verdicts] == rules
    assert all(verdict.passed for verdict in verdicts)
    assert all(verdict.clause and verdict.limit is not None for verdict in verdicts)


@pytest.mark.parametrize(
    ("rule", "change", "measured"),
    [
        ("run-completed", edit(ev.RunStopped, outcome="interrupted"), "interrupted"),
        ("run-completed", lambda run: run.cut(30.0), "killed"),
        ("supply-off", edit(ev.RunStopped, supply_off_confirmed=False), "not confirmed"),
        ("supply-off", edit(ev.RunStopped, supply_off_confirmed=None), "not confirmed"),
        ("supply-off", lambda run: run.cut(30.0), "not confirmed"),
        ("model-string", edit(ev.DutIdentified, model="ic01"), "ic01"),
        ("model-string", lambda run: run.drop(ev.DutIdentified, [0]), "no answer"),
        ("five-windows", edit(ev.InferenceDone, stimulus=2), "5 windows, 1 stimuli"),
        ("five-windows", lambda run: run.cut(45.0), "3 windows, 3 stimuli"),
        ("window-inferences", edit(ev.InferenceDone, inferences=9), 9),
        ("window-inferences", lambda run: run.cut(3.0), 0),
        ("window-length", lambda run: run.cut(3.0), None),
        ("edges-match-commands", lambda run: run.drop(ev.EdgeCaptured, [0]), "12 edges for 13"),
        ("no-lost-samples", lambda run: run.cut(3.0), "no windows"),
        ("not-over-range", lambda run: run.cut(3.0), "no windows"),
        ("no-lost-samples", lambda run: run.drop(ev.EdgeCaptured, [3]), "1 windows without samples"),
        ("not-over-range", lambda run: run.drop(ev.EdgeCaptured, [3]), "1 windows without samples"),
        ("sample-clock", lambda run: run.cut(0.2), "not measured"),
        ("spread", uneven(0.0201), "2.010%"),
        ("spread", lambda run: run.cut(20.0), "1 windows measured"),
        ("read-back", edit(ev.StimulusLoaded, read_back=False), "0 of 5 stimuli"),
        ("read-back", lambda run: run.cut(0.2), "0 of 0 stimuli"),
    ],
)
def test_a_rule_fails_where_it_should(
    tmp_path: Path, rule: str, change: Callable[[Run], Run], measured: str | int | None
) -> None:
    verdict = one(change(make_run(FAST)), tmp_path, rule)
    assert (verdict.passed, verdict.measured) == (False, measured)


def test_a_stimulus_under_two_names_counts_once(tmp_path: Path) -> None:
    run = make_run(FAST)
    twice = [stimulus.model_copy(update={"sha256": "0" * 64}) for stimulus in run.record.stimuli[:2]]
    run.record = run.record.model_copy(update={"stimuli": [*twice, *run.record.stimuli[2:]]})
    assert one(run, tmp_path, "five-windows").measured == "5 windows, 4 stimuli"


def test_a_torn_journal_is_no_completed_run(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.torn = b"{"
    assert not one(run, tmp_path, "run-completed").passed


@pytest.mark.parametrize(
    ("by", "passed", "warned"), [(0.0, True, False), (0.0051, True, True), (0.021, False, True)]
)
def test_the_spread_warns_before_it_fails(tmp_path: Path, by: float, passed: bool, warned: bool) -> None:
    verdict = one(uneven(by)(make_run(FAST)), tmp_path, "spread")
    assert (verdict.passed, bool(verdict.note)) == (passed, warned)


def test_a_rule_that_informs_makes_no_run_invalid(tmp_path: Path) -> None:
    result = evaluate(edit(ev.StimulusLoaded, read_back=False)(make_run(FAST)).write(tmp_path))
    assert [(v.id, v.binding) for v in result.verdicts if not v.passed] == [("read-back", False)]
    assert result.valid


def test_a_bench_without_supply_needs_no_power_off(tmp_path: Path) -> None:
    verdicts = check(make_run(FAST, mode="performance").write(tmp_path))
    assert "supply-off" not in [verdict.id for verdict in verdicts]


def test_a_supply_that_was_switched_on_must_be_off_in_every_mode(tmp_path: Path) -> None:
    run = make_run(FAST, mode="performance").insert(ev.SupplySwitched(t_ns=host_ns(-4), on=True))
    verdict = one(run, tmp_path, "supply-off")
    assert not verdict.passed


def test_an_accuracy_run_of_the_same_firmware_is_counted(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", make_run(mode="accuracy"))
    assert (verdict.passed, verdict.measured, verdict.limit) == (True, 100.0, 90.0)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (edit(ev.DutIdentified, profile="firmware 2"), "another firmware: vendor / firmware 2 / kws01"),
        (edit(ev.DutIdentified, name="other"), "another firmware: other"),
        (lambda run: run.drop(ev.DutIdentified, [0]), "another firmware: unknown"),
        (edit(ev.RunStopped, outcome="interrupted"), "the accuracy run ended as interrupted"),
    ],
)
def test_an_accuracy_run_of_another_firmware_is_not(
    tmp_path: Path, change: Callable[[Run], Run], note: str
) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", change(make_run(mode="accuracy")))
    assert not verdict.passed
    assert verdict.note.startswith(note)


def test_the_accuracy_of_another_benchmark_is_not(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", make_run(mode="accuracy", benchmark="ic01"))
    assert (verdict.passed, verdict.note) == (False, "the accuracy is that of ic01")


def test_a_session_without_accuracy_is_not_one(tmp_path: Path) -> None:
    verdict = one(make_run(FAST), tmp_path, "accuracy-target", make_run(FAST))
    assert (verdict.passed, verdict.measured) == (False, "a session in energy mode")


def test_the_accuracy_over_some_of_the_stimuli_is_not_enough(tmp_path: Path) -> None:
    run = make_run(mode="accuracy")
    run.record = run.record.model_copy(update={"stimuli": run.record.stimuli[:10]})
    run.change(ev.InferenceDone, lambda n, e: e if n < 10 else None)
    verdict = one(run, tmp_path, "accuracy-target")
    assert (verdict.passed, verdict.measured, verdict.note) == (False, 100.0, "10 of 1000 stimuli")


def test_an_unknown_rule_is_met_with_a_suggestion(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path)
    with pytest.raises(ConfigurationError, match="unknown rule 'sprad'; did you mean 'spread'"):
        check(session, ["sprad"])
    assert [verdict.id for verdict in check(session, ["spread", "run-completed"])] == ["spread", "run-completed"]


def test_ids_are_unique_and_the_limits_are_those_that_runs_are_planned_for() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for benchmark in list_benchmarks():
        run = benchmark.run
        assert (run.windows, run.min_window_s, run.min_inferences) == (WINDOWS, MIN_WINDOW_S, MIN_INFERENCES)
