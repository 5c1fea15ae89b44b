# SPDX-License-Identifier: Apache-2.0
"""One thread that does long work in small steps, and lets requests go first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread

# Between two steps the thread sleeps, so that a request gets the interpreter and the file at once. For 10^9
# samples that adds up to 2 s.
PAUSE_S = 0.0005
# While requests follow each other without end (a picture is dragged), a step is done all the same, but rarely.
PATIENCE_S = 0.02


class Filler:
    """Call `step` until it returns False, in a thread of its own that begins with `wake`; `wake` begins again.

    A `step` should take a few milliseconds, must not raise, and must not enter `ahead`.
    """

    def __init__(self, step: Callable[[], bool]) -> None:
        self._step = step
        self._change = Condition()
        self._thread: Thread | None = None
        self._wanted = False
        self._waiting = 0
        self._closed = False

    def wake(self) -> None:
        """Let the thread work, from now on or once more."""
        with self._change:
            self._wanted = True
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._work, name="viewer summary", daemon=True)
                self._thread.start()
            self._change.notify_all()

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """Hold the thread back while a request is answered."""
        with self._change:
            self._waiting += 1
        try:
            yield
        finally:
            with self._change:
                self._waiting -= 1
                self._change.notify_all()

    def close(self) -> None:
        """End the thread and wait for its last step; safe to call twice."""
        with self._change:
            self._closed = True
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while self._turn():
            if self._step():
                with self._change:
                    self._wanted = True

    def _turn(self) -> bool:
        """Wait for work and for a moment without a request; return whether to do a step, or else to end.

        What is wanted is taken back before the step and not after it: a `wake` during a step is heard.
        """
        with self._change:
            self._change.wait_for(lambda: self._closed, PAUSE_S)
            self._change.wait_for(lambda: self._closed or self._wanted)
            self._change.wait_for(lambda: self._closed or not self._waiting, PATIENCE_S)
            self._wanted = False
            return not self._closed
