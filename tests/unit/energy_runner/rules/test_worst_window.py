# SPDX-License-Identifier: Apache-2.0
"""One window among good ones decides: the shortest, the one with the fewest inferences, the one that lost most."""

from dataclasses import replace

import pytest

from energy_runner.rules import load_rule_set
from energy_runner.rules.base import Case, Judgement
from energy_runner.rules.table import RULES
from tests.support.bent_runs import FAST
from tests.support.synthetic import make_run


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case.of(make_run(FAST).write(tmp_path_factory.mktemp("s") / "s"), load_rule_set("mlperf-tiny-1.4"))


def judged(case: Case, rule: str, number: int, **changes: object) -> Judgement:
    """The judgement of a rule after one window was changed."""
    windows = list(case.result.windows)
    windows[number] = windows[number].model_copy(update=changes)
    bent = replace(case, result=case.result.model_copy(update={"windows": windows}))
    judgement = RULES[rule].judge(bent, case.rules.rules[rule])
    assert judgement is not None
    return judgement


@pytest.mark.parametrize("number", [0, 2, 4])
def test_the_shortest_window_is_judged(case: Case, number: int) -> None:
    assert judged(case, "window-length", number).passed
    short = judged(case, "window-length", number, duration_s=9.999)
    assert (short.passed, short.value, short.low) == (False, 9.999, 10.0)
    assert judged(case, "window-length", number, duration_s=10.0).passed
    unknown = judged(case, "window-length", number, duration_s=None)
    assert (unknown.known, unknown.note) == (False, "1 of 5 windows have no known length")


@pytest.mark.parametrize("number", [0, 2, 4])
def test_the_window_with_the_fewest_inferences_is_judged(case: Case, number: int) -> None:
    least = case.rules.limit("window-inferences")
    assert judged(case, "window-inferences", number, inferences=int(least)).passed
    few = judged(case, "window-inferences", number, inferences=int(least) - 1)
    assert (few.passed, few.value, few.low) == (False, least - 1, least)


@pytest.mark.parametrize("number", [0, 2, 4])
def test_the_window_that_lost_most_is_judged_against_none_at_all(case: Case, number: int) -> None:
    good = judged(case, "no-lost-samples", number)
    assert (good.passed, good.measured, good.limit, good.high) == (True, 0, 0, 0)
    lost = judged(case, "no-lost-samples", number, samples_missing=3)
    expected = case.result.windows[number].samples_expected
    assert expected is not None
    assert (lost.passed, lost.measured, lost.limit) == (False, 3, 0)
    assert lost.value == pytest.approx(3 / expected)
    assert judged(case, "no-lost-samples", number, samples_missing=None).known is False
