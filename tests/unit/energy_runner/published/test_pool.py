# SPDX-License-Identifier: Apache-2.0
"""Many tasks in two processes: in order, all of them, and without the second one where it dies."""

import os
import time

import pytest

from energy_runner.published import pool
from energy_runner.published.pool import in_two_processes

HERE = os.getpid()


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def fatal_elsewhere(number: int) -> int:
    if os.getpid() != HERE:
        os._exit(3)
    return number


@pytest.mark.parametrize("count", [0, 1, pool.LEAST - 1, pool.LEAST, 203])
def test_everything_is_done_in_order(count: int) -> None:
    told: list[tuple[int, int]] = []
    done = in_two_processes(squared, range(count), lambda *at: told.append(at))
    assert [value for value, _ in done] == [number * number for number in range(count)]
    assert told[-1:] == ([(count, count)] if count else [])
    assert [at for at, _ in told] == sorted(at for at, _ in told)


@pytest.mark.skipif(not pool._worth_it(), reason="one processor, or processes cannot be copied")
def slowly(number: int) -> tuple[int, int]:
    """Take long enough that one process alone cannot have done everything before the other has begun."""
    time.sleep(0.005)
    return squared(number)


def test_two_processes_take_part() -> None:
    done = in_two_processes(slowly, range(400), lambda *_: None)
    assert len({process for _, process in done} - {HERE}) == 2


@pytest.mark.skipif(not pool._worth_it(), reason="one processor, or processes cannot be copied")
def test_a_second_process_that_dies_leaves_its_tasks_to_the_first() -> None:
    assert in_two_processes(fatal_elsewhere, range(100), lambda *_: None) == list(range(100))
