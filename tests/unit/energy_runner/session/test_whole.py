# SPDX-License-Identifier: Apache-2.0
"""Sessions that are known as a whole: kept all or not at all, or held with their samples in memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.errors import BenchFault, ConfigurationError, SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.whole import Facts, Samples, hold_session, write_session
from tests.support.synthetic import make_run

ENERGY_J = np.array([1.0, np.nan, 3.0, 4.0], dtype=np.float32)
EVENTS: list[ev.AnyEvent] = [ev.AcquisitionStarted(t_ns=1), ev.AcquisitionStopped(t_ns=2, samples=4, received=3)]
FACTS = Facts(make_run(period_s=0.1).record, EVENTS, Samples(ENERGY_J, 0.001, edges=(1.5, 99.0)))


def test_a_session_is_written_with_record_journal_and_trace(tmp_path: Path) -> None:
    session = write_session(FACTS, tmp_path / "out")
    assert session == Session.open(tmp_path / "out")
    assert session.record.model_copy(update={"seal": None, "environment": None}) == FACTS.record
    assert session.verified.intact
    assert list(session.journal()) == EVENTS
    with session.trace() as trace:
        assert (trace.period_s, trace.signals) == (0.001, [("energy", "J")])
        assert np.array_equal(trace.read("energy", 0, trace.length), ENERGY_J, equal_nan=True)
        assert trace.edges() == [(1, "edge 0")]  # the other one lies behind the last sample


def test_without_samples_there_is_no_trace(tmp_path: Path) -> None:
    bare = replace(FACTS, samples=None)
    assert not write_session(bare, tmp_path / "out").has_trace()
    held = hold_session(bare, tmp_path / "held")
    assert not held.has_trace()
    with pytest.raises(SessionError, match="holds no samples"):
        held.trace()


@pytest.mark.parametrize("existed", [False, True])
def test_nothing_is_left_of_a_session_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existed: bool
) -> None:
    if existed:
        (tmp_path / "out").mkdir()

    def full(*_: object) -> None:
        assert (tmp_path / "out/record.json").exists()
        raise BenchFault("disk full")

    monkeypatch.setattr("energy_runner.session.journal.JournalWriter.write", full)
    with pytest.raises(BenchFault, match="disk full"):
        write_session(FACTS, tmp_path / "out")
    assert list(tmp_path.rglob("*")) == ([tmp_path / "out"] if existed else [])


def test_an_occupied_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(ConfigurationError, match="is not empty"):
        write_session(FACTS, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_held_session_reads_like_a_written_one_and_has_no_trace_file(tmp_path: Path) -> None:
    session = hold_session(FACTS, tmp_path / "held")
    assert not session.path.exists()
    assert list(session.journal()) == EVENTS
    assert list(session.journal(exchanges=False).of(type(EVENTS[0]))) == [
        event for event in EVENTS if isinstance(event, type(EVENTS[0]))
    ]
    assert not session.journal().torn
    assert session.has_trace()
    with session.trace() as trace:
        assert (trace.period_s, trace.signals, trace.length) == (0.001, [("energy", "J")], 4)
        assert np.array_equal(trace.read("energy", 1, 3), ENERGY_J[1:3], equal_nan=True)
        for signal, start, stop in (("current", 0, 1), ("energy", -1, 1), ("energy", 2, 1), ("energy", 0, 5)):
            with pytest.raises(SessionError, match="do not exist"):
                trace.read(signal, start, stop)


def test_a_long_journal_is_held_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("energy_runner.session.whole._MOST_HELD", 0)
    session = hold_session(FACTS, tmp_path / "held")
    assert [path.name for path in session.path.iterdir()] == ["journal.jsonl"]
    assert list(session.journal()) == EVENTS
