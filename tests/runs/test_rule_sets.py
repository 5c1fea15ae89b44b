# SPDX-License-Identifier: Apache-2.0
"""Rule sets on whole runs of the twins: three modes of one DUT, and journals that break off anywhere."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench.spec import Mode
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ExitStatus, SessionError
from energy_runner.rules import check, evaluate, list_rule_sets
from energy_runner.session.folder import JOURNAL, Session, json_bytes
from energy_runner.session.result import Verdict

SETS = [rule_set.id for rule_set in list_rule_sets()]
MODES: tuple[Mode, ...] = ("energy", "performance", "accuracy")


@pytest.fixture(scope="module")
def stimuli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stimuli")
    write_demo_stimuli(folder)
    return folder


@pytest.fixture(scope="module")
def runs(stimuli: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Session]:
    """One session in each mode, of the same twin."""
    folder = tmp_path_factory.mktemp("runs")
    bench = api.load_bench("virtual-lpm01a")
    return {
        mode: api.run(bench, api.plan("kws01", mode, stimuli=stimuli, seed=7), out=folder / mode) for mode in MODES
    }


def judged(runs: dict[str, Session], rule_set: str) -> dict[str, Verdict]:
    verdicts = check(runs["energy"], None, runs["accuracy"], runs["performance"], rule_set)
    return {verdict.id: verdict for verdict in verdicts}


@pytest.mark.parametrize("rule_set", SETS)
def test_every_set_judges_an_energy_run_with_its_other_modes(runs: dict[str, Session], rule_set: str) -> None:
    verdicts = judged(runs, rule_set)
    for rule in ("same-firmware", "throughput-agrees", "same-answers", "lap-clock", "voltage", "sample-clock"):
        assert (verdicts[rule].passed, verdicts[rule].known) == (True, True), verdicts[rule]
    # The demo has a handful of stimuli, which is no accuracy of kws01.
    target = verdicts["accuracy-target"]
    assert (target.passed, target.known) == (False, True)
    assert target.note.endswith("of 1000 stimuli")
    failed = {rule for rule, verdict in verdicts.items() if verdict.binding and not verdict.passed}
    assert failed == (set() if rule_set == "lab" else {"accuracy-target"})


def test_the_twins_clock_is_near_the_hosts(runs: dict[str, Session]) -> None:
    (verdict,) = check(runs["performance"], ["dut-clock"])
    assert (verdict.passed, verdict.known) == (True, True)


@pytest.mark.parametrize("rule_set", SETS)
@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_a_twin_says_that_it_is_one_and_is_valid_all_the_same(
    runs: dict[str, Session], mode: str, rule_set: str
) -> None:
    result = evaluate(runs[mode], rule_set=rule_set)
    assert (result.valid, result.rule_set) == (True, rule_set)
    (simulated,) = [verdict for verdict in result.verdicts if verdict.id == "not-simulated"]
    assert (simulated.passed, simulated.binding, simulated.measured) == (False, False, "simulated")
    assert not {"calibration", "temperature"} & {verdict.id for verdict in result.verdicts}


def test_a_monitor_that_measures_voltage_is_judged_by_its_windows(stimuli: Path, tmp_path: Path) -> None:
    bench = api.load_bench("virtual-n6705c")
    session = api.run(bench, api.plan("kws01", stimuli=stimuli, seed=7), out=tmp_path / "s")
    verdicts = {verdict.id: verdict for verdict in check(session)}
    assert verdicts["voltage"].passed
    assert verdicts["instrument-known"].passed
    assert "lap-clock" not in verdicts  # the laps placed the windows
    assert session.result().rule_set == "mlperf-tiny-1.4"


OWN = 'based_on = "lab"\n[rules]\nnot-simulated = { binding = "always", clause = "our handbook" }\n'


def test_a_run_is_judged_by_a_rule_set_of_ones_own(stimuli: Path, tmp_path: Path, capsys) -> None:
    rules = tmp_path / "my-lab.toml"
    rules.write_text(OWN, "utf-8")
    words = ["run", "kws01", "-b", "virtual-lpm01a", "-s", str(stimuli), "-o", str(tmp_path / "s")]
    assert run_app(app, [*words, "--rule-set", str(rules), "--json"]) == ExitStatus.RULE_FAILED
    result = json.loads(capsys.readouterr().out)
    assert result["rule_set"] == "my-lab"
    assert result["rule_set_sha256"] == hashlib.sha256(rules.read_bytes()).hexdigest()
    assert [v["id"] for v in result["verdicts"] if v["binding"] and not v["passed"]] == ["not-simulated"]
    written = (tmp_path / "s" / "result.json").read_bytes()

    assert run_app(app, ["report", str(tmp_path / "s")]) == 0
    said = capsys.readouterr().err
    assert "judged by mlperf-tiny-1.4; result.json was judged by my-lab (a file of your own)" in said
    assert run_app(app, ["report", str(tmp_path / "s"), "--rule-set", str(rules)]) == 0
    assert "report.html: shows another result than result.json" in capsys.readouterr().err
    assert "our handbook" in (tmp_path / "s" / "report.html").read_text("utf-8")

    assert run_app(app, ["analyze", str(tmp_path / "s"), "--rule-set", str(rules)]) == ExitStatus.RULE_FAILED
    assert (tmp_path / "s" / "result.json").read_bytes() == written
    assert run_app(app, ["analyze", str(tmp_path / "s")]) == 0
    assert "result.json was judged by my-lab" in capsys.readouterr().err
    assert json.loads((tmp_path / "s" / "result.json").read_text("utf-8"))["rule_set"] == "mlperf-tiny-1.4"


def test_a_mistake_in_a_rule_set_is_found_before_anything_opens(stimuli: Path, tmp_path: Path, capsys) -> None:
    rules = tmp_path / "my-lab.toml"
    rules.write_text('based_on = "lab"\n[rules]\nsprad = { limit = 0.01 }\n', "utf-8")
    words = ["run", "kws01", "-b", "virtual-lpm01a", "-s", str(stimuli), "-o", str(tmp_path / "s")]
    assert run_app(app, [*words, "--rule-set", str(rules)]) == ExitStatus.USAGE
    assert "my-lab.toml, line 3: unknown rule 'sprad'; did you mean 'spread'?" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_judging_again_gives_the_same_bytes(runs: dict[str, Session]) -> None:
    others = (runs["accuracy"], runs["performance"])
    first = json_bytes(evaluate(Session.open(runs["energy"].path), *others))
    assert json_bytes(evaluate(Session.open(runs["energy"].path), *others)) == first


@pytest.mark.parametrize("mode", MODES)
def test_a_journal_that_breaks_off_anywhere_is_judged_and_never_valid(
    runs: dict[str, Session], mode: str, tmp_path: Path
) -> None:
    whole = runs[mode].path
    lines = (whole / JOURNAL).read_bytes().splitlines(keepends=True)
    copy = Path(shutil.copytree(whole, tmp_path / "copy"))
    for twelfth in range(12):
        (copy / JOURNAL).write_bytes(b"".join(lines[: len(lines) * twelfth // 12]))
        session = Session.open(copy)
        for rule_set in SETS:
            try:
                result = evaluate(session, runs["accuracy"], runs["performance"], rule_set)
            except SessionError:
                assert twelfth == 0
                continue
            assert not result.valid
            for verdict in result.verdicts:
                assert verdict.known or not verdict.passed
                assert verdict.passed or verdict.known or verdict.note
            edges = [verdict for verdict in result.verdicts if verdict.id == "edges-match-commands"]
            assert all(_even(verdict) for verdict in edges if verdict.passed)


def _even(verdict: Verdict) -> bool:
    """Return whether an edge verdict that passed names as many edges as were due."""
    seen, _, due = str(verdict.measured).partition(" edges for ")
    return seen == due
