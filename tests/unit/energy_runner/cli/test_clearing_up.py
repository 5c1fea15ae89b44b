# SPDX-License-Identifier: Apache-2.0
"""A command that writes a file and is told to end leaves nothing behind, and other commands are as they were."""

import os
import signal
import threading

import numpy as np
import pytest

from energy_runner.cli.app import app
from energy_runner.cli.clearing_up import clearing_up
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ExitStatus, Interrupted
from energy_runner.session.table import Table
from energy_runner.traces.writers import csv_file
from tests.support.synthetic import Setup, make_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a signal cannot be sent to oneself on Windows")
NAMES = ["SIGTERM", "SIGHUP"]


@pytest.fixture(autouse=True)
def default_signals():
    """Under nohup, tests begin with SIGHUP ignored."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def session(tmp_path):
    return make_run(Setup(period_s=0.01, windows=1)).write(tmp_path / "s")


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_that_is_being_written_is_cleared_away(name: str, session, tmp_path, monkeypatch, capsys) -> None:
    times = csv_file._times

    def ended(*given: object) -> np.ndarray:
        assert [one for one in tmp_path.iterdir() if one.suffix == ".tmp"]
        os.kill(os.getpid(), getattr(signal, name))
        return times(*given)

    monkeypatch.setattr(csv_file, "_times", ended)
    words = ["export", "trace", str(session.path), "--out", str(tmp_path / "t.csv")]
    assert run_app(app, words) == ExitStatus.INTERRUPTED
    assert f"stopped by {name}" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["s"]
    assert signal.getsignal(getattr(signal, name)) is signal.SIG_DFL


@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_is_being_written_is_cleared_away(name: str, session, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Table, "names", property(lambda own: os.kill(os.getpid(), getattr(signal, name)) or []))
    words = ["export", "table", str(session.path), "--out", str(tmp_path / "t.csv")]
    assert run_app(app, words) == ExitStatus.INTERRUPTED
    assert [one.name for one in tmp_path.iterdir()] == ["s"]


def test_a_signal_that_is_ignored_or_used_otherwise_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with clearing_up():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def told_twice(cleared: list[bool]) -> None:
    with clearing_up():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleared.append(True)


def test_a_second_signal_does_not_break_off_the_clearing_up() -> None:
    cleared: list[bool] = []
    with pytest.raises(Interrupted, match="stopped by SIGTERM"):
        told_twice(cleared)
    assert cleared == [True]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_outside_the_main_thread_nothing_changes() -> None:
    seen = []

    def run() -> None:
        with clearing_up():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]
