# SPDX-License-Identifier: Apache-2.0
"""Commands say at once what in a session is not as it was written, and changed facts give no valid score."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import BenchFault
from energy_runner.session import disk
from energy_runner.session.folder import Session
from energy_runner.session.seal import HTML_MARK, is_stamped, stamp_of
from tests.support.small import small_plan, twin_bench

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a virtual bench, with result and report."""
    parent = tmp_path_factory.mktemp("seal")
    api.run(twin_bench("virtual-lpm01a"), small_plan(parent / "stimuli"), out=parent / "s", rule_set="lab")
    return parent / "s"


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "s")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str]:
        status = run_app(app, [str(word) for word in words])
        return status, capsys.readouterr().err

    return command


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_bytes().decode()
        assert old in text
        (folder / name).write_bytes(text.replace(old, new, 1).encode())

    return change


def cut_trace(folder: Path) -> None:
    path = folder / "trace.jls"
    path.write_bytes(path.read_bytes()[:-3000])


FACTS = [
    (edit("record.json", '"virtual": true', '"virtual": false'), "record.json, key `virtual`: was changed"),
    (edit("journal.jsonl", '"virtual":true', '"virtual":null'), r"journal.jsonl, bytes \d+ to \d+ \(lines? \d+"),
    (cut_trace, r"trace.jls, from byte \d+ on: has \d+ bytes, \d+ when"),
]


def test_an_untouched_session_differs_in_nothing(folder: Path, run: Run) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    session = api.load_session(folder)
    assert api.differences(session, fresh=api.analyze(session, rule_set="lab")) == []
    assert run("check", folder, "--rule-set", "lab") == (0, "")
    assert run("analyze", folder, "--rule-set", "lab") == (0, "")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(("change", "words"), FACTS)
@pytest.mark.parametrize(
    "command",
    [
        *[("check",), ("analyze",), ("report",), ("segment",), ("phases",)],
        *[("use", "--per-hour", "60"), ("export", "table")],
    ],
    ids=lambda words: words[-1] if words[0] == "export" else words[0],
)
def test_each_command_says_at_once_what_differs(
    folder: Path, run: Run, command: tuple[str, ...], change: Callable[[Path], None], words: str
) -> None:
    change(folder)
    name, *options = command
    status, said = run(*([name, *options, folder] if name == "export" else [name, folder, *options]))
    assert status in {1, 2}, "changed facts, and what was derived from them is printed as if nothing were"
    assert re.match(rf"energy-runner: {re.escape(str(folder))}: {words}", said), said


def test_an_export_of_a_submission_says_so_before_it_judges(folder: Path, run: Run, tmp_path: Path) -> None:
    FACTS[0][0](folder)
    form = api.write_system_form(tmp_path / "board.toml")
    words = ["--out", tmp_path / "out", "--org", "o", "--system", "s", "--system-file", form]
    _, said = run("export", "mlperf", folder, *words)
    assert said.startswith(f"energy-runner: {folder}: {FACTS[0][1]}")


@pytest.mark.parametrize(("change", "words"), FACTS)
def test_changed_facts_retract_the_score_in_result_and_report_alike(
    folder: Path, run: Run, change: Callable[[Path], None], words: str
) -> None:
    shown = (folder / "report.html").read_text("utf-8")
    assert "no valid score" not in shown.partition("</title>")[0]
    change(folder)
    status, _ = run("analyze", folder, "--rule-set", "lab")
    result = Session.open(folder).result()
    assert (status, result.valid, result.energy_per_inference_j) == (1, False, None)
    assert any(finding.id == "facts-changed" for finding in result.findings)
    (verdict,) = [one for one in result.verdicts if one.id == "facts-sealed"]
    assert (verdict.passed, verdict.binding, verdict.measured) == (False, True, "changed")
    page = (folder / "report.html").read_bytes()
    assert b"no valid score" in page.partition(b"</title>")[0]
    assert stamp_of(page, b'name="result" content="') == result.sha256
    assert is_stamped(page, HTML_MARK)


def test_a_rule_set_without_the_rule_makes_no_changed_facts_valid(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('id = "own"\n[rules]\nrun-completed = { binding = "always", clause = "mine" }\n', "utf-8")
    assert api.analyze(folder, rule_set=own).valid
    FACTS[0][0](folder)
    assert not api.analyze(folder, rule_set=own).valid


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit("result.json", '"valid": true', '"valid": null'), "result.json: valid: "),
        (
            edit("result.json", '"benchmark": "kws01"', '"benchmark": "kws02"'),
            "result.json, line 3: was changed after it was derived",
        ),
        (edit("report.html", "VALID", "VALlD"), "report.html: was changed after it was written"),
    ],
)
def test_an_edited_derivation_is_said_and_derived_again(
    folder: Path, run: Run, change: Callable[[Path], None], words: str
) -> None:
    change(folder)
    status, said = run("check", folder, "--rule-set", "lab")
    assert status == 1
    assert words in said
    assert "Try: analyze the session, which derives result and report again" in said
    run("analyze", folder, "--rule-set", "lab")
    assert run("check", folder, "--rule-set", "lab") == (0, "")


def test_a_result_and_a_report_of_others_do_not_belong(folder: Path, run: Run, tmp_path: Path) -> None:
    api.run(
        twin_bench("virtual-lpm01a", seed=9), small_plan(tmp_path / "st"), out=tmp_path / "other", rule_set="lab"
    )
    for name in ("result.json", "report.html"):
        mine = (folder / name).read_bytes()
        shutil.copy(tmp_path / "other" / name, folder / name)
        status, said = run("check", folder, "--rule-set", "lab")
        assert (status, f"{name}: " in said) == (1, True)
        (folder / name).write_bytes(mine)


def test_a_forged_result_with_the_right_digest_is_not_what_the_facts_give(folder: Path, run: Run) -> None:
    session = Session.open(folder)
    forged = session.result().model_copy(update={"throughput_per_s": 1e9})
    from energy_runner.session.folder import write_result

    write_result(folder, forged)
    status, said = run("check", folder, "--rule-set", "lab")
    assert status == 1
    assert "result.json: its facts give another throughput_per_s" in said


def test_a_result_names_what_it_was_judged_with(original: Path, tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "stimuli", "performance")
    other = api.run(twin_bench("virtual-lpm01a", "performance"), plan, out=tmp_path / "p")
    result = api.analyze(original, performance_session=other, rule_set="lab")
    record = json.loads((original / "record.json").read_bytes())
    assert result.judged_by is not None
    assert result.judged_by.facts_sha256 == record["seal"]["sha256"]
    assert (result.judged_by.rule_set, len(result.judged_by.rule_set_sha256)) == ("lab", 64)
    assert result.judged_by.accuracy_session is None
    assert result.judged_by.performance_session is not None
    assert other.record.seal is not None
    assert result.judged_by.performance_session.facts_sha256 == other.record.seal.sha256
    assert record["environment"]["libraries"]["pyjls"]
    assert record["environment"]["python"].startswith("CPython 3.")


@pytest.mark.parametrize("call", ["write", "sync", "replace"])
def test_result_and_report_are_written_both_or_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    real = getattr(disk, call)
    for at in range(2):
        calls = []

        def failing(*given: object, at: int = at, calls: list[int] = calls) -> object:
            calls.append(1)
            if len(calls) == at + 1:
                raise OSError(28, "No space left on device")
            return real(*given)

        with monkeypatch.context() as patched:
            patched.setattr(disk, call, failing)
            with pytest.raises(BenchFault, match=r"result\.json: cannot be written"):
                api.analyze(folder, rule_set="mlperf-tiny-1.4", write=True)
        after = {path.name: path.read_bytes() for path in folder.iterdir()}
        if call == "replace":  # never a report that shows another result
            assert "report.html" not in after
            continue
        assert after == before, f"{call} {at}"


def test_a_report_written_again_shows_what_was_judged_with_another_session(folder: Path, run: Run) -> None:
    other = shutil.copytree(folder, folder.parent / "accuracy")
    run("analyze", folder, "--accuracy-session", other)
    page = (folder / "report.html").read_bytes()
    shutil.rmtree(other)  # it may be gone by then

    assert run("report", folder) == (0, "")
    assert (folder / "report.html").read_bytes() == page
    assert not api.differences(folder)
    assert "another result" not in run("check", folder)[1]

    (folder / "result.json").write_bytes((folder / "result.json").read_bytes().replace(b"mlperf", b"mlpref", 1))
    run("report", folder)
    assert (folder / "report.html").read_bytes() != page
