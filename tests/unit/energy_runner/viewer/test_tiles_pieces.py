# SPDX-License-Identifier: Apache-2.0
"""Signals that are slow to compute: a preview first, then exact columns that are kept while one looks around."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.energy.recorded import session_source
from energy_runner.session.folder import Session
from energy_runner.viewer import pieces as module
from energy_runner.viewer import tiles as tiles_module
from energy_runner.viewer.filling import Filler
from energy_runner.viewer.pieces import FINE, Pieces
from energy_runner.viewer.summary import BLOCK, reduced
from energy_runner.viewer.tiles import Tile, TraceTiles
from tests.support.viewer_traces import broken, session_of

SAMPLES = 20_000 + 13
CURRENT = broken(SAMPLES, 5)
SMALL = 1_000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("viewer") / "s"
    return session_of(folder, calibrated=True, current=CURRENT, voltage=broken(SAMPLES, 6, 3.0))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles_module, "SLOW_EXACT", SMALL)
    monkeypatch.setattr(module, "PIECE", 64 * FINE)
    monkeypatch.setattr(Filler, "wake", lambda self: None)


def filled(tiles: TraceTiles, *asked: object) -> Tile:
    """The tile after all work in the background is done."""
    while tiles._fill():
        pass
    return tiles.tile(*asked)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("start", "stop"), [(0, SAMPLES), (31, 1_032), (5_000, 9_999), (18_000, SAMPLES)])
@pytest.mark.parametrize("columns", [1, 17, 1920])
def test_a_calibrated_range_is_exact_after_a_preview(
    session: Session, start: int, stop: int, columns: int
) -> None:
    with session.trace() as trace, TraceTiles(session) as tiles:
        power_w = session_source(session, trace).power_w(0, SAMPLES)
        early = tiles.tile("power", start, stop, columns)
        late = filled(tiles, "power", start, stop, columns)
        assert tiles.problems == []
    assert (early.final, late.final) == (False, True)
    assert (early.first, early.width, len(early)) == (late.first, late.width, len(late))
    assert late.first % FINE == late.width % FINE == 0
    assert len(late) <= columns
    end = min(-(-stop // FINE) * FINE, SAMPLES)
    for k, at in enumerate(range(late.first, end, late.width)):
        part = power_w[at : min(at + late.width, end)]
        there = part[np.isfinite(part)]
        assert late.present[k] == np.float32(len(there) / len(part))
        if len(there):
            assert late.low[k] == np.float32(there.min())
            assert late.high[k] == np.float32(there.max())
            assert late.mean[k] == pytest.approx(there.mean(), rel=1e-6)
    assert late.first + len(late) * late.width >= end


@pytest.mark.usefixtures("small")
def test_a_step_aside_is_exact_at_once_where_it_was_looked_at(session: Session) -> None:
    with TraceTiles(session) as tiles:
        assert not tiles.tile("power", 3_000, 9_000, 100).final
        assert filled(tiles, "power", 3_000, 9_000, 100).final
        assert tiles.tile("power", 3_100, 9_100, 100).final
        assert not tiles.tile("power", 9_000, 15_000, 100).final


@pytest.mark.usefixtures("small")
def test_a_short_range_and_a_signal_that_is_not_computed_need_no_preview(session: Session) -> None:
    with TraceTiles(session) as tiles:
        assert tiles.tile("power", 3_000, 3_000 + SMALL, 100).final
        assert tiles.tile("current", 3_000, 9_000, 100).final


@pytest.mark.usefixtures("small")
def test_what_is_looked_at_is_computed_before_a_summary(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles_module, "EXACT", 8_000)
    monkeypatch.setattr(tiles_module, "STEP", 2_048)
    with TraceTiles(session) as tiles:
        tiles.tile("power", 0, SAMPLES, 10)
        tiles.tile("power", 0, 4_096, 10)
        for _ in range(2):
            assert tiles._fill()
        assert tiles.ready == 0.0
        assert tiles.tile("power", 0, 4_096, 10).final
        assert tiles._fill()
        assert tiles.ready > 0.0


@pytest.mark.usefixtures("small")
def test_a_step_of_a_slow_signal_is_shorter(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles_module, "EXACT", 8_000)
    monkeypatch.setattr(tiles_module, "STEP", 8 * BLOCK)
    with TraceTiles(session) as tiles:
        tiles.tile("power", 0, SAMPLES, 10)
        tiles._fill()
        assert tiles._summaries["power"].filled.end == 2 * BLOCK


def test_only_so_many_pieces_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", FINE)
    monkeypatch.setattr(module, "MOST_PIECES", 3)
    pieces = Pieces(lambda start, stop: CURRENT[start:stop], len(CURRENT))
    for number in (0, 1, 2, 0, 3):  # 1 is then the one that was not looked at for longest
        if pieces.sums(number * FINE, (number + 1) * FINE) is None:
            assert pieces.step()
            assert not pieces.step()
    assert [pieces.sums(k * FINE, (k + 1) * FINE) is not None for k in (0, 1, 2, 3)] == [True, False, True, True]


@given(st.integers(0, SAMPLES - 1), st.integers(1, SAMPLES))
def test_pieces_are_the_blocks_of_the_signal(start: int, count: int) -> None:
    first = start // FINE * FINE
    stop = min(-(-(start + count) // FINE) * FINE, SAMPLES)
    pieces = Pieces(lambda start, stop: CURRENT[start:stop], SAMPLES)
    assert pieces.sums(first, stop) is None
    while pieces.step():
        pass
    found, expected = pieces.sums(first, stop), reduced(CURRENT[first:stop], FINE)
    assert found is not None
    for one, other in zip(
        (found.total, found.count, found.low, found.high),
        (expected.total, expected.count, expected.low, expected.high),
        strict=True,
    ):
        assert np.array_equal(one, other)


def test_what_was_wanted_last_is_computed_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", FINE)
    read: list[int] = []

    def note(start: int, stop: int) -> np.ndarray:
        read.append(start // FINE)
        return CURRENT[start:stop]

    pieces = Pieces(note, SAMPLES)
    pieces.sums(0, 5 * FINE)
    pieces.step()
    pieces.sums(7 * FINE, 9 * FINE)
    while pieces.step():
        pass
    assert read == [0, 7, 8]


def test_a_killed_run_has_no_summaries_so_its_samples_are_read(tmp_path: Path, small: None) -> None:
    session = session_of(tmp_path / "s", calibrated=True, current=CURRENT)
    path = session.path / "trace.jls"
    path.write_bytes(path.read_bytes()[:-100])
    with TraceTiles(session) as tiles:
        assert tiles.tile("power", 0, tiles.length, 100).final
