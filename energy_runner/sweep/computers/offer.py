# SPDX-License-Identifier: Apache-2.0
"""A bench that this computer offers: one process at a time serves a sweep on it, whatever becomes of dask."""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.director.stop import StopRequest
from energy_runner.errors import RunnerError
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.catalogue.engine import existing
from energy_runner.sweep.work.ends import End, Ended
from energy_runner.sweep.work.processes import (
    CATALOGUE_VARIABLE,
    FROZEN_LEASES,
    BenchProcess,
    Supervisor,
    file_name,
    serve_command,
)
from energy_runner.sweep.work.seat import sign_of_process
from energy_runner.sweep.work.served_bench import ServedBench, os_locks
from instruments.clock import Clock
from instruments.errors import one_line

FREE_S = 120.0  # for which a predecessor who lost his parent may still be switching the supply off
_LOOK_S = 0.25
CLOSE_S = 150.0


@dataclass
class Serving:
    """A sweep that is being served; `ended` says how that ended, None while it goes on."""

    sweep: str
    ended: Ended | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


class BenchOffer:
    """Serves one sweep after the other on one bench, each in a process of its own.

    `catalogue` is the address of the catalogue as this computer reaches it, `out` the folder for its sessions.
    """

    def __init__(  # noqa: PLR0917
        self,
        bench: ServedBench,
        catalogue: str,
        out: Path,
        clock: Clock,
        tell: Callable[[str], object] = lambda _: None,
        command: Callable[[str, str, Path, float], list[str]] = serve_command,
    ) -> None:
        self.bench = bench
        self._catalogue = catalogue
        self._out = out
        self._clock = clock
        self._tell = tell
        self._command = command
        self._stop = StopRequest()
        self._lock = threading.Lock()
        self._now: Serving | None = None

    def serve(self, sweep: str, lease_s: float) -> Serving | None:
        """Begin to serve a sweep, or join who serves it already; None while the bench serves another one."""
        with self._lock:
            now = self._now
            if now is not None and now.ended is None:
                return now if now.sweep == sweep else None
            if self._stop.reason is not None:
                return Serving(sweep, Ended(End.INTERRUPTED, self._stop.reason))
            self._now = now = Serving(sweep)
            now.thread = threading.Thread(target=self._body, args=(now, lease_s), name="serve a sweep")
            now.thread.start()
            return now

    def ask_to_stop(self, reason: str) -> None:
        """Let the process that serves now end the point in progress, with the supply off, and begin no other."""
        with self._lock:
            self._stop.ask(reason)

    @property
    def busy(self) -> bool:
        """Return whether a sweep is being served."""
        with self._lock:
            return self._now is not None and self._now.ended is None

    def close(self) -> None:
        """Wait until the process that was asked to stop has ended."""
        with self._lock:
            thread = self._now.thread if self._now is not None else None
        if thread is not None:
            thread.join(CLOSE_S)

    def _body(self, serving: Serving, lease_s: float) -> None:
        try:
            ended = self._served(serving.sweep, lease_s)
        except RunnerError as error:
            ended = Ended(End.FAILED, one_line(error))
        except Exception as error:  # without an answer, the client would wait for ever
            ended = Ended(End.FAILED, f"internal error: {one_line(repr(error))}")
        self._tell(f"sweep {serving.sweep}: {ended.end}{f', {ended.reason}' if ended.reason else ''}")
        with self._lock:
            serving.ended = ended

    def _served(self, sweep: str, lease_s: float) -> Ended:
        self._tell(f"sweep {sweep}: serves it on bench {self.bench.name}")
        self._out.mkdir(parents=True, exist_ok=True)
        with closing(Catalogue(existing(self._catalogue))) as catalogue:
            catalogue.sweep(sweep)  # an early and plain word if this is another catalogue
            self._wait_until_free(catalogue.identity)
            if self._stop.reason is not None:
                return Ended(End.INTERRUPTED, self._stop.reason)
            process = self._process(sweep, lease_s)
            supervisor = Supervisor(
                [process], self._clock, lambda pid: sign_of_process(catalogue, pid), lease_s * FROZEN_LEASES
            )
            supervisor.begin()
            while not supervisor.look(stopping=self._stop.reason is not None):
                self._clock.sleep(_LOOK_S)
                self._hand_on(process)
            self._hand_on(process)
        return process.ended or Ended(End.FAILED, "it said nothing")

    def _process(self, sweep: str, lease_s: float) -> BenchProcess:
        return BenchProcess(
            self.bench.name,
            self._command(sweep, f"{self.bench.name}={self.bench.source}", self._out, lease_s),
            self._out / f"worker-{file_name(self.bench.name)}.log",
            {CATALOGUE_VARIABLE: self._catalogue},
            tied=True,
        )

    def _hand_on(self, process: BenchProcess) -> None:
        for line in process.news():
            self._tell(line.removeprefix("energy-runner: "))

    def _wait_until_free(self, catalogue: str) -> None:
        """Wait until an earlier worker on this computer has ended; if it takes longer, the child names it."""
        deadline = self._clock.deadline(FREE_S)
        while not deadline.expired() and self._stop.reason is None:
            with suppress(RunnerError), os_locks(self.bench, catalogue) as free:
                if free:
                    return
            self._clock.sleep(_LOOK_S)
