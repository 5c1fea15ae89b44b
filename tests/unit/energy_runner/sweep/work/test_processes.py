# SPDX-License-Identifier: Apache-2.0
"""Worker processes that die, stand still or say their last word, and who looks after them."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from energy_runner.sweep.work.ends import End
from energy_runner.sweep.work.processes import REPLACEMENTS, BenchProcess, Supervisor
from instruments.clock import RealClock, VirtualClock

WAITS = "echo on its way; sleep 600 & wait"
CLOCK = RealClock()
PATIENCE_S = 60.0


class Watched:
    """A supervisor of one process that is a shell; its time is virtual."""

    def __init__(self, folder: Path, script: str) -> None:
        self.clock = VirtualClock()
        self.sign: Callable[[], object] = self.clock.now_ns
        self.worker = BenchProcess("left", ["sh", "-c", script, "worker"], folder / "worker-left.log")
        self.supervisor = Supervisor([self.worker], self.clock, lambda pid: self.sign(), 90.0)
        self.supervisor.begin()

    def until(self, condition: Callable[[], bool], *, stopping: bool = False, turn_s: float = 0.0) -> None:
        """Look again and again until something is so."""
        deadline = CLOCK.deadline(PATIENCE_S)
        while not condition():
            assert not deadline.expired()
            self.supervisor.look(stopping=stopping)
            self.clock.sleep(turn_s)
            CLOCK.sleep(0.005)

    @property
    def process(self) -> int:
        assert self.worker.process is not None
        return self.worker.process.pid


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    begun: list[Watched] = []

    def begin(script: str) -> Watched:
        begun.append(Watched(tmp_path, script))
        return begun[-1]

    yield begin
    for one in begun:
        one.worker.kill()
        if one.worker.process is not None:
            one.worker.process.wait()


def _said(end: str, pid: str = "$$") -> str:
    """Return a script that writes its last word where `--word FILE` says."""
    word = json.dumps({"end": end, "reason": "so", "points": 3, "pid": 0}).replace("0}", f"{pid}}}")
    return f"""printf '%s' '{word}' | sed "s/[$][$]/$$/" > "$2"; exit 0"""


def test_a_last_word_is_the_end(watched: Callable[[str], Watched]) -> None:
    one = watched(_said("finished"))
    one.until(lambda: one.worker.ended is not None)
    assert one.worker.ended is not None
    assert (one.worker.ended.end, one.worker.ended.reason, one.worker.ended.points) == (End.FINISHED, "so", 3)
    assert one.worker.replaced == 0


def test_the_word_of_an_earlier_worker_is_not_that_of_this_one(watched: Callable[[str], Watched]) -> None:
    one = watched(f"echo bench in use by pc:1; {_said('finished', '1').removesuffix('exit 0')} exit 3")
    one.until(lambda: one.worker.ended is not None)
    assert one.worker.ended is not None
    assert (one.worker.ended.end, one.worker.ended.reason) == (End.FAILED, "bench in use by pc:1")


def test_one_that_dies_is_replaced_some_times(watched: Callable[[str], Watched]) -> None:
    one = watched("kill -9 $$")
    one.until(lambda: one.worker.ended is not None)
    assert one.worker.ended is not None
    assert (one.worker.ended.end, one.worker.replaced) == (End.FAILED, REPLACEMENTS)
    assert one.worker.ended.reason == "it died 4 times (killed by SIGKILL)"


def test_a_sign_that_stands_still_ends_the_process_and_another_takes_its_place(
    watched: Callable[[str], Watched],
) -> None:
    one = watched(WAITS)
    first = one.process
    one.until(lambda: one.clock.now_ns() > 3600e9, turn_s=30.0)
    assert one.process == first  # its sign of life changes
    one.sign = lambda: 7
    one.until(lambda: one.process != first, turn_s=30.0)
    assert one.worker.replaced == 1


def test_one_without_a_seat_has_longer(watched: Callable[[str], Watched]) -> None:
    one = watched(WAITS)
    first = one.process
    one.sign = lambda: None
    one.until(lambda: one.clock.now_ns() > 270e9, turn_s=30.0)
    assert one.process == first
    one.until(lambda: one.process != first, turn_s=30.0)


def test_no_answer_of_the_catalogue_says_nothing_of_a_worker(watched: Callable[[str], Watched]) -> None:
    def silent() -> object:
        raise CatalogueUnavailable("locked")

    one = watched(WAITS)
    first = one.process
    one.sign = silent
    one.until(lambda: one.clock.now_ns() > 3600e9, turn_s=30.0)
    assert one.process == first


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="the system does not tell")
def test_one_that_is_suspended_is_replaced_although_it_keeps_the_catalogue_locked(
    watched: Callable[[str], Watched],
) -> None:
    def silent() -> object:
        raise CatalogueUnavailable("locked")

    one = watched(WAITS)
    first = one.process
    one.sign = silent
    os.kill(first, signal.SIGSTOP)
    one.until(lambda: one.process != first, turn_s=30.0)
    assert one.worker.replaced == 1
    assert one.clock.now_ns() > 90e9


def test_one_that_goes_on_after_a_while_is_not_replaced(watched: Callable[[str], Watched]) -> None:
    one = watched(WAITS)
    first = one.process
    os.kill(first, signal.SIGSTOP)
    one.until(lambda: one.clock.now_ns() > 60e9, turn_s=30.0)
    os.kill(first, signal.SIGCONT)
    CLOCK.sleep(0.05)
    one.until(lambda: one.clock.now_ns() > 900e9, turn_s=30.0)
    assert one.process == first


def test_those_who_do_not_heed_the_request_to_stop_are_killed(watched: Callable[[str], Watched]) -> None:
    one = watched(f"trap '' INT TERM; {WAITS}; {WAITS}")
    one.until(lambda: one.worker.news() == ["on its way"])
    one.until(lambda: one.worker.ended is not None, stopping=True, turn_s=30.0)
    assert one.clock.now_ns() > 120e9
    assert one.worker.replaced == REPLACEMENTS  # and nobody takes its place
