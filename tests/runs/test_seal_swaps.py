# SPDX-License-Identifier: Apache-2.0
"""Files that are swapped, missing, or no files, sessions that are compared with, and folders full of links."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.session import disk
from tests.support.small import small_plan, twin_bench

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two energy sessions of different twins, and one in performance mode."""
    parent = tmp_path_factory.mktemp("swaps")
    plan, fast = small_plan(parent / "stimuli"), small_plan(parent / "stimuli", "performance")
    api.run(twin_bench("virtual-lpm01a"), plan, out=parent / "s", rule_set="lab")
    api.run(twin_bench("virtual-lpm01a", seed=9), plan, out=parent / "other", rule_set="lab")
    api.run(twin_bench("virtual-lpm01a", "performance"), fast, out=parent / "p", rule_set="lab")
    return parent


@pytest.fixture
def folders(originals: Path, tmp_path: Path) -> Path:
    return shutil.copytree(originals, tmp_path / "all")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str]:
        status = run_app(app, [str(word) for word in words])
        return status, capsys.readouterr().err

    return command


def test_phases_and_samples_are_those_of_the_facts_and_not_of_an_edited_result(folders: Path, run: Run) -> None:
    session = folders / "s"
    before, samples = api.phases(session), api.window_arrays(session, 1)
    shutil.copy(folders / "other" / "result.json", session / "result.json")
    assert run("phases", session)[0] == 1
    (session / "result.json").unlink()
    assert api.phases(session) == before
    assert all((one == other).all() for one, other in zip(api.window_arrays(session, 1), samples, strict=True))


def test_a_report_without_its_result_is_said(folders: Path, run: Run) -> None:
    (folders / "s" / "result.json").unlink()
    status, said = run("check", folders / "s", "--rule-set", "lab")
    assert (status, "result.json: is missing, and report.html shows it" in said) == (1, True)
    page = folders / "s" / "report.html"
    page.write_bytes(page.read_bytes().replace(b"VALID", b"VALlD"))
    assert "report.html: was changed after it was written" in run("check", folders / "s")[1]


@pytest.mark.parametrize(
    ("name", "words"),
    [("result.json", "result.json: was derived from other facts"), ("trace.jls", "trace.jls: has ")],
)
def test_a_list_believes_no_figure_of_a_changed_session(
    folders: Path, run: Run, name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(row.differs is None for row in api.list_sessions(folders))
    shutil.copy(folders / "other" / name, folders / "s" / name)
    (row,) = [row for row in api.list_sessions(folders) if row.name == "s"]
    assert (row.differs or "").startswith(words)
    run_app(app, ["sessions", "list", str(folders)])
    shown = capsys.readouterr()
    assert words in shown.err
    (line,) = [line for line in shown.out.splitlines() if "changed" in line and "µJ" not in line]
    assert words in line


@pytest.mark.parametrize("command", ["check", "analyze"])
def test_changes_in_a_session_that_is_compared_with_are_located(folders: Path, run: Run, command: str) -> None:
    words = ("--rule-set", "lab", "--performance-session", folders / "p")
    assert run(command, folders / "s", *words) == (0, "")
    journal = folders / "p" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"virtual":true', b'"virtual":null', 1))
    status, said = run(command, folders / "s", *words)
    assert status == 1
    assert said.startswith(f"energy-runner: {folders / 'p'}: journal.jsonl, bytes ")


def test_a_rule_set_or_a_session_that_changed_since_the_verdict_is_said(folders: Path, run: Run) -> None:
    own = folders / "own.toml"
    own.write_text('id = "own"\n[rules]\nrun-completed = { binding = "always", clause = "mine" }\n', "utf-8")
    words = ("--rule-set", own, "--performance-session", folders / "p")
    assert run("analyze", folders / "s", *words)[0] == 0
    assert run("check", folders / "s", *words) == (0, "")
    shutil.rmtree(folders / "p")
    again = small_plan(folders / "more", "performance", inferences=11)
    api.run(twin_bench("virtual-lpm01a", "performance"), again, out=folders / "p", rule_set="lab")
    status, said = run("check", folders / "s", *words)
    assert (status, "was judged with other facts of the performance session" in said) == (1, True)
    own.write_text(own.read_text("utf-8").replace("mine", "yours"), "utf-8")
    status, said = run("check", folders / "s", *words)
    assert (status, "rule set own has changed since it judged" in said) == (1, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
@pytest.mark.parametrize("name", ["journal.jsonl", "trace.jls", "result.json"])
def test_a_pipe_in_place_of_a_file_ends_no_command_in_a_wait(folders: Path, run: Run, name: str) -> None:
    (folders / "s" / name).unlink()
    os.mkfifo(folders / "s" / name)
    for words in (("check", folders / "s"), ("phases", folders / "s"), ("sessions", "list", folders)):
        status, said = run(*words)
        assert (status != 0 or words[0] == "sessions", name in said) == (True, True)
    assert run("check", folders / "other", "--performance-session", folders / "s")[0] in {0, 1, 2}


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_a_link_in_a_folder_of_somebody_else_leads_no_write_to_another_file(
    folders: Path, run: Run, make: Callable[[Path, Path], None]
) -> None:
    mine = folders / "mine.txt"
    mine.write_text("mine", "utf-8")
    for name in (".result.json.tmp", ".report.html.tmp"):
        make(folders / "s" / name, mine)
    assert run("report", folders / "s", "--rule-set", "lab")[0] == 0
    for name in (".result.json.tmp", ".report.html.tmp"):
        (folders / "s" / name).unlink(missing_ok=True)
        make(folders / "s" / name, mine)
    assert run("analyze", folders / "s", "--rule-set", "lab")[0] == 0
    assert mine.read_text("utf-8") == "mine"


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    from energy_runner.errors import SessionError
    from energy_runner.session.journal import Journal

    path = tmp_path / "journal.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(SessionError, match="line 1: not an event"):
        list(Journal(path))
    with pytest.raises(OSError, match="a pipe or a device"):
        disk.open_file(Path(os.devnull))
