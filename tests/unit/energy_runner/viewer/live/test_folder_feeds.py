# SPDX-License-Identifier: Apache-2.0
"""All benches at once: sessions are found as they begin, and each bench shows its last run."""

import os
import threading
from pathlib import Path

import pytest

from energy_runner.session import events as ev
from energy_runner.session.folder import JOURNAL, write_record
from energy_runner.session.journal import JournalWriter
from energy_runner.viewer.live import folder_feeds
from energy_runner.viewer.live.file_feed import QUIET_S
from energy_runner.viewer.live.folder_feeds import FolderFeeds
from instruments.clock import RealClock, VirtualClock
from tests.support.synthetic import Setup, make_run

RUN = make_run(Setup(windows=1, inferences=10))


def key(folder: Path) -> str:
    return folder.name


class Clock(VirtualClock):
    """Time that only the test lets pass, on the day on which it runs."""

    def utc_ns(self) -> int:
        return RealClock().utc_ns() + self.now_ns()


def session(folder: Path, bench: str, outcome: str = "running") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    record = RUN.record.model_copy(update={"outcome": outcome, "seal": None, "bench": {"name": bench}})
    write_record(folder, record)
    return folder


def say(folder: Path, *events: ev.AnyEvent) -> None:
    journal = JournalWriter(folder / JOURNAL)
    for event in events:
        journal.write(event)
    journal.close()


class Watched:
    def __init__(self, *folders: Path, kept: int = 4096) -> None:
        self.clock = Clock()
        self.feeds = FolderFeeds(folders, key, clock=self.clock, kept=kept, start=False)

    def names(self, after_s: float = 2.0) -> list[str]:
        self.clock.sleep(after_s)
        while self.feeds.turn():
            pass
        return [one["id"] for one in self.feeds.snapshot()]


END = ev.RunStopped(t_ns=10**13, outcome="completed", reason="", supply_off_confirmed=True)


def test_runs_are_found_as_they_begin_and_the_last_of_each_bench_stays(tmp_path: Path) -> None:
    assert Watched(tmp_path / "sessions").names() == []  # not even the folder is there
    session(tmp_path / "sessions" / "old", "a", "completed")
    watched = Watched(tmp_path / "sessions")
    assert watched.names() == []
    first = session(tmp_path / "sessions" / "a1", "a")
    other = session(tmp_path / "sessions" / "night" / "b1", "b")  # of a sweep
    assert sorted(watched.names()) == ["a1", "b1"]
    say(first, RUN.events[0], END)
    session(first, "a", "completed")
    assert sorted(watched.names()) == ["a1", "b1"]  # nothing else runs on bench a
    session(tmp_path / "sessions" / "a2", "a")
    assert sorted(watched.names()) == ["a2", "b1"]
    kinds = [(event["kind"], event["feed"]) for event in watched.feeds.since(0)[1] if event["kind"] != "state"]
    begun = [(kind, feed["id"]) if kind == "snapshot" else (kind, feed) for kind, feed in kinds]
    assert [each for each in begun if "a" in each[1]] == [
        ("snapshot", "a1"),
        ("ended", "a1"),
        ("snapshot", "a2"),
        ("gone", "a1"),
    ]
    say(other, RUN.events[0])
    assert sorted(watched.names()) == ["a2", "b1"]


def test_a_run_that_begins_and_ends_between_two_looks_is_shown(tmp_path: Path) -> None:
    """A virtual bench is done within a second; what had ended before the first look is history."""
    say(session(tmp_path / "before", "desk", "completed"), END)
    watched = Watched(tmp_path)
    assert watched.names() == []
    say(session(tmp_path / "quick", "desk", "completed"), END)
    assert watched.names() == ["quick"]
    (shown,) = watched.feeds.snapshot()
    assert shown["outcome"] == "completed"
    assert watched.names() == ["quick"]


def test_a_session_itself_and_a_folder_given_twice(tmp_path: Path) -> None:
    one = session(tmp_path / "x" / "s", "a")
    assert Watched(one, tmp_path, tmp_path / "x").names() == ["s"]


def test_a_silent_run_gives_way_to_the_next_and_is_not_taken_up_again(tmp_path: Path) -> None:
    session(tmp_path / "a1", "a")
    watched = Watched(tmp_path)
    assert watched.names() == ["a1"]
    assert watched.names(QUIET_S + 5) == ["a1"]
    session(tmp_path / "a2", "a")
    assert watched.names() == ["a2"]
    assert watched.names() == ["a2"]


def test_two_runs_at_once_on_benches_of_one_name_are_both_shown(tmp_path: Path) -> None:
    session(tmp_path / "a1", "a")
    session(tmp_path / "a2", "a")
    assert sorted(Watched(tmp_path).names()) == ["a1", "a2"]


def test_a_session_killed_long_ago_is_not_a_run(tmp_path: Path) -> None:
    folder = session(tmp_path / "a1", "a")
    for path in (folder, *folder.iterdir()):
        os.utime(path, (1, 1))
    assert Watched(tmp_path).names() == []


def test_links_pipes_and_files_are_not_followed(tmp_path: Path) -> None:
    elsewhere = session(tmp_path / "elsewhere" / "s", "a")
    given = tmp_path / "given"
    given.mkdir()
    (given / "link").symlink_to(elsewhere)
    (given / "file").write_text("x", "utf-8")
    (given / "pipe").mkdir()
    os.mkfifo(given / "pipe" / "record.json")
    (given / "claimed").mkdir()
    (given / "claimed" / ".claim").touch()
    deep = session(given / "1" / "2" / "3" / "4", "a")
    assert deep.is_dir()
    assert Watched(given).names() == []


def test_who_is_too_far_behind_gets_a_snapshot_of_each_run(tmp_path: Path) -> None:
    for name in "abc":
        say(session(tmp_path / name, name), *RUN.events[:30])
    watched = Watched(tmp_path, kept=4)
    watched.names()
    last, events = watched.feeds.since(0)
    assert sorted(event["feed"]["id"] for event in events if event["kind"] == "snapshot") == ["a", "b", "c"]
    assert {event["n"] for event in events} == {last}
    assert watched.feeds.since(last) == (last, [])


def test_no_more_runs_are_followed_than_can_be(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(folder_feeds, "MOST", 3)
    for number in range(6):
        session(tmp_path / f"s{number}", f"bench {number}")
    assert len(Watched(tmp_path).names()) == 3


def test_sessions_that_have_ended_are_not_read_again(tmp_path: Path, monkeypatch) -> None:
    for number in range(5):
        session(tmp_path / f"s{number}", "a", "completed")
    watched = Watched(tmp_path)
    watched.names()
    monkeypatch.setattr(folder_feeds.disk, "open_file", lambda path: pytest.fail(f"{path} is read again"))
    watched.names()


def test_a_look_that_fails_leaves_the_runs_followed(tmp_path: Path, monkeypatch) -> None:
    folder = session(tmp_path / "a1", "a")
    watched = Watched(tmp_path)
    watched.names()
    monkeypatch.setattr(watched.feeds, "_sessions", lambda: 1 / 0)
    say(folder, RUN.events[0], ev.Phase(t_ns=RUN.events[0].t_ns, name="load"))
    assert watched.names() == ["a1"]
    assert watched.feeds.snapshot()[0]["phase"] == "load"
    assert any(event["kind"] == "problem" for event in watched.feeds.since(0)[1])


def test_a_state_of_a_run_comes_after_its_first_snapshot(tmp_path: Path) -> None:
    say(session(tmp_path / "a1", "a"), *RUN.events[:5])
    watched = Watched(tmp_path)
    watched.names()
    assert watched.feeds._outbox._events[0]["kind"] == "snapshot"


def test_its_thread_wakes_readers_and_ends(tmp_path: Path) -> None:
    with_key = FolderFeeds([tmp_path], key)
    try:
        session(tmp_path / "a1", "a")
        assert with_key.wait(0, 30.0)
        assert with_key.since(0)[0] > 0
    finally:
        with_key.close()
    with_key.close()
    assert not any(thread.name == "energy-runner live view" for thread in threading.enumerate())
