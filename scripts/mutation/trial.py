# SPDX-License-Identifier: Apache-2.0
"""Try one mutant: the tests in a copy of the project, in a process of its own, until a deadline."""

import multiprocessing
import os
import sys
import time
from pathlib import Path

# What most tests import and no mutant is in: loaded once, by the server that forks every trial. No plugin of
# pytest: its assertions could not be rewritten any more.
_LOADED = ["numpy", "scipy.special", "scipy.stats", "scipy.signal", "GTC", "pydantic", "pytest", "rich"]
KILLED, ALIVE, LATE = "killed", "alive", "out of time"

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(_LOADED)


def try_tests(root: Path, tests: list[str], deadline_s: float) -> str:
    """Return whether `tests` fail in `root` (the mutant is killed), pass (it is alive), or do not end in time."""
    process = _CONTEXT.Process(target=_tests_fail, args=(str(root), tests))
    process.start()
    process.join(deadline_s)
    if process.is_alive():
        process.kill()
        process.join()
        return LATE
    return ALIVE if process.exitcode == 0 else KILLED


def _tests_fail(root: str, tests: list[str]) -> None:
    import pytest

    os.chdir(root)
    sys.path.insert(0, root)
    # A mutant is written within the second of the one before it: compiled files would be taken for its own.
    sys.dont_write_bytecode = True
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])))


def timed(root: Path, tests: list[str], deadline_s: float) -> tuple[str, float]:
    """Return the outcome and the seconds it took."""
    began = time.monotonic()
    return try_tests(root, tests, deadline_s), time.monotonic() - began
