# SPDX-License-Identifier: Apache-2.0
"""The handle of a run: watch, cancel, wait, whatever happens in its thread."""

import os
import signal
import threading

import pytest

from energy_runner.director.handle import Run
from energy_runner.director.stop import SIGNALS
from energy_runner.errors import BenchFault, Interrupted


def until_stopped(bus, stop):
    """A run that goes on until somebody asks it to stop."""
    while stop.reason is None:
        threading.Event().wait(0.005)
    return stop.reason


def said(number: signal.Signals) -> str:
    return "stopped by Ctrl-C (SIGINT)" if number is signal.SIGINT else f"stopped by {number.name}"


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


@pytest.fixture
def send():
    """Send signals to this process from another thread, some time later."""
    timers = []

    def later(*numbers):
        for at, number in enumerate(numbers, start=1):
            timers.append(threading.Timer(0.1 * at, os.kill, (os.getpid(), number)))
            timers[-1].start()

    later.timers = timers
    yield later
    for timer in timers:
        timer.join()


@pytest.fixture
def slow_to_stop(send):
    """A run whose tear-down takes until every signal was sent: later ones would end the process of the tests."""

    def execute(bus, stop):
        reason = until_stopped(bus, stop)
        for timer in send.timers:
            timer.join()
        threading.Event().wait(0.05)
        return reason

    return execute


def handlers():
    return [signal.getsignal(number) for number in SIGNALS]


ENDS = pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)


@ENDS
def test_a_signal_while_waiting_cancels_and_is_raised_after_the_tear_down(send, slow_to_stop, number, raised):
    before = handlers()
    run = Run(slow_to_stop)
    send(number, number)
    with pytest.raises(raised):
        run.wait()
    assert run.done
    assert run.stop.reason == said(number)
    assert handlers() == before


@ENDS
def test_a_signal_while_the_main_thread_does_something_else_cancels_too(send, number, raised):
    before = handlers()
    run = Run(until_stopped)
    send(number)
    with pytest.raises(raised):
        threading.Event().wait(30.0)
    assert run.wait() == said(number)
    assert handlers() == before


@ENDS
def test_signals_while_a_handle_is_left_do_not_cut_the_tear_down_short(send, slow_to_stop, number, raised):
    """Ctrl-C three times: the first ends the body, the others come while the run tears down."""
    before = handlers()
    run = Run(slow_to_stop)
    with pytest.raises(raised):
        leave(run, lambda: send(number, number, number))
    assert run.wait() == said(number)
    assert handlers() == before


def test_two_runs_are_cancelled_by_one_signal(send):
    before = handlers()
    runs = [Run(until_stopped), Run(until_stopped)]
    send(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        runs[0].wait()
    assert runs[1].wait() == "stopped by Ctrl-C (SIGINT)"
    assert handlers() == before


def test_a_run_that_ended_unwaited_leaves_signals_as_they_were(send):
    Run(lambda bus, stop: "session")._thread.join()
    send(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        threading.Event().wait(30.0)
    Run(lambda bus, stop: "session").wait()


def test_an_ignored_signal_stays_ignored(send):
    """As for a process under nohup."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        run = Run(until_stopped)
        send(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            run.wait(0.5)
        run.cancel()
        run.wait()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_handler_of_the_users_own_is_called_after_the_request(send):
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(run.stop.reason))
    try:
        run = Run(until_stopped)
        send(signal.SIGTERM)
        assert run.wait() == "stopped by SIGTERM"
        assert heard == ["stopped by SIGTERM"]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_run_that_another_thread_makes_changes_no_handler():
    before, seen = handlers(), []

    def other():
        with Run(until_stopped) as run:
            seen.extend(handlers())
            run.cancel()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == before == handlers()


@pytest.mark.parametrize(
    ("reason", "kept"),
    [(None, "cancelled"), ("", "cancelled"), ("a\nb\x1b[31m", r"a b\x1b[31m"), ("\udcff", r"\udcff"), (5, "5")],
)
def test_any_reason_is_one_line(reason, kept):
    run = Run(until_stopped)
    run.cancel(reason)
    run.cancel("second")
    assert run.wait() == kept


class TooLateError(Exception):
    """What a user's own handler raises, such as a time-out."""


def leave(run, begin=lambda: None):
    with run:
        begin()
        threading.Event().wait(30.0)


@pytest.mark.parametrize("left", [False, True])
def test_whatever_a_handler_raises_the_tear_down_is_waited_for(send, slow_to_stop, left):
    def too_late(number, frame):
        raise TooLateError("after 0.1 s")

    before = signal.signal(signal.SIGUSR1, too_late)
    try:
        run = Run(slow_to_stop)
        send(signal.SIGUSR1)
        with pytest.raises(TooLateError):
            leave(run) if left else run.wait()
        assert run.done
        assert run.stop.reason == ("its handle was left" if left else "TooLateError: after 0.1 s")
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_handler_that_calls_the_one_it_replaced_ends(send):
    before = handlers()
    first = Run(until_stopped)
    ours = signal.getsignal(signal.SIGTERM)
    heard = []
    signal.signal(signal.SIGTERM, lambda number, frame: (heard.append(number), ours(number, frame)))
    first.cancel()
    first.wait()
    second = Run(until_stopped)
    send(signal.SIGTERM)
    assert second.wait() == "stopped by SIGTERM"
    assert heard == [signal.SIGTERM]
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)
