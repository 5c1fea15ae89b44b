# SPDX-License-Identifier: Apache-2.0
"""A run in real time, seen in a browser: to its end, stopped by the page's button, and from another program."""

import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.session.folder import Session
from tests.support.served import FILE, PATIENCE_S, Served, served, wait_until
from tests.support.viewer_browser import BROWSER, NO_BROWSER, browser_page, fetched

pytestmark = [
    pytest.mark.wire,
    pytest.mark.deep,
    pytest.mark.skipif(not BROWSER, reason=NO_BROWSER),
]
SHORT = ("--inferences", "12", "--warmups", "1")
LONG = ("--inferences", "300", "--warmups", "1")
# How many points of a trace the page holds.
SAMPLES = """() => Math.max(0, ...[...window.live.cards.values()]
  .flatMap((card) => [...card.series.values()].map((one) => one.at.length)))"""
DRAWN = f"() => window.live && ({SAMPLES})() > 20"


class Heard:
    """What a process says on stderr, read by a thread so that it never waits."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process, self._lines = process, []
        self._found = threading.Event()
        self.url = ""
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.append(line)
            address = re.search(r"Viewer: (http://\S+)", line)
            if address:
                self.url = address[1]
                self._found.set()
        self._found.set()

    def address(self) -> str:
        assert self._found.wait(PATIENCE_S)
        assert self.url, self.text
        return self.url

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def end(self) -> int:
        status = self._process.wait(PATIENCE_S)
        self._thread.join(PATIENCE_S)
        return status


@contextmanager
def _running(bench: Served, *words: str) -> Iterator[Heard]:
    process = bench.begin(*words)
    heard = Heard(process)
    try:
        yield heard
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        heard.end()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Served]:
    """Serve a bench in real time."""
    with served(tmp_path) as serving:
        yield serving


def _samples(page: Any) -> int:
    """Return how many points of a trace the page holds."""
    return int(page.evaluate(SAMPLES))


def test_a_run_is_seen_from_its_beginning_to_its_end(bench: Served, tmp_path: Path) -> None:
    words = ("run", "demo-keywords", "--bench", FILE, *SHORT, "--out", "seen", "--live", "--no-browser")
    with _running(bench, *words) as heard, browser_page() as (page, complaints):
        page.goto(heard.address())
        page.wait_for_selector("text=SUPPLY ON", timeout=60_000)
        page.wait_for_function("() => document.querySelectorAll('.lines li').length > 3", timeout=60_000)
        page.wait_for_function(DRAWN, timeout=60_000)
        before = _samples(page)
        page.wait_for_timeout(2000)
        assert _samples(page) - before >= 15, "fewer than 10 blocks a second"
        assert page.locator("button.stop:visible").count() == 0, "nobody asked for --control"
        assert fetched(heard.url + "api/live/stop", "POST", {"sure": True}, {"X-Energy-Runner": "1"})[0] == 403
        page.wait_for_selector("text=SUPPLY OFF", timeout=120_000)
        page.wait_for_selector("text=COMPLETED", timeout=60_000)
        status = heard.end()
    assert status == 0, heard.text
    session = Session.open(tmp_path / "seen")
    assert session.record.supply_off_confirmed is True
    assert session.result().windows
    assert [one for one in complaints if "ERR_" not in one] == []  # the server ends with the run


def test_the_button_stops_the_run_if_asked_twice(bench: Served, tmp_path: Path) -> None:
    words = (
        "run",
        "demo-keywords",
        "--bench",
        FILE,
        *LONG,
        "--out",
        "stopped",
        "--live",
        "--control",
        "--no-browser",
    )
    with _running(bench, *words) as heard, browser_page() as (page, _):
        page.goto(heard.address())
        page.wait_for_selector("text=SUPPLY ON", timeout=60_000)
        assert fetched(heard.url + "api/live/stop", "POST", {}, {"X-Energy-Runner": "1"})[0] == 400
        page.click("button.stop")
        page.wait_for_timeout(300)
        page.click("button.stop")
        page.wait_for_selector("text=SUPPLY OFF", timeout=60_000)
        status = heard.end()
    assert status == 4, heard.text
    session = Session.open(tmp_path / "stopped")
    assert session.record.outcome == "interrupted"
    assert "stopped in the viewer" in session.record.reason
    assert session.record.supply_off_confirmed is True


def test_a_run_of_another_program_is_followed_through_its_files(bench: Served, tmp_path: Path) -> None:
    run = ("run", "demo-keywords", "--bench", FILE, *SHORT, "--out", "sessions/followed")
    (tmp_path / "sessions").mkdir()
    with _running(bench, *run) as running, _running(bench, "view", "sessions", "--live", "--no-browser") as viewer:
        with browser_page() as (page, complaints):
            page.goto(viewer.address())
            page.wait_for_selector("text=SUPPLY ON", timeout=60_000)
            page.wait_for_function(DRAWN, timeout=60_000)
            page.wait_for_selector("text=COMPLETED", timeout=120_000)
            page.click("text=Open the session")
            page.wait_for_function("() => window.viewer && !window.viewer.store.busy.size", timeout=30_000)
            assert running.end() == 0
        assert complaints == []


def test_a_viewer_that_is_killed_and_one_that_is_closed_do_not_touch_the_run(
    bench: Served, tmp_path: Path
) -> None:
    words = ("run", "demo-keywords", "--bench", FILE, *SHORT, "--out", "alone", "--live", "--no-browser")
    with _running(bench, *words) as heard:
        for _ in range(2):  # closed, and opened again
            with browser_page() as (page, _):
                page.goto(heard.address())
                page.wait_for_selector(".supply", timeout=60_000)
        assert heard.end() == 0
    session = Session.open(tmp_path / "alone")
    assert session.record.outcome == "completed"
    assert session.record.supply_off_confirmed is True


def test_the_page_of_a_session_that_is_written_follows_it_to_its_score(bench: Served, tmp_path: Path) -> None:
    length = "() => window.viewer ? window.viewer.view.length : 0"
    with _running(bench, "run", "demo-keywords", "--bench", FILE, *SHORT, "--out", "grows") as run:
        wait_until(lambda: (tmp_path / "grows" / "trace.jls").exists() and _size(tmp_path / "grows") > 20_000)
        with api.view(tmp_path / "grows") as server, browser_page() as (page, complaints):
            page.goto(server.url)
            page.wait_for_function("() => window.viewer", timeout=30_000)
            first = page.evaluate(length)
            page.wait_for_function(f"() => ({length})() > {first + 2000}", timeout=60_000)
            assert run.end() == 0
            page.wait_for_function(
                "() => document.querySelector('#headline').innerText.includes('±')", timeout=30_000
            )
            with Session.open(tmp_path / "grows").trace() as trace:
                assert page.evaluate(length) == trace.length
        assert complaints == []


def _size(folder: Path) -> int:
    return (folder / "trace.jls").stat().st_size
