# SPDX-License-Identifier: Apache-2.0
"""`rules list`, `rules show`, and what `check` does, as functions that the command line calls."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from energy_runner.cli import rules_commands
from energy_runner.cli.outcome import run_app
from energy_runner.cli.rules_commands import CheckOptions, check_command
from energy_runner.errors import ConfigurationError, ExitStatus, SessionError
from energy_runner.rules import DEFAULT
from energy_runner.rules.table import RULES
from energy_runner.session import events as ev
from tests.support.bent_runs import FAST, edit
from tests.support.places import ROOT
from tests.support.synthetic import make_run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("COLUMNS", "100")
    app = typer.Typer()
    app.add_typer(rules_commands.rules, name="rules")

    @app.callback()
    def root() -> None:
        """Stand for the whole command line."""

    def called(*words: str) -> tuple[int, str, str]:
        status = run_app(app, ["rules", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return called


def test_list_names_the_sets_and_the_default(call: Call) -> None:
    status, out, err = call("list")
    assert (status, err) == (0, "")
    assert "mlperf-tiny-1.4 (default)" in out
    listed = json.loads(call("list", "--json")[1])
    assert {one["id"]: one["default"] for one in listed} == {
        "lab": False,
        "mlperf-tiny-1.3": False,
        "mlperf-tiny-1.4": True,
    }


def test_show_tells_what_each_rule_demands(call: Call) -> None:
    status, out, err = call("show", "lab")
    assert (status, err) == (0, "")
    words = " ".join(out.split())
    assert "lab: Laboratory use" in words
    assert "no-lost-samples" in words
    document = json.loads(call("show", "--json")[1])
    assert (document["schema"], document["id"]) == (rules_commands.SCHEMA, DEFAULT)
    (length,) = [rule for rule in document["rules"] if rule["id"] == "window-length"]
    assert (length["limit"], length["binding"]) == (10.0, "always")
    assert length["demand"] == "each window lasts at least 10 s"
    assert document["benchmarks"]["ic02"]["needs"] == "ic01"


def test_an_unknown_set_is_a_usage_error(call: Call) -> None:
    status, out, err = call("show", "mlperf-tiny-1.5")
    assert (status, out) == (2, "")
    assert "did you mean 'mlperf-tiny-1.4'" in err


@pytest.mark.parametrize("words", [("--help",), ("list", "--help"), ("show", "--help")], ids=" ".join)
def test_every_help_has_an_example(words: tuple[str, ...], call: Call) -> None:
    status, out, err = call(*words)
    assert (status, err) == (0, "")
    assert "energy-runner rules" in out.partition("Example")[2]


def test_completion_and_help_import_nothing_heavy() -> None:
    code = (
        "import sys; from energy_runner.cli import rules_commands as r\n"
        "assert r.complete_rule('sp') == ['spread'] and r.complete_rule_set('l') == ['lab']\n"
        "print([name for name in ('numpy', 'pydantic', 'pyjls') if name in sys.modules])"
    )
    root = ROOT
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_rules_and_the_default_of_the_command_line_are_those_of_the_rule_room() -> None:
    assert rules_commands.DEFAULT_RULE_SET == DEFAULT
    assert set(rules_commands.complete_rule("")) == RULES.keys()


# --- check ----------------------------------------------------------------------------------------------


def test_check_fails_by_binding_rules_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = edit(ev.StimulusLoaded, read_back=False)(make_run(FAST))
    session = run.write(tmp_path / "informed").path
    assert check_command(CheckOptions(session)) == ExitStatus.VALID
    assert check_command(CheckOptions(session, ["read-back"])) == ExitStatus.VALID
    short = make_run(FAST, window_s=2.0).write(tmp_path / "short").path
    assert check_command(CheckOptions(short)) == ExitStatus.RULE_FAILED
    assert check_command(CheckOptions(short, ["spread"])) == ExitStatus.VALID
    assert check_command(CheckOptions(short, rule_set="lab")) == ExitStatus.VALID
    assert "window-length" in capsys.readouterr().out


def test_check_prints_verdicts_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = make_run(FAST).write(tmp_path / "s").path
    performance = make_run(mode="performance").write(tmp_path / "p").path
    asked = CheckOptions(
        session, ["throughput-agrees", "sample-clock"], performance_session=performance, as_json=True
    )
    assert check_command(asked) == ExitStatus.VALID
    verdicts = json.loads(capsys.readouterr().out)
    assert [(v["id"], v["passed"], v["binding"], v["known"]) for v in verdicts] == [
        ("throughput-agrees", True, True, True),
        ("sample-clock", True, True, True),
    ]


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ("accuracy-target", "Try: accuracy_session"),
        ("throughput-agrees", "Try: performance_session"),
        ("same-firmware", "Try: accuracy_session or performance_session"),
    ],
)
def test_a_rule_that_says_nothing_tells_what_it_needs(tmp_path: Path, rule: str, advice: str) -> None:
    session = make_run(FAST).write(tmp_path / "s").path
    with pytest.raises(ConfigurationError, match=f"{rule} does not apply .* energy mode. {advice}"):
        check_command(CheckOptions(session, [rule]))
    with pytest.raises(ConfigurationError, match="progressive-sizes does not apply"):
        check_command(CheckOptions(session, ["progressive-sizes"]))


def test_a_damaged_session_is_named(tmp_path: Path) -> None:
    good = make_run(FAST).write(tmp_path / "good").path
    bad = edit(ev.InferenceDone, inferences=0)(make_run(FAST)).write(tmp_path / "bad").path
    with pytest.raises(SessionError, match="bad: the journal holds"):
        check_command(CheckOptions(bad))
    with pytest.raises(SessionError, match="the accuracy session: the journal holds"):
        check_command(CheckOptions(good, accuracy_session=bad))
