# SPDX-License-Identifier: Apache-2.0
"""The handle of a run: watch, cancel, wait, whatever happens in its thread."""

import threading

import pytest

from energy_runner.director.handle import Run
from energy_runner.errors import BenchFault, Interrupted


def until_stopped(bus, stop):
    """A run that goes on until somebody asks it to stop."""
    while stop.reason is None:
        threading.Event().wait(0.005)
    return stop.reason


def test_wait_returns_what_the_run_returns():
    run = Run(lambda bus, stop: "session")
    assert run.wait() == "session"
    assert run.done
    assert run.wait() == "session"


@pytest.mark.parametrize("error", [BenchFault("no answer"), SystemExit(3), KeyboardInterrupt("x"), MemoryError()])
def test_wait_raises_what_the_run_raises(error):
    def fails(bus, stop):
        raise error

    run = Run(fails)
    queue = run.events()
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            run.wait()
        assert caught.value is error
    assert list(queue) == []


def test_a_run_can_be_cancelled_from_any_thread():
    run = Run(until_stopped)
    assert not run.done
    other = threading.Thread(target=run.cancel, args=("enough",))
    other.start()
    assert run.wait() == "enough"
    run.cancel("too late")
    assert run.stop.reason == "enough"
    with pytest.raises(Interrupted, match="enough"):
        run.stop.check()
    other.join()


def test_waiting_may_end_before_the_run_does():
    run = Run(until_stopped)
    with pytest.raises(TimeoutError, match=r"not ended after 0\.05 s"):
        run.wait(0.05)
    assert not run.done
    run.cancel()
    assert run.wait(30.0) == "cancelled"


def test_leaving_the_handle_cancels_the_run_and_waits_for_its_end():
    with pytest.raises(ZeroDivisionError), Run(until_stopped) as run:
        1 / 0  # noqa: B018
    assert run.done
    assert run.stop.reason == "its handle was left"
    with Run(lambda bus, stop: "session") as run:
        run.wait()
    assert run.stop.reason is None


def test_ctrl_c_while_waiting_cancels_and_is_raised_after_the_tear_down(monkeypatch):
    run = Run(until_stopped)
    waited = run._over.wait
    asked = []

    def interrupted(timeout=None):
        asked.append(run.done)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return waited(timeout)

    monkeypatch.setattr(run._over, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert run.done
    assert run.stop.reason == "stopped by Ctrl-C"
