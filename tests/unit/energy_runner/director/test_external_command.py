# SPDX-License-Identifier: Apache-2.0
"""A program of the user's: it ends in time, is not given to a shell, and may print as much as it likes."""

import os
import sys
from pathlib import Path

import pytest

from energy_runner.director.external_command import KEPT_BYTES, run_command
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted
from instruments.clock import RealClock

PATIENCE_S = 30.0
posix = pytest.mark.skipif(os.name != "posix", reason="uses programs of Unix")


def python(text: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", text)


def test_status_and_output_are_returned() -> None:
    finished = run_command(
        python("import sys; print('ok'); print('bad\\x1b[31m', file=sys.stderr); sys.exit(3)"), PATIENCE_S
    )
    assert finished.status == 3
    assert sorted(finished.output.split()) == ["bad\x1b[31m", "ok"]
    assert "\x1b" not in finished.excerpt


def test_a_program_that_prints_without_end_is_read_and_cut() -> None:
    text = "import sys\nfor _ in range(300): sys.stdout.write('x' * 65536)\nprint(); print('the end')"
    finished = run_command(python(text), PATIENCE_S)
    assert finished.status == 0
    assert finished.excerpt == "the end"
    assert len(finished.output) <= KEPT_BYTES


def test_bytes_that_are_no_text_are_no_error() -> None:
    finished = run_command(python(r"import os; os.write(1, b'\xff\x00\n')"), PATIENCE_S)
    assert finished.status == 0
    assert finished.excerpt.isprintable()


def test_a_program_that_says_nothing() -> None:
    assert run_command(python("pass"), PATIENCE_S).excerpt == "it said nothing"


@posix
def test_a_program_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    began_ns = RealClock().now_ns()
    command = ("/bin/sh", "-c", f"sleep 60 & echo $! > {mark}; wait")

    def written() -> bool:
        return mark.exists() and mark.read_text().strip() != ""

    with pytest.raises(BenchFault, match=r"/bin/sh did not end within 1 s and was killed"):
        run_command(command, 1.0)
    assert (RealClock().now_ns() - began_ns) / 1e9 < PATIENCE_S
    assert written()
    child, limit = int(mark.read_text()), RealClock().deadline(PATIENCE_S)
    while _alive(child):
        assert not limit.expired()
        RealClock().sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@posix
def test_a_child_that_keeps_the_output_open_is_not_waited_for() -> None:
    began_ns = RealClock().now_ns()
    finished = run_command(("/bin/sh", "-c", "sleep 5 & echo done"), PATIENCE_S)
    assert finished.status == 0
    assert finished.excerpt == "done"
    assert (RealClock().now_ns() - began_ns) / 1e9 < 5.0


@posix
def test_no_shell_sees_the_arguments(tmp_path: Path) -> None:
    finished = run_command(("echo", f"; touch {tmp_path}/made", "$HOME", "`id`"), PATIENCE_S)
    assert finished.output == f"; touch {tmp_path}/made $HOME `id`\n"
    assert not list(tmp_path.iterdir())


def test_a_wish_to_stop_kills_it() -> None:
    def stop() -> None:
        raise Interrupted("stopped by SIGTERM")

    with pytest.raises(Interrupted):
        run_command(python("import time; time.sleep(60)"), PATIENCE_S, stop)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((), "a command is empty"),
        (("/no/such/program", "-x"), "/no/such/program cannot be started"),
        (("echo\0x",), "cannot be started"),
    ],
)
def test_what_cannot_be_started_is_refused(command: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        run_command(command, PATIENCE_S)
