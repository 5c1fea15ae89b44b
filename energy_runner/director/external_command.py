# SPDX-License-Identifier: Apache-2.0
"""Run a program of the user's: no shell, a limit of time, and no more of its output kept than a message needs."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from energy_runner.errors import BenchFault, ConfigurationError, in_words
from energy_runner.wording import shown
from instruments.clock import RealClock
from instruments.errors import one_line

KEPT_BYTES = 4096  # of its output, from the end: that is where programs say what went wrong
TURN_S = 0.02
_KILLED_S = 2.0
_CHUNK_BYTES = 65536


@dataclass(frozen=True)
class Finished:
    """How a program ended: its exit status (negative: the signal that ended it) and the end of what it printed."""

    status: int
    output: str

    @property
    def excerpt(self) -> str:
        """Return the last line that it printed, for a message."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        return shown(one_line(lines[-1]), 200) if lines else "it said nothing"


def run_command(
    arguments: Sequence[str], limit_s: float, while_waiting: Callable[[], None] = lambda: None
) -> Finished:
    """Run a program to its end and return how it ended; it gets no input.

    `while_waiting` is called every few hundredths of a second. If the program takes longer than `limit_s` seconds,
    or `while_waiting` raises, it is killed with all that it started. Raises `ConfigurationError` if it cannot be
    started, and `BenchFault` if it takes too long.
    """
    if not arguments:
        raise ConfigurationError("a command is empty. Try: a program with its arguments")
    program = shown(arguments[0])
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell; which program it is, the user's own plan says
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=os.name == "posix",
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the program {program} cannot be started ({in_words(error)}). Try: its whole path"
        ) from None
    output = _Tail(process.stdout)
    try:
        limit = RealClock().deadline(limit_s)
        while not limit.expired():
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(TURN_S)
                return Finished(status, output.text())
            while_waiting()
    finally:
        _kill(process)
    raise BenchFault(f"the program {program} did not end within {limit_s:g} s and was killed. Try: it by hand")


class _Tail:
    """Reads a pipe to its end in a thread, and keeps the end of it."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._kept = b""
        self._thread = threading.Thread(target=self._read, name="output of a command", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self._pipe is None:
            return
        with suppress(OSError, ValueError), self._pipe as pipe:
            while data := os.read(pipe.fileno(), _CHUNK_BYTES):
                self._kept = (self._kept + data)[-KEPT_BYTES:]

    def text(self) -> str:
        """Return the end of the output; a child that still holds the pipe is not waited for."""
        self._thread.join(_KILLED_S / 4)
        return self._kept.decode("utf-8", "replace")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a program, and what it started, if it is still running."""
    if process.poll() is not None:
        return
    if os.name == "posix":
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_KILLED_S)
