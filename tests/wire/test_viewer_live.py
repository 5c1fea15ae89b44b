# SPDX-License-Identifier: Apache-2.0
"""Runs on a bench that is served in real time, looked at from their own process and from another."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.viewer.live import file_feed
from energy_runner.viewer.live.feed import LiveFeed
from energy_runner.viewer.live.folder_feeds import FolderFeeds
from tests.support.served import CLOCK, FILE, Served, served, wait_until
from tests.support.small import small_plan

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals"),
]
KEY = "0123456789ab"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, benchmark="kws01") as made:
        yield made


@pytest.fixture
def feeds(tmp_path: Path) -> Iterator[FolderFeeds]:
    (tmp_path / "sessions").mkdir()
    found = FolderFeeds([tmp_path / "sessions"], lambda folder: KEY)
    yield found
    found.close()


def now(feeds: FolderFeeds | LiveFeed) -> dict:
    return next(iter(feeds.snapshot()), {})


def test_a_run_is_seen_ten_times_a_second_and_stopped_by_its_handle(bench, feeds, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(bench.state))
    live, arrived = LiveFeed(), []
    plan = small_plan(tmp_path / "stimuli", inferences=200)
    with er.start(tmp_path / FILE, plan, out=tmp_path / "sessions" / "s", subscribers=[live]) as handle:
        limit, number = CLOCK.deadline(60.0), 0
        while len(arrived) < 30:
            assert not limit.expired()
            live.wait(number, 1.0)
            number, events = live.since(number)
            arrived += [CLOCK.now_ns() for event in events if event["kind"] == "blocks" for _ in event["at_s"]]
        wait_until(lambda: now(feeds).get("blocks", {}).get("signals", {}).get("power", {}).get("mean"))
        assert (now(live)["supply"], now(feeds)["supply"]) == ("on", "on")
        assert bench.world.powered
        handle.cancel("stopped in the viewer")
        session = handle.wait()
    assert (session.record.outcome, session.record.reason) == ("interrupted", "stopped in the viewer")
    assert not bench.world.powered
    assert now(live)["supply"] == "off"
    wait_until(lambda: now(feeds)["session_key"] == KEY)
    assert (now(feeds)["supply"], now(feeds)["outcome"]) == ("off", "interrupted")
    duration_s = (arrived[-1] - arrived[5]) / 1e9
    assert (len(arrived) - 6) / duration_s > 5  # ten a second, on a machine that has other things to do, too


def test_a_run_that_is_killed_leaves_nothing_known_of_its_supply(bench, feeds, monkeypatch) -> None:
    monkeypatch.setattr(file_feed, "QUIET_S", 3.0)
    run = bench.begin("run", "demo-keywords", "--bench", FILE, "--out", "sessions/s")
    try:
        wait_until(lambda: now(feeds).get("supply") == "on")
        wait_until(lambda: now(feeds)["phase"] not in {"power up", "identify"})
        run.send_signal(signal.SIGKILL)
        run.wait(30)
        wait_until(lambda: now(feeds)["supply"] == "unknown")
        assert "last said to be on" in now(feeds)["supply_text"]
        assert any("its process was killed" in problem for problem in now(feeds)["problems"])
        assert now(feeds)["outcome"] is None
        wait_until(lambda: not bench.world.powered)  # the watchdog's work, which no file tells of
    finally:
        run.kill()
        run.communicate()
