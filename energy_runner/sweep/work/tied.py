# SPDX-License-Identifier: Apache-2.0
"""A worker that ends when the process that started it does, however that ends, on any operating system."""

import os
import sys
import threading
from contextlib import suppress

from energy_runner.director.stop import StopRequest


def stop_at_end_of_input(stop: StopRequest) -> None:
    """Ask for a stop when the standard input ends, as it does when the process at its other end is gone."""

    def wait(descriptor: int) -> None:
        # Not through sys.stdin: a thread that waits in it keeps the interpreter from ending.
        with suppress(OSError):
            while os.read(descriptor, 4096):
                pass
        stop.ask("the process that started this one is gone")

    if sys.stdin is not None:
        threading.Thread(target=wait, args=(sys.stdin.fileno(),), name="standard input", daemon=True).start()
