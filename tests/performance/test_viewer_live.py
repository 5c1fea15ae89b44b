# SPDX-License-Identifier: Apache-2.0
"""What it costs a run at 1 MS/s to be looked at: processor time with viewers against without, both in one run.

Counted apart is what the readers take for themselves, to make JSON of it. Without viewers, a run has the reader of
its events that the command line has. The samples come ready made, ten times a second, two signals of them, and go
into a trace: what a driver, a twin or a DUT cost comes on top of both, and would make the ratio smaller.
"""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from energy_runner.director.bus import Bus
from energy_runner.director.event_queue import EventQueue
from energy_runner.director.recorder import Recorder
from energy_runner.session.trace import TraceReader
from energy_runner.viewer.live.feed import LiveFeed
from energy_runner.viewer.live.ring import COUNT
from instruments.clock import NS_PER_S, RealClock
from instruments.roles import AppliedSampling, Samples, Signal
from tests.support.places import ROOT

resource = pytest.importorskip("resource", reason="Windows does not tell processor time in this way")
pytestmark = pytest.mark.skipif(
    not hasattr(resource, "RUSAGE_THREAD"), reason="only Linux tells the processor time of a thread here"
)

RATE_HZ = 1_000_000
POLL_S = 0.1
READERS = 3
LARGEST_RATIO = 1.10
MOST_CORES = 0.01  # for all readers, of one core
ROUNDS = 5
STREAM_S = 20
PACED_S = 4
APPLIED = AppliedSampling(
    tuple(Signal(name, unit, 1 / RATE_HZ) for name, unit in (("current", "A"), ("voltage", "V")))
)
FOLLOW = """
import sys
from pathlib import Path
from energy_runner.viewer.live.file_feed import FileFeed
from energy_runner.viewer.live.ring import COUNT
from instruments.clock import RealClock

feeds = [FileFeed(Path(sys.argv[1]), str(number)) for number in range(3)]
print("ready", flush=True)
limit = RealClock().deadline(60)
while not limit.expired() and not Path(sys.argv[1], "over").exists():
    if not any([feed.poll() for feed in feeds]):
        RealClock().sleep(0.1)
for feed in feeds:
    while feed.poll():
        pass
    print(feed._view.dropped, int(feed._view.ring.picture().older[:, 0, COUNT].sum()))
"""


def cpu_s(whose: int) -> float:
    """Processor time of this process, that of the trace's thread included, or of this thread."""
    used = resource.getrusage(whose)
    return float(used.ru_utime + used.ru_stime)


class Reader:
    """Does what a page's connection does: waits, takes what is new, and makes JSON of it."""

    def __init__(self, feed: LiveFeed) -> None:
        self.cpu_s = 0.0
        self._feed = feed
        self._over = False
        self._thread = threading.Thread(target=self._body)
        self._thread.start()

    def close(self) -> None:
        self._over = True
        self._thread.join(30)

    def _body(self) -> None:
        number, _ = self._feed.since(0)
        while not self._over:
            self._feed.wait(number, 0.1)
            number, events = self._feed.since(number)
            for event in events:
                json.dumps(event)
        self.cpu_s = cpu_s(resource.RUSAGE_THREAD)


def run(
    folder: Path, duration_s: int, feed: LiveFeed | None, pace: Callable[[int], None] = lambda number: None
) -> tuple[float, float]:
    """Record a stream; return the processor time that it took, and that of the viewers' readers."""
    folder.mkdir(exist_ok=True)
    count = round(RATE_HZ * POLL_S)
    values = [np.random.default_rng(k).random(count, dtype=np.float32) for k in range(2)]
    before_s = cpu_s(resource.RUSAGE_SELF)
    readers = [Reader(feed) for _ in range(READERS)] if feed is not None else []
    bus = Bus()
    recorder = Recorder(folder, RealClock(), bus)
    main = threading.Thread(target=_follow, args=(bus.events(), feed))
    main.start()
    recorder.open_trace(APPLIED, streaming={"monitor"})
    for number in range(round(duration_s / POLL_S)):
        pace(number)
        recorder.progress(number * POLL_S, duration_s, "measure")
        recorder.stream([Samples(number * count, (values[0], values[1]))])
    recorder.close()
    main.join()
    for reader in readers:
        reader.close()
    of_readers_s = sum(reader.cpu_s for reader in readers)
    return cpu_s(resource.RUSAGE_SELF) - before_s - of_readers_s, of_readers_s


def _follow(queue: EventQueue, feed: LiveFeed | None) -> None:
    for event in queue:  # as `api.follow` does
        if feed is not None:
            feed(event)


def samples_of(folder: Path) -> int:
    with TraceReader(folder / "trace.jls") as trace:
        return trace.length


def test_three_readers_cost_a_run_less_than_a_tenth_and_lose_nothing(tmp_path: Path, capsys) -> None:
    bare, watched, of_readers = [], [], []
    for number in range(ROUNDS):
        bare.append(run(tmp_path / "bare", STREAM_S, None)[0])
        feed, folder = LiveFeed(), tmp_path / f"watched{number}"
        own_s, of_readers_s = run(folder, STREAM_S, feed)
        watched.append(own_s)
        of_readers.append(of_readers_s)
        assert samples_of(folder) == STREAM_S * RATE_HZ
        picture = feed._view.ring.picture()
        assert picture.older[:, 0, COUNT].sum() == STREAM_S * RATE_HZ
        assert feed.snapshot()[0]["dropped"] == 0
        for path in (tmp_path / "bare", folder):
            shutil.rmtree(path)
    ratio, share = min(watched) / min(bare), min(of_readers) / STREAM_S
    with capsys.disabled():
        own_ms, with_ms = (1e3 * min(taken) / STREAM_S for taken in (bare, watched))
        print(f"\n1 MS/s: {own_ms:.1f} ms a second of stream, watched {with_ms:.1f}: ratio {ratio:.3f}")
        print(f"{READERS} readers: {1e3 * share:.1f} ms of their own a second of stream")
    assert ratio < LARGEST_RATIO
    assert share < MOST_CORES


def test_in_real_time_followers_of_the_files_see_every_sample(tmp_path: Path, capsys) -> None:
    folder, clock = tmp_path / "s", RealClock()
    folder.mkdir()
    follower = subprocess.Popen(
        [sys.executable, "-c", FOLLOW, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "ready\n"
        begun_ns = clock.now_ns()

        def pace(number: int) -> None:
            clock.sleep(number * POLL_S - (clock.now_ns() - begun_ns) / NS_PER_S)

        feed = LiveFeed()
        run(folder, PACED_S, feed, pace)
        (folder / "over").touch()
        said, _ = follower.communicate(timeout=60)
    finally:
        follower.kill()
        follower.wait()
    assert samples_of(folder) == PACED_S * RATE_HZ
    assert [line.split() for line in said.splitlines()] == [["0", str(PACED_S * RATE_HZ)]] * 3
    assert feed.snapshot()[0]["dropped"] == 0
