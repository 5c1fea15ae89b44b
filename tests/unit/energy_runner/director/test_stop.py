# SPDX-License-Identifier: Apache-2.0
"""Which signals become a request to stop, and which are left to the program that uses them."""

import os
import signal

import pytest

from energy_runner.director.signal_guard import SignalGuard
from energy_runner.director.stop import (
    AFTERWARDS,
    OTHERS,
    OWN_HANDLERS,
    SIGNALS,
    StopRequest,
    signal_name,
    stop_on_signals,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals to send")
# What ends or suspends a process by default, but no crash.
NAMES = "HUP INT QUIT TERM USR1 USR2 ALRM VTALRM PROF XCPU TSTP"
ENDING = {signal.Signals[f"SIG{name}"] for name in NAMES.split()}


def test_every_signal_that_ends_a_process_is_taken() -> None:
    assert {*SIGNALS, *OTHERS} >= ENDING
    assert not {*SIGNALS, *OTHERS} & {signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGTTOU}


@pytest.mark.parametrize("number", sorted(ENDING - {signal.SIGINT}))
def test_it_asks_for_a_stop_and_is_as_before_afterwards(number: int) -> None:
    before, stop = signal.getsignal(number), StopRequest()
    signal.signal(number, signal.SIG_DFL)
    try:
        with stop_on_signals(stop):
            signal.raise_signal(number)
            signal.raise_signal(number)
        assert stop.reason == f"stopped by {signal.Signals(number).name}"
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_signal_that_the_program_uses_or_ignores_is_left_alone() -> None:
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGHUP)}
    signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    stop = StopRequest()
    try:
        with stop_on_signals(stop):
            signal.raise_signal(signal.SIGUSR1)
            signal.raise_signal(signal.SIGHUP)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heard == [signal.SIGUSR1]
    assert stop.reason is None


def test_what_the_guard_has_taken_is_taken_from_it_while_a_run_is_followed() -> None:
    guard, run = SignalGuard(), StopRequest()
    number = signal.SIGUSR2
    guard.add(run)
    try:
        with stop_on_signals(run):
            signal.raise_signal(number)  # the guard alone would raise SystemExit
        assert run.reason == "stopped by SIGUSR2"
    finally:
        guard.remove(run)
        OWN_HANDLERS.pop()
    assert signal.getsignal(number) is signal.SIG_DFL


def test_signals_without_a_name() -> None:
    assert signal_name(signal.SIGTERM) == "SIGTERM"
    assert signal_name(signal.SIGRTMIN + 1) == f"signal {signal.SIGRTMIN + 1}"


def test_a_job_in_the_background_is_not_suspended_when_it_writes_to_its_terminal() -> None:
    before = signal.getsignal(signal.SIGTTOU)
    with stop_on_signals(StopRequest()), stop_on_signals(StopRequest()):
        assert signal.getsignal(signal.SIGTTOU) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTTOU) is before


def test_a_command_line_may_let_ctrl_c_do_nothing_after_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status is settled then: what ends it as interrupted would say that the supply is off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setitem(AFTERWARDS, signal.default_int_handler, signal.SIG_IGN)
    guard, run = SignalGuard(), StopRequest()
    try:
        with stop_on_signals(run):
            guard.add(run)
            with stop_on_signals(run):
                signal.raise_signal(signal.SIGINT)
            guard.remove(run)
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert run.reason == "stopped by Ctrl-C (SIGINT)"
