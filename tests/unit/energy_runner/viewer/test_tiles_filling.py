# SPDX-License-Identifier: Apache-2.0
"""Work in the background goes on step by step, lets requests go first, and ends when told."""

import threading

import pytest

from energy_runner.viewer import filling
from energy_runner.viewer.filling import Filler

LONG_S = 20.0  # after which a test has failed


class Steps:
    """A job of some steps, and a signal when it is done."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done = 0
        self.over = threading.Event()
        self.one = threading.Event()

    def __call__(self) -> bool:
        self.done += 1
        self.left -= 1
        self.one.set()
        if self.left <= 0:
            self.over.set()
        return self.left > 0


def test_nothing_runs_before_it_is_wanted() -> None:
    before = threading.active_count()
    filler = Filler(Steps(3))
    assert threading.active_count() == before
    filler.close()
    filler.wake()
    assert threading.active_count() == before


def test_it_works_to_the_end_and_again() -> None:
    job = Steps(5)
    filler = Filler(job)
    filler.wake()
    assert job.over.wait(LONG_S)
    job.one.clear()
    assert not job.one.wait(0.05), "it went on after its end"
    job.left = 2
    job.over.clear()
    filler.wake()
    assert job.over.wait(LONG_S)
    filler.close()
    assert job.done == 7


def test_a_wake_during_a_step_is_heard() -> None:
    inside, go_on, twice = threading.Event(), threading.Event(), threading.Event()

    def step() -> bool:
        if inside.is_set():
            twice.set()
        inside.set()
        go_on.wait(LONG_S)
        return False

    filler = Filler(step)
    filler.wake()
    assert inside.wait(LONG_S)
    filler.wake()
    go_on.set()
    assert twice.wait(LONG_S)
    filler.close()


def test_a_request_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "PATIENCE_S", LONG_S)
    job = Steps(1)
    filler = Filler(job)
    with filler.ahead():
        filler.wake()
        assert not job.one.wait(0.05)
    assert job.one.wait(LONG_S)
    filler.close()


def test_requests_without_end_do_not_stop_it() -> None:
    job = Steps(3)
    filler = Filler(job)
    with filler.ahead():
        filler.wake()
        assert job.over.wait(LONG_S)
    filler.close()


def test_close_ends_the_thread_in_the_middle_of_its_work() -> None:
    before = threading.active_count()
    job = Steps(10**9)
    filler = Filler(job)
    filler.wake()
    assert job.one.wait(LONG_S)
    filler.close()
    filler.close()
    assert threading.active_count() == before
    filler.wake()
    assert threading.active_count() == before
