# SPDX-License-Identifier: Apache-2.0
"""The viewer after a run: it stays open at a terminal, and Ctrl-C, which does nothing after a job, ends it."""

import os
import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from energy_runner.cli import watching as module
from energy_runner.cli.watching import Watching
from energy_runner.errors import STOPPED_BY_CTRL_C, STOPPED_IN_VIEWER

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a signal cannot be sent to oneself on Windows")
PATIENCE_S = 20.0


class View:
    """A viewer whose server is waited for; the wait ends by Ctrl-C, or after a time."""

    listeners, stop = (), None

    def __init__(self, *, press: bool) -> None:
        self.server, self.told, self.waited, self._press = self, [], "", press

    def ended(self, session) -> None:
        self.told.append(session)

    def wait(self) -> None:
        self.waited = "for nothing"
        if self._press:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            threading.Event().wait(PATIENCE_S if self._press else 0.01)
        except KeyboardInterrupt:
            self.waited = "until Ctrl-C"
            raise


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    told: list[str] = []
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr(module, "say", told.append)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the command line leaves it
    yield told
    signal.signal(signal.SIGINT, before)


def session(outcome: str, reason: str = ""):
    return SimpleNamespace(record=SimpleNamespace(outcome=outcome, reason=reason))


def test_ctrl_c_ends_the_viewer_after_a_run(said) -> None:
    view = View(press=True)
    Watching(view).stay(session("completed"))
    assert view.waited == "until Ctrl-C"
    assert said[-1] == "the viewer has ended"
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN, "the exit status is still that of the run"


@pytest.mark.parametrize(
    ("reason", "waited"), [(STOPPED_BY_CTRL_C, ""), ("stopped by SIGTERM", ""), (STOPPED_IN_VIEWER, "for nothing")]
)
def test_who_stops_the_run_at_the_terminal_does_not_do_it_twice(reason: str, waited: str) -> None:
    view = View(press=False)
    Watching(view).stay(session("interrupted", reason))
    assert view.told, "the page leads to the session all the same"
    assert view.waited == waited
