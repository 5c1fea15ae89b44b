# SPDX-License-Identifier: Apache-2.0
"""The near end of the watchdog: a process that switches the supply off if this one dies without having done so.

It waits for the end of a pipe that only this process holds, which the operating system closes however it dies.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress

from energy_runner.bench import Bench
from instruments.errors import one_line

DISMISSED = b"dismissed\n"
IF_KILLED = "if this process is killed, the supply stays on until `energy-runner bench off`"
_MODULE = "energy_runner.director.watchdog"
_END_S = 5.0
_MOST_RENEWED = 3  # what ends again and again has a reason that a further one will not change
# Watchdogs that still try to switch a supply off; kept so that they are not reaped as forgotten.
_STILL_TRYING: list[subprocess.Popen[bytes]] = []


class Watch:
    """The watchdog over one job on a bench; a bench of twins, or without a supply, needs none."""

    def __init__(self, bench: Bench, doing: str) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._problem = ""
        self._job = ""
        self._renewed = 0
        _STILL_TRYING[:] = [process for process in _STILL_TRYING if process.poll() is None]
        if bench.virtual or bench.supply is None:
            return
        spec = bench.spec.model_dump(mode="json", exclude_none=True)
        self._job = json.dumps({"bench": spec, "doing": doing})
        self._begin()
        bench.unwatched, bench.watch_again = self.problem, self.renewed

    def problem(self) -> str:
        """Return why there is no watchdog; "" if there is one."""
        if not self._problem and self._process is not None and self._process.poll() is not None:
            self._problem = f"it has ended with status {self._process.returncode}"
        return self._problem

    def renewed(self) -> str:
        """Start another watchdog where one has ended, as by want of memory; return what is to be said of it."""
        problem, self._problem = self.problem(), ""
        if not problem or self._renewed > _MOST_RENEWED:
            return ""
        self._renewed += 1
        if self._renewed <= _MOST_RENEWED:
            self._begin()
        if self._problem or self._renewed > _MOST_RENEWED:
            return f"there is no watchdog any more ({self._problem or problem}): {IF_KILLED}"
        return f"the watchdog is gone ({problem}); another one was started"

    def end(self, *, dismiss: bool) -> None:
        """End the watch: the supply is off, or, without `dismiss`, the watchdog is to go on trying."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        if dismiss:
            with suppress(OSError):
                process.stdin.write(DISMISSED)
                process.stdin.flush()
            process.kill()  # it may still be loading, and it holds nothing
        with suppress(OSError):
            process.stdin.close()
        if dismiss:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
        else:
            _STILL_TRYING.append(process)

    def _begin(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process = _started()
            self._send(self._job)
        except OSError as error:
            self._problem = one_line(error)

    def _send(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()


def _started() -> subprocess.Popen[bytes]:
    """Start the watchdog, out of reach of the signals that a terminal sends to its programs."""
    windows = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", _MODULE],  # -P: no module of the folder where the user stands
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": paths},
        start_new_session=True,
        creationflags=windows,
    )
