# SPDX-License-Identifier: Apache-2.0
"""A verdict is data: the number that was judged, its limits and its unit, beside what a person reads."""

import json
from pathlib import Path

import pytest

from energy_runner.rules import check, evaluate, list_rule_sets
from energy_runner.rules.table import RULES
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, Verdict
from tests.support.bent_runs import (
    FAST,
    Change,
    bench,
    calibrated,
    cut,
    drop,
    edit,
    insert,
    lose,
    one,
    power,
    volts,
)
from tests.support.places import ROOT
from tests.support.synthetic import Setup, host_ns, make_run

NUMBERS = {rule.id for rule in RULES.values() if rule.unit} | {"score", "accuracy-target"}
GOLDEN = sorted((ROOT / "fixtures" / "golden").iterdir())


@pytest.mark.parametrize(
    ("rule", "change", "value", "unit_and_limits"),
    [
        ("five-windows", cut(45.0), 3.0, ("1", 5.0, 5.0)),
        ("different-stimuli", edit(ev.InferenceDone, stimulus=2), 1.0, ("1", 5.0, None)),
        ("window-inferences", edit(ev.InferenceDone, inferences=9), 9.0, ("1", 10.0, None)),
        ("read-back", edit(ev.StimulusLoaded, read_back=False), 0.0, ("1", 5.0, None)),
        ("edges-match-commands", lambda run: run.drop(ev.EdgeCaptured, [0]), 12.0, ("1", 13.0, 13.0)),
        ("no-lost-samples", lose(1, 4), 4 / 1031, ("1", None, 0.0)),
        (
            "not-over-range",
            insert(ev.SamplesOverRange(t_ns=host_ns(5), at=700, count=3, detail="")),
            3 / 1031,
            ("1", None, 0.0),
        ),
        ("sample-clock", edit(ev.MonitorConfigured, period_s=0.0099), 1.0101, ("1", 0.995, 1.005)),
        ("voltage", volts(1.8, 1.75, 1.81), 1.75, ("V", 1.764, 1.836)),
        ("spread", power(1.0, 1.0, 1.021, 1.0, 1.0), 0.021, ("1", None, 0.02)),
        ("drift", power(1.0, 1.004, 1.008, 1.012, 1.016), 0.0159, ("1", -0.01, 0.01)),
        ("temperature", bench(environment={"temperature_c": 20.5}), 20.5, ("°C", 21.0, None)),
    ],
)
def test_a_rule_about_a_number_states_it(
    tmp_path: Path,
    rule: str,
    change: Change,
    value: float,
    unit_and_limits: tuple[str, float | None, float | None],
) -> None:
    verdict = one(change(make_run(FAST)), tmp_path, rule)
    assert verdict.value == pytest.approx(value, rel=5e-3)
    assert (verdict.unit, verdict.low, verdict.high) == unit_and_limits
    assert not verdict.passed


def test_a_length_is_stated_in_seconds_and_a_score_in_joule_with_its_uncertainty(tmp_path: Path) -> None:
    length = one(make_run(FAST, window_s=9.0), tmp_path / "length", "window-length")
    assert (length.value, length.unit, length.low) == (pytest.approx(9.0, abs=0.01), "s", 10.0)
    score = one(make_run(FAST), tmp_path / "score", "score", "lab")
    stated = Session.open(tmp_path / "score" / "s")
    figure = evaluate(stated).energy_per_inference_j
    assert figure is not None
    assert (score.value, score.u, score.unit) == (figure.median, figure.u, "J")


@pytest.mark.parametrize(("network", "unit"), [("kws01", "%"), ("ad01", "1")])
def test_an_accuracy_is_stated_in_the_unit_of_its_metric(tmp_path: Path, network: str, unit: str) -> None:
    verdict = one(make_run(Setup(mode="accuracy", benchmark=network)), tmp_path, "accuracy-target")
    assert verdict.value == verdict.measured
    assert (verdict.low, verdict.unit) == (verdict.limit, unit)


BENT: list[Change] = [
    lambda run: run,
    cut(45.0),
    cut(3.0),
    lose(1, 4),
    lambda run: run.drop(ev.EdgeCaptured, [3]),
    edit(ev.MonitorConfigured, period_s=0.0099),
    edit(ev.InferenceDone, inferences=9),
    power(1.0, 1.0, 1.021, 1.0, 1.0),
    volts(1.8, 1.75, 1.81),
    calibrated(due="2024-12-31"),
    drop(ev.DutIdentified, ev.SamplesArrived),
]


def within(verdict: Verdict) -> bool:
    """Whether the value lies within the limits, by two standard uncertainties where it has one."""
    assert verdict.value is not None
    slack = 2 * (verdict.u or 0.0)
    above = verdict.low is None or verdict.value >= verdict.low - slack
    return above and (verdict.high is None or verdict.value <= verdict.high + slack)


@pytest.mark.parametrize("rule_set", [one.id for one in list_rule_sets()])
@pytest.mark.parametrize("bend", range(len(BENT)))
def test_data_and_words_of_a_verdict_agree(tmp_path: Path, rule_set: str, bend: int) -> None:
    session = BENT[bend](make_run(Setup(period_s=0.01, laps=True))).write(tmp_path)
    for verdict in check(session, rule_set=rule_set):
        assert (verdict.rule_set, verdict.package) == (rule_set, "")
        assert verdict.text.endswith(".")
        assert verdict.text[0].isupper() or not verdict.text[0].isalpha()
        assert ("not known" in verdict.text) != verdict.known
        assert (verdict.id in NUMBERS) or (verdict.value, verdict.low, verdict.high) == (None, None, None)
        numbers = (verdict.value, verdict.low, verdict.high)
        assert bool(verdict.unit) == any(number is not None for number in numbers)
        if not verdict.known:
            assert verdict.value is None
        elif verdict.value is not None:
            assert within(verdict) == verdict.passed or verdict.id == "score"
            assert verdict.passed or "passed" not in verdict.text.partition("found")[0]
        elif verdict.id in NUMBERS:
            assert not verdict.passed


def test_every_limit_of_a_rule_set_reaches_the_verdict(tmp_path: Path) -> None:
    """A limit that is doubled in a set is doubled in the data, so that nothing but the set states it."""
    from dataclasses import replace

    from energy_runner.rules.base import Case

    session = volts(1.8)(make_run(Setup(period_s=0.01, laps=True))).write(tmp_path)
    (rules,) = [rule_set for rule_set in list_rule_sets() if rule_set.id == "lab"]
    case = Case.of(session, rules)
    case = replace(case, performance=Case.of(make_run(mode="performance").write(tmp_path / "p"), rules))
    seen = set()
    for rule_id, row in rules.rules.items():
        if row.limit is None:
            continue
        small, large = (
            RULES[rule_id].verdict(case, row.model_copy(update={"limit": factor * (row.limit or 0.1)}))
            for factor in (1, 3)
        )
        if small is None or large is None:
            continue
        limits = [(one.low, one.high) for one in (small, large)]
        assert limits[0] != limits[1] or rule_id in {"same-answers"}, rule_id
        seen.add(rule_id)
    assert {"window-length", "spread", "voltage", "throughput-agrees", "lap-clock", "no-lost-samples"} <= seen


# --- documents of older versions ------------------------------------------------------------------------

NEW = {"value", "u", "unit", "low", "high", "text", "rule_set", "package"}


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_result_of_an_older_version_is_read(folder: Path) -> None:
    document = json.loads((folder / "result.json").read_text("utf-8"))
    del document["rule_set_sha256"]
    for verdict in document["verdicts"]:
        assert verdict.keys() >= NEW
        for name in NEW:
            del verdict[name]
    result = Result.model_validate_json(json.dumps(document))
    assert result.valid
    assert all((verdict.value, verdict.text) == (None, "") for verdict in result.verdicts)
