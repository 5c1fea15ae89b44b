# SPDX-License-Identifier: Apache-2.0
"""A console of Windows that is closed: the job is asked to stop, and the process waits for its tear-down.

The calls of Windows are imitated; on Windows itself this was not tried.
"""

import threading
from collections.abc import Callable

import pytest

from energy_runner.director.console import heed_console
from energy_runner.director.stop import StopRequest

PATIENCE_S = 10.0


class Kernel:
    """Keeps the handler, as Windows does."""

    def __init__(self) -> None:
        self.handlers: list[Callable[[int], int]] = []

    def SetConsoleCtrlHandler(self, routine: Callable[[int], int], add: int) -> int:  # noqa: N802 - its name
        (self.handlers.append if add else self.handlers.remove)(routine)
        return 1


@pytest.mark.parametrize(("event", "reason"), [(2, "console was closed"), (5, "logs off"), (6, "shuts down")])
def test_a_closed_console_asks_for_a_stop_and_waits_for_the_end_of_the_job(event: int, reason: str) -> None:
    kernel, stop, returned = Kernel(), StopRequest(), threading.Event()

    def windows_calls() -> None:
        assert kernel.handlers[0](event) == 1
        returned.set()

    thread = threading.Thread(target=windows_calls)
    with heed_console(stop.ask, kernel):
        thread.start()
        while stop.reason is None:
            threading.Event().wait(0.001)
        assert reason in stop.reason
        assert not returned.wait(0.02), "Windows would have ended the process before its tear-down"
    thread.join(PATIENCE_S)
    assert returned.is_set()
    assert kernel.handlers == []


@pytest.mark.parametrize("event", [0, 1])
def test_ctrl_c_and_ctrl_break_are_left_to_python(event: int) -> None:
    kernel, stop = Kernel(), StopRequest()
    with heed_console(stop.ask, kernel):
        assert kernel.handlers[0](event) == 0
    assert stop.reason is None


def test_elsewhere_nothing_is_done() -> None:
    stop = StopRequest()
    with heed_console(stop.ask):
        pass
    assert stop.reason is None
