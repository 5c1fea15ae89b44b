# SPDX-License-Identifier: Apache-2.0
"""Every rule passes where it should, fails where it should, and says so where it cannot know."""

from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.rules import check, evaluate
from energy_runner.rules.base import NOT_KNOWN
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.record import Origin
from tests.support.bent_runs import (
    FAST,
    Change,
    bench,
    calibrated,
    cut,
    drop,
    edit,
    in_zone,
    insert,
    lose,
    monitor,
    one,
    power,
    record,
    volts,
)
from tests.support.synthetic import Run, Setup, host_ns, make_run

COMMON = ["run-completed", "facts-sealed", "events-agree", "benchmark", "runner", "model-string"]
TIMED = [
    "five-windows",
    "different-stimuli",
    "first-stimuli",
    "official-stimuli",
    "window-length",
    "window-inferences",
    "warm-ups",
    "read-back",
]
SAMPLES = [
    "edges-match-commands",
    "no-lost-samples",
    "not-over-range",
    "trace-repeats",
    "sample-clock",
    "lap-clock",
    "voltage",
]


# --- which rules are asked ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "rules"),
    [
        (
            "energy",
            [
                "run-completed",
                "facts-sealed",
                "supply-off",
                *COMMON[2:],
                *TIMED,
                *SAMPLES,
                "spread",
                "drift",
                "instrument-known",
                "uncertainty-complete",
                "not-simulated",
            ],
        ),
        ("performance", [*COMMON, *TIMED, "trace-repeats", "dut-clock", "spread", "drift", "not-simulated"]),
        ("accuracy", [*COMMON, "official-set", "inputs-read-back", "accuracy-target", "not-simulated"]),
    ],
)
def test_a_good_run_passes_all_binding_rules_of_its_mode(tmp_path: Path, mode: str, rules: list[str]) -> None:
    verdicts = check(make_run(FAST, mode=mode).write(tmp_path))
    assert [verdict.id for verdict in verdicts] == rules
    assert [verdict.id for verdict in verdicts if verdict.binding and not verdict.passed] == []
    assert all(verdict.clause and verdict.limit is not None for verdict in verdicts)


def test_a_run_of_hardware_is_asked_for_its_surroundings_too(tmp_path: Path) -> None:
    ids = [verdict.id for verdict in check(bench()(make_run(FAST)).write(tmp_path))]
    assert {"calibration", "temperature"} <= set(ids)


# --- failing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "change", "measured"),
    [
        ("run-completed", edit(ev.RunStopped, outcome="interrupted"), "interrupted"),
        ("run-completed", cut(30.0), "killed"),
        ("supply-off", edit(ev.RunStopped, supply_off_confirmed=False), "not confirmed"),
        ("supply-off", cut(30.0), "on"),
        ("supply-off", cut(-6.0), "not confirmed"),
        ("runner", record(software="EEMBC EnergyRunner 3.0.10"), "EEMBC EnergyRunner 3.0.10"),
        ("model-string", edit(ev.DutIdentified, model="ic01"), "ic01"),
        ("five-windows", cut(45.0), 3),
        ("five-windows", lambda run: run.drop(ev.EdgeCaptured, [3]), 4),
        ("different-stimuli", edit(ev.InferenceDone, stimulus=2), 1),
        ("window-length", record(), 9.0),
        ("window-inferences", edit(ev.InferenceDone, inferences=9), 9),
        (
            "warm-ups",
            lambda run: run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"warmups": n})),
            "1 to 5",
        ),
        ("read-back", edit(ev.StimulusLoaded, read_back=False), "0 of 5 stimuli"),
        ("edges-match-commands", lambda run: run.drop(ev.EdgeCaptured, [0]), "12 edges for 13"),
        ("no-lost-samples", lose(1, 4), 4),
        ("not-over-range", insert(ev.SamplesOverRange(t_ns=host_ns(5), at=700, count=3, detail="")), 3),
        ("sample-clock", edit(ev.MonitorConfigured, period_s=0.0099), "1.01010 ± 0.00021"),
        ("voltage", volts(1.8, 1.75, 1.81), "1.75 V"),
        ("spread", power(1.0, 1.0, 1.021, 1.0, 1.0), "2.1 %"),
        ("drift", power(1.0, 1.004, 1.008, 1.012, 1.016), "+1.59 %"),
        ("instrument-known", monitor(serial=""), "M P1 1.2"),
        ("calibration", calibrated(due="2024-12-31"), "until 2024-12-31"),
        ("calibration", calibrated(calibrated_on="2023-12-31"), "until 2024-12-31"),
        ("calibration", calibrated(calibrated_on="2025-01-02", due="2026-01-02"), "since 2025-01-02"),
        ("calibration", calibrated(calibrated_on="2024-12-01", interval_days=30), "until 2024-12-31"),
        # The run began on the last day of 2024 in Honolulu, and on the first of 2025 in Tokyo.
        ("calibration", in_zone("Pacific/Honolulu", calibrated_on="2025-01-01"), "since 2025-01-01"),
        ("calibration", in_zone("Asia/Tokyo", due="2024-12-31"), "until 2024-12-31"),
        ("temperature", bench(environment={"temperature_c": 20.5}), "20.5 °C"),
        ("not-simulated", record(), "simulated"),
    ],
)
def test_a_rule_fails_where_it_should(
    tmp_path: Path, rule: str, change: Change, measured: str | float | int
) -> None:
    run = make_run(FAST, window_s=9.0 if rule == "window-length" else 10.3)
    verdict = one(change(run), tmp_path, rule)
    assert (verdict.passed, verdict.known) == (False, True)
    shown = round(verdict.measured, 1) if isinstance(verdict.measured, float) else verdict.measured
    assert shown == measured


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("supply-off", edit(ev.RunStopped, supply_off_confirmed=None)),
        ("runner", record(software="MLCommons runner v1.4")),
        ("no-lost-samples", insert(ev.SamplesLost(t_ns=host_ns(1), after=2, before=9, missing=3, detail=""))),
        ("voltage", volts(1.8, 1.79)),
        ("instrument-known", monitor()),
        ("calibration", calibrated(due="2025-01-01")),
        ("calibration", calibrated(calibrated_on="2024-01-01")),
        ("calibration", calibrated(calibrated_on="2024-12-01", interval_days=31)),
        ("calibration", in_zone("Pacific/Honolulu", due="2024-12-31")),
        ("calibration", in_zone("Asia/Tokyo", calibrated_on="2025-01-01")),
        ("temperature", bench(environment={"temperature_c": 21})),
        ("not-simulated", bench()),
    ],
)
def test_a_rule_passes_where_it_should(tmp_path: Path, rule: str, change: Change) -> None:
    verdict = one(change(make_run(FAST)), tmp_path, rule)
    assert (verdict.passed, verdict.known) == (True, True)


def test_a_window_is_as_long_as_it_must_be_or_not_at_all(tmp_path: Path) -> None:
    assert not one(make_run(FAST, window_s=9.9999, phase=0.0), tmp_path / "short", "window-length").passed
    assert one(make_run(FAST, window_s=10.0001, phase=0.0), tmp_path / "long", "window-length").passed


# --- not knowing ----------------------------------------------------------------------------------------


def imported(run: Run) -> Run:
    origin = Origin(runner="EEMBC EnergyRunner", version="3.0.10", session="a", stamp="", instrument="LPM01A")
    return record(origin=origin)(run)


@pytest.mark.parametrize(
    ("rule", "change", "binding"),
    [
        ("supply-off", lambda run: drop(ev.SupplySwitched, ev.RunStopped)(imported(run)), False),
        ("runner", record(software=""), False),
        ("model-string", drop(ev.DutIdentified), True),
        ("different-stimuli", cut(3.0), True),
        ("first-stimuli", cut(3.0), False),
        ("window-length", cut(3.0), True),
        ("window-inferences", cut(3.0), True),
        ("warm-ups", cut(3.0), False),
        ("read-back", cut(0.2), False),
        ("read-back", lambda run: edit(ev.StimulusLoaded, read_back=False)(imported(run)), False),
        ("edges-match-commands", drop(ev.EdgesExpected, ev.EdgeCaptured), True),
        ("no-lost-samples", cut(3.0), True),
        ("no-lost-samples", lambda run: run.drop(ev.EdgeCaptured, [3]), True),
        ("not-over-range", cut(3.0), True),
        ("not-over-range", lambda run: run.drop(ev.EdgeCaptured, [3]), True),
        ("sample-clock", drop(ev.SamplesArrived), False),
        ("lap-clock", record(), False),
        ("voltage", record(), False),
        ("voltage", edit(ev.MonitorConfigured, voltage_set_v=0.0), False),
        ("voltage", volts(float("nan")), False),
        ("spread", cut(20.0), True),
        ("drift", cut(30.0), False),
        ("instrument-known", record(), False),
        ("calibration", bench(), False),
        ("calibration", calibrated(due="next year"), False),
        ("calibration", bench(monitor="a text", environment=[]), False),
        ("temperature", bench(environment={"temperature_c": "warm"}), False),
        ("temperature", bench(environment={"temperature_c": True}), False),
        ("uncertainty-complete", cut(20.0), False),
    ],
)
def test_a_rule_without_facts_says_so(tmp_path: Path, rule: str, change: Change, binding: bool) -> None:
    verdict = one(change(make_run(FAST)), tmp_path, rule)
    assert (verdict.passed, verdict.known, verdict.binding) == (False, False, binding)
    assert verdict.measured == NOT_KNOWN
    assert verdict.note


def test_what_is_known_to_be_wrong_weighs_more_than_what_is_not_known(tmp_path: Path) -> None:
    run = lose(4, 4)(make_run(FAST)).drop(ev.EdgeCaptured, [3])
    verdict = one(run, tmp_path, "no-lost-samples")
    assert (verdict.passed, verdict.known, verdict.measured) == (False, True, 4)


@pytest.mark.deep
@pytest.mark.parametrize("mode", ["energy", "performance", "accuracy"])
def test_no_rule_minds_the_absence_of_any_kind_of_fact(tmp_path: Path, mode: str) -> None:
    setup = Setup(mode=mode, period_s=0.02, laps=True, benchmark="ic01")
    kinds = {type(event) for event in make_run(setup).events}
    whole = make_run(setup).write(tmp_path / "whole")
    for kind in kinds:
        session = drop(kind)(make_run(setup)).write(tmp_path / kind.__name__)
        verdicts = check(session, None, whole, whole) + check(session, ["score"], rule_set="lab")
        assert len(verdicts) > len(COMMON)
        assert all(verdict.known or not verdict.passed for verdict in verdicts)


# --- what the verdicts amount to ------------------------------------------------------------------------


def test_a_rule_that_informs_makes_no_run_invalid(tmp_path: Path) -> None:
    result = evaluate(edit(ev.StimulusLoaded, read_back=False)(make_run(FAST)).write(tmp_path))
    verdict = next(v for v in result.verdicts if v.id == "read-back")
    assert (verdict.passed, verdict.binding, result.valid) == (False, False, True)


def test_what_is_not_known_makes_a_run_invalid_only_where_the_set_says(tmp_path: Path) -> None:
    whole = evaluate(make_run(FAST).write(tmp_path / "whole"))
    assert {"lap-clock", "voltage"} <= {v.id for v in whole.verdicts if not v.known}
    assert whole.valid
    nameless = evaluate(drop(ev.DutIdentified)(make_run(FAST)).write(tmp_path / "nameless"))
    assert [v.id for v in nameless.verdicts if not v.known and v.binding] == ["model-string"]
    assert not nameless.valid


def test_a_result_names_the_rule_set_that_judged_it(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path)
    assert evaluate(session).rule_set == "mlperf-tiny-1.4"
    assert evaluate(session, rule_set="lab").rule_set == "lab"


@pytest.mark.parametrize("rule_set", ["mlperf-tiny-1.3", "mlperf-tiny-1.4", "lab"])
@pytest.mark.parametrize(
    "change",
    [
        record(),
        cut(30.0),
        lambda run: run.drop(ev.EdgeCaptured, [3]),
        lambda run: run.drop(ev.InferenceDone, [5]),
        edit(ev.MonitorConfigured, period_s=0.0099),
        drop(ev.AcquisitionStarted),
        drop(ev.EdgesExpected),
    ],
)
def test_a_valid_run_has_a_score(tmp_path: Path, change: Change, rule_set: str) -> None:
    result = evaluate(change(make_run(FAST)).write(tmp_path), rule_set=rule_set)
    assert result.energy_per_inference_j is not None or not result.valid


def test_the_laboratory_set_lets_much_pass_but_no_wrong_number(tmp_path: Path) -> None:
    short = make_run(FAST, windows=2, window_s=2.0, inferences=5)
    assert not evaluate(short.write(tmp_path / "short")).valid
    assert evaluate(Session.open(tmp_path / "short"), rule_set="lab").valid
    lossy = lose(1, 1)(make_run(FAST)).write(tmp_path / "lossy")
    assert evaluate(lossy, rule_set="lab").valid
    lossier = lose(1, 5)(make_run(FAST)).write(tmp_path / "lossier")
    assert not evaluate(lossier, rule_set="lab").valid
    noscore = make_run(FAST).drop(ev.EdgeCaptured, [3]).write(tmp_path / "noscore")
    assert next(v.id for v in evaluate(noscore, rule_set="lab").verdicts if v.binding and not v.passed) == "score"


# --- wrong names ----------------------------------------------------------------------------------------


def test_an_unknown_rule_is_met_with_a_suggestion(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path)
    with pytest.raises(
        ConfigurationError, match=r"unknown rule 'sprad' in mlperf-tiny-1\.4; did you mean 'spread'"
    ):
        check(session, ["sprad"])
    with pytest.raises(ConfigurationError, match=r"unknown rule 'score' in mlperf-tiny-1\.4"):
        check(session, ["score"])
    assert [verdict.id for verdict in check(session, ["spread", "run-completed"])] == ["spread", "run-completed"]


def test_an_unknown_rule_set_is_met_with_a_suggestion(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path)
    with pytest.raises(
        ConfigurationError, match=r"unknown rule set 'mlperf-1\.4'; did you mean 'mlperf-tiny-1\.4'"
    ):
        check(session, rule_set="mlperf-1.4")
    with pytest.raises(ConfigurationError, match=r"known: lab, mlperf-tiny-1\.3, mlperf-tiny-1\.4"):
        evaluate(session, rule_set="")


def test_a_damaged_session_given_for_comparison_is_named(tmp_path: Path) -> None:
    accuracy = edit(ev.InferenceDone, inferences=0)(make_run(mode="accuracy")).write(tmp_path / "accuracy")
    with pytest.raises(SessionError, match="the accuracy session: the journal holds"):
        check(make_run(FAST).write(tmp_path / "s"), accuracy_session=accuracy)
