# SPDX-License-Identifier: Apache-2.0
"""Time and memory of tiles of a long trace: `scripts/viewer-benchmark`.

A trace of so many samples is written (4.16 bytes each and signal), shown at random places and zooms, warm and
with the file's pages dropped from memory, and removed again.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from energy_runner.session.folder import TRACE, Session
from energy_runner.session.trace import TraceWriter
from energy_runner.viewer.tiles import TraceTiles
from tests.support.viewer_traces import PERIOD_S, UNITS, session_of

COLUMNS = 1920
BLOCK = 1 << 20
NARROWEST = 64  # samples of a view


def memory() -> str:
    """Resident memory of this process, shared libraries included, now and at most."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith("kB")}
    return f"{found['VmRSS']:.0f} MB, at most {found['VmHWM']:.0f} MB"


def long_session(folder: Path, samples: int, names: list[str], *, calibrated: bool = False) -> Session:
    """A session with noise, a gap of 700 samples in each million, and a spike behind it."""
    session_of(folder, calibrated=calibrated, **{name: np.zeros(1) for name in names})
    path = folder / TRACE
    path.unlink()
    noise = np.random.default_rng(0).random(BLOCK, dtype=np.float32) * np.float32(0.01)
    noise[1_000:1_700], noise[1_700] = np.nan, 0.5
    with TraceWriter(path, [(name, UNITS[name]) for name in names], PERIOD_S) as writer:
        for at in range(0, samples, BLOCK):
            writer.append(at, [noise[: min(BLOCK, samples - at)]] * len(names))
    return Session.open(folder)


def random_views(length: int, count: int, seed: int = 0) -> list[tuple[int, int]]:
    """Ranges at any place, as often of each zoom from `NARROWEST` samples to the whole."""
    made = np.random.default_rng(seed)
    found = []
    for octave in made.uniform(np.log2(min(NARROWEST, length)), np.log2(length), count):
        width = min(length, int(2**octave))
        start = int(made.integers(0, length - width + 1))
        found.append((start, start + width))
    return found


def drop_pages(path: Path) -> None:
    """Let the operating system forget the file, as far as it does so when asked."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def times_ms(
    tiles: TraceTiles, signal: str, views: list[tuple[int, int]], cold: Path | None = None
) -> tuple[np.ndarray, int]:
    """How long each view takes, packed as it is sent, and how many of them were previews."""
    taken, previews = [], 0
    for start, stop in views:
        if cold is not None:
            drop_pages(cold)
        begun = time.perf_counter()
        tile = tiles.tile(signal, start, stop, COLUMNS)
        tile.packed()
        taken.append((time.perf_counter() - begun) * 1e3)
        previews += not tile.final
    return np.array(taken), previews


def words(taken: np.ndarray) -> str:
    median, most = np.percentile(taken, [50, 95])
    return f"median {median:.2f} ms, 95th percentile {most:.2f} ms, worst {taken.max():.2f} ms of {len(taken)}"


def by_zoom(views: list[tuple[int, int]], taken: np.ndarray) -> None:
    widths = np.log2([stop - start for start, stop in views])
    for low in range(6, 40, 4):
        here = (widths >= low) & (widths < low + 4)
        if np.any(here):
            print(f"    views of 2^{low} to 2^{low + 4} samples: {words(taken[here])}")


def measure(session: Session, signal: str, count: int) -> None:
    path = session.path / TRACE
    drop_pages(path)
    print(f"signal {signal}; memory before {memory()}")
    begun = time.perf_counter()
    with TraceTiles(session) as tiles:
        opened = time.perf_counter()
        tile = tiles.tile(signal, 0, tiles.length, COLUMNS)
        first = time.perf_counter()
        taken_ms = (opened - begun) * 1e3, (first - opened) * 1e3
        print(f"  cold: open {taken_ms[0]:.1f} ms, then the first picture {taken_ms[1]:.1f} ms")
        filling = []
        while not tile.final:
            time.sleep(0.02)
            asked = time.perf_counter()
            tile = tiles.tile(signal, 0, tiles.length, COLUMNS)
            filling.append((time.perf_counter() - asked) * 1e3)
        if filling:
            print(f"  exact after {time.perf_counter() - first:.2f} s, with views of the whole meanwhile:")
            print(f"    {words(np.array(filling))}")
        views = random_views(tiles.length, count)
        times_ms(tiles, signal, views)  # warms the pages
        for name, cold in (("warm", None), ("cold", path)):
            taken, previews = times_ms(tiles, signal, views, cold)
            print(f"  {name}: {words(taken)}, {previews} previews")
            by_zoom(views, taken)
        print(f"  memory {memory()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=float, default=1e9, help="length of the trace (1e9)")
    parser.add_argument("--signals", default="current", help="what is recorded: current, or current,voltage")
    parser.add_argument("--calibrated", action="store_true", help="with a calibration of the monitor")
    parser.add_argument("--views", type=int, default=1000, help="number of random views (1000)")
    parser.add_argument("--folder", type=Path, default=None, help="where the trace is written, and removed again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        begun = time.perf_counter()
        names = given.signals.split(",")
        session = long_session(Path(folder) / "s", int(given.samples), names, calibrated=given.calibrated)
        size = (session.path / TRACE).stat().st_size / 1e9
        print(
            f"{given.samples:.0e} samples of {given.signals}: {size:.2f} GB in {time.perf_counter() - begun:.0f} s"
        )
        for signal in ("power", names[0]):
            measure(session, signal, given.views)


if __name__ == "__main__":
    main()
