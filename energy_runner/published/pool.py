# SPDX-License-Identifier: Apache-2.0
"""Do many independent tasks in two processes, which are copies of this one.

The copies share the memory of all that is loaded already, and get a few tasks at a time, so that few results wait.
This process only hands out and takes in: libraries that spin in threads of their own do not spin in a copy. Where
processes cannot be copied, or a copy dies, this process does everything itself.
"""

import gc
import multiprocessing
import os
import sys
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

LEAST = 60  # tasks from which copies are worth making
_COPIES = 2
_CHUNK = 4
_AHEAD = 2  # chunks that each copy has at a time


def in_two_processes[Task, Done](
    work: Callable[[Task], Done], tasks: Sequence[Task], progress: Callable[[int, int], None]
) -> list[Done]:
    """Return `work` of each of `tasks`, in order; `work` must be a function of a module and raise nothing.

    `progress` is called with the number of tasks done and their total.
    """
    done: dict[int, Done] = {}
    if len(tasks) >= LEAST and _worth_it():
        with warnings.catch_warnings():
            # Python warns of copies of a process with threads; ours hold no lock that a copy takes.
            warnings.simplefilter("ignore", DeprecationWarning)
            context = multiprocessing.get_context("fork")
            with ProcessPoolExecutor(_COPIES, mp_context=context, initializer=_seldom_garbage) as copies:
                done = _shared(work, tasks, progress, copies)
    for number, task in enumerate(tasks):
        if number not in done:
            done[number] = work(task)
            progress(len(done), len(tasks))
    return [done[number] for number in range(len(tasks))]


def _worth_it() -> bool:
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _seldom_garbage() -> None:
    """Search a copy for garbage seldom, and not in what it shares: that took a tenth of its time, and memory."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def _several[Task, Done](work: Callable[[Task], Done], tasks: Sequence[Task]) -> list[Done]:
    return [work(task) for task in tasks]


def _shared[Task, Done](
    work: Callable[[Task], Done],
    tasks: Sequence[Task],
    progress: Callable[[int, int], None],
    copies: ProcessPoolExecutor,
) -> dict[int, Done]:
    """Return what the copies have done by its number: everything, unless one of them died."""
    waiting = deque(range(0, len(tasks), _CHUNK))
    there: dict[Future[list[Done]], int] = {}
    done: dict[int, Done] = {}
    try:
        while waiting or there:
            while waiting and len(there) < _COPIES * _AHEAD:
                at = waiting.popleft()
                there[copies.submit(_several, work, tasks[at : at + _CHUNK])] = at
            for result in wait(there, return_when=FIRST_COMPLETED).done:
                done |= dict(enumerate(result.result(), start=there.pop(result)))
                progress(len(done), len(tasks))
    except BrokenProcessPool:
        pass
    return done
