# SPDX-License-Identifier: Apache-2.0
"""Run a program that is not ours, such as one that flashes a DUT; at its deadline it ends, with all it started.

Its time is the host's, also on a virtual bench. No shell is involved, nothing can be typed into it, and of what it
prints the beginning and the end are kept.
"""

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from instruments.clock import RealClock

KEPT_FIRST, KEPT_LAST = 2048, 6144  # bytes of the output
_READ_BYTES, _READS = 65536, 16  # so much is read in one turn; a program that prints without end has to wait
_FIRST_TURN_S, _LONGEST_TURN_S = 0.002, 0.05
_GRACE_S = 1.0  # between the request to end and the end: a debugger can then let go of its probe
_END_S = 2.0  # for the operating system to end what was killed
_ROUNDS = 5  # of looking for what was started meanwhile
_LOST_STATUS = 255
# Inherited by everything that the program starts, also by what leaves its process group.
_MARK = "ENERGY_RUNNER_PROGRAM"


@dataclass(frozen=True)
class ProgramEnd:
    """How a program ended.

    `status` is its exit status, that of a signal negative, None where it was ended at its deadline. `took_s` are
    seconds of the host; `left` counts processes that it left running and that were ended.
    """

    status: int | None
    output: str
    output_bytes: int
    took_s: float
    left: int


@dataclass
class _Output:
    count: int = 0
    first: bytearray = field(default_factory=bytearray)
    last: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> None:
        self.count += len(data)
        room = KEPT_FIRST - len(self.first)
        self.first += data[:room]
        self.last += data[max(0, room) :]
        del self.last[:-KEPT_LAST]

    def text(self) -> str:
        gap = self.count - len(self.first) - len(self.last)
        between = f"\n[{gap} bytes are left out]\n".encode() if gap else b""
        return (bytes(self.first) + between + bytes(self.last)).decode("utf-8", "replace")


def run_program(words: Sequence[str], limit_s: float, while_waiting: Callable[[], object]) -> ProgramEnd:
    """Run a program for at most `limit_s` seconds of the host's time, and call `while_waiting` again and again.

    Whatever happens, also if `while_waiting` raises, the program has ended afterwards, with all that it started.
    Raises `OSError` for a program that cannot be started.
    """
    clock = RealClock()
    began_ns, deadline, turn_s = clock.now_ns(), clock.deadline(limit_s), _FIRST_TURN_S
    mark = uuid.uuid4().hex
    output, process, left = _Output(), _started(words, os.environ | {_MARK: mark}), 0
    try:
        while not (ended := _has_ended(process)) and not deadline.expired():
            _read(process, output)
            while_waiting()
            clock.sleep(min(turn_s, deadline.remaining_s()))
            turn_s = min(2 * turn_s, _LONGEST_TURN_S)
    finally:
        left = _end(process, mark, clock)
        _read(process, output)
        if process.stdout is not None:
            process.stdout.close()
    took_s = round((clock.now_ns() - began_ns) / 1e9, 3)
    return ProgramEnd(process.returncode if ended else None, output.text(), output.count, took_s, left)


def _started(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - what the user asked for; no shell
        list(words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        bufsize=0,
        start_new_session=True,  # out of reach of Ctrl-C: it is ended by us, and then for certain
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    if process.stdout is not None:
        os.set_blocking(process.stdout.fileno(), False)
    return process


def _read(process: subprocess.Popen[bytes], output: _Output) -> None:
    """Take what it has printed, without waiting for more."""
    for _ in range(_READS):
        try:
            data = os.read(process.stdout.fileno(), _READ_BYTES) if process.stdout is not None else b""
        except OSError:  # nothing now
            return
        if not data:
            return
        output.take(data)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether it has ended; where possible its number is kept, so that its group is still its own."""
    if process.returncode is None and hasattr(os, "waitid"):
        try:
            return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # somebody else has waited for it: its status is lost, and counts as a failure
            process.returncode = _LOST_STATUS
            return True
    return process.poll() is not None


def _end(process: subprocess.Popen[bytes], mark: str, clock: RealClock) -> int:
    """End the program and what it has started; return how many others there were."""
    if not _has_ended(process):
        _signal_group(process, "SIGTERM")
        grace = clock.deadline(_GRACE_S)
        while not _has_ended(process) and not grace.expired():
            clock.sleep(_FIRST_TURN_S)
    others: set[int] = set()
    for _ in range(_ROUNDS):
        found = {pid for pid in _marked(mark) if pid != process.pid}
        _signal_group(process, "SIGKILL")
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            break
        others |= found
        clock.sleep(_FIRST_TURN_S)
    with suppress(subprocess.TimeoutExpired):  # it may hang in a driver, where no signal reaches it
        process.wait(_END_S)
    return len(others)


def _signal_group(process: subprocess.Popen[bytes], name: str) -> None:
    if not hasattr(os, "killpg"):
        words = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - a part of Windows
        return
    with suppress(OSError):
        os.killpg(process.pid, getattr(signal, name))


def _marked(mark: str) -> set[int]:
    """Return the processes that carry the mark, as Linux tells; elsewhere none."""
    wanted, found = f"{_MARK}={mark}".encode(), set[int]()
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError, ValueError):
            if wanted in file.read_bytes():
                found.add(int(file.parent.name))
    return found
