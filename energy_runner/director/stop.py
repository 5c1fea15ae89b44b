# SPDX-License-Identifier: Apache-2.0
"""The user's request to stop: every signal that can be caught sets a flag that is checked between steps.

No exception is raised in the middle of an action, so the power-off at the end cannot be interrupted; a second
Ctrl-C changes nothing.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from energy_runner.director.console import heed_console
from energy_runner.errors import STOPPED_BY_CTRL_C, Interrupted
from instruments.errors import one_line

# SIGHUP comes when a terminal is closed or an ssh connection lost, SIGQUIT from Ctrl-\\, SIGBREAK from Ctrl-Break.
SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
    if hasattr(signal, name)
)
# By default these end or suspend a process, and so leave the supply on. A program may use them for its own
# purposes: they are taken only where it does not. Not among them: those of a crash, and those of a job in the
# background that reads from or writes to the terminal, which would come for ever.
_NAMES = (
    *("SIGTSTP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU", "SIGPWR", "SIGIO"),
    "SIGSTKFLT",
)
OTHERS = (
    *(getattr(signal, name) for name in _NAMES if hasattr(signal, name)),
    *(range(signal.SIGRTMIN, signal.SIGRTMAX + 1) if hasattr(signal, "SIGRTMIN") else ()),
)
OWN_HANDLERS: list[Any] = [signal.SIG_DFL]  # what is taken over although the signal is one of the others
# A job in the background that writes to its terminal is suspended by this one, where the terminal is set so
# (`stty tostop`), and the supply would stay on; ignored, what it writes is written.
_SUSPENDS_WRITERS = getattr(signal, "SIGTTOU", None)
# Handlers to leave behind when a job has ended, in place of those found. A command line, whose exit status is then
# settled, lets Ctrl-C do nothing more: it would be taken for the end of a job that left its supply off.
AFTERWARDS: dict[Any, Any] = {}


def to_take() -> dict[int, Any]:
    """Return the signals that are to become a request to stop, with the handlers that they have now.

    A process that ignores a signal, such as one under nohup, goes on ignoring it.
    """
    found = {number: signal.getsignal(number) for number in (*SIGNALS, *OTHERS)}
    return {
        number: AFTERWARDS.get(handler, handler)
        for number, handler in found.items()
        if handler is not signal.SIG_IGN and (number in SIGNALS or handler in OWN_HANDLERS)
    }


def signal_name(number: int) -> str:
    """Return the name of a signal, or its number if it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


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
        self.ask(STOPPED_BY_CTRL_C if number == signal.SIGINT else f"stopped by {signal_name(number)}")

    def check(self) -> None:
        """Raise `Interrupted` if a stop was requested."""
        if self.reason is not None:
            raise Interrupted(self.reason)


@contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Turn every signal that can be caught into a stop request while the body runs; for the main thread only."""

    def asked(number: int, frame: FrameType | None) -> None:
        stop.ask_by(number)

    before = to_take()
    for number in before:
        signal.signal(number, asked)
    if _SUSPENDS_WRITERS is not None:
        before[_SUSPENDS_WRITERS] = signal.signal(_SUSPENDS_WRITERS, signal.SIG_IGN)
    try:
        with heed_console(stop.ask):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
