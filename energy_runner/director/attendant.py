# SPDX-License-Identifier: Apache-2.0
"""The thread that attends to a bench while the caller's own code runs, such as the body of a test.

It alone talks to the instruments, so that they are read, and the supply is switched off, whatever that code does:
it may compute, wait, raise, be interrupted, or end the interpreter. On a bench of twins time passes only while the
caller asks for it, so that nothing depends on how fast this computer is.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from energy_runner.bench import Bench
from energy_runner.director.console import heed_console
from energy_runner.director.hold import hold_bench
from energy_runner.director.recording import RecordingJob
from energy_runner.director.signal_guard import GUARD
from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, Interrupted
from instruments.errors import one_line

_TURN_S = 0.2  # an unlimited wait cannot be interrupted on every system
_IDLE_S = 0.05

Ask = Callable[[RecordingJob], Any]


class Attendant:
    """A bench in the hands of a thread of its own: made, it is open; `close` it at the end of every path.

    What is asked of the bench (`ask`) is done in that thread, and its result or error comes back. Ctrl-C and other
    signals make it switch the supply off at once, and then do what they would have done.
    """

    def __init__(self, bench: Bench, doing: str) -> None:
        self.bench = bench
        self._doing = doing
        self._stop = StopRequest()
        self._asked: queue.SimpleQueue[tuple[Ask, Future[Any]] | None] = queue.SimpleQueue()
        self._opened: Future[None] = Future()
        self._over = threading.Event()
        self._ended: BaseException | None = None
        self._why = ""
        self._job = RecordingJob(bench, self._stop)
        self._thread = threading.Thread(target=self._body, name="energy-runner recordings")
        GUARD.add(self._stop)
        try:
            self._thread.start()
        except RuntimeError:
            GUARD.remove(self._stop)
            raise
        try:
            self._result(self._opened)
        except BaseException:
            self._leave()
            raise

    @property
    def virtual(self) -> bool:
        """Return whether anything on the bench is simulated."""
        return self._job.virtual

    def ask[Answer](self, what: Callable[[RecordingJob], Answer]) -> Answer:
        """Do `what` with the bench and return its result; raise its error, or why the bench was given up."""
        future: Future[Answer] = Future()
        self._asked.put((what, future))
        return self._result(future)

    def close(self) -> None:
        """Switch the supply off and close all; safe to call twice. Raise `BenchFault` if it is not confirmed."""
        self._leave()
        ended, self._ended = self._ended, None
        if ended is not None:
            raise ended

    # --- inside -------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        self._asked.put(None)
        interrupted: BaseException | None = None
        while not self._over.is_set():
            try:
                self._over.wait(_TURN_S)
            except BaseException as error:  # Ctrl-C: the supply is being switched off all the same
                interrupted = interrupted or error
        GUARD.remove(self._stop)
        self._thread.join()
        if interrupted is not None:
            raise interrupted

    def _result[Answer](self, future: "Future[Answer]") -> Answer:
        while not future.done():
            if self._over.is_set() and not future.done():
                raise BenchFault(self._why or "the bench was closed. Try: ask before it is")
            _wait_for(future)
        return future.result()

    def _body(self) -> None:
        try:
            with heed_console(self._stop.ask), hold_bench(self.bench, self._doing) as died:
                try:
                    self._job.open(died)
                    self._opened.set_result(None)
                    self._attend()
                finally:
                    self._job.close()
        except BaseException as error:
            if not self._opened.done():
                self._opened.set_exception(error)
            elif not isinstance(error, Interrupted) or not self.bench.off_confirmed:
                self._ended = error
            self._why = f"the bench was given up: {one_line(error)}"
        finally:
            self._over.set()

    def _attend(self) -> None:
        """Do what is asked, and look after the bench in between, until it is left, stopped, or in trouble."""
        idle_s = _TURN_S if self.bench.clock.virtual else _IDLE_S
        while True:
            try:
                asked = self._asked.get(timeout=idle_s)
            except queue.Empty:
                self._stop.check()
                if not threading.main_thread().is_alive():
                    return
                if not self.bench.clock.virtual:
                    self._job.look_after()
                continue
            if asked is None:
                return
            what, future = asked
            try:
                future.set_result(what(self._job))
            except BaseException as error:
                future.set_exception(error)
                self._stop.check()


def _wait_for(future: "Future[Any]") -> None:
    """Wait a turn for a result, whatever it will be."""
    try:
        future.exception(_TURN_S)
    except TimeoutError:
        return
