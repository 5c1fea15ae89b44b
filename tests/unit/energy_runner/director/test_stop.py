# SPDX-License-Identifier: Apache-2.0
"""Which signals become a request to stop, and which are left to the program that uses them."""

import os
import signal

import pytest

from energy_runner.director.signal_guard import SignalGuard
from energy_runner.director.stop import OTHERS, OWN_HANDLERS, SIGNALS, StopRequest, signal_name, stop_on_signals

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
