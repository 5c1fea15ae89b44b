# SPDX-License-Identifier: Apache-2.0
"""Do many independent tasks in two processes: this one, and a copy of it.

The copy shares the memory of all that is loaded already, and gets a few tasks at a time, so that no more results
wait than are soon taken. Where processes cannot be copied, or the copy dies, this process does everything.
"""

import multiprocessing
import os
import sys
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

LEAST = 60  # tasks from which a second process is worth starting
_CHUNK = 4
_AHEAD = 2  # chunks that the copy has at a time


def in_two_processes[Task, Done](
    work: Callable[[Task], Done], tasks: Sequence[Task], progress: Callable[[int, int], None]
) -> list[Done]:
    """Return `work` of each of `tasks`, in order; `work` must be a function of a module and raise nothing.

    `progress` is called with the number of tasks done and their total.
    """
    if len(tasks) < LEAST or not _worth_it():
        return _alone(work, tasks, progress)
    with warnings.catch_warnings():
        # Python warns of copies of a process with threads; ours hold no lock that the copy takes.
        warnings.simplefilter("ignore", DeprecationWarning)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as copy:
            return _shared(work, tasks, progress, copy)


def _worth_it() -> bool:
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _alone[Task, Done](
    work: Callable[[Task], Done], tasks: Sequence[Task], progress: Callable[[int, int], None]
) -> list[Done]:
    done: list[Done] = []
    for task in tasks:
        done.append(work(task))
        progress(len(done), len(tasks))
    return done


def _several[Task, Done](work: Callable[[Task], Done], tasks: Sequence[Task]) -> list[Done]:
    return [work(task) for task in tasks]


def _shared[Task, Done](
    work: Callable[[Task], Done],
    tasks: Sequence[Task],
    progress: Callable[[int, int], None],
    copy: ProcessPoolExecutor,
) -> list[Done]:
    waiting = deque(range(0, len(tasks), _CHUNK))
    done: dict[int, list[Done]] = {}
    there: dict[int, Future[list[Done]]] = {}
    broken = False
    while waiting or there:
        for at in [at for at, result in there.items() if result.done() or not waiting]:
            try:
                done[at] = there.pop(at).result()
            except BrokenProcessPool:
                waiting.append(at)
                broken = True
            progress(_count(done), len(tasks))
        while waiting and len(there) < _AHEAD and not broken:
            at = waiting.pop()
            try:
                there[at] = copy.submit(_several, work, tasks[at : at + _CHUNK])
            except BrokenProcessPool:
                waiting.append(at)
                broken = True
        if waiting:
            at = waiting.popleft()
            done[at] = _several(work, tasks[at : at + _CHUNK])
            progress(_count(done), len(tasks))
    return [one for at in sorted(done) for one in done[at]]


def _count[Done](done: dict[int, list[Done]]) -> int:
    return sum(map(len, done.values()))
