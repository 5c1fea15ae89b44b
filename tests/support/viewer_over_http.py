# SPDX-License-Identifier: Apache-2.0
"""Tiles as a browser gets them: `energy-runner view` in a process of its own, asked over one connection.

`python -m tests.support.viewer_over_http --samples 1e9` writes a trace, serves it, and prints how long answers
take, when the first picture was there, how quickly a browser draws while it is dragged, and the server's memory.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from energy_runner.session.folder import TRACE
from tests.support.places import ROOT
from tests.support.viewer_benchmark import COLUMNS, drop_pages, long_session, random_views, words
from tests.support.viewer_browser import BROWSER, browser_page

FRAMES = """async () => {
  const { view } = window.viewer, gaps = [];
  view.show(view.whole * 0.3, view.whole * 0.31);
  await new Promise((done) => setTimeout(done, 1500));
  let last = performance.now();
  await new Promise((done) => {
    const begun = last;
    const step = (now) => {
      gaps.push(now - last);
      last = now;
      view.pan(view.span * 0.02);
      now - begun < 3000 ? requestAnimationFrame(step) : done();
    };
    requestAnimationFrame(step);
  });
  return gaps.slice(1);
}"""


class Served:
    """A viewer in a process of its own; `begun` is when it was started."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, begun: float) -> None:
        self.process, self.url, self.begun = process, url, begun
        parts = urlsplit(url)
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        self.key = json.loads(self.get("api/listing"))["sessions"][0]["key"]

    def get(self, path: str) -> bytes:
        """Return the body of an answer over the one connection."""
        self.connection.request("GET", self.path + path)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:300]
        return body

    def tile(self, signal: str, start: int, stop: int, columns: int = COLUMNS) -> bytes:
        """Return a packed tile."""
        asked = f"signal={signal}&start={start}&stop={stop}&columns={columns}"
        return self.get(f"api/session/{self.key}/tile?{asked}")

    def memory_mb(self) -> tuple[float, float]:
        """Return the server's resident memory, now and at most."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("utf-8").splitlines()
        found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith("kB")}
        return found["VmRSS"], found["VmHWM"]


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve a session by the command, as a user would."""
    command = [sys.executable, "-P", "-m", "energy_runner", "view", str(folder), "--no-browser"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            viewer = Served(process, found[0], begun)
            try:
                yield viewer
            finally:
                viewer.connection.close()
        finally:
            process.terminate()


def is_final(tile: bytes) -> bool:
    """Return whether a tile is no preview."""
    return int(np.frombuffer(tile, "<u4", 1, 24)[0]) == 1


def answers_ms(viewer: Served, signal: str, views: list[tuple[int, int]], cold: Path | None = None) -> Any:
    """Return how long each answer takes; with `cold` the file's pages are dropped before each."""
    taken = []
    for start, stop in views:
        if cold is not None:
            drop_pages(cold)
        begun = time.perf_counter()
        viewer.tile(signal, start, stop)
        taken.append((time.perf_counter() - begun) * 1e3)
    return np.array(taken)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=float, default=1e9)
    parser.add_argument("--views", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        session = long_session(Path(place) / "s", int(given.samples), ["current"])
        path = session.path / TRACE
        drop_pages(path)
        with served(session.path) as viewer:
            length = json.loads(viewer.get(f"api/session/{viewer.key}"))["length"]
            tile = viewer.tile("power", 0, length)
            print(f"first picture {time.perf_counter() - viewer.begun:.2f} s after the command")
            waited = []
            while not is_final(tile):
                time.sleep(0.1)
                asked = time.perf_counter()
                tile = viewer.tile("power", 0, length)
                waited.append((time.perf_counter() - asked) * 1e3)
            exact_s = time.perf_counter() - viewer.begun
            print(f"exact after {exact_s:.2f} s; meanwhile {words(np.array(waited or [0]))}")
            views = random_views(length, given.views)
            answers_ms(viewer, "power", views)
            for name, cold in (("warm", None), ("cold", path)):
                print(f"{name}: {words(answers_ms(viewer, 'power', views, cold))}")
            if BROWSER:
                with browser_page(width=1920) as (page, _):
                    page.goto(f"{viewer.url}trace.html?s={viewer.key}")
                    page.wait_for_function("() => window.viewer && !window.viewer.store.busy.size")
                    gaps = np.array(page.evaluate(FRAMES))
                rate = 1e3 / gaps.mean()
                print(f"panning: {rate:.1f} frames a second, longest gap {gaps.max():.0f} ms")
            print("server memory {:.0f} MB, at most {:.0f} MB".format(*viewer.memory_mb()))


if __name__ == "__main__":
    main()
