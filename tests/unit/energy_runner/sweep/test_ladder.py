# SPDX-License-Identifier: Apache-2.0
"""The recovery ladder as a table: what follows an attempt, and that it always ends."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.ladder import (
    LADDER,
    RULES,
    Attempt,
    Ended,
    Recovered,
    RunOutcome,
    Taken,
    checked_ladder,
    next_step,
    quarantined,
)

OUTCOMES, WENT, ENDS = get_args(RunOutcome), get_args(Recovered), get_args(Ended)
STEPS = LADDER[:-1]


def ran(*outcomes: RunOutcome, bench: str = "a") -> list[Attempt | Taken]:
    return [Attempt(bench, outcome) for outcome in outcomes]


def took(step: str, went: Recovered = "ok", bench: str = "a") -> Taken:
    return Taken(bench, step, went)


@pytest.mark.parametrize(
    ("history", "follows"),
    [
        ([], "again"),
        (ran("valid"), "done"),
        (ran("invalid"), "done"),
        (ran("bench-fault"), "resynchronise"),
        (ran("failed"), "again"),
        (ran("failed", "failed"), "set aside"),
        (ran("died", "died"), "again"),
        (ran("died", "died", "died"), "set aside"),
        (ran("configuration"), "set aside"),
        (ran(*["interrupted"] * 50), "again"),
        (ran(*["interrupted"] * 50, "bench-fault"), "resynchronise"),
        ([*ran("bench-fault"), took("resynchronise")], "again"),
        ([*ran("bench-fault"), took("resynchronise", "failed")], "power-cycle-dut"),
        ([*ran("bench-fault"), took("resynchronise", "does not apply")], "power-cycle-dut"),
        ([*ran("bench-fault"), took("resynchronise"), *ran("bench-fault")], "power-cycle-dut"),
        ([*ran("bench-fault"), took("resynchronise"), *ran("interrupted")], "again"),
        ([*ran("bench-fault"), took("resynchronise"), *ran("valid")], "done"),
        ([*ran("invalid"), *ran("bench-fault", "bench-fault")], "done"),
    ],
)
def test_what_follows(history: list[Attempt | Taken], follows: str) -> None:
    assert next_step(history) == follows


def test_an_invalid_run_is_repeated_as_often_as_the_plan_says_and_then_kept() -> None:
    assert next_step(ran("invalid"), retry_invalid=1) == "again"
    assert next_step(ran("invalid", "invalid"), retry_invalid=1) == "done"
    assert next_step(ran("invalid"), attempts=1, retry_invalid=5) == "done"


def test_fewer_attempts_at_a_resumed_night_are_heeded() -> None:
    assert next_step([*ran("bench-fault"), took("resynchronise")], attempts=1) == "set aside"


def test_a_sound_bench_sets_the_point_aside_and_goes_on() -> None:
    history = [*ran("bench-fault"), took("resynchronise"), *ran("bench-fault"), took("power-cycle-dut")]
    history += ran("bench-fault")
    assert next_step(history) == "set aside"
    assert next_step(history, others=True) == "elsewhere"
    assert next_step([*history, *ran("bench-fault", bench="b")], attempts=1, others=True) == "set aside"


def test_a_bench_that_no_step_brings_back_is_quarantined_and_the_point_waits() -> None:
    history = [*ran("bench-fault"), *(took(step, "failed") for step in STEPS)]
    assert next_step(history) == "quarantine"
    assert next_step(history, STEPS) == "set aside", "the plan's ladder has no quarantine"
    history[-1] = took("power-cycle-usb", "does not apply")
    assert next_step(history) == "quarantine", "the last step that applied tells"
    elsewhere = [*ran("bench-fault", bench="b"), *history]
    assert next_step(elsewhere) == "set aside", "a point that fails on two benches"


def test_another_bench_begins_at_the_foot_of_the_ladder() -> None:
    history = [*ran("bench-fault"), *(took(step, "failed") for step in STEPS)]
    assert next_step(history, bench="b") == "again"
    assert next_step([*history, *ran("bench-fault", bench="b")]) == "resynchronise"


def test_different_points_that_fail_one_after_the_other_quarantine_the_bench() -> None:
    assert quarantined([(1, "set aside"), (2, "elsewhere"), (3, "set aside")])
    assert not quarantined([(1, "set aside"), (2, "done"), (3, "set aside"), (4, "set aside")])
    assert not quarantined([(7, "set aside")] * 9), "it is one point"
    assert not quarantined([(n, "set aside") for n in range(9)], 0)
    assert not quarantined([])


def test_points_that_share_a_value_which_never_worked_count_as_one() -> None:
    values = {n: {"command": "bad" if n % 2 else "good", "voltage": n // 2} for n in range(20)}
    half = [(0, "done"), (1, "set aside"), (3, "set aside"), (5, "set aside"), (7, "set aside")]
    assert quarantined(half, 3)
    assert not quarantined(half, 3, values), "the command is to blame"
    assert not quarantined(half[1:], 3, values), "so it may be before the first point is done"
    assert quarantined([(n, "set aside") for n in range(1, 19, 2)], 3, values), "but not for ever"
    assert quarantined([(0, "done"), (2, "set aside"), (4, "set aside"), (6, "set aside")], 3, values)
    assert quarantined([(n, "done") for n in range(8)] + [(n, "set aside") for n in (1, 3, 5)], 3, values)


@pytest.mark.parametrize(
    ("ladder", "said"),
    [
        (["resynchronize"], "no step 'resynchronize'"),
        (["resynchronise", "resynchronise"], "twice"),
        (["quarantine", "resynchronise"], "last step"),
        (["\x1b[31m"], r"'\\x1b"),
    ],
)
def test_a_ladder_that_cannot_be(ladder: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        checked_ladder(ladder)


def test_a_ladder_that_can_be() -> None:
    assert checked_ladder(LADDER) == LADDER
    assert checked_ladder([]) == ()


def test_every_outcome_has_its_rule() -> None:
    assert set(RULES) == set(OUTCOMES)


ladders = st.permutations(STEPS).flatmap(
    lambda steps: st.builds(
        lambda count, last: (*steps[:count], *(["quarantine"] if last else [])),
        st.integers(0, len(steps)),
        st.booleans(),
    )
)


@given(ladders, st.integers(1, 8), st.integers(0, 3), st.booleans(), st.data())
def test_it_always_ends(
    ladder: tuple[str, ...], attempts: int, retry: int, others: bool, data: st.DataObject
) -> None:
    """Play against it: whatever the runs and the steps do, a point ends within its attempts on every bench."""
    history: list[Attempt | Taken] = []
    interrupted = 0
    for bench in [str(number) for number in range(3 if others else 1)]:
        for _ in range(1000):
            follows = next_step(history, ladder, attempts, bench=bench, retry_invalid=retry, others=others)
            if follows in ENDS:
                break
            if follows == "again":
                outcomes = OUTCOMES if interrupted < 5 else [one for one in OUTCOMES if one != "interrupted"]
                outcome = data.draw(st.sampled_from(outcomes))
                interrupted += outcome == "interrupted"
                history.append(Attempt(bench, outcome))
            else:
                assert follows in ladder
                history.append(Taken(bench, follows, data.draw(st.sampled_from(WENT))))
        else:
            raise AssertionError(f"no end after {history}")
        here = [one for one in history if one.bench == bench]
        counted = [one for one in here if isinstance(one, Attempt) and RULES[one.outcome].counted]
        steps = [one.step for one in here if isinstance(one, Taken)]
        assert 1 <= len(counted) <= attempts
        assert len(steps) == len(set(steps))
        measured = any(isinstance(one, Attempt) and one.outcome in {"valid", "invalid"} for one in history)
        assert (follows == "done") == measured, "a measurement is kept, and nothing else is called done"
        assert follows != "elsewhere" or others
        assert follows != "quarantine" or follows in ladder
        if measured or follows == "set aside":
            break
