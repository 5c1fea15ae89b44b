# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and other signals while runs are in progress in threads of their own.

Without this the first would end only the main thread's work, and a second one, or SIGTERM, the process, with the
supply on. While the guard stands, both cancel every run in progress. Then they do to the main thread what they
would have done: Ctrl-C raises `KeyboardInterrupt`, SIGTERM exits. The interpreter waits for the runs before the
process ends, and a signal meanwhile only repeats the request.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from energy_runner.director.stop import OWN_HANDLERS, StopRequest, to_take

_Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


class SignalGuard:
    """The signal handlers of a process that has runs in threads; only the main thread can set and remove them."""

    def __init__(self) -> None:
        self._runs: set[StopRequest] = set()
        self._before: dict[int, _Handler] = {}
        self._asking = False
        OWN_HANDLERS.append(self._asked)

    def add(self, run: StopRequest) -> None:
        """Let signals cancel a run; call this before anything is opened."""
        self._runs.add(run)
        if not _in_main_thread():
            return
        for number, found in to_take().items():
            if found != self._asked:
                self._before[number] = found
                signal.signal(number, self._asked)

    def remove(self, run: StopRequest) -> None:
        """Take note that a run has ended, tear-down included; after the last one the handlers are as before."""
        self._runs.discard(run)
        if self._runs or not _in_main_thread():
            return
        for number in tuple(self._before):
            if signal.getsignal(number) == self._asked:
                self._restore(number)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        for run in tuple(self._runs):
            run.ask_by(number)
        if self._asking:
            return  # a handler of the user's own that calls the one it has replaced: ours
        if not threading.main_thread().is_alive():
            return  # the interpreter waits for the runs; an exception would end that
        before = self._before.get(number)
        if callable(before):
            self._asking = True
            try:
                before(number, frame)
            finally:
                self._asking = False
        elif self._runs:
            raise SystemExit(128 + number)
        else:
            self._restore(number)
            signal.raise_signal(number)

    def _restore(self, number: int) -> None:
        before = self._before.pop(number, None)
        signal.signal(number, signal.SIG_DFL if before is None else before)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


GUARD = SignalGuard()
