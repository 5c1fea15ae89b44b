# SPDX-License-Identifier: Apache-2.0
"""Until the summary of a long trace is complete, a tile is a preview that says so and hides nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from energy_runner.session.folder import Session
from energy_runner.viewer import tiles as module
from energy_runner.viewer.filling import Filler
from energy_runner.viewer.summary import BLOCK
from energy_runner.viewer.tiles import Tile, TraceTiles
from tests.support.viewer_traces import broken, session_of

SAMPLES = 150 * BLOCK + 99
CURRENT, VOLTAGE = broken(SAMPLES, 2), broken(SAMPLES, 3, 3.0)
CURRENT[70 * BLOCK + 5], VOLTAGE[70 * BLOCK + 5] = 5.0, 4.0
CURRENT[10 * BLOCK : 12 * BLOCK] = np.nan
TRUE = {"current": CURRENT, "voltage": VOLTAGE, "power": CURRENT.astype(np.float64) * VOLTAGE}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return session_of(tmp_path_factory.mktemp("viewer") / "s", current=CURRENT, voltage=VOLTAGE)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these traces count as long ones."""
    monkeypatch.setattr(module, "EXACT", 1_000)
    monkeypatch.setattr(module, "SLOW_EXACT", 100)
    monkeypatch.setattr(module, "AT_ONCE", 0)
    monkeypatch.setattr(module, "_NEWEST", 0)
    monkeypatch.setattr(module, "STEP", 8 * BLOCK)


@pytest.fixture
def held(long: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing happen in the background."""
    monkeypatch.setattr(Filler, "wake", lambda self: None)


def extremes(samples: np.ndarray, tile: Tile) -> tuple[np.ndarray, np.ndarray]:
    parts = [samples[tile.first + k * tile.width :][: tile.width].astype(np.float32) for k in range(len(tile))]
    there = [part[np.isfinite(part)] for part in parts]
    return (
        np.array([np.min(part) if len(part) else np.nan for part in there]),
        np.array([np.max(part) if len(part) else np.nan for part in there]),
    )


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("columns", [1, 7, 60, 150, 1000])
@pytest.mark.parametrize("signal", ["current", "voltage"])
def test_a_preview_of_a_recorded_signal_has_each_spike(session: Session, signal: str, columns: int) -> None:
    with TraceTiles(session) as tiles:
        tile = tiles.tile(signal, 0, SAMPLES, columns)
        assert tiles.ready == 0.0
    low, high = extremes(TRUE[signal], tile)
    assert not tile.final
    assert np.all((tile.low <= low) | np.isnan(low))  # a spike may be in the next column, too
    assert np.all((tile.high >= high) | np.isnan(low))
    assert np.nanmax(tile.high) == np.nanmax(high)
    if columns in (60, 150):  # where the file's summaries are parts of a column
        assert np.array_equal(tile.low, low, equal_nan=True)
        assert np.array_equal(tile.high, high, equal_nan=True)
        assert np.array_equal(np.isnan(tile.mean), np.isnan(low))


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("columns", [1, 60, 150])
def test_a_preview_of_a_product_is_never_too_narrow(session: Session, columns: int) -> None:
    with TraceTiles(session) as tiles:
        tile = tiles.tile("power", 0, SAMPLES, columns)
    low, high = extremes(TRUE["power"], tile)
    there = ~np.isnan(low)
    assert np.all(tile.low[there] <= low[there])
    assert np.all(tile.high[there] >= high[there])
    assert np.all((tile.low <= tile.mean) & (tile.mean <= tile.high) | ~there)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(("names", "calibrated"), [("energy", False), ("power", True), ("current", True)])
def test_a_preview_of_a_computed_power_is_that_of_its_extremes(
    tmp_path: Path, names: str, calibrated: bool
) -> None:
    level = np.repeat([0.001, 0.003, 0.5], 50 * BLOCK) * (1e-6 if names == "energy" else 1)
    session = session_of(tmp_path / "s", calibrated=calibrated, **{names: level})
    with TraceTiles(session) as tiles:
        preview = tiles.tile("power", 0, len(level), 3)
        while tiles._fill():
            pass
        exact = tiles.tile("power", 0, len(level), 3)
    assert (preview.final, exact.final) == (False, True)
    for one, other in ((preview.low, exact.low), (preview.mean, exact.mean), (preview.high, exact.high)):
        assert np.allclose(one, other, rtol=1e-6)


@pytest.mark.usefixtures("held")
def test_a_preview_says_what_it_does_not_know(session: Session) -> None:
    with TraceTiles(session) as tiles:
        tile = tiles.tile("current", 0, SAMPLES, 150)
    gone = np.isnan(tile.mean)
    assert np.any(gone)
    assert np.all(tile.present[gone] == 0.0)
    assert np.all(np.isnan(tile.present[~gone]))


@pytest.mark.usefixtures("held")
def test_a_preview_gets_exact_from_its_begin_on(session: Session) -> None:
    with TraceTiles(session) as tiles:
        known = []
        for _ in range(100):
            tile = tiles.tile("power", 0, SAMPLES, 50)
            known.append(tiles.ready)
            if tile.final:
                break
            done = int(tiles.ready * 150 + 0.5) * BLOCK // tile.width
            low, high = extremes(TRUE["power"], tile)
            assert np.array_equal(tile.low[:done], low[:done], equal_nan=True)
            assert np.array_equal(tile.high[:done], high[:done], equal_nan=True)
            assert np.all(np.isnan(tile.present[done:][tile.present[done:] != 0]))
            tiles._fill()
        assert not np.any(np.isnan(tile.present))
    assert known == sorted(known)
    assert (known[0], known[-1]) == (0.0, 1.0)
    assert len(known) == 20  # 150 blocks, 8 a step


@pytest.mark.usefixtures("held")
def test_what_the_summary_covers_is_final_before_the_rest(session: Session) -> None:
    with TraceTiles(session) as tiles:
        assert not tiles.tile("power", 0, 4 * BLOCK, 2).final
        tiles._fill()
        assert tiles.tile("power", 0, 4 * BLOCK, 2).final
        assert tiles.tile("power", 5 * BLOCK, 8 * BLOCK, 2).final
        assert not tiles.tile("power", 5 * BLOCK, 8 * BLOCK + 1, 2).final
        assert not tiles.tile("power", 100 * BLOCK, 120 * BLOCK, 2).final


@pytest.mark.usefixtures("held")
def test_only_signals_that_were_asked_for_are_summarised_the_newest_first(session: Session) -> None:
    with TraceTiles(session) as tiles:
        assert not tiles._fill()
        tiles.tile("current", 0, SAMPLES, 10)
        tiles.tile("voltage", 0, SAMPLES, 10)
        while not tiles.tile("voltage", 0, SAMPLES, 10).final:
            assert tiles._fill()
        assert not tiles.tile("current", 0, SAMPLES, 10).final
        assert set(tiles._summaries) == {"current", "voltage"}
        while tiles._fill():
            pass
        assert tiles.tile("current", 0, SAMPLES, 10).final


@pytest.mark.usefixtures("long")
def test_the_background_completes_it(session: Session) -> None:
    with TraceTiles(session) as tiles:
        assert _final(tiles, "power")
        assert tiles.ready == 1.0


def _final(tiles: TraceTiles, signal: str) -> bool:
    pause = threading.Event()
    for _ in range(2_000):
        if tiles.tile(signal, 0, tiles.length, 77).final:
            return True
        pause.wait(0.005)
    return False


@pytest.mark.usefixtures("long")
def test_requests_at_once_get_the_same_answers(session: Session) -> None:
    asked = [
        (signal, start, start + count, columns)
        for signal in ("power", "current", "voltage")
        for start in range(0, SAMPLES // 2, 9_001)
        for count in (500, 20_000)
        for columns in (33, 500)
    ]
    with TraceTiles(session) as alone:
        assert all(_final(alone, signal) for signal in ("power", "current", "voltage"))
        expected = [alone.tile(*one).packed() for one in asked]
    with TraceTiles(session) as tiles, ThreadPoolExecutor(6) as pool:
        for _ in range(20):  # while the summaries grow
            list(pool.map(lambda one: tiles.tile(*one).packed(), asked))
        assert all(_final(tiles, signal) for signal in ("power", "current", "voltage"))
        assert list(pool.map(lambda one: tiles.tile(*one).packed(), asked)) == expected


@pytest.mark.usefixtures("long")
def test_close_in_the_middle_ends_the_thread(session: Session) -> None:
    before = threading.active_count()
    tiles = TraceTiles(session)
    tiles.tile("power", 0, SAMPLES, 10)
    tiles.close()
    assert threading.active_count() == before


def test_a_short_trace_has_no_preview(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT", 1_000)
    before = threading.active_count()
    with TraceTiles(session) as tiles:
        assert tiles.tile("power", 0, SAMPLES, 10).final
        assert threading.active_count() == before


def test_ranges_of_larger_blocks_are_read_as_long_as_columns_would_be_coarse(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 16 times the samples that blocks of 512 are for, a block is 8192: a column of a narrow range is not."""
    monkeypatch.setattr(module, "EXACT", 1_024)
    monkeypatch.setattr(module, "MOST_BLOCKS", 10)
    with TraceTiles(session) as tiles:
        narrow, wide = tiles.tile("power", 100, 4_196, 100), tiles.tile("power", 100, 4_197, 100)
    assert (narrow.first, narrow.width) == (100, 41)
    assert (wide.first, wide.width) == (0, 16 * BLOCK)
