# SPDX-License-Identifier: Apache-2.0
"""Tiles of traces that are still written, that a killed run left, that are damaged, or that have rails."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.placing.clock import Clock
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import TRACE, Session
from energy_runner.session.trace import TraceReader, TraceWriter
from energy_runner.viewer import shown
from energy_runner.viewer import tiles as module
from energy_runner.viewer.filling import Filler
from energy_runner.viewer.summary import BLOCK
from energy_runner.viewer.tiles import Tile, TraceTiles
from tests.support.synthetic import make_run
from tests.support.viewer_traces import PERIOD_S, SET_V, broken, session_of

PIECE = 8192  # samples of a block of the file
SAMPLES = 12 * PIECE
CURRENT = broken(SAMPLES, 4)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT", 1_000)
    monkeypatch.setattr(module, "STEP", 8 * BLOCK)


def exact(tile: Tile, samples: np.ndarray) -> bool:
    """Whether a final tile of all samples is right; a column's mean by the samples that exist."""
    for k in range(len(tile)):
        part = samples[tile.first + k * tile.width :][: tile.width].astype(np.float64)
        there = part[np.isfinite(part)]
        assert tile.present[k] == np.float32(len(there) / len(part))
        if len(there):
            assert tile.low[k] == np.float32(there.min())
            assert tile.high[k] == np.float32(there.max())
            assert tile.mean[k] == pytest.approx(there.mean(), rel=1e-6)
    return tile.final and tile.first + len(tile) * tile.width >= len(samples)


@pytest.mark.usefixtures("small")
def test_a_trace_that_is_still_written_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", current=np.zeros(1))
    (session.path / TRACE).unlink()
    with TraceWriter(session.path / TRACE, [("current", "A")], PERIOD_S) as writer:
        writer.append(0, [CURRENT[: 3 * PIECE + 100]])
        writer.flush()
        with TraceTiles(session) as tiles:
            assert tiles.length == 3 * PIECE
            assert exact(tiles.tile("current", 0, 3 * PIECE, 40), CURRENT[: 3 * PIECE])
            with pytest.raises(SessionError, match="were asked for"):
                tiles.tile("current", 0, 4 * PIECE, 40)
            writer.append(3 * PIECE + 100, [CURRENT[3 * PIECE + 100 : 7 * PIECE + 9]])
            writer.flush()
            assert exact(tiles.tile("current", 0, 7 * PIECE, 40), CURRENT[: 7 * PIECE])  # it looks by itself
            writer.append(7 * PIECE + 9, [CURRENT[7 * PIECE + 9 : SAMPLES]])
            writer.close()
            assert tiles.refresh() == SAMPLES
            assert exact(tiles.tile("current", 0, SAMPLES, 40), CURRENT)


def torn(folder: Path, keep: int) -> Session:
    """A session of a killed run, whose trace ends in the middle of a block."""
    session = session_of(folder, current=CURRENT)
    path = session.path / TRACE
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * keep // 10])
    return session


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("keep", [3, 7, 9])
def test_a_torn_trace_is_shown_up_to_its_last_block(tmp_path: Path, keep: int) -> None:
    with TraceTiles(torn(tmp_path / "s", keep)) as tiles:
        assert 0 < tiles.length < SAMPLES
        assert exact(tiles.tile("current", 0, tiles.length, 40), CURRENT[: tiles.length])
        assert tiles.problems == []


@pytest.mark.usefixtures("small")
def test_without_summaries_a_preview_leaves_out_what_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    monkeypatch.setattr(module, "_NEWEST", 0)
    monkeypatch.setattr(Filler, "wake", lambda self: None)
    with TraceTiles(torn(tmp_path / "s", 7)) as tiles:
        tile = tiles.tile("current", 0, tiles.length, 40)
        assert not tile.final
        assert np.all(np.isnan([tile.low, tile.mean, tile.high, tile.present]))
        tiles._fill()
        tile = tiles.tile("current", 0, tiles.length, 40)
        done = 8 * BLOCK // tile.width
        assert not np.any(np.isnan(tile.present[:done]))
        assert np.all(np.isnan(tile.present[done:]))
        while tiles._fill():
            pass
        assert exact(tiles.tile("current", 0, tiles.length, 40), CURRENT[: tiles.length])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("closed", [True, False])
def test_damaged_samples_are_missing_and_the_rest_is_shown(tmp_path: Path, closed: bool) -> None:
    session = session_of(tmp_path / "s", current=CURRENT) if closed else torn(tmp_path / "s", 9)
    path = session.path / TRACE
    data = bytearray(path.read_bytes())
    at = data.index(CURRENT[3 * PIECE + 2_000 : 3 * PIECE + 2_100].tobytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
    with TraceTiles(session) as tiles:
        assert tiles.tile("current", 3 * PIECE, 3 * PIECE + 900, 1).present[0] == 0.0
        beside = tiles.tile("current", 3 * PIECE - 137, 3 * PIECE + 800, 1_000)
        assert np.array_equal(beside.mean[:137], CURRENT[3 * PIECE - 137 : 3 * PIECE], equal_nan=True)
        tile = tiles.tile("current", 0, tiles.length, 40)
        expected = CURRENT[: tiles.length].copy()
        expected[3 * PIECE : 4 * PIECE] = np.nan
        assert exact(tile, expected)
        assert 1 <= len(tiles.problems) == len(set(tiles.problems))
        assert all("samples " in problem for problem in tiles.problems)


def test_a_rail_is_chosen_and_the_first_is_the_default(tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", current=np.zeros(1))
    path = session.path / TRACE
    path.unlink()
    volts = {"core": 1.2, "io": 3.0}
    with TraceWriter(path, [(f"{rail}.current", "A") for rail in volts], PERIOD_S) as writer:
        writer.append(0, [np.full(PIECE, 0.01, dtype=np.float32)] * 2)
    run = make_run(windows=1)
    monitor = next(event for event in run.events if isinstance(event, ev.MonitorConfigured))
    run.drop(ev.EdgeCaptured, range(100))
    for rail, set_v in volts.items():  # which puts the last one first: the order is that of the trace
        one = {"rail": rail, "signals": [{"name": "current", "unit": "A"}], "voltage_set_v": set_v}
        run.events.insert(run.events.index(monitor), monitor.model_copy(update=one))
        run.events.insert(0, run.events.pop(run.events.index(monitor) - 1))
    run.events.remove(monitor)
    run.signals = []
    for name in ("journal.jsonl", "record.json"):
        (session.path / name).unlink()
    session = run.write(session.path)
    for chosen, volt in (("core", 1.2), ("io", 3.0), (None, 1.2)):
        with TraceTiles(session, chosen) as tiles:
            assert [one.name for one in tiles.signals] == ["power", "current"]
            assert tiles.tile("power", 0, 100, 1).mean[0] == pytest.approx(0.01 * volt)
    with pytest.raises(SessionError, match="no rail 'x'"):
        TraceTiles(session, "x")


def test_without_a_monitor_the_recorded_signals_are_shown_and_it_is_said(tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", current=CURRENT, voltage=CURRENT)
    journal = session.path / "journal.jsonl"
    kept = [line for line in journal.read_text("utf-8").splitlines(True) if "monitor-configured" not in line]
    journal.write_text("".join(kept), "utf-8")
    with TraceTiles(Session.open(session.path)) as tiles:
        assert [one.name for one in tiles.signals] == ["current", "voltage"]
        assert tiles.tile("current", 0, 10, 10).final
        assert len(tiles.problems) == 1
        assert tiles.problems[0].startswith("no power can be shown")


@pytest.mark.parametrize("journal", [None, b"", b"\0\xff{{{\n", b'{"kind":"monitor-configured"}\n'])
def test_a_damaged_journal_does_not_hide_the_trace(tmp_path: Path, journal: bytes | None) -> None:
    session = session_of(tmp_path / "s", current=CURRENT)
    path = session.path / "journal.jsonl"
    path.unlink()
    if journal is not None:
        path.write_bytes(journal)
    with TraceTiles(Session.open(session.path)) as tiles:
        assert [one.name for one in tiles.signals] == ["current"]
        assert tiles.tile("current", 0, 10, 10).final
        assert len(tiles.problems) == 1
        assert tiles.problems[0].startswith("no power can be shown")


def test_a_trace_from_which_no_power_follows_is_shown_as_recorded(tmp_path: Path) -> None:
    with TraceTiles(session_of(tmp_path / "s", voltage=CURRENT, temperature=CURRENT)) as tiles:
        assert [(one.name, one.recorded) for one in tiles.signals] == [("voltage", True), ("temperature", True)]
        assert "no energy can be computed" in tiles.problems[0]


def test_the_period_is_that_of_the_clock_that_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "recorded_clock", lambda facts: (None, Clock(1.001)))
    with TraceTiles(session_of(tmp_path / "s", energy=np.full(100, 1e-8))) as tiles:
        assert tiles.period_s == pytest.approx(1.001 * PERIOD_S, rel=1e-12)
        assert tiles.tile("power", 0, 100, 1).mean[0] == pytest.approx(1e-8 / (1.001 * PERIOD_S))


@pytest.mark.usefixtures("small")
def test_the_newest_samples_of_a_long_trace_need_no_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    monkeypatch.setattr(Filler, "wake", lambda self: None)
    with TraceTiles(torn(tmp_path / "s", 7)) as tiles:
        assert exact(tiles.tile("current", 0, tiles.length, 40), CURRENT[: tiles.length])


def test_a_reader_says_whether_its_file_was_closed(tmp_path: Path) -> None:
    with TraceReader(session_of(tmp_path / "a", current=CURRENT).path / TRACE) as trace:
        assert trace.closed
    with TraceReader(torn(tmp_path / "b", 7).path / TRACE) as trace:
        assert not trace.closed


def test_a_constant_load_has_its_set_voltage(tmp_path: Path) -> None:
    with TraceTiles(session_of(tmp_path / "s", current=np.full(100, 0.01))) as tiles:
        assert tiles.tile("power", 0, 100, 3).high.tolist() == pytest.approx([0.01 * SET_V] * 3)
