# SPDX-License-Identifier: Apache-2.0
"""A run in a thread of its own: watch it, cancel it, wait for it."""

import threading
from collections.abc import Callable, Sequence
from typing import Self

from energy_runner.director.bus import Bus
from energy_runner.director.console import heed_console
from energy_runner.director.event_queue import CAPACITY, EventQueue
from energy_runner.director.signal_guard import GUARD
from energy_runner.director.stop import StopRequest
from energy_runner.director.subscriber import Listener
from energy_runner.errors import STOPPED_BY_CTRL_C
from energy_runner.session.folder import Session
from instruments.errors import named

# An unlimited wait cannot be interrupted on every system, so it is cut into turns.
_TURN_S = 0.2


class Run:
    """A run in progress; whatever becomes of its handle, it ends with the supply off.

    As a context manager it cancels the run when the body is left early, and waits for its tear-down. Where the
    main thread makes it, Ctrl-C and SIGTERM cancel the run from then on, whatever the main thread is doing.
    """

    def __init__(
        self,
        execute: Callable[[Bus, StopRequest], Session],
        listeners: Sequence[Listener] = (),
        stop: StopRequest | None = None,
    ) -> None:
        self.stop = StopRequest() if stop is None else stop
        self._bus = Bus(listeners)
        self._execute = execute
        self._session: Session | None = None
        self._error: BaseException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._body, name="energy-runner run")
        GUARD.add(self.stop)
        try:
            self._thread.start()
        except RuntimeError:  # the program has ended, or there are too many threads
            GUARD.remove(self.stop)
            raise

    @property
    def done(self) -> bool:
        """Return whether the run has ended, its result and report included."""
        return self._over.is_set()

    def events(self, capacity: int = CAPACITY) -> EventQueue:
        """Return an iterator over the run's events from its beginning on, for any thread; see `EventQueue`.

        Each call returns a new one. It ends with the run's tear-down, before the result is derived.
        """
        return self._bus.events(capacity)

    def cancel(self, reason: str = "") -> None:
        """Ask the run to stop, from any thread; it ends as interrupted, supply off. The first reason is kept."""
        self.stop.ask(reason)

    def wait(self, timeout_s: float | None = None) -> Session:
        """Wait until the run has ended and return its session; raise what `energy_runner.run` would raise.

        Ctrl-C or SIGTERM while waiting cancels the run and is raised after its tear-down. Raises `TimeoutError` if
        the run has not ended after `timeout_s` seconds; the run continues.
        """
        interrupted = self._join(timeout_s)
        if interrupted is not None:
            raise interrupted
        if self._error is not None:
            raise self._error
        if self._session is None:
            raise AssertionError("a run ends with a session or an error")
        return self._session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.done:
            self.cancel("its handle was left")
        interrupted = self._join()
        if interrupted is not None:
            raise interrupted

    def _join(self, timeout_s: float | None = None) -> BaseException | None:
        """Wait for the end of the run; return what a signal raised meanwhile, which cancelled it."""
        interrupted: BaseException | None = None
        left_s = timeout_s
        # Not `join`: in Python 3.12 an exception in it makes a running thread count as ended.
        while not self._over.is_set():
            if left_s is not None and left_s <= 0:
                raise TimeoutError(f"the run has not ended after {timeout_s:g} s")
            turn_s = _TURN_S if left_s is None else min(_TURN_S, left_s)
            try:
                self._over.wait(turn_s)
            except BaseException as error:  # Ctrl-C, or whatever else a handler of signals raises
                interrupted, left_s = interrupted or error, None
                self.cancel(STOPPED_BY_CTRL_C if isinstance(error, KeyboardInterrupt) else named(error))
            left_s = None if left_s is None else left_s - turn_s
        GUARD.remove(self.stop)
        self._thread.join()
        return interrupted

    def release_signals(self) -> None:
        """Leave the handling of signals as it was found, if the run has ended; for the main thread."""
        if self.done:
            GUARD.remove(self.stop)

    def _body(self) -> None:
        try:
            with heed_console(self.stop.ask):
                self._session = self._execute(self._bus, self.stop)
        except BaseException as error:  # `wait` raises it in the caller's thread
            self._error = error
        finally:
            self._bus.close()
            self._over.set()
            GUARD.remove(self.stop)
