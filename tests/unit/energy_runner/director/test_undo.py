# SPDX-License-Identifier: Apache-2.0
"""The tear-down runs every step, newest first, each with its own deadline."""

import sys

import pytest

from energy_runner.director.stop import StopRequest
from energy_runner.director.undo import UndoStack
from energy_runner.errors import Interrupted
from instruments.clock import VirtualClock
from instruments.errors import TimedOut


def test_newest_first_and_every_step_runs_whatever_fails():
    clock = VirtualClock()
    stack, done, reports = UndoStack(clock), [], []

    def fails(deadline):
        done.append("fails")
        raise TimedOut("switch off", "silence")

    stack.register("first", lambda deadline: done.append("first"))
    stack.register("second", fails)
    stack.register("third", lambda deadline: done.append("third"))
    stack.unwind(reports.append)
    assert done == ["third", "fails", "first"]
    assert [(r.name, type(r.error)) for r in reports] == [
        ("third", type(None)),
        ("second", TimedOut),
        ("first", type(None)),
    ]


def test_each_step_has_a_deadline_of_its_own():
    clock = VirtualClock()
    stack, left = UndoStack(clock), []

    def slow(deadline):
        left.append(deadline.remaining_s())
        clock.sleep(100.0)

    stack.register("a", slow, 3.0)
    stack.register("b", slow, 7.0)
    stack.unwind(lambda report: None)
    assert left == [7.0, 3.0]


def test_unwinding_twice_does_nothing_twice():
    stack, done = UndoStack(VirtualClock()), []
    stack.register("once", lambda deadline: done.append(1))
    stack.unwind(lambda report: None)
    stack.unwind(lambda report: None)
    assert done == [1]


def test_a_stop_request_keeps_its_first_reason():
    stop = StopRequest()
    stop.check()
    stop.ask("stopped by Ctrl-C (SIGINT)")
    stop.ask("stopped by SIGTERM")
    with pytest.raises(Interrupted, match="SIGINT"):
        stop.check()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_no_exception_of_any_kind_keeps_the_next_step_from_running(error):
    stack, done, reports = UndoStack(VirtualClock()), [], []

    def fails(deadline):
        raise error

    stack.register("first", lambda deadline: done.append("first"))
    stack.register("second", fails)
    stack.unwind(reports.append)
    assert done == ["first"]
    assert [type(report.error) for report in reports] == [error, type(None)]


@pytest.mark.parametrize(("error", "again"), [(KeyboardInterrupt, True), (MemoryError, True), (TimedOut, False)])
def test_a_step_that_no_instrument_cut_short_is_run_once_more(error, again):
    stack, tries, reports = UndoStack(VirtualClock()), [], []

    def interrupted_once(deadline):
        tries.append(deadline.remaining_s())
        if len(tries) == 1:
            raise error("switch off", "silence")

    stack.register("switch off", interrupted_once, 3.0)
    stack.unwind(reports.append)
    assert tries == [3.0, 3.0][: 1 + again]
    assert (reports[0].error is None) == again


def test_a_report_that_fails_is_heard_of_after_the_last_step():
    stack, done = UndoStack(VirtualClock()), []
    stack.register("first", lambda deadline: done.append("first"))
    stack.register("second", lambda deadline: done.append("second"))

    def report(report):
        raise SystemExit(report.name)

    with pytest.raises(SystemExit, match="second"):
        stack.unwind(report)
    assert done == ["second", "first"]


class FromAHandlerError(BaseException):
    """What a user's handler of signals raises, such as a time-out of SIGALRM."""


def test_an_exception_between_any_two_lines_keeps_no_step_from_running():
    """An exception at each line of the loop in turn, as a handler of signals raises it."""

    def unwound(at: int) -> tuple[list[str], int]:
        stack, done, seen = UndoStack(VirtualClock()), [], 0
        for name in ("first", "second", "third"):
            stack.register(name, lambda deadline, name=name: done.append(name))

        def trace(frame, event, arg):
            nonlocal seen
            if not frame.f_code.co_filename.endswith("director/undo.py"):
                return None
            if event == "line" and frame.f_code.co_name != "unwind":
                seen += 1
                if seen == at:
                    raise FromAHandlerError
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            stack.unwind(lambda report: None)
        except FromAHandlerError:
            pass
        finally:
            sys.settrace(before)
        return done, seen

    _, lines = unwound(0)
    assert lines > 20
    for at in range(1, lines + 1):
        done, _ = unwound(at)
        assert set(done) == {"first", "second", "third"}, f"at line {at}: {done}"


def test_what_may_hang_comes_after_the_supply():
    stack, done = UndoStack(VirtualClock()), []
    for name, last in (("close psu", True), ("switch off", False), ("close meter", True), ("stop", False)):
        stack.register(name, lambda deadline, name=name: done.append(name), last=last)
    stack.unwind(lambda report: None)
    assert done[:2] == ["stop", "switch off"]
    assert {*done[2:]} == {"close psu", "close meter"}
