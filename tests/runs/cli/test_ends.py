# SPDX-License-Identifier: Apache-2.0
"""How commands end: one line and a status for each error, and streams that go away."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from energy_runner.cli.outcome import run_app
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted
from instruments.errors import Unavailable
from tests.support.cli import started
from tests.support.places import ROOT


def an_app(error: BaseException) -> typer.Typer:
    small = typer.Typer(rich_markup_mode=None)

    @small.command()
    def fail(as_json: bool = typer.Option(False, "--json")) -> None:
        raise error

    return small


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ConfigurationError("file: key is wrong"), 2, "file: key is wrong"),
        (BenchFault("the bench\nfell over"), 3, "the bench fell over"),
        (Interrupted("stopped by SIGTERM"), 4, "stopped by SIGTERM"),
        (Unavailable("open it", "gone\x1b[31m", "the cable"), 3, r"open it: gone\x1b[31m. Try: the cable"),
        (KeyboardInterrupt(), 4, "stopped by Ctrl-C (SIGINT)"),
        (FileNotFoundError(2, "No such file or directory", "a/b"), 3, "a/b: No such file or directory"),
    ],
)
def test_each_error_is_one_line_and_its_status(error, status, line, capsys):
    assert run_app(an_app(error), []) == status
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"energy-runner: {line}\n")
    assert run_app(an_app(error), ["--json"]) == status
    out, err = capsys.readouterr()
    assert err == f"energy-runner: {line}\n"
    document = json.loads(out)
    assert document["schema"] == "energy-runner/error/1"
    assert document["status"] == status


def test_our_own_mistake_is_not_taken_for_a_failed_rule(capsys):
    assert run_app(an_app(ZeroDivisionError("a mistake")), ["--json"]) == 3
    out, err = capsys.readouterr()
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("energy-runner: internal error (ZeroDivisionError)")
    assert json.loads(out)["status"] == 3


def test_ctrl_c_during_the_imports_is_status_4():
    code = (
        "import energy_runner.cli.outcome as outcome\n"
        "def run_app(app): exec('raise KeyboardInterrupt')\n"
        "outcome.run_app = run_app\n"
        "from energy_runner.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (4, "energy-runner: stopped by Ctrl-C (SIGINT)\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal to send")
def test_ctrl_c_before_anything_has_begun():
    """Sent as soon as the program says its first word."""
    child = subprocess.Popen(
        [sys.executable, "-m", "energy_runner", "bench", "serve", "virtual-n6705c", "--seconds", "30"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (0, ""), "to end a server by Ctrl-C is its normal end"


def test_a_reader_that_goes_away_is_no_error():
    for words in (["bench", "list"], ["bench", "show", "virtual-lpm01a"], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = started(*words, stdout=writing, stderr=subprocess.PIPE)
        finally:
            os.close(writing)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert done.returncode in (0, 1) if words == ["--help"] else done.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_told():
    with Path("/dev/full").open("w") as full:
        done = started("bench", "list", stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (3, "energy-runner: No space left on device\n")


def test_signs_that_the_terminal_lacks_are_written_out():
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    for words in (["bench", "doctor", "virtual-lpm01a"], ["instruments", "show", "lpm01a"], ["bench", "list"]):
        done = started(*words, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()


LATE = """
import signal, sys
from energy_runner.cli import main, run_command
shown = run_command.show
def show(*given, **more):
    signal.raise_signal(signal.SIGINT)
    shown(*given, **more)
run_command.show = show
main()
"""


def test_ctrl_c_after_a_run_does_not_change_what_became_of_it(tmp_path):
    """Status 4 would say that the supply is off, and this run may have ended with a supply that is not."""
    words = ("run", "demo-keywords", "-b", "virtual-lpm01a", "-n", "50", "--out", "session")
    ended = subprocess.run(
        [sys.executable, "-c", LATE, *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (ended.returncode, "stopped" in ended.stderr) == (0, False), ended.stderr


def test_what_a_job_adds_to_its_error_is_in_the_message(capsys):
    for error in (
        ZeroDivisionError("x"),
        OSError(28, "No space left on device"),
        Unavailable("a", "b"),
        BenchFault("c."),
    ):
        error.add_note("THE SUPPLY MAY STILL BE ON")
        assert run_app(an_app(error), []) == 3
        assert capsys.readouterr().err.splitlines()[-1].endswith("; THE SUPPLY MAY STILL BE ON")


@pytest.mark.skipif(os.name == "nt", reason="Windows numbers its files otherwise")
def test_nothing_that_is_opened_takes_the_place_of_a_closed_stream():
    code = "import os; from energy_runner.cli import fill_closed; os.close(0); os.close(2); fill_closed(); "
    code += "print(os.open(os.devnull, os.O_RDONLY), os.path.samestat(os.fstat(2), os.stat(os.devnull)))"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    number, is_null = ended.stdout.split()
    assert int(number) > 2
    assert is_null == b"True"
