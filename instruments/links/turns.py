# SPDX-License-Identifier: Apache-2.0
"""Let a reading thread run promptly while another thread computes: shorten the interpreter's switch interval.

A thread that computes keeps the interpreter for 5 ms (`sys.getswitchinterval()`) after another thread asks for it.
A thread that reads a stream asks after each system call, so it would get one read of 4 KiB in 5 ms: 800 kB/s at
best, with little reserve to catch up after a pause. The setting is one for the whole process; it is restored when
the last stream is closed.
"""

import sys
import threading

TURN_S = 0.0005

_lock = threading.Lock()
_users = 0
_before_s = 0.0


def shorten() -> None:
    """Shorten the switch interval until `restore()` has been called as often as `shorten()`."""
    global _users, _before_s  # noqa: PLW0603 - the setting belongs to the process, and so does its count of users
    with _lock:
        if _users == 0:
            _before_s = sys.getswitchinterval()
            sys.setswitchinterval(min(_before_s, TURN_S))
        _users += 1


def restore() -> None:
    """Undo one `shorten()`."""
    global _users  # noqa: PLW0603
    with _lock:
        _users -= 1
        if _users == 0:
            sys.setswitchinterval(_before_s)
