# SPDX-License-Identifier: Apache-2.0
"""The command line: `energy-runner --help`. Heavy imports stay inside the commands."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

# ExitStatus; importing it here would leave a moment in which Ctrl-C is not caught.
_BENCH_FAULT = 3
_INTERRUPTED = 4
# What these commands end with, a supply that is confirmed off, they have not reached when Ctrl-C ends them early.
_ABOUT_THE_SUPPLY = (["bench", "off"], ["bench", "doctor"])


def main() -> NoReturn:
    """Run the command line and end the process with a status of `ExitStatus`."""
    fill_closed()
    try:
        from energy_runner.cli.app import app
        from energy_runner.cli.outcome import run_app
        from energy_runner.director.stop import AFTERWARDS

        AFTERWARDS[signal.default_int_handler] = signal.SIG_IGN
        status = run_app(app)
    except KeyboardInterrupt:
        status, doubt = stopped_early(sys.argv[1:])
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"energy-runner: stopped by Ctrl-C (SIGINT){doubt}\n")
    # The status is settled. A Ctrl-C while the interpreter shuts down would only add a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if status in {_BENCH_FAULT, _INTERRUPTED}:
        # Python remembers some interrupts that were caught (those inside an `exec`) and would end with the
        # signal instead of our status; and where the terminal is gone, with a status of its own.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


def fill_closed() -> None:
    """Put the null device where a parent process has closed stdin, stdout or stderr.

    Otherwise the next file or port that is opened gets that number, and what a library prints goes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free


def stopped_early(words: Sequence[str]) -> tuple[int, str]:
    """Return the status of a command that Ctrl-C ended before it handled signals itself, and what is in doubt."""
    if list(words[:2]) not in _ABOUT_THE_SUPPLY:
        return _INTERRUPTED, ""
    return _BENCH_FAULT, " before it reached the supply, WHICH MAY STILL BE ON. Try: the same command again"
