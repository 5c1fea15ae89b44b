# SPDX-License-Identifier: Apache-2.0
"""Signals and closed terminals, to commands in processes of their own on a served bench: the supply ends off."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner.director.supply_off import MAY_BE_ON
from energy_runner.errors import ExitStatus
from tests.support.served import FILE, PATIENCE_S, Served, as_in_a_terminal, served, wait_until

pytestmark = [pytest.mark.wire, pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals to send")]
RESISTOR = ("--resistance", "150", "--resistance-u", "0.01", "--seconds", "60")
COMMANDS = {
    "run": ("run", "demo-keywords", "--bench", FILE, "-n", "20000", "--out", "session"),
    "doctor": ("bench", "doctor", FILE),
    "off": ("bench", "off", FILE),
    "verify": ("bench", "verify", FILE, *RESISTOR),
    "calibrate": (
        *("bench", "calibrate", FILE, "--file", "cal.toml", "--range", "-0.001", "0.1", "--seconds", "60"),
        *("--current", "0.02", "--current-u", "1e-6"),
    ),
}
LOADED = {"virtual.load_ohm": 150.0}
# When the signal comes.
OPENS: Callable[[Served], object] = lambda bench: bench.is_open("monitor")  # noqa: E731
POWERED: Callable[[Served], object] = lambda bench: bench.world.powered  # noqa: E731
MOMENTS = (OPENS, POWERED)
MONITORS = ("virtual-lpm01a", "virtual-n6705c")
NAMES = {signal.SIGINT: "stopped by Ctrl-C (SIGINT)"}


def bench_for(command: str, folder: Path, monitor: str = "virtual-lpm01a"):
    return served(folder, monitor, LOADED if command in ("verify", "calibrate") else None)


def in_a_terminal_of_its_own() -> None:
    import fcntl
    import termios

    as_in_a_terminal()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def check_off(process: subprocess.Popen[str], bench: Served) -> str:
    """Check that the process has ended as interrupted, with the supply off; return what it said on stderr."""
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == ExitStatus.INTERRUPTED, said
    assert not bench.world.powered
    assert bench.notes() == []
    return said


@pytest.mark.parametrize(
    ("command", "monitor", "moment", "number"),
    [
        ("run", "virtual-lpm01a", POWERED, signal.SIGHUP),
        ("off", "virtual-lpm01a", OPENS, signal.SIGINT),
        ("off", "virtual-n6705c", OPENS, signal.SIGHUP),
        ("doctor", "virtual-lpm01a", OPENS, signal.SIGQUIT),
        ("verify", "virtual-lpm01a", POWERED, signal.SIGHUP),
        ("calibrate", "virtual-n6705c", POWERED, signal.SIGQUIT),
        *(
            pytest.param(
                command, MONITORS[(at + turn) % 2], MOMENTS[(at + turn // 2) % 2], number, marks=pytest.mark.deep
            )
            for at, command in enumerate(COMMANDS)
            for turn, number in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT))
        ),
        *(
            pytest.param("run", "virtual-lpm01a", POWERED, number, marks=pytest.mark.deep)
            for number in (signal.SIGTSTP, signal.SIGUSR1, signal.SIGALRM, signal.SIGRTMIN + 3)
        ),
    ],
)
def test_every_signal_ends_like_ctrl_c(
    command: str, monitor: str, moment: Callable[[Served], object], number: int, tmp_path: Path
) -> None:
    with bench_for(command, tmp_path, monitor) as bench:
        bench.world.faults.stale_stream = command == "off"
        process = bench.begin(*COMMANDS[command])
        wait_until(lambda: moment(bench) or process.poll() is not None)
        process.send_signal(number)
        process.send_signal(number)
        said = check_off(process, bench)
    assert NAMES.get(number, "stopped by ") in said
    assert "the supply is off" in said or command in ("doctor", "verify", "calibrate")


@pytest.mark.parametrize(
    ("command", "moment"),
    [
        ("run", POWERED),
        ("off", OPENS),
        *(
            pytest.param(command, moment, marks=pytest.mark.deep)
            for command in ("doctor", "verify", "calibrate")
            for moment in (OPENS, POWERED)
        ),
    ],
)
def test_a_terminal_that_is_closed_ends_like_ctrl_c(
    command: str, moment: Callable[[Served], object], tmp_path: Path
) -> None:
    """As when an ssh connection is lost: the command gets SIGHUP, and all it writes fails from then on."""
    with bench_for(command, tmp_path) as bench:
        bench.world.faults.stale_stream = command == "off"
        terminal, inside = os.openpty()
        ends = {"stdin": inside, "stdout": inside, "stderr": inside}
        process = bench.begin(
            *COMMANDS[command], **ends, start_new_session=True, preexec_fn=in_a_terminal_of_its_own
        )
        os.close(inside)
        try:
            wait_until(lambda: moment(bench) or process.poll() is not None)
        finally:
            os.close(terminal)
        check_off(process, bench)


def test_an_instrument_that_is_away_meanwhile_is_waited_for(tmp_path: Path) -> None:
    with served(tmp_path) as bench:
        bench.world.faults.stale_stream = True
        bench.unplug("monitor", 1e6)
        process = bench.begin("bench", "off", FILE)
        assert process.stdout is not None
        first = process.stdout.readline()
        bench.unplug("monitor", 1.0)  # only now: a busy machine may need seconds to start a process
        process.send_signal(signal.SIGINT)
        assert "trying again" in first
        assert first.endswith(" s left\n")
        check_off(process, bench)


@pytest.mark.deep
@pytest.mark.parametrize("command", ["off", "run"])
def test_status_3_and_a_loud_message_if_it_is_not_confirmed(command: str, tmp_path: Path) -> None:
    """Ctrl-C, and a relay that is welded; the note of a dead run stays, and every command says it first."""
    with bench_for(command, tmp_path) as bench:
        bench.world.faults.stale_stream = bench.world.faults.power_stays_on = True
        bench.leave_note("session 12")
        process = bench.begin(*COMMANDS[command])
        wait_until(lambda: bench.is_open("monitor") or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, bench.world.powered) == (ExitStatus.BENCH_FAULT, True)
        assert MAY_BE_ON in said or "its state is unknown" in said, said
        assert "session 12" in (said if command == "run" else out).splitlines()[0]
        assert "session 12" in bench.notes()[0]


def test_a_program_that_reads_json_is_told_on_stderr(tmp_path: Path) -> None:
    with bench_for("verify", tmp_path) as bench:
        bench.leave_note("session 12")
        words = [word if word != "60" else "0.5" for word in COMMANDS["verify"]]
        out, said = bench.begin(*words, "--json").communicate(timeout=PATIENCE_S)
        assert said.splitlines()[0] == "energy-runner: an earlier run had died: session 12"
        assert json.loads(out)["agrees"] in (True, False)
        assert bench.notes() == []


@pytest.mark.deep
def test_a_watchdog_goes_on_where_a_command_has_given_up(tmp_path: Path) -> None:
    with served(tmp_path) as bench:
        bench.world.faults.power_stays_on = True
        process = bench.begin("bench", "doctor", FILE)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == ExitStatus.BENCH_FAULT
        assert bench.world.powered
        assert "bench doctor" in bench.notes()[0]
        bench.world.faults.power_stays_on = False
        wait_until(lambda: not bench.world.powered)
        again = bench.begin_when_free("bench", "off", FILE)
        assert "its watchdog switched the supply off" in again.communicate(timeout=PATIENCE_S)[0]
        assert bench.notes() == []
