# SPDX-License-Identifier: Apache-2.0
"""Help and completion: every command has an example, nothing heavy is imported, the shell completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import commands, started
from tests.support.places import ROOT

HEAVY = ("numpy", "pydantic", "pyvisa", "serial", "pyjls", "matplotlib", "plotly", "rich.markdown", "rich.console")
COMMANDS = [words for words, _ in commands()]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_has_an_example_that_fits(words, call):
    status, out, err = call(*words, "--help")
    assert (status, err) == (0, "")
    assert "energy-runner" in out.partition("Example")[2] or "First steps" in out
    assert out.startswith(f"Usage: {' '.join(('energy-runner', *words))} ")
    described = [line for line in out.partition("Commands:")[2].splitlines() if line.endswith("...")]
    assert not described, "a one-line description is cut off"
    usage, arguments = out.splitlines()[0], out.partition("Arguments:")[2].partition("Options:")[0]
    assert not any(sign in usage for sign in ("[[", "......", "...}")), "typer adds brackets and dots itself"
    assert "<" not in arguments, "a type of Python is shown"


@pytest.mark.parametrize("words", [w for w, command in commands() if hasattr(command, "commands")], ids=" ".join)
def test_a_group_alone_shows_its_help(words, call):
    status, out, err = call(*words)
    assert (status, out) == (2, "")
    assert "Commands:" in err


def test_version(call):
    status, out, _ = call("--version")
    assert status == 0
    assert out.startswith("energy-runner ")


def test_help_imports_nothing_heavy():
    """A command's own help does import pydantic, with which typer converts options; see the next test."""
    code = (
        "import sys; from energy_runner.cli.app import app; from energy_runner.cli.outcome import run_app\n"
        "run_app(app, ['--help']); run_app(app, ['--version'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_commands_help_opens_no_box_and_draws_nothing():
    code = (
        "import sys; from energy_runner.cli.app import app; from energy_runner.cli.outcome import run_app\n"
        "for words in ('run', 'demo', 'analyze', 'check', 'report'): run_app(app, [words, '--help'])\n"
        "run_app(app, ['bench', 'doctor', '--help']); run_app(app, ['instruments', 'list', '--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules and name != 'pydantic'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_takes_a_small_multiple_of_an_empty_start():
    # CPU time of child processes: what else the machine does at the same time counts little.
    resource = pytest.importorskip("resource", reason="Windows does not tell the CPU time of a child")

    def cpu_s(*words: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    empty, shown = [], []
    for _ in range(5):
        empty.append(cpu_s("-c", "pass"))
        shown.append(cpu_s("-m", "energy_runner", "--help"))
    assert min(shown) < 15 * min(empty)


# --- completion -------------------------------------------------------------------------------------------


def completed(line: str, folder: Path) -> list[str]:
    words = line.split(" ")
    done = started(
        cwd=folder,
        env={
            "_ENERGY_RUNNER_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
    )
    return done.stdout.split()


def test_the_shell_completes_commands_benches_and_rules(tmp_path):
    (tmp_path / "vice.toml").write_text("", "utf-8")
    assert completed("energy-runner re", tmp_path) == ["report"]
    assert completed("energy-runner run kw", tmp_path) == ["kws01"]
    benches = ["virtual-ideal", "virtual-lpm01a", "virtual-n6705c", "vice.toml"]
    assert completed("energy-runner run kws01 --bench vi", tmp_path) == benches
    assert completed("energy-runner bench doctor virtual-l", tmp_path) == ["virtual-lpm01a"]
    assert completed("energy-runner check s --rules sp", tmp_path) == ["spread"]


def test_the_shell_completes_sessions_and_keys_of_a_bench_file(tmp_path):
    for folder in ("sessions/20261123T093000Z-kws01-energy", "first", "no-session"):
        (tmp_path / folder).mkdir(parents=True)
        if folder != "no-session":
            (tmp_path / folder / "record.json").write_text("{}", "utf-8")
    session = "sessions/20261123T093000Z-kws01-energy"
    assert completed("energy-runner report ", tmp_path) == ["first", session]
    assert completed("energy-runner segment sessions/2", tmp_path) == [session]
    assert completed("energy-runner run kws01 --set monitor.v", tmp_path) == ["monitor.voltage_v="]
    assert completed("energy-runner sess", tmp_path) == ["sessions"]


def test_the_shell_completes_drivers_and_tables(tmp_path):
    assert completed("energy-runner instruments show n", tmp_path) == ["n6705", "ngm", "ngu"]
    assert {"io-manager", "ideal"} <= set(completed("energy-runner instruments show ", tmp_path))
    tables = ["windows", "inferences", "layers", "verdicts", "laps"]
    assert completed("energy-runner export table s --what ", tmp_path) == tables
    assert completed("energy-runner export table s --what l", tmp_path) == ["layers", "laps"]
    assert completed("energy-runner export trace s --format p", tmp_path) == ["parquet", "perfetto"]


def test_completion_can_be_installed(tmp_path):
    done = started("--show-completion", env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert "Traceback" not in done.stderr
    code = (
        "import sys; sys.argv[0] = 'energy-runner'; sys.argv[1:] = ['--install-completion', 'bash']\n"
        "from energy_runner.cli import main; main()"
    )
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    script = (tmp_path / ".bash_completions" / "energy-runner.sh").read_text("utf-8")
    assert "_ENERGY_RUNNER_COMPLETE=complete_bash" in script
