# SPDX-License-Identifier: Apache-2.0
"""The user's request to stop: Ctrl-C, SIGTERM and a closed terminal set a flag that is checked between steps.

No exception is raised in the middle of an action, so the power-off at the end cannot be interrupted; a second
Ctrl-C changes nothing.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from energy_runner.errors import STOPPED_BY_CTRL_C, Interrupted
from instruments.errors import one_line

# SIGHUP comes when a terminal is closed or an ssh connection lost, SIGQUIT from Ctrl-\\, SIGBREAK from Ctrl-Break.
SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
    if hasattr(signal, name)
)


class StopRequest:
    """A flag that signal handlers set and the director reads."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def ask(self, reason: str = "") -> None:
        """Ask the run to stop; the first reason is kept, as one line."""
        if self.reason is None:
            self.reason = one_line(reason or "cancelled")

    def ask_by(self, number: int) -> None:
        """Ask the run to stop because of a signal."""
        self.ask(STOPPED_BY_CTRL_C if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}")

    def check(self) -> None:
        """Raise `Interrupted` if a stop was requested."""
        if self.reason is not None:
            raise Interrupted(self.reason)


@contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Turn `SIGNALS` into a stop request while the body runs; only the main thread may use this."""

    def asked(number: int, frame: FrameType | None) -> None:
        stop.ask_by(number)

    # A process that ignores a signal, such as one under nohup, goes on ignoring it.
    found = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in found.items() if handler is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, asked)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
