# SPDX-License-Identifier: Apache-2.0
"""Whole runs under a live view: what it says is true, from the run itself and from its files alike."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.bench import load_bench_spec
from energy_runner.viewer.live.feed import LiveFeed
from energy_runner.viewer.live.file_feed import FileFeed
from energy_runner.viewer.live.folder_feeds import FolderFeeds
from instruments.clock import RealClock
from tests.support.places import ROOT
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

KEY = "0123456789ab"
CLOCK = RealClock()


def follow(feed: FileFeed) -> dict:
    while feed.poll():
        pass
    (snapshot,) = feed.snapshot()
    return snapshot


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, "energy") for name in ("virtual-lpm01a", "virtual-n6705c", "virtual-ideal", FOUR_INSTRUMENTS)),
        ("virtual-lpm01a", "performance"),
        ("virtual-lpm01a", "accuracy"),
    ],
    ids=lambda word: Path(word).stem,
)
def test_the_files_show_what_the_run_showed(name, mode, tmp_path) -> None:
    spec = load_bench_spec(name)
    feed = LiveFeed(bench=spec, mode=mode)
    plan = small_plan(tmp_path / "stimuli", mode)
    er.run(twin_bench(name, mode, seed=3), plan, out=tmp_path / "s", subscribers=[feed])
    feed.ended(KEY)
    (live,) = feed.snapshot()
    found = follow(FileFeed(tmp_path / "s", KEY))
    own = {"id", "title", "n", "done_s", "total_s", "left_s"}
    assert {key: value for key, value in live.items() if key not in own} == {
        key: value for key, value in found.items() if key not in own
    }
    assert (live["supply"], live["outcome"], live["dropped"], live["problems"]) == ("off", "completed", 0, [])
    assert {"to", "from"} <= {line["way"] for line in live["lines"]}
    assert bool(live["blocks"]["signals"]) == (mode == "energy")


@pytest.mark.parametrize(
    "name", ["virtual-lpm01a", "virtual-n6705c", FOUR_INSTRUMENTS], ids=lambda n: Path(n).stem
)
@pytest.mark.parametrize("cancel_at", ["phase", "supply-switched", "inference-done", "never"])
def test_off_is_said_only_while_the_supply_is_off(name, cancel_at, tmp_path) -> None:
    """After every event, against the truth of the twin's world."""
    bench = twin_bench(name, seed=3)
    assert bench.twin is not None
    world, feed, wrong, handles = bench.twin.world, LiveFeed(), [], []
    said = set()

    def look(event) -> None:
        feed(event)
        if event.kind == cancel_at:
            handles[0].cancel("enough")
        (now,) = feed.snapshot()
        said.add(now["supply"])
        if (now["supply"] == "off") and world.powered:
            wrong.append((event, now["supply_text"]))

    ready = threading.Event()

    def first(event) -> None:
        ready.wait(20)

    handles.append(er.start(bench, small_plan(tmp_path / "st"), out=tmp_path / "s", subscribers=[first, look]))
    ready.set()
    handles[0].wait()
    assert wrong == []
    assert feed.snapshot()[0]["supply"] == "off"
    assert said == ({"unknown", "off"} if cancel_at == "phase" else {"unknown", "on", "off"})


SLOW_RUN = """
import os, signal, sys
from pathlib import Path
from instruments.clock import RealClock
from energy_runner import api
from tests.support.small import small_plan, twin_bench

folder, kill_at = Path(sys.argv[1]), sys.argv[2]

def slow(event):
    RealClock().sleep(0.01)
    if event.kind == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

plan = small_plan(folder / "stimuli")
api.run(twin_bench("virtual-lpm01a", seed=3), plan, out=folder / "sessions" / "s", subscribers=[slow])
"""


def slow_run(folder: Path, kill_at: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SLOW_RUN, str(folder), kill_at], cwd=ROOT)


@pytest.mark.parametrize("kill_at", ["inference-done", "supply-switched", "acquisition-started"])
def test_a_run_that_is_killed_while_it_is_followed(kill_at, tmp_path) -> None:
    (tmp_path / "sessions").mkdir()
    feeds = FolderFeeds([tmp_path], lambda folder: KEY)
    try:
        run = slow_run(tmp_path, kill_at)
        assert run.wait(60) == -signal.SIGKILL
        limit = CLOCK.deadline(20.0)
        while not feeds.snapshot() or feeds.snapshot()[0]["supply"] != "on":
            assert not limit.expired(), feeds.snapshot()
            CLOCK.sleep(0.05)
        (now,) = feeds.snapshot()
        assert (now["outcome"], now["id"], now["session_key"]) == (None, KEY, None)
        # its last line was cut off as it was written
        with (tmp_path / "sessions" / "s" / "journal.jsonl").open("ab") as file:
            file.write(b'{"t_ns":1,"kind":"supply-swi')
        CLOCK.sleep(0.3)
        assert feeds.snapshot()[0]["supply"] == "on"
        assert not any("line" in problem for problem in feeds.snapshot()[0]["problems"])
    finally:
        feeds.close()


def test_a_run_in_another_process_is_followed_to_its_end(tmp_path) -> None:
    (tmp_path / "sessions").mkdir()
    feeds = FolderFeeds([tmp_path / "sessions"], lambda folder: KEY)
    run = slow_run(tmp_path, "never")
    try:
        kinds: list[str] = []
        states: list[dict] = []
        number, limit = 0, CLOCK.deadline(60.0)
        while "ended" not in kinds:
            assert not limit.expired(), kinds
            feeds.wait(number, 0.5)
            number, events = feeds.since(number)
            kinds += [event["kind"] for event in events]
            states += [event for event in events if event["kind"] == "state"]
        assert run.wait(60) == 0
    finally:
        run.kill()
        run.wait()
        feeds.close()
    assert kinds[-1] == "ended"
    assert kinds.count("blocks") > 3  # as it went on, not only at the end
    supplies = [state["supply"] for state in states if "supply" in state]
    assert supplies[-1] == "off"
    assert "on" in supplies


def test_nothing_in_the_folder_is_touched_by_a_reader(tmp_path) -> None:
    er.run(twin_bench("virtual-lpm01a"), small_plan(tmp_path / "stimuli"), out=tmp_path / "s")

    def state() -> list[tuple[str, int, int]]:
        return sorted(
            (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in (tmp_path / "s").iterdir()
        )

    before = state()
    follow(FileFeed(tmp_path / "s", KEY))
    assert state() == before
