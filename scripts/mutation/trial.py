# SPDX-License-Identifier: Apache-2.0
"""Try mutants: each in a process forked for it, by the tests that reach it, until one fails.

A mutant inside a function is tried in a fork of a process that has collected the room's tests: nothing is imported
again, and a trial takes milliseconds. One that changes what runs at import is tried in a fork that has loaded only
the libraries, and imports the broken file.
"""

import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from scripts.mutation.swap import Constants, Live, changed_functions

# What most tests import and no mutant is in. No plugin of pytest: its assertions could not be rewritten any more.
_LIBRARIES = [
    "numpy", "scipy.interpolate", "scipy.optimize", "scipy.signal", "scipy.special", "scipy.stats",
    "GTC", "pydantic", "pyjls", "pytest", "rich", "typer",
]  # fmt: skip
KILLED, ALIVE, LATE, NOT_SWAPPED = "killed", "alive", "out of time", "not swapped"
UNBROKEN = "nothing broken"  # the trial that all tests must pass
SWAP, COMPUTE, IMPORT = "swap", "compute", "import"
_FAILED, _NO_SWAP = 1, 77
_WITHOUT = ("cacheprovider", "energy_runner", "xdist", "faulthandler")  # the second is found by its entry point
_OPTIONS = ["-q", "-x", *(word for name in _WITHOUT for word in ("-p", f"no:{name}"))]
_WAITING = 2  # times its processor time a trial may take by the clock


@dataclass(frozen=True)
class Trial:
    """A mutant's name, its file, the bytes from `start` to `stop` and what replaces them, and how it is tried.

    `tests` stand in the order in which they are run. `how` the mutant is put in: `SWAP` for the code of functions,
    `COMPUTE` for constants, `IMPORT` for all else.
    """

    name: str
    path: str
    start: int
    stop: int
    after: str
    tests: list[str]
    deadline_s: float
    how: str

    def broken(self, source: bytes) -> bytes:
        """Return the file with the mutant."""
        return source[: self.start] + self.after.encode() + source[self.stop :]


class _Stop:
    """Ends the process with the first test that fails, before its traceback is made."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        expected = (pytest.skip.Exception, pytest.xfail.Exception)
        if call.excinfo and not isinstance(call.excinfo.value, expected) and not _may_fail(item):
            os._exit(_FAILED)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(_FAILED)


class _Order:
    """Runs tests in the order in which they were asked for."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: number for number, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.place.get(item.nodeid, len(self.place)))


def _may_fail(item: pytest.Item) -> bool:
    return item.get_closest_marker("xfail") is not None


class _Swapped:
    """Tries mutants in place of the collected tests."""

    def __init__(self, root: Path, trials: list[Trial], tell: Callable[[Trial, str], None]) -> None:
        self.root, self.trials, self.tell = root, trials, tell

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for path in sorted({trial.path for trial in self.trials if trial.path}):
            importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        live = Live(str(self.root / trial.path) for trial in self.trials)
        constants = Constants(self.root)
        gc.freeze()
        for trial in self.trials:
            run = partial(self._run, session, items, live, constants, trial)
            status = _forked(run, trial.deadline_s)
            self.tell(trial, status)
        return True

    def _run(
        self,
        session: pytest.Session,
        items: dict[str, pytest.Item],
        live: Live,
        constants: Constants,
        trial: Trial,
    ) -> int:
        if trial.after:
            path = str(self.root / trial.path)
            source = Path(path).read_bytes()
            if trial.how == COMPUTE:
                if not constants.compute(path, source, trial.broken(source)):
                    return _NO_SWAP
            elif not (changes := changed_functions(path, source, trial.broken(source))) or not live.swap(changes):
                return _NO_SWAP
        session.config.pluginmanager.register(_Stop())
        chosen = [items[test] for test in trial.tests]
        for item, after in zip(chosen, [*chosen[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return 0


def _imported(root: Path, trial: Trial) -> int:
    """Run a trial that imports the broken file."""
    if trial.path:
        path = root / trial.path
        path.write_bytes(trial.broken(path.read_bytes()))
    # A mutant is written within the second of the one before it: compiled files would be taken for its own.
    sys.dont_write_bytecode = True
    return int(
        pytest.main([*_OPTIONS, f"--basetemp={root}-tmp", *trial.tests], plugins=[_Stop(), _Order(trial.tests)])
    )


def _forked(run: Callable[[], int], deadline_s: float) -> str:
    """Return what became of a trial in a process of its own; `deadline_s` is processor time."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(nothing, descriptor)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            used_s = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
            seconds = int(used_s + deadline_s) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            signal.alarm(int(_WAITING * deadline_s) + 1)
            os._exit(run())
        except BaseException:
            os._exit(_FAILED)
    _, status = os.waitpid(child, 0)
    print(f"{time.monotonic() - began:.2f} s", file=sys.stderr, flush=True)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM}:
        return LATE
    code = os.waitstatus_to_exitcode(status)
    return {0: ALIVE, _NO_SWAP: NOT_SWAPPED}.get(code, KILLED)


def main(root: str, work: str, found: str, *tests: str) -> int:
    """Try the mutants listed in `work` in the copy `root`; add what became of each to `found`."""
    os.chdir(root)
    sys.path.insert(0, root)
    copy = Path(root)
    trials = [Trial(**one) for one in json.loads(Path(work).read_text("utf-8"))]

    def tell(trial: Trial, status: str) -> None:
        if trial.name == UNBROKEN:
            if status != ALIVE:
                raise SystemExit(f"with nothing broken, the tests are {status} ({trial.how})")
            return
        with Path(found).open("a", encoding="utf-8") as file:
            file.write(json.dumps([trial.name, status]) + "\n")

    for library in _LIBRARIES:
        importlib.import_module(library)
    for trial in trials:
        if trial.how == IMPORT:
            path = copy / (trial.path or "pyproject.toml")
            source, stat = path.read_bytes(), path.stat()
            status = _forked(partial(_imported, copy, trial), trial.deadline_s)
            path.write_bytes(source)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # its compiled file is valid again
            tell(trial, status)
    swapped = [trial for trial in trials if trial.how != IMPORT]
    if not swapped:
        return 0
    plugin = _Swapped(copy, swapped, tell)
    return int(pytest.main([*_OPTIONS, f"--basetemp={root}-tmp", *tests], plugins=[plugin]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
