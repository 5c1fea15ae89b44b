# SPDX-License-Identifier: Apache-2.0
"""Worker processes, one for each bench: begin them, replace those that die or freeze, end them all."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from energy_runner.errors import in_words, remedy
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from energy_runner.sweep.work.ends import End, Ended
from instruments.clock import Clock

CATALOGUE_VARIABLE = "ENERGY_RUNNER_CATALOGUE"
REPLACEMENTS = 3  # of a worker that died without a word, in one night
FROZEN_LEASES = 3.0  # for which a worker's sign of life may stand still before it is replaced
_POSIX = hasattr(os, "killpg")
_UNSEEN = object()


@dataclass
class BenchProcess:
    """The worker of one bench: its process, how often it was replaced, and how it ended.

    One that is `tied` ends when this process does, however that ends: it holds the other end of a pipe.
    """

    bench: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    tied: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    replaced: int = 0
    ended: Ended | None = None
    said: int = 0  # bytes of its log that were shown

    @property
    def pid(self) -> int | None:
        """Return the number of the running process."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def begin(self) -> None:
        """Start the process; it writes for people into its log, and its last word into a file beside it.

        One that cannot be started, as where the folder was deleted, has ended: the other benches go on.
        """
        try:
            self._start()
        except OSError as error:
            self.ended = Ended(End.FAILED, f"its process cannot be started ({in_words(error)}){remedy(error)}")

    def _start(self) -> None:
        self._word.unlink(missing_ok=True)
        if self.process is None:
            with suppress(OSError):
                self.said = self.log.stat().st_size  # what an earlier night wrote is no news
        self._untie()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*self.command, "--word", str(self._word), *(["--tied"] if self.tied else [])],
                stdin=subprocess.PIPE if self.tied else subprocess.DEVNULL,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the whole group of a terminal; here one process decides, and asks the others.
                start_new_session=_POSIX,
            )

    def look(self) -> None:
        """Take note if the process has ended; one that died without a word is replaced."""
        if self.process is None or self.ended is not None:
            return
        status = self.process.poll()
        if status is None:
            return
        ended = read_word(self._word, self.process.pid)
        if ended is None and status in (2, 3):
            ended = Ended(End.FAILED, self._last_line())
        if ended is None and self.replaced < REPLACEMENTS:
            self.replaced += 1
            self.begin()
            return
        self._untie()
        self.ended = ended or Ended(End.FAILED, f"it died {self.replaced + 1} times ({how_ended(status)})")

    def news(self) -> list[str]:
        """Return the lines that it has written since they were last asked for."""
        with suppress(OSError), self.log.open("rb") as log:
            log.seek(self.said)
            found = log.read(65_536)
            whole, _, _ = found.rpartition(b"\n")
            self.said += len(whole) + 1 if whole else 0
            return whole.decode("utf-8", "replace").splitlines()
        return []

    def ask_to_stop(self) -> None:
        """Ask the process to end the point in progress, with the supply off."""
        self._signal(signal.SIGINT if _POSIX else signal.SIGTERM)

    def kill(self) -> None:
        """Kill a process that does not answer; its watchdog switches the supply off."""
        if self.process is not None:
            self.process.kill()

    def _untie(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _last_line(self) -> str:
        with suppress(OSError, IndexError):
            return self.log.read_text("utf-8", "replace").strip().splitlines()[-1][:300]
        return "it said nothing"

    @property
    def _word(self) -> Path:
        return self.log.with_suffix(".word")


def serve_command(sweep: str, bench: str, out: Path, lease_s: float) -> list[str]:
    """Return the command of a worker process, with this Python and this package; `bench` is `NAME=BENCH`."""
    options = ["--bench", bench, "--out", str(out), "--lease", f"{lease_s:g}"]
    return [sys.executable, "-m", "energy_runner", "sweep", "serve", sweep, *options]


def write_word(path: Path, ended: Ended) -> None:
    """Write a worker's last word: why it ended."""
    temporary = path.with_suffix(".part")
    word = {"end": ended.end, "reason": ended.reason, "points": ended.points, "pid": os.getpid()}
    temporary.write_text(json.dumps(word), "utf-8")
    temporary.replace(path)


def read_word(path: Path, pid: int) -> Ended | None:
    """Return the last word of the worker with process number `pid`; None if it said none.

    After the process that watched over it was killed, an earlier worker may still write into the same file.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        if document["pid"] != pid:
            return None
        return Ended(End(document["end"]), str(document["reason"]), int(document["points"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def file_name(bench: str) -> str:
    """Return the name of a bench as a part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "-_#" else "_" for letter in bench)


def how_ended(status: int) -> str:
    """Return how a process ended, in words."""
    if status >= 0:
        return f"status {status}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"


@dataclass
class Supervisor:
    """Watches over the workers until all have ended.

    `alive` returns the sign of life of a worker by its process number, None while it has no seat; it raises
    `CatalogueUnavailable` while that cannot be told. A worker whose sign stands still for `frozen_s` is killed and
    replaced, and so is one that has been suspended for as long: it may keep the catalogue locked, so that nobody
    sees any sign. One that has no seat has `seatless_s`, for it may be waiting for that.
    """

    workers: Sequence[BenchProcess]
    clock: Clock
    alive: Callable[[int], object]
    frozen_s: float
    stop_s: float = 120.0
    seatless_s: float = 300.0
    _signs: dict[int, tuple[object, int]] = field(default_factory=dict)
    # Apart from the signs: while one keeps the catalogue locked, our looks at it are far apart.
    _suspended: dict[int, int] = field(default_factory=dict)
    _stopping_since_ns: int | None = None
    _looked_ns: int | None = None

    def begin(self) -> None:
        """Start all workers."""
        for one in self.workers:
            one.begin()

    def look(self, *, stopping: bool) -> bool:
        """Look after all workers; return whether all have ended. `stopping` asks them to end now."""
        now_ns = self.clock.now_ns()
        if self._looked_ns is not None and now_ns - self._looked_ns > self.frozen_s * 1e9 / 2:
            self._signs.clear()  # we were frozen ourselves, and they perhaps with us
        self._looked_ns = now_ns
        if stopping and self._stopping_since_ns is None:
            self._stopping_since_ns = now_ns
            for one in self.workers:
                one.replaced = REPLACEMENTS
                one.ask_to_stop()
        for one in self.workers:
            one.look()
            if one.pid is not None and self._is_frozen(one.pid, now_ns):
                one.kill()
        return all(one.ended is not None or (stopping and one.process is None) for one in self.workers)

    def news(self) -> list[str]:
        """Return the new lines of all workers."""
        return [f"{one.bench}: {line}" for one in self.workers for line in one.news()]

    def ends(self) -> dict[str, Ended]:
        """Return how the workers ended, by bench."""
        return {one.bench: one.ended for one in self.workers if one.ended is not None}

    def _is_frozen(self, pid: int, now_ns: int) -> bool:
        if self._stopping_since_ns is not None and now_ns - self._stopping_since_ns > self.stop_s * 1e9:
            return True
        if _is_suspended(pid):
            return now_ns - self._suspended.setdefault(pid, now_ns) > self.frozen_s * 1e9
        self._suspended.pop(pid, None)
        sign = self._sign(pid)
        before, since_ns = self._signs.get(pid, (_UNSEEN, now_ns))
        if sign != before:
            self._signs[pid] = sign, now_ns
            return False
        return now_ns - since_ns > (self.seatless_s if sign is None else self.frozen_s) * 1e9

    def _sign(self, pid: int) -> object:
        """Return what changes as long as a worker lives: its sign of life; this moment where that is unknown."""
        try:
            return self.alive(pid)
        except CatalogueUnavailable:
            return self.clock.now_ns()


def _is_suspended(pid: int) -> bool:
    """Return whether a child of ours was suspended by a signal; False where the system does not tell."""
    if not hasattr(os, "waitid"):
        return False
    with suppress(ChildProcessError):
        # Only looked at: whether the process has ended is for `Popen` to find.
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    return False
