# SPDX-License-Identifier: Apache-2.0
"""Rules of other packages: asked where a rule set names them; a broken one is named and takes no other with it."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer

from energy_runner.cli import rules_commands
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError
from energy_runner.rules import ENERGY, Case, Judgement, Row, Rule, check, evaluate, load_rule_set, registry
from energy_runner.rules.table import RULES
from energy_runner.session.result import Verdict
from tests.support.bent_runs import FAST
from tests.support.synthetic import make_run


def humidity(case: Case, row: Row) -> Judgement | None:
    """Judge the humidity of the room, as the bench file of this laboratory notes it."""
    found = float(case.record.bench.get("humidity_percent", 40.0))
    return Judgement(found <= row.number, f"{found:g} %", f"{row.number:g} %", value=found, high=row.number)


def explode(case: Case, row: Row) -> Judgement | None:
    """Fail as other people's code may."""
    raise ZeroDivisionError("/home/someone/secret")


def nan(case: Case, row: Row) -> Judgement | None:
    """Give what no verdict can hold."""
    return Judgement(True, "x", "y", value=float("nan"))


def text(case: Case, row: Row) -> Judgement | None:
    """Give something else than a judgement."""
    return "passed"  # type: ignore[return-value]


GOOD = Rule("humidity", "at most {limit} % of humidity", humidity, ENERGY, "%", clause="Acme QM 4.2")
EXPLODES = Rule("explodes", "nothing goes wrong", explode)
NAN = Rule("nan", "nothing goes wrong", nan)
TEXT = Rule("text", "nothing goes wrong", text)
TAKEN = Rule("spread", "something else", humidity)
BRACES = Rule("braces", "at {most}", humidity)
NO_MODE = Rule("no-mode", "x", humidity, frozenset({"sleep"}))
BAD_ID = Rule("Bad Id", "x", humidity)
NOT_ONE = "a text"


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch):
    """Entry points as other packages would have them."""

    def install(*entries: tuple[str, str]) -> None:
        found = [EntryPoint(name, f"{__name__}:{value}", registry.ENTRY_POINT_GROUP) for name, value in entries]
        monkeypatch.setattr(registry, "entry_points", lambda group: found if group == found[0].group else [])

    return install


def own(folder: Path, rules: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(f'based_on = "lab"\n[rules]\n{rules}\n', "utf-8")
    return path


@pytest.mark.parametrize(("limit", "passed"), [(50, True), (30, False)])
def test_a_rule_of_another_package_is_asked_where_a_set_names_it(
    others, tmp_path: Path, limit: int, passed: bool
) -> None:
    others(("humidity", "GOOD"))
    path = own(tmp_path, f'humidity = {{ binding = "always", limit = {limit} }}')
    result = evaluate(make_run(FAST).write(tmp_path / "s"), rule_set=path)
    verdict = result.verdicts[-1]
    assert (verdict.id, verdict.passed, verdict.package) == ("humidity", passed, "an unknown package")
    assert (verdict.value, verdict.unit, verdict.high, verdict.clause) == (40.0, "%", limit, "Acme QM 4.2")
    assert (result.valid, verdict.rule_set) == (passed, "mine")
    assert "humidity" not in {one.id for one in evaluate(make_run(FAST).write(tmp_path / "t")).verdicts}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("gone", "MISSING", "AttributeError"),
        ("no-rule", "NOT_ONE", "is str and not a Rule"),
        ("spread", "TAKEN", "takes the id of a built-in rule"),
        ("other", "GOOD", "calls itself 'humidity', its entry point 'other'"),
        ("braces", "BRACES", "KeyError"),
        ("no-mode", "NO_MODE", "for modes other than accuracy, energy, performance"),
        ("Bad Id", "BAD_ID", "lower-case letters, digits and hyphens"),
    ],
)
def test_a_broken_rule_is_named_and_the_others_work(
    others, tmp_path: Path, name: str, value: str, words: str
) -> None:
    others((name, value), ("humidity", "GOOD"))
    assert words in registry.broken_rules()[name]
    assert registry.all_rules().keys() == {*RULES, "humidity"}
    assert registry.all_rules()["spread"] is RULES["spread"]
    assert load_rule_set(own(tmp_path, 'humidity = { binding = "never", limit = 9 }')).rules["humidity"].limit == 9
    if name not in RULES:
        with pytest.raises(ConfigurationError, match="line 3"):
            load_rule_set(own(tmp_path, f'"{name}" = {{ binding = "never" }}'))


def test_a_set_that_asks_a_broken_rule_is_told_why(others, tmp_path: Path) -> None:
    others(("gone", "MISSING"))
    with pytest.raises(ConfigurationError, match=r"line 3: .*MISSING of an unknown package cannot be loaded"):
        load_rule_set(own(tmp_path, 'gone = { binding = "never" }'))


def test_two_rules_of_one_id_are_both_refused(others) -> None:
    others(("humidity", "GOOD"), ("humidity", "GOOD"))
    assert "second rule of this id" in registry.broken_rules()["humidity"]
    assert "humidity" not in registry.all_rules()


@pytest.mark.parametrize(
    ("value", "error"), [("EXPLODES", "ZeroDivisionError"), ("NAN", "ValidationError"), ("TEXT", "AttributeErr")]
)
@pytest.mark.parametrize("binding", ["always", "never"])
def test_a_rule_that_fails_never_passes_and_takes_no_other_with_it(
    others, tmp_path: Path, value: str, error: str, binding: str
) -> None:
    name = value.lower()
    others((name, value))
    session = make_run(FAST).write(tmp_path / "s")
    result = evaluate(session, rule_set=own(tmp_path, f'{name} = {{ binding = "{binding}" }}'))
    verdict = result.verdicts[-1]
    assert (verdict.id, verdict.passed, verdict.known) == (name, False, False)
    assert verdict.note.startswith(f"the rule of an unknown package failed ({error}")
    assert "secret" not in verdict.note  # a result holds no path
    assert result.valid == (binding == "never")
    assert len(result.verdicts) == len(evaluate(session, rule_set="lab").verdicts) + 1


def test_a_rule_of_ours_that_fails_is_a_mistake_to_be_seen(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path / "s")
    case, row = Case.of(session, load_rule_set("lab")), Row(binding="never", clause="c")
    with pytest.raises(ZeroDivisionError):
        EXPLODES.verdict(case, row)


def test_a_set_whose_package_is_gone_is_refused(others, tmp_path: Path) -> None:
    others(("humidity", "GOOD"))
    rules = load_rule_set(own(tmp_path, 'humidity = { binding = "always", limit = 50 }'))
    session = make_run(FAST).write(tmp_path / "s")
    verdicts: list[Verdict] = check(session, ["humidity"], rule_set=rules)
    assert [verdict.id for verdict in verdicts] == ["humidity"]
    others(("gone", "MISSING"))
    with pytest.raises(ConfigurationError, match="rule 'humidity': no installed package provides it"):
        evaluate(session, rule_set=rules)


def test_the_commands_show_rules_of_other_packages_and_name_broken_ones(
    others, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others(("gone", "MISSING"), ("humidity", "GOOD"))
    app = typer.Typer()
    app.add_typer(rules_commands.rules, name="rules")
    app.callback()(lambda: None)
    assert run_app(app, ["rules", "list"]) == 0
    assert "rule 'gone' of another package" in capsys.readouterr().err
    assert run_app(app, ["rules", "show", str(own(tmp_path, 'humidity = { binding = "never", limit = 51 }'))]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "mine: a rule set of your own (based on lab)" in shown
    assert "Acme QM 4.2" in shown
    assert "equal-rates" in shown
