# SPDX-License-Identifier: Apache-2.0
"""The rule sets: complete, each agreeing with the rules, the benchmarks and the documentation."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from energy_runner.analysis.placing.clock import SAMPLE_CLOCK_LIMIT
from energy_runner.benchmarks.catalogue import list_benchmarks, load_benchmark
from energy_runner.errors import ConfigurationError
from energy_runner.rules import load_rule_set
from energy_runner.rules.rounds import known_sets, set_of_round
from energy_runner.rules.rule_sets import DEFAULT, Row, RuleSet, list_rule_sets
from energy_runner.rules.table import RULES
from tests.support.places import ROOT
from tests.support.synthetic import make_run

SUITES = ["mlperf-tiny-1.3", "mlperf-tiny-1.4"]
DOCUMENT = ROOT / "docs" / "reference" / "rules.md"


def test_there_are_three_sets_and_a_default() -> None:
    assert [rule_set.id for rule_set in list_rule_sets()] == ["lab", *SUITES]
    assert DEFAULT == "mlperf-tiny-1.4"


@pytest.mark.parametrize("rule_set", list_rule_sets(), ids=lambda one: one.id)
def test_a_set_asks_only_rules_that_exist_in_one_order(rule_set: RuleSet) -> None:
    assert [rule for rule in RULES if rule in rule_set.rules] == list(rule_set.rules)
    assert rule_set.title
    for rule_id, row in rule_set.rules.items():
        # A rule whose wording names a limit needs one, and no other rule has one.
        assert ("{limit" in RULES[rule_id].title) == (row.limit is not None), rule_id
        assert "{" not in RULES[rule_id].wording(row)
        if row.remark_above is not None:
            assert row.remark_above < row.number


def test_every_rule_is_asked_by_some_set_and_says_what_it_does() -> None:
    assert {rule for one in list_rule_sets() for rule in one.rules} == RULES.keys()
    assert all(rule.judge.__doc__ for rule in RULES.values())
    assert all(rule.id == rule_id for rule_id, rule in RULES.items())


@pytest.mark.parametrize("suite", SUITES)
def test_a_suites_limits_are_those_that_runs_are_planned_for(suite: str) -> None:
    rule_set = load_rule_set(suite)
    limits = tuple(rule_set.rules[rule].limit for rule in ("five-windows", "window-length", "window-inferences"))
    for benchmark in list_benchmarks():
        run = benchmark.run
        assert (run.windows, run.min_window_s, run.min_inferences) == limits


@pytest.mark.parametrize("suite", SUITES)
def test_a_suites_benchmarks_are_ours(suite: str) -> None:
    for benchmark_id, row in load_rule_set(suite).benchmarks.items():
        ours = load_benchmark(benchmark_id)
        assert row.target == ours.target
        assert ours.stimuli in row.stimuli
        assert row.first
        assert all(len(set(first)) == ours.run.windows for first in row.first)
        assert make_run(benchmark=benchmark_id).record.benchmark.target == row.target


def test_what_the_newer_suite_changes() -> None:
    old, new = (load_rule_set(suite) for suite in SUITES)
    assert new.benchmarks.keys() - old.benchmarks.keys() == {"ic02"}
    assert new.benchmarks["ic02"].needs == "ic01"
    assert new.rules.keys() - old.rules.keys() == {"progressive-sizes"}
    assert (old.runners, new.runners) == (("EEMBC", "MLCommons"), ("MLCommons",))
    both = old.rules.keys() - {"benchmark", "runner"}
    assert all(old.rules[rule] == new.rules[rule] for rule in both)


def test_no_score_is_withheld_without_a_binding_rule_that_says_why() -> None:
    for rule_set in list_rule_sets():
        assert rule_set.rules["sample-clock"].number <= SAMPLE_CLOCK_LIMIT
        bound = {rule for rule, row in rule_set.rules.items() if row.binding == "always"}
        assert "score" in bound or {"five-windows", "edges-match-commands", "accuracy-target"} <= bound


@pytest.mark.parametrize("suite", SUITES)
def test_the_laboratory_binds_less_than_a_suite(suite: str) -> None:
    lab, strict = load_rule_set("lab").rules, load_rule_set(suite).rules
    bound = {rule for rule, row in lab.items() if row.binding != "never"}
    # No suite compares what its DUTs hold; for us an accuracy without that is not proven.
    assert bound - {"score", "inputs-read-back"} < {rule for rule, row in strict.items() if row.binding != "never"}
    assert lab["no-lost-samples"].number > strict["no-lost-samples"].number


def test_binding_has_three_degrees() -> None:
    bound = {
        (binding, known): Row(binding=binding, clause="c").binds(known=known)
        for binding in ("always", "if known", "never")
        for known in (True, False)
    }
    assert [key for key, value in bound.items() if value] == [
        ("always", True),
        ("always", False),
        ("if known", True),
    ]


@pytest.mark.parametrize(
    "damage",
    [
        {"rules": {"spread": {"binding": "sometimes", "clause": "c"}}},
        {"rules": {"spread": {"binding": "never", "clause": ""}}},
        {"rules": {"spread": {"binding": "never", "clause": "c", "limit": float("nan")}}},
        {"rules": {}, "benchmarks": {"ic02": {"target": 91.0, "needs": "ic01"}}},
        {"rules": {}, "more": 1},
    ],
)
def test_a_damaged_set_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RuleSet.model_validate({"id": "x", "title": "x", **damage})


def test_a_missing_limit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no limit"):
        _ = Row(binding="never", clause="c").number


def test_an_unknown_set_is_met_with_a_suggestion() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'lab'"):
        load_rule_set("LAB")


# --- documentation --------------------------------------------------------------------------------------


def table() -> list[str]:
    """Return the table of the documentation, as the sets have it."""
    sets = [load_rule_set(rule_set) for rule_set in [*SUITES, "lab"]]
    lines = []
    for rule_id, rule in RULES.items():
        cells = [one.rules[rule_id].binding if rule_id in one.rules else "-" for one in sets]
        limits = {one.rules[rule_id].limit for one in sets if rule_id in one.rules}
        shown = " / ".join(f"{limit:g}" for limit in sorted(limits - {None}))
        modes = "all" if len(rule.modes) == 3 else ", ".join(sorted(rule.modes))
        lines.append(f"| `{rule_id}` | {modes} | {shown} | {' | '.join(cells)} |")
    return lines


def test_the_documentation_has_every_rule_as_the_sets_have_it() -> None:
    document = DOCUMENT.read_text("utf-8")
    missing = [line for line in table() if line not in document]
    assert not missing, "\n".join(missing)
    assert all(f"**{rule_id}**" in document for rule_id in RULES)


ROUNDS = ["0.5", "0.7", "1.0", "1.1", "1.2", "1.3", "1.4"]


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize("division", ["closed", "open"])
def test_every_round_and_division_has_a_set(number: str, division: str) -> None:
    rules = set_of_round(number, division)
    assert rules.id == f"mlperf-tiny-{number}" + ("-open" if division == "open" else "")
    assert load_rule_set(rules.id) is rules
    assert f"v{number}, {division} division" in rules.title
    assert rules.rules["accuracy-target"].binding == ("never" if division == "open" else "always")
    assert all(rule_id in RULES for rule_id in rules.rules)
    assert rules.audit == load_rule_set(DEFAULT).audit
    assert ("ic02" in rules.benchmarks) == (number == "1.4")
    assert len({one.digest for one in known_sets().values()}) == len(known_sets())


def test_an_unknown_round_is_judged_by_the_newest_rules() -> None:
    assert [set_of_round(text, "closed").id for text in ("", "9.9")] == [DEFAULT, DEFAULT]
    assert set_of_round("", "open").id == f"{DEFAULT}-open"


def test_the_name_of_a_rounds_set_is_taken_and_it_can_be_a_base(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('based_on = "mlperf-tiny-1.2-open"\n', "utf-8")
    assert load_rule_set(own).runners == ("EEMBC", "MLCommons")
    own.write_text('id = "MLPERF-tiny-1.2-open"\nbased_on = "lab"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="is the id of a built-in rule set"):
        load_rule_set(own)
