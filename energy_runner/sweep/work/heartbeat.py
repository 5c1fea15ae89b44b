# SPDX-License-Identifier: Apache-2.0
"""The sign of life of a worker, in a thread of its own: it keeps the lease, and stops the run if that is gone."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from energy_runner.director.stop import StopRequest
from energy_runner.errors import RunnerError
from energy_runner.sweep.catalogue import Catalogue, Lease
from energy_runner.sweep.catalogue.lease import BEATS
from instruments.clock import NS_PER_S, Clock
from instruments.errors import one_line

LEASE_GONE = "the lease of this point is gone: this process stood still for too long, and another took it"


class LeaseStop(StopRequest):
    """A request to stop that also comes by itself, as soon as `why` returns a reason for it.

    It is asked at every look: a process that stood still notices before its heartbeat has had a turn.
    """

    def __init__(self, why: Callable[[], str | None]) -> None:
        self._reason: str | None = None
        self._why = why
        super().__init__()

    @property
    def reason(self) -> str | None:
        """Return why to stop, None to go on."""
        if self._reason is None and (why := self._why()):
            self._reason = one_line(why)
        return self._reason

    @reason.setter
    def reason(self, reason: str | None) -> None:
        self._reason = reason


@dataclass(frozen=True)
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
        stop: StopRequest,
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
        self._stop = stop
        self._lock = threading.Lock()
        self._measured: _Measured | None = None
        self._last_ns = clock.now_ns()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._body, name="sweep heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self.beat()  # the sweep may have been stopped, or the seats lost again, since they were taken
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def begin(self, lease: Lease) -> StopRequest:
        """Keep this lease from now on; return what is asked to stop if it is lost, or if the worker is to end."""
        with self._lock:
            self._measured = _Measured(lease, LeaseStop(self._why_stop))
            return self._measured.stop

    def end(self) -> None:
        """Keep no lease any more."""
        with self._lock:
            self._measured = None

    def is_fresh(self) -> bool:
        """Return whether this worker has been seen alive within the last half of a lease."""
        return self._silent_s() < self._lease_s / 2

    def beat(self) -> None:
        """Give one sign of life now; a catalogue that does not answer is no error."""
        with self._lock:
            measured = self._measured
        asked_ns = self._clock.now_ns()  # the lease is kept from some moment after this one
        try:
            found = self._catalogue.beat(measured.lease if measured else None, self._sweep, self._worker)
        except RunnerError:
            return
        self.state = found.state
        if found.seats < self._seats:
            self.lost = True
        with self._lock:
            current = self._measured is measured
        if found.held and not self.lost:
            self._last_ns = max(self._last_ns, asked_ns)
        if not current or measured is None:
            return  # it ended meanwhile
        if not found.held or self.lost:
            measured.stop.ask(LEASE_GONE)
        elif found.state == "cancelling":
            measured.stop.ask("the sweep was cancelled")

    def _silent_s(self) -> float:
        return (self._clock.now_ns() - self._last_ns) / NS_PER_S  # without the lock: handlers of signals ask, too

    def _why_stop(self) -> str | None:
        """Return why the run is to end; of a lease that may be gone, only where others can reach the bench."""
        silent_s = self._silent_s() if self._shared else 0.0
        if silent_s <= self._lease_s * 2 / 3:
            return self._stop.reason
        return f"no sign of life has reached the catalogue for {silent_s:.0f} s, so the lease may be gone"

    def _body(self) -> None:
        while not self._over.wait(self._lease_s / BEATS):
            try:
                self.beat()
            except Exception:  # noqa: S112 - nothing may end this thread while the worker goes on
                continue
