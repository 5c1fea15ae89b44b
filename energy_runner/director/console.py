# SPDX-License-Identifier: Apache-2.0
"""The console of Windows: closing its window, logging off and shutting down end a process without any signal.

Windows calls a handler in a thread of its own and ends the process as soon as it returns, or after some seconds,
five when a window is closed. So the handler asks for a stop and then waits for the end of the job. What that time
does not suffice for, the watchdog does. Source: Windows, "HandlerRoutine callback function".
"""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT
EVENTS = {2: "the console was closed", 5: "the user logs off", 6: "the computer shuts down"}
LONGEST_S = 60.0


def _kernel() -> Any:
    """Return the part of Windows that calls handlers; None elsewhere."""
    libraries = getattr(ctypes, "windll", None)
    return libraries.kernel32 if libraries is not None else None


@contextmanager
def heed_console(ask: Callable[[str], object], kernel: Any = None) -> Iterator[None]:
    """Call `ask` with the reason when the console is closed while the body runs; the process then waits for it.

    Elsewhere than on Windows a closed terminal sends a signal, and this does nothing.
    """
    kernel = kernel if kernel is not None else _kernel()
    if kernel is None:
        yield
        return
    over = threading.Event()

    def handle(event: int) -> int:
        reason = EVENTS.get(event)
        if reason is None:
            return 0  # Ctrl-C and Ctrl-Break: Python makes signals of them
        ask(reason)
        over.wait(LONGEST_S)
        return 1

    routine = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)(ctypes.c_int, ctypes.c_uint)(handle)
    kernel.SetConsoleCtrlHandler(routine, 1)
    try:
        yield
    finally:
        over.set()
        kernel.SetConsoleCtrlHandler(routine, 0)
