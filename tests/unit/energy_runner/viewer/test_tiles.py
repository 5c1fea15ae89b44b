# SPDX-License-Identifier: Apache-2.0
"""A tile says of each column what numpy says of its samples, at any zoom and whatever is missing."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.energy.recorded import session_source
from energy_runner.errors import SessionError
from energy_runner.session.folder import Session
from energy_runner.viewer import tiles as module
from energy_runner.viewer.summary import BLOCK
from energy_runner.viewer.tiles import MOST_COLUMNS, Signal, Tile, TraceTiles
from tests.support.viewer_traces import PERIOD_S, SET_V, broken, session_of

SAMPLES = 60_000 + 77
CURRENT, VOLTAGE = broken(SAMPLES), broken(SAMPLES, 1, 3.0)
SMALL = 1_000  # in these tests a longer range comes from the summary


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return session_of(tmp_path_factory.mktemp("viewer") / "s", current=CURRENT, voltage=VOLTAGE)


@pytest.fixture(scope="module")
def tiles(session: Session) -> Iterator[TraceTiles]:
    with TraceTiles(session) as tiles:
        yield tiles


def samples_of(signal: str) -> np.ndarray:
    return {"current": CURRENT, "voltage": VOLTAGE, "power": CURRENT.astype(np.float64) * VOLTAGE}[signal]


def right(tile: Tile, samples: np.ndarray, start: int, stop: int) -> bool:
    """Whether each column is right, and the columns hold each sample of [start, stop) once."""
    end = min(tile.first + len(tile) * tile.width, len(samples))
    assert tile.first <= start < tile.first + tile.width
    assert tile.first + (len(tile) - 1) * tile.width < stop <= end
    for k in range(len(tile)):
        at = tile.first + k * tile.width
        # A tile of samples read ends with `stop`, one of blocks with a block.
        part = samples[at : min(at + tile.width, stop if stop - start <= SMALL else -(-stop // BLOCK) * BLOCK)]
        there = part[np.isfinite(part)].astype(np.float64)
        assert tile.present[k] == np.float32(len(there) / len(part))
        found = [tile.low[k], tile.mean[k], tile.high[k]]
        if not len(there):
            assert np.all(np.isnan(found))
            continue
        assert found[0] == np.float32(np.min(there))
        assert found[2] == np.float32(np.max(there))
        assert found[1] == pytest.approx(np.mean(there), rel=1e-6, abs=1e-12)
    return tile.final


@given(
    st.sampled_from(["power", "current", "voltage"]),
    st.integers(0, SAMPLES - 1),
    st.integers(1, 3_000) | st.integers(1, SAMPLES),
    st.integers(1, 60),
)
def test_every_column_is_that_of_its_samples(
    tiles: TraceTiles, signal: str, start: int, count: int, columns: int
) -> None:
    stop = min(start + count, SAMPLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EXACT", SMALL)
        tile = tiles.tile(signal, start, stop, columns)
    assert 1 <= len(tile) <= columns
    assert right(tile, samples_of(signal), start, stop)
    if stop - start <= SMALL:
        assert tile.first == start
    else:
        assert tile.first % BLOCK == tile.width % BLOCK == 0
        assert start - tile.first < BLOCK


def test_a_mean_beside_a_gap_is_right_where_that_of_the_file_is_wrong(tmp_path: Path) -> None:
    """Of each block but the first, one sample exists, and is 3; the file's own summary counts it like 512 of 1."""
    samples = np.full(64 * BLOCK, np.nan, dtype=np.float32)
    samples[:BLOCK], samples[BLOCK::BLOCK] = 1.0, 3.0
    session = session_of(tmp_path / "s", current=samples)
    true = float(np.nanmean(samples.astype(np.float64)))
    with session.trace() as trace, TraceTiles(session) as tiles:
        files_own = trace.envelope("current", 0, len(samples), 1)[0, 0]
        ours = tiles.tile("current", 0, len(samples), 1)
    assert ours.mean[0] == pytest.approx(true, rel=1e-6)
    assert ours.present[0] == np.float32((BLOCK + 63) / len(samples))
    assert abs(files_own / true - 1) > 0.3


def test_the_signals_are_power_and_what_was_recorded(tiles: TraceTiles) -> None:
    assert tiles.signals == [
        Signal("power", "W", False),
        Signal("current", "A", True),
        Signal("voltage", "V", True),
    ]
    assert tiles.length == SAMPLES
    assert tiles.period_s == PERIOD_S
    assert tiles.problems == []


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("names", [("energy",), ("power",), ("current",), ("current", "voltage")])
def test_power_is_what_the_analysis_integrates(tmp_path: Path, names: tuple[str, ...], calibrated: bool) -> None:
    given = {"energy": CURRENT * 1e-6, "power": CURRENT, "current": CURRENT, "voltage": VOLTAGE}
    session = session_of(tmp_path / "s", calibrated=calibrated, **{name: given[name][:5_000] for name in names})
    with session.trace() as trace, TraceTiles(session) as tiles:
        power_w = session_source(session, trace).power_w(0, 5_000)
        assert [one.name for one in tiles.signals] == ["power", *(n for n in names if n in ("current", "voltage"))]
        tile = tiles.tile("power", 0, 5_000, 5_000)
    assert np.array_equal(tile.mean, power_w.astype(np.float32), equal_nan=True)
    plain = {("energy",): 1e6, ("current",): SET_V}.get(names, 1.0)
    raw = np.prod([given[name][:5_000].astype(np.float64) for name in names], axis=0)
    assert np.allclose(tile.mean, raw * plain, rtol=1e-5, equal_nan=True) != calibrated


def test_infinite_samples_do_not_exist(tmp_path: Path) -> None:
    samples = np.array([1.0, np.inf, 3.0, -np.inf, np.nan, np.inf], dtype=np.float32)
    with TraceTiles(session_of(tmp_path / "s", current=samples)) as tiles:
        tile = tiles.tile("current", 0, 6, 2)
    assert [tile.low[0], tile.mean[0], tile.high[0]] == [1.0, 2.0, 3.0]
    assert tile.present.tolist() == [np.float32(2 / 3), 0.0]
    assert np.isnan(tile.low[1])


def test_one_sample_and_more_columns_than_samples(tmp_path: Path) -> None:
    with TraceTiles(session_of(tmp_path / "s", current=np.array([0.5]))) as tiles:
        tile = tiles.tile("current", 0, 1, 1920)
    assert (tile.first, tile.width, tile.low.tolist(), tile.final) == (0, 1, [0.5], True)
    assert tiles.length == 1


@pytest.mark.parametrize(
    ("start", "stop", "columns", "signal"),
    [
        (-1, 10, 5, "power"),
        (10, 10, 5, "power"),
        (20, 10, 5, "power"),
        (0, SAMPLES + 1, 5, "power"),
        (0, 10, 0, "power"),
        (0, 10, MOST_COLUMNS + 1, "power"),
        (0, 10, 5, "charge"),
        (0, 10, 5, "x" * 10**6),
    ],
)
def test_a_wrong_question_is_refused(tiles: TraceTiles, start: int, stop: int, columns: int, signal: str) -> None:
    with pytest.raises(SessionError, match=r"(were|was) asked for") as refusal:
        tiles.tile(signal, start, stop, columns)
    assert "Try: " in str(refusal.value)
    assert len(str(refusal.value)) < 1000


def test_the_bytes_are_those_of_the_contract(tiles: TraceTiles) -> None:
    tile = tiles.tile("current", 100, 1_000, 90)
    data = tile.packed()
    assert struct.unpack_from("<4sIddII", data) == (b"ERT1", 90, 100.0, 10.0, 1, 0)
    rest = np.frombuffer(data, dtype="<f4", offset=32).reshape(4, 90)
    for got, sent in zip(rest, (tile.low, tile.mean, tile.high, tile.present), strict=True):
        assert np.array_equal(got, sent, equal_nan=True)


def test_most_columns_are_given(tiles: TraceTiles) -> None:
    assert len(tiles.tile("power", 0, MOST_COLUMNS, MOST_COLUMNS)) == MOST_COLUMNS
    assert len(tiles.tile("power", 0, SAMPLES, MOST_COLUMNS)) > MOST_COLUMNS * 0.9


def test_a_session_without_a_trace_says_so(tmp_path: Path) -> None:
    with pytest.raises(SessionError):
        TraceTiles(session_of(tmp_path / "s"))


def test_an_empty_trace_has_no_tile(tmp_path: Path) -> None:
    with TraceTiles(session_of(tmp_path / "s", current=np.empty(0))) as tiles:
        assert tiles.length == 0
        assert tiles.ready == 1.0
        with pytest.raises(SessionError, match=r"0\.\.1 were asked for, of 0"):
            tiles.tile("power", 0, 1, 10)


def test_after_close_nothing_is_answered(session: Session) -> None:
    tiles = TraceTiles(session)
    tiles.close()
    tiles.close()
    with pytest.raises(SessionError, match="closed"):
        tiles.tile("power", 0, 10, 10)


def test_what_was_read_while_it_was_closed_is_not_given(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with TraceTiles(session) as tiles:
        monkeypatch.setattr(module, "_read_tile", lambda *_: tiles.close())
        with pytest.raises(SessionError, match="was closed while it was read"):
            tiles.tile("power", 0, 10, 10)
