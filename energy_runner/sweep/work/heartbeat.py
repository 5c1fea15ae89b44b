# SPDX-License-Identifier: Apache-2.0
"""The sign of life of a worker, in a thread of its own: it keeps the lease, and stops the run if that is gone."""

import threading
from dataclasses import dataclass

from energy_runner.director.stop import StopRequest
from energy_runner.errors import RunnerError
from energy_runner.sweep.catalogue import Catalogue, Lease
from energy_runner.sweep.catalogue.lease import BEATS
from instruments.clock import Clock

LEASE_GONE = "the lease of this point is gone: this process stood still for too long, and another took it"


@dataclass
class _Measured:
    lease: Lease
    stop: StopRequest


class Heartbeat:
    """Beats while the body runs; `lost` says that the seats of this worker were taken by another.

    A catalogue that does not answer is asked again. A worker whose instruments other computers can reach stops its
    run after two thirds of a lease without an answer, because from a whole lease on another may be using them.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        sweep: str,
        worker: str,
        *,
        lease_s: float,
        clock: Clock,
        seats: int,
        shared: bool,
    ) -> None:
        self.lost = False
        self.state = "open"
        self._catalogue = catalogue
        self._sweep = sweep
        self._worker = worker
        self._lease_s = lease_s
        self._clock = clock
        self._seats = seats
        self._shared = shared
        self._lock = threading.Lock()
        self._measured: _Measured | None = None
        self._last_ns = clock.now_ns()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._body, name="sweep heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def begin(self, lease: Lease, stop: StopRequest) -> None:
        """Keep this lease from now on; `stop` is asked if it is lost."""
        with self._lock:
            self._measured = _Measured(lease, stop)

    def end(self) -> None:
        """Keep no lease any more."""
        with self._lock:
            self._measured = None

    def beat(self) -> None:
        """Give one sign of life now."""
        with self._lock:
            measured = self._measured
        self._check_silence(measured)
        try:
            found = self._catalogue.beat(measured.lease if measured else None, self._sweep, self._worker)
        except RunnerError:
            return
        self._last_ns = self._clock.now_ns()
        self.state = found.state
        if found.seats < self._seats:
            self.lost = True
        with self._lock:
            if self._measured is not measured or measured is None:
                return  # it ended meanwhile
        if not found.held or self.lost:
            measured.stop.ask(LEASE_GONE)
        elif found.state == "cancelling":
            measured.stop.ask("the sweep was cancelled")

    def _check_silence(self, measured: _Measured | None) -> None:
        silent_s = (self._clock.now_ns() - self._last_ns) / 1e9
        if self._shared and measured is not None and silent_s > self._lease_s * 2 / 3:
            measured.stop.ask(f"the catalogue has not answered for {silent_s:.0f} s, so the lease may be gone")

    def _body(self) -> None:
        while not self._over.wait(self._lease_s / BEATS):
            self.beat()
