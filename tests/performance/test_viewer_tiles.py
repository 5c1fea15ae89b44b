# SPDX-License-Identifier: Apache-2.0
"""Pictures of a long trace cost little more than reading it, at a memory that hardly depends on its length.

Of 10^8 samples, on the machine where these bounds were set: a tile of a recorded signal took 2 to 8 times as long
as the call of pyjls that gives the same samples, or the file's own summary of them; 8 times where all is over in
0.3 ms. For 10^9 samples, and for a file that is not in memory, there is `scripts/viewer-benchmark`.
"""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyjls
import pytest

from energy_runner.session.folder import TRACE, Session
from energy_runner.viewer.filling import Filler
from energy_runner.viewer.summary import BLOCK
from energy_runner.viewer.tiles import EXACT, TraceTiles
from tests.support.viewer_benchmark import COLUMNS, long_session, random_views, times_ms

SAMPLES = 100_000_000
REPEATS = 15


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("tiles") / "s"
    yield long_session(folder, SAMPLES, ["current"])
    (folder / TRACE).unlink()  # 416 MB


def complete(tiles: TraceTiles, signal: str = "current") -> None:
    while not tiles.tile(signal, 0, tiles.length, COLUMNS).final:
        time.sleep(0.01)


def least_s(act: Callable[[int], object]) -> float:
    """The shortest time of some calls, each at another place."""
    taken = []
    for number in range(REPEATS):
        begun = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - begun)
    return min(taken)


@pytest.mark.parametrize(
    ("width", "most"),  # measured: 7.7, 2.4, 2.1 to 4.5, 2.1, 7.8
    [(10_000, 30.0), (200_000, 10.0), (EXACT, 12.0), (4 * EXACT, 10.0), (SAMPLES, 30.0)],
)
def test_a_tile_costs_a_few_raw_calls(
    session: Session, width: int, most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ranges that are read against reading them; longer ones against what pyjls says of as many columns."""
    places = [number * (SAMPLES - width) // REPEATS // BLOCK * BLOCK for number in range(REPEATS)]
    with TraceTiles(session) as tiles, pyjls.Reader(str(session.path / TRACE)) as raw:
        complete(tiles)
        number = next(key for key, one in raw.signals.items() if one.name == "current")

        def read(at: int) -> np.ndarray:
            if width <= EXACT:
                return raw.fsr(number, places[at], width)
            return raw.fsr_statistics(number, places[at], width // COLUMNS, COLUMNS)

        least_s(read)
        raw_s = least_s(read)
        ours_s = least_s(lambda at: tiles.tile("current", places[at], places[at] + width, COLUMNS).packed())
    with capsys.disabled():
        print(f"\n{width} samples: raw {raw_s * 1e3:.3f} ms, a tile {ours_s * 1e3:.3f} ms: {ours_s / raw_s:.1f}")
    assert ours_s <= most * raw_s


def test_memory_is_a_small_part_of_the_trace(session: Session) -> None:
    """The summary has 20 bytes for 512 samples of 4 bytes, a hundredth; and a step holds some MB."""
    tracemalloc.start()
    try:
        with TraceTiles(session) as tiles:
            complete(tiles)
            for start, stop in random_views(tiles.length, 30):
                tiles.tile("current", start, stop, COLUMNS)
            kept, most = tracemalloc.get_traced_memory()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    summary = SAMPLES / BLOCK * 20
    assert kept <= 1.5 * summary
    assert most <= 4 * SAMPLES / 10
    assert after <= summary / 2


def test_the_background_hardly_delays_a_view(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """While a summary is filled the median view takes as long as otherwise, or that of one step longer."""
    views = random_views(EXACT // 8, 200)
    with TraceTiles(session) as tiles:
        times_ms(tiles, "current", views)
        alone = float(np.median(times_ms(tiles, "current", views)[0]))
        tiles.tile("power", 0, SAMPLES, COLUMNS)  # which begins it
        filling = float(np.median(times_ms(tiles, "current", views)[0]))
        assert tiles.ready < 1.0, "it ended before it was measured"
        complete(tiles, "power")
    with capsys.disabled():
        print(f"\na view {alone:.3f} ms, while a summary is filled {filling:.3f} ms")
    assert filling <= 5 * alone


def test_without_a_request_the_background_takes_turns_of_small_steps(session: Session) -> None:
    """The longest step is a small part of the whole: a request never waits for more than one."""
    taken: list[float] = []

    with TraceTiles(session) as tiles, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Filler, "wake", lambda self: None)
        tiles.tile("power", 0, SAMPLES, COLUMNS)
        more = True
        while more:
            begun = time.perf_counter()
            more = tiles._fill()
            taken.append(time.perf_counter() - begun)
    assert max(taken) <= sum(taken) / 10


def test_a_preview_is_much_sooner_there_than_the_samples(session: Session, tmp_path: Path) -> None:
    with TraceTiles(session) as tiles, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Filler, "wake", lambda self: None)
        preview_s = least_s(lambda _: tiles.tile("power", 0, SAMPLES, COLUMNS))
        begun = time.perf_counter()
        while tiles._fill():
            pass
        all_s = time.perf_counter() - begun
    assert preview_s <= all_s / 10
