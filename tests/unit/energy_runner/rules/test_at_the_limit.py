# SPDX-License-Identifier: Apache-2.0
"""A verdict whose number lies on its limit, or a hair beside it, says the same in data and in words."""

import math
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.rules import load_rule_set
from energy_runner.rules.base import Case, Judgement, number
from energy_runner.rules.rule import Rule
from energy_runner.rules.rule_sets import Row
from energy_runner.rules.table import RULES
from energy_runner.session.result import Verdict
from tests.support.bent_runs import FAST, Change, bench, lose, power, volts
from tests.support.synthetic import Setup, make_run

LIMITED = [rule for rule in RULES.values() if rule.has_limit and rule.unit]
RUNS: dict[str, Change] = {
    "whole": lambda run: run,
    "bent": lambda run: lose(1, 4)(power(1.0, 1.004, 1.021, 1.0, 1.01)(run)),
    "volts": volts(1.8, 1.764, 1.81),
    "high volts": volts(1.8, 1.836),
    "cold": bench(environment={"temperature_c": 20.5}),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    @cache
    def case(name: str) -> Case:
        run = RUNS[name](make_run(Setup(period_s=0.01, laps=True)))
        return Case.of(run.write(tmp_path_factory.mktemp("s") / "s"), load_rule_set("mlperf-tiny-1.4"))

    return {name: case(name) for name in RUNS}


def consistent(verdict: Verdict) -> bool:
    """Whether it passed exactly where the value it states lies within the limits it states."""
    if verdict.value is None or (verdict.low is None and verdict.high is None):
        return True
    slack = 2 * (verdict.u or 0.0)
    above = verdict.low is None or verdict.low - slack <= verdict.value
    return verdict.passed == (above and (verdict.high is None or verdict.value <= verdict.high + slack))


def near(value: float) -> list[float]:
    """Limits at which `value` lies, and those a hair beside it."""
    beside = [value * (1 + share) for share in (1e-6, -1e-6, 1e-12, -1e-12, 1e-13, -1e-13, 1e-15, -1e-15)]
    return [value, float(f"{value:.6g}"), math.nextafter(value, math.inf), math.nextafter(value, 0.0), *beside]


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("rule", LIMITED, ids=lambda rule: rule.id)
def test_data_never_contradict_the_verdict(cases: dict[str, Case], rule: Rule, name: str) -> None:
    row = cases[name].rules.rules[rule.id]
    first = rule.verdict(cases[name], row)
    if first is None or first.value is None:
        return
    set_v = 1.8  # limits of most rules are a share of something: 0, 1 or the voltage that was set
    shares = {abs(first.value), abs(first.value - 1), abs(first.value / set_v - 1)}
    for share in shares:
        for limit in near(share):
            verdict = rule.verdict(cases[name], row.model_copy(update={"limit": limit}))
            assert verdict is not None
            assert consistent(verdict), (limit, verdict)
            found, _, against = verdict.text.partition("found ")[2].partition(", limit ")
            assert verdict.passed or found != against.partition(" (")[0].rstrip("."), verdict.text


@pytest.mark.parametrize("name", ["volts", "high volts"])
def test_a_voltage_on_the_edge_of_its_band_passes(cases: dict[str, Case], name: str) -> None:
    verdict = RULES["voltage"].verdict(cases[name], Row(binding="always", clause="c", limit=0.02))
    assert verdict is not None
    assert verdict.value in {verdict.low, verdict.high}
    assert verdict.passed


def test_a_window_shorter_by_a_hair_is_not_printed_as_long_enough(cases: dict[str, Case]) -> None:
    length = RULES["window-length"]
    shortest = min(window.duration_s or 0.0 for window in cases["whole"].result.windows)
    row = Row(binding="always", clause="c", limit=shortest * (1 + 1e-9))
    verdict = length.verdict(cases["whole"], row)
    assert verdict is not None
    assert not verdict.passed
    assert repr(shortest) in verdict.text


def test_a_spread_wider_by_a_hair_is_told_unrounded(cases: dict[str, Case]) -> None:
    value = 0.020000001
    rule = Rule("odd", "{limit}", lambda case, row: number(value, "2 %", "2 %", high=0.02), unit="1")
    verdict = rule.verdict(cases["whole"], Row(binding="always", clause="c", limit=0.02))
    assert verdict is not None
    assert "unrounded 0.020000001 against 0.02" in verdict.text


BOUNDS = st.none() | st.floats(-1e6, 1e6)


JUDGEMENTS = st.builds(
    Judgement,
    st.booleans(),
    st.just("x"),
    st.just("y"),
    st.just("n"),
    st.booleans(),
    value=st.floats(allow_nan=False),
    u=st.none() | st.floats(0, 1e3),
    low=BOUNDS,
    high=BOUNDS,
)


@given(JUDGEMENTS)
def test_whatever_a_rule_of_another_package_says_its_verdict_is_consistent(judged: Judgement) -> None:
    rule = Rule("odd", "odd", lambda case, row: judged, unit="1", package="other 1.0")
    verdict = rule.verdict(_any_case(), Row(binding="always", clause="c"))
    assert verdict is not None
    assert consistent(verdict)
    assert judged.passed or not verdict.passed


@cache
def _any_case() -> Case:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        session = make_run(FAST, mode="performance").write(Path(folder) / "s")
        return Case.of(session, load_rule_set("lab"))
