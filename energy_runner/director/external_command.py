# SPDX-License-Identifier: Apache-2.0
"""Run a program of the user's: no shell, a limit of time, and no more of its output kept than a message needs."""

import os
import signal
import subprocess
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
_CHUNK_BYTES, _CHUNKS = 65536, 256


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
    try:
        output, limit = _Tail(process.stdout), RealClock().deadline(limit_s)
        while not limit.expired():
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(TURN_S)
                return Finished(status, output.text())
            output.read()
            while_waiting()
    finally:
        _kill(process)
        if process.stdout is not None:
            process.stdout.close()
    raise BenchFault(f"the program {program} did not end within {limit_s:g} s and was killed. Try: it by hand")


class _Tail:
    """The end of what comes out of a pipe. It never waits: a child of the program may hold the pipe for ever."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._descriptor = pipe.fileno() if pipe is not None else -1
        self._kept = b""
        if pipe is not None:
            os.set_blocking(self._descriptor, False)

    def read(self) -> None:
        """Read what there is now; a flood is read a part at a time, so that the limit of time is heeded."""
        with suppress(OSError):
            for _ in range(_CHUNKS):
                data = os.read(self._descriptor, _CHUNK_BYTES)
                if not data:
                    return
                self._kept = (self._kept + data)[-KEPT_BYTES:]

    def text(self) -> str:
        """Return the end of the output."""
        self.read()
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
