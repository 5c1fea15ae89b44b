# SPDX-License-Identifier: Apache-2.0
"""What all tests share: no thread or open port left behind, and a word about what was not run."""

import gc
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.support.order import dealt, spread, units

# A shared machine may be slow for a moment; how long an example takes proves nothing here.
settings.register_profile("project", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=20)
# A broken line needs to be noticed, not to be explained; and it should live or die the same way each time.
settings.register_profile(
    "mutation",
    deadline=None,
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("ENERGY_RUNNER_HYPOTHESIS", "project"))

# A shell without job control starts background jobs with Ctrl-C ignored, and every process below them inherits
# that: tests that send it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Each phase of a run waits for the disk; in tests by the thousand that takes minutes and proves nothing. Runs in
# processes of their own wait, and so do the tests that have `disk_that_waits`.
_FSYNC = os.fsync
os.fsync = lambda descriptor: None

REFERENCE_VARIABLE = "ENERGY_RUNNER_REFERENCE"
REFERENCE_TESTS = Path(__file__).parent / "reference"
REAL_TIME_TESTS = Path(__file__).parent / "wire"


def has_reference() -> bool:
    """Whether the folder with data of others is there; CI must have it, so its tests are run there in any case."""
    value = os.environ.get(REFERENCE_VARIABLE)
    return bool(os.environ.get("ENERGY_RUNNER_CI")) or bool(value and Path(value).is_dir())


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the tests that need data of others, where a user has none; the summary says so."""
    return True if collection_path == REFERENCE_TESTS and not has_reference() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests in real time, which mostly wait, among the others, which keep the processors busy.

    Long tests come first on each worker: one that comes last keeps the others waiting, with all behind it. The
    other tests of a file stay together, because each worker makes the fixtures of a file for itself.
    """
    deep = units([item for item in items if item.get_closest_marker("deep") is not None], _together)
    files = units([item for item in items if item.get_closest_marker("deep") is None], lambda item: item.path)
    waiting = [file for file in files if REAL_TIME_TESTS in file[0].path.parents]
    others = [file for file in files if REAL_TIME_TESTS not in file[0].path.parents]
    groups = [*deep, *spread(waiting, others)]
    items[:] = dealt(groups, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def _together(item: pytest.Item) -> object:
    """Return what is the same for deep tests that one worker runs: their file, if they share a dear fixture."""
    marker = item.get_closest_marker("deep")
    return item.path if marker is not None and marker.kwargs.get("together") else item.nodeid


def pytest_collection_finish() -> None:
    """Search for garbage seldom, and not in what was imported and collected: that took a tenth of all time."""
    if os.environ.get("ENERGY_RUNNER_HYPOTHESIS") == "mutation":
        return  # it finds the functions that it breaks among what can be collected
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@pytest.fixture
def disk_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files be synced in earnest."""
    monkeypatch.setattr(os, "fsync", _FSYNC)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    # A server that several tests share has a pool, which grows with their questions and ends with the server.
    new = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    left = [thread.name for thread in new if thread.name != "AnyIO worker thread"]
    assert not left, f"threads left behind: {left}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out; in CI a skipped test is a failed promise, and that is said where it can be seen."""
    if not has_reference():
        terminalreporter.write_line(
            f"tests/reference was left out: {REFERENCE_VARIABLE} names no folder of others' data (README, Tests)"
        )
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("ENERGY_RUNNER_CI") and skipped:
        terminalreporter.write_line(f"{len(skipped)} tests were skipped in CI, where none may be", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a CI run in which a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ENERGY_RUNNER_CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
