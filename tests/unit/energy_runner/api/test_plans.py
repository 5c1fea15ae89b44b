# SPDX-License-Identifier: Apache-2.0
"""`er.plan` and `er.run` refuse what no run can have, before anything opens."""

import dataclasses

import numpy as np
import pytest

import energy_runner as er
from energy_runner.bench import build
from energy_runner.errors import ConfigurationError

WRONG = [
    ({"mode": "x"}, "unknown mode 'x'"),
    ({"mode": "energie"}, "did you mean 'energy'"),
    ({"mode": 3}, "unknown mode '3'"),
    ({"inferences": -5}, "inferences=-5: must be a whole number from 1"),
    ({"inferences": 0}, "inferences=0"),
    ({"inferences": 1.5}, "inferences=1.5"),
    ({"inferences": 10.0}, "inferences=10.0"),
    ({"inferences": True}, "inferences=True"),
    ({"inferences": np.True_}, "inferences=np.True_"),
    ({"inferences": "20"}, "inferences='20'"),
    ({"inferences": 2**31}, "to 2147483647"),
    ({"warmups": -1}, "warmups=-1: must be a whole number from 0"),
    ({"read_back": 1}, "read_back=1: must be True or False"),
    ({"seed": -1}, "seed=-1: must be a whole number from 0"),
    ({"seed": 2**63}, "seed=9223372036854775808"),
    ({"mode": "accuracy", "limit": 0}, "limit=0: must be a whole number from 1"),
    ({"limit": 3}, "only a run in accuracy mode"),
]


@pytest.mark.parametrize(("options", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_a_value_that_no_run_can_have_is_named(options, words):
    with pytest.raises(ConfigurationError) as refused:
        er.plan("demo-keywords", **options)
    assert words in str(refused.value)


def test_an_option_is_named_before_stimuli_that_are_missing():
    with pytest.raises(ConfigurationError, match="inferences=0"):
        er.plan("kws01", stimuli="nowhere", inferences=0)


def test_numpys_integers_become_pythons():
    plan = er.plan("demo-keywords", inferences=np.int32(7), warmups=np.uint8(0), seed=np.int64(3))
    assert (plan.inferences, plan.warmups, plan.seed) == (7, 0, 3)
    assert {type(plan.inferences), type(plan.warmups), type(plan.seed)} == {int}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inferences": -5}, "inferences=-5"),
        ({"mode": "x"}, "unknown mode 'x'"),
        ({"warmups": None}, "warmups=None"),
        ({"head_s": -1.0}, "head_s=-1.0"),
        ({"tail_s": float("inf")}, "tail_s=inf"),
        ({"tail_s": True}, "tail_s=True"),
    ],
)
def test_no_plan_can_be_made_that_holds_such_a_value(change, words):
    plan = er.plan("demo-keywords")
    with pytest.raises(ConfigurationError) as refused:
        dataclasses.replace(plan, **change)
    assert words in str(refused.value)


@pytest.fixture
def nothing_opens(monkeypatch, tmp_path):
    def built(*given, **named):
        raise AssertionError("a bench was built")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "build_twin_bench", built)
    yield
    assert list(tmp_path.iterdir()) == [], "something was left behind"


@pytest.mark.usefixtures("nothing_opens")
@pytest.mark.parametrize(
    ("bench", "plan", "words"),
    [
        ("virtual-lpm02a", None, "did you mean 'virtual-lpm01a'"),
        ("nowhere.toml", None, "neither a file nor a built-in bench"),
        (5, None, "run needs a bench, not int"),
        ("virtual-lpm01a", "demo-keywords", "run needs a plan, not str"),
    ],
)
def test_a_run_is_refused_before_anything_is_built(bench, plan, words):
    with pytest.raises(ConfigurationError) as refused:
        er.run(bench, er.plan("demo-keywords") if plan is None else plan)
    assert words in str(refused.value)


@pytest.mark.usefixtures("nothing_opens")
def test_a_mistyped_bench_is_named_before_missing_stimuli():
    with pytest.raises(ConfigurationError, match="did you mean 'virtual-lpm01a'"):
        er.measure("kws01", "virtual-lpm01", stimuli="nowhere")


@pytest.mark.usefixtures("nothing_opens")
def test_measure_takes_no_option_that_plan_does_not_know():
    with pytest.raises(TypeError, match="inference"):
        er.measure("demo-keywords", "virtual-lpm01a", inference=5)
