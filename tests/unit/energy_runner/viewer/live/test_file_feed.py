# SPDX-License-Identifier: Apache-2.0
"""A session that somebody else writes: not there yet, growing, damaged, replaced, killed, finished, deleted."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from energy_runner.session import events as ev
from energy_runner.session.folder import JOURNAL, RECORD, TRACE, write_record
from energy_runner.session.journal import JournalWriter
from energy_runner.session.trace import TraceWriter
from energy_runner.viewer.live import trace_tail
from energy_runner.viewer.live.file_feed import QUIET_S, SEALED_S, FileFeed
from instruments.clock import VirtualClock
from tests.support.synthetic import Setup, make_run

KEY = "0123456789ab"
PERIOD_S = 1e-3
ENDED = ev.RunStopped(t_ns=10**13, outcome="completed", reason="", supply_off_confirmed=True)


class Growing:
    """A session that a test writes, and the feed that follows it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = make_run(Setup(windows=1, inferences=10))
        self.clock = VirtualClock()
        self.feed = FileFeed(folder, KEY, clock=self.clock)
        self.trace: TraceWriter | None = None
        self._journal: JournalWriter | None = None
        self._written = 0

    def begin(self, outcome: str = "running") -> None:
        self.folder.mkdir(exist_ok=True)
        write_record(self.folder, self.run.record.model_copy(update={"outcome": outcome, "seal": None}))

    def say(self, *events: ev.AnyEvent) -> None:
        self._journal = self._journal or JournalWriter(self.folder / JOURNAL)
        for event in events:
            self._journal.write(event)

    def sample(self, count: int, power_w: float = 1.0) -> None:
        self.trace = self.trace or TraceWriter(self.folder / TRACE, [("energy", "J")], PERIOD_S)
        self.trace.append(self._written, [np.full(count, power_w * PERIOD_S, dtype=np.float32)])
        self.trace.flush()
        self._written += count

    def seen(self) -> dict:
        while self.feed.poll():
            pass
        (snapshot,) = self.feed.snapshot()
        json.dumps(snapshot, allow_nan=False)
        return snapshot

    def close(self) -> None:
        self.feed.close()
        for writer in (self.trace, self._journal):
            if writer is not None:
                writer.close()


@pytest.fixture
def growing(tmp_path: Path):
    made = Growing(tmp_path / "s")
    yield made
    made.close()


def test_everything_comes_as_it_is_written(growing) -> None:
    growing.folder.mkdir()
    seen = growing.seen()
    assert seen["problems"] == ["there is no record.json yet", "there is no journal yet"]
    assert seen["supply"] == "unknown"
    growing.begin()
    seen = growing.seen()
    assert seen["problems"] == ["there is no journal yet", "there is no trace yet"]
    assert (seen["benchmark"], seen["mode"], seen["virtual"]) == ("kws01", "energy", True)
    growing.say(*growing.run.events[:4], ev.SupplySwitched(t_ns=10**12, on=True))
    growing.sample(1000)
    seen = growing.seen()
    assert (seen["problems"], seen["supply"]) == ([], "on")
    power = seen["blocks"]["signals"]["power"]["mean"]
    assert 5 <= len(power) <= 10  # whole blocks of the file only
    assert power == pytest.approx([1.0] * len(power))
    growing.sample(2000, 2.0)
    grown = growing.seen()["blocks"]["signals"]["power"]["mean"]
    assert len(grown) > 20
    assert grown[: len(power)] == power
    assert grown[-1] == pytest.approx(2.0)


def test_a_session_that_ends_while_it_is_followed_is_shown_to_its_last_sample(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4])
    growing.sample(1030)
    growing.seen()
    growing.trace.close()
    growing.say(ENDED)
    assert growing.seen()["outcome"] == "completed"
    assert not growing.feed.over  # its record is not complete
    growing.begin("completed")
    seen = growing.seen()
    assert growing.feed.over
    assert (seen["session_key"], seen["supply"], len(seen["blocks"]["signals"]["power"]["mean"])) == (
        KEY,
        "off",
        11,
    )
    assert growing.feed._outbox.since(0)[-1]["kind"] == "ended"
    assert not growing.feed.poll()


def test_a_record_that_is_never_completed_is_told_of(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4], ENDED)
    growing.seen()
    growing.clock.sleep(SEALED_S + 1)
    assert "the run ended, but its record was not completed" in growing.seen()["problems"]
    assert growing.feed.over


def test_a_killed_run_falls_silent_and_nobody_knows_of_its_supply(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4], ev.SupplySwitched(t_ns=10**12, on=True))
    growing.seen()
    growing.clock.sleep(QUIET_S - 1)
    assert growing.seen()["supply"] == "on"
    growing.clock.sleep(2)
    seen = growing.seen()
    assert seen["supply"] == "unknown"
    assert "last said to be on" in seen["supply_text"]
    assert any("its process was killed" in problem for problem in seen["problems"])
    assert not growing.feed.over
    growing.say(ev.Phase(t_ns=10**12, name="finish"))  # it had only waited
    assert not any("killed" in problem for problem in growing.seen()["problems"])
    assert growing.seen()["supply"] == "on"
    growing.clock.sleep(QUIET_S + 1)
    assert growing.seen()["supply"] == "unknown"
    growing.say(ev.SupplySwitched(t_ns=10**12, on=False))
    assert growing.seen()["supply"] == "off"


@pytest.mark.parametrize("outcome", ["completed", "interrupted"])
def test_a_session_that_was_over_before_is_shown_and_over(growing, outcome) -> None:
    growing.begin(outcome)
    growing.say(*growing.run.events[:4])
    seen = growing.seen()
    assert (growing.feed.over, seen["outcome"], seen["supply"]) == (True, outcome, "unknown")


def test_a_deleted_session_is_told_of(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4])
    growing.sample(1000)
    growing.seen()
    shutil.rmtree(growing.folder)
    seen = growing.seen()
    assert growing.feed.over
    assert any("gone" in problem for problem in seen["problems"])
    assert (seen["supply"], seen["session_key"]) == ("unknown", None)
    assert len(seen["blocks"]["signals"]["power"]["mean"]) > 5


def test_a_replaced_journal_begins_anew(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:8])
    growing.sample(1000)
    growing.seen()
    (growing.folder / "new").write_bytes((growing.folder / JOURNAL).read_bytes()[:0])
    (growing.folder / "new").replace(growing.folder / JOURNAL)
    seen = growing.seen()
    assert (seen["phase"], seen["supply"]) == ("", "unknown")
    assert any("replaced" in problem for problem in seen["problems"])
    assert growing.feed._outbox.since(0) is not None
    assert [event["kind"] for event in growing.feed._outbox._events].count("snapshot") == 1


def test_a_replaced_trace_is_read_from_its_beginning(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4])
    growing.sample(3000)
    growing.seen()
    with TraceWriter(growing.folder / "new.jls", [("current", "A")], PERIOD_S) as other:
        other.append(0, [np.full(500, 0.25, dtype=np.float32)])
    (growing.folder / "new.jls").replace(growing.folder / TRACE)
    seen = growing.seen()
    assert seen["signals"] == [{"name": "current", "unit": "A"}]
    assert seen["blocks"]["signals"] == {"current": dict.fromkeys(("mean", "min", "max"), [0.25] * 5)}


@pytest.mark.parametrize("file", [RECORD, JOURNAL, TRACE])
@pytest.mark.parametrize("data", [b"", b"{", b"\xff" * 5000, b"[1, 2]\n"])
def test_damage_in_one_file_leaves_the_others_shown(growing, file, data) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4], ev.SupplySwitched(t_ns=10**12, on=True))
    growing.sample(1000)
    growing.close()
    (growing.folder / file).write_bytes(data)
    seen = growing.seen()
    assert seen["problems"] or (file == JOURNAL and not data.endswith(b"\n"))
    assert (seen["supply"] == "on") == (file != JOURNAL)
    assert bool(seen["signals"]) == (file != TRACE)
    assert (seen["bench"] != "") == (file != RECORD)


def test_an_error_of_any_kind_is_a_problem(growing, monkeypatch) -> None:
    growing.begin()
    growing.say(growing.run.events[0])

    def fails(*_):
        raise ZeroDivisionError("of a kind that nobody foresaw")

    monkeypatch.setattr(growing.feed, "_read_journal", fails)
    assert any("nobody foresaw" in problem for problem in growing.seen()["problems"])


def test_who_comes_late_sees_the_last_part_and_is_told(growing, monkeypatch) -> None:
    monkeypatch.setattr(trace_tail, "_MOST_BEHIND", 10_000)
    monkeypatch.setattr(trace_tail, "_AT_ONCE", 1000)
    growing.begin()
    growing.say(*growing.run.events[:4])
    growing.sample(50_000)
    seen = growing.seen()
    assert seen["dropped"] > 400
    assert seen["blocks"]["first_s"] == pytest.approx(seen["dropped"] * 0.1)
    assert any("part of the trace is not shown" in problem for problem in seen["problems"])
    growing.sample(1000)
    assert growing.seen()["dropped"] == seen["dropped"]


@pytest.mark.parametrize("period_s", [5e-324, 1e-300, 1e-12])
def test_samples_of_no_duration_are_a_problem_of_the_trace_alone(growing, period_s, monkeypatch) -> None:
    growing.begin()
    growing.sample(1000)
    growing.trace.close()
    growing.say(*growing.run.events[:4], ENDED)
    card = trace_tail.TraceReader._card

    def short(reader):
        return card(reader).model_copy(update={"period_s": period_s})

    monkeypatch.setattr(trace_tail.TraceReader, "_card", short)
    seen = growing.seen()
    assert any("not shown live" in problem for problem in seen["problems"])
    assert (seen["outcome"], seen["signals"]) == ("completed", [])


def test_a_disk_that_does_not_answer_keeps_no_reader_waiting(growing, monkeypatch) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4])
    answer, asked = threading.Event(), threading.Event()

    def slow(*_, **__):
        asked.set()
        answer.wait(30)
        return iter(())

    for part, name in ((growing.feed._journal, "poll"), (growing.feed._trace, "open")):
        monkeypatch.setattr(part, name, slow)
    poll = threading.Thread(target=growing.feed.poll)
    poll.start()
    try:
        assert asked.wait(20)
        assert growing.feed.snapshot()[0]["benchmark"] == "kws01"
        assert growing.feed._outbox.since(0) is not None
    finally:
        answer.set()
        poll.join(20)


def test_missing_samples_have_no_weight(growing) -> None:
    growing.begin()
    growing.say(*growing.run.events[:4])
    growing.trace = TraceWriter(growing.folder / TRACE, [("current", "A")], PERIOD_S)
    values = np.full(1000, 2.0, dtype=np.float32)
    values[100:199], values[200:300], values[500] = np.nan, np.nan, np.nan
    growing.trace.append(0, [values])
    growing.trace.close()
    drawn = growing.seen()["blocks"]["signals"]["current"]
    assert drawn["mean"] == [2.0, 2.0, None] + [2.0] * 7
    assert drawn["min"] == drawn["max"] == drawn["mean"]
