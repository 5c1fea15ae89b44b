# SPDX-License-Identifier: Apache-2.0
"""Let a command that writes a file clear up however it is told to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from energy_runner.errors import Interrupted

# Those besides Ctrl-C, which is an exception already: `kill`, a closed terminal or lost connection, Ctrl-Break.
_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def clearing_up() -> Iterator[None]:
    """Turn signals that would end the process at once into `Interrupted` while the body runs.

    A process that ignores a signal, such as one under nohup, goes on ignoring it; outside the main thread nothing
    changes, for Python handles signals there only.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second one would break off the clearing up
    raise Interrupted(f"stopped by {signal.Signals(number).name}")
