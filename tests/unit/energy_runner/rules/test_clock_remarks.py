# SPDX-License-Identifier: Apache-2.0
"""The rules on clocks allow for twice the uncertainty of a ratio: for a remark as for a failure, to both sides."""

from dataclasses import replace

import pytest

from energy_runner.analysis.placing.clock import SAMPLE_CLOCK_LIMIT, is_wrong
from energy_runner.rules import load_rule_set
from energy_runner.rules.base import Case, Judgement
from energy_runner.rules.clocks import sample_clock
from energy_runner.session.result import SampleClock
from tests.support.synthetic import Setup, make_run

RULE = "sample-clock"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case.of(make_run(Setup()).write(tmp_path_factory.mktemp("s") / "s"), load_rule_set("mlperf-tiny-1.4"))


def judged(case: Case, off: float, u: float) -> Judgement:
    result = case.result.model_copy(update={"sample_clock": SampleClock(ratio=1 + off, u=u)})
    return sample_clock(replace(case, result=result), case.rules.rules[RULE])


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("u", [0.0, 1e-4])
def test_a_remark_is_made_beyond_its_threshold_and_twice_the_uncertainty(case: Case, side: int, u: float) -> None:
    threshold = case.rules.rules[RULE].remark_above
    assert threshold is not None
    for beyond, remarked in ((1e-6, True), (-1e-6, False)):
        judgement = judged(case, side * (threshold + 2 * u + beyond), u)
        assert judgement.passed
        assert ("off by more than" in judgement.note) == remarked


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("u", [0.0, 1e-4])
def test_it_fails_beyond_its_limit_and_twice_the_uncertainty(case: Case, side: int, u: float) -> None:
    limit = case.rules.rules[RULE].number
    assert judged(case, side * (limit + 2 * u - 1e-6), u).passed
    assert not judged(case, side * (limit + 2 * u + 1e-6), u).passed


@pytest.mark.parametrize("side", [1, -1])
def test_a_clock_is_wrong_beyond_doubt_only(side: int) -> None:
    u = 2e-4
    for beyond, wrong in ((1e-6, True), (-1e-6, False)):
        off = side * (SAMPLE_CLOCK_LIMIT + 2 * u + beyond)
        assert is_wrong(1 + off, u) == wrong


def test_the_ratio_is_stated_with_twice_its_uncertainty(case: Case) -> None:
    assert judged(case, 0.00154, 6e-5).measured == "1.00154 ± 0.00012"
