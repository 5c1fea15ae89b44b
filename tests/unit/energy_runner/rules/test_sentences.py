# SPDX-License-Identifier: Apache-2.0
"""What a verdict says of a judgement, to the letter and in data; and judgements told apart by their words."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from energy_runner.rules import check
from energy_runner.rules.base import Case, Judgement, not_known, number
from energy_runner.rules.rule import Rule, _stated
from energy_runner.rules.rule_sets import Row
from energy_runner.session import events as ev
from energy_runner.session.journal import exchange, exchanged_bytes
from energy_runner.session.result import Verdict
from tests.support.bent_runs import FAST, cut, edit, one
from tests.support.exchanged import with_exchange
from tests.support.synthetic import make_run

CASE = cast(Case, SimpleNamespace(mode="energy", rules=SimpleNamespace(id="set")))


def verdict(judged: Judgement, binding: str = "always", **more: Any) -> Verdict:
    rule = Rule("odd", "the thing is {limit:g}", lambda case, row: judged, **({"unit": "s"} | more))
    row = Row.model_validate({"binding": binding, "clause": "c", "limit": 5.0})
    found = rule.verdict(CASE, row)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("judged", "binding", "text"),
    [
        (number(6.0, 6.0, 5.0, low=5.0), "always", "The thing is 5: passed; found 6 s, limit 5 s."),
        (number(4.0, 4.0, 5.0, low=5.0), "always", "The thing is 5: failed; found 4 s, limit 5 s."),
        (number(4.0, 4.0, 5.0, low=5.0), "if known", "The thing is 5: failed; found 4 s, limit 5 s."),
        (number(4.0, 4.0, 5.0, low=5.0), "never", "The thing is 5: not met (informs only); found 4 s, limit 5 s."),
        (number(5.0, 5.0, 5.0, "just so", low=5.0), "always", "The thing is 5: passed; found 5 s (just so)."),
        (number(4.0, 4.0, 5.0, unit="m", low=5.0), "always", "The thing is 5: failed; found 4 m, limit 5 m."),
        (number(4.0, 4.0, 5.0, unit="", low=5.0), "always", "The thing is 5: failed; found 4, limit 5."),
        (number(4.0, 4.0, 5.0, unit="1", low=5.0), "always", "The thing is 5: failed; found 4, limit 5."),
        (number(4.0, 4.0, None, low=5.0), "always", "The thing is 5: failed; found 4 s."),
        (number(4.0, "four", "five", low=5.0), "always", "The thing is 5: failed; found four, limit five."),
        (Judgement(False, None, "five"), "always", "The thing is 5: failed; found None, limit five."),
        (not_known(5.0, "nobody saw it"), "always", "The thing is 5: not known, because nobody saw it."),
        (
            number(4.9999999, 4.9999999, 5.0, low=5.0),
            "always",
            "The thing is 5: failed; found 4.9999999 s, limit 5 s.",
        ),
        (
            number(4.9999999, 4.9999999, 5.0, low=5.0, unit="1"),
            "always",
            "The thing is 5: failed; found 4.9999999, limit 5.",
        ),
        (
            number(4.9999999, "5 %", "5 %", "odd", low=5.0),
            "always",
            "The thing is 5: failed; found 5 % (odd; unrounded 4.9999999 against 5.0).",
        ),
        (
            number(7.0000001, "7 %", "5 to 7 %", low=5.0, high=7.0),
            "always",
            "The thing is 5: failed; found 7 %, limit 5 to 7 % (unrounded 7.0000001 against 7.0).",
        ),
        (
            number(8.0, "8 %", "5 to 7 %", low=5.0, high=7.0),
            "always",
            "The thing is 5: failed; found 8 %, limit 5 to 7 %.",
        ),
        (number(3.0, "3 %", "5 %", low=5.0), "always", "The thing is 5: failed; found 3 %, limit 5 %."),
        (number(3.0, "3 %", "5 %", low=5.0, u=0.1), "always", "The thing is 5: failed; found 3 %, limit 5 %."),
        (
            number(7.0000001, "7 %", "7 %", high=7.0),
            "always",
            "The thing is 5: failed; found 7 % (unrounded 7.0000001 against 7.0).",
        ),
    ],
)
def test_a_sentence_says_demand_word_and_number(judged: Judgement, binding: str, text: str) -> None:
    assert verdict(judged, binding).text == text


def test_data_have_a_unit_where_they_have_a_number() -> None:
    told = verdict(number(6.0, 6.0, 5.0, low=5.0, u=0.25))
    assert (told.value, told.u, told.low, told.high, told.unit) == (6.0, 0.25, 5.0, None, "s")
    assert verdict(number(6.0, 6.0, 5.0, low=5.0, unit="m")).unit == "m"
    assert verdict(Judgement(True, "yes", "yes")).unit == ""
    assert verdict(not_known(5.0, "why", high=5.0)).unit == "s"
    assert (verdict(not_known(5.0, "why")).value, verdict(not_known(5.0, "why")).binding) == (None, True)


@pytest.mark.parametrize(
    ("judged", "value", "u", "passed"),
    [
        (Judgement(True, "x", "y", value=4.0, low=5.0), 4.0, None, False),
        (Judgement(True, "x", "y", value=4.0, low=5.0, u=0.5), 4.0, 0.5, True),
        (Judgement(False, "x", "y", value=6.0, low=5.0, u=0.5), None, None, False),
        (Judgement(False, "x", "y", value=6.0, high=7.0), None, None, False),
        (Judgement(False, "x", "y", value=6.0, u=0.5), 6.0, 0.5, False),
        (Judgement(True, "x", "y", value=6.0, low=5.0, known=False), None, None, False),
        (Judgement(True, "x", "y", u=0.5), None, None, True),
    ],
)
def test_value_and_limits_never_contradict_a_verdict(
    judged: Judgement, value: float | None, u: float | None, passed: bool
) -> None:
    stated = _stated(judged)
    assert (stated.value, stated.u, stated.passed) == (value, u, passed)


def test_only_the_rule_of_another_package_may_fail() -> None:
    def broken(case: Case, row: Row) -> Judgement:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Rule("odd", "odd", broken).verdict(CASE, Row(binding="always", clause="c"))
    told = Rule("odd", "odd", broken, package="p 1").verdict(CASE, Row(binding="always", clause="c"))
    assert told is not None
    assert told.text == "Odd: not known, because the rule of p 1 failed (ZeroDivisionError)."
    assert (
        Rule("odd", "odd", broken, modes=frozenset({"accuracy"})).verdict(CASE, Row(binding="never", clause="c"))
        is None
    )


# --- rules on the run -----------------------------------------------------------------------------------


def warmed(counts: tuple[int, ...], folder: Path) -> Verdict:
    run = make_run(FAST).change(
        ev.InferenceDone,
        lambda n, e: e.model_copy(update={"warmups": counts[max(0, n - 1)]}),
    )
    return one(run, folder, "warm-ups")


@pytest.mark.parametrize(
    ("counts", "measured", "passed", "none"),
    [
        ((1, 1, 1, 1, 1), "1 before every window", True, False),
        ((0, 0, 0, 0, 0), "0 before every window", True, True),
        ((0, 1, 1, 1, 1), "0 to 1", False, True),
        ((2, 1, 1, 1, 1), "1 to 2", False, False),
    ],
)
def test_warm_ups_are_alike(
    tmp_path: Path, counts: tuple[int, ...], measured: str, passed: bool, none: bool
) -> None:
    told = warmed(counts, tmp_path)
    assert (told.measured, told.passed, told.note.startswith("none: ")) == (measured, passed, none)
    assert told.note.endswith("as asked: the session does not tell what the DUT did")


def test_warm_ups_are_those_that_the_dut_did(tmp_path: Path) -> None:
    asked = make_run(FAST).change(ev.InferenceDone, lambda _, e: e.model_copy(update={"warmups": 10}))
    run = with_exchange(asked)
    assert one(run, tmp_path / "good", "warm-ups").text.endswith(
        "passed; found 10 before every window, limit alike before every window."
    )

    def did_none(_: int, event: ev.Exchange) -> ev.Exchange:
        data = exchanged_bytes(event).replace(b"m-warmup-start-10", b"m-warmup-start-0")
        return exchange(event.t_ns, event.box, event.direction, data)

    told = one(run.change(ev.Exchange, did_none), tmp_path / "bad", "warm-ups")
    assert (told.measured, told.passed) == ("0 before every window", False)
    assert told.note.endswith("10 were asked for, and the DUT did 0")


@pytest.mark.parametrize(
    ("mode", "unit", "words"),
    [
        ("energy", "J", "µJ per inference"),
        ("performance", "1/s", "inferences per second"),
        ("accuracy", "%", "percent"),
    ],
)
def test_the_score_is_told_in_the_words_of_its_mode(tmp_path: Path, mode: str, unit: str, words: str) -> None:
    told = one(make_run(FAST, mode=mode), tmp_path, "score", "lab")
    assert (told.passed, told.note, told.unit) == (True, "", unit)
    assert str(told.measured).endswith(words)
    assert told.value is not None
    factor = 1e6 if mode == "energy" else 1.0
    assert float(str(told.measured).split()[0]) == pytest.approx(told.value * factor, rel=1e-5)
    assert (told.u is not None) == (mode == "energy")


def test_a_score_that_was_withheld_is_none(tmp_path: Path) -> None:
    told = one(cut(20.0)(make_run(FAST)), tmp_path, "score", "lab")
    assert (told.passed, told.measured, told.note) == (False, "none", "it was withheld")


def test_a_performance_run_that_was_killed_says_nothing_of_a_supply(tmp_path: Path) -> None:
    run = make_run(FAST, mode="performance")
    run.events = [event for event in run.events if not isinstance(event, ev.RunStopped)]
    assert check(run.write(tmp_path), ["supply-off"]) == []


@pytest.mark.parametrize("switched", [True, False])
def test_a_run_without_a_supply_is_not_asked_for_it(tmp_path: Path, switched: bool) -> None:
    run = edit(ev.MonitorConfigured, supply="")(edit(ev.RunStopped, supply_off_confirmed=None)(make_run(FAST)))
    if not switched:
        run.events = [event for event in run.events if not isinstance(event, ev.SupplySwitched)]
    assert bool(check(run.write(tmp_path), ["supply-off"])) is switched
