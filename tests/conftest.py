"""What all tests share: reference data, and no thread or open port left behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine may be slow for a moment; how long an example takes proves nothing here.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

REFERENCE_VARIABLE = "ENERGY_RUNNER_REFERENCE"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with real models, stimuli and sessions; skip where a user has none, fail where CI lacks it."""
    value = os.environ.get(REFERENCE_VARIABLE)
    if value and Path(value).is_dir():
        return Path(value)
    message = f"{REFERENCE_VARIABLE} does not name the folder with the reference models and stimuli"
    if os.environ.get("ENERGY_RUNNER_CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left, f"threads left behind: {left}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI a skipped test is a failed promise: say so where it can be seen."""
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("ENERGY_RUNNER_CI") and skipped:
        terminalreporter.write_line(f"{len(skipped)} tests were skipped in CI, where none may be", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a CI run in which a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ENERGY_RUNNER_CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
