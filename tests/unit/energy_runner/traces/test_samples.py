# SPDX-License-Identifier: Apache-2.0
"""What is odd among the samples of a file has its consequence in the session, and the work on it is bounded."""

from pathlib import Path

import numpy as np
import pytest

import energy_runner as er
from energy_runner.errors import SessionError
from energy_runner.traces import samples
from tests.support.trace_files import texts
from tests.support.trace_files.make import FOLDER
from tests.support.trace_files.wave import JOULES, Wave


def changed(folder: Path, row: int, cell: str) -> Path:
    """A PPK2's export in which one reading is another."""
    path = texts.write_ppk2_csv(folder / "p.csv", Wave(1000.0))
    lines = path.read_text().splitlines()
    cells = lines[row + 1].split(",")
    lines[row + 1] = ",".join([cells[0], cell, *cells[2:]])
    path.write_text("\n".join([*lines, ""]))
    return path


@pytest.mark.parametrize("cell", ["9.9e37", "1000000000", "2000000"])
def test_a_window_with_a_reading_that_cannot_be_has_no_figure(cell: str, tmp_path: Path) -> None:
    path = changed(tmp_path, 2000, cell)
    session = er.import_trace(path, tmp_path / "s", edges="D0", voltage_v=3.0, inferences=30)
    first, second = session.result().windows
    assert first.energy_j is None
    assert second.energy_j == pytest.approx(JOULES[1], rel=1e-6)


def test_an_outlier_that_can_be_is_kept(tmp_path: Path) -> None:
    path = changed(tmp_path, 3000, "212535")
    session = er.import_trace(path, tmp_path / "s", edges="D0", voltage_v=3.0, inferences=30)
    assert [window.energy_j for window in session.result().windows] == pytest.approx(JOULES, rel=1e-6)
    with session.trace() as trace:
        assert trace.read("current", 3000, 3001)[0] == pytest.approx(0.212535)


def test_very_many_gaps_are_no_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_MOST_MISHAPS", 100)
    rows = [f"{k},{'' if k % 2 else 5}" for k in range(1000)]
    path = texts.table(tmp_path / "t.csv", "time (ms),current (uA)", rows)
    with pytest.raises(SessionError, match="more than 100 gaps up to sample 201"):
        er.import_trace(path, tmp_path / "s", voltage_v=3.0)
    assert not (tmp_path / "s").exists()


def test_a_few_rows_far_apart_are_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_MOST_LOST", 1000)
    rows = [*[f"{k},5" for k in range(20)], *[f"{20_000 * k},5" for k in range(1, 20)]]
    path = texts.table(tmp_path / "t.csv", "time (ms),current (uA)", rows)
    with pytest.raises(SessionError, match="its times do not fit 1000 samples a second"):
        er.import_trace(path, tmp_path / "s", voltage_v=3.0)


def test_the_voltage_of_each_sample_counts(tmp_path: Path) -> None:
    wave = Wave()
    volts = np.where(np.arange(len(wave.times_s)) < 600, 3.0, 2.0)
    rows = [f"{t:.4f},{c:.6f},{v}" for t, c, v in zip(wave.times_s, wave.current_a, volts, strict=True)]
    path = texts.table(tmp_path / "t.csv", "time (s),current (A),voltage (V)", rows)
    session = er.import_trace(path, tmp_path / "s", edges=FOLDER / "times.csv", inferences=30)
    found = [window.energy_j for window in session.result().windows]
    assert found == pytest.approx([JOULES[0], JOULES[1] * 2 / 3], rel=1e-6)
    assert any("the set voltage was not told; 2.5 V" in note for note in session.record.notes)
